"""Tie a lock file to the dependencies it was resolved from, so that a stale lock is seen without a network.

The first line of a lock file holds a digest of the dependencies in pyproject.toml. `--write` puts it there,
`--check` exits 1 with one sentence where it differs.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PREFIX = "# dependencies sha256:"


def digest() -> str:
    """SHA-256 of what pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        project["project"]["requires-python"],
        project["project"]["dependencies"],
        project["dependency-groups"],
        project["project"]["optional-dependencies"],
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def main(verb: str, name: str) -> int:
    path = ROOT / name
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if verb == "--write":
        body = [line for line in lines if not line.startswith(PREFIX)]
        path.write_text(f"{PREFIX}{digest()}\n{''.join(body)}", encoding="utf-8")
        return 0
    if lines and lines[0].strip() == f"{PREFIX}{digest()}":
        return 0
    print(f"{name} is older than the dependencies in pyproject.toml; run scripts/lock.sh.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))

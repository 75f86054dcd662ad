"""Print the bill of materials: every package of the locks and every script that pages load, as CycloneDX 1.6 (JSON).

    python3 scripts/bill_of_materials.py > wardbench.cdx.json

It is made from the lock files, which hold each version and its hashes, and holds no time or random number: the same
locks give the same bill. Packages of the extras and of the developers' set say so (`wardbench:lock`).
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "src/wardbench/campus/web/static/web"
DESIGN = "nhsuk-frontend"
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


def locked(path: Path) -> dict[tuple[str, str], list[str]]:
    """Name, version and SHA-256 hashes of what a lock file pins. ValueError for a line that pins nothing."""
    found: dict[tuple[str, str], list[str]] = {}
    last: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace():
            hashes = HASH.findall(line)
            if not hashes:
                raise ValueError(f"{path.name}:{number}: this is no hash.")
            last += hashes
        elif pinned := PINNED.match(line):
            last = found.setdefault((normal(pinned["name"]), pinned["version"]), [])
        else:
            raise ValueError(f"{path.name}:{number}: this does not pin a version from the package index.")
    return found


def normal(name: str) -> str:
    """A package's name in its one spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bill() -> dict[str, Any]:
    """The whole bill; the components are in the order of their names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    components: dict[str, dict[str, Any]] = {}
    for path in sorted(ROOT.glob("requirements*.lock")):
        for (name, version), hashes in locked(path).items():
            at = f"pkg:pypi/{name}@{version}"
            one = components.setdefault(at, _component(name, version, at, hashes))
            one["properties"].append({"name": "wardbench:lock", "value": path.name})
    version = (STATIC / "vendor/VERSION").read_text(encoding="utf-8").strip()
    at = f"pkg:npm/{DESIGN}@{version}"
    components[at] = _component(DESIGN, version, at, [_sha256(STATIC / "vendor/design.js")])
    own = {"type": "application", "name": project["name"], "version": project["version"]}
    own |= {
        "bom-ref": f"pkg:pypi/{project['name']}@{project['version']}",
        "licenses": [{"expression": project["license"]}],
    }
    listed = [components[at] for at in sorted(components)]
    whole = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": own}}
    return {**whole, "serialNumber": _serial(listed), "components": listed}


def _component(name: str, version: str, at: str, hashes: list[str]) -> dict[str, Any]:
    # A lock lists a hash for each file of a version; which was installed depends on the machine.
    known = [{"alg": "SHA-256", "content": one} for one in sorted(hashes)]
    found = {"type": "library", "name": name, "version": version, "bom-ref": at, "purl": at}
    return {**found, "hashes": known, "properties": []}


def _serial(components: list[dict[str, Any]]) -> str:
    """A serial number that is the same for the same components."""
    digest = hashlib.sha256(json.dumps(components, sort_keys=True).encode()).digest()
    return f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    print(json.dumps(bill(), indent=1))

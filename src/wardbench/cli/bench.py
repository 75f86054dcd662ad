"""`wardbench bench`: run one of the benchmarks of a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from wardbench.cli.checks import repository
from wardbench.core.errors import NotFoundError


def bench(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A file of benchmarks/, without its .py.")],
    options: Annotated[
        list[str] | None, typer.Argument(metavar="[OPTION]...", help="Of that benchmark; `NAME -h` lists them.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Run a benchmark; it says on what data, and against what."""
    root = repository()
    script = root / "benchmarks" / f"{name}.py"
    if not script.is_file():
        known = ", ".join(sorted(path.stem for path in (root / "benchmarks").glob("*.py"))) or "none"
        raise NotFoundError(f"{name}: no such benchmark; there are: {known}.")
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    command = [sys.executable, str(script), *(options or []), *(["--json"] if json else [])]
    sys.exit(subprocess.run(command, cwd=root, env=environment).returncode)

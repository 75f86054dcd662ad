"""`wardbench docs`: build the manual."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from wardbench.cli.checks import repository


def docs(
    out: Annotated[Path | None, typer.Option(help="Where to; docs/_build/html of the checkout by default.")] = None,
) -> None:
    """Build the manual as HTML, without asking anyone for anything."""
    root = repository()
    target = out or root / "docs" / "_build" / "html"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(root / "docs"), str(target)]
    result = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(root / "src")})
    if result.returncode:
        raise typer.Exit(1)
    print(f"Open {target / 'index.html'} in a browser.")

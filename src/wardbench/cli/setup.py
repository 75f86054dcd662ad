"""`wardbench setup`: install what only some need, from its own hash-locked file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Annotated

import typer

from wardbench.cli.checks import EXTRAS, repository
from wardbench.core.errors import InputError, StorageError


def setup(
    extras: Annotated[list[str], typer.Argument(metavar="EXTRA...", help=f"Which: {' or '.join(EXTRAS)}.")],
) -> None:
    """Install what only some need: a driver for PostgreSQL, signing in by SAML, or PySpark (half a gigabyte)."""
    root = repository()
    for extra in extras:
        if extra not in EXTRAS:
            raise InputError(f"{extra}: there is no such extra; there are: {', '.join(EXTRAS)}.")
    for extra in extras:
        uv = shutil.which("uv")
        pip = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
        lock = root / f"requirements-{extra}.lock"
        if subprocess.run([*pip, "--quiet", "--require-hashes", "-r", str(lock)]).returncode:
            raise StorageError(f"{lock.name} could not be installed; is a package index reachable?")
        print(f"{extra} is ready.")

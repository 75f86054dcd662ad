"""The demonstration that many tests look at, as `wardbench demo` makes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "src"
COMMAND = ("demo", "--no-serve", "--folder", "demo", "--persons", "1000")
"""Pages of the manual begin with the same."""


def make_demonstration(folder: Path) -> None:
    """Make it in `folder / "demo"`, and keep what the command said in `said.json` beside it."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-m", "wardbench", *COMMAND, "--json"]
    made = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    (folder / "said.json").write_text(made.stdout)

"""A database that is laid out and empty, made once for a whole run: to lay out one takes 12 CPU seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from made_once import made_once

_MAKE = """
import sys
from pathlib import Path
from wardbench.campus.installation import make_campus
make_campus(Path(sys.argv[1]), name="Laid out")
"""


def laid_out(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> str:
    """The address, for `make_campus`, of a copy beside what will be the campus's `folder`."""
    model = made_once(tmp_path_factory, "laid-out", _make) / "campus/campus.sqlite3"
    folder.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:{shutil.copy(model, folder.parent / f'{folder.name}.sqlite3')}"


def _make(place: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": "src"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-c", _MAKE, str(place / "campus")]
    made = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr

"""The names that `wardbench` promises are there, and no others."""

import tomllib
from pathlib import Path

import wardbench
import wardbench.benchmark


def test_every_promised_name_is_there_and_every_place_is_promised() -> None:
    assert sorted(wardbench._PLACES) == wardbench.__all__
    for name in wardbench.__all__:
        assert getattr(wardbench, name).__name__ == name


def test_other_names_are_not() -> None:
    assert not hasattr(wardbench, "load_everything")


def test_the_version_is_the_projects(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == wardbench.__version__


def test_every_name_of_the_modules_stands_in_the_manual(root: Path) -> None:
    manual = (root / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    for name in wardbench.benchmark.__all__:
        assert f".. autofunction:: wardbench.benchmark.{name}\n" in manual

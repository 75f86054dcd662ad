"""The launcher on machines that lack something: one clear sentence, and what it runs when nothing is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def machine(tmp_path: Path, root: Path, *programs: str) -> tuple[Path, dict[str, str]]:
    """A copy of the launcher and a PATH that holds only `programs` and the shell's everyday tools."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("wardbench", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(root / name, checkout / name)
    (checkout / "src").symlink_to(root / "src")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "cmp", "cp", "rm", "env", *programs):
        found = shutil.which(name)
        assert found, f"this test needs {name}"
        (tools / name).symlink_to(found)
    return checkout, {"PATH": str(tools), "HOME": str(tmp_path)}


def fake(tools: Path, name: str, script: str) -> None:
    path = tools / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run(checkout: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([checkout / "wardbench", *arguments], env=environment, capture_output=True, text=True)


def test_without_python_and_uv_one_sentence_says_what_to_install(tmp_path: Path, root: Path) -> None:
    checkout, environment = machine(tmp_path, root)
    result = run(checkout, environment, "version")
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed" in result.stderr
    assert not (checkout / ".venv").exists()


def test_an_old_python_is_not_enough(tmp_path: Path, root: Path) -> None:
    checkout, environment = machine(tmp_path, root)
    fake(tmp_path / "bin", "python3", "exit 1")
    result = run(checkout, environment, "version")
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed" in result.stderr


def test_a_python_without_venv_is_told_which_package_to_install(tmp_path: Path, root: Path) -> None:
    checkout, environment = machine(tmp_path, root)
    fake(tmp_path / "bin", "python3", 'if [ "$1" = -c ]; then exit 0; fi; exit 1')
    result = run(checkout, environment, "version")
    assert result.returncode == 1
    assert "python3-venv" in result.stderr


def test_packages_that_cannot_be_installed_leave_nothing_that_looks_installed(tmp_path: Path, root: Path) -> None:
    checkout, environment = machine(tmp_path, root, "mkdir")
    makes_an_environment_and_then_fails = """
[ "$1" = venv ] || exit 1
for folder; do :; done
mkdir -p "$folder/bin" && cp "$(command -v env)" "$folder/bin/python"
"""
    fake(tmp_path / "bin", "uv", makes_an_environment_and_then_fails)
    result = run(checkout, environment, "version")
    assert result.returncode == 1
    assert "could not be installed" in result.stderr
    assert not list((checkout / ".venv").glob("requirements*.lock"))


@pytest.mark.parametrize("folder", ["plain", "with space"])
def test_it_runs_from_any_folder(tmp_path: Path, root: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir()
    venv = Path(os.environ.get("WARDBENCH_VENV", root / ".venv"))
    if not (venv / "requirements-dev.lock").is_file():
        pytest.skip("the tests were not started through ./wardbench test")
    result = subprocess.run([root / "wardbench", "version"], cwd=place, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()

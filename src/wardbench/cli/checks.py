"""`wardbench test`: everything that has to be green before a change lands."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from wardbench.core.errors import NotFoundError

PYTHON = sys.executable
SCRIPTS = Path(sys.executable).parent

EXTRAS = ("postgres", "saml", "spark")
"""What can be set up beside the rest: each has a lock file of its own."""

CHECKS: tuple[tuple[str, list[str]], ...] = (
    *(
        (f"{name} is fresh", [PYTHON, "scripts/lock_digest.py", "--check", name])
        for name in ("requirements.lock", "requirements-dev.lock", *(f"requirements-{one}.lock" for one in EXTRAS))
    ),
    ("ruff", [str(SCRIPTS / "ruff"), "check", "."]),
    ("ruff format", [str(SCRIPTS / "ruff"), "format", "--check", "."]),
    ("mypy", [str(SCRIPTS / "mypy")]),
    ("imports", [str(SCRIPTS / "lint-imports"), "--no-cache"]),
)


def repository() -> Path:
    """The checkout the command was started from; NotFoundError where Wardbench runs without one."""
    root = Path(os.environ.get("WARDBENCH_ROOT", Path.cwd()))
    if not (root / "tests").is_dir():
        raise NotFoundError(f"{root}: this needs a checkout of Wardbench, started through its ./wardbench.")
    return root


def has_postgres() -> bool:
    """Whether tests can start a PostgreSQL server, and the campus can talk to it."""
    server = any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb")
    return bool(server and importlib.util.find_spec("psycopg"))


def test(
    arguments: Annotated[list[str] | None, typer.Argument(help="Given to pytest; then only pytest runs.")] = None,
) -> None:
    """Run all checks and tests, or with arguments only pytest with them."""
    root = repository()
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    # Tests start Python hundreds of times; it must find compiled what it compiled before.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if arguments:
        sys.exit(bool(_run("pytest", arguments, root, environment)))
    options = ["-n", str(os.cpu_count() or 1), "--dist", "worksteal"]
    with ThreadPoolExecutor(1) as beside:
        # Tests wait now and then, and are never done all at once: these use what that leaves.
        checked = beside.submit(_check, root, environment)
        failed = _run("pytest", options, root, environment)
        if has_postgres():
            on_postgres = {**environment, "WARDBENCH_TEST_DATABASE": "postgresql"}
            failed += _run("pytest, the campus on PostgreSQL", [*options, "tests/campus"], root, on_postgres)
        failed += checked.result()
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
        sys.exit(1)


def _run(name: str, options: list[str], root: Path, environment: dict[str, str]) -> list[str]:
    """Run pytest; the name where it failed."""
    print(f"-- {name}", flush=True)
    return [name] if subprocess.run([PYTHON, "-m", "pytest", *options], cwd=root, env=environment).returncode else []


def _check(root: Path, environment: dict[str, str]) -> list[str]:
    """Run what is not pytest, one after the other, and print what each says once it is through; those that failed."""
    failed = []
    for name, command in CHECKS:
        done = subprocess.run(
            command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        print(f"\n-- {name}\n{done.stdout}", end="", flush=True)
        if done.returncode:
            failed.append(name)
    return failed

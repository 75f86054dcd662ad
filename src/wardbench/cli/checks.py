"""`wardbench test`: everything that has to be green before a change lands."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
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
    failed = []
    for name, command in () if arguments else CHECKS:
        print(f"-- {name}", flush=True)
        if subprocess.run(command, cwd=root, env=environment).returncode:
            failed.append(name)
    if not arguments:
        print("-- pytest", flush=True)
    options = arguments or ["-n", str(os.cpu_count() or 1), "--dist", "worksteal"]
    if subprocess.run([PYTHON, "-m", "pytest", *options], cwd=root, env=environment).returncode:
        failed.append("pytest")
    if not arguments and has_postgres():
        print("-- pytest, the campus on PostgreSQL", flush=True)
        on_postgres = {**environment, "WARDBENCH_TEST_DATABASE": "postgresql"}
        if subprocess.run([PYTHON, "-m", "pytest", *options, "tests/campus"], cwd=root, env=on_postgres).returncode:
            failed.append("pytest, the campus on PostgreSQL")
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
        sys.exit(1)

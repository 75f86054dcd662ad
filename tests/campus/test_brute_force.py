"""Attempts to sign in are counted by all processes together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from campus.laid_out import laid_out

PROCESSES, EACH = 3, 4

MAKE = """
import sys
from pathlib import Path
from wardbench.campus.installation import make_campus
make_campus(Path(sys.argv[1]), name="Campus", database=sys.argv[2])
from wardbench.campus.people.services import add_person
from wardbench.campus.people.rules import SYSTEM
add_person("a@b.example", "A", by=SYSTEM, password="a password for one test")
"""

TRY = """
import sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from django.test import Client
client = Client(headers={"host": "localhost"}, REMOTE_ADDR=sys.argv[2])
for _ in range(int(sys.argv[3])):
    page = client.post("/account/login/", {"login": sys.argv[4], "password": "wrong wrong wrong"}).content.decode()
    print("locked" if "Too many failed" in page else "wrong")
"""


def run(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": "src"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_count_failures_together(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """From three addresses of the network, in three processes, one account is tried five times and no more."""
    folder = tmp_path / "campus"
    made = run(MAKE, folder, laid_out(tmp_path_factory, folder))
    assert made.wait() == 0, made.communicate()[1]
    for email in ("a@b.example", "nobody@b.example"):
        running = [run(TRY, folder, f"10.0.0.{n}", EACH, email) for n in range(PROCESSES)]
        done = [one.communicate() for one in running]
        assert all(one.returncode == 0 for one in running), done
        answers = "".join(out for out, _ in done).split()
        assert len(answers) == PROCESSES * EACH
        assert answers.count("wrong") <= 5 and answers.count("locked") >= PROCESSES * EACH - 5, answers

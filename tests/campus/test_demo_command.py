"""`wardbench demo`: made once and used again, made anew where it was interrupted, served until Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from wardbench.campus.people.roles import TITLES
from wardbench.core.store import Store
from wardbench.core.store.connection import connect

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
ENVIRONMENT.pop("DJANGO_SETTINGS_MODULE", None)


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "wardbench", "demo", "--folder", str(folder), "--persons", "1000", *more]


def made(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(folder, "--no-serve", "--json"), env=ENVIRONMENT, capture_output=True, text=True)


@pytest.fixture
def demo(demonstration: Path, tmp_path: Path) -> Path:
    """A copy of the demonstration, to do as one likes with; its stores are those of the first."""
    return Path(shutil.copytree(demonstration, tmp_path / "demo"))


def test_what_it_made_is_said(demonstration: Path) -> None:
    told = json.loads((demonstration.parent / "said.json").read_text())
    assert set(told["seconds"]) == {"files", "load", "twin", "cohorts and reports", "campus"}
    assert (demonstration.parent / told["campus"]).is_dir()


def test_nobody_of_the_hospital_is_in_the_twin(demo: Path) -> None:
    """Another store, in which local codes have the same concepts, so that a definition means the same in both."""
    check = [sys.executable, "-m", "wardbench", "campus", "check", "--campus", str(demo / "campus")]
    good = subprocess.run(check, env=ENVIRONMENT, capture_output=True, text=True).stdout
    assert "ok      twin" in good and "BAD     twin" not in good, good
    with connect() as con:
        for place in ("store", "twin"):
            path = Store.open(demo / place).snapshot().path("concept")
            con.execute(f"CREATE VIEW {place} AS SELECT * FROM read_parquet('{path}') WHERE concept_id >= 2000000000")
        same, other = con.execute(
            "SELECT count(*) FILTER (a.concept_id = b.concept_id), count(*) FILTER (a.concept_id <> b.concept_id)"
            " FROM store a JOIN twin b USING (concept_code, vocabulary_id)"
        ).fetchall()[0]
    assert same > 50 and other == 0


def test_a_twin_that_is_the_store_is_a_fault(demo: Path) -> None:
    campus = demo / "campus"
    toml = (campus / "campus.toml").read_text()
    same = re.sub(r"^(store|twin) = .*$", lambda found: f'{found[1]} = "{demo / "store"}"', toml, flags=re.M)
    (campus / "campus.toml").write_text(same)
    check = [sys.executable, "-m", "wardbench", "campus", "check", "--campus", str(campus)]
    found = subprocess.run(check, env=ENVIRONMENT, capture_output=True, text=True)
    assert found.returncode == 1 and "the twin is the store itself" in found.stdout, found.stdout


def people(folder: Path) -> int:
    with sqlite3.connect(folder / "campus" / "campus.sqlite3") as con:
        return int(con.execute("SELECT count(*) FROM people_person").fetchone()[0])


def test_a_second_demo_uses_what_is_there(demo: Path) -> None:
    keys = (demo / "campus" / "keys" / "audit.key").read_text()
    # Without the files a load would fail.
    shutil.rmtree(demo / "fhir")
    again = made(demo)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["records"] > 0
    assert (demo / "campus" / "keys" / "audit.key").read_text() == keys


def test_a_campus_that_was_left_half_made_is_made_anew(demo: Path) -> None:
    whole = people(demo)
    (demo / "campus" / "demonstration-made").unlink()
    (demo / "campus" / "campus.sqlite3").unlink()
    again = made(demo)
    assert again.returncode == 0, again.stderr
    assert people(demo) == whole > 14


def test_a_campus_that_is_no_demonstration_is_left_alone(demo: Path) -> None:
    (demo / "campus" / "demonstration-made").unlink()
    settings = demo / "campus" / "campus.toml"
    settings.write_text(settings.read_text().replace("demo = true", "demo = false"))
    again = made(demo)
    assert again.returncode == 2 and "no demonstration" in again.stderr
    assert (demo / "campus" / "campus.sqlite3").is_file()


def test_it_serves_on_the_next_free_port_until_ctrl_c(demo: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        served = subprocess.Popen(
            command(demo, "--port", str(port)),
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            address = _address(served)
            assert int(address.rsplit(":", 1)[1]) > port
            with urllib.request.urlopen(f"{address}/account/login/", timeout=60) as answer:
                page = answer.read().decode()
            assert "physician@demo.example" in page and "administrator@demo.example" in page
            started = _children(served.pid)
            assert len(started) >= 3, "two processes for pages and one for the background"
        finally:
            # A terminal sends Ctrl-C to every process of the command.
            os.killpg(served.pid, signal.SIGINT)
            _, said = served.communicate(timeout=60)
    assert served.returncode == 0, said
    assert "Traceback" not in said, said
    assert _ended(started), "a process of the demo goes on after it"


def _address(served: subprocess.Popen[str]) -> str:
    assert served.stdout is not None
    for line in served.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise AssertionError("it ended without saying where it serves")


def _children(parent: int) -> list[int]:
    """The processes that a process started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, started_by in pairs if int(started_by) == parent]


def _ended(processes: list[int]) -> bool:
    """Whether all of them end within a few seconds."""
    for _ in range(50):
        running = subprocess.run(["ps", "-o", "pid=", "-p", ",".join(map(str, processes))], capture_output=True)
        if not running.stdout.strip():
            return True
        time.sleep(0.1)
    return False


def test_every_role_can_be_signed_in_as(demo: Path) -> None:
    told = subprocess.run(command(demo, "--no-serve"), env=ENVIRONMENT, capture_output=True, text=True)
    for title in TITLES.values():
        assert re.search(rf"^ {re.escape(title)} +\w+", told.stdout, re.MULTILINE), title

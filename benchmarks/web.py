"""The campus under load: 50 people at once, on SQLite and on PostgreSQL.

The demonstration is made once, served as in production (two processes of four threads), and used by 50 people of all
roles who sign in, read pages and raise questions, each with a second to read in between. The browser side runs on the
same machine. Told are the 95th percentile of each page's time, requests a second, and whether every question that was
acknowledged is there once (`lost`, `doubled`).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = 50
SECONDS = 60.0
THINK = (0.5, 1.5)
PAGES = (
    "/",
    "/questions/",
    "/questions/unanswered/",
    "/cohorts/",
    "/studies/",
    "/people/",
    "/notices/",
    "/search/?q=diab",
)
WRITES = 0.15
AIM = 0.3
WHO = ("physician", "oncologist", "diabetologist", "coordinator", "researcher", "researcher2", "lecturer")
BENCH = ("researcher", "researcher2", "lecturer")
"""Those who raise their questions from the bench."""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Person(threading.Thread):
    """Somebody who reads and now and then raises a question, until the time is over."""

    def __init__(self, number: int, address: str, end: float) -> None:
        super().__init__(daemon=True)
        self.address, self.end = address, end
        self.chance = random.Random(number)
        self.key = WHO[number % len(WHO)]
        self.took: dict[str, list[float]] = defaultdict(list)
        self.acknowledged: list[str] = []
        self.unsure: list[str] = []
        self.failed: list[str] = []

    def run(self) -> None:
        session = requests.Session()
        self._post(
            session, "/account/login/", "/account/demonstration/", {"email": f"{self.key}@demo.example"}, "sign in"
        )
        while time.monotonic() < self.end:
            time.sleep(self.chance.uniform(*THINK))
            if self.chance.random() < WRITES:
                self._raise(session)
            else:
                self._get(session, self.chance.choice(PAGES))

    def _raise(self, session: requests.Session) -> None:
        title = f"Load {uuid.uuid4().hex}"
        side = "bench" if self.key in BENCH else "ward"
        given = {"side": side, "title": title, "text": "Patients whose kidneys fail despite treatment: why?"}
        answer = self._post(session, "/questions/new/", "/questions/new/", given, "raise a question")
        if answer is not None and answer.ok and "/questions/new" not in answer.url:
            self.acknowledged.append(title)
        else:
            self.unsure.append(title)
            self.failed.append("a question was not taken")

    def _get(self, session: requests.Session, path: str) -> requests.Response | None:
        began = time.monotonic()
        try:
            answer = session.get(self.address + path, timeout=60)
        except requests.RequestException as error:
            self.failed.append(f"{path}: {type(error).__name__}")
            return None
        self.took[path].append(time.monotonic() - began)
        if not answer.ok:
            self.failed.append(f"{path}: {answer.status_code}")
        return answer

    def _post(
        self, session: requests.Session, form: str, path: str, given: dict[str, str], name: str
    ) -> requests.Response | None:
        page = self._get(session, form)
        token = TOKEN.search(page.text) if page is not None else None
        if token is None:
            self.failed.append(f"{form}: no form")
            return None
        began = time.monotonic()
        try:
            headers = {"Referer": self.address + form}
            answer = session.post(
                self.address + path, {**given, "csrfmiddlewaretoken": token[1]}, headers=headers, timeout=60
            )
        except requests.RequestException as error:
            self.failed.append(f"{path}: {type(error).__name__}")
            return None
        self.took[name].append(time.monotonic() - began)
        return answer


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def serving(campus: Path) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "wardbench", "serve", "--campus", str(campus), "--bind", address]
    server = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                requests.get(f"http://{address}/account/login/", timeout=5)
                break
            except requests.RequestException:
                time.sleep(0.1)
        yield f"http://{address}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def raised(campus: Path) -> list[str]:
    """The titles of the questions that are in the database."""
    code = """
import sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from wardbench.campus.questions.models import Question
print("\\n".join(Question.objects.filter(title__startswith="Load ").values_list("title", flat=True)))
"""
    command = [sys.executable, "-c", code, str(campus)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]


def load(campus: Path, seconds: float, people: int) -> dict[str, Any]:
    with serving(campus) as address:
        end = time.monotonic() + seconds
        crowd = [Person(number, address, end) for number in range(people)]
        for person in crowd:
            person.start()
            time.sleep(0.02)
        for person in crowd:
            person.join()
    there = raised(campus)
    acknowledged = [title for person in crowd for title in person.acknowledged]
    took: dict[str, list[float]] = defaultdict(list)
    for person in crowd:
        for page, times in person.took.items():
            took[page] += times
    every = sorted(time for times in took.values() for time in times)
    return {
        "requests": len(every),
        "requests_per_s": round(len(every) / seconds, 1),
        "p50_ms": round(1000 * statistics.median(every)),
        "p95_ms": round(1000 * every[int(0.95 * len(every))]),
        "pages_p95_ms": {
            page: round(1000 * sorted(times)[int(0.95 * len(times))]) for page, times in sorted(took.items())
        },
        "questions": len(acknowledged),
        "lost": len(set(acknowledged) - set(there)),
        "doubled": len(there) - len(set(there)),
        "failed": sum(len(person.failed) for person in crowd),
        "failures": sorted({fault for person in crowd for fault in person.failed})[:10],
    }


def make(folder: Path, database: str | None) -> Path:
    """A demonstration campus, on SQLite or on the database of a URL."""
    command = [sys.executable, "-m", "wardbench", "demo", "--no-serve", "--folder", str(folder), "--persons", "1000"]
    command += ["--database", database] if database else []
    subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    return folder / "campus"


def run(seconds: float, people: int) -> dict[str, Any]:
    sys.path.insert(0, str(ROOT / "tests"))
    found: dict[str, Any] = {"people": people, "seconds": seconds, "aim_ms": 1000 * AIM}
    with tempfile.TemporaryDirectory() as name:
        found["sqlite"] = load(make(Path(name) / "sqlite", None), seconds, people)
        if shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
            import postgres_server

            with postgres_server.running({"shared_buffers": "128MB"}) as server:
                found["postgresql"] = load(make(Path(name) / "postgresql", server.url()), seconds, people)
    worst = [found[kind] for kind in ("sqlite", "postgresql") if kind in found]
    return {
        "benchmark": "web",
        "p95_ms": max(one["p95_ms"] for one in worst),
        "requests_per_s": min(one["requests_per_s"] for one in worst),
        "lost": sum(one["lost"] + one["doubled"] for one in worst),
        **found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    arguments = parser.parse_args()
    result = run(arguments.seconds, arguments.people)
    if arguments.json:
        print(json.dumps(result))
        return
    for kind in ("sqlite", "postgresql"):
        if kind in result:
            one = result[kind]
            print(f"{kind}: {one['requests']} requests, {one['requests_per_s']} a second; median {one['p50_ms']} ms,")
            print(f"  95th percentile {one['p95_ms']} ms; {one['questions']} questions raised, {one['lost']} lost,")
            print(f"  {one['doubled']} doubled, {one['failed']} requests failed.")
            for page, took in one["pages_p95_ms"].items():
                print(f"    {page}: {took} ms")


if __name__ == "__main__":
    main()

"""A demonstration campus made, served as in production, and looked into afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crowd import machine
from crowd.browser import Browser

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


@dataclass(frozen=True)
class Served:
    """Where a campus answers; `process` is the server's, whose workers answer the pages."""

    host: str
    port: int
    process: int

    def workers(self) -> list[int]:
        """The processes that answer pages, without the one in the background."""
        return [one for one in machine.children(self.process) if "campus.background" not in machine.called(one)]

    def settle(self) -> None:
        """Wait until the process in the background has done what was due, a minute at most."""
        behind = [one for one in machine.children(self.process) if "campus.background" in machine.called(one)]
        for _ in range(30):
            spent = sum(machine.cpu_seconds(one) for one in behind)
            time.sleep(2)
            if sum(machine.cpu_seconds(one) for one in behind) - spent < 0.1:
                return

    def cpu_seconds(self) -> float:
        """What answering pages took until now."""
        return sum(machine.cpu_seconds(one) for one in self.workers())


def make(folder: Path, database: str | None) -> Path:
    """A demonstration campus, on SQLite or on the database of a URL."""
    command = [sys.executable, "-m", "wardbench", "demo", "--no-serve", "--folder", str(folder), "--persons", "1000"]
    command += ["--database", database] if database else []
    subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    return folder / "campus"


@contextmanager
def serving(campus: Path) -> Iterator[Served]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    command = [sys.executable, "-m", "wardbench", "serve", "--campus", str(campus), "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                Browser("127.0.0.1", port).get("/account/login/")
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(2)  # the second worker and the process in the background start, too
        served = Served("127.0.0.1", port, server.pid)
        served.settle()
        yield served
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def kept(campus: Path) -> dict[str, Any]:
    """What is in the database: `titles` of questions, names of baskets with something in them and reasons of thawings;
    `revisions` of drafts by cohort; whether the record and the specimens' chains are `whole`."""
    code = """
import json, sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from wardbench.campus.audit.queries import verify
from wardbench.campus.biobank import custody
from wardbench.campus.biobank.models import CustodyEvent, Specimen
from wardbench.campus.cohorts.models import Draft
from wardbench.campus.questions.models import Question
from wardbench.campus.releases.models import Basket
thawed = Specimen.objects.filter(custody__detail__why__startswith="Load ")
print(json.dumps({
    "titles": [
        *Question.objects.filter(title__startswith="Load ").values_list("title", flat=True),
        *Basket.objects.filter(name__startswith="Load ", lines__isnull=False).values_list("name", flat=True),
        *CustodyEvent.objects.filter(detail__why__startswith="Load ").values_list("detail__why", flat=True),
    ],
    "revisions": {str(cohort): revision for cohort, revision in Draft.objects.values_list("cohort", "revision")},
    "whole": verify({})[1] is None and all(custody.verify(one) is None for one in thawed.distinct()),
}))
"""
    command = [sys.executable, "-c", code, str(campus)]
    said = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(said.splitlines()[0])
    return found

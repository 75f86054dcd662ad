"""A process that is killed while it picks leaves each tube in exactly one place, and its line says the same."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

SETUP = """
import sys
from pathlib import Path
from wardbench.campus.installation import make_campus, start_django
folder = Path(sys.argv[1])
make_campus(folder, name="Kill", database="sqlite:campus.sqlite3", store=None, twin=None, demo=False)
start_django(folder)
from campus.cast import make_cast
from campus.releases_things import at, world
from wardbench.campus.releases.rules import Status
w = world(make_cast())
at(w, Status.PICKING, tubes=w.tubes)
"""
PICKER = """
import sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.releases import picking
from wardbench.campus.releases.models import Request
request = Request.objects.get()
print("ready", flush=True)
while True:
    for line in request.lines.filter(status="reserved"):
        picking.scan(request.id, line.specimen.label, by=SYSTEM)
    for line in request.lines.filter(status="picked"):
        picking.put_back(request.id, line.id, by=SYSTEM)
"""
CHECK = """
import sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from wardbench.campus.audit.queries import verify
from wardbench.campus.biobank import custody
from wardbench.campus.biobank.models import Specimen
print([one.label for one in Specimen.objects.all() if custody.verify(one) is not None], verify({})[1])
"""
ATTEMPTS = 6
LINES = """
    SELECT s.label, s.status, s.box_id, s.place, l.status, s.reserved = l.id
    FROM biobank_specimen s JOIN releases_requestline l ON l.specimen_id = s.id
"""


def test_a_process_killed_while_it_picks_leaves_each_tube_in_one_place(tmp_path: Path) -> None:
    """At a moment that nobody chose, with -9."""
    folder = tmp_path / "campus"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder)], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    run(SETUP)
    seen = set()
    for attempt in range(ATTEMPTS):
        picker = subprocess.Popen(
            [sys.executable, "-c", PICKER, str(folder)], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert picker.stdout is not None and picker.stdout.readline().strip() == "ready"
        time.sleep(0.1 + 0.041 * attempt)
        picker.send_signal(signal.SIGKILL)
        picker.wait()
        with sqlite3.connect(folder / "campus.sqlite3") as database:
            rows = database.execute(LINES).fetchall()
            (events,) = database.execute("SELECT count(*) FROM biobank_custodyevent").fetchone()
        assert len(rows) == 6
        for label, status, box, place, line, ours in rows:
            assert (status, line) in {("stored", "reserved"), ("picked", "picked")}, (label, status, line)
            assert (box is not None and place is not None) == (status == "stored"), label
            assert ours, label
        stored = [(box, place) for _label, status, box, place, _line, _ours in rows if status == "stored"]
        assert len(set(stored)) == len(stored)
        seen.add(events)
    assert len(seen) > 1, "the picker was always killed before it had picked anything"
    assert run(CHECK) == "[] None"

"""The process in the background killed while it reads, checks or enters a file: the next one does the rest, once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

ROWS = 1_500
SETUP = """
import sys
from pathlib import Path
from wardbench.campus.installation import make_campus, start_django
folder = Path(sys.argv[1])
make_campus(folder, name="Kill", database="sqlite:campus.sqlite3", store=None, twin=None, demo=False)
start_django(folder)
from campus import biobank_things as things
from campus.cast import make_cast
from wardbench.campus.biobank.imports import looking
from wardbench.campus.biobank.models import Import
cast = make_cast()
rows = "".join(f"L{n:05};Serum;L{n - 1:05}\\n" if n % 2 else f"L{n:05};Serum;\\n" for n in range(int(sys.argv[2])))
looking.READ_AT_ONCE = 10
looking.take_in(things.collection(cast), "all.csv", ("Label;Material;Parent\\n" + rows).encode(),
                by=cast.actor("biobank_manager"))
"""
WORKER = """
import sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from django.core.management import call_command
from wardbench.campus.biobank.imports import looking, shown, work
from wardbench.campus.biobank.models import Import
from wardbench.campus.people.queries import actor_of
Import.LARGE, work.PART = 100, 20
print("ready", flush=True)
while (one := Import.objects.select_related("by", "table").get()).status != "done":
    if one.status == "draft" and not looking.is_due(one):
        work.let_go(one, shown.good_rows(one), by=actor_of(one.by))
    work.take_up()
    call_command("db_worker", verbosity=0, queue_name="*", interval=0, batch=True, startup_delay=False)
print(one.done, flush=True)
"""
CHECK = """
import sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from wardbench.campus.audit.models import Event
from wardbench.campus.audit.queries import verify
from wardbench.campus.biobank import custody
from wardbench.campus.biobank.models import Specimen
entered = sum(one.detail["specimens"] for one in Event.objects.filter(verb="biobank.import_part"))
print(entered, [one.label for one in Specimen.objects.all()[:200] if custody.verify(one) is not None], verify({})[1])
"""
STATE = "SELECT status, done, (SELECT count(*) FROM biobank_specimen), (SELECT count(*) FROM biobank_custodyevent)"


def test_a_killed_import_is_gone_on_with_and_enters_each_row_once(tmp_path: Path) -> None:
    """At moments that nobody chose, with -9."""
    folder = tmp_path / "campus"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)

    def command(code: str, *more: str) -> list[str]:
        return [sys.executable, "-c", code, str(folder), *more]

    def run(code: str, *more: str) -> str:
        done = subprocess.run(command(code, *more), env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    run(SETUP, str(ROWS))
    seen = []
    for wait in (0.01, 0.15, 0.35):
        worker = subprocess.Popen(command(WORKER), env=environment, stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None and worker.stdout.readline().strip() == "ready"
        time.sleep(wait)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        with sqlite3.connect(folder / "campus.sqlite3") as database:
            status, done, specimens, events = database.execute(f"{STATE} FROM biobank_import").fetchone()
        assert done == specimens == events and done % 20 == 0, "what is entered is whole, and told as it is"
        seen.append((status, done))
    assert seen[-1][1] < ROWS, "the worker was always killed after its end"
    assert run(WORKER).splitlines()[-1] == str(ROWS)
    assert run(CHECK) == f"{ROWS} [] None", seen

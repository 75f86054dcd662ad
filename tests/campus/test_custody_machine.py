"""Whatever is done in whatever order: amounts never below nothing, no tube in two places, every chain whole.

A machine of random acts plays against the inventory, beside a plain picture of what should be. And a process that is
killed in the middle of moving leaves each tube in exactly one place.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from campus import biobank_things as things
from campus.cast import make_cast
from wardbench.campus.biobank import custody, storing
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.models import Container, Specimen
from wardbench.campus.biobank.rules import ENDED, MOVES, Act, Status
from wardbench.campus.biobank.storing import Put
from wardbench.core.errors import WardbenchError

TUBES, BOXES = 4, 2
tube, box, place = st.integers(0, TUBES - 1), st.integers(0, BOXES - 1), st.integers(0, 5)
SIMPLE = sorted({act for _status, act in MOVES} - {Act.COLLECT, Act.REGISTER, Act.STORE, Act.MOVE, Act.USE, Act.DERIVE})


class Custody(RuleBasedStateMachine):
    """Four tubes, two boxes of six in a rack each; `picture` is what should be: status, box, place, amount, thaws."""

    @initialize()
    def begin(self) -> None:
        self.cast = make_cast()
        self.by = self.cast.actor("biobank_manager")
        things.freezer(racks=2, boxes=1)
        self.boxes = [things.box(f"Freezer Rack {n + 1} Box 1") for n in range(BOXES)]
        made = things.tubes(self.cast, TUBES, self.boxes[0])
        self.ids = [one.id for one in made]
        self.picture: dict[int, tuple[str, Any, Any, int, int]] = {
            n: ("stored", self.boxes[0].id, n, 1_000_000, 0) for n in range(TUBES)
        }
        self.batches: list[Any] = []

    def read(self, n: int) -> Specimen:
        return Specimen.objects.get(id=self.ids[n])

    def taken(self, b: int, p: int, but: int) -> bool:
        return any(
            (one[1], one[2]) == (self.boxes[b].id, p)
            for n, one in self.picture.items()
            if n != but and one[1] is not None
        )

    @rule(n=tube, b=box, p=place)
    def put(self, n: int, b: int, p: int) -> None:
        status, _box, _place, amount, thaws = self.picture[n]
        may = Status(status) in (Status.STORED, Status.OUT, Status.COLLECTED, Status.PICKED) and not self.taken(b, p, n)
        try:
            with transaction.atomic():
                self.batches.append(
                    storing.put([Put(self.read(n), Container.objects.get(id=self.boxes[b].id), p)], by=self.by)
                )
        except WardbenchError:
            assert not may
        else:
            assert may
            self.picture[n] = ("stored", self.boxes[b].id, p, amount, thaws)

    @rule(n=tube, act=st.sampled_from(SIMPLE))
    def act(self, n: int, act: Act) -> None:
        status, held, at, amount, thaws = self.picture[n]
        after = MOVES.get((Status(status), act))
        try:
            with transaction.atomic():
                custody.carry_out([Change(self.read(n), act)], by=self.by)
        except WardbenchError:
            assert after is None
            return
        assert after is not None
        stays = after is Status.STORED
        self.picture[n] = (
            after.value,
            held if stays else None,
            at if stays else None,
            amount,
            thaws + (act is Act.THAW),
        )

    @rule(n=tube, used=st.integers(0, 1_200_000))
    def use(self, n: int, used: int) -> None:
        status, held, at, amount, thaws = self.picture[n]
        left = amount - used
        may = (Status(status), Act.USE) in MOVES and left >= 0
        try:
            with transaction.atomic():
                custody.carry_out([Change(self.read(n), Act.USE, values={"amount": left})], by=self.by)
        except WardbenchError:
            assert not may
            return
        assert may
        after = MOVES[Status(status), Act.USE] if left else Status.USED_UP
        stays = after is Status.STORED
        self.picture[n] = (after.value, held if stays else None, at if stays else None, left, thaws)

    @rule()
    def swap_racks(self) -> None:
        racks = [Container.objects.get(id=one.parent_id) for one in self.boxes]
        with transaction.atomic():
            storing.swap_containers(racks[0], racks[1], by=self.by)

    @invariant()
    def it_is_as_the_picture_says(self) -> None:
        if not hasattr(self, "ids"):
            return
        for n in range(TUBES):
            one = self.read(n)
            assert (one.status, one.box_id, one.place, one.amount, one.thaws) == self.picture[n]
            assert custody.verify(one) is None
            assert one.amount is not None and one.amount >= 0
            assert (one.box_id is None) or Status(one.status) not in ENDED
        there = Counter((one.box_id, one.place) for one in Specimen.objects.exclude(box=None) if one.place is not None)
        assert all(count == 1 for count in there.values())
        for held in Container.objects.exclude(parent=None):
            assert held.parent is not None and held.path == f"{held.parent.path}{held.id.hex}/"


@pytest.mark.django_db
def test_any_acts_in_any_order() -> None:
    class Rolled(Custody):
        """Each run in a transaction of its own that is taken back."""

        def __init__(self) -> None:
            super().__init__()
            self.around = transaction.atomic()
            self.around.__enter__()

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)

    run_state_machine_as_test(
        Rolled,
        settings=settings(
            max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


MOVER = """
import sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from wardbench.campus.biobank import storing
from wardbench.campus.biobank.models import Container, Specimen
from wardbench.campus.biobank.storing import Put
from wardbench.campus.people.rules import SYSTEM
boxes = list(Container.objects.filter(kind="box").order_by("barcode"))
turn = 0
print("ready", flush=True)
while True:
    turn += 1
    to = boxes[turn % 2]
    tubes = list(Specimen.objects.order_by("label"))
    storing.put([Put(one, to, place) for place, one in enumerate(tubes)], by=SYSTEM)
    if turn % 3 == 0:
        storing.swap_containers(*Container.objects.filter(kind="rack").order_by("barcode"), by=SYSTEM)
"""
SETUP = """
import sys
from pathlib import Path
from wardbench.campus.installation import make_campus, start_django
folder = Path(sys.argv[1])
make_campus(folder, name="Kill", database="sqlite:campus.sqlite3", store=None, twin=None, demo=False)
start_django(folder)
from wardbench.campus.biobank import curating, registering, storing
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people import services
from wardbench.campus.people.rules import SYSTEM
hospital = services.add_organisation("Hospital", "hospital", by=SYSTEM)
of = curating.add_collection(curating.add_biobank("B", "B", hospital, by=SYSTEM), "C", "C", by=SYSTEM)
freezer = storing.add_container("F", "freezer", "F", by=SYSTEM, rows=2, columns=1)
boxes = []
for n in range(2):
    rack = storing.add_container(f"R{n}", "rack", f"R{n}", freezer, by=SYSTEM, place=n, rows=1, columns=1)
    boxes.append(storing.add_container(f"B{n}", "box", f"B{n}", rack, by=SYSTEM, place=0, rows=5, columns=8))
tubes = [Specimen(label=f"T{n:02}", collection=of, material="DNA", box=boxes[0], place=n) for n in range(40)]
registering.register(tubes, by=SYSTEM)
"""
CHECK = """
import sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from wardbench.campus.audit.queries import verify
from wardbench.campus.biobank import custody
from wardbench.campus.biobank.models import Container, Specimen
broken = [one.label for one in Specimen.objects.all() if custody.verify(one) is not None]
paths = [one.name for one in Container.objects.exclude(parent=None) if one.path != f"{one.parent.path}{one.id.hex}/"]
print(broken, paths, verify({})[1])
"""


def test_a_process_killed_while_it_moves_leaves_each_tube_in_one_place(tmp_path: Path) -> None:
    """Ten times, at a moment that nobody chose, with -9."""
    folder = tmp_path / "campus"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)

    def run(code: str) -> str:
        command = [sys.executable, "-c", textwrap.dedent(code), str(folder)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    run(SETUP)
    seen = set()
    for attempt in range(10):
        command = [sys.executable, "-c", textwrap.dedent(MOVER), str(folder)]
        mover = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert mover.stdout is not None and mover.stdout.readline().strip() == "ready"
        time.sleep(0.05 + 0.037 * attempt)
        mover.send_signal(signal.SIGKILL)
        mover.wait()
        with sqlite3.connect(folder / "campus.sqlite3") as database:
            rows = database.execute("SELECT label, box_id, place, status FROM biobank_specimen").fetchall()
            (events,) = database.execute("SELECT count(*) FROM biobank_custodyevent").fetchone()
        assert len(rows) == 40
        assert len({(held, at) for _label, held, at, _status in rows}) == 40
        assert len({held for _label, held, _at, _status in rows}) == 1, "all were moved, or none"
        assert {status for *_rest, status in rows} == {"stored"}
        seen.add(events)
    assert len(seen) > 1, "the mover was always killed before it had moved anything"
    assert run(CHECK) == "[] [] None"

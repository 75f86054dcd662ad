"""Editing sessions of this process: one for the hospital's store and one for its twin, on the newest snapshot.

Of whom a count is, `purposes.whom` says. A session keeps what it worked out, so that a change of one rule is answered
at once; it answers one at a time. Whoever counts or waits to is on a thread that answers pages, so that only some may
(`Turns`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.utils.translation import gettext as _

from wardbench.campus.counting.people import AgeBySex, Ids, People, Strip
from wardbench.campus.counting.purposes import Place, Whom
from wardbench.cohorts import Definition, EditingSession, Look, Overlap
from wardbench.core.disclosure import Rules
from wardbench.core.errors import BusyError, NotFoundError
from wardbench.core.store import Snapshot, Store

MEMORY = 512 * 2**20
MOST_AT_ONCE = 3
"""Threads of a process, of the four that `wardbench serve` gives it, that count or wait to: one is left for pages."""
LONG = 1.0
"""Seconds that one more waits for a place; longer ones are told to come again."""


class Turns:
    """Lets at most `most` threads in, to count one after the other."""

    def __init__(self, most: int) -> None:
        self._most, self._inside, self._full = most, 0, 0.0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A place for as long as the block lasts. BusyError where all are taken, and have been for `LONG` seconds."""
        with self._changed:
            while self._inside >= self._most:
                left = self._full + LONG - time.monotonic()
                if left <= 0:
                    raise BusyError(_("Too many counts are under way just now; try again in a moment."))
                self._changed.wait(left)
            self._inside += 1
            if self._inside == self._most:
                self._full = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify()


turns = Turns(MOST_AT_ONCE)

_lock = threading.Lock()
_sessions: dict[Place, tuple[str, EditingSession, threading.Lock]] = {}
_people: dict[Place, tuple[EditingSession, People]] = {}


def folder(place: Place) -> Path:
    """Where the store or the twin lies; NotFoundError where the campus has none."""
    named = settings.CAMPUS.store if place == "store" else settings.CAMPUS.twin
    if not named:
        raise NotFoundError(
            _("This campus has no store of records yet.")
            if place == "store"
            else _("This campus has no synthetic twin yet.")
        )
    return Path(named) if settings.CAMPUS_FOLDER is None else settings.CAMPUS_FOLDER / named


def snapshot(place: Place) -> Snapshot:
    """The newest snapshot of a place."""
    return Store.open(folder(place)).snapshot()


def look(of: Whom, definition: Definition) -> Look:
    """What `definition` gives on the newest snapshot, and what each of its rules does; exact. BusyError of `Turns`."""
    session, lock = _session(of.place)
    with turns.turn(), lock:
        return session.look(definition, but=of.but)


def overlap(of: Whom, first: Definition, second: Definition) -> Overlap:
    """The persons of two cohorts on the newest snapshot, compared; exact."""
    session, lock = _session(of.place)
    with turns.turn(), lock:
        return session.overlap(first, second, but=of.but)


def strip(of: Whom, definition: Definition, rules: Rules) -> Strip:
    """Age, sex and samples of the persons of `definition` on the newest snapshot, as `rules` disclose them."""
    ids, days, people = _members(of, definition)
    return people.strip(ids, days, rules)


def by_age_and_sex(of: Whom, definition: Definition) -> AgeBySex:
    """The persons of `definition` on the newest snapshot by age and sex; exact."""
    ids, days, people = _members(of, definition)
    return people.by_age_and_sex(ids, days)


def members(of: Whom, definition: Definition) -> tuple[Ids, npt.NDArray[np.int32]]:
    """The persons of `definition` on the newest snapshot, sorted, and the day on which each entered; exact."""
    ids, days, _people_of = _members(of, definition)
    return ids, days


def _members(of: Whom, definition: Definition) -> tuple[Ids, npt.NDArray[np.int32], People]:
    session, lock = _session(of.place)
    with turns.turn(), lock:
        ids, days = session.members(definition, but=of.but)
        people = _people.get(of.place)
        if people is None or people[0] is not session:
            people = (session, People(snapshot(of.place)))
            _people[of.place] = people
    return ids, days, people[1]


def _session(place: Place) -> tuple[EditingSession, threading.Lock]:
    newest = snapshot(place)
    with _lock:
        kept = _sessions.get(place)
        if kept is None or kept[0] != newest.version:
            kept = (newest.version, EditingSession(newest, memory=MEMORY), threading.Lock())
            _sessions[place] = kept
        return kept[1], kept[2]

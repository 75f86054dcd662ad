"""Who may be counted for a purpose: the one place where that is decided, asked anew at every count.

An objection counts from the moment it is written down: what is kept here is kept under what the objections are, and
what is kept of a count is kept under whom it leaves out.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

from wardbench.campus.biobank import withdrawing
from wardbench.campus.counting.rules import Purpose
from wardbench.cohorts import NOBODY, Persons
from wardbench.core.disclosure import Figure, ReleaseRules

Place = Literal["store", "twin"]
RULES = ReleaseRules()
_lock = threading.Lock()
_kept: tuple[str, Persons] = ("", NOBODY)


@dataclass(frozen=True)
class Whom:
    """Whom a count is of: everybody of a place but some. It is made by `whom` alone."""

    place: Place
    but: Persons

    @property
    def left_out(self) -> Figure:
        """How many persons are left out of every count for this purpose, as it may be told: not how many of them would
        have been in a cohort, which would be counting them."""
        return RULES.total(len(self.but.ids))


def whom(purpose: Purpose) -> Whom:
    """Whom to count for a purpose now."""
    if purpose is Purpose.SANDBOX:
        return Whom("twin", NOBODY)
    if purpose is Purpose.CARE:
        return Whom("store", NOBODY)
    return Whom("store", _objected())


def _objected() -> Persons:
    global _kept
    state = withdrawing.state()
    with _lock:
        kept, persons = _kept
    if kept != state:
        persons = Persons.of(withdrawing.opted_out())
        with _lock:
            _kept = state, persons
    return persons

"""Questions that stand too near to one another: one answer less the other would tell about a few persons.

Suppressing and rounding do not keep two such answers apart, so whoever reviews a question is told which were answered
before of nearly the same persons. Looked at on the newest snapshot, of whom the answers are.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from wardbench.bench.outcomes.protocol import Protocol, question, read_inline
from wardbench.campus.counting import sessions
from wardbench.campus.counting.people import Ids
from wardbench.campus.counting.purposes import RULES, Whom, whom
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.outcomes.rules import PURPOSES, Basis, Kind, Status
from wardbench.core.errors import InputError, NotFoundError, UnsupportedError

MOST = 100
"""Earlier questions that one is held against, the newest."""
LET = (Status.WAITING, Status.RUNNING, Status.ANSWERED)
SIDES = ("hospital", "study", "standard", "cohort")
"""Under which names a benchmark's question has its cohorts."""


@dataclass(frozen=True)
class Near:
    """An earlier question, and which persons of the two are nearly the same."""

    id: uuid.UUID
    name: str
    own: str
    other: str


@dataclass(frozen=True)
class _Group:
    """Persons whom an answer is about: sorted ids, and how long they were observed before where that is asked."""

    name: str
    ids: Ids
    washout: int


def near(one: Inquiry) -> tuple[Near, ...]:
    """The earlier reviewed questions about all but a few of the persons of this one, or a few more."""
    if one.basis != Basis.REVIEWED:
        return ()
    earlier = Inquiry.objects.filter(basis=Basis.REVIEWED, status__in=LET).exclude(id=one.id).exclude(hash=one.hash)
    found: list[Near] = []
    try:
        of = whom(PURPOSES[Basis.REVIEWED])
        own = _groups(one, of)
        for other in earlier.only("name", "kind", "protocol").order_by("-at", "id")[:MOST]:
            pairs = ((mine, theirs) for theirs in _groups(other, of) for mine in own)
            pair = next(((mine, theirs) for mine, theirs in pairs if _close(mine, theirs)), None)
            if pair is not None:
                found.append(Near(other.id, other.name, pair[0].name, pair[1].name))
    except NotFoundError:  # a campus without records
        return ()
    return tuple(found)


def _close(one: _Group, other: _Group) -> bool:
    """Whether few tell them apart; of the same cohort, whether it is asked of those observed for another time before,
    which may be all but a few."""
    apart = np.setxor1d(one.ids, other.ids, assume_unique=True).size
    if not apart:
        return one.ids.size > 0 and one.washout != other.washout
    return bool(apart < RULES.threshold)


def _groups(one: Inquiry, of: Whom) -> list[_Group]:
    try:
        return list(_outcomes(one, of) if one.kind == Kind.OUTCOMES else _sides(one, of))
    except (InputError, UnsupportedError):  # it cannot be answered, so that it tells nothing
        return []


def _outcomes(one: Inquiry, of: Whom) -> Iterator[_Group]:
    asked = question(msgspec.convert(one.protocol, Protocol), Path())
    within = None if asked.population is None else sessions.members(of, asked.population)[0]
    for arm in (asked.target, asked.comparator):
        if arm is not None:
            ids = sessions.members(of, arm)[0]
            ids = ids if within is None else np.intersect1d(ids, within, assume_unique=True)
            yield _Group(arm.name, ids, asked.protocol.washout_days)


def _sides(one: Inquiry, of: Whom) -> Iterator[_Group]:
    for key in SIDES:
        side = one.protocol.get(key)
        if isinstance(side, dict) and "expression" in side:
            cohort = read_inline(side, key)
            yield _Group(cohort.name, sessions.members(of, cohort)[0], 0)

"""Questions that stand too near to one another: one answer less the other would tell about a few persons.

Suppressing and rounding do not keep two such answers apart, so whoever reviews a question is told which were answered
before of nearly the same persons: those whom an answer counts, which are not all of a cohort. Looked at on the newest
snapshot, without whom the answers leave out. An answer on an older snapshot is near even where the persons are the very
same now, and the question too: it did not know those who were loaded since.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from wardbench.bench.outcomes.protocol import Protocol, question, read_inline
from wardbench.campus.counting import sessions
from wardbench.campus.counting.people import Ids
from wardbench.campus.counting.purposes import RULES, Whom, whom
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.outcomes.rules import PURPOSES, Basis, Kind, Status
from wardbench.core.errors import InputError, NotFoundError, UnsupportedError
from wardbench.core.store import Snapshot

MOST = 100
"""Earlier questions that one is held against, the newest."""
MEMORY = 64 * 2**20
"""Bytes of ids that are kept of those that were looked at."""
LET = (Status.WAITING, Status.RUNNING, Status.ANSWERED)
SIDES = ("hospital", "study", "standard", "cohort", "healthy")
"""Under which names a benchmark's question has its cohorts."""


@dataclass(frozen=True)
class Near:
    """An earlier question, and which persons of the two are nearly the same."""

    id: uuid.UUID
    name: str
    own: str
    other: str
    older: bool = False
    """Whether it was answered on another snapshot than the newest."""


@dataclass(frozen=True)
class _Group:
    """Persons whom an answer counts: their ids, sorted, each once."""

    name: str
    ids: Ids


_lock = threading.Lock()
_kept: OrderedDict[tuple[str, str, str], tuple[_Group, ...]] = OrderedDict()


def near(one: Inquiry) -> tuple[Near, ...]:
    """The earlier reviewed questions about all but a few of the persons of this one, or a few more."""
    if one.basis != Basis.REVIEWED:
        return ()
    earlier = Inquiry.objects.filter(basis=Basis.REVIEWED, status__in=LET).exclude(id=one.id)
    found: list[Near] = []
    try:
        of = whom(PURPOSES[Basis.REVIEWED])
        own, newest = _groups(one, of), sessions.snapshot(of.place).version
        # On the newest snapshot the same question has the same answer.
        earlier = earlier.exclude(hash=one.hash, snapshot__in=("", newest))
        for other in earlier.only("name", "kind", "protocol", "hash", "snapshot").order_by("-at", "id")[:MOST]:
            # Whom an answer counts takes a second or two to find; most questions are of other cohorts altogether.
            everybody = _everybody(other, of)
            if not any(_mostly_in(mine, everybody) for mine in own):
                continue
            older = other.snapshot not in ("", newest)
            pairs = ((mine, theirs) for theirs in _groups(other, of) for mine in own)
            pair = next(((mine, theirs) for mine, theirs in pairs if _close(mine, theirs, older)), None)
            if pair is not None:
                found.append(Near(other.id, other.name, pair[0].name, pair[1].name, older))
    except NotFoundError:  # a campus without records
        return ()
    return tuple(found)


def _close(one: _Group, other: _Group, older: bool) -> bool:
    """Whether few tell them apart. Of the very same persons the two answers tell nothing beside one another, unless the
    other one is of `older` records."""
    if abs(one.ids.size - other.ids.size) >= RULES.threshold:
        return False
    apart = np.setxor1d(one.ids, other.ids, assume_unique=True).size
    return apart < RULES.threshold and (older or apart > 0)


def _mostly_in(one: _Group, everybody: Ids) -> bool:
    """Whether all but a few of these persons are among those of whom another answer can count some."""
    return np.intersect1d(one.ids, everybody, assume_unique=True).size > one.ids.size - RULES.threshold


def _everybody(one: Inquiry, of: Whom) -> Ids:
    """Everybody in the cohorts of a question, whom its answer may count."""
    try:
        if one.kind == Kind.OUTCOMES:
            asked = question(msgspec.convert(one.protocol, Protocol), Path())
            cohorts = [arm for arm in (asked.target, asked.comparator) if arm is not None]
        else:
            cohorts = [read_inline(side, key) for key, side in _inside(one.protocol).items()]
        ids = [sessions.members(of, cohort)[0] for cohort in cohorts]
    except (InputError, UnsupportedError):  # it cannot be answered, so that it tells nothing
        ids = []
    return np.unique(np.concatenate(ids)) if ids else np.empty(0, np.int64)


def _inside(asked: dict[str, Any]) -> dict[str, Any]:
    """The cohorts of a benchmark's question, by what they are in it."""
    sides = {key: asked.get(key) for key in SIDES}
    return {key: side for key, side in sides.items() if isinstance(side, dict) and "expression" in side}


def _groups(one: Inquiry, of: Whom) -> tuple[_Group, ...]:
    """Whom the answer of a question counts on the newest snapshot; kept, as the next one is held against it too."""
    snapshot = sessions.snapshot(of.place)
    key = (one.hash, snapshot.version, of.but.digest)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    try:
        found = tuple(_outcomes(one, of, snapshot) if one.kind == Kind.OUTCOMES else _sides(one, of, snapshot))
    except (InputError, NotFoundError, UnsupportedError):  # it cannot be answered, so that it tells nothing
        found = ()
    with _lock:
        _kept[key] = found
        while len(_kept) > 1 and sum(group.ids.nbytes for groups in _kept.values() for group in groups) > MEMORY:
            _kept.popitem(last=False)
    return found


def _outcomes(one: Inquiry, of: Whom, snapshot: Snapshot) -> Iterator[_Group]:
    """The persons of each cohort, whom the report's first line counts, and those who are left to be followed."""
    # Statistics take a second to load, which pages do not need.
    from wardbench.bench.outcomes.subjects import assemble

    asked = question(msgspec.convert(one.protocol, Protocol), Path())
    arms = [arm for arm in (asked.target, asked.comparator) if arm is not None]
    for arm in arms:
        yield _Group(arm.name, sessions.members(of, arm)[0])
    subjects = assemble(asked, snapshot, without=of.but.ids)
    for arm, treated in zip(arms, (True, False), strict=False):
        yield _Group(arm.name, subjects.person[subjects.treated == treated])
    if len(arms) > 1:
        yield _Group(asked.protocol.name, np.unique(subjects.person))


def _sides(one: Inquiry, of: Whom, snapshot: Snapshot) -> Iterator[_Group]:
    """The cohorts of a benchmark's question, as far as it counts their persons."""
    from wardbench.campus.outcomes.yardstick_answers import members
    from wardbench.ward.benchmark.followed import followed
    from wardbench.ward.benchmark.recorded import find_analyte, results_of

    asked, without = one.protocol, of.but.ids
    cohorts = {key: members(side, snapshot, without) for key, side in _inside(asked).items()}
    outcome = members(asked["outcome"], snapshot, without) if asked.get("outcome") else None
    ids = {key: np.unique(cohort.rows["subject_id"].to_numpy()) for key, cohort in cohorts.items()}
    if one.kind == Kind.TABLE1 and "study" in ids:
        ids["hospital"] = np.setdiff1d(ids["hospital"], ids["study"], assume_unique=True)
    if one.kind in (Kind.RATES, Kind.FUNNEL):
        for key, cohort in cohorts.items():
            found = followed(snapshot, cohort, outcome=outcome, within=asked["within"], by=asked.get("by"))
            ids[key] = found.person[found.of_units] if one.kind == Kind.FUNNEL else found.person
    if "healthy" in cohorts:
        analyte = find_analyte(snapshot, asked["analyte"], asked["unit"] or None)
        results = results_of(snapshot, analyte, healthy=cohorts["healthy"], without=without)
        ids["healthy"] = np.unique(results.person[results.healthy])
    for key, cohort in cohorts.items():
        yield _Group(cohort.name, ids[key])

"""A feasibility count: gated before data are touched, charged before they are counted, answered with noise.

Everybody waits for a whole number of seconds, so that how long it takes tells nothing of how many there are.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from wardbench.campus.counting import services, sessions
from wardbench.campus.counting.purposes import whom
from wardbench.campus.counting.rules import Purpose, may_estimate
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.cohorts import Definition
from wardbench.core.disclosure import Figure
from wardbench.core.disclosure.feasibility import FeasibilityRules
from wardbench.core.errors import UnsupportedError
from wardbench.ward.cohorts.feasibility import canonical, gate

OBJECTED = gettext_noop("Who objected to the reuse of their record is not counted.")
BUCKET = 1.0
"""Seconds of which every answer takes a whole number."""


@dataclass(frozen=True)
class Estimate:
    """An answer, what is told with it, on which snapshot, how many questions are left, and how many persons stand in
    no answer because they objected."""

    figure: Figure
    notes: tuple[str, ...]
    label: str
    snapshot_version: str
    left: int
    left_out: Figure | None = None


def estimate(definition: Definition, *, by: Actor, projects: Sequence[str] = ()) -> Estimate:
    """About how many persons of the hospital are in the cohort; who objected to the reuse of their record is in none.

    An objection makes every question another one: it is answered with noise of its own, so that the answers before and
    after it tell of nobody, and charged for again.

    ForbiddenError where `by` may not ask, UnsupportedError with the first path that a feasibility count may not ask
    about, SpentError where the budget of `by`, or that of one of the `projects` (`projects_of`), is spent.
    """
    began = time.monotonic()
    may_estimate(by).require()
    for fault in gate(definition):
        raise UnsupportedError(f"{fault.path}: {fault.sentence}" if fault.path else fault.sentence)
    snapshot, question = sessions.snapshot("store"), canonical(definition)
    of = whom(Purpose.RESEARCH)
    if of.but.ids:
        question += b"\nwithout " + of.but.digest.encode()
    spent = services.charge(snapshot.version, hashlib.sha256(question).hexdigest(), by=by, projects=projects)
    rules = FeasibilityRules(settings.CAMPUS_KEYS["disclosure"], snapshot.version)
    figure = rules.count(sessions.look(of, definition).persons, question)
    passed = time.monotonic() - began
    time.sleep(math.ceil(passed / BUCKET) * BUCKET - passed)
    left_out = of.left_out if of.but.ids else None
    return Estimate(figure, (*rules.notes, OBJECTED), rules.label, snapshot.version, spent.left, left_out)

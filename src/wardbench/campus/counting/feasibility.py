"""A feasibility count: gated before data are touched, charged before they are counted, answered with noise.

Everybody waits for a whole number of seconds, so that how long it takes tells nothing of how many there are.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass

from django.conf import settings

from wardbench.campus.counting import services, sessions
from wardbench.campus.counting.rules import may_estimate
from wardbench.campus.people.rules import Actor
from wardbench.cohorts import Definition
from wardbench.core.disclosure import Figure
from wardbench.core.disclosure.feasibility import FeasibilityRules
from wardbench.core.errors import UnsupportedError
from wardbench.ward.cohorts.feasibility import canonical, gate

BUCKET = 1.0
"""Seconds of which every answer takes a whole number."""


@dataclass(frozen=True)
class Estimate:
    """An answer, what is told with it, on which snapshot, and how many questions are left."""

    figure: Figure
    notes: tuple[str, ...]
    label: str
    snapshot_version: str
    left: int


def estimate(definition: Definition, *, by: Actor, project: str) -> Estimate:
    """About how many persons of the hospital are in the cohort.

    ForbiddenError where `by` may not ask, UnsupportedError with the first path that a feasibility count may not ask
    about, SpentError where the budget of `by` in `project` is spent.
    """
    began = time.monotonic()
    may_estimate(by).require()
    for fault in gate(definition):
        raise UnsupportedError(f"{fault.path}: {fault.sentence}" if fault.path else fault.sentence)
    snapshot, question = sessions.snapshot("store"), canonical(definition)
    spent = services.charge(project, snapshot.version, hashlib.sha256(question).hexdigest(), by=by)
    rules = FeasibilityRules(settings.CAMPUS_KEYS["disclosure"], snapshot.version)
    figure = rules.count(sessions.look("store", definition).persons, question)
    passed = time.monotonic() - began
    time.sleep(math.ceil(passed / BUCKET) * BUCKET - passed)
    return Estimate(figure, rules.notes, rules.label, snapshot.version, spent.left)

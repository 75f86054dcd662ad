"""Counting the hospital's records: every count is on the record."""

from __future__ import annotations

from wardbench.campus.audit.services import record, verb
from wardbench.campus.counting import sessions
from wardbench.campus.counting.figures import Shown, shown
from wardbench.campus.counting.rules import Mode, may_count
from wardbench.campus.people.rules import Actor
from wardbench.cohorts import Definition
from wardbench.core.disclosure import ExactRules


@verb("counting.count")
def count(definition: Definition, *, by: Actor, mode: Mode) -> Shown:
    """What `definition` gives in the hospital's store. ForbiddenError where `by` may not count in `mode`."""
    may_count(by, mode).require()
    found = sessions.look("store", definition)
    record("counting.count", "plan", found.plan_hash, by=by, mode=mode.value, snapshot=found.snapshot_version)
    return shown(mode, found, ExactRules())

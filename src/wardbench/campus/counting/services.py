"""Counting the hospital's records: every count is on the record, and feasibility counts are charged for."""

from __future__ import annotations

from django.utils import timezone

from wardbench.campus.audit.services import record, verb
from wardbench.campus.counting import sessions
from wardbench.campus.counting.budgets import Spent, SpentError, may_ask
from wardbench.campus.counting.figures import Shown, shown
from wardbench.campus.counting.models import Asked, Purse
from wardbench.campus.counting.rules import Mode, may_count, may_estimate
from wardbench.campus.counting.spending import spent_of
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


@verb("counting.charge")
def charge(project: str, snapshot: str, question: str, *, by: Actor) -> Spent:
    """Charge a feasibility count to somebody's budget in a project, before any data are touched; what is spent then.

    Their own repeat of a question costs nothing; another person's first look at it is charged to that person.
    SpentError where the budget is spent.
    """
    may_estimate(by).require()
    Purse.objects.get_or_create(project=project)
    Purse.objects.select_for_update().get(project=project)
    repeat = Asked.objects.filter(purse=project, person__id=by.id, snapshot=snapshot, question=question).exists()
    if not repeat:
        verdict = may_ask(spent_of(by, project, snapshot))
        if not verdict:
            raise SpentError(verdict)
        Asked.objects.create(purse_id=project, person_id=by.id, snapshot=snapshot, question=question, at=timezone.now())
    record("counting.charge", "question", question, by=by, project=project, snapshot=snapshot, repeat=repeat)
    return spent_of(by, project, snapshot)

"""Counting the hospital's records: every count is on the record, and feasibility counts are charged for."""

from __future__ import annotations

from django.utils import timezone

from wardbench.campus.audit.services import record, record_for_good, verb
from wardbench.campus.counting.budgets import Spent, SpentError, may_ask
from wardbench.campus.counting.figures import Shown, shown
from wardbench.campus.counting.models import Asked, Purse
from wardbench.campus.counting.purposes import Whom
from wardbench.campus.counting.rules import Mode, may_count, may_estimate
from wardbench.campus.counting.spending import spent_of
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.cohorts import Look
from wardbench.core.disclosure import ExactRules


@verb("counting.count")
def count(found: Look, of: Whom, *, by: Actor, mode: Mode, permitted: Verdict | None = None, study: str = "") -> Shown:
    """What was counted in the hospital's store, exactly, and of whom, as it may be shown. ForbiddenError where `by` may
    not count in `mode`. Counted before, outside of the transaction: a long count would keep everybody else from
    writing.

    In a study, `permitted` is what its permit says of this cohort and this person now, and `study` its reference.
    """
    verdict = permitted if mode is Mode.STUDY and permitted is not None else may_count(by, mode)
    verdict.require()
    without = of.but.digest if of.but.ids else ""
    detail = {"mode": mode.value, "snapshot": found.snapshot_version, "without": without}
    record_for_good("counting.count", "plan", found.plan_hash, by=by, study=study, **detail)
    return shown(mode, found, ExactRules(), of)


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

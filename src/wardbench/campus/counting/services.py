"""Counting the hospital's records: every count is on the record, and feasibility counts are charged for."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from wardbench.campus.audit.services import record, record_for_good, verb
from wardbench.campus.counting.budgets import Spent, SpentError, may_ask
from wardbench.campus.counting.figures import Shown, shown
from wardbench.campus.counting.models import Asked, Purse
from wardbench.campus.counting.purposes import Whom
from wardbench.campus.counting.rules import Mode, may_count, may_estimate
from wardbench.campus.counting.spending import own_purse, spent_of
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
def charge(snapshot: str, question: str, *, by: Actor, projects: Sequence[str] = ()) -> Spent:
    """Charge a feasibility count to somebody's own budget and to that of each project, before any data are touched;
    what is spent then.

    Their own repeat of a question costs nothing. Another person's first look at it is charged to that person, and not
    again to a project where a colleague asked it: together they learn no more than they knew.
    SpentError where one of the budgets is spent; nothing is charged to any then.
    """
    may_estimate(by).require()
    purses = sorted({own_purse(by), *projects})
    for purse in purses:
        Purse.objects.get_or_create(project=purse)
    list(Purse.objects.select_for_update().filter(project__in=purses).order_by("project"))
    asked = Asked.objects.filter(snapshot=snapshot, question=question)
    repeat = asked.filter(purse=own_purse(by), person__id=by.id).exists()
    if not repeat:
        known = set(asked.filter(purse__in=projects).values_list("purse", flat=True))
        new_to = [purse for purse in projects if purse not in known]
        verdict = may_ask(spent_of(by, new_to, snapshot))
        if not verdict:
            raise SpentError(verdict)
        now = timezone.now()
        Asked.objects.bulk_create(
            Asked(purse_id=purse, person_id=by.id, snapshot=snapshot, question=question, at=now)
            for purse in (own_purse(by), *new_to)
        )
    record("counting.charge", "question", question, by=by, projects=list(projects), snapshot=snapshot, repeat=repeat)
    return spent_of(by, projects, snapshot)

"""Under which permits somebody may count exactly where a cohort is built; each count asks the permit again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db.models import Q
from django.utils import timezone

from wardbench.campus.counting.permitted import Permitted, permitted_by
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.studies import permits
from wardbench.campus.studies.models import Permit
from wardbench.campus.studies.permits import Use, Wanted


@permitted_by
def of(actor: Actor) -> Sequence[Permitted]:
    """The studies that somebody works on whose permit names them and holds."""
    if not actor.id:
        return []
    own = Q(study__investigator_id=actor.id) | Q(study__members__person_id=actor.id)
    holding = Permit.objects.select_related("study__investigator").filter(
        own, revoked=None, suspended=None, until__gte=timezone.localdate()
    )
    newest = {permit.study_id: permit for permit in holding.order_by("made").distinct()}
    return [
        Permitted(permit.study.reference, partial(_covers, permit, actor))
        for permit in newest.values()
        if any(_covers(permit, actor, cohort) for cohort in permit.content["cohorts"][:1])
    ]


def _covers(permit: Permit, actor: Actor, cohort: str) -> Verdict:
    return permits.check(permit, actor, Wanted(Use.COUNT, cohort=cohort))

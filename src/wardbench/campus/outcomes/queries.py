"""Reading questions about outcomes: those somebody may see, one by its id, what waits for a data steward."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.counting.permitted import Permitted, permitted_for
from wardbench.campus.outcomes import rules
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.outcomes.rules import BROUGHT, Act, Basis, Facts, Kind, Status
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.core.errors import NotFoundError

HEAVY = ("page", "report", "protocol")
"""What lists do not show."""


def facts_of(one: Inquiry, by: Actor, permits: Sequence[Permitted] | None = None) -> Facts:
    """What the rules ask; the permit is asked anew, for `by`: of `permits`, those under which they may count."""
    permitted = permission(by, one.study, one.cohort, permits) if one.basis == Basis.STUDY else None
    staff = one.kind == Kind.FUNNEL and one.protocol.get("by") == "provider"
    return Facts(str(one.owner_id), Basis(one.basis), Status(one.status), one.shared, permitted, staff)


def permission(by: Actor, study: str, cohort: str, permits: Sequence[Permitted] | None = None) -> Verdict | None:
    """What the permit of a study says now of a cohort by its content hash and of `by`; None where there is none."""
    permits = permitted_for(by) if permits is None else permits
    return next((found.covers(cohort) for found in permits if found.study == study), None)


def visible(by: Actor, text: str = "", kinds: Collection[Kind] = frozenset(Kind)) -> list[Inquiry]:
    """The questions that somebody may see, newest first."""
    under = Inquiry.objects.filter(basis=Basis.STUDY, kind__in=kinds)
    for word in text.split():
        under = under.filter(name__icontains=word)
    permits = permitted_for(by) if under.exists() else []  # dear, and without any such question of no use
    own = Q(owner__id=by.id) if by.id else Q(pk__in=[])
    others = Q(shared=True) | Q(basis=Basis.STUDY, study__in=[one.study for one in permits])
    if by.has(Role.DATA_STEWARD, Role.DATA_PROTECTION):
        others |= Q(basis__in=(Basis.REVIEWED, Basis.STEWARDSHIP))
    found = Inquiry.objects.filter(own | others, kind__in=kinds).select_related("owner").defer(*HEAVY)
    for word in text.split():
        found = found.filter(name__icontains=word)
    return [one for one in found if rules.may_see(by, facts_of(one, by, permits))]


def newest_of(by: Actor, most: int) -> list[Inquiry]:
    """What somebody asked last, as far as they may still see it."""
    if not by.id:
        return []
    found = Inquiry.objects.filter(owner__id=by.id).only(
        "owner", "name", "status", "basis", "shared", "study", "cohort"
    )
    return [one for one in found[:most] if rules.may_see(by, facts_of(one, by))]


def inquiry(inquiry_id: uuid.UUID, *, by: Actor) -> Inquiry:
    """One question; NotFoundError where there is none, or none that `by` may see."""
    found = Inquiry.objects.select_related("owner", "reviewed_by").filter(id=inquiry_id).first()
    if found is None or not rules.may_see(by, facts_of(found, by)):
        raise NotFoundError(_("There is no such question about outcomes, or it is not for you to see."))
    return found


def protocol_of(one: Inquiry) -> dict[str, Any]:
    """What a question says, without the values that somebody brought."""
    return {key: value for key, value in one.protocol.items() if key != BROUGHT.get(Kind(one.kind))}


def waiting(by: Actor) -> list[Inquiry]:
    """What waits for somebody's review."""
    if not by.has(Role.DATA_STEWARD):
        return []
    found: QuerySet[Inquiry] = Inquiry.objects.filter(status=Status.ASKED).select_related("owner").defer(*HEAVY)
    return [one for one in found if rules.may_act(by, Act.ALLOW, facts_of(one, by))]

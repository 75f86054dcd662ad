"""Who answers for a unit: its heads and deputies, and those of the organisation as a whole.

To head is a part of a role that somebody holds there (`Affiliation.leads`), and ends with it. There can be several of
either; what waits for the head of a unit waits for all of them, and is done once the first has done it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.people import rules
from wardbench.campus.people.models import Affiliation, Organisation, Unit
from wardbench.campus.people.queries import current
from wardbench.campus.people.roles import CARE, Lead, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import BusyError, InputError


def leading(day: datetime.date | None = None) -> QuerySet[Affiliation]:
    """The roles in which somebody who can be reached leads a unit or organisation on `day`, today by default."""
    return Affiliation.objects.filter(current(day), ~Q(leads=""), person__is_active=True)


def leaders_of(organisations: Collection[uuid.UUID]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Who leads what of these organisations today: persons by the id of a unit, or of an organisation as a whole."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    held = leading().filter(organisation__in=organisations)
    for organisation, unit, person in held.values_list("organisation_id", "unit_id", "person_id"):
        found.setdefault(unit or organisation, set()).add(person)
    return found


def led(organisation: Organisation) -> dict[uuid.UUID, list[Affiliation]]:
    """The heads and deputies of an organisation and its units, by the id of either; heads first, then by name."""
    found: dict[uuid.UUID, list[Affiliation]] = {}
    held = leading().filter(organisation=organisation).select_related("person")
    for one in sorted(held, key=lambda one: (one.leads != Lead.HEAD, one.person.name)):
        found.setdefault(one.unit_id or organisation.id, []).append(one)
    return found


def may_lead(organisation: Organisation, unit: Unit | None) -> list[Affiliation]:
    """The roles of care that are held there, or will be: their holders can be named, and some are already."""
    not_over = Q(until=None) | Q(until__gte=timezone.localdate())
    held = Affiliation.objects.filter(not_over, organisation=organisation, unit=unit, role__in=sorted(CARE))
    return list(held.filter(person__is_active=True).select_related("person").order_by("person__name", "role", "since"))


def without_head(units: QuerySet[Unit]) -> list[tuple[Unit, bool]]:
    """Those of `units` that nobody leads who can be reached, each with whether somebody leads its organisation."""
    led_today = leading().filter(unit=OuterRef("id"))
    found = list(units.filter(~Exists(led_today)).select_related("organisation"))
    above = leading().filter(unit=None, organisation__in={one.organisation_id for one in found})
    answered = set(above.values_list("organisation", flat=True)) if found else set()
    return [(one, one.organisation_id in answered) for one in found]


@verb("people.name_head")
def name_head(affiliation: Affiliation, *, by: Actor, lead: Lead = Lead.HEAD) -> None:
    """Name somebody head or deputy of the unit where they hold this role, or of the organisation; they are told.

    InputError where they treat nobody in this role, or it is over; BusyError where they are that already.
    """
    if by is not rules.SYSTEM:
        rules.may_name_head(by, str(affiliation.person_id)).require()
    check_treats(affiliation.role)
    if not _not_over(affiliation).filter(person__is_active=True).exists():
        raise InputError(_("who: the role has ended, or the account is closed."))
    if not _not_over(affiliation).exclude(leads=lead).update(leads=lead):
        raise BusyError(_("This is said already."))
    record("people.name_head", "person", affiliation.person_id, by=by, **_where(affiliation), leads=lead.value)
    tell_leads(affiliation, lead, by=by)


def tell_leads(affiliation: Affiliation, lead: Lead, *, by: Actor) -> None:
    """Tell somebody of what they are head or deputy, from which day on where it is one to come."""
    place = str(affiliation.unit or affiliation.organisation)
    to, link = [affiliation.person_id], reverse("emergency_accesses")
    if affiliation.since > timezone.localdate():
        notify(to, TO_COME[lead], link, by=by, place=place, day=affiliation.since.isoformat())
    else:
        notify(to, NAMED[lead], link, by=by, place=place)


NAMED = {
    Lead.HEAD: gettext_noop("You are head of {place} now: you are told of emergency access to its patients."),
    Lead.DEPUTY: gettext_noop("You are deputy head of {place} now: you are told of emergency access to its patients."),
}
TO_COME = {
    Lead.HEAD: gettext_noop(
        "You are head of {place} from {day} on: you are told of emergency access to its patients then."
    ),
    Lead.DEPUTY: gettext_noop(
        "You are deputy head of {place} from {day} on: you are told of emergency access to its patients then."
    ),
}
RELEASED = {
    Lead.HEAD: gettext_noop(
        "You are head of {place} no longer: you are told no more of emergency access to its patients."
    ),
    Lead.DEPUTY: gettext_noop(
        "You are deputy head of {place} no longer: you are told no more of emergency access to its patients."
    ),
}


@verb("people.release_head")
def release_head(affiliation: Affiliation, *, by: Actor) -> None:
    """Let somebody be head or deputy no longer, and tell them; their role goes on. BusyError where they are not."""
    if by is not rules.SYSTEM:
        rules.may_manage_people(by).require()
    held = Affiliation.objects.filter(id=affiliation.id).exclude(leads="")
    was = held.values_list("leads", flat=True).first()
    if was is None or not held.update(leads=""):
        raise BusyError(_("Somebody else was quicker; look at it again."))
    record("people.release_head", "person", affiliation.person_id, by=by, **_where(affiliation))
    place = str(affiliation.unit or affiliation.organisation)
    notify([affiliation.person_id], RELEASED[Lead(was)], reverse("home"), by=by, place=place)


def check_treats(role: str) -> None:
    """InputError for a role in which nobody treats patients: whoever leads reads of patients."""
    if role not in CARE:
        raise InputError(_("who: heads and deputies treat patients: as a physician, nurse or coordinator."))


def _not_over(affiliation: Affiliation) -> QuerySet[Affiliation]:
    not_over = Q(until=None) | Q(until__gte=timezone.localdate())
    return Affiliation.objects.filter(not_over, id=affiliation.id)


def _where(affiliation: Affiliation) -> dict[str, str]:
    return {"organisation": str(affiliation.organisation_id), "unit": str(affiliation.unit_id or "")}

"""Which units answer for an emergency access, and who of them is told.

The units that treat the patient on that day answer. Where none is known to, those do in which whoever opened the record
treats patients; and where there is no unit at all, the organisation. Of each, heads and deputies are told, or those of
the organisation as a whole where the unit has none who can be reached. Nobody is told of what they opened themselves.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wardbench.campus.access import queries, rules
from wardbench.campus.people.heads import leaders_of
from wardbench.campus.people.models import Organisation, Unit
from wardbench.campus.people.roles import CARE
from wardbench.campus.people.rules import Actor


@dataclass(frozen=True)
class Place:
    """A unit, or an organisation as a whole (`unit` is None)."""

    organisation: uuid.UUID
    unit: uuid.UUID | None
    name: str


def responsible(patient: int, opener: Actor) -> list[Place]:
    """What answers for it that `opener` looks at a patient today."""
    units = queries.treating_units(patient) or [uuid.UUID(one) for one in opener.units(*sorted(CARE))]
    if units:
        found = Unit.objects.filter(id__in=units)
        return [Place(unit.organisation_id, unit.id, unit.name) for unit in found]
    held = {uuid.UUID(one.organisation) for one in opener.affiliations if one.role in CARE}
    return [Place(one.id, None, one.name) for one in Organisation.objects.filter(id__in=held)]


def told(places: Collection[Place], opener: str) -> dict[str, list[Place]]:
    """Whom to tell of an emergency access of `opener`, by id, each with what they answer for."""
    return _told(places, opener, leaders_of({one.organisation for one in places}))


def waiting_for_word(actor: Actor) -> list[queries.Access]:
    """The emergency accesses of which somebody should say for what they lead whether they were needed."""
    if not actor.heads:
        return []
    found = [
        one for one in queries.accesses(actor, waiting=True) if rules.may_move(actor, rules.Action.SPEAK, one.facts)
    ]
    unsaid = {one.id: [_place(each) for each in one.answers if each.needed is None] for one in found}
    leaders = leaders_of({place.organisation for places in unsaid.values() for place in places}) if found else {}
    return [one for one in found if actor.id in _told(unsaid[one.id], one.person, leaders)]


@dataclass(frozen=True)
class Said:
    """What is said for a place, as it is shown. `instead` tells who takes care where nobody leads it who could say it;
    empty where somebody does, or has said it."""

    name: str
    needed: bool | None
    words: str
    who: str
    said: datetime.datetime | None
    instead: str


def said(access: queries.Access) -> list[Said]:
    """What the places that answer for an emergency access say of it, by who leads them today."""
    leaders = leaders_of({one.organisation for one in access.answers if one.needed is None})
    names = dict(Organisation.objects.filter(id__in=leaders).values_list("id", "name"))
    found = []
    for one in access.answers:
        above, of_unit = (
            bool({str(person) for person in leaders.get(place, ())} - {access.person})
            for place in (one.organisation, one.unit or one.organisation)
        )
        instead = ""
        if one.needed is None and not of_unit:
            instead = (
                _("Nobody leads this unit who can say it; the heads of %(organisation)s were told instead.")
                if above
                else _("Nobody leads it who can say it; data protection judges without.")
            ) % {"organisation": names.get(one.organisation, "")}
        found.append(Said(one.name, one.needed, one.words, one.who, one.said, instead))
    return found


def too_late(actor: Actor, access: queries.Access) -> list[str]:
    """Why a head of the units that answer for an access cannot say any more whether it was needed, in sentences: by
    whom it was said for their unit and when, or that it was judged. Empty where they can, or it never was for them."""
    if actor.heads.isdisjoint(access.places) or actor.id == access.person:
        return []
    if access.status not in (rules.Status.ACTIVE, rules.Status.ENDED):
        return [_("Data protection has judged this access already; it is not spoken of any more.")]
    if not actor.heads.isdisjoint(access.facts.unsaid):
        return []
    return [
        _("%(who)s said it for %(unit)s already, on %(when)s.")
        % {"who": one.who, "unit": one.name, "when": date_format(timezone.localtime(one.said), "j F Y H:i")}
        for one in access.answers
        if one.said and not actor.heads.isdisjoint(one.places)
    ]


def _place(answer: queries.Answer) -> Place:
    return Place(answer.organisation, answer.unit, answer.name)


def _told(
    places: Collection[Place], opener: str, leaders: Mapping[uuid.UUID, Collection[uuid.UUID]]
) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for place in places:
        above = frozenset(map(str, leaders.get(place.organisation, ())))
        of_unit = frozenset(map(str, leaders.get(place.unit, ()))) if place.unit else above
        for person in rules.told(of_unit, above, opener):
            found.setdefault(person, []).append(place)
    return found

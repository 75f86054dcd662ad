"""Which units answer for an emergency access, and who of them is told.

The units that treat the patient on that day answer. Where none is known to, those do in which whoever opened the record
treats patients; and where there is no unit at all, the organisation. Of each, heads and deputies are told, or those of
the organisation as a whole where the unit has none who can be reached. Nobody is told of what they opened themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

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

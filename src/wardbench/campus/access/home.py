"""What emergency access adds to the home page: what waits for data protection and for heads of units, and which units
have nobody to tell."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.access import answering, queries, rules
from wardbench.campus.access.rules import Action
from wardbench.campus.people.heads import without_head
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor, may_manage_people
from wardbench.campus.web.home import Entry, Panel, Task, panel, waiting


@waiting
def accesses_to_review(actor: Actor) -> Sequence[Task]:
    """Each emergency access waits for data protection, 72 hours at most."""
    if not rules.may_review(actor):
        return []
    return [
        Task(
            _("Review the emergency access of %(name)s") % {"name": one.who},
            _(one.reason),
            reverse("emergency_access", args=[one.id]),
            since=timezone.localdate(one.opened),
            due=timezone.localdate(one.due),
        )
        for one in queries.accesses(actor, waiting=True)
        if rules.may_move(actor, Action.OBJECT, one.facts)
    ]


@waiting
def accesses_to_speak_of(actor: Actor) -> Sequence[Task]:
    """Each emergency access waits for a head of the units that answer for it, until it is judged."""
    return [
        Task(
            _("Say whether the emergency access of %(name)s was needed") % {"name": one.who},
            ", ".join(each.name for each in one.answers if not actor.heads.isdisjoint(each.places)),
            reverse("emergency_access", args=[one.id]),
            since=timezone.localdate(one.opened),
            due=timezone.localdate(one.due),
        )
        for one in answering.waiting_for_word(actor)
    ]


@panel(15)
def units_without_head(actor: Actor) -> Panel | None:
    """For those who see to it that every unit of care has a head: those that have none who can be reached."""
    if not actor.has(Role.DATA_STEWARD, Role.ADMINISTRATOR):
        return None
    names = may_manage_people(actor)
    found = []
    for unit, answered in without_head(queries.units_of_care()):
        told = (
            _("Instead of them the heads of %(organisation)s are told of an emergency access.")
            if answered
            else _("Of an emergency access data protection alone is told.")
        ) % {"organisation": unit.organisation}
        line = told if names else f"{told} {_('An administrator can name one.')}"
        place = reverse("unit_heads", args=[unit.id]) if names else reverse("organisation", args=[unit.organisation_id])
        found.append(Entry(unit.name, line, place, _("no head"), "" if answered else "wait"))
    return Panel("heads", _("Units of care without a head"), tuple(found), "") if found else None

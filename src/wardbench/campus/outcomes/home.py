"""What questions about outcomes add to the home page and to the search."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.outcomes import queries, rules
from wardbench.campus.people.roles import CARE, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.home import Entry, Panel, Task, panel, waiting
from wardbench.campus.web.search import Hit, provide

SHOWN = 3
TONES = {"answered": "good", "failed": "bad", "refused": "bad", "withdrawn": "empty"}


def find(actor: Actor, text: str, limit: int) -> list[Hit]:
    return [
        Hit(one.name, one.get_status_display(), reverse("inquiry", args=[one.id]))
        for one in queries.visible(actor, text)[:limit]
    ]


provide("outcomes", gettext_noop("Patients like mine"), find, order=45)


@waiting
def to_review(actor: Actor) -> Sequence[Task]:
    """Questions for care that a data steward lets be answered or refuses."""
    return [
        Task(
            _("Let this question about outcomes be answered, or refuse it"),
            f"{one.name} · {one.owner.name}",
            reverse("inquiry", args=[one.id]),
            since=timezone.localdate(one.at),
        )
        for one in queries.waiting(actor)
    ]


@panel(45)
def mine(actor: Actor) -> Panel | None:
    """What somebody asked; for who treats patients, where to begin."""
    if not rules.may_ask_any(actor):
        return None
    own = queries.newest_of(actor, SHOWN)
    if not own and not actor.roles & CARE:
        return None
    entries = tuple(
        Entry(one.name, "", reverse("inquiry", args=[one.id]), one.get_status_display(), TONES.get(one.status, "wait"))
        for one in own
    )
    empty = _("What happened to patients like yours, and does it differ by what was done for them?")
    return Panel(
        "outcomes", _("Patients like mine"), entries, empty, _("Ask"), reverse("inquiry_new"), reverse("inquiries")
    )

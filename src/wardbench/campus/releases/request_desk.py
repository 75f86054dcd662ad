"""What requests add to the desk of the biobank's manager."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from wardbench.campus.biobank.desk import Card, Line, card
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import request_queries, request_shown
from wardbench.campus.releases.rules import STATUSES

SHOWN = 8


@card(70)
def requests(actor: Actor) -> Card:
    """Requests that are under way, whose turn each is."""
    lines = [
        Line(
            f"{one.reference} {one.study.title}",
            reverse("request", args=[one.id]),
            _("waits for: %(who)s") % {"who": request_shown.turn_of(facts)},
            _(STATUSES[facts.status]),
            request_shown.tone(one.status),
        )
        for one, facts in request_queries.under_way(actor)[:SHOWN]
    ]
    empty = _("Nobody is waiting for specimens. What studies ask for on their permits stands here.")
    return Card(_("Requests for specimens"), lines, empty, reverse("requests"))

"""What withdrawals add to the desk of the biobank's manager."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank.desk import Card, Line, card
from wardbench.campus.biobank.rules import may_see_withdrawals
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import withdrawal_queries

SHOWN = 8


@card(80)
def withdrawals(actor: Actor) -> Card | None:
    """Withdrawals that have not reached everything yet."""
    if not may_see_withdrawals(actor):
        return None
    lines = [
        Line(
            f"{one.reference} {one.donor.code if one.donor is not None else ''}",
            reverse("withdrawal", args=[one.id]),
            one.get_kind_display(),
            ngettext("%(n)d thing is open", "%(n)d things are open", left) % {"n": left},
            "wait",
        )
        for one, left in withdrawal_queries.under_way(SHOWN)
    ]
    empty = _("Every withdrawal has reached everything. What donors take back stands here until it has.")
    return Card(_("Withdrawals and opt-outs"), lines, empty, reverse("withdrawals"))

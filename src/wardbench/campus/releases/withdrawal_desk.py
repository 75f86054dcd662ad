"""What withdrawals add to the desk of the biobank's manager and to the page of a donor."""

from __future__ import annotations

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank.beside import beside_donors
from wardbench.campus.biobank.desk import Card, Line, card
from wardbench.campus.biobank.models import Donor
from wardbench.campus.biobank.rules import may_see_withdrawals
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import withdrawal_queries
from wardbench.campus.releases.models import Withdrawal
from wardbench.core.consent import TIERS, Tier

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


@beside_donors
def of_donor(actor: Actor, donor: Donor) -> list[Line]:
    """What a donor took back, the newest first, also by a no on a newer form; nothing for whom it is not."""
    if not may_see_withdrawals(actor):
        return []
    return [
        Line(one.reference, reverse("withdrawal", args=[one.id]), _what(one), *_how_far(left))
        for one, left in withdrawal_queries.of_donor(donor)
    ]


def _how_far(left: int) -> tuple[str, str]:
    """The words and the tone of how many things are open."""
    if not left:
        return _("Has reached everything"), "good"
    return ngettext("%(n)d thing is open", "%(n)d things are open", left) % {"n": left}, "wait"


def _what(of: Withdrawal) -> str:
    """Since when what is taken back, with the uses by name where it is some of them."""
    uses = ", ".join(_(TIERS[Tier(one)]) for one in of.tiers)
    what = f"{of.get_kind_display()}: {uses}" if uses else of.get_kind_display()
    return f"{date_format(of.received, 'j F Y')} · {what}"

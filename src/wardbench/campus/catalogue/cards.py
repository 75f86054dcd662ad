"""What the catalogue adds to the manager's desk: exports, registers and figures."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from wardbench.campus.biobank.desk import Card, Line, card
from wardbench.campus.catalogue import rules
from wardbench.campus.people.rules import Actor


@card(90)
def reports(actor: Actor) -> Card | None:
    """Where to go for what is told to others."""
    lines = [Line(_("The public catalogue"), reverse("catalogue"))]
    if rules.may_export(actor):
        lines.append(Line(_("Export the inventory in a standard"), reverse("inventory_files")))
    if rules.may_see_registers(actor):
        lines.append(Line(_("Registers: received, given, destroyed"), reverse("register")))
        lines.append(Line(_("How the biobank does"), reverse("biobank_figures")))
    return Card(_("For others"), lines, "")

"""What imports add to the manager's desk: files that wait for somebody, and how far others are."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from wardbench.campus.biobank import rules
from wardbench.campus.biobank.desk import Card, Line, card
from wardbench.campus.biobank.imports import queries
from wardbench.campus.people.rules import Actor

SHOWN = 5


@card(50)
def imports(actor: Actor) -> Card:
    """Files that are being looked at or entered."""
    lines = [
        Line(
            one.name,
            reverse("import", args=[one.id]),
            f"{one.collection.code} · {one.by.name}",
            str(one.get_status_display()),
            "" if one.status in ("running", "reading") else "wait",
        )
        for one in queries.waiting()[:SHOWN]
    ]
    step = _("Import a file") if rules.may_keep_inventory(actor) else ""
    address = reverse("imports")
    return Card(
        _("Imports"),
        lines,
        _("No file waits. An inventory in a spreadsheet, or an export of another system, comes in here."),
        address,
        step,
        address,
    )

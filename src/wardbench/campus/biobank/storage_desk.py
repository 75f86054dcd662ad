"""What places add to the manager's desk: times outside the temperatures, moves, services that are due."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank import preanalytics, storage_queries, tube_queries
from wardbench.campus.biobank.desk import Card, Line, card
from wardbench.campus.people.figures import degrees
from wardbench.campus.people.rules import Actor

SHOWN = 5


@card(20)
def excursions(actor: Actor) -> Card:
    """Times outside the temperatures that nobody has judged, and machines whose service is due."""
    lines = [
        Line(
            one.equipment.container.name,
            reverse("excursion", args=[one.id]),
            _("%(lowest)s to %(highest)s, from %(when)s")
            % {
                "lowest": degrees(one.lowest),
                "highest": degrees(one.highest),
                "when": date_format(timezone.localtime(one.began), "j F Y, H:i"),
            },
            _("to be judged") if one.ended else _("still outside"),
            "wait" if one.ended else "bad",
        )
        for one in storage_queries.open_excursions()[:SHOWN]
    ]
    lines += [
        Line(
            one.container.name,
            reverse("place_machine", args=[one.container_id]),
            _("Service due on %(day)s") % {"day": date_format(one.service_due, "j F Y")},
        )
        for one in storage_queries.services_due()[:SHOWN]
        if one.service_due
    ]
    return Card(
        _("Temperatures"),
        lines,
        _("Every machine is within its temperatures, as far as was measured."),
    )


@card(25)
def drifts(actor: Actor) -> Card:
    """Wards and tube types whose tubes wait longer than they used to."""
    found = preanalytics.drifts(preanalytics.delays(tube_queries.recent()), timezone.localdate())
    lines = [
        Line(
            f"{one.where or _('no place noted')}, {one.tube or '?'}",
            said=_("%(until)s: %(now)d minutes where it was %(before)d, of %(count)d tubes this week")
            % {
                "until": _(preanalytics.UNTIL[one.until]),
                "now": round(one.now),
                "before": round(one.before),
                "count": one.count,
            },
            tag=_("waits longer"),
            tone="wait",
        )
        for one in found[:SHOWN]
    ]
    return Card(_("How long tubes wait"), lines, _("No ward lets its tubes wait longer than in the weeks before."))


@card(30)
def moves(actor: Actor) -> Card:
    """What was moved lately with all in it."""
    lines = []
    for one in storage_queries.recent_moves(SHOWN):
        count = ngettext("%(n)d specimen", "%(n)d specimens", one.count) % {"n": one.count}
        when = date_format(timezone.localtime(one.at), "j F Y, H:i")
        lines.append(Line(one.what, said=f"{count} · {one.who} · {when}"))
    return Card(_("Moved lately"), lines, _("Racks and boxes that are moved with all in them stand here."))

"""What pages show of specimens that had been outside their temperatures before they were sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank import equipment
from wardbench.campus.biobank.beside import beside_excursions
from wardbench.campus.biobank.desk import Card, Line, card
from wardbench.campus.biobank.models import Excursion
from wardbench.campus.biobank.rules import may_keep_inventory
from wardbench.campus.people.figures import degrees
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.releases import warning_queries, warning_rules
from wardbench.campus.releases.models import Request, Shipment, Warned

SHOWN = 8
NOBODY = Actor("")


@dataclass(frozen=True)
class Told:
    """A warning on the page of its request: when it was how warm, what the biobank says, which specimens."""

    one: Warned
    when: str
    judged: str
    labels: Sequence[str]
    may: Verdict


def of_request(of: Request, by: Actor) -> list[Told]:
    """What the study was told, for whoever may see the request; the study reads what stands on its tubes."""
    found = []
    for one in warning_queries.of_request(of):
        facts = warning_queries.facts_of(one)
        blind = by.id in facts.team
        labels = sorted(line.called if blind else line.specimen.label for line in one.lines.all())
        found.append(Told(one, when(one.excursion), judged(one), labels, warning_rules.may_answer(by, facts)))
    return found


def of_parcel(parcel: Shipment) -> list[Told]:
    """The same for the page of a parcel, which a recipient outside opens: of what is in it, by what stands on it."""
    inside = {one.line_id for one in parcel.lines.all()}
    found = []
    for one in warning_queries.of_request(parcel.request):
        labels = sorted(line.called for line in one.lines.all() if line.id in inside)
        if labels:
            facts = warning_queries.facts_of(one)
            found.append(Told(one, when(one.excursion), judged(one), labels, warning_rules.may_answer(NOBODY, facts)))
    return found


def when(excursion: Excursion) -> str:
    """From when until when, and between which temperatures."""
    said = {
        "lowest": degrees(excursion.lowest),
        "highest": degrees(excursion.highest),
        "began": date_format(timezone.localtime(excursion.began), "j F Y, H:i"),
    }
    if excursion.ended is None:
        return _("%(lowest)s to %(highest)s, from %(began)s on") % said
    said["ended"] = date_format(timezone.localtime(excursion.ended), "j F Y, H:i")
    return _("%(lowest)s to %(highest)s, from %(began)s to %(ended)s") % said


def judged(one: Warned) -> str:
    """What the biobank says that it means; "" where it has not said."""
    words = one.excursion.words if one.judged == one.excursion.judged else ""
    return f"{_(equipment.JUDGEMENTS[one.judged])}: {words}".rstrip(": ") if one.judged else ""


@card(21)
def sent(actor: Actor) -> Card | None:
    """What was sent before an excursion was known, until its study said that it knows."""
    found = list(warning_queries.unanswered()[:SHOWN]) if may_keep_inventory(actor) else []
    if not found:
        return None
    return Card(_("Sent before it was known to have been too warm or too cold"), [_line(one) for one in found], "")


@beside_excursions
def of_excursion(actor: Actor, excursion: Excursion) -> list[Line]:
    return [_line(one) for one in warning_queries.of_excursion(excursion)]


def _line(one: Warned) -> Line:
    count = one.lines.count()
    said = ngettext("%(n)d specimen", "%(n)d specimens", count) % {"n": count}
    parts = (one.request.study.reference, said, one.request.recipient, one.words)
    return Line(
        one.request.reference,
        f"{reverse('request', args=[one.request_id])}#warnings",
        " · ".join(part for part in parts if part),
        _("the study knows") if one.seen else _("waits for the study"),
        "good" if one.seen else "wait",
    )

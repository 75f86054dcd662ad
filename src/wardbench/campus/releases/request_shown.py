"""What the pages of requests show: lines with where they are, the buttons of whoever looks, the pick list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wardbench.campus.biobank import equipment, exposure, places
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.models import Excursion
from wardbench.campus.biobank.rules import STATUSES as TUBE_STATUSES
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.biobank.rules import may_see_inventory
from wardbench.campus.people.figures import degrees
from wardbench.campus.people.refusals import reason
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import checking, mismatches, request_queries, rules, settling, shipping
from wardbench.campus.releases.models import Quote, Request, RequestLine, Shipment
from wardbench.campus.releases.picking import Outcome
from wardbench.campus.releases.request_forms import FORMS, euro
from wardbench.campus.releases.rules import (
    ACTIONS,
    LINE_STATUSES,
    SIDES,
    STATUSES,
    Facts,
    LineStatus,
    Side,
    Status,
    Verb,
)
from wardbench.core.miabis import MATERIALS

TONES = {
    Status.CLOSED: "good",
    Status.RECEIVED: "good",
    Status.REFUSED: "bad",
    Status.WITHDRAWN: "empty",
    Status.EXPIRED: "bad",
    Status.DRAFT: "empty",
}
LINE_TONES = {
    LineStatus.PICKED: "good",
    LineStatus.RECEIVED: "good",
    LineStatus.MISSING: "bad",
    LineStatus.DAMAGED: "bad",
    LineStatus.DROPPED: "empty",
}


@dataclass(frozen=True)
class Row:
    """A line of a request, in the reader's language."""

    line: RequestLine
    label: str
    material: str
    amount: str
    status: str
    tone: str
    place: str = ""
    why: str = ""
    address: str = ""
    """The page of the specimen, for whoever sees the inventory."""
    code: str = ""
    """What the study knows it by in a blinded panel, for whoever sees the label."""


@dataclass(frozen=True)
class Button:
    verb: Verb
    title: str
    address: str
    first: bool


def tone(status: str) -> str:
    return TONES.get(Status(status), "wait")


def rows(of: Request, by: Actor, facts: Facts) -> list[Row]:
    """The lines; where each stands is for the biobank, and before it is reserved why one cannot be given."""
    lines = list(of.lines.select_related("specimen__collection", "specimen__box"))
    words, shows_places = places.Words(), Side.BIOBANK in rules.sides(by, facts)
    # Whoever measures a blinded panel knows its codes alone, in an order that tells nothing.
    blind = Side.RESEARCHER in rules.sides(by, facts)
    lines.sort(key=lambda line: line.code if blind else "")
    linked = bool(may_see_inventory(by))
    why: dict[object, str] = dict(request_queries.remarks(of))
    if of.status in (Status.DRAFT, Status.ASKED):
        judged = checking.judge(lines, checking.asked_of(of))
        why |= {one.line.id: reason(one.verdict) for one in judged if not one.verdict}
    return [
        Row(
            line,
            line.called if blind else line.specimen.label,
            _(MATERIALS[line.specimen.material]),
            amount_of(line),
            _(LINE_STATUSES[LineStatus(line.status)]),
            LINE_TONES.get(LineStatus(line.status), ""),
            words.of(line.specimen.box, line.specimen.place) if shows_places else "",
            line.reason or why.get(line.id, ""),
            reverse("specimen", args=[line.specimen_id]) if linked and not (blind and line.code) else "",
            "" if blind else line.code,
        )
        for line in lines
    ]


def amount_of(line: RequestLine) -> str:
    """How much is asked for, "0.5 ml"; empty where nobody knows."""
    value = line.amount if line.amount is not None else line.specimen.amount
    return str(Amount(value, line.specimen.unit)) if value is not None and line.specimen.unit else ""


def buttons(of: Request, by: Actor, facts: Facts) -> list[Button]:
    """What somebody may do with a request now; what is their turn comes first."""
    turn = {
        rules.NEXT[facts.status, side][0]
        for side in rules.turns(facts) & rules.sides(by, facts)
        if (facts.status, side) in rules.NEXT
    }
    found = [
        Button(verb, _(ACTIONS[verb]), _address(of, verb), verb in turn)
        for verb in Verb
        if verb in {*FORMS, Verb.SIGN, Verb.SCAN, Verb.RECEIVE} and rules.may(by, verb, facts)
    ]
    return sorted(found, key=lambda one: not one.first)


def _address(of: Request, verb: Verb) -> str:
    if verb is Verb.SIGN:
        return reverse("request_sign", args=[of.id])
    if verb is Verb.SCAN:
        return reverse("request_pick", args=[of.id])
    if verb is Verb.RECEIVE:
        return reverse("request_receive", args=[of.id])
    return reverse("request_act", args=[of.id, verb.value])


def turn_of(facts: Facts) -> str:
    """Whose turn it is in words, or nothing."""
    sides = rules.turns(facts)
    return " / ".join(_(SIDES[side]) for side in Side if side in sides)


def quote_lines(found: Quote | None) -> tuple[list[tuple[str, int, str, str]], str]:
    """A quote: title, count, price and total of each line, and the sum; nothing where there is none."""
    if found is None:
        return [], ""
    lines = [
        (_(rules.WORKS[one["work"]]), one["count"], euro(one["cents"]), euro(one["count"] * one["cents"]))
        for one in found.lines
    ]
    return lines, euro(found.cents)


def settled(found: Quote | None) -> str:
    """What is paid of a quote in a sentence, where specimens were left out since; nothing where it is the quote."""
    if found is None:
        return ""
    works = settling.settled(found)
    less = found.cents - sum(one.total for one in works)
    if all(one.count == line["count"] for one, line in zip(works, found.lines, strict=True)):
        return ""
    said = _("Specimens were left out since: € %(less)s is not asked, and € %(rest)s is paid for what is given.")
    return said % {"less": euro(less), "rest": euro(found.cents - less)}


@dataclass(frozen=True)
class PickRow:
    """A line of the pick list; `new_box` where another box begins, named by `box`."""

    row: Row
    box: str
    new_box: bool
    position: str
    done: bool
    parent: str
    """The label of the tube from which a picked one was taken, empty where it was picked as it was taken."""
    out: bool = False
    """It was left out, for it is missing."""
    warm: Sequence[str] = ()
    """When it had been outside its temperatures, and what the biobank says of that."""


def pick_list(of: Request) -> list[PickRow]:
    """The lines in the order in which they are picked, those that are picked with their place of before; at the end
    what is missing, also where it was left out since."""
    found: list[PickRow] = []
    words, before = places.Words(), ""
    gone = Q(status=LineStatus.DROPPED) & (Q(order=None) | ~Q(specimen__status=TubeStatus.MISSING))
    found_lines = of.lines.select_related("specimen__collection", "specimen__box", "specimen__parent").exclude(gone)
    lines = sorted(found_lines, key=lambda line: line.specimen.status == TubeStatus.MISSING)
    warm = exposure.exposed([line.specimen_id for line in lines])
    for line in lines:
        one = line.specimen
        done = line.status == LineStatus.PICKED and one.status == TubeStatus.PICKED
        missing = one.status == TubeStatus.MISSING
        again = line.status == LineStatus.PICKED and not done and not missing
        said = _(TUBE_STATUSES[TubeStatus.MISSING]) if missing else _(LINE_STATUSES[LineStatus(line.status)])
        away = said if missing else _("Out of storage")
        box = _("Picked") if done else words.of(one.box, None) or away
        row = Row(
            line,
            one.label,
            _(MATERIALS[one.material]),
            amount_of(line) if line.amount is not None else "",
            _("Picked and put elsewhere since: scan it again") if again else said,
            "bad" if missing else "wait" if again else LINE_TONES.get(LineStatus(line.status), ""),
            code=line.code,
        )
        position = places.label(one.box, one.place) if one.box is not None else ""
        parent = one.parent.label if done and one.parent is not None else ""
        outside = [_outside(each) for each in warm.get(one.id, ())]
        out = line.status == LineStatus.DROPPED
        found.append(PickRow(row, box, box != before, position, done, parent, out, outside))
        before = box
    return found


WRONG = {
    Outcome.OTHER: gettext_noop("This tube is not on the list. Put it back."),
    Outcome.UNKNOWN: gettext_noop("No specimen has this label."),
    Outcome.REFUSED: gettext_noop("This tube may not be given. Put it back."),
}


@dataclass(frozen=True)
class Stop:
    """A scan that did not fit, in the reader's language."""

    number: int
    label: str
    said: str


def stops(of: Request) -> list[Stop]:
    """What was scanned and does not belong in the parcel, until somebody says that it was put back."""
    return [Stop(one.number, one.text, one.why or _(WRONG[one.outcome])) for one in mismatches.standing(of)]


def _outside(one: Excursion) -> str:
    said = _(equipment.JUDGEMENTS[one.judged]) if one.judged else _("the biobank has still to say what that means")
    day = date_format(timezone.localtime(one.began), "j F Y")
    return _("Outside its temperatures on %(day)s: %(said)s") % {"day": day, "said": said}


def parcels(of: Request) -> list[tuple[Shipment, str, bool]]:
    """Its parcels, the temperatures of each in words, and whether one was outside what was promised."""
    found = []
    for one in request_queries.parcels(of):
        kept = request_queries.measured(one)
        low, high = kept["low"], kept["high"]
        if low is None or high is None:
            found.append((one, "", False))
            continue
        said = _("%(lowest)s to %(highest)s, measured %(n)s times") % {
            "lowest": degrees(low),
            "highest": degrees(high),
            "n": kept["count"],
        }
        found.append((one, said, shipping.is_outside(one, low) or shipping.is_outside(one, high)))
    return found


def listed(found: Sequence[tuple[Request, Facts]]) -> list[tuple[Request, str, str, str, str]]:
    """Each request with who made it, its status in words, its tone and whose turn it is."""
    names = request_queries.names_of(one for one, _facts in found)
    return [
        (one, names[one.by_id], _(STATUSES[Status(one.status)]), tone(one.status), turn_of(facts))
        for one, facts in found
    ]

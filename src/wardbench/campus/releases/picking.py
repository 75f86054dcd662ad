"""The verbs of picking: a list in the order of the freezers, each tube scanned, whatever does not fit refused."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import custody, storing, tubes
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.preanalytics import is_solid
from wardbench.campus.biobank.rules import Act
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.people.refusals import reason
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.releases import agreeing, checking, requesting
from wardbench.campus.releases.models import Request, RequestLine
from wardbench.campus.releases.moves import allowed, change_line, leaves, lines_of, move, note, require_all
from wardbench.campus.releases.order import in_order
from wardbench.campus.releases.request_queries import left_out
from wardbench.campus.releases.requesting import one_line
from wardbench.campus.releases.rules import LineStatus, Verb
from wardbench.core.errors import BusyError, InputError


class Outcome(StrEnum):
    """What a scan came to. All but `PICKED` and `PART` change nothing."""

    PICKED = "picked"
    PART = "part"
    ALREADY = "already"
    OTHER = "other"
    UNKNOWN = "unknown"
    REFUSED = "refused"


MISMATCHES = frozenset({Outcome.OTHER, Outcome.UNKNOWN, Outcome.REFUSED})
"""What has to be put back: such a tube does not belong in the parcel."""
NOT_IN_PLACE = gettext_noop("It was not in its place when it was to be picked.")


@dataclass(frozen=True)
class Scanned:
    """What was read and what it came to; `words` say why a tube on the list may not be given."""

    outcome: Outcome
    text: str
    line: RequestLine | None = None
    words: str = ""


@verb("releases.pick")
def start(request_id: uuid.UUID, *, by: Actor) -> list[RequestLine]:
    """Begin to pick: the list, by freezer, rack, box and position. Everything is checked again first."""
    request = allowed(request_id, Verb.PICK, by)
    if leaves(request):
        agreeing.require_signed(request)
    lines = lines_of(request, LineStatus.RESERVED)
    require_all(request, lines)
    ordered = in_order(lines)
    for number, line in enumerate(ordered, start=1):
        line.order = number
    RequestLine.objects.bulk_update(ordered, ["order"], batch_size=200)
    move(request, Verb.PICK, by, detail={"specimens": len(ordered)})
    return ordered


@verb("releases.scan")
def scan(request_id: uuid.UUID, text: str, *, by: Actor) -> Scanned:
    """What a scanner read while picking: the tube is picked where it is on the list and may be given; anything else
    changes nothing, and is on the record too. Of a tube of which a part is wanted, `take_part` is next."""
    request = allowed(request_id, Verb.SCAN, by)
    text = text.replace("\x00", "").strip()[:64]
    if not text:
        raise InputError(_("scan: nothing was read."))
    found = _scanned(request, text, by)
    why = {"why": found.words} if found.words else {}
    note(request, Verb.SCAN, by, outcome=found.outcome.value, scanned=text, **why)
    return found


def _scanned(request: Request, text: str, by: Actor) -> Scanned:
    label = _label(text)
    line = next((one for one in lines_of(request) if one.specimen.label == label), None)
    if line is None:
        return Scanned(Outcome.OTHER if label else Outcome.UNKNOWN, text)
    if line.status not in (LineStatus.RESERVED, LineStatus.PICKED) or line.specimen.status == TubeStatus.PICKED:
        return Scanned(Outcome.ALREADY, text, line)
    why = _why_not(request, line)
    if why:
        return Scanned(Outcome.REFUSED, text, line, why)
    if line.amount is not None:
        return Scanned(Outcome.PART, text, line)
    _pick(request, line, text, by)
    return Scanned(Outcome.PICKED, text, line)


def _label(text: str) -> str:
    """The label of a specimen as it is in the inventory, in whatever case it was read where only one can be meant."""
    for asked in ({"label": text}, {"label__iexact": text}):
        found = list(Specimen.objects.filter(**asked).values_list("label", flat=True)[:2])
        if found:
            return found[0] if len(found) == 1 else ""
    return ""


def _why_not(request: Request, line: RequestLine) -> str:
    """Why a line may not be picked now, or nothing. The permit's whole amount was checked when picking began and is
    checked again at sending; here it has to hold, and to cover this tube."""
    if line.specimen.reserved != line.id:
        return _("It is not reserved for this request any more.")
    verdict = checking.permit_for(request, [line])
    if not verdict:
        return reason(verdict)
    judged = checking.judge([line], checking.asked_of(request))[0]
    return "" if judged.verdict else reason(judged.verdict)


def _pick(request: Request, line: RequestLine, text: str, by: Actor) -> None:
    change = Change(line.specimen, Act.PICK, detail={"request": request.reference})
    custody.carry_out([change], by=by, study=request.study.reference)
    person = uuid.UUID(by.id) if by is not SYSTEM else None
    was = LineStatus(line.status)
    change_line(line, was, LineStatus.PICKED, scanned=text, picked=timezone.now(), picked_by_id=person)


@verb("releases.take_part")
def take_part(request_id: uuid.UUID, line_id: uuid.UUID, label: str, *, by: Actor) -> RequestLine:
    """Take the part that is wanted of a tube into a new one with this label, and pick that. The rest stays where it
    is, free for others. A fluid that lies frozen is thawed for this, and that counts."""
    request = allowed(request_id, Verb.SCAN, by)
    line = one_line(request, line_id, LineStatus.RESERVED)
    whole = line.specimen
    if line.amount is None:
        raise InputError(_("line: all of this specimen is wanted; scan the tube itself."))
    why = _why_not(request, line)
    if why:
        raise BusyError(_("Specimen {label} cannot be given: {why}").format(label=whole.label, why=why))
    study, of = request.study.reference, {"request": request.reference}
    custody.carry_out([Change(whole, Act.FREE, values={"reserved": None}, detail=of)], by=by, study=study)
    thawed = tubes.is_frozen(whole) and not is_solid(whole.material)
    made = tubes.aliquot(whole, [tubes.Part(label, Amount(line.amount, whole.unit))], by=by, thawed=thawed)[0]
    custody.carry_out([Change(made, Act.RESERVE, values={"reserved": line.id}, detail=of)], by=by, study=study)
    RequestLine.objects.filter(id=line.id).update(specimen=made, amount=None)
    line.specimen, line.amount = made, None
    _pick(request, line, label.strip(), by)
    note(request, Verb.SCAN, by, outcome=Outcome.PART.value, scanned=label.strip(), of=whole.label)
    return line


@verb("releases.put_back")
def put_back(request_id: uuid.UUID, line_id: uuid.UUID, *, by: Actor) -> str:
    """Put a picked tube back where it was taken from; where that was, in words. BusyError where another stands there.

    It stays reserved: leave it out where it is not to go at all. One that was left out since it was picked is put back
    as well, and stays left out.
    """
    request = allowed(request_id, Verb.PUT_BACK, by)
    out = next((line for line in left_out(request) if line.id == line_id), None)
    line = out or one_line(request, line_id, LineStatus.PICKED)
    one = line.specimen
    last = one.custody.exclude(container=None).select_related("container").order_by("-number").first()
    if last is None or last.container is None:
        raise BusyError(_("Specimen {label} was never in storage; put it into a box first.").format(label=one.label))
    if one.status != TubeStatus.STORED:
        # Somebody may have put it into a box already, by the page of the box.
        change = Change(one, Act.STORE, last.container, last.position, detail={"request": request.reference})
        custody.carry_out([change], by=by, study=request.study.reference)
    if out is None:
        change_line(line, LineStatus.PICKED, LineStatus.RESERVED, scanned="", picked=None, picked_by_id=None)
    note(request, Verb.PUT_BACK, by, specimen=one.label)
    return last.place


@verb("releases.not_in_place")
def not_in_place(request_id: uuid.UUID, line_id: uuid.UUID, *, by: Actor) -> str:
    """Leave out a tube that is not where it should be and say that it is missing, both or neither; its label. One that
    is known to be missing is left out. BusyError while it is picked."""
    requesting.leave_out(request_id, line_id, NOT_IN_PLACE, by=by)
    line = RequestLine.objects.select_related("specimen", "request__study").get(id=line_id)
    if line.specimen.status != TubeStatus.MISSING:
        storing.lose([line.specimen], NOT_IN_PLACE, by=by)
    record(
        "releases.not_in_place",
        "request",
        line.request_id,
        by=by,
        study=line.request.study.reference,
        reference=line.request.reference,
        specimen=line.specimen.label,
    )
    return line.specimen.label


@verb("releases.stop")
def stop(request_id: uuid.UUID, *, by: Actor) -> None:
    """Stop picking, to begin again later. BusyError while tubes are picked: put them back first."""
    request = allowed(request_id, Verb.STOP, by)
    if lines_of(request, LineStatus.PICKED):
        raise BusyError(_("Some tubes are picked; put them back first."))
    move(request, Verb.STOP, by)

"""The verbs at the end: use that is reported, what is destroyed or comes back, and that a request is closed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Sequence

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.biobank import custody
from wardbench.campus.biobank.amounts import UNITS, Amount
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.rules import Act
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases.giving_back import give_back
from wardbench.campus.releases.models import Request, RequestLine, Shipment, ShipmentLine
from wardbench.campus.releases.moves import allowed, change_line, lines_of, move, reasoned, tell
from wardbench.campus.releases.rules import CONDITIONS, WITH_RECIPIENT, LineStatus, Side, Verb
from wardbench.campus.releases.shipping import parcel
from wardbench.core.errors import BusyError, InputError


@verb("releases.use")
def report_use(
    request_id: uuid.UUID,
    lines: Collection[uuid.UUID],
    used: Amount | None,
    words: str = "",
    *,
    by: Actor,
    thawed: bool = False,
) -> list[int]:
    """Say how much of each of some specimens was used, None for all of it; what is left of each, in the smallest unit
    and the order of the request. Where they were `thawed` for this, that counts for what is left.

    What is left stays with the recipient, to be used, returned or destroyed. InputError for more than there was.
    """
    request = allowed(request_id, Verb.USE, by)
    gone = _with_recipient(request, lines)
    changes, told, rest = [], [], []
    for line in gone:
        one = line.specimen
        left, taken = _after_use(line, used), used.value if used is not None else one.amount
        changes.append(
            Change(one, Act.USE, values={"amount": left}, detail={"request": request.reference, "used": taken})
        )
        told.append({"specimen": one.label, "used": taken, "left": left})
        rest.append(left)
        to = LineStatus.USED_UP if left == 0 else LineStatus(line.status)
        total = None if taken is None else (line.used or 0) + taken
        change_line(line, LineStatus(line.status), to, used=total, used_words=words.strip()[:2000])
    if thawed:
        of = {"request": request.reference}
        thaws = [Change(line.specimen, Act.THAW, detail=of) for line, left in zip(gone, rest, strict=True) if left]
        custody.carry_out(thaws, by=by, study=request.study.reference)
    custody.carry_out(changes, by=by, study=request.study.reference)
    move(request, Verb.USE, by, detail=told[0] if len(told) == 1 else {"specimens": told})
    return rest


def _after_use(line: RequestLine, used: Amount | None) -> int:
    """What is left of a specimen once so much is used."""
    one = line.specimen
    if used is None:
        return 0
    if one.amount is None or not one.unit:
        raise InputError(_("amount: nobody knows how much there was; say that all of it is used, or nothing."))
    if UNITS[one.unit].dimension is not used.dimension:
        raise InputError(_("amount: it is kept in {unit}.").format(unit=one.unit))
    if not 0 < used.value <= one.amount:
        has = Amount(one.amount, one.unit)
        raise InputError(_("amount: there are {has} in {label}.").format(has=has, label=line.called))
    return one.amount - used.value


@verb("releases.destroy")
def destroy(request_id: uuid.UUID, lines: Collection[uuid.UUID], how: str, *, by: Actor) -> int:
    """Say that specimens were destroyed, and how; how many."""
    request = allowed(request_id, Verb.DESTROY, by)
    how = reasoned(how, _("how: say how they were destroyed."))
    gone = _with_recipient(request, lines)
    detail = {"request": request.reference, "why": how[:500]}
    custody.carry_out(
        [Change(line.specimen, Act.DISPOSE, detail=detail) for line in gone], by=by, study=request.study.reference
    )
    for line in gone:
        change_line(line, LineStatus(line.status), LineStatus.DESTROYED, reason=how)
    move(request, Verb.DESTROY, by, detail={"specimens": [line.specimen.label for line in gone], "how": how})
    return len(gone)


def _with_recipient(request: Request, ids: Collection[uuid.UUID]) -> list[RequestLine]:
    """Lines that the recipient has and that are not in a parcel on its way back."""
    there = [line for line in lines_of(request, *WITH_RECIPIENT) if line.id in set(ids)]
    if not there or len(there) != len(set(ids)):
        raise InputError(_("line: this request has no such specimen."))
    packed = ShipmentLine.objects.filter(shipment__back=True, shipment__arrived=None, line__in=there).first()
    if packed is not None:
        raise BusyError(_("Specimen {label} is on its way back.").format(label=packed.line.called))
    return there


@verb("releases.send_back")
def send_back(
    request_id: uuid.UUID,
    lines: Collection[uuid.UUID],
    conditions: str,
    *,
    by: Actor,
    courier: str = "",
    tracking: str = "",
) -> Shipment:
    """Announce a parcel that goes back to the biobank."""
    request = allowed(request_id, Verb.SEND_BACK, by)
    if conditions not in CONDITIONS:
        raise InputError(_("conditions: choose one from the list."))
    packed = _with_recipient(request, lines)
    made = parcel(request, packed, conditions, courier, tracking, by, back=True)
    move(request, Verb.SEND_BACK, by, detail={"parcel": made.reference, "specimens": len(packed)})
    tell(request, Side.BIOBANK, gettext_noop("Specimens of request {reference} are on their way back."), by)
    return made


@verb("releases.take_back")
def take_back(shipment_id: uuid.UUID, scanned: Sequence[str], *, by: Actor, words: str = "") -> tuple[int, list[str]]:
    """Take back what was scanned of a parcel that came back: how many, and the labels that were not in it.

    They are out of storage then, free, and put into boxes like others. InputError for a label that is not of it.
    """
    shipment = Shipment.objects.filter(id=shipment_id, back=True).first()
    if shipment is None:
        raise InputError(_("parcel: there is no such parcel."))
    request = allowed(shipment.request_id, Verb.TAKE_BACK, by)
    inside = {one.line.specimen.label: one for one in shipment.lines.select_related("line__specimen")}
    coded = {one.line.code: label for label, one in inside.items() if one.line.code}
    alike = Counter(label.casefold() for label in inside)
    named = {label.casefold(): label for label in inside if alike[label.casefold()] == 1}
    texts = {coded.get(text.strip().upper(), text.strip()) for text in scanned if text.strip()}
    read = {text if text in inside else named.get(text.casefold(), text) for text in texts}
    other = sorted(read - set(inside))
    if other:
        raise InputError(_("scan: {label} is not of this parcel.").format(label=other[0][:64]))
    now = timezone.now()
    held = Shipment.objects.filter(id=shipment.id, arrived=None, revision=shipment.revision)
    if held.update(arrived=now, received_by=by.name[:200], words=words.strip()[:5000], revision=F("revision") + 1) != 1:
        raise BusyError(_("What arrived has been said already."))
    detail = {"request": request.reference, "parcel": shipment.reference}
    changes = []
    for label, one in inside.items():
        came = label in read
        values = {"reserved": None} if came else {}
        changes.append(Change(one.line.specimen, Act.RETURN if came else Act.LOSE, values=values, detail=detail))
        one.state, one.at = "received" if came else "missing", now
        to = {} if came else {"reason": ""}
        change_line(one.line, LineStatus(one.line.status), LineStatus.RETURNED if came else LineStatus.MISSING, **to)
    ShipmentLine.objects.bulk_update(list(inside.values()), ["state", "at"], batch_size=200)
    custody.carry_out(changes, by=by, study=request.study.reference)
    give_back(request, [one.line for label, one in inside.items() if label in read], by=by)
    missing = sorted(set(inside) - read)
    move(request, Verb.TAKE_BACK, by, detail={"parcel": shipment.reference, "came": len(read), "missing": len(missing)})
    return len(read), missing


@verb("releases.close")
def close(request_id: uuid.UUID, words: str = "", *, by: Actor) -> None:
    """Close a request of which every specimen is accounted for."""
    request = allowed(request_id, Verb.CLOSE, by)
    move(request, Verb.CLOSE, by, closed=timezone.now(), reason=words.strip()[:2000])
    tell(request, Side.RESEARCHER, gettext_noop("Request {reference} is closed."), by)

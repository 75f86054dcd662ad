"""The verbs from a basket to reserved specimens, and those that end a request before anything is picked."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import custody
from wardbench.campus.biobank.amounts import UNITS, Amount
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.rules import Act
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.people.refusals import reason
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.releases import agreeing, checking, request_queries
from wardbench.campus.releases.models import Basket, Request, RequestLine
from wardbench.campus.releases.moves import (
    allowed,
    change_line,
    lines_of,
    move,
    next_number,
    reasoned,
    require_all,
    tell,
)
from wardbench.campus.releases.rules import HELD, LineStatus, Side, Status, Verb
from wardbench.campus.studies.material import may_leave
from wardbench.campus.studies.models import Permit
from wardbench.core.errors import BusyError, InputError

RESERVED_DAYS = 60
LONGEST_DAYS = 365
FIELDS = frozenset({"recipient", "recipient_email", "address", "country", "outside", "genetic", "wanted_by", "words"})
"""What a draft says besides its specimens."""
MOST = 2_000


@verb("releases.draft")
def draft(basket: Basket, permit: Permit, *, by: Actor, amount: Amount | None = None) -> Request:
    """Make a request of a basket, on a permit that names whoever asks; `amount` is wanted of each, None for all of it.

    The basket stays. InputError where it is empty or the permit does not name them.
    """
    request_queries.basket(basket.id, by=by)
    held = list(basket.lines.select_related("specimen"))
    if not held:
        raise InputError(_("basket: there is nothing in it."))
    lines = [RequestLine(specimen=one.specimen, role=one.role, amount=part_of(amount, one.specimen)) for one in held]
    return begin(permit, lines, by)


def begin(permit: Permit, lines: Sequence[RequestLine], by: Actor) -> Request:
    """A request of lines that are not kept yet, on the record as a draft. InputError where the permit does not name
    whoever asks."""
    if by.id not in permit.content["whom"] or by.id not in request_queries.team_of(permit.study):
        raise InputError(_("permit: it does not name you."))
    made = Request.objects.create(
        reference=f"R{next_number('R'):05}", study=permit.study, permit=permit, by_id=by.id,
        recipient=permit.study.party or by.name,
    )  # fmt: skip
    for line in lines:
        line.request = made
    RequestLine.objects.bulk_create(lines)
    detail = {"reference": made.reference, "specimens": len(lines)}
    record("releases.draft", "request", made.id, by=by, study=permit.study.reference, **detail)
    return made


def part_of(amount: Amount | None, tube: Specimen) -> int | None:
    """What is wanted of a tube; None for all of it. InputError where it is kept in
    another kind of unit."""
    unit = tube.unit
    if amount is None:
        return None
    if not unit or UNITS[unit].dimension is not amount.dimension:
        raise InputError(_("amount: it is kept in {unit}.").format(unit=unit or "?"))
    if not amount.value:
        raise InputError(_("amount: ask for more than nothing."))
    return None if tube.amount == amount.value else amount.value


@verb("releases.edit")
def edit(request_id: uuid.UUID, values: Mapping[str, Any], *, by: Actor) -> Request:
    """Change what a draft says; InputError by the field that is wrong."""
    request = allowed(request_id, Verb.EDIT, by)
    unknown = set(values) - FIELDS
    if unknown:
        raise InputError(_("{name}: a request has no such field.").format(name=sorted(unknown)[0]))
    for name, value in values.items():
        setattr(request, name, value)
    request.country = (request.country or "").strip().upper()
    try:
        request.clean_fields(exclude=["content", "reference", "status"])
    except ValidationError as error:
        field, said = next(iter(error.message_dict.items()))
        raise InputError(_("%(field)s: %(fault)s") % {"field": field, "fault": said[0]}) from None
    move(request, Verb.EDIT, by, **{name: getattr(request, name) for name in {*values, "country"}})
    return request


@verb("releases.amounts")
def change_amounts(request_id: uuid.UUID, lines: Collection[uuid.UUID], amount: Amount | None, *, by: Actor) -> int:
    """Say anew how much of some specimens of a draft is wanted, None for all of it; how many they are.

    InputError where one of them is kept in another unit or has less.
    """
    request = allowed(request_id, Verb.AMOUNTS, by)
    chosen = [line for line in lines_of(request) if line.id in set(lines)]
    if not chosen or len(chosen) != len(set(lines)):
        raise InputError(_("line: this request has no such specimen."))
    for line in chosen:
        one = line.specimen
        line.amount = part_of(amount, one)
        if one.amount is not None and line.amount is not None and line.amount > one.amount:
            has = Amount(one.amount, one.unit)
            raise InputError(_("amount: there are {has} in {label}.").format(has=has, label=line.called))
    RequestLine.objects.bulk_update(chosen, ["amount"], batch_size=200)
    wanted = str(amount) if amount is not None else "all"
    move(request, Verb.AMOUNTS, by, detail={"specimens": [line.specimen.label for line in chosen], "wanted": wanted})
    return len(chosen)


@verb("releases.drop_lines")
def drop_lines(request_id: uuid.UUID, lines: Sequence[uuid.UUID], *, by: Actor) -> int:
    """Take specimens out of a draft; how many."""
    request = allowed(request_id, Verb.EDIT, by)
    gone, _rows = RequestLine.objects.filter(request=request, id__in=list(lines)).delete()
    record("releases.drop_lines", "request", request.id, by=by, study=request.study.reference, specimens=gone)
    return gone


@verb("releases.ask")
def ask(request_id: uuid.UUID, *, by: Actor) -> Request:
    """Ask the biobank. What is asked is kept as it is now. Refused where the permit or a donor does not allow it."""
    request = allowed(request_id, Verb.ASK, by)
    lines = lines_of(request)
    if not lines:
        raise InputError(_("request: there is nothing in it."))
    if len(lines) > MOST:
        raise InputError(_("request: at most {most} specimens at once.").format(most=MOST))
    if not request.recipient.strip() or not request.address.strip():
        raise InputError(_("address: say who receives the specimens, and where."))
    if len({line.specimen.collection.biobank_id for line in lines}) > 1:
        raise InputError(_("request: ask each biobank by a request of its own."))
    bank = lines[0].specimen.collection.biobank
    if request.country != bank.country and not request.outside:
        raise InputError(
            _("country: the biobank is in {country}; a recipient elsewhere is outside the campus, say so.").format(
                country=bank.country
            )
        )
    if request.outside and not may_leave(request.permit):
        raise BusyError(_(checking.STAYS))
    require_all(request, lines, but_person=True)
    asked = checking.asked_of(request)
    content = {
        "permit": request.permit.hash,
        "need": sorted(asked.need),
        "purpose": request.permit.content["purpose"],
        "recipient": request.recipient,
        "address": request.address,
        "country": request.country,
        "outside": request.outside,
        "lines": [
            {
                "label": line.specimen.label,
                "collection": line.specimen.collection.code,
                "material": line.specimen.material,
                "amount": line.amount if line.amount is not None else line.specimen.amount,
                "part": line.amount is not None,
                "unit": line.specimen.unit,
            }
            for line in lines
        ],
    }
    move(request, Verb.ASK, by, content=content, asked=timezone.now(), detail={"specimens": len(lines)})
    return request


@verb("releases.reserve")
def reserve(
    request_id: uuid.UUID, *, by: Actor, judged: str = "", until: datetime.date | None = None
) -> list[tuple[str, str]]:
    """Reserve every specimen that can be given, and leave out the others: their labels, with the reason.

    `judged` are the words of whoever judged what the terms of a collection leave to a person. InputError where they
    are needed and missing, or nothing can be given; BusyError where a specimen was claimed at the same moment.
    """
    request = allowed(request_id, Verb.RESERVE, by)
    until = _until(until)
    lines = lines_of(request)
    if judged.strip():
        request.content = {**request.content, "judged": reasoned(judged), "judged_by": str(by.id)}
    found = checking.judge(lines, checking.asked_of(request))
    if any(one.waits for one in found):
        raise InputError(_("judged: the terms of a collection leave this to the biobank; say why it is allowed."))
    good = [one.line for one in found if one.verdict]
    if not good:
        raise InputError(_("request: none of the specimens can be given; refuse the request and say why."))
    checking.permit_for(request, good).require()
    left_out = [(one.line, reason(one.verdict)) for one in found if not one.verdict]
    for line, why in left_out:
        change_line(line, LineStatus.ASKED, LineStatus.DROPPED, reason=why)
    for line in good:
        change_line(line, LineStatus.ASKED, LineStatus.RESERVED)
    claims = [Change(line.specimen, Act.RESERVE, values={"reserved": line.id}, detail=_of(request)) for line in good]
    custody.carry_out(claims, by=by, study=request.study.reference)
    detail = {"specimens": len(good), "left_out": len(left_out), "until": until.isoformat()}
    move(request, Verb.RESERVE, by, content=request.content, reserved_until=until, detail=detail)
    return [(line.specimen.label, why) for line, why in left_out]


def _of(request: Request) -> dict[str, str]:
    return {"request": request.reference}


def _until(until: datetime.date | None) -> datetime.date:
    today = timezone.localdate()
    until = until or today + datetime.timedelta(days=RESERVED_DAYS)
    if not today <= until <= today + datetime.timedelta(days=LONGEST_DAYS):
        raise InputError(_("until: choose a day within the next {days} days.").format(days=LONGEST_DAYS))
    return until


@verb("releases.extend")
def extend(request_id: uuid.UUID, until: datetime.date, *, by: Actor) -> None:
    """Hold what is reserved until another day."""
    request = allowed(request_id, Verb.EXTEND, by)
    until = _until(until)
    move(request, Verb.EXTEND, by, reserved_until=until, detail={"until": until.isoformat()})


@verb("releases.leave_out")
def leave_out(request_id: uuid.UUID, line_id: uuid.UUID, why: str, *, by: Actor) -> None:
    """Leave one reserved specimen out: it is free again, also where it was picked and is missing since. An agreement
    that is not signed by both is drawn up anew. BusyError while it is picked."""
    request = allowed(request_id, Verb.LEAVE_OUT, by)
    line = one_line(request, line_id, LineStatus.RESERVED, LineStatus.PICKED)
    if line.specimen.status == TubeStatus.PICKED:
        raise BusyError(_("Some tubes are picked; put them back first."))
    change_line(line, LineStatus(line.status), LineStatus.DROPPED, reason=reasoned(why))
    free(request, [line], by)
    if request.status == Status.AGREEING:
        agreeing.draw(request)
    move(request, Verb.LEAVE_OUT, by, detail={"specimen": line.specimen.label, "why": line.reason})


@verb("releases.refuse")
def refuse(request_id: uuid.UUID, why: str, *, by: Actor) -> None:
    """Refuse a request with a reason; whatever was reserved is free again."""
    _end(request_id, Verb.REFUSE, reasoned(why), by)


@verb("releases.withdraw")
def withdraw(request_id: uuid.UUID, why: str, *, by: Actor) -> None:
    """Take a request back with a reason; whatever was reserved is free again."""
    _end(request_id, Verb.WITHDRAW, reasoned(why), by)


@verb("releases.expire")
def expire(request_id: uuid.UUID, *, by: Actor) -> None:
    """Let a reservation go whose day is past."""
    _end(request_id, Verb.EXPIRE, "", by)


def _end(request_id: uuid.UUID, what: Verb, why: str, by: Actor) -> None:
    request = allowed(request_id, what, by)
    free(request, lines_of(request, LineStatus.RESERVED), by)
    move(request, what, by, reason=why, closed=timezone.now(), detail={"why": why} if why else {})
    for side in (Side.RESEARCHER, Side.BIOBANK):
        tell(request, side, ENDS[what], by)


ENDS = {
    Verb.REFUSE: gettext_noop("Request {reference} was refused."),
    Verb.WITHDRAW: gettext_noop("Request {reference} was withdrawn."),
    Verb.EXPIRE: gettext_noop("The reservation of request {reference} expired."),
}


def free(request: Request, lines: Sequence[RequestLine], by: Actor) -> None:
    """Let specimens that are reserved for these lines be free again, as far as they are still promised to them."""
    held = [line for line in lines if line.specimen.reserved == line.id]
    freed = [Change(line.specimen, Act.FREE, values={"reserved": None}, detail=_of(request)) for line in held]
    if freed:
        custody.carry_out(freed, by=by, study=request.study.reference)


def one_line(request: Request, line_id: uuid.UUID, *status: LineStatus) -> RequestLine:
    """A line of a request in one of these statuses; InputError where it has none such."""
    found = [line for line in lines_of(request, *status) if line.id == line_id]
    if not found:
        raise InputError(_("line: this request has no such specimen."))
    return found[0]


def carry_out_due(now: datetime.datetime) -> int:
    """Let every reservation go whose day is past; how many."""
    past = Request.objects.filter(status__in=[*HELD], reserved_until__lt=timezone.localdate(now))
    count = 0
    for request_id in past.values_list("id", flat=True):
        expire(request_id, by=SYSTEM)
        count += 1
    return count

"""The verbs on parcels: send, keep their temperatures, say what arrived, settle what was missing."""

from __future__ import annotations

import datetime
import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.biobank import custody
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.rules import Act
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.rules import SYSTEM, Actor, Verdict
from wardbench.campus.releases import agreeing, checking, mismatches, rules, warning
from wardbench.campus.releases.giving_back import give_back
from wardbench.campus.releases.models import Request, RequestLine, Shipment, ShipmentLine, TemperatureEntry
from wardbench.campus.releases.moves import (
    allowed,
    change_line,
    leaves,
    lines_of,
    move,
    next_number,
    note,
    reasoned,
    require_all,
)
from wardbench.campus.releases.request_queries import left_out, whole
from wardbench.campus.releases.requesting import one_line
from wardbench.campus.releases.rules import CONDITIONS, LineStatus, Status, Verb
from wardbench.campus.studies import granting
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.core.errors import BusyError, InputError, NotFoundError

OPEN_DAYS = 30
"""How long the secret address of a parcel opens its page."""
MOST_READINGS = 20_000
ASIDE = datetime.timedelta(days=1)
"""How long before a parcel was sent and after it arrived its logger may have measured: it is started in advance, read
out later, and whoever says that it left or arrived may say so the next day."""
STATES = {"received": LineStatus.RECEIVED, "missing": LineStatus.MISSING, "damaged": LineStatus.DAMAGED}


@dataclass(frozen=True)
class Sent:
    """A parcel that was sent; `secret` opens its page for a recipient outside, and is kept nowhere."""

    shipment: Shipment
    secret: str = ""


@dataclass(frozen=True)
class Arrived:
    """What is said of a specimen on arrival: "received", "missing" or "damaged"."""

    state: str
    words: str = ""


@dataclass(frozen=True)
class Noted:
    """Of temperatures that were given: how many are kept now, were there `again`, are `outside` what was promised."""

    new: int
    again: int
    outside: int


@verb("releases.send")
def send(request_id: uuid.UUID, conditions: str, *, by: Actor, courier: str = "", tracking: str = "") -> Sent:
    """Send what was picked. Permit, consent and terms are checked once more, and what leaves is written on the permit.

    BusyError while a tube is neither picked nor left out, or one lies there that was left out or does not fit;
    ForbiddenError where the permit does not allow it any more.
    """
    request = allowed(request_id, Verb.SEND, by)
    if conditions not in CONDITIONS:
        raise InputError(_("conditions: choose one from the list."))
    if leaves(request):
        agreeing.require_signed(request)
    waits = lines_of(request, LineStatus.RESERVED)
    if waits:
        raise BusyError(_("{label} is neither picked nor left out.").format(label=waits[0].specimen.label))
    stray = next(iter(left_out(request)), None)
    if stray is not None:
        said = _("{label} was left out after it was picked; take it from the parcel and put it back first.")
        raise BusyError(said.format(label=stray.specimen.label))
    wrong = next(iter(mismatches.standing(request)), None)
    if wrong is not None:
        said = _(
            "{label} was scanned and does not belong in the parcel; say on the pick list first that you put it back."
        )
        raise BusyError(said.format(label=wrong.text))
    lines = lines_of(request, LineStatus.PICKED)
    if not lines:
        raise BusyError(_("Nothing is picked."))
    require_all(request, lines)
    shares = checking.shares_of(request.permit, lines)
    assert not isinstance(shares, Verdict), "the permit was looked at just now"
    for share in shares:
        wanted = Wanted(Use.MATERIAL, material=share.type, amount=share.amount)
        granting.use(request.permit_id, wanted, by=actor_of(request.by))
    shipment = parcel(request, lines, conditions, courier, tracking, by)
    detail = {"request": request.reference, "parcel": shipment.reference}
    custody.carry_out(
        [Change(line.specimen, Act.SHIP, detail=detail) for line in lines], by=by, study=request.study.reference
    )
    for line in lines:
        change_line(line, LineStatus.PICKED, LineStatus.SENT)
    warning.tell_of_sent(request, by=by)
    secret = _open(shipment) if request.outside else ""
    move(request, Verb.SEND, by, detail={"parcel": shipment.reference, "specimens": len(lines)})
    return Sent(shipment, secret)


def parcel(
    request: Request,
    lines: Sequence[RequestLine],
    conditions: str,
    courier: str,
    tracking: str,
    by: Actor,
    *,
    back: bool = False,
) -> Shipment:
    made = Shipment.objects.create(
        reference=f"T{next_number('T'):05}",
        request=request,
        back=back,
        conditions=conditions,
        lowest=CONDITIONS[conditions].lowest,
        highest=CONDITIONS[conditions].highest,
        courier=courier.strip()[:100],
        tracking=tracking.strip()[:100],
        sent=timezone.now(),
        sent_by_id=uuid.UUID(by.id) if by is not SYSTEM else None,
    )
    ShipmentLine.objects.bulk_create([ShipmentLine(shipment=made, line=line) for line in lines])
    return made


def _open(shipment: Shipment) -> str:
    """A new secret for the page of a parcel; the one before it opens nothing any more."""
    secret = secrets.token_urlsafe(32)
    shipment.token, shipment.token_until = digest_of(secret), timezone.now() + datetime.timedelta(days=OPEN_DAYS)
    shipment.save(update_fields=["token", "token_until"])
    return secret


def digest_of(secret: str) -> str:
    """What is kept of a secret: its SHA-256, 64 hexadecimal digits. It has 256 bits, so that no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


@verb("releases.open")
def open_parcel(request_id: uuid.UUID, *, by: Actor) -> str:
    """A new secret address for a recipient outside who has lost theirs; only while the parcel is on its way."""
    request = allowed(request_id, Verb.OPEN, by)
    shipment = request.shipments.filter(back=False, arrived=None).first()
    if shipment is None or not request.outside:
        raise BusyError(_("No parcel to a recipient outside is on its way."))
    secret = _open(shipment)
    note(request, Verb.OPEN, by, parcel=shipment.reference)
    return secret


@verb("releases.log")
def note_temperatures(
    shipment: Shipment, readings: Sequence[tuple[datetime.datetime, int]], *, by: Actor, lines: Sequence[int] = ()
) -> Noted:
    """Keep what a logger in the parcel measured, in hundredths of a degree; `lines` are where each stands in its file.

    InputError names the first line with another temperature of a moment than is kept or given before, or of a time that
    is not of this parcel; nothing is kept then. The same temperature of a moment counts once.
    """
    request = allowed(shipment.request_id, Verb.LOG, by)
    if not 1 <= len(readings) <= MOST_READINGS:
        raise InputError(_("temperatures: give 1 to {most} at once.").format(most=MOST_READINGS))
    shipment = Shipment.objects.select_for_update().get(id=shipment.id)
    began = (shipment.sent or shipment.packed) - ASIDE
    ended = shipment.arrived + ASIDE if shipment.arrived is not None else None
    kept: dict[datetime.datetime, int] = dict(shipment.temperatures.values_list("at", "value"))
    new: dict[datetime.datetime, int] = {}
    for line, (moment, value) in zip(lines or range(1, len(readings) + 1), readings, strict=True):
        # In the hour that a clock shows twice, times of two zones are never equal.
        at = moment.astimezone(datetime.UTC)
        if at < began:
            said = _("Line {line}: this is more than a day before parcel {parcel} was sent.")
            raise InputError(said.format(line=line, parcel=shipment.reference), about="readings")
        if ended is not None and at > ended:
            said = _("Line {line}: this is more than a day after parcel {parcel} arrived.")
            raise InputError(said.format(line=line, parcel=shipment.reference), about="readings")
        if kept.get(at, new.get(at, value)) != value:
            said = _(
                "Line {line}: there is another temperature of the same moment. Correct one of them; where the "
                "clock was put back, write times as 2026-10-25 02:30+01:00."
            )
            raise InputError(said.format(line=line), about="readings")
        if at not in kept:
            new[at] = value
    made = [TemperatureEntry(shipment=shipment, at=at, value=value) for at, value in new.items()]
    TemperatureEntry.objects.bulk_create(made, batch_size=500)
    given = {moment.astimezone(datetime.UTC): value for moment, value in readings}
    outside = sum(is_outside(shipment, value) for value in given.values())
    noted = Noted(len(new), len(readings) - len(new), outside)
    note(request, Verb.LOG, by, parcel=shipment.reference, readings=noted.new, again=noted.again, outside=outside)
    return noted


def is_outside(shipment: Shipment, value: int) -> bool:
    """Whether a temperature is outside what the parcel promised."""
    too_cold = shipment.lowest is not None and value < shipment.lowest
    return too_cold or (shipment.highest is not None and value > shipment.highest)


@verb("releases.receive")
def receive(shipment: Shipment, states: Mapping[int, Arrived], *, by: Actor, words: str = "") -> Request:
    """Say what arrived of a parcel, of each of its lines; whatever is missing or damaged is the biobank's to settle."""
    request = allowed(shipment.request_id, Verb.RECEIVE, by)
    return _receive(request, shipment, states, by.name, words, by)


@verb("releases.receive_outside")
def receive_outside(secret: str, states: Mapping[int, Arrived], name: str, *, by: Actor, words: str = "") -> Request:
    """The same from the page that a recipient outside opens by its secret; `name` is whoever unpacked it."""
    shipment = by_secret(secret)
    if not name.strip() or len(name) > 200:
        raise InputError(_("name: write the name of whoever unpacked the parcel."))
    request = whole().get(id=shipment.request_id)
    if rules.after(Status(request.status), Verb.RECEIVE) is None:
        raise BusyError(_("What arrived has been said already."))
    return _receive(request, shipment, states, name.strip(), words, by)


def by_secret(secret: str) -> Shipment:
    """The parcel whose page this secret opens now; NotFoundError for any other, whatever the reason."""
    found = Shipment.objects.select_related("request").filter(token=digest_of(secret)).first() if secret else None
    if found is None or found.token_until is None or found.token_until < timezone.now():
        raise NotFoundError(_("This address opens nothing, or not any more. Ask the biobank for a new one."))
    return found


def _receive(
    request: Request, shipment: Shipment, states: Mapping[int, Arrived], name: str, words: str, by: Actor
) -> Request:
    inside = list(shipment.lines.select_related("line__specimen"))
    if {one.id for one in inside} != set(states) or any(one.state not in STATES for one in states.values()):
        raise InputError(_("Say of each specimen whether it arrived."))
    now = timezone.now()
    if (
        Shipment.objects.filter(id=shipment.id, arrived=None, revision=shipment.revision).update(
            arrived=now, received_by=name[:200], words=words.strip()[:5000], revision=F("revision") + 1
        )
        != 1
    ):
        raise BusyError(_("What arrived has been said already."))
    changes = []
    for one in inside:
        said = states[one.id]
        one.state, one.words, one.at = said.state, said.words.strip()[:500], now
        act = Act.LOSE if said.state == "missing" else Act.ARRIVE
        detail = {"parcel": shipment.reference, **({"damaged": one.words or "yes"} if said.state == "damaged" else {})}
        changes.append(Change(one.line.specimen, act, detail=detail))
        # A missing one is settled by the reason of its line; what the recipient remarked stands with the parcel.
        reason = "" if said.state == "missing" else one.words
        change_line(one.line, LineStatus.SENT, STATES[said.state], reason=reason)
    ShipmentLine.objects.bulk_update(inside, ["state", "words", "at"], batch_size=200)
    custody.carry_out(changes, by=by, study=request.study.reference)
    counts = {state: sum(one.state == state for one in inside) for state in STATES}
    move(request, Verb.RECEIVE, by, detail={"parcel": shipment.reference, "who": name, **counts})
    return request


@verb("releases.resolve")
def resolve(request_id: uuid.UUID, line_id: uuid.UUID, where: str, words: str, *, by: Actor) -> None:
    """Say what became of a missing specimen: it is "here" still, turned up "there", or is "lost"."""
    request = allowed(request_id, Verb.RESOLVE, by)
    line = one_line(request, line_id, LineStatus.MISSING)
    words = reasoned(words)
    detail = {"request": request.reference, "why": words[:500]}
    study = request.study.reference
    if where == "here":
        custody.carry_out(
            [Change(line.specimen, Act.FIND, values={"reserved": None}, detail=detail)], by=by, study=study
        )
        change_line(line, LineStatus.MISSING, LineStatus.RETURNED, reason=words)
        give_back(request, [line], by=by)
    elif where == "there":
        custody.carry_out([Change(line.specimen, Act.ARRIVE, detail=detail)], by=by, study=study)
        change_line(line, LineStatus.MISSING, LineStatus.RECEIVED, reason=words)
    elif where == "lost":
        # Nobody has to account for it any more: where it turns up after all, it is found like any other.
        custody.carry_out(
            [Change(line.specimen, Act.FREE, values={"reserved": None}, detail=detail)], by=by, study=study
        )
        change_line(line, LineStatus.MISSING, LineStatus.MISSING, reason=words)
    else:
        raise InputError(_("where: choose one from the list."))
    move(request, Verb.RESOLVE, by, detail={"specimen": line.specimen.label, "where": where})

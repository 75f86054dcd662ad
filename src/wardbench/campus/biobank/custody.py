"""The only way a specimen changes: an act, allowed by `rules.MOVES`, with an event in the specimen's own chain.

A change is made of the specimen as somebody saw it. What was changed since is refused (`BusyError`), so that of two at
the same moment one is carried out. Whatever is done at once is done whole or not at all: a process that is killed
leaves every tube where it was, or where it was to go. The database itself refuses two specimens in one position.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from wardbench.campus.audit import chain
from wardbench.campus.biobank import bulk, places
from wardbench.campus.biobank.models import Container, CustodyEvent, Specimen
from wardbench.campus.biobank.rules import ENDED, NOT_NOW, Act, Status, after
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.errors import BusyError, InputError

CHUNK = 500
VALUES = frozenset(
    {
        "amount",
        "first_amount",
        "unit",
        "concentration",
        "reserved",
        "retained",
        "sprec",
        "preanalytics",
        "material",
        "tube",
        "site",
        "diagnosis",
        "collected",
        "external",
    }
)
"""Fields that `Change.values` may hold."""
PUTS = frozenset({Act.STORE, Act.MOVE})
"""Acts that put a specimen somewhere."""
STAYS = frozenset(
    {Act.RESERVE, Act.FREE, Act.RETAIN, Act.ALLOW, Act.CORRECT, Act.WITHDRAW, Act.WARN, Act.THAW, Act.DERIVE, Act.USE}
)
"""Acts that leave a specimen where it is, as long as there is any of it left."""


_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Change:
    """An act on one specimen. `box` and `place` say where `PUTS` put it; `values` what else changes, by field.

    `detail` is what the event tells besides, never a patient's value.
    """

    specimen: Specimen
    act: Act
    box: Container | None = None
    place: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


class Told(NamedTuple):
    """An event that is yet to be added: the fields of `CustodyEvent`, in their order."""

    specimen_id: uuid.UUID
    number: int
    act: str
    at: datetime.datetime
    noted: datetime.datetime
    by_id: uuid.UUID | None
    status: str
    container_id: uuid.UUID | None
    position: int | None
    place: str
    inside: str
    amount: int | None
    thaws: int
    study: str
    detail: Mapping[str, Any]
    batch: uuid.UUID
    hash: bytes


def carry_out(
    changes: Sequence[Change],
    *,
    by: Actor,
    study: str = "",
    at: datetime.datetime | None = None,
    batch: uuid.UUID | None = None,
) -> uuid.UUID:
    """Carry out all of `changes`, each of another specimen, inside the verb that asks for them; the batch's id.

    `at` is when it happened where that is not now. BusyError where a specimen was changed since it was read, its
    status does not allow the act or a position is taken; InputError where a box does not take it.
    """
    assert transaction.get_connection().in_atomic_block, "custody changes inside a verb"
    batch = batch or uuid.uuid4()
    _lock(changes)
    _check_boxes(changes)
    _check_amounts(changes)
    before = {change.specimen.id: bytes(change.specimen.head) for change in changes}
    moving = [change.specimen.id for change in changes if change.act is Act.MOVE]
    for ids in _chunks(moving):
        # Tubes may change places with one another: all leave before any arrives.
        Specimen.objects.filter(id__in=ids).update(box=None, place=None, status=Status.OUT.value)
    for change in changes:
        _apply(change)
    events = _events(changes, before, by, study, at, batch)
    fields = {"status", "box", "place", "thaws", "reserved", "events", "head"}.union(*(one.values for one in changes))
    try:
        Specimen.objects.bulk_update([change.specimen for change in changes], sorted(fields), batch_size=CHUNK // 5)
        bulk.insert(CustodyEvent, events)
    except IntegrityError as error:
        raise _refused(error) from None
    return batch


def enter(
    specimens: Sequence[Specimen],
    act: Act,
    *,
    by: Actor,
    study: str = "",
    at: datetime.datetime | None = None,
    batch: uuid.UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> uuid.UUID:
    """Add specimens to the inventory, as taken (`COLLECT`) or entered (`REGISTER`); a `box` puts them there at once.

    InputError where a label is taken, BusyError where a position is.
    """
    assert act in (Act.COLLECT, Act.REGISTER)
    batch = batch or uuid.uuid4()
    goes = [(specimen, specimen.box, specimen.place) for specimen in specimens]
    for specimen, _box, _place in goes:
        specimen.status, specimen.box, specimen.place = Status.COLLECTED.value, None, None
        specimen.events, specimen.head = 1, b""
        if specimen.first_amount is None:
            specimen.first_amount = specimen.amount
    told = detail or {}
    events = _events([Change(one, act, detail=told) for one in specimens], {}, by, study, at, batch)
    stored = [Change(one, Act.STORE, box, place, {}, _NOTHING) for one, box, place in goes if box is not None]
    _check_boxes(stored)
    before = {change.specimen.id: bytes(change.specimen.head) for change in stored}
    for change in stored:
        _apply(change)
    events += _events(stored, before, by, study, at, batch)
    try:
        bulk.create(specimens)
        bulk.insert(CustodyEvent, events)
    except IntegrityError as error:
        raise _refused(error) from None
    return batch


def undo(batch: uuid.UUID, *, by: Actor) -> int:
    """Bring what a batch moved back to where it was before, as a new batch; how many specimens.

    BusyError where something else happened to one of them since.
    """
    made = CustodyEvent.objects.filter(batch=batch).select_related("specimen").order_by("number")
    last = {event.specimen_id: event for event in made}
    if not last or any(Act(event.act) not in {Act.STORE, Act.MOVE, Act.TAKE_OUT} for event in last.values()):
        raise BusyError(gettext_noop("Only what was moved can be undone."))
    changes = []
    for event in last.values():
        if event.number != event.specimen.events:
            raise BusyError(
                gettext_noop("Something else happened to specimen {label} since; it cannot be undone."),
                label=event.specimen.label,
            )
        earlier = event.specimen.custody.select_related("container").get(number=event.number - 1)
        if earlier.container is None:
            changes.append(Change(event.specimen, Act.TAKE_OUT, detail={"undoes": str(batch)}))
        else:
            act = Act.MOVE if event.specimen.status == Status.STORED else Act.STORE
            changes.append(
                Change(
                    event.specimen, act, box=earlier.container, place=earlier.position, detail={"undoes": str(batch)}
                )
            )
    carry_out(changes, by=by)
    return len(changes)


def known(batch: uuid.UUID) -> bool:
    """Whether anything was done under this number."""
    return CustodyEvent.objects.filter(batch=batch).exists()


def verify(specimen: Specimen, events: Iterable[CustodyEvent] | None = None) -> int | None:
    """The number of the first event of a specimen that does not fit its chain, or None where all fit. `events` are all
    of them by their numbers, where they were read already."""
    before = b""
    number = 0
    for event in specimen.custody.order_by("number") if events is None else events:
        number += 1
        if event.number != number or chain.link(settings.CAMPUS_KEYS["audit"], before, content(event)) != bytes(
            event.hash
        ):
            return number
        before = bytes(event.hash)
    return None if number == specimen.events and before == bytes(specimen.head) else number + 1


def content(event: CustodyEvent | Told) -> dict[str, Any]:
    """What an event's hash covers."""
    return {**_shared(event), **_own(event)}


def _shared(event: CustodyEvent | Told) -> dict[str, Any]:
    """What the events of a batch have in common where they have the same detail."""
    return {
        "at": event.at.astimezone(datetime.UTC).isoformat(timespec="microseconds"),
        "noted": event.noted.astimezone(datetime.UTC).isoformat(timespec="microseconds"),
        "by": str(event.by_id or ""),
        "study": event.study,
        "detail": event.detail,
        "batch": str(event.batch),
    }


def _own(event: CustodyEvent | Told) -> dict[str, Any]:
    return {
        "specimen": str(event.specimen_id),
        "number": event.number,
        "act": event.act,
        "status": event.status,
        "container": str(event.container_id or ""),
        "position": event.position,
        "place": event.place,
        "inside": event.inside,
        "amount": event.amount,
        "thaws": event.thaws,
    }


def _chunks(ids: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK))


def _lock(changes: Sequence[Change]) -> None:
    """Hold the rows, in one order for everybody, and refuse what was changed since it was read."""
    seen = {change.specimen.id: change.specimen for change in changes}
    assert len(seen) == len(changes), "one change of a specimen at a time"
    now: dict[uuid.UUID, int] = {}
    for ids in _chunks(sorted(seen)):
        rows = Specimen.objects.select_for_update().filter(id__in=ids).order_by("id")
        now.update(rows.values_list("id", "events"))
    for change in changes:
        specimen = change.specimen
        if now.get(specimen.id) != specimen.events:
            raise BusyError(
                gettext_noop("Somebody changed specimen {label} at the same moment; load the page again."),
                label=specimen.label,
            )
        if after(Status(specimen.status), change.act) is None:
            raise BusyError(
                gettext_noop("Specimen {label}: {why}"), label=specimen.label, why=NOT_NOW[Status(specimen.status)]
            )


def _check_boxes(changes: Sequence[Change]) -> None:
    """Whether the boxes take what is put into them; whether a position is free, the database says as well."""
    put = [change for change in changes if change.act in PUTS]
    going: dict[tuple[uuid.UUID, int], str] = {}
    leaving = {change.specimen.id for change in changes if change.act not in STAYS}
    for change in put:
        if change.box is None:
            raise InputError(gettext_noop("box: say where specimen {label} goes."), label=change.specimen.label)
        places.check(change.box, change.place, change.values.get("material", change.specimen.material))
        if change.place is None:
            continue
        other = going.setdefault((change.box.id, change.place), change.specimen.label)
        if other != change.specimen.label:
            raise _taken(change.box, change.place, other)
    for box_id, wanted in _by_box(put).items():
        for there, place, name in Specimen.objects.filter(box=box_id).values_list("id", "place", "label"):
            if place in wanted and there not in leaving:
                raise _taken(wanted[place], place, name)


def _check_amounts(changes: Sequence[Change]) -> None:
    for change in changes:
        amount = change.values.get("amount")
        if amount is not None and amount < 0:
            raise InputError(gettext_noop("amount: there is not so much in {label}."), label=change.specimen.label)


def _by_box(put: Iterable[Change]) -> dict[uuid.UUID, dict[int, Container]]:
    found: dict[uuid.UUID, dict[int, Container]] = {}
    for change in put:
        if change.box is not None and change.place is not None:
            found.setdefault(change.box.id, {})[change.place] = change.box
    return found


def _taken(box: Container, place: int, label: str) -> BusyError:
    return BusyError(
        gettext_noop("Position {place} of {box} holds specimen {label}."),
        place=places.label(box, place),
        box=box.name,
        label=label,
    )


def _apply(change: Change) -> None:
    """Bring the specimen in memory to what it is after the act."""
    specimen, act = change.specimen, change.act
    assert set(change.values) <= VALUES, change.values
    for name, value in change.values.items():
        setattr(specimen, name, value)
    left = specimen.amount is None or specimen.amount > 0
    status = after(Status(specimen.status), act, left=left)
    assert status is not None
    specimen.status = status.value
    if act in PUTS:
        specimen.box, specimen.place = change.box, change.place
    elif act not in STAYS or status in ENDED:
        specimen.box = specimen.place = None
    if status in ENDED:
        specimen.reserved = None
    if act is Act.THAW:
        specimen.thaws += 1
    specimen.events += 1


def _events(
    changes: Sequence[Change],
    before: Mapping[uuid.UUID, bytes],
    by: Actor,
    study: str,
    at: datetime.datetime | None,
    batch: uuid.UUID,
) -> list[Told]:
    noted = timezone.now()
    words, key = places.Words(), settings.CAMPUS_KEYS["audit"]
    by_id = uuid.UUID(by.id) if by.id != SYSTEM.id else None
    details: dict[int, dict[str, Any]] = {}
    shared: dict[int, dict[str, Any]] = {}
    events = []
    for change in changes:
        specimen, box = change.specimen, change.specimen.box
        told = Told(
            specimen_id=specimen.id,
            number=specimen.events,
            act=change.act.value,
            at=at or noted,
            noted=noted,
            by_id=by_id,
            status=specimen.status,
            container_id=specimen.box_id,
            position=specimen.place,
            place=words.of(box, specimen.place)[:400],
            inside=box.path if box is not None else "",
            amount=specimen.amount,
            thaws=specimen.thaws,
            study=study,
            detail=details.setdefault(id(change.detail), dict(change.detail)),
            batch=batch,
            hash=b"",
        )
        common = shared.get(id(change.detail)) or shared.setdefault(id(change.detail), _shared(told))
        specimen.head = chain.link(key, before.get(specimen.id, b"") if before else b"", {**common, **_own(told)})
        events.append(told._replace(hash=specimen.head))
    return events


def _refused(error: IntegrityError) -> Exception:
    said = str(error)
    if "one_specimen_in_a_position" in said or "specimen.box_id" in said:
        return BusyError(gettext_noop("Somebody put another specimen into this position at the same moment."))
    if "one_custody_event_by_number" in said or "custodyevent.specimen_id" in said:
        return BusyError(
            gettext_noop("Somebody changed one of these specimens at the same moment; load the page again.")
        )
    if "label" in said:
        return InputError(gettext_noop("label: another specimen has this label."))
    return error

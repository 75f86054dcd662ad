"""Reading the record: search, and the proof that it is whole."""

from __future__ import annotations

import datetime
import errno
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit import chain
from wardbench.campus.audit.models import Event, Head
from wardbench.campus.audit.services import content
from wardbench.core.errors import InputError, NotFoundError, StorageError

# What comes of reading an event that holds something else than we write.
UNREADABLE = (AttributeError, OverflowError, TypeError, ValueError, OperationalError)


@dataclass(frozen=True)
class Search:
    """What to look for in the record; empty means everything. `actors` are ids, None for anybody."""

    actors: tuple[str, ...] | None = None
    verb: str = ""
    object: str = ""
    study: str = ""
    patient: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None


def find(search: Search) -> QuerySet[Event]:
    """The events that match, newest first. Days are those of the campus's time zone, the last one included."""
    events = Event.objects.order_by("-number")
    if search.actors is not None:
        events = events.filter(actor__in=search.actors)
    if search.verb:
        exact = "verb" if "." in search.verb else "verb__startswith"
        events = events.filter(**{exact: search.verb if "." in search.verb else f"{search.verb}."})
    if search.object:
        events = events.filter(Q(object__icontains=search.object) | Q(kind__iexact=search.object))
        if not search.patient:
            events = events.exclude(patient=F("object"), patient__gt="")
    for field in ("study", "patient"):
        if value := getattr(search, field):
            events = events.filter(**{field: value})
    if search.since:
        events = events.filter(at__gte=_midnight(search.since))
    if search.until:
        events = events.filter(at__lt=_midnight(search.until + datetime.timedelta(days=1)))
    return events


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


def event(number: int) -> Event:
    try:
        return Event.objects.get(number=number)
    except Event.DoesNotExist:
        raise NotFoundError(_("There is no such event.")) from None


def neighbours(shown: Event) -> tuple[Event | None, Event | None]:
    """The events just before and after in the chain."""
    beside = {one.number: one for one in Event.objects.filter(number__in=(shown.number - 1, shown.number + 1))}
    return beside.get(shown.number - 1), beside.get(shown.number + 1)


def fits(shown: Event, before: Event | None, after: Event | None) -> bool:
    """Whether an event was neither changed nor put in between, as far as it and its neighbours can tell."""
    start = bytes(before.hash) if before else chain.START
    own = chain.link(settings.CAMPUS_KEYS["audit"], bytes(shown.before), content(shown))
    joined = bytes(shown.before) == start and (before is not None or shown.number == 1)
    return joined and own == bytes(shown.hash) and (after is None or bytes(after.before) == bytes(shown.hash))


def history(kind: str, target: object) -> QuerySet[Event]:
    """What happened to one thing, oldest first."""
    return Event.objects.filter(kind=kind, object=str(target)).order_by("number")


def last_at() -> datetime.datetime | None:
    """When the last event happened."""
    return Event.objects.order_by("-number").values_list("at", flat=True).first()


def verify(heads: Mapping[int, bytes]) -> tuple[int, chain.Broken | None]:
    """Check the whole chain against itself, the row that says where it ends, and `heads` kept elsewhere."""
    known = dict(heads)
    head = Head.objects.filter(id=1).first()
    if head and head.number:
        known.setdefault(head.number, bytes(head.hash))
    return chain.verify(settings.CAMPUS_KEYS["audit"], _events(), known)


def _events() -> Iterator[tuple[int, bytes, bytes, dict[str, Any] | None]]:
    """All events by number, up to the first that cannot be read: SQLite keeps a value of any type in any column."""
    last = 0
    try:
        for event in Event.objects.order_by("number").iterator(chunk_size=2000):
            yield event.number, bytes(event.before), bytes(event.hash), content(event)
            last = event.number
    except UNREADABLE:
        # Many are read at once; one by one it is seen which it was.
        later = Event.objects.filter(number__gt=last).order_by("number").values_list("number", flat=True)
        for number in later.iterator(chunk_size=2000):
            try:
                event = Event.objects.get(number=number)
                yield event.number, bytes(event.before), bytes(event.hash), content(event)
            except UNREADABLE:
                if not connection.is_usable():
                    raise
                yield number, b"", b"", None
                return


def read_heads(path: Path) -> dict[int, bytes]:
    """The heads that `write_head` kept in `path`, those alone that carry our key's signature.

    InputError names the first line that does not: it was not written by us, or was changed.
    """
    if not path.exists():
        return {}
    heads = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            said = json.loads(line)
            signature = bytes.fromhex(said.pop("signature"))
            fits = chain.link(settings.CAMPUS_KEYS["audit"], b"head", said) == signature
            heads[int(said["number"])] = bytes.fromhex(said["hash"])
        except (ValueError, KeyError, TypeError, AttributeError):
            fits = False
        if not fits:
            raise InputError(
                _("%(path)s: line %(number)d: this head does not carry our signature.")
                % {"path": path, "number": number}
            )
    return heads


def write_head(path: Path) -> int:
    """Add the chain's present end to `path`, signed; its number, 0 where nothing happened since the last."""
    head = Head.objects.filter(id=1).first()
    if head is None or not head.number or head.number == _last_number(path):
        return 0
    said = {
        "number": head.number,
        "hash": bytes(head.hash).hex(),
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    signed = {**said, "signature": chain.link(settings.CAMPUS_KEYS["audit"], b"head", said).hex()}
    try:
        _append(path, json.dumps(signed))
    except OSError as error:
        raise StorageError(
            _("%(path)s: the head of the audit chain could not be written (%(why)s).")
            % {"path": path, "why": error.strerror}
        ) from None
    return head.number


def _append(path: Path, line: str) -> None:
    """Add a whole line, or none: what a full disk cut short is taken back."""
    with path.open("a+b", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        start = b"" if file.read(1) in (b"", b"\n") else b"\n"
        data = start + line.encode() + b"\n"
        try:
            if file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.truncate(end)
            raise


def _last_number(path: Path) -> int:
    """The number in the last line of the file of heads; 0 where there is none that can be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1000))
            return int(json.loads(file.read().splitlines()[-1])["number"])
    except (OSError, ValueError, IndexError, KeyError, TypeError):
        return 0

"""What was touched in the inventory since it was projected, so that only that is projected again.

A specimen changes by an event of its custody alone, and those are numbered. On PostgreSQL numbers do not become visible
in their order: what is not there yet of those that were given (`holes`) is looked for again. What people say of
consent, and which patient a donor is, bear the time at which it was said, which is earlier than the moment from which
others see it: what was said shortly before (`LATE`) is looked at again, and where what is older is not as much as it
was, everything. Collections, places and opt-outs are few, and compared with what they were.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
from django.conf import settings
from django.db.models import Q, QuerySet

from wardbench.campus.biobank import consents, descent, places
from wardbench.campus.biobank.models import Collection, Consent, CustodyEvent, DonorLink, PoolPart, Specimen
from wardbench.campus.samples import projection, recorded

LATE = datetime.timedelta(minutes=15)
"""How long an act takes at most, as a rule, from the time that it bears until others see it."""
LATEST = datetime.timedelta(hours=1)
"""How long a number is waited for: an act that was undone leaves numbers that nothing ever has."""
LOOKED_BACK = 200_000
"""Numbers below the last one among which one may be waited for when everything is projected."""
AT_ONCE = 500
"""Things that one question names."""


class Mark(msgspec.Struct, frozen=True):
    """Of what an inventory was projected: `at` is when reading began, `event` the last event of custody with its
    `hash`, `holes` those below it that were not there, the first and last of each run and since when it is waited for.
    `said` counts consents, withdrawals and links up to `LATE` before `at`. `collections` have code and basis, `cold` is
    how cold each container is kept that is, `out` who has opted out: donor, person, kind."""

    form: int
    zone: str
    store: str
    at: datetime.datetime
    event: int
    hash: str
    holes: tuple[tuple[int, int, datetime.datetime], ...]
    said: tuple[int, int, int]
    collections: dict[uuid.UUID, tuple[str, str]]
    cold: dict[uuid.UUID, str]
    out: frozenset[tuple[uuid.UUID | None, int | None, str]]


# msgspec works out what a type is when it is first read; two threads that read their first at once crash the process.
MARKS = msgspec.json.Decoder(Mark)


def mark(at: datetime.datetime, before: Mark | None = None) -> Mark:
    """Of what the inventory would be projected now, to be asked for before it is read. `before` is the mark of an
    earlier time, of which the holes are looked at again."""
    last = CustodyEvent.objects.order_by("-id").values_list("id", "hash").first() or (0, b"")
    runs: list[tuple[int, int, datetime.datetime]] = [(max(last[0] - LOOKED_BACK, 0) + 1, last[0], at)]
    if before is not None and before.event <= last[0]:
        waited = [run for run in before.holes if run[2] > at - LATEST]
        runs = [*waited, (before.event + 1, last[0], at)]
    said = Collection.objects.order_by().values_list("id", "code", "basis")
    out = consents.standing_opt_outs(at).values_list("donor_id", "person_id", "kind")
    return Mark(
        form=projection.FORM,
        zone=settings.TIME_ZONE,
        store=recorded.version(),
        at=at,
        event=last[0],
        hash=bytes(last[1]).hex(),
        holes=tuple((low, high, since) for first, end, since in runs for low, high in _missing(first, end)),
        said=_said_until(at - LATE),
        collections={one: (code, basis) for one, code, basis in said},
        cold={one: cold for one, cold in places.temperatures().items() if cold},
        out=frozenset(out),
    )


def touched(before: Mark, now: Mark, most: int) -> set[uuid.UUID] | None:
    """The specimens that may be projected otherwise now than at an earlier mark; None where everything may be, or more
    than `most`."""
    if (before.form, before.zone, before.store) != (now.form, now.zone, now.store):
        return None
    if not _is_still_there(before) or _said_until(before.at - LATE) != before.said:
        return None
    found: set[uuid.UUID] = set()
    for one in _touched(before, now):
        found.add(one)
        if len(found) > most:
            return None
    return found


def _touched(before: Mark, now: Mark) -> Iterator[uuid.UUID]:
    for low, high, *_since in (*before.holes, (before.event + 1, now.event)):
        events = CustodyEvent.objects.filter(id__gte=low, id__lte=high).order_by()
        yield from events.values_list("specimen_id", flat=True).iterator()
    since = before.at - LATE
    said = (
        Consent.objects.filter(Q(at__gt=since) | Q(withdrawn__gt=since)).order_by().values_list("donor_id", flat=True)
    )
    linked = DonorLink.objects.filter(at__gt=since).values_list("donor_id", flat=True)
    out = before.out ^ now.out
    persons = {person for _donor, person, _kind in out if person is not None}
    theirs = (donor for some in _parts(persons) for donor in _donors_of(some))
    donors = {*said, *linked, *theirs, *(donor for donor, _person, _kind in out if donor is not None)}
    collections = {one for one, _said in before.collections.items() ^ now.collections.items()}
    boxes = {one for one, _cold in before.cold.items() ^ now.cold.items()}
    for field, changed in (("donor", donors), ("collection", collections), ("box", boxes)):
        for some in _parts(changed):
            there = Specimen.objects.filter(**{f"{field}__in": some}).order_by()
            yield from there.values_list("id", flat=True).iterator()
    for some in _parts(donors):
        yield from _nobodys_of(some)


def _nobodys_of(donors: list[Any]) -> set[uuid.UUID]:
    """What holds something of these donors and is not said to be theirs, as a pool is not; and all that was made of
    it."""
    pools = PoolPart.objects.filter(specimen__donor__in=donors).values_list("pool", flat=True)
    made = Specimen.objects.filter(parent__donor__in=donors, donor=None).order_by().values_list("id", flat=True)
    first = {*pools, *made}
    return first.union(*descent.made_of(first).values())


def _donors_of(persons: list[Any]) -> QuerySet[DonorLink, uuid.UUID]:
    return DonorLink.objects.filter(person_id__in=persons).values_list("donor_id", flat=True)


def _parts(things: Iterable[Any]) -> Iterator[list[Any]]:
    listed = list(things)
    return (listed[at : at + AT_ONCE] for at in range(0, len(listed), AT_ONCE))


def _is_still_there(mark: Mark) -> bool:
    """Whether the last event of a mark is what it was: it is not where an older copy of the database was brought
    back."""
    held = CustodyEvent.objects.filter(id=mark.event).values_list("hash", flat=True).first()
    return bytes(held or b"").hex() == mark.hash


def _missing(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Which numbers from `low` to `high` no event has yet, in runs."""
    there = CustodyEvent.objects.filter(id__gte=low, id__lte=high).order_by("id").values_list("id", flat=True)
    held = np.fromiter((low - 1, *there.iterator(), high + 1), np.int64)
    for at in np.flatnonzero(np.diff(held) > 1).tolist():
        yield int(held[at]) + 1, int(held[at + 1]) - 1


def _said_until(moment: datetime.datetime) -> tuple[int, int, int]:
    return (
        Consent.objects.filter(at__lte=moment).count(),
        Consent.objects.filter(withdrawn__lte=moment).count(),
        DonorLink.objects.filter(at__lte=moment).count(),
    )

"""Which times outside their temperatures specimens were in: themselves, or what they were made from since."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from wardbench.campus.biobank import descent
from wardbench.campus.biobank.imports.files import pieces
from wardbench.campus.biobank.models import CustodyEvent, Excursion


@dataclass(frozen=True)
class _Stay:
    """Where a specimen lay from an event until the next (None: it lies there still); `inside` the path of the box."""

    specimen: uuid.UUID
    inside: str
    since: datetime.datetime
    until: datetime.datetime | None


def exposed(specimens: Collection[uuid.UUID], judged: str | None = None) -> dict[uuid.UUID, list[Excursion]]:
    """By specimen, the excursions that it was in, or that what it was made from was in before it was made; the first
    first. Those without any are left out. `judged` asks for excursions of which that was said alone."""
    known = Excursion.objects.all() if judged is None else Excursion.objects.filter(judged=judged)
    at: dict[str, list[Excursion]] = defaultdict(list)
    for one in known.select_related("equipment__container").order_by("began"):
        at[one.equipment.container_id.hex].append(one)
    if not at or not specimens:
        return {}
    origins = descent.made_from(specimens)
    hit: dict[uuid.UUID, dict[uuid.UUID, Excursion]] = defaultdict(dict)
    begun: dict[uuid.UUID, datetime.datetime] = {}
    for stay in _stays(set(specimens).union(*origins.values())):
        begun.setdefault(stay.specimen, stay.since)
        for part in stay.inside.split("/"):
            for one in at.get(part, ()):
                after = stay.until is None or stay.until > one.began
                if after and (one.ended is None or stay.since <= one.ended):
                    hit[stay.specimen][one.id] = one
    found = {}
    for specimen in specimens:
        own = dict(hit[specimen])
        for origin in origins[specimen]:
            own |= {key: one for key, one in hit[origin].items() if begun[specimen] > one.began}
        if own:
            found[specimen] = sorted(own.values(), key=lambda one: one.began)
    return found


def _stays(specimens: Collection[uuid.UUID]) -> Iterator[_Stay]:
    for some in pieces(sorted(specimens), 500):
        events = CustodyEvent.objects.filter(specimen__in=some).order_by("specimen", "at", "number")
        before: tuple[uuid.UUID, datetime.datetime, str] | None = None
        for specimen, at, inside in events.values_list("specimen", "at", "inside"):
            if before is not None:
                yield _Stay(before[0], before[2], before[1], at if before[0] == specimen else None)
            before = (specimen, at, inside)
        if before is not None:
            yield _Stay(before[0], before[2], before[1], None)

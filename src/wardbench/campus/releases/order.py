"""The order in which tubes are picked: freezer by freezer, rack by rack, box by box, position by position."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import TypeVar

from wardbench.campus.biobank.models import Container
from wardbench.campus.releases.models import RequestLine

T = TypeVar("T")
Where = tuple[str | None, int | None, str]
"""The path of the box, None where there is none; the position in it; the label."""


def in_order(lines: Iterable[RequestLine]) -> list[RequestLine]:
    """By where the tubes stand, from the site down to the position, so that every door is opened once."""
    return by_place(lines, _where)


def by_place(things: Iterable[T], where: Callable[[T], Where]) -> list[T]:
    """Whatever lies somewhere in the order of the places, those without a box last; one read for all of them."""
    things = list(things)
    paths = {path for path, _place, _label in map(where, things) if path is not None}
    steps = {path: [uuid.UUID(part) for part in path.split("/") if part] for path in paths}
    found = Container.objects.filter(id__in={one for those in steps.values() for one in those})
    known = {
        one: (-1 if place is None else place, name) for one, place, name in found.values_list("id", "place", "name")
    }
    way = {path: [known[one] for one in those] for path, those in steps.items()}

    def key(thing: T) -> tuple[bool, list[tuple[int, str]], int, str]:
        path, place, label = where(thing)
        return (path is None, way[path] if path is not None else [], -1 if place is None else place, label)

    return sorted(things, key=key)


def _where(line: RequestLine) -> Where:
    one = line.specimen
    return (one.box.path if one.box is not None else None, one.place, one.label)

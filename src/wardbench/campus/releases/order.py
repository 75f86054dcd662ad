"""The order in which tubes are picked: freezer by freezer, rack by rack, box by box, position by position."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from wardbench.campus.biobank.models import Container
from wardbench.campus.releases.models import RequestLine


def in_order(lines: Iterable[RequestLine]) -> list[RequestLine]:
    """By where the tubes stand, from the site down to the position, so that every door is opened once."""
    lines = list(lines)
    paths = {line.specimen.box.path for line in lines if line.specimen.box is not None}
    ids = {uuid.UUID(part) for path in paths for part in path.split("/") if part}
    place = {
        one.id: (one.place if one.place is not None else -1, one.name) for one in Container.objects.filter(id__in=ids)
    }

    def key(line: RequestLine) -> tuple[bool, list[tuple[int, str]], int, str]:
        one = line.specimen
        steps = [place[uuid.UUID(part)] for part in one.box.path.split("/") if part] if one.box is not None else []
        return (one.box is None, steps, one.place if one.place is not None else -1, one.label)

    return sorted(lines, key=key)

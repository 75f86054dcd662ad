"""Positions in containers: what they are called, whether something fits, where a container is in words."""

from __future__ import annotations

import re
import uuid

from wardbench.campus.biobank.models import Container
from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import InputError


def label(container: Container, place: int | None) -> str:
    """What a position is called on the box: "B3", or "15" where it counts; "" for none."""
    if place is None:
        return ""
    if container.labels == Container.Labels.NUMBER or not container.columns:
        return str(place + 1)
    row, column = divmod(place, container.columns)
    return f"{letters(row)}{column + 1}"


def place_of(container: Container, text: str) -> int:
    """The number of a position from what it is called; InputError where the container has none of that name."""
    text = text.strip().upper()
    if not text:
        raise InputError(gettext_noop("position: say in which position of {box}."), box=container.name)
    found = re.fullmatch(r"([A-Z]{1,3})\s*-?\s*0*(\d{1,4})", text)
    if found and container.columns:
        row, column = number_of(found[1]), int(found[2]) - 1
        place = row * container.columns + column if 0 <= column < container.columns else -1
    else:
        place = int(text) - 1 if text.isdecimal() and len(text) < 7 else -1
    if place < 0 or (container.positions is not None and place >= container.positions):
        raise InputError(gettext_noop("position: {box} has no position “{text}”."), box=container.name, text=text[:20])
    return place


def letters(row: int) -> str:
    """Rows as spreadsheets name them: A to Z, then AA."""
    text = ""
    row += 1
    while row:
        row, rest = divmod(row - 1, 26)
        text = chr(65 + rest) + text
    return text


def number_of(text: str) -> int:
    """The reverse of `letters`."""
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - 64
    return number - 1


def check(box: Container, place: int | None, material: str) -> None:
    """InputError where `box` is closed, has no such position, needs one, or is for other materials."""
    if box.closed is not None:
        raise InputError(gettext_noop("box: {box} is closed."), box=box.name)
    if box.positions is not None and place is None:
        raise InputError(gettext_noop("position: {box} has positions; say which."), box=box.name)
    if place is not None and (box.positions is None or not 0 <= place < box.positions):
        raise InputError(gettext_noop("position: {box} has no position “{text}”."), box=box.name, text=str(place + 1))
    if box.materials and material not in box.materials:
        raise InputError(gettext_noop("box: {box} is for other materials."), box=box.name)


class Words:
    """Where a specimen is, in words from the site down: "Campus / Room 2 / Freezer 7 / Rack 3 / Box 12: B4".

    Names are read once for each container.
    """

    def __init__(self) -> None:
        self._names: dict[uuid.UUID, str] = {}
        self._known: dict[uuid.UUID, str] = {}

    def of(self, container: Container | None, place: int | None) -> str:
        if container is None:
            return ""
        if container.id not in self._known:
            above = [uuid.UUID(part) for part in container.path.split("/") if part]
            missing = [one for one in above if one not in self._names]
            self._names.update(Container.objects.filter(id__in=missing).values_list("id", "name"))
            self._known[container.id] = " / ".join(self._names.get(one, "?") for one in above)
        where = self._known[container.id]
        return f"{where}: {label(container, place)}" if place is not None else where


def temperatures() -> dict[uuid.UUID, str]:
    """How cold each container is kept: by its own word, or that of the nearest around it."""
    said = {one_id: (path, own) for one_id, path, own in Container.objects.values_list("id", "path", "temperature")}
    found = {}
    for one_id, (path, own) in said.items():
        if own:
            found[one_id] = own
            continue
        around = (uuid.UUID(part) for part in reversed([part for part in path.split("/") if part][:-1]))
        found[one_id] = next((said[part][1] for part in around if part in said and said[part][1]), "")
    return found


def temperature_of(container: Container) -> str:
    """How cold one container is kept, as in `temperatures`."""
    ids = [uuid.UUID(part) for part in container.path.split("/") if part]
    said = dict(Container.objects.filter(id__in=ids).values_list("id", "temperature"))
    return next((said[one] for one in reversed(ids) if said.get(one)), "")

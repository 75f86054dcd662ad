"""Which place a text of a spreadsheet means: by barcode, by path, or by a name of one place alone. It asks nothing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wardbench.campus.biobank.models import Container
from wardbench.campus.people.sheet import folded

MOST_SIDE = 100


@dataclass(frozen=True, eq=False)
class Spot:
    """A place that specimens go into; `id` is None where it is a box that is yet to be added."""

    id: uuid.UUID | None
    name: str
    container: Container


@dataclass(frozen=True)
class NewBoxes:
    """Boxes that are not there yet are added: how large, how their positions are called, and inside what.

    `sizes` are those that a file says itself, by the text of the box. `free` is how many more boxes fit into `parent`,
    None for any number.
    """

    rows: int
    columns: int
    labels: str = "A1"
    parent: Container | None = None
    sizes: Mapping[str, tuple[int, int, str]] | None = None
    free: int | None = None


class Spots:
    """The places of an inventory, as texts mean them."""

    def __init__(self, containers: Iterable[Container] = (), new: NewBoxes | None = None) -> None:
        self._new, self._made = new, dict[str, Spot]()
        held = {one.path: one for one in containers}
        self._barcodes = {one.barcode: one for one in held.values()}
        self._named: dict[str, list[tuple[Container, tuple[str, ...]]]] = {}
        names = {path.rstrip("/").rpartition("/")[2]: folded(one.name) for path, one in held.items()}
        for path, one in held.items():
            way = tuple(names.get(part, "") for part in path.split("/") if part)
            self._named.setdefault(way[-1], []).append((one, way))
        self._found: dict[str, Spot | str] = {}
        self._kept: dict[uuid.UUID, Spot] = {}

    def find(self, text: str) -> Spot | str:
        """The place that a text means, or the cause why it means none."""
        found = self._found.get(text)
        if found is None:
            found = self._found[text] = self._look(text)
        return found

    @property
    def added(self) -> Iterable[Spot]:
        """The boxes that are yet to be added, in the order in which they were asked for."""
        return self._made.values()

    def _look(self, text: str) -> Spot | str:
        kept = self._barcodes.get(text)
        if kept is None:
            whole = self._named.get(folded(text), ())
            if len(whole) == 1:
                kept = whole[0][0]
            else:
                parts = [folded(part) for part in re.split(r"[/>\\]", text) if part.strip()]
                below = [one for one, way in self._named.get(parts[-1], ()) if _leads(parts, way)] if parts else []
                if len(below) > 1:
                    return "boxes"
                kept = below[0] if below else None
        if kept is not None:
            return self._kept.setdefault(kept.id, Spot(kept.id, kept.name, kept))
        return self._add(text) if self._new is not None else "box"

    def _add(self, text: str) -> Spot | str:
        """A box that is to be added under a text, once for all ways in which the text is written."""
        new = self._new
        assert new is not None
        key = folded(text)
        if key not in self._made:
            if new.free is not None and len(self._made) >= new.free:
                return "room"
            high, wide, labels = (new.sizes or {}).get(text, (new.rows, new.columns, new.labels))
            name = " ".join(text.split())
            if len(name) > 64:
                return "box"
            made = Container(name=name, barcode=name, kind="box", rows=high, columns=wide, labels=labels)
            self._made[key] = Spot(None, name, made)
        return self._made[key]


def _leads(parts: list[str], way: tuple[str, ...]) -> bool:
    """Whether `parts` stand on the way to a place in their order, the last of them at its end."""
    above = iter(way[:-1])
    return parts[-1] == way[-1] and all(any(part == one for one in above) for part in parts[:-1])

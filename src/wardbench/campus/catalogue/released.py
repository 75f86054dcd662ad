"""What the released cube says of single collections: figures for everybody, and no others. Asks no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wardbench.ward.samples.exchange.inventory import Extent

SEXES = {"female": "Female", "male": "Male", "other": "Undifferentiated"}
Cells = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """Materials that are counted together, and their figures as they may be shown."""

    materials: Sequence[str]
    donors: str
    specimens: str


@dataclass(frozen=True)
class Figures:
    """Figures of a collection; `alone` says whether they are of it alone, and not of several small ones together.

    `own` are the donors of a collection alone whose other figures are of several together, where that may be told.
    `extent` holds the numbers only where they are of the collection alone.
    """

    released: str = ""
    alone: bool = False
    donors: str = ""
    specimens: str = ""
    own: str = ""
    rows: Sequence[Row] = ()
    extent: Extent = field(default_factory=Extent)


def figures(cube: Mapping[str, Any] | None, code: str) -> Figures:
    """The figures of the collection of this code; without any where nothing of it was released yet."""
    if cube is None or "coarser" not in cube:
        return Figures()
    whole, by_material = cube["coarser"]
    cell = _of(whole, code)
    if cell is None:
        return Figures(released=cube["released"])
    alone = cell["places"][:1] == [[code]]
    own = "" if alone else cube.get("own", {}).get(code, "")
    parts = [one for one in by_material if one["places"][:1] == [[code]]] if alone else []
    rows = [
        Row([value for value in one["places"][1] if value], one["donors"], one["specimens"])
        for one in parts
        if len(one["places"]) > 1
    ]
    extent = _extent(cube, code, cell) if alone else Extent(donors=_number(own))
    return Figures(cube["released"], alone, cell["donors"], cell["specimens"], own, rows, extent)


def _of(cells: Cells, code: str) -> Mapping[str, Any] | None:
    """The cell that holds a collection; one that is of all collections names none."""
    return next((one for one in cells if one["places"] and code in one["places"][0]), None)


def _extent(cube: Mapping[str, Any], code: str, cell: Mapping[str, Any]) -> Extent:
    found: dict[str, set[str]] = {name: set() for name in cube["dimensions"]}
    for one in cube["cells"]:
        if one["places"][:1] == [[code]]:
            for name, values in zip(cube["dimensions"], one["places"], strict=False):
                found[name].update(value for value in values if value)
    ages = [tuple(int(end) for end in band.split("..")) for band in found["age"]]
    return Extent(
        donors=_number(cell["donors"]),
        specimens=_number(cell["specimens"]),
        materials=tuple(sorted(found["material"])),
        temperatures=tuple(sorted(found["temperature"])),
        sexes=tuple(sorted(SEXES[sex] for sex in found["sex"])),
        age_low=min((low for low, _high in ages), default=None),
        age_high=max((high for _low, high in ages), default=None),
    )


def _number(text: str) -> int | None:
    plain = text.replace(",", "")
    return int(plain) if plain.isdecimal() else None

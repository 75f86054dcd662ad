"""What the page of an import shows: reasons by how many rows they concern, the rows to mend, some of the good ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from wardbench.campus.biobank import places
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.imports.causes import CAUSES
from wardbench.campus.biobank.imports.checking import Checked, Fault, groups
from wardbench.campus.biobank.imports.facts import looked_at
from wardbench.campus.biobank.imports.fields import FIELDS
from wardbench.campus.biobank.imports.files import Table
from wardbench.campus.biobank.models import Import, Specimen
from wardbench.core.miabis import MATERIALS

ON_A_PAGE = 25
GOOD_SHOWN = 10
EXAMPLES = 3
MAPS_SHOWN = 6
REPLACED = frozenset({"material", "kind", "unit", "no_unit", "sex", "status", "box", "boxes", "date", "number", "year"})
"""Causes that are mended by writing something else wherever a text stands."""


@dataclass(frozen=True)
class Cell:
    """A cell of a row that is kept back; `said` is why, "" where nothing is wrong with it."""

    place: int
    header: str
    text: str
    said: str


@dataclass(frozen=True)
class Row:
    """A row that is kept back: its cells, and what is wrong with it besides."""

    line: int
    cells: Sequence[Cell]
    said: Sequence[str]


@dataclass(frozen=True)
class Reason:
    """Why rows are kept back: the field, the sentence, how many; `texts` can be replaced in the column at `place`."""

    field: str
    cause: str
    title: str
    said: str
    rows: int
    place: int | None
    texts: Sequence[tuple[str, int]]
    more: int
    is_material: bool


@dataclass(frozen=True)
class Column:
    """A column of the file, with examples of what stands in it."""

    place: int
    header: str
    field: str
    examples: str


@dataclass(frozen=True)
class Good:
    """A row that can be entered, as it will be."""

    label: str
    kind: str
    material: str
    donor: str
    amount: str
    collected: Any
    where: str


@dataclass(frozen=True)
class Map:
    """A box as it will be filled: what its columns are called, and row by row a label and whether it is kept back."""

    name: str
    is_new: bool
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[tuple[str, bool]]]]


@dataclass(frozen=True)
class Look:
    """Everything about an import that is open."""

    told: Sequence[str]
    good: int
    ours: int
    kept_back: int
    reasons: Sequence[Reason]
    pages: Page[int]
    rows: Sequence[Row]
    first_good: Sequence[Good]
    columns: Sequence[Column]
    new_donors: int
    new_boxes: int
    maps: Sequence[Map]
    more_maps: int


def look(one: Import, field: str = "", cause: str = "", page: str | None = None) -> Look:
    """An import as its page shows it; the rows of one reason alone where `field` and `cause` are given."""
    table, columns, checked, known = looked_at(one)
    wanted = [f for f in checked.faults if not cause or (f.field, f.cause) == (field, cause)]
    rows = list(dict.fromkeys(fault.row for fault in wanted))
    of: dict[int, list[Fault]] = {}
    here = Paginator(rows, ON_A_PAGE).get_page(page)
    on_it = list(here.object_list)
    there = set(on_it)
    for fault in checked.faults:
        if fault.row in there:
            of.setdefault(fault.row, []).append(fault)
    told = list(table.told)
    if checked.months_first:
        told.append(_("Dates were read with the month before the day: 01/31/2026 is the last day of January."))
    maps, count = _maps(checked) if one.kind == "map" else ([], 0)
    donors = {checked.values["donor"][row] for row in checked.good} - {None, *known.donors}
    return Look(
        told=told,
        good=len(checked.good),
        ours=len(checked.ours),
        kept_back=len(checked.kept_back),
        reasons=[_reason(one, group) for group in groups(checked.faults)],
        pages=here,
        rows=[_row(one, table, columns, row, of[row]) for row in on_it],
        first_good=[_good(checked, row) for row in checked.good[:GOOD_SHOWN]],
        columns=_columns(one, columns),
        new_donors=len(donors),
        new_boxes=len({id(checked.values["box"][row]) for row in checked.good if _is_new(checked.values["box"][row])}),
        maps=maps,
        more_maps=count - len(maps),
    )


def _is_new(spot: Any) -> bool:
    return spot is not None and spot.id is None


def _maps(checked: Checked) -> tuple[list[Map], int]:
    """The first boxes that rows go into, as maps, and how many there are."""
    of: dict[Any, dict[int, tuple[str, bool]]] = {}
    kept = checked.kept_back
    for row, spot in enumerate(checked.values["box"]):
        place = checked.values["place"][row]
        if spot is not None and place is not None:
            of.setdefault(spot, {})[place] = (checked.values["label"][row] or "?", row in kept)
    found = []
    for spot, held in list(of.items())[:MAPS_SHOWN]:
        box = spot.container
        high, wide = box.rows or 0, box.columns or 0
        rows = [
            (places.letters(row), [held.get(row * wide + column, ("", False)) for column in range(wide)])
            for row in range(high)
        ]
        found.append(Map(spot.name, _is_new(spot), [str(column + 1) for column in range(wide)], rows))
    return found, len(of)


def _place(one: Import, field: str) -> int | None:
    return one.matching.index(field) if field in one.matching else None


def _row(one: Import, table: Table, columns: Sequence[Sequence[str]], row: int, faults: Sequence[Fault]) -> Row:
    of = {place: CAUSES[f.cause] for f in reversed(faults) if (place := _place(one, f.field)) is not None}
    cells = [
        Cell(place, header, columns[place][row], _(of[place]) if place in of else "")
        for place, header in enumerate(one.headers)
    ]
    loose = [f"{_(FIELDS[f.field].title)}: {_(CAUSES[f.cause])}" for f in faults if _place(one, f.field) is None]
    return Row(table.lines[row], cells, loose)


def _reason(one: Import, group: Any) -> Reason:
    place = _place(one, group.field)
    can = group.cause in REPLACED and place is not None
    return Reason(
        group.field,
        group.cause,
        one.headers[place] if place is not None else _(FIELDS[group.field].title),
        _(CAUSES[group.cause]),
        group.rows,
        place if can else None,
        group.texts,
        group.more,
        group.field == "material",
    )


def _columns(one: Import, columns: Sequence[Sequence[str]]) -> list[Column]:
    found = []
    for place, header in enumerate(one.headers):
        examples = list(dict.fromkeys(cell for cell in columns[place][:200] if cell))[:EXAMPLES]
        found.append(Column(place, header, one.matching[place], " · ".join(text[:40] for text in examples)))
    return found


def _good(checked: Checked, row: int) -> Good:
    value: Callable[[str], Any] = lambda name: checked.values[name][row]  # noqa: E731
    spot, amount = value("box"), value("amount")
    where = ""
    if spot is not None:
        position = places.label(spot.container, value("place"))
        where = f"{spot.name}: {position}" if position else spot.name
    return Good(
        value("label"),
        str(Specimen.Kind(value("kind")).label),
        _(MATERIALS[value("material")]),
        value("donor") or "",
        str(Amount(amount, value("unit"))) if amount is not None and value("unit") else "",
        value("collected"),
        where,
    )


def good_rows(one: Import) -> int:
    """How many rows of an import can be entered now."""
    return len(looked_at(one)[2].good)


def rest(one: Import) -> tuple[list[str], Iterator[list[str]]]:
    """The headers and rows of what is kept back, as it was mended, with the reasons in a column of their own."""
    _table, columns, checked, _known = looked_at(one)
    reasons: dict[int, list[str]] = {}
    sentences: dict[tuple[str, str], str] = {}
    for fault in checked.faults:
        key = (fault.field, fault.cause)
        if key not in sentences:
            place = _place(one, fault.field)
            title = one.headers[place] if place is not None else _(FIELDS[fault.field].title)
            sentences[key] = f"{title}: {_(CAUSES[fault.cause])}"
        held = reasons.setdefault(fault.row, [])
        if sentences[key] not in held:
            held.append(sentences[key])
    headers = [*one.headers, _("reasons")]
    return headers, ([*(column[row] for column in columns), " ".join(said)] for row, said in sorted(reasons.items()))


def choices() -> Mapping[str, str]:
    """What a column can mean, by the name of the field."""
    return {name: _(field.title) for name, field in FIELDS.items()}

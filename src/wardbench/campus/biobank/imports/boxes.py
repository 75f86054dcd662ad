"""A freezer's sheet: boxes drawn as grids, with a label in each cell, below or beside one another. No database here.

A grid is known by its edges: numbers (or letters) from the first on above it, letters (or numbers) from the first on
at its left. What it is called stands in its corner, or above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank.imports.files import MOST_ROWS, Table
from wardbench.campus.biobank.imports.spots import MOST_SIDE
from wardbench.campus.biobank.places import letters
from wardbench.campus.people.sheet import folded
from wardbench.core.errors import InputError
from wardbench.core.workbook import Sheet

LEAST_SIDE = 2
FIRST = frozenset({"1", "01", "A", "a"})
"""What an edge begins with."""
MOST_LINES = 5
EMPTY = frozenset({"", "x", "leeg", "vrij", "empty", "free", "vide", "libre", "0", "nvt", "na", "n a"})
"""What is written, folded, into a position where nothing lies; dashes and dots fold to nothing."""


@dataclass(frozen=True)
class Grid:
    """A box as a sheet draws it: its name, its size, and the text of each position row by row."""

    name: str
    rows: int
    columns: int
    cells: tuple[str, ...]


def grids(sheet: Sheet) -> list[Grid]:
    """The boxes that a sheet draws, from the top down and from the left to the right."""
    rows = sheet.rows
    found: list[Grid] = []
    used: set[tuple[int, int]] = set()
    for top, row in enumerate(rows):
        if FIRST.isdisjoint(row):
            continue
        for left in range(len(row) - LEAST_SIDE):
            if (top, left) in used or not _begins(_at(rows, top, left + 1)) or not _begins(_at(rows, top + 1, left)):
                continue
            wide = _run(_at(rows, top, left + 1 + step) for step in range(MOST_SIDE))
            high = _run(_at(rows, top + 1 + step, left) for step in range(MOST_SIDE))
            if wide < LEAST_SIDE or high < LEAST_SIDE:
                continue
            used |= {(top + down, left + right) for down in range(high + 1) for right in range(wide + 1)}
            cells = tuple(_at(rows, top + 1 + down, left + 1 + right) for down in range(high) for right in range(wide))
            found.append(Grid(_name(rows, top, left, wide, used), high, wide, cells))
    return found


def _at(rows: Sequence[Sequence[str]], row: int, column: int) -> str:
    return rows[row][column].strip() if 0 <= row < len(rows) and 0 <= column < len(rows[row]) else ""


def _begins(text: str) -> bool:
    return text in FIRST


def _run(texts: Iterable[str]) -> int:
    """How many texts count from the first on: 1, 2, 3 or A, B, C."""
    count = 0
    for count, text in enumerate(texts):
        if text.upper() != letters(count) and text.lstrip("0") != str(count + 1):
            return count
    return count + 1


def _name(rows: Sequence[Sequence[str]], top: int, left: int, wide: int, used: set[tuple[int, int]]) -> str:
    """What a grid is called: its corner, or the first text above it that belongs to no other grid."""
    if corner := _at(rows, top, left):
        return corner
    for up in range(top - 1, max(-1, top - 4), -1):
        for column in range(left, left + wide + 1):
            if (up, column) in used:
                return ""
            if text := _at(rows, up, column):
                return text
    return ""


def table_of(sheets: Sequence[Sheet]) -> Table | None:
    """The boxes of a file as a table of labels with box and position, or None where none is drawn.

    A cell of several lines has its label in the first; the others are columns of their own.
    """
    drawn = [(sheet, grid) for sheet in sheets for grid in grids(sheet)]
    if not drawn:
        return None
    named = list(_named(drawn))
    rows: list[list[str]] = []
    sizes: dict[str, tuple[int, int, str]] = {}
    deepest = 1
    for name, grid in named:
        sizes[name] = (grid.rows, grid.columns, "A1")
        for place, cell in enumerate(grid.cells):
            lines = [line.strip() for line in cell.splitlines() if line.strip()][:MOST_LINES]
            if not lines or folded(lines[0]) in EMPTY:
                continue
            row, column = divmod(place, grid.columns)
            rows.append([lines[0], name, f"{letters(row)}{column + 1}", *lines[1:]])
            deepest = max(deepest, len(lines))
    if len(rows) > MOST_ROWS:
        raise InputError(_("The file has more than %(most)d rows; split it.") % {"most": MOST_ROWS})
    if not rows:
        raise InputError(_("The boxes of this file are all empty."))
    headers = ["Label", "Box", "Position", *(_("Line %(n)d of the cell") % {"n": n} for n in range(2, deepest + 1))]
    full = tuple((*row, *[""] * (len(headers) - len(row))) for row in rows)
    said = ngettext(
        "%(n)d box was found, drawn as a grid; each of its cells is a row.",
        "%(n)d boxes were found, drawn as grids; each of their cells is a row.",
        len(named),
    ) % {"n": len(named)}
    return Table(tuple(headers), tuple(range(1, len(full) + 1)), full, (said,), sizes, "map")


def _named(drawn: Sequence[tuple[Sheet, Grid]]) -> Iterator[tuple[str, Grid]]:
    """Each grid with a name that no other has: its own, with the sheet before it or a number after it where needed."""
    taken: set[str] = set()
    plain = [folded(grid.name) for _sheet, grid in drawn]
    for (sheet, grid), said in zip(drawn, plain, strict=True):
        name = " ".join(grid.name.split())[:60] or (sheet.name or _("Box"))
        if said and plain.count(said) > 1 and sheet.name:
            name = f"{sheet.name} {name}"[:60]
        base, number = name, 1
        while folded(name) in taken:
            number += 1
            name = f"{base} {number}"
        taken.add(folded(name))
        yield name, grid

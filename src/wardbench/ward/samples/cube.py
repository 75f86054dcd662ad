"""What people without a permit browse: specimens in coarse cells, released once for a snapshot.

Each specimen is in one cell. Cells come of dividing: all specimens by collection, each collection by material, and so
on. Before each division its parts are made large enough by `Rules.partition`, which merges small neighbours; what was
merged is one part from then on, and is divided like any other. Only cells are released, never a part and its whole, and
all numbers are made safe by the rules of the mode. Whoever adds, filters or compares cells works on what everybody has,
and learns nothing more.

A donor may have specimens in many cells. Parts are judged by donors each counted once, in the first part they are in:
a part has at least as many donors as it is judged by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wardbench.core.disclosure import Figure, Rules
from wardbench.core.errors import InputError
from wardbench.ward.samples.chapters import CHAPTERS, chapter_of
from wardbench.ward.samples.finding import rows_of
from wardbench.ward.samples.index import SampleIndex
from wardbench.ward.samples.query import UNKNOWN, Query
from wardbench.ward.samples.selecting import select

DIMENSIONS = ("collection", "material", "chapter", "sex", "age", "temperature")
AGE = 20
"""Years of a band of age at collection."""
SEVERAL = "several"
"""The chapter of a specimen whose donor's diagnoses are of more than one."""

Ints = npt.NDArray[np.int64]
Places: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Cell:
    """`places` are, dimension by dimension, the values that were put together; the dimensions that follow are any.

    `donors` and `specimens` are what may be shown of it.
    """

    places: tuple[tuple[str, ...], ...]
    donors: Figure
    specimens: Figure


@dataclass(frozen=True)
class Cube:
    """The cells of a snapshot's specimens in the order of dividing; every specimen with a donor is in exactly one."""

    version: str
    mode: str
    dimensions: tuple[str, ...]
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


def make_cube(
    index: SampleIndex, rules: Rules, query: Query | None = None, *, dimensions: Sequence[str] = DIMENSIONS
) -> Cube:
    """The cube of the specimens of a query (without one: that can be given for research); InputError for dimensions
    that there are not. To be kept with its snapshot: nobody is served another one of the same specimens."""
    if not dimensions or len(set(dimensions)) < len(dimensions) or not set(dimensions) <= set(DIMENSIONS):
        raise InputError(f"cube: the dimensions are some of {', '.join(DIMENSIONS)}, each once.")
    parts = divided(index, rules, query, dimensions)
    cells = tuple(_cell(rules, donors, places) for places, donors in parts)
    return Cube(index.version, rules.mode, tuple(dimensions), cells, rules.notes)


def divided(
    index: SampleIndex, rules: Rules, query: Query | None = None, dimensions: Sequence[str] = DIMENSIONS
) -> Iterator[tuple[Places, Ints]]:
    """The cells of a cube before anything is made safe: their places, and the donor's number of each specimen."""
    table, donors = _specimens(index, query)
    columns = [_dimension(table, name) for name in dimensions]
    if donors.size:
        yield from _divided(rules, columns, donors, np.arange(donors.size), (), 0)


def donors_by(index: SampleIndex, query: Query | None, dimension: str) -> dict[str, Ints]:
    """The donors with a specimen of each value of a dimension, by their numbers in `divided`, rising."""
    table, donors = _specimens(index, query)
    words, codes = _dimension(table, dimension)
    return {words[code]: np.unique(donors[codes == code]) for code in np.unique(codes)}


def _specimens(index: SampleIndex, query: Query | None) -> tuple[pa.Table, Ints]:
    """What a cube is of, and the donor's number of each specimen."""
    table = index.rows.take(rows_of(index, select(index, query or Query.of()).all.words()))
    table = table.filter(pc.is_valid(table.column("donor")))
    return table, _dictionary(table.column("donor"))[1]


def _divided(
    rules: Rules,
    columns: list[tuple[list[str], Ints]],
    donors: Ints,
    rows: Ints,
    places: Places,
    depth: int,
) -> Iterator[tuple[Places, Ints]]:
    if depth == len(columns):
        yield places, donors[rows]
        return
    words, codes = columns[depth]
    used, part = np.unique(codes[rows], return_inverse=True)
    groups = rules.partition(_judged(donors[rows], part, used.size))
    parts = [group.members for group in groups]
    if any(group.count.value is None for group in groups):
        # Of few nothing more is told. Where figures say less than a number of parts, these stay together.
        if len(groups) == 1:
            yield places, donors[rows]
            return
        parts = [tuple(range(used.size))]
    for members in parts:
        chosen = rows[np.isin(part, members)]
        named = (*places, tuple(words[used[member]] for member in members))
        yield from _divided(rules, columns, donors, chosen, named, depth + 1)


def _judged(donors: Ints, part: Ints, parts: int) -> list[int]:
    """The donors of each part, each in the first one that they are in."""
    first = np.full(int(donors.max()) + 1, parts, np.int64)
    np.minimum.at(first, donors, part)
    counts: list[int] = np.bincount(first, minlength=parts + 1)[:parts].tolist()
    return counts


def _cell(rules: Rules, donors: Ints, places: Places) -> Cell:
    each = np.sort(np.bincount(donors))[::-1]
    persons = int(np.count_nonzero(each))
    # The whole is everybody with specimens here, who all have some: no part of it is told.
    specimens = rules.amount(int(each.sum()), persons, each[:2].tolist())
    return Cell(places, rules.total(persons), specimens)


def _dimension(table: pa.Table, name: str) -> tuple[list[str], Ints]:
    """The values of a dimension in order, and each specimen's."""
    if name == "age":
        return _ages(table.column("age"))
    return _chapters(table.column("diagnoses")) if name == "chapter" else _dictionary(table.column(name))


def _ages(column: pa.ChunkedArray) -> tuple[list[str], Ints]:
    years = np.asarray(pc.fill_null(column, -1).to_numpy()).astype(np.int64)
    bands = np.where(years < 0, 0, 1 + years // AGE)
    words = [UNKNOWN] + [f"{low}..{low + AGE - 1}" for low in range(0, AGE * int(bands.max(initial=0)), AGE)]
    return words, bands


def _chapters(column: pa.ChunkedArray) -> tuple[list[str], Ints]:
    lists = column.combine_chunks()
    codes = pc.dictionary_encode(pc.list_flatten(lists))
    places = np.array([CHAPTERS.index(chapter_of(code)) + 1 for code in codes.dictionary.to_pylist()], np.int64)
    chapter = places[np.asarray(codes.indices)] if len(codes) else np.zeros(0, np.int64)
    row = np.asarray(pc.list_parent_indices(lists))
    low = np.full(len(lists), len(CHAPTERS) + 1, np.int64)
    high = np.zeros(len(lists), np.int64)
    np.minimum.at(low, row, chapter)
    np.maximum.at(high, row, chapter)
    found = np.where(high == 0, 0, np.where(low == high, high, len(CHAPTERS) + 1))
    return [UNKNOWN, *CHAPTERS, SEVERAL], found


def _dictionary(column: pa.ChunkedArray) -> tuple[list[str], Ints]:
    column = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    merged: Any = column.unify_dictionaries().combine_chunks()
    words = merged.dictionary.to_pylist()
    order = np.argsort(np.array(words, np.str_), kind="stable")
    place = np.zeros(len(words) + 1, np.int64)
    place[order] = np.arange(1, len(words) + 1)
    codes = np.asarray(pc.fill_null(merged.indices, len(words))).astype(np.int64)
    return [UNKNOWN, *(words[number] for number in order)], place[codes]

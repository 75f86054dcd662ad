"""What the index of specimens is built from: an Arrow table with one row for each specimen, checked strictly.

Whoever keeps an inventory (the campus, a store's OMOP `specimen`) writes this table; nothing else is asked of it.
Amounts are whole numbers of the smallest unit of their dimension: nanolitres, nanograms, cells, pieces. `consent` are
the tiers of `core.consent.bits`. `collected` is local time without a zone; its day is what dates are compared by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wardbench.core.consent import Tier
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS, TEMPERATURES

KINDS = ("primary", "aliquot", "derivative", "pool")
STATUSES = ("collected", "stored", "out", "picked", "shipped", "away", "used_up", "disposed", "missing")
GIVEABLE = ("stored", "out")
"""Of these a specimen can be picked; the others are on their way, promised, elsewhere or gone."""
DIMENSIONS = ("volume", "mass", "cells", "pieces")
SEXES = ("female", "male", "other")
OLDEST = 130
MOST_THAWS = 1000
ICD10 = r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$"


@dataclass(frozen=True)
class Field:
    """A column: its Arrow type, whether it may be missing, and the words it may hold (any where there are none)."""

    name: str
    type: pa.DataType
    missing: bool = False
    words: tuple[str, ...] = ()


FIELDS = (
    Field("specimen", pa.string()),
    Field("donor", pa.string(), missing=True),
    Field("person_id", pa.int64(), missing=True),
    Field("collection", pa.string()),
    Field("material", pa.string(), words=tuple(MATERIALS)),
    Field("temperature", pa.string(), missing=True, words=tuple(TEMPERATURES)),
    Field("kind", pa.string(), words=KINDS),
    Field("status", pa.string(), words=STATUSES),
    Field("collected", pa.timestamp("s"), missing=True),
    Field("age", pa.int16(), missing=True),
    Field("sex", pa.string(), missing=True, words=SEXES),
    Field("diagnoses", pa.list_(pa.string()), missing=True),
    Field("amount", pa.int64(), missing=True),
    Field("dimension", pa.string(), missing=True, words=DIMENSIONS),
    Field("thaws", pa.int16()),
    Field("tube", pa.string(), missing=True),
    Field("delay", pa.string(), missing=True),
    Field("delay_after", pa.string(), missing=True),
    Field("consent", pa.uint16()),
    Field("reserved", pa.bool_()),
    Field("retained", pa.bool_()),
)
"""The columns. `specimen` names it, once in the table; `donor` is missing for what is of several people or of nobody.
`diagnoses` are ICD-10 codes of the specimen or its donor. `tube`, `delay` and `delay_after` are SPREC's codes of the
primary container and of the delays before and after it was worked up."""

SCHEMA = pa.schema([pa.field(field.name, field.type, nullable=field.missing) for field in FIELDS])


def checked(table: pa.Table) -> pa.Table:
    """The columns of `table` in the order and types of `SCHEMA`, strings as dictionaries of 32 bits.

    InputError naming the column where one is missing or not known, of another type, empty where it may not be, or
    holds what it cannot; the sentence says how many rows, and no value.
    """
    for name in table.column_names:
        if name not in SCHEMA.names:
            raise InputError(f"specimens: {name}: no such column.")
    columns = {}
    for field in FIELDS:
        if field.name not in table.column_names:
            raise InputError(f"specimens: {field.name}: the column is missing.")
        columns[field.name] = _column(table.column(field.name), field)
    _refuse("specimen", "named twice", _repeated(columns["specimen"]))
    _between(columns["age"], "age", 0, OLDEST)
    _between(columns["thaws"], "thaws", 0, MOST_THAWS)
    _between(columns["amount"], "amount", 0, 1 << 60)
    _between(columns["consent"], "consent", 0, (1 << len(Tier)) - 1)
    no_dimension = pc.and_(pc.is_valid(columns["amount"]), pc.is_null(columns["dimension"]))
    _refuse("dimension", "missing beside an amount", _true(no_dimension))
    codes = pc.unique(pc.list_flatten(columns["diagnoses"]))
    wrong = pc.invert(pc.fill_null(pc.match_substring_regex(codes, ICD10), False))
    _refuse("diagnoses", "not an ICD-10 code", _true(wrong), of="codes")
    return pa.table(columns)


def _column(column: pa.ChunkedArray, field: Field) -> pa.ChunkedArray:
    given = column.type
    if pa.types.is_dictionary(given) and pa.types.is_string(field.type):
        given = given.value_type
    if given != field.type and not (pa.types.is_large_string(given) and pa.types.is_string(field.type)):
        raise InputError(f"specimens: {field.name}: its type is {column.type}, not {field.type}.")
    if not field.missing:
        _refuse(field.name, "missing", column.null_count)
    if not pa.types.is_string(field.type) or field.name == "specimen":
        return column.cast(field.type)
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column.cast(field.type))
    column = column.cast(pa.dictionary(pa.int32(), pa.string())).unify_dictionaries()
    if field.words:
        for word in _words(column):
            if word not in field.words:
                raise InputError(f"specimens: {field.name}: holds a word that is none of {', '.join(field.words)}.")
    elif "" in _words(column):
        raise InputError(f"specimens: {field.name}: an empty text; leave out what is not known.")
    return column


def _words(column: pa.ChunkedArray) -> Iterable[str]:
    used = pc.unique(column) if column.num_chunks else pa.array([], column.type)
    return [word for word in used.dictionary.take(pc.drop_null(used.indices)).to_pylist() if word is not None]


def _repeated(column: pa.ChunkedArray) -> int:
    return len(column) - int(pc.count_distinct(column).as_py())


def _between(column: pa.ChunkedArray, name: str, low: int, high: int) -> None:
    outside = pc.or_(pc.less(column, low), pc.greater(column, high))
    _refuse(name, f"not between {low} and {high}", _true(outside))


def _true(flags: Any) -> int:
    return int(pc.sum(flags).as_py() or 0)


def _refuse(name: str, what: str, count: int, *, of: str = "rows") -> None:
    if count:
        raise InputError(f"specimens: {name}: {what}, in {count:,} {of}.")

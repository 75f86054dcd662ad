"""What may be asked of events, on arrays: a mask of the rows that satisfy a condition (`cohorts.conditions`)."""

from __future__ import annotations

import operator as comparing
from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Protocol

import numpy as np

from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.core.omop.tables import TABLES
from wardbench.ward.cohorts.conditions import (
    ABNORMAL_VALUES,
    PERSON_CONCEPTS,
    RATIOS,
    ConceptIs,
    Condition,
    DateIs,
    IsAbnormal,
    NumberIs,
    Operator,
)
from wardbench.ward.cohorts.engines.arrays.columns import Columns, TableColumns
from wardbench.ward.cohorts.engines.arrays.days import NO_DAY, NO_ID, Array, day_number, day_of, is_among, person_of
from wardbench.ward.cohorts.engines.arrays.vocabulary import Vocabulary

COMPARISONS: dict[Operator, Callable[[Array, float], Array]] = {
    "lt": comparing.lt,
    "lte": comparing.le,
    "eq": comparing.eq,
    "ne": comparing.ne,
    "gt": comparing.gt,
    "gte": comparing.ge,
}
EVENT_FIELDS = frozenset({"start_date", "end_date", "days", "age_at_start", "age_at_end", *PERSON_CONCEPTS})


class Asked(Protocol):
    """Events that can be asked for the values of a field."""

    def value(self, field: str) -> Array: ...


class Days(Protocol):
    """Whose events are, and their days."""

    @property
    def person(self) -> Array: ...
    @property
    def start(self) -> Array: ...
    @property
    def end(self) -> Array: ...


def known(values: Array) -> Array:
    """Where a value is not missing."""
    if values.dtype.kind == "f":
        return np.asarray(~np.isnan(values))
    return np.asarray(values != (NO_ID if values.dtype == np.int64 else NO_DAY))


def satisfied(condition: Condition, asked: Asked, vocabulary: Vocabulary) -> Array:
    match condition:
        case NumberIs(field, operator, value, extent):
            return _compared(asked.value(field), operator, value, extent)
        case DateIs(field, operator, day, last):
            return _compared(asked.value(field), operator, _number(day), None if last is None else _number(last))
        case ConceptIs(field, concepts, negated):
            values = asked.value(field)
            wanted = vocabulary.members(concepts) if isinstance(concepts, ConceptSet) else sorted(concepts)
            return np.asarray(known(values) & (is_among(values, np.asarray(wanted, values.dtype)) != negated))
        case IsAbnormal():
            number, low, high = (asked.value(name) for name in ("value_as_number", "range_low", "range_high"))
            outside = (number < low) | (number > high)
            return np.asarray(outside | np.isin(asked.value("value_as_concept_id"), ABNORMAL_VALUES))
    raise AssertionError(f"no array for {condition}")


def can_ask(condition: Condition, table: str | None) -> bool:
    """Whether arrays can answer; text, and what hangs on rows of other tables than are known here, they cannot."""
    match condition:
        case NumberIs(field) | DateIs(field) | ConceptIs(field):
            return field in EVENT_FIELDS or (table is not None and can_read(field, table))
        case IsAbnormal():
            return table is not None and can_read("value_as_number", table)
    return False


def can_read(field: str, table: str) -> bool:
    if field == "visit_concept_id" and table != "visit_occurrence":
        return "visit_occurrence_id" in TABLES[table].column_names
    field = RATIOS.get(field, field)
    return field in TABLES[table].column_names and TABLES[table][field].sql_type in ("INTEGER", "DOUBLE", "DATE")


def _number(day: date) -> int:
    return day_number(day)


def _compared(values: Array, operator: Operator, value: float, extent: float | None) -> Array:
    with np.errstate(invalid="ignore"):
        if extent is None:
            found = COMPARISONS[operator](values, value)
        else:
            within = (values >= value) & (values <= extent)
            found = within if operator == "between" else (values < value) | (values > extent)
    return known(values) & found


class Events:
    """Events with only what every event has: whose they are, and their days."""

    def __init__(self, columns: Columns, person: Array, start: Array, end: Array) -> None:
        self._columns, self.person, self.start, self.end = columns, person, start, end

    def value(self, field: str) -> Array:
        return _of_event(self, self._columns, field)


def _of_event(events: Days, columns: Columns, field: str) -> Array:
    match field:
        case "start_date":
            return events.start
        case "end_date":
            return events.end
        case "days":
            return np.where(events.end == NO_DAY, NO_DAY, events.end - events.start)
        case "age_at_start":
            return _age(columns, events.person, events.start)
        case "age_at_end":
            return _age(columns, events.person, events.end)
    return np.asarray(columns.people.column(field)[events.person])


def _age(columns: Columns, person: Array, day: Array) -> Array:
    born = columns.people.column("year_of_birth")[person]
    year = day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int32) + np.int32(1970)
    return np.where((day == NO_DAY) | (born == NO_DAY), NO_DAY, year - born)


class Records:
    """Events that are rows of a table, at the positions `at`; what is not asked for is not worked out."""

    def __init__(self, columns: Columns, table: TableColumns, at: Array | slice) -> None:
        self._columns, self.table, self.at = columns, table, at

    @property
    def size(self) -> int:
        return self.at.stop - self.at.start if isinstance(self.at, slice) else int(self.at.size)

    @cached_property
    def keys(self) -> Array:
        return np.asarray(self.table.keys[self.at])

    @cached_property
    def person(self) -> Array:
        return person_of(self.keys)

    @cached_property
    def start(self) -> Array:
        return day_of(self.keys)

    @cached_property
    def end(self) -> Array:
        return end_of_record(self.table, self.at, self.start)

    def column(self, name: str) -> Array:
        return np.asarray(self.table.column(name)[self.at])

    def value(self, field: str) -> Array:
        if field in EVENT_FIELDS:
            return _of_event(self, self._columns, field)
        if field in RATIOS:
            number, limit = self.column("value_as_number"), self.column(RATIOS[field])
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(limit == 0, np.nan, number / limit)
        if field == "visit_concept_id" and self.table.name != "visit_occurrence":
            return self._of_visit(field)
        return self.column(field)

    def _of_visit(self, field: str) -> Array:
        """A column of the visit that a record names, where that is the same person's."""
        visits = self._columns.table("visit_occurrence")
        ids, rows = visits.by_id
        wanted = self.column("visit_occurrence_id")
        found = np.full(wanted.size, NO_DAY, np.int32)
        if not ids.size:
            return found
        at = np.searchsorted(ids, wanted)
        at[at == ids.size] = 0
        row = rows[at]
        same = (ids[at] == wanted) & (person_of(visits.keys[row]) == self.person)
        found[same] = visits.column(field)[row[same]]
        return found


def end_of_record(table: TableColumns, at: Array | slice, start: Array) -> Array:
    """The last day of each row: the first of what its table says that is known."""
    found = np.full(start.size, NO_DAY, np.int32)
    records = table.records
    for end in records.ends:
        open_ = found == NO_DAY
        if not open_.any():
            break
        if end == "end" and records.end_date is not None:
            found = np.where(open_, table.column(records.end_date)[at], found)
        elif end == "days_supply":
            supply = table.column("days_supply")[at]
            found = np.where(open_ & (supply != NO_DAY), start + supply, found)
        elif end == "next_day":
            found = np.where(open_, start + np.int32(1), found)
    return found.astype(np.int32, copy=False)

"""Events: records of the clinical tables, together, and in their observation periods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wardbench.ward.cohorts.engines.arrays.columns import TableColumns
from wardbench.ward.cohorts.engines.arrays.conditions import Records, can_ask, satisfied
from wardbench.ward.cohorts.engines.arrays.days import (
    DAY_BITS,
    NO_DAY,
    Array,
    day_number,
    day_of,
    is_among,
    is_sorted,
    key_of,
    moved,
    person_of,
    ranges,
    starts_of_runs,
)
from wardbench.ward.cohorts.engines.arrays.evaluation import Evaluation, rows_of
from wardbench.ward.cohorts.engines.arrays.rows import Rows, missing_days, missing_ids, nothing
from wardbench.ward.cohorts.plan import Dates, Events, InObservation, Union
from wardbench.ward.cohorts.records import RECORD_TABLES

_KNOWN_FIELDS = ("table", "concepts", "source_concepts", "first", "dates", "where", "fixed_start", "fixed_end")
_ENDS = frozenset({"end", "days_supply", "next_day"})


def can_find(node: Events) -> bool:
    """Whether arrays give the rows of `node`; SQL does otherwise."""
    known = {name: getattr(node, name) for name in _KNOWN_FIELDS}
    table = RECORD_TABLES[node.table]
    return (
        table.name == node.table
        and set(table.ends) <= _ENDS
        and node == Events(**known)
        and all(can_ask(condition, node.table) for condition in node.where)
    )


@rows_of.register
def _events(node: Events, evaluation: Evaluation) -> Rows:
    if not can_find(node):
        return evaluation.by_sql(node)
    table = evaluation.columns.table(node.table)
    found = _chosen(node, table, evaluation)
    if table.has_strangers:
        found = found.kept(found.keys >= 0)
    if node.first:
        found = found.in_order().firsts()
    if node.dates is not None:
        found = found.moved(node.dates)
    # What is asked of records narrows them before they are put in order: that costs most where they are many.
    for condition in node.where:
        found = found.kept(satisfied(condition, found, evaluation.vocabulary))
    found = found.in_order()
    at, size, records = found.at, found.size, table.records
    rows = Rows(
        size,
        {
            "person": found.person,
            "event_id": lambda: table.column(records.event_id)[at],
            "start_date": found.start,
            "end_date": lambda: found.end,
            "sort_date": found.start,
            "concept_id": _of_table(table, records.concept, at) or missing_days(size),
            "visit_occurrence_id": _of_table(table, records.visit, at) or missing_ids(size),
            "op_start": missing_days(size),
            "op_end": missing_days(size),
        },
        unique=table.has_unique_ids,
    )
    if node.fixed_start is not None:
        rows = rows.with_columns(start_date=np.full(size, day_number(node.fixed_start), np.int32))
    if node.fixed_end is not None:
        rows = rows.with_columns(end_date=np.full(size, day_number(node.fixed_end), np.int32))
    return rows


def _of_table(table: TableColumns, name: str | None, at: Array | slice) -> Callable[[], Array] | None:
    return None if name is None else lambda: table.column(name)[at]


def _chosen(node: Events, table: TableColumns, evaluation: Evaluation) -> _Records:
    """The rows with the concepts asked for, in any order."""
    members = evaluation.vocabulary.members
    if node.concepts is not None:
        found = _Records(evaluation.columns, table, _spans(*table.concepts.spans(members(node.concepts))))
        if node.source_concepts is not None:
            assert table.records.source_concept is not None
            found = found.kept(is_among(found.column(table.records.source_concept), members(node.source_concepts)))
        return found
    if node.source_concepts is not None:
        directory, order = table.source_concepts
        at = order[ranges(*directory.spans(members(node.source_concepts)))]
        return _Records(evaluation.columns, table, at)
    return _Records(evaluation.columns, table, slice(0, table.size))


def _spans(begins: Array, counts: Array) -> slice | Array:
    """The rows of spans: a slice where there is only one, which is read without a copy."""
    if begins.size == 1:
        return slice(int(begins[0]), int(begins[0] + counts[0]))
    return ranges(begins, counts)


class _Records(Records):
    """Rows of a table on their way to be events; each step gives narrower ones."""

    def kept(self, mask: Array) -> _Records:
        if mask.all():
            return self
        return self._at_places(np.flatnonzero(mask))

    def _at_places(self, places: Array) -> _Records:
        at = places + self.at.start if isinstance(self.at, slice) else self.at[places]
        found = _Records(self._columns, self.table, at)
        found.__dict__.update({name: self.__dict__[name][places] for name in _WORKED_OUT & self.__dict__.keys()})
        return found

    def in_order(self) -> _Records:
        """By person and start."""
        keys = self.keys if "start" not in self.__dict__ else key_of(self.person, self.start)
        return self if is_sorted(keys) else self._at_places(np.argsort(keys, kind="stable"))

    def firsts(self) -> _Records:
        """Each person's first row, of those in order: by day, then by row id."""
        begins = starts_of_runs(self.keys >> DAY_BITS)
        first_keys = np.repeat(self.keys[begins], np.diff(np.append(begins, self.size)))
        found = self.kept(self.keys == first_keys)
        if begins.size == found.size:
            return found
        found = found._at_places(np.lexsort((found.column(self.table.records.event_id), found.keys)))
        return found._at_places(starts_of_runs(found.keys))

    def moved(self, dates: Dates) -> _Records:
        days = {"start": self.start, "end": self.end}
        start = moved(days[dates.start_from], dates.start_days)
        end = moved(days[dates.end_from], dates.end_days)
        found = _Records(self._columns, self.table, self.at)
        found.__dict__.update(person=self.person, keys=self.keys, start=start, end=end)
        return found.kept((start != NO_DAY) & (end >= start))


_WORKED_OUT = {"person", "keys", "start", "end"}


@rows_of.register
def _union(node: Union, evaluation: Evaluation) -> Rows:
    parts = [part for source in node.sources if (part := evaluation.rows(source)).size]
    if not parts:
        return nothing()
    if len(parts) == 1:
        return parts[0]
    keys = np.concatenate([key_of(part["person"], part["start_date"]) for part in parts])
    order = np.argsort(keys, kind="stable")

    def column(name: str) -> Array:
        return np.concatenate([part[name] for part in parts])[order]

    names = ("event_id", "end_date", "sort_date", "concept_id", "visit_occurrence_id", "op_start", "op_end")
    columns = {name: (lambda name=name: column(name)) for name in names}
    keys = keys[order]
    days = {"person": person_of(keys), "start_date": day_of(keys)}
    return Rows(keys.size, {**columns, **days}, unique=False, sources=tuple(parts))


@rows_of.register
def _in_observation(node: InObservation, evaluation: Evaluation) -> Rows:
    rows = evaluation.rows(node.source)
    people = evaluation.columns.people
    keys = key_of(rows["person"], rows["start_date"])
    last = np.searchsorted(people.period_keys, keys, side="right")
    if people.periods_are_apart:
        # Of periods that share no day only the last that began can hold the event.
        at = np.arange(rows.size)
        period = np.maximum(last - 1, 0)
    else:
        first = np.searchsorted(people.period_keys, rows["person"].astype(np.int64) << 22)
        at = np.repeat(np.arange(rows.size), last - first)
        period = ranges(first, last - first)
    if not people.period_keys.size:
        return nothing()
    person, start = rows["person"][at], rows["start_date"][at]
    op_start, op_end = day_of(people.period_keys[period]), people.period_ends[period]
    held = (person_of(people.period_keys[period]) == person) & (op_start <= start) & (start <= op_end)
    held &= (op_start + node.days_before <= start) & (start + node.days_after <= op_end)
    kept = np.flatnonzero(held)
    found = rows.taken(at[kept] if kept.size < rows.size or not people.periods_are_apart else np.ones(rows.size, bool))
    unique = rows.unique and people.periods_are_apart
    days = {"op_start": op_start[kept], "op_end": op_end[kept]}
    return found.with_columns(origin=at[kept], unique=unique, **days)

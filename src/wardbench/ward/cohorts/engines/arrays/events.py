"""Events: records of the clinical tables, together, and in their observation periods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wardbench.ward.cohorts.engines.arrays.columns import TableColumns
from wardbench.ward.cohorts.engines.arrays.conditions import Records, can_ask, satisfied
from wardbench.ward.cohorts.engines.arrays.days import (
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
from wardbench.ward.cohorts.plan import Events, InObservation, Union
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
    at, keys = _chosen(node, table, evaluation)
    if node.first:
        at = _first(at, keys, table)
        keys = table.keys[at]
    person, start = person_of(keys), day_of(keys)
    end: Array | None = None
    if node.dates is not None:
        days = {"start": start, "end": end_of_record(table, at, start)}
        start = moved(days[node.dates.start_from], node.dates.start_days)
        end = moved(days[node.dates.end_from], node.dates.end_days)
        kept = np.flatnonzero((start != NO_DAY) & (end >= start))
        kept = kept[np.argsort(key_of(person[kept], start[kept]), kind="stable")]
        at, person, start, end = at[kept], person[kept], start[kept], end[kept]
    if node.where:
        end = end_of_record(table, at, start) if end is None else end
        asked = Records(person, start, end, evaluation.columns, table, at)
        wanted = np.ones(at.size, bool)
        for condition in node.where:
            wanted &= satisfied(condition, asked, evaluation.vocabulary)
        at, person, start, end = at[wanted], person[wanted], start[wanted], end[wanted]
    records = table.records
    size = at.size
    rows = Rows(
        size,
        {
            "person": person,
            "event_id": lambda: table.column(records.event_id)[at],
            "start_date": start,
            "end_date": end if end is not None else lambda: end_of_record(table, at, start),
            "sort_date": start,
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


def _of_table(table: TableColumns, name: str | None, at: Array) -> Callable[[], Array] | None:
    return None if name is None else lambda: table.column(name)[at]


def _chosen(node: Events, table: TableColumns, evaluation: Evaluation) -> tuple[Array, Array]:
    """The rows with the concepts asked for, by person and day, and their keys."""
    if node.concepts is not None:
        begins, counts = table.concepts.spans(evaluation.vocabulary.members(node.concepts))
        if begins.size == 1:
            span = slice(int(begins[0]), int(begins[0] + counts[0]))
            at, keys = np.arange(span.start, span.stop), table.keys[span]
        else:
            at = ranges(begins, counts)
            keys = _gathered(table.keys, begins, counts)
        if node.source_concepts is not None:
            wanted = evaluation.vocabulary.members(node.source_concepts)
            assert table.records.source_concept is not None
            kept = is_among(table.column(table.records.source_concept)[at], wanted)
            at, keys = at[kept], keys[kept]
    elif node.source_concepts is not None:
        directory, order = table.source_concepts
        begins, counts = directory.spans(evaluation.vocabulary.members(node.source_concepts))
        at = _gathered(order, begins, counts)
        keys = table.keys[at]
    else:
        at, keys = np.arange(table.size), table.keys
    if table.has_strangers:
        seen = keys >= 0
        at, keys = at[seen], keys[seen]
    if not is_sorted(keys):
        order = np.argsort(keys, kind="stable")
        at, keys = at[order], keys[order]
    return at, keys


def _gathered(values: Array, begins: Array, counts: Array) -> Array:
    parts = [values[b : b + n] for b, n in zip(begins.tolist(), counts.tolist(), strict=True)]
    return np.concatenate(parts) if parts else np.zeros(0, values.dtype)


def _first(at: Array, keys: Array, table: TableColumns) -> Array:
    """Each person's first row: by day, then by row id."""
    begins = starts_of_runs(keys >> 22)
    firsts = np.repeat(keys[begins], np.diff(np.append(begins, keys.size)))
    candidates = keys == firsts
    at, keys = at[candidates], keys[candidates]
    begins = starts_of_runs(keys)
    if begins.size == keys.size:
        return at
    at = at[np.lexsort((table.column(table.records.event_id)[at], keys))]
    return at[begins]


def end_of_record(table: TableColumns, at: Array, start: Array) -> Array:
    """The last day of each row: the first of what its table says that is known."""
    found = np.full(at.size, NO_DAY, np.int32)
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
    return Rows(keys.size, {**columns, **days}, unique=False)


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

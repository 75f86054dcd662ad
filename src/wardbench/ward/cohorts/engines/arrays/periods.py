"""When memberships end, and what they come to when they are put together."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from wardbench.ward.cohorts.engines.arrays.columns import TableColumns
from wardbench.ward.cohorts.engines.arrays.conditions import end_of_record
from wardbench.ward.cohorts.engines.arrays.days import (
    NO_DAY,
    Array,
    day_number,
    day_of,
    is_sorted,
    key_of,
    moved,
    person_of,
    ranges,
    starts_of_runs,
)
from wardbench.ward.cohorts.engines.arrays.evaluation import Evaluation, rows_of
from wardbench.ward.cohorts.engines.arrays.rows import Rows, grouped, missing_days, missing_ids
from wardbench.ward.cohorts.plan import (
    Clip,
    Collapse,
    EarliestEnd,
    EndAtEvent,
    EndAtOffset,
    EndOfEra,
    EndOfObservation,
    Relation,
)

Ending = EndOfObservation | EndAtOffset | EndOfEra | EndAtEvent


@singledispatch
def ends_of(node: Relation, rows: Rows, evaluation: Evaluation) -> Array:
    """The last day that `node` gives to each of `rows`, its source's; missing where it gives none."""
    raise AssertionError(f"{type(node).__name__} gives no end")


@ends_of.register
def _end_of_observation(node: EndOfObservation, rows: Rows, evaluation: Evaluation) -> Array:
    return rows["op_end"]


@ends_of.register
def _end_at_offset(node: EndAtOffset, rows: Rows, evaluation: Evaluation) -> Array:
    end = moved(rows["start_date" if node.day == "start" else "end_date"], node.days)
    last = rows["op_end"]
    return np.where((last == NO_DAY) | (end == NO_DAY), end, np.minimum(end, last))


@ends_of.register
def _end_of_era(node: EndOfEra, rows: Rows, evaluation: Evaluation) -> Array:
    table = evaluation.columns.table("drug_exposure")
    at = _exposures(table, evaluation.vocabulary.members(node.drugs))
    keys = table.keys[at]
    at, keys = at[keys >= 0], keys[keys >= 0]
    start = day_of(keys)
    supply = node.days_supply
    end = end_of_record(table, at, start) if supply is None else start + np.int32(supply)
    begins, ends = merged(keys, key_of(person_of(keys), end + np.int32(node.offset)), node.gap)
    if not begins.size:
        return missing_days(rows.size)()
    row = key_of(rows["person"], rows["start_date"])
    # Eras share no day, so that only the last that began can hold the row.
    era = np.maximum(np.searchsorted(begins, row, side="right") - 1, 0)
    held = (begins[era] <= row) & (row <= ends[era]) & ((begins[era] >> 22) == (row >> 22))
    return np.where(held, day_of(ends[era]), NO_DAY)


def _exposures(table: TableColumns, drugs: Array) -> Array:
    directory, order = table.source_concepts
    by_concept = ranges(*table.concepts.spans(drugs))
    by_source = order[ranges(*directory.spans(drugs))]
    return np.union1d(by_concept, by_source)


@ends_of.register
def _end_at_event(node: EndAtEvent, rows: Rows, evaluation: Evaluation) -> Array:
    keys, _ = evaluation.rows(node.events).by_start
    if not keys.size:
        return missing_days(rows.size)()
    at = np.searchsorted(keys, key_of(rows["person"], rows["start_date"]))
    there = at < keys.size
    found = keys[np.minimum(at, keys.size - 1)]
    last = rows["op_end"]
    there &= (last != NO_DAY) & (found <= key_of(rows["person"], last))
    return np.where(there, day_of(found), NO_DAY)


@rows_of.register(EndOfObservation)
@rows_of.register(EndAtOffset)
def _ended(node: EndOfObservation | EndAtOffset, evaluation: Evaluation) -> Rows:
    rows = evaluation.rows(node.source)
    return rows.with_columns(end_date=ends_of(node, rows, evaluation))


@rows_of.register(EndOfEra)
@rows_of.register(EndAtEvent)
def _ended_where_known(node: EndOfEra | EndAtEvent, evaluation: Evaluation) -> Rows:
    rows = evaluation.rows(node.source)
    end = ends_of(node, rows, evaluation)
    return rows.with_columns(end_date=end).taken(end != NO_DAY)


@rows_of.register
def _earliest_end(node: EarliestEnd, evaluation: Evaluation) -> Rows:
    rows = evaluation.rows(node.source)
    earliest = np.full(rows.size, np.iinfo(np.int32).max, np.int32)
    for given in node.ends:
        if isinstance(given, Ending) and given.source == node.source and rows.unique:
            end = ends_of(given, rows, evaluation)
            earliest = np.where(end >= rows["start_date"], np.minimum(earliest, end), earliest)
        else:
            _by_key(earliest, rows, evaluation.rows(given))
    kept = earliest != np.iinfo(np.int32).max
    return rows.with_columns(end_date=earliest).taken(kept)


def _by_key(earliest: Array, rows: Rows, ends: Rows) -> None:
    """Take the ends that rows of the same key have in `ends`, where they are not before the row's start."""
    both = [np.concatenate([rows[name], ends[name]]) for name in ("person", "event_id")]
    group, groups = grouped(*both)
    own, given = group[: rows.size], group[rows.size :]
    order = np.argsort(given, kind="stable")
    begins = np.searchsorted(given[order], np.arange(groups))
    counts = np.bincount(given, minlength=groups)[own]
    at = np.repeat(np.arange(rows.size), counts)
    end = ends["end_date"][order[ranges(begins[own], counts)]]
    kept = (end != NO_DAY) & (end >= rows["start_date"][at])
    np.minimum.at(earliest, at[kept], end[kept])


@rows_of.register
def _collapse(node: Collapse, evaluation: Evaluation) -> Rows:
    rows = evaluation.rows(node.source)
    known = rows["end_date"] != NO_DAY
    rows = rows.taken(known)
    begins, ends = merged(
        key_of(rows["person"], rows["start_date"]), key_of(rows["person"], rows["end_date"]), node.gap
    )
    person, start = person_of(begins), day_of(begins)
    first = starts_of_runs(person)
    number = np.arange(1, person.size + 1) - np.repeat(first, np.diff(np.append(first, person.size)))
    size = person.size
    return Rows(
        size,
        {
            "person": person,
            "event_id": number,
            "start_date": start,
            "end_date": day_of(ends),
            "sort_date": start,
            "concept_id": missing_days(size),
            "visit_occurrence_id": missing_ids(size),
            "op_start": missing_days(size),
            "op_end": missing_days(size),
        },
        unique=True,
    )


def merged(starts: Array, ends: Array, gap: int) -> tuple[Array, Array]:
    """The first and last days (as keys) of the periods that come of joining spans (as keys) with gaps up to `gap`."""
    if not is_sorted(starts) or ((starts[1:] == starts[:-1]) & (ends[1:] < ends[:-1])).any():
        order = np.lexsort((ends, starts))
        starts, ends = starts[order], ends[order]
    latest = np.maximum.accumulate(ends)
    new = np.ones(starts.size, bool)
    new[1:] = (starts[1:] > latest[:-1] + gap) | ((starts[1:] >> 22) != (starts[:-1] >> 22))
    begins = np.flatnonzero(new)
    if not begins.size:
        return starts, ends
    return starts[begins], latest[np.append(begins[1:], starts.size) - 1]


@rows_of.register
def _clip(node: Clip, evaluation: Evaluation) -> Rows:
    rows = evaluation.rows(node.source)
    start, end = rows["start_date"], rows["end_date"]
    if node.earliest is not None:
        start = np.maximum(start, np.int32(day_number(node.earliest)))
    if node.latest is not None:
        end = np.where(end == NO_DAY, end, np.minimum(end, np.int32(day_number(node.latest))))
    kept = (end != NO_DAY) & (start <= end)
    return rows.with_columns(start_date=start, end_date=end, sort_date=start).taken(kept)

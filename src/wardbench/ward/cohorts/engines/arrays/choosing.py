"""Numbering events, and choosing among them by what they are and what lies around them."""

from __future__ import annotations

import numpy as np

from wardbench.ward.cohorts.engines.arrays import conditions
from wardbench.ward.cohorts.engines.arrays.days import DAY_BITS, NO_DAY, NO_ID, Array, key_of, moved, ranges
from wardbench.ward.cohorts.engines.arrays.evaluation import Evaluation, NotInArraysError, kept_of, rows_of
from wardbench.ward.cohorts.engines.arrays.rows import Rows, grouped, in_order
from wardbench.ward.cohorts.plan import Edge, LeavingOut, Near, Number, Pick, Satisfying, Where, Window

PAIRS = 1 << 21
"""How many pairs of events are looked at in one go."""


@rows_of.register
def _number(node: Number, evaluation: Evaluation) -> Rows:
    rows = evaluation.rows(node.source)
    days = -rows["sort_date"] if node.latest_first else rows["sort_date"]
    order = in_order(rows, key_of(rows["person"], days), rows["event_id"])
    ordered = rows.taken(order, unique=True)
    begins, counts = ordered.people
    return ordered.with_columns(event_id=np.arange(1, rows.size + 1) - np.repeat(begins, counts))


@rows_of.register
def _pick(node: Pick, evaluation: Evaluation) -> Rows:
    rows = evaluation.rows(node.source)
    match node.which:
        case "numbered":
            order = in_order(rows, rows["person"], rows["event_id"])
        case "earliest":
            order = in_order(rows, key_of(rows["person"], rows["start_date"]), rows["event_id"])
        case "latest":
            order = in_order(rows, key_of(rows["person"], -rows["start_date"]), rows["event_id"])
    begins, _ = rows.people
    return rows.taken(order[begins], unique=True)


@kept_of.register
def _leaving_out(node: LeavingOut, evaluation: Evaluation) -> Array:
    rows = evaluation.rows(node.source)
    out = evaluation.columns.people.positions(np.asarray(node.persons.ids, np.int64))
    stays = np.ones(evaluation.columns.people.ids.size, bool)
    stays[out[out >= 0]] = False
    return np.asarray(stays[rows["person"]])


@kept_of.register
def _where(node: Where, evaluation: Evaluation) -> Array:
    rows = evaluation.rows(node.source)
    if not all(conditions.can_ask(condition, None) for condition in node.conditions):
        raise NotInArraysError("a condition")
    asked = conditions.Events(evaluation.columns, rows["person"], rows["start_date"], rows["end_date"])
    found = np.ones(rows.size, bool)
    for condition in node.conditions:
        found &= conditions.satisfied(condition, asked, evaluation.vocabulary)
    return found


@kept_of.register
def _satisfying(node: Satisfying, evaluation: Evaluation) -> Array:
    size = evaluation.rows(node.source).size
    if node.at_most is None and node.at_least in (1, len(node.tests)):
        # All, or any: bits alone, and no further test once it is decided for every row.
        every = node.at_least == len(node.tests)
        found = np.full(size, every)
        for test in node.tests:
            passing = evaluation.passing(test, node.source)
            found = found & passing if every else found | passing
        return found
    passed = np.zeros(size, np.int16)
    for test in node.tests:
        passed += evaluation.passing(test, node.source)
    return (passed >= node.at_least) & (passed <= (len(node.tests) if node.at_most is None else node.at_most))


@kept_of.register
def _near(node: Near, evaluation: Evaluation) -> Array:
    index, events = evaluation.rows(node.index), evaluation.rows(node.events)
    times = _Pairs(node, index, events).counts()
    kept = times >= node.occurs.at_least
    if node.occurs.at_most is not None:
        kept &= times <= node.occurs.at_most
    return kept


class _Pairs:
    """The rows of `index` and the events that count for each.

    Events stand by person and start, so that those whose start may count for a row lie together: `first` and `last`
    say where. What else is asked (of the event's end, of the visit) is asked of each pair.
    """

    def __init__(self, node: Near, index: Rows, events: Rows) -> None:
        self._node, self._index, self._events = node, index, events
        keys, self._order = events.by_start
        person = index["person"].astype(np.int64)
        valid = np.ones(index.size, bool)
        lows, highs = [person << DAY_BITS], [((person + 1) << DAY_BITS) - 1]
        starts = [window for window in node.windows if window.event == "start"]
        if node.in_period:
            starts.append(Window("start", "start", Edge.PERIOD_START, Edge.PERIOD_END))
        for window in starts:
            for bound, found in ((window.earliest, lows), (window.latest, highs)):
                if bound is not None:
                    day = _bound(bound, index, window)
                    valid &= day != NO_DAY
                    found.append(key_of(index["person"], day))
        low, high = np.maximum.reduce(lows), np.minimum.reduce(highs)
        self._first: Array = np.asarray(np.searchsorted(keys, low, side="left"))
        last = np.asarray(np.searchsorted(keys, high, side="right"))
        self._last: Array = np.asarray(np.where(valid, np.maximum(last, self._first), self._first))
        self._ends = [window for window in node.windows if window.event == "end"]

    def counts(self) -> Array:
        """How often events count for each row, or how many different values they have; rows of one key together."""
        if not self._ends and not self._node.same_visit and self._node.occurs.distinct is None:
            times = self._last - self._first
            if self._index.unique:
                return times
            group, groups = self._index.key_groups
            return np.bincount(group, weights=times, minlength=groups).astype(np.int64)[group]
        group, groups = (np.arange(self._index.size), self._index.size)
        if not self._index.unique:
            group, groups = self._index.key_groups
        if self._node.occurs.distinct is None:
            found = np.zeros(groups, np.int64)
            for at, _ in self._chunks():
                found += np.bincount(group[at], minlength=groups)
            return found[group]
        return self._different(group, groups)[group]

    def _different(self, group: Array, groups: int) -> Array:
        assert self._node.occurs.distinct is not None
        values = self._events[self._node.occurs.distinct]
        known = values != (NO_ID if values.dtype == np.int64 else NO_DAY)
        held: list[tuple[Array, Array]] = []
        for at, events in self._chunks():
            some = known[events]
            held.append(_each_once(group[at[some]], values[events[some]]))
        if not held:
            return np.zeros(groups, np.int64)
        owner, _ = _each_once(*(np.concatenate(parts) for parts in zip(*held, strict=True)))
        return np.bincount(owner, minlength=groups)

    def _chunks(self) -> list[tuple[Array, Array]]:
        """The pairs that count: rows of `index`, and of `events`, a bounded number tried at a time."""
        counts = self._last - self._first
        found = []
        done = np.cumsum(counts)
        begin = 0
        while begin < counts.size:
            reached = done[begin - 1] if begin else 0
            end = max(int(np.searchsorted(done, reached + PAIRS, side="right")), begin + 1)
            if done[end - 1] > reached:
                found.append(self._pairs(begin, end, counts))
            begin = end
        return found

    def _pairs(self, begin: int, end: int, counts: Array) -> tuple[Array, Array]:
        at = np.repeat(np.arange(begin, end), counts[begin:end])
        events = ranges(self._first[begin:end], counts[begin:end])
        if self._order is not None:
            events = self._order[events]
        for window in self._ends:
            day = self._events["end_date"][events]
            for bound, is_earliest in ((window.earliest, True), (window.latest, False)):
                if bound is None:
                    continue
                limit = _bound(bound, self._index, window)[at]
                kept = (day >= limit) if is_earliest else (day <= limit)
                kept &= (day != NO_DAY) & (limit != NO_DAY)
                at, events, day = at[kept], events[kept], day[kept]
        if self._node.same_visit:
            visit = self._events["visit_occurrence_id"][events]
            kept = (visit != NO_ID) & (visit == self._index["visit_occurrence_id"][at])
            at, events = at[kept], events[kept]
        return at, events


def _bound(bound: int | Edge, index: Rows, window: Window) -> Array:
    match bound:
        case Edge.PERIOD_START:
            return index["op_start"]
        case Edge.PERIOD_END:
            return index["op_end"]
    return moved(index["start_date" if window.index == "start" else "end_date"], bound)


def _each_once(group: Array, values: Array) -> tuple[Array, Array]:
    number, numbers = grouped(group, values)
    first = np.empty(numbers, np.int64)
    first[number] = np.arange(number.size)
    return group[first], values[first]

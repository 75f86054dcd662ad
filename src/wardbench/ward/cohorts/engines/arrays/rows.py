"""The rows of a relation: arrays of equal length, each made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from wardbench.ward.cohorts.engines.arrays.days import NO_DAY, NO_ID, Array, is_sorted, key_of, starts_of_runs

TIES = ("start_date", "end_date", "visit_occurrence_id", "concept_id", "op_start", "op_end")

NAMES = ("person", "event_id", "sort_date", *TIES, "origin")
"""Every column there can be; `origin` says which row of its source a row in an observation period was."""

Made = Array | Callable[[], Array]


class Rows:
    """The columns of `plan.COLUMNS`, but that a person is the position in `People.ids`, and a day a number.

    Rows stand in the order of their persons. `unique` says that no two of them share a key (person and event).
    """

    def __init__(self, size: int, columns: Mapping[str, Made], *, unique: bool, sources: tuple[Rows, ...] = ()) -> None:
        self.size = size
        self.unique = unique
        self.sources = sources
        """The rows that columns not yet made are taken from."""
        self._columns = dict(columns)

    def has(self, name: str) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> Array:
        found = self._columns[name]
        if callable(found):
            found = self._columns[name] = found()
        return found

    def taken(self, at: Array, *, unique: bool | None = None) -> Rows:
        """The rows at these positions, or those that a mask says."""
        if at.dtype == np.bool_:
            if at.all():
                return self
            at = np.flatnonzero(at)
        columns = {name: (lambda name=name: self[name][at]) for name in self._columns}
        return Rows(at.size, columns, unique=self.unique if unique is None else unique, sources=(self,))

    def with_columns(self, *, unique: bool | None = None, **columns: Made) -> Rows:
        made = {**self._columns, **columns}
        return Rows(self.size, made, unique=self.unique if unique is None else unique, sources=(*self.sources, self))

    @property
    def nbytes(self) -> int:
        return sum(column.nbytes for column in self._columns.values() if not callable(column))

    @cached_property
    def by_start(self) -> tuple[Array, Array | None]:
        """The keys of person and start in order, and which row each belongs to (None: they stand in order)."""
        keys = key_of(self["person"], self["start_date"])
        if is_sorted(keys):
            return keys, None
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    @cached_property
    def people(self) -> tuple[Array, Array]:
        """Where the rows of each person begin, and how many they are."""
        begins = starts_of_runs(self["person"])
        return begins, np.diff(np.append(begins, self.size))

    @cached_property
    def key_groups(self) -> tuple[Array, int]:
        """A number for each row, equal where keys are equal, and how many numbers there are."""
        return grouped(self["person"], self["event_id"])

    def any_of_key(self, kept: Array) -> Array:
        """Which rows have a key that any row of `kept` has."""
        if self.unique or not kept.any():
            return kept
        group, groups = self.key_groups
        found = np.zeros(groups, bool)
        found[group[kept]] = True
        return found[group]


def nothing() -> Rows:
    """No rows at all."""
    day, id = np.zeros(0, np.int32), np.zeros(0, np.int64)
    days = ("person", "start_date", "end_date", "sort_date", "concept_id", "op_start", "op_end")
    return Rows(0, {**dict.fromkeys(days, day), "event_id": id, "visit_occurrence_id": id}, unique=True)


def missing_days(size: int) -> Callable[[], Array]:
    return lambda: np.full(size, NO_DAY, np.int32)


def missing_ids(size: int) -> Callable[[], Array]:
    return lambda: np.full(size, NO_ID, np.int64)


def in_order(rows: Rows, *leading: Array) -> Array:
    """The positions of `rows` by the leading arrays, then as `plan` breaks ties, missing last."""
    first = leading[0]
    order = np.arange(rows.size) if is_sorted(first) else np.argsort(first, kind="stable")
    new = np.ones(rows.size, bool)
    ordered = first[order]
    new[1:] = ordered[1:] != ordered[:-1]
    for values in leading[1:]:
        _refine(order, new, [values])
    _refine(order, new, [part for name in TIES for part in _missing_last(rows, name)] if not new.all() else [])
    return order


def _missing_last(rows: Rows, name: str) -> tuple[Array, Array]:
    values = rows[name]
    return values == (NO_ID if values.dtype == np.int64 else NO_DAY), values


def _refine(order: Array, new: Array, columns: list[Array]) -> None:
    """Sort each run of ties (`new` says where one begins) by `columns`, in place, and split it where they differ."""
    if new.all() or not columns:
        return
    tied = ~new
    tied[:-1] |= ~new[1:]
    at = np.flatnonzero(tied)
    some, run = order[at], np.cumsum(new)[at]
    if len(columns) > 1 or not _stands(columns[0][some], run):
        some = some[np.lexsort([*(values[some] for values in reversed(columns)), run])]
        order[at] = some
    differs = np.zeros(at.size, bool)
    for values in columns:
        differs[1:] |= values[some[1:]] != values[some[:-1]]
    new[at] |= differs


def _stands(values: Array, run: Array) -> bool:
    return bool(((values[1:] >= values[:-1]) | (run[1:] != run[:-1])).all())


def grouped(*columns: Array) -> tuple[Array, int]:
    """A number for each row, equal where all columns are equal, and how many numbers there are."""
    order = np.lexsort(columns[::-1])
    new = np.zeros(order.size, bool)
    new[:1] = True
    for values in columns:
        ordered = values[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    group = np.empty(order.size, np.int64)
    group[order] = np.cumsum(new) - 1
    return group, int(new.sum())

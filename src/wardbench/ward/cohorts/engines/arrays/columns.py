"""The columns of a snapshot as arrays on disk, in the order of concept, person and day.

A Parquet file gives the rows of a concept set only by unpacking all row groups that hold any of them. An array that is
mapped into memory gives exactly the rows that are asked for. Each column is unpacked when it is first needed, once for
a snapshot, into `derived/VERSION/TABLE/COLUMN.npy` of the store; it can be removed at any time and is made again.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wardbench.core.omop.tables import TABLES
from wardbench.core.store import Snapshot
from wardbench.core.store.seals import is_sealed, seal
from wardbench.ward.cohorts.engines.arrays.days import NO_DAY, NO_ID, Array, is_sorted, key_of, starts_of_runs
from wardbench.ward.cohorts.records import RECORD_TABLES

BATCH = 1 << 20
_LAST = np.iinfo(np.int32).max

_TYPES: dict[str, Any] = {"BIGINT": np.int64, "INTEGER": np.int32, "DATE": np.int32, "DOUBLE": np.float64}
_MISSING: dict[str, Any] = {"BIGINT": int(NO_ID), "INTEGER": int(NO_DAY), "DATE": int(NO_DAY), "DOUBLE": float("nan")}


class Columns:
    """The arrays of one snapshot; open files are kept, and what cannot be written to the store is kept in memory.

    Threads may ask side by side: each array is made once.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._folder = snapshot.derived
        self._open: dict[str, Array] = {}
        # Made of others, which the same thread then asks for.
        self._lock = threading.RLock()
        self._tables: dict[str, TableColumns] = {}

    @cached_property
    def people(self) -> People:
        return People(self)

    def table(self, name: str) -> TableColumns:
        if name not in self._tables:
            self._tables[name] = TableColumns(self, name)
        return self._tables[name]

    def stored(self, name: str, make: Callable[[], Array]) -> Array:
        """The array called `name`, made and written when it is asked for the first time."""
        with self._lock:
            if name not in self._open:
                self._open[name] = self._load(name, make)
            return self._open[name]

    def _load(self, name: str, make: Callable[[], Array]) -> Array:
        path = self._folder / f"{name}.npy"
        try:
            if is_sealed(path):
                return _mapped(path)
        except (OSError, ValueError, EOFError):
            pass
        array = make()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
                draft = Path(folder) / path.name
                np.save(draft, array, allow_pickle=False)
                draft.replace(path)
            seal(path)
        except OSError:
            return array
        return _mapped(path)

    def read(self, table: str, column: str) -> Array:
        """A column in the order of its Parquet file; `NO_DAY`, `NO_ID` or NaN where it is missing."""
        sql_type = TABLES[table][column].sql_type
        if table not in self.snapshot.tables:
            return np.zeros(0, _TYPES[sql_type])
        file = pq.ParquetFile(self.snapshot.path(table))
        found = np.empty(file.metadata.num_rows, _TYPES[sql_type])
        at = 0
        for batch in file.iter_batches(BATCH, columns=[column]):
            values = batch.column(0)
            if pa.types.is_date(values.type):
                values = values.cast(pa.int32())
            found[at : at + len(values)] = values.fill_null(_MISSING[sql_type]).to_numpy(zero_copy_only=False)
            at += len(values)
        return found


def _mapped(path: Path) -> Array:
    array = np.load(path, mmap_mode="r")
    return array.view(np.ndarray) if array.size else np.zeros(0, array.dtype)


class People:
    """Everybody who was ever observed, by position in the order of `ids`; nobody else can be in a cohort.

    `period_keys` are the keys of the first days of observation periods, sorted; `period_ends` their last days.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.ids: Array = columns.stored("people/id", lambda: np.unique(self._period("person_id")))
        self.period_keys: Array = columns.stored("people/period_key", self._keys)
        self.period_ends: Array = columns.stored("people/period_end", self._ends)
        apart: Array = columns.stored("people/apart", self._apart)
        self.periods_are_apart = bool(apart[0])
        """Whether no two periods of a person share a day."""

    def positions(self, ids: Array) -> Array:
        """Where each id stands in `ids`; -1 for who was never observed."""
        if not self.ids.size:
            return np.full(ids.size, -1, np.int64)
        found = np.searchsorted(self.ids, ids)
        found[found == self.ids.size] = 0
        return np.where(self.ids[found] == ids, found, -1)

    def column(self, name: str) -> Array:
        """A column of `person` for everybody, by position."""
        return self._columns.stored(f"people/{name}", lambda: self._of_everybody(name))

    def _of_everybody(self, name: str) -> Array:
        values, at = self._columns.read("person", name), self.positions(self._columns.read("person", "person_id"))
        found = np.full(self.ids.size, NO_DAY, np.int32)
        found[at[at >= 0]] = values[at >= 0]
        return found

    def _period(self, name: str) -> Array:
        return self._columns.read("observation_period", name)

    def _unordered_keys(self) -> Array:
        return key_of(self.positions(self._period("person_id")), self._period("observation_period_start_date"))

    def _order(self) -> Array:
        return np.lexsort((self._period("observation_period_end_date"), self._unordered_keys()))

    def _keys(self) -> Array:
        return self._unordered_keys()[self._order()]

    def _ends(self) -> Array:
        return self._period("observation_period_end_date")[self._order()]

    def _apart(self) -> Array:
        person = self.period_keys >> 22
        ends = key_of(person, self.period_ends)
        apart = bool((ends >= self.period_keys).all() and (ends[:-1] < self.period_keys[1:]).all())
        return np.array([apart])


class TableColumns:
    """The columns of a table of events, their rows by concept, person and day."""

    def __init__(self, columns: Columns, name: str) -> None:
        self.name = name
        self.records = RECORD_TABLES[name]
        self._columns = columns

    def column(self, name: str) -> Array:
        return self._stored(name, lambda: self._ordered(self._read(name)))

    @property
    def keys(self) -> Array:
        """Person and first day of every row; below 0 for a person who was never observed."""
        return self._stored("key", lambda: self._ordered(self._made_keys()))

    @cached_property
    def concepts(self) -> Directory:
        """Where the rows of each concept are."""
        return self._directory("concept", self._sorted_concepts)

    @cached_property
    def source_concepts(self) -> tuple[Directory, Array]:
        """The same for source concepts, and the rows in their order."""
        name = self.records.source_concept
        assert name is not None
        order = self._stored("by_source", lambda: np.argsort(self.column(name), kind="stable"))
        return self._directory("source_concept", lambda: self.column(name)[order]), order

    @cached_property
    def has_strangers(self) -> bool:
        """Whether any row is of a person who was never observed."""
        return bool(self._stored("strangers", lambda: np.array([(self.keys < 0).any()]))[0])

    @cached_property
    def has_unique_ids(self) -> bool:
        def unique() -> Array:
            ids = np.sort(self.column(self.records.event_id))
            return np.array([(ids[1:] != ids[:-1]).all()])

        return bool(self._stored("unique", unique)[0])

    @cached_property
    def by_id(self) -> tuple[Array, Array]:
        """The row ids in order, and the row of each."""
        ids = self.column(self.records.event_id)
        order = self._stored("by_id", lambda: np.argsort(ids, kind="stable"))
        return self._stored("ids_in_order", lambda: ids[order]), order

    @property
    def size(self) -> int:
        return int(self.keys.size)

    def _stored(self, name: str, make: Callable[[], Array]) -> Array:
        return self._columns.stored(f"{self.name}/{name}", make)

    def _read(self, name: str) -> Array:
        return self._columns.read(self.name, name)

    @cached_property
    def _order(self) -> Array | None:
        """The rows of the file by concept; None where they stand like that already, as a store writes them."""
        concepts = self._file_concepts()
        return None if is_sorted(concepts) else np.argsort(concepts, kind="stable")

    def _file_concepts(self) -> Array:
        if self.records.concept is None:
            return np.zeros(0, np.int32)
        concepts = self._read(self.records.concept)
        return np.where(concepts == NO_DAY, _LAST, concepts)

    def _sorted_concepts(self) -> Array:
        return np.sort(self._file_concepts())

    def _ordered(self, values: Array) -> Array:
        return values if self._order is None else values[self._order]

    def _made_keys(self) -> Array:
        people = self._columns.people.positions(self._read("person_id"))
        return np.where(people < 0, -1, key_of(people, self._read(self.records.start_date)))

    def _directory(self, name: str, make: Callable[[], Array]) -> Directory:
        held: list[Array] = []

        def concepts() -> Array:
            held[:] = [held[0] if held else make()]
            return held[0]

        begins = self._stored(f"{name}_begins", lambda: starts_of_runs(concepts()))
        values = self._stored(f"{name}_values", lambda: concepts()[begins])
        ends = self._stored(f"{name}_ends", lambda: np.append(begins[1:], concepts().size))
        return Directory(values, begins, ends)


class Directory:
    """Where the rows of each value begin and end."""

    def __init__(self, values: Array, begins: Array, ends: Array) -> None:
        self._values, self._begins, self._ends = values, begins, ends

    @property
    def every(self) -> tuple[Array, Array, Array]:
        """Every value, sorted, with the begin and the end of its rows."""
        return self._values, self._begins, self._ends

    def spans(self, wanted: Array) -> tuple[Array, Array]:
        """The begins and counts of the rows that have one of the `wanted` values (sorted, each once)."""
        if not self._values.size or not wanted.size:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        at = np.searchsorted(self._values, wanted)
        at[at == self._values.size] = 0
        at = at[self._values[at] == wanted]
        return self._begins[at].astype(np.int64), (self._ends[at] - self._begins[at]).astype(np.int64)

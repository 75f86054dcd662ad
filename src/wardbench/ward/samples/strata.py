"""How many persons have each concept: of everybody, and of any cohort.

Kept for a snapshot beside the other derived columns: the distinct pairs of concept and person. A concept that more than
one person in 64 has is a bitmap of persons, the others are lists of persons; both have about the size of what they say.
Of everybody the counts are known; of a cohort they are bits in common, and members in a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wardbench.core.errors import InputError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.engines.arrays.columns import Columns
from wardbench.ward.cohorts.records import RECORD_TABLES
from wardbench.ward.samples.counting import in_parallel
from wardbench.ward.samples.layout import WORD, ones, pack

DENSE = 64
BATCH = 32
"""Bitmaps, or lists, that are counted at once."""


@dataclass(frozen=True)
class Counted:
    """Concepts that a record names, rising (0: no standard concept is known), and how many persons have each."""

    concepts: npt.NDArray[np.int32]
    persons: npt.NDArray[np.int64]

    def to_dict(self) -> dict[int, int]:
        """The count of each concept that anybody has."""
        held = self.persons > 0
        return dict(zip(self.concepts[held].tolist(), self.persons[held].tolist(), strict=True))


class Strata:
    """The persons of each concept of one table of events. People who were never observed do not count."""

    def __init__(self, snapshot: Snapshot, table: str = "condition_occurrence") -> None:
        """InputError where the table is not one of events."""
        if table not in RECORD_TABLES:
            raise InputError(f"{table}: no table of events; there are {', '.join(RECORD_TABLES)}.")
        self._columns = Columns(snapshot)
        self._table = table
        self._made: dict[str, npt.NDArray[Any]] = {}
        self._concepts = self._kept("concept")
        self._counts = self._kept("count")
        self._dense = self._kept("dense")
        self._listed = self._kept("listed")

    def everybody(self) -> Counted:
        return Counted(self._concepts, self._counts)

    def within(self, persons: npt.NDArray[np.int64]) -> Counted:
        """The same among these persons (ids; each counts once, and who is not known does not)."""
        from wardbench.ward.samples import kernels

        people = self._columns.people
        at = people.positions(persons)
        member = np.zeros(-(-people.ids.size // WORD) * WORD, np.bool_)
        member[at[at >= 0]] = True
        words = pack(member)
        found = np.zeros(self._counts.size, np.int64)
        is_dense = _is_dense(self._counts, people.ids.size)
        ends = np.append(0, np.cumsum(self._counts[~is_dense]))

        def of_lists(first: int) -> npt.NDArray[np.int64]:
            starts = ends[first : first + BATCH + 1]
            counts = np.empty(starts.size - 1, np.int64)
            kernels.members(member, self._listed, starts, counts)
            return counts

        def of_bitmaps(first: int) -> npt.NDArray[np.int64]:
            return np.array([ones(bitmap & words) for bitmap in self._dense[first : first + BATCH]], np.int64)

        for chosen, work in ((is_dense, of_bitmaps), (~is_dense, of_lists)):
            counted = in_parallel(work, range(0, int(chosen.sum()), BATCH))
            found[chosen] = np.concatenate([np.zeros(0, np.int64), *counted])
        return Counted(self._concepts, found)

    def _kept(self, name: str) -> npt.NDArray[Any]:
        return self._columns.stored(f"strata/{self._table}/{name}", lambda: self._make()[name])

    def _make(self) -> dict[str, npt.NDArray[Any]]:
        """All columns at once: they come from the same pass over the rows."""
        if not self._made:
            self._made = _pairs(self._columns, self._table)
        return self._made


def _pairs(columns: Columns, table: str) -> dict[str, npt.NDArray[Any]]:
    size = columns.people.ids.size
    rows = columns.table(table)
    concept = rows.column(rows.records.concept) if rows.records.concept else np.zeros(rows.size, np.int32)
    person = rows.keys >> 22
    observed = person >= 0
    if not observed.all():
        concept, person = concept[observed], person[observed]
    if not _rises(concept, person):
        order = np.lexsort((person, concept))
        concept, person = concept[order], person[order]
    new = np.ones(concept.size, np.bool_)
    new[1:] = (concept[1:] != concept[:-1]) | (person[1:] != person[:-1])
    concept, person = concept[new], person[new]
    begins = np.flatnonzero(np.append(True, concept[1:] != concept[:-1])[: concept.size])
    counts = np.diff(np.append(begins, concept.size))
    dense = _is_dense(counts, size)
    words = -(-size // WORD)
    maps = np.zeros((int(dense.sum()), words), np.uint64)
    for number, (begin, count) in enumerate(zip(begins[dense], counts[dense], strict=True)):
        flags = np.zeros(words * WORD, np.bool_)
        flags[person[begin : begin + count]] = True
        maps[number] = pack(flags)
    listed = np.repeat(~dense, counts)
    return {"concept": concept[begins], "count": counts, "dense": maps, "listed": person[listed].astype(np.int32)}


def _is_dense(counts: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.bool_]:
    return np.asarray(counts * DENSE > size)


def _rises(concept: npt.NDArray[np.int32], person: npt.NDArray[np.int64]) -> bool:
    same = concept[1:] == concept[:-1]
    return bool(((concept[1:] > concept[:-1]) | (same & (person[1:] >= person[:-1]))).all())

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
from wardbench.ward.samples.layout import WORD, pack

DENSE = 64
BATCH = 32
"""Bitmaps that are counted at once."""


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
        self._persons = self._kept("person")

    def everybody(self) -> Counted:
        return Counted(self._concepts, self._counts)

    def within(self, persons: npt.NDArray[np.int64]) -> Counted:
        """The same among these persons (ids; each counts once, and who is not known does not)."""
        people = self._columns.people
        at = people.positions(persons)
        member = np.zeros(-(-people.ids.size // WORD) * WORD, np.bool_)
        member[at[at >= 0]] = True
        words = pack(member)
        found = np.zeros(self._counts.size, np.int64)
        is_dense = _is_dense(self._counts, people.ids.size)
        starts = range(0, len(self._dense), BATCH)
        counted = in_parallel(lambda start: _common(self._dense[start : start + BATCH], words), starts)
        found[is_dense] = np.concatenate([np.zeros(0, np.int64), *counted])
        listed = self._counts[~is_dense]
        if listed.size:
            begins = np.cumsum(listed) - listed
            found[~is_dense] = np.add.reduceat(member.view(np.uint8)[self._persons], begins, dtype=np.uint32)
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
    return {"concept": concept[begins], "count": counts, "dense": maps, "person": person[listed]}


def _is_dense(counts: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.bool_]:
    return np.asarray(counts * DENSE > size)


def _rises(concept: npt.NDArray[np.int32], person: npt.NDArray[np.int64]) -> bool:
    same = concept[1:] == concept[:-1]
    return bool(((concept[1:] > concept[:-1]) | (same & (person[1:] >= person[:-1]))).all())


def _common(maps: npt.NDArray[np.uint64], words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    found: npt.NDArray[np.uint32] = np.bitwise_count(maps & words).sum(axis=1, dtype=np.uint32)
    return found

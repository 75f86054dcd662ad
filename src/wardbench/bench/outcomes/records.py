"""What was recorded of subjects, read from the columns of the cohort engine, which lie by concept, person and day.

A concept is the standard one, the source's own where a record has none, as everywhere in Wardbench.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from wardbench.bench.outcomes.arrays import Integers
from wardbench.core.arrow import column
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.engines.arrays.columns import TableColumns
from wardbench.ward.cohorts.engines.arrays.days import DAY_BITS, NO_DAY, ORIGIN, ranges

EVENTS = (
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
    "device_exposure",
    "visit_occurrence",
)
"""The tables of events."""
NO_CONCEPT = np.iinfo(np.int32).max
"""What the columns hold where a record has no concept at all."""


@dataclass(frozen=True)
class Records:
    """Records of one table by concept, person and day: the concepts with their numbers of rows, the key of each row,
    and where each row stands in the columns of the table."""

    concepts: Integers
    counts: Integers
    keys: Integers
    place: Integers | slice

    def around(
        self, row_of: Integers, index: Integers, first: int, last: int
    ) -> tuple[Integers, Integers, Integers, Integers]:
        """Of the records of subjects from `first` to `last` days after their index: the number of the concept, the
        row of the subject, the day after the index, and the place in the columns; in the order of concept and row."""
        row = row_of[self.keys >> DAY_BITS]
        day = (self.keys & ((1 << DAY_BITS) - 1)).astype(np.int32)
        day -= np.int32(ORIGIN)
        day -= index.astype(np.int32)[row]
        wanted = np.flatnonzero((row >= 0) & (day >= first) & (day <= last))
        number = np.repeat(np.arange(len(self.concepts), dtype=np.int32), self.counts)[wanted]
        place = wanted + (self.place.start or 0) if isinstance(self.place, slice) else self.place[wanted]
        return number, row[wanted], day[wanted], place


def recorded(table: TableColumns) -> Records:
    """Every record that has a concept; the source's own counts where there is no standard one."""
    concepts, begins, ends = table.concepts.every
    standard = (concepts != 0) & (concepts != NO_CONCEPT)
    run = slice(0, 0)
    if standard.any():
        # Those that have a standard concept are one run: none is before all others and missing after them.
        which = np.flatnonzero(standard)
        run = slice(int(begins[which[0]]), int(ends[which[-1]]))
    counts = (ends - begins).astype(np.int64)
    known = Records(concepts[standard], counts[standard], table.keys[run], run)
    without = ranges(begins[~standard].astype(np.int64), counts[~standard])
    source = table.records.source_concept
    if not len(without) or source is None or table.name == "visit_occurrence":
        return known
    of_source = table.column(source)[without]
    named = np.flatnonzero((of_source != 0) & (of_source != NO_DAY))
    concept = np.concatenate([np.repeat(known.concepts, known.counts), of_source[named]])
    place = np.concatenate([np.arange(run.start, run.stop), without[named]])
    keys = table.keys[place]
    order = np.lexsort((keys, concept))
    concepts, counts = np.unique(concept, return_counts=True)
    return Records(concepts, counts, keys[order], place[order])


def rows_by_position(engine: Arrays, person: Integers) -> Integers:
    """By position among everybody who was ever observed: the row of each person, or -1; the last is for strangers."""
    people = engine.columns.people
    rows = np.full(len(people.ids) + 1, -1, dtype=np.int32)
    positions = people.positions(person)
    rows[positions[positions >= 0]] = np.flatnonzero(positions >= 0)
    return rows


def members_of(engine: Arrays, sets: Sequence[ConceptSet]) -> Integers:
    """The concepts of all the sets, sorted."""
    return np.unique(np.concatenate([np.zeros(0, np.int32), *(engine.vocabulary.members(one) for one in sets)]))


def names_of(engine: Arrays, concepts: Collection[int]) -> dict[int, str]:
    """The name of each concept that has one."""
    with engine.columns.snapshot.connect(only=["concept"]) as con:
        con.register("wanted", pa.table({"id": column(np.array(sorted(concepts), dtype=np.int64))}))
        rows = con.execute(
            "SELECT w.id, c.concept_name FROM wanted AS w JOIN concept AS c ON c.concept_id = w.id ORDER BY w.id"
        ).fetchall()
    return dict(rows)

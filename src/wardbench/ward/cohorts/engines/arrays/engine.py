"""The engine: plans in order, what later plans share kept, what arrays cannot answer asked in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import numpy as np
import pyarrow as pa

from wardbench.core.arrow import column
from wardbench.core.errors import StorageError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.engines.arrays.columns import Columns
from wardbench.ward.cohorts.engines.arrays.days import NO_DAY, Array, is_sorted, key_of
from wardbench.ward.cohorts.engines.arrays.evaluation import Evaluation, NotInArraysError
from wardbench.ward.cohorts.engines.arrays.rows import in_order
from wardbench.ward.cohorts.engines.arrays.vocabulary import Vocabulary
from wardbench.ward.cohorts.engines.engine import Evaluated, Evaluator, Inclusion
from wardbench.ward.cohorts.plan import CohortPlan, Relation

PLACE_BITS = 44
COUNTED_BITS = 20
"""Up to so many rules a combination is a place in an array of counts."""


@contextmanager
def memory_said(snapshot: Snapshot) -> Iterator[None]:
    """StorageError where the machine's memory does not suffice."""
    try:
        yield
    except MemoryError:
        raise StorageError(f"{snapshot.folder}: this needs more memory than there is.") from None


class Arrays:
    """The engine over a snapshot; open columns and the members of concept sets are kept as long as it is."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @property
    def extensions(self) -> frozenset[str]:
        return frozenset()

    @property
    def version(self) -> str:
        return self._snapshot.version

    @cached_property
    def columns(self) -> Columns:
        return Columns(self._snapshot)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.columns)

    @contextmanager
    def open(self, plans: Sequence[CohortPlan]) -> Iterator[Evaluator]:
        with memory_said(self._snapshot):
            yield _Batch(self, plans)


class _Batch:
    def __init__(self, engine: Arrays, plans: Sequence[CohortPlan]) -> None:
        self._engine = engine
        self._evaluation = Evaluation(engine.columns, engine.vocabulary)
        self._uses: dict[Relation, int] = {}
        for position, plan in enumerate(plans):
            for node in plan.walk():
                if isinstance(node, Relation):
                    self._uses[node] = position
        self._position = 0

    def evaluate(self, plan: CohortPlan) -> Evaluated:
        try:
            found = evaluated(plan, self._evaluation)
        except NotInArraysError:
            # It loads a writer of SQL, which takes longer than most cohorts do, and few ask for it.
            from wardbench.ward.cohorts.engines.duckdb_sql import DuckDB

            with DuckDB(self._engine.columns.snapshot).open([plan]) as other:
                found = other.evaluate(plan)
        self._evaluation.kept.forget(lambda node: self._uses[node] <= self._position)
        self._evaluation.kept.trim()
        self._position += 1
        return found


def evaluated(plan: CohortPlan, evaluation: Evaluation) -> Evaluated:
    """What `plan` gives."""
    rows = evaluation.rows(plan.cohort)
    known = rows["end_date"] != NO_DAY
    rows = rows.taken(known)
    keys = key_of(rows["person"], rows["start_date"])
    if not is_sorted(keys) or bool((keys[1:] == keys[:-1]).any()):
        rows = rows.taken(np.lexsort((rows["end_date"], keys)))
    columns = {
        "person_id": column(evaluation.columns.people.ids[rows["person"]]),
        "start_date": column(rows["start_date"]).view(pa.date32()),
        "end_date": column(rows["end_date"]).view(pa.date32()),
    }
    return Evaluated(pa.table(columns), inclusion_of(plan, evaluation))


def inclusion_of(plan: CohortPlan, evaluation: Evaluation) -> Inclusion:
    """How the entry events fare against the rules."""
    entry = evaluation.rows(plan.entry)
    begins, _ = entry.people
    if not plan.rules:
        return Inclusion({0: entry.size} if entry.size else {}, {0: begins.size} if begins.size else {}, (begins.size,))
    passed = np.stack([evaluation.passing(rule, plan.entry) for rule in plan.rules], axis=1)
    rules = len(plan.rules)
    first = np.where(passed.any(axis=1), passed.argmax(axis=1), 0)
    reached = np.where(passed.all(axis=1), rules, (~passed).argmax(axis=1))
    score = (rules - passed.sum(axis=1)) * (rules + 1) + first
    place = np.empty(entry.size, np.int64)
    at = in_order(entry, key_of(entry["person"], entry["start_date"]), entry["event_id"])
    place[at] = np.arange(entry.size)
    if not entry.size:
        return Inclusion({}, {}, (0,) * (rules + 1))
    # One number for the score and, below it, the place: the least of a person's is the best event.
    best = np.minimum.reduceat((score.astype(np.int64) << PLACE_BITS) | place, begins) & ((1 << PLACE_BITS) - 1)
    furthest = np.maximum.reduceat(reached, begins)
    of_people = tuple(np.bincount(furthest, minlength=rules + 1).tolist())
    return Inclusion(_masks(passed), _masks(passed[at[best]]), of_people)


def _masks(passed: Array) -> dict[int, int]:
    """How many rows there are of each combination; bit n is column n."""
    rules = passed.shape[1]
    if rules <= COUNTED_BITS:
        counts = np.bincount(passed @ (1 << np.arange(rules)), minlength=1 << rules)
        masks = np.flatnonzero(counts)
        return dict(zip(masks.tolist(), counts[masks].tolist(), strict=True))
    packed, counts = np.unique(np.packbits(passed, axis=1, bitorder="little"), axis=0, return_counts=True)
    wide = (int.from_bytes(row.tobytes(), "little") for row in packed)
    return dict(sorted(zip(wide, counts.tolist(), strict=True)))

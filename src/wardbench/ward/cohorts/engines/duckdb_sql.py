"""Running the nodes of plans in one DuckDB connection, each distinct node once however many plans share it.

A node that is needed more than once becomes a temporary table under a name made of its digest; every other node is a
common table expression within the statement that needs it. A table is dropped once no plan still needs it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from wardbench.core.omop.concept_sets import resolve
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.engines.engine import Evaluated, Evaluator, Inclusion
from wardbench.ward.cohorts.optimise import optimise
from wardbench.ward.cohorts.plan import CohortPlan, Relation
from wardbench.ward.cohorts.queries import Queries, relation_name


class DuckDB:
    """The engine over a snapshot; plans are made cheaper before they are run."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @property
    def extensions(self) -> frozenset[str]:
        return frozenset()

    @property
    def version(self) -> str:
        return self._snapshot.version

    @contextmanager
    def open(self, plans: Sequence[CohortPlan]) -> Iterator[Evaluator]:
        optimised = [optimise(plan) for plan in plans]
        with ExitStack() as stack:
            spill = stack.enter_context(tempfile.TemporaryDirectory(prefix="wardbench-"))
            con = stack.enter_context(self._snapshot.connect(spill=Path(spill)))
            yield _Optimised(Evaluation(con, optimised), dict(zip(plans, optimised, strict=True)))


@dataclass(frozen=True)
class _Optimised:
    _evaluation: Evaluation
    _plans: dict[CohortPlan, CohortPlan]

    def evaluate(self, plan: CohortPlan) -> Evaluated:
        return self._evaluation.evaluate(self._plans[plan])


class Evaluation:
    """Plans over one connection to a snapshot. `evaluate` takes them in the order they were given in."""

    def __init__(self, con: duckdb.DuckDBPyConnection, plans: Sequence[CohortPlan]) -> None:
        self._con = con
        self._queries = Queries(plans)
        self._made: set[Relation] = set()
        self._last_use: dict[Relation, int] = {}
        for position, plan in enumerate(plans):
            for node in plan.walk():
                if isinstance(node, Relation):
                    self._last_use[node] = position
        self._position = 0
        resolve(con, list(self._queries.sets))

    def evaluate(self, plan: CohortPlan) -> Evaluated:
        for node in plan.walk():
            if isinstance(node, Relation) and node not in self._made and self._queries.references[node] > 1:
                self._make(node)
        wanted = "SELECT person_id, start_date, end_date FROM {} ORDER BY person_id, start_date, end_date"
        rows = self._con.sql(wanted.format(self._source(plan.cohort))).to_arrow_table()
        found = self._con.execute(self._queries.inclusion(plan, self._made)).fetchall()
        evaluated = Evaluated(rows, Inclusion.of(len(plan.rules), found))
        self._forget()
        return evaluated

    def _make(self, node: Relation) -> None:
        self._con.execute(f"CREATE TEMP TABLE {relation_name(node)} AS {self._queries.statement(node, self._made)}")
        self._made.add(node)

    def _source(self, node: Relation) -> str:
        if node in self._made:
            return relation_name(node)
        return f"({self._queries.statement(node, self._made)})"

    def _forget(self) -> None:
        for node in [node for node in self._made if self._last_use[node] <= self._position]:
            self._con.execute(f"DROP TABLE {relation_name(node)}")
            self._made.remove(node)
        self._position += 1

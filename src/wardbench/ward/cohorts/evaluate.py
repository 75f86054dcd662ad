"""Running the nodes of plans in one DuckDB connection, each distinct node once however many plans share it.

A node that is needed more than once becomes a temporary table under a name made of its digest; every other node is a
common table expression within the statement that needs it. A table is dropped once no plan still needs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from wardbench.core.omop.concept_sets import ConceptSet, resolve
from wardbench.ward.cohorts.dialect import DUCKDB, Dialect
from wardbench.ward.cohorts.plan import CohortPlan, Relation, concept_sets
from wardbench.ward.cohorts.sql import Writer, has_unique_keys


def relation_name(node: Relation) -> str:
    """The name a node's rows go by in SQL: its kind, and enough of its digest to be its own."""
    return f"{type(node).__name__.lower()}_{node.digest[:20]}"


class Queries:
    """The SQL of every node of some plans, and how often each node is referred to."""

    def __init__(self, plans: Sequence[CohortPlan], dialect: Dialect = DUCKDB) -> None:
        self.sets: dict[ConceptSet, int] = {}
        self.text: dict[Relation, str] = {}
        self.references: Counter[Relation] = Counter()
        self._needs: dict[Relation, list[Relation]] = {}
        self._needed: list[Relation] = []
        writer = Writer(self._refer, self._set_number, dialect)
        for plan in plans:
            for concepts in concept_sets(plan):
                self.sets.setdefault(concepts, len(self.sets))
            for node in plan.walk():
                if isinstance(node, Relation) and node not in self.text:
                    self._needed = []
                    self.text[node] = writer.write(node)
                    self._needs[node] = self._needed
            self.references.update((plan.entry, plan.cohort, *plan.rules))

    def _refer(self, node: Relation) -> str:
        self.references[node] += 1
        self._needed.append(node)
        return relation_name(node)

    def _set_number(self, concepts: ConceptSet) -> int:
        return self.sets[concepts]

    def statement(self, node: Relation, made: set[Relation] | frozenset[Relation] = frozenset()) -> str:
        """A SELECT of the rows of `node`, with a common table expression for each node below that is not `made`."""
        below = list(self._below(node, made, {node}))
        parts = (f"{relation_name(n)} AS ({self.text[n]})" for n in below)
        return f"WITH {', '.join(parts)} {self.text[node]}" if below else self.text[node]

    def _below(
        self, node: Relation, made: set[Relation] | frozenset[Relation], seen: set[Relation]
    ) -> Iterator[Relation]:
        """What the text of `node` refers to and what that refers to, children first, down to what is already made."""
        for child in self._needs[node]:
            if child not in made and child not in seen:
                seen.add(child)
                yield from self._below(child, made, seen)
                yield child


@dataclass(frozen=True)
class Counts:
    """How many events, and of how many persons."""

    events: int
    persons: int


@dataclass(frozen=True)
class Evaluated:
    """What a plan gives: its rows (person_id, start_date, end_date), and how the rules narrow the entry events.

    `narrowing` starts with the entry events and then has one item for each rule: the events that satisfy it and all
    the rules before.
    """

    rows: pa.Table
    narrowing: tuple[Counts, ...]


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
        evaluated = Evaluated(rows, self._narrowing(plan))
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

    def _narrowing(self, plan: CohortPlan) -> tuple[Counts, ...]:
        """The counts come from two histograms: of events by how many rules they pass before the first they fail, and
        of persons by the most that any of their events passes.
        """
        counted = "SELECT count(*), count(DISTINCT person_id) FROM {}"
        entry = self._con.execute(counted.format(self._source(plan.entry))).fetchall()
        narrowing = [Counts(*entry[0])]
        if not plan.rules:
            return tuple(narrowing)
        for rule in plan.rules:
            if rule not in self._made:
                self._make(rule)
        passed = " UNION ALL ".join(
            f"SELECT {'' if has_unique_keys(rule) else 'DISTINCT'} person_id, event_id, {number} AS rule"
            f" FROM {relation_name(rule)}"
            for number, rule in enumerate(plan.rules)
        )
        first_failed = " ".join(
            f"WHEN passed & (1::HUGEINT << {number}) = 0 THEN {number}" for number in range(len(plan.rules))
        )
        found = self._con.execute(
            f"""
            WITH events AS (
                SELECT person_id, event_id, bit_or(1::HUGEINT << rule) AS passed
                FROM ({passed}) GROUP BY person_id, event_id
            ),
            reached AS (SELECT person_id, CASE {first_failed} ELSE {len(plan.rules)} END AS rules FROM events),
            furthest AS (SELECT max(rules) AS rules FROM reached GROUP BY person_id)
            SELECT rules, count(*), 0 FROM reached GROUP BY rules
            UNION ALL SELECT rules, 0, count(*) FROM furthest GROUP BY rules
            """
        ).fetchall()
        for number in range(1, len(plan.rules) + 1):
            events = sum(e for rules, e, _ in found if rules >= number)
            narrowing.append(Counts(events, sum(p for rules, _, p in found if rules >= number)))
        return tuple(narrowing)

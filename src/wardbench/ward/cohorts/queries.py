"""The statements of some plans in one engine's SQL: a query for each node, and how often each node is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.dialect import DUCKDB, Dialect
from wardbench.ward.cohorts.plan import CohortPlan, Relation, concept_sets
from wardbench.ward.cohorts.sql import Writer, has_unique_keys
from wardbench.ward.cohorts.sql.writer import KEY


def relation_name(node: Relation) -> str:
    """The name a node's rows go by in SQL: its kind, and enough of its digest to be its own."""
    return f"{type(node).__name__.lower()}_{node.digest[:20]}"


def with_first(expression: str, statement: str) -> str:
    """`statement` with a common table expression put before those that it has."""
    if statement.startswith("WITH "):
        return f"WITH {expression}, {statement.removeprefix('WITH ')}"
    return f"WITH {expression} {statement}"


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

    def inclusion(self, plan: CohortPlan, made: set[Relation] | frozenset[Relation] = frozenset()) -> str:
        """A query for how the entry events of `plan` fare against its rules, in the SQL that all engines share.

        A row for each combination: 0 or 1 for each rule, how many rules in order the person's furthest event passes,
        then how many events there are of it, and of how many persons it is the best event (`Inclusion`).
        """
        below: dict[Relation, None] = {}
        for node in (plan.entry, *plan.rules):
            if node not in made:
                below.update(dict.fromkeys([*self._below(node, made, set(below)), node]))
        named = [f"{relation_name(node)} AS ({self.text[node]})" for node in below]
        key = ", ".join(KEY)
        rules = [f"r{number}" for number in range(len(plan.rules))]
        passed = [
            f"SELECT {'' if has_unique_keys(rule) else 'DISTINCT'} {key}, {n} AS rule FROM {relation_name(rule)}"
            for n, rule in enumerate(plan.rules)
        ]
        entry = relation_name(plan.entry)
        if rules:
            flags = ", ".join(f"MAX(CASE WHEN p.rule = {n} THEN 1 ELSE 0 END) AS {r}" for n, r in enumerate(rules))
            named.append(f"passed AS ({' UNION ALL '.join(passed)})")
            named.append(
                f"judged AS (SELECT e.person_id, e.event_id, e.start_date, {flags} FROM {entry} e LEFT JOIN passed p"
                " ON p.person_id = e.person_id AND p.event_id = e.event_id"
                " GROUP BY e.person_id, e.event_id, e.start_date)"
            )
        else:
            named.append(f"judged AS (SELECT person_id, event_id, start_date FROM {entry})")
        first = " ".join(f"WHEN {r} = 1 THEN {n}" for n, r in enumerate(rules))
        reached = " ".join(f"WHEN {r} = 0 THEN {n}" for n, r in enumerate(rules))
        order = f"{' + '.join(rules)} DESC, CASE {first} ELSE 0 END, " if rules else ""
        furthest = f"CASE {reached} ELSE {len(rules)} END" if rules else "0"
        shown = ", ".join([*rules, "furthest"])
        return (
            f"WITH {', '.join(named)}, ranked AS (SELECT {', '.join([*rules, 'person_id'])},"
            f" ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY {order}start_date, event_id) AS place,"
            f" MAX({furthest}) OVER (PARTITION BY person_id) AS furthest FROM judged)"
            f" SELECT {shown}, COUNT(*) AS events, SUM(CASE WHEN place = 1 THEN 1 ELSE 0 END) AS persons"
            f" FROM ranked GROUP BY {shown}"
        )

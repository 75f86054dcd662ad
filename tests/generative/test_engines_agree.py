"""The SQL engine and the reference engine give the same rows for random plans on random hospitals."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import duckdb
from hypothesis import HealthCheck, Phase, given, settings

from generative.hospital import Hospital, connect, hospitals
from generative.plans import cohort_plans, relations
from wardbench.core.omop.concept_sets import resolve
from wardbench.ward.cohorts import reference
from wardbench.ward.cohorts.engines.duckdb_sql import Evaluation
from wardbench.ward.cohorts.optimise import optimise
from wardbench.ward.cohorts.plan import COLUMNS, RELATIONS, CohortPlan, Relation
from wardbench.ward.cohorts.queries import Queries

EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

Rows = Counter[tuple[Any, ...]]


def by_sql(con: duckdb.DuckDBPyConnection, node: Relation) -> Rows:
    queries = Queries([CohortPlan(node, (), node)])
    resolve(con, list(queries.sets))
    return Counter(con.execute(f"SELECT {', '.join(COLUMNS)} FROM ({queries.statement(node)})").fetchall())


def by_reference(node: Relation, hospital: Hospital) -> Rows:
    return Counter(tuple(getattr(row, c) for c in COLUMNS) for row in reference.rows_of(node, hospital))


@EXAMPLES
@given(hospitals(), relations)
def test_every_relation_has_the_same_rows(hospital: Hospital, node: Relation) -> None:
    with connect(hospital) as con:
        assert by_sql(con, node) == by_reference(node, hospital)


@EXAMPLES
@given(hospitals(), cohort_plans())
def test_cohorts_and_their_attrition_are_the_same_also_when_optimised(hospital: Hospital, plan: CohortPlan) -> None:
    expected = reference.cohort_rows(plan, hospital)
    narrowing = reference.narrowing(plan, hospital)
    for tried in (plan, optimise(plan)):
        with connect(hospital) as con:
            found = Evaluation(con, [tried]).evaluate(tried)
        rows: list[tuple[int, date, date]] = [tuple(row.values()) for row in found.rows.to_pylist()]
        assert sorted(rows) == expected
        assert [(n.events, n.persons) for n in found.inclusion.narrowing] == narrowing


def test_every_kind_of_relation_is_generated_and_has_rows_sometimes() -> None:
    """Half-empty hospitals would prove little: the relations that are compared have rows, those of every kind."""
    with_rows: Counter[type[Relation]] = Counter()

    @settings(EXAMPLES, database=None, phases=[Phase.generate], max_examples=800)
    @given(hospitals(), relations)
    def look(hospital: Hospital, node: Relation) -> None:
        if reference.rows_of(node, hospital):
            with_rows.update({type(part) for part in node.walk() if isinstance(part, Relation)})

    look()
    assert set(with_rows) == set(RELATIONS)

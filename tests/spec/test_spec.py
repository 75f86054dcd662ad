"""Every example of every case gives the same rows on every engine, and no part of a plan is without a case."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from spec.engines import ENGINES
from spec.example import Case, Example, all_cases
from spec.tables import expected, hospital
from wardbench.ward.cohorts.conditions import Condition
from wardbench.ward.cohorts.dialect import DUCKDB, POSTGRES, SPARK, Dialect
from wardbench.ward.cohorts.plan import RELATIONS, Events, Relation, Where
from wardbench.ward.cohorts.queries import Queries

CASES = all_cases()
EXAMPLES = [pytest.param(c, e, id=f"{c.name}: {e.says}") for c in CASES for e in c.examples]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("case", "example"), EXAMPLES)
def test_example(case: Case, example: Example, engine: str, tmp_path: Path) -> None:
    columns, rows = expected(example.rows)
    found = ENGINES[engine](example.plan(tmp_path), hospital(case.hospital))
    assert Counter(tuple(row[name] for name in columns) for row in found.rows) == Counter(rows)
    if example.narrowing is not None:
        assert found.narrowing == example.narrowing


@pytest.mark.parametrize("dialect", [DUCKDB, POSTGRES, SPARK], ids=lambda d: d.name)
def test_every_example_can_be_written_for_every_engine(dialect: Dialect, tmp_path: Path) -> None:
    plans = [example.plan(tmp_path) for case in CASES for example in case.examples]
    queries = Queries(plans, dialect)
    assert all(queries.statement(plan.cohort).strip() for plan in plans)


def test_every_kind_of_relation_and_condition_has_a_case_of_its_own() -> None:
    """Not merely below something else: an example asks for it directly."""
    asked = [example.asked for case in CASES for example in case.examples]
    assert {type(relation) for relation in asked if isinstance(relation, Relation)} == set(RELATIONS)
    conditions = {
        type(condition)
        for relation in asked
        if isinstance(relation, Events | Where)
        for condition in (relation.where if isinstance(relation, Events) else relation.conditions)
    }
    assert conditions == set(get_args(Condition))


def test_every_case_has_a_title_a_rule_and_examples_that_differ() -> None:
    for case in CASES:
        assert case.title and case.text and case.examples, case.name
        assert not case.title.endswith("."), case.name
        asked = [repr(example.asked) for example in case.examples]
        assert len(set(asked)) == len(asked), case.name

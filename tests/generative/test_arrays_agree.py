"""The engine on arrays gives the same rows as the reference engine for random plans on random hospitals."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given

from array_tables import cohort_by_arrays, on_arrays, rows_by_arrays
from generative.hospital import Hospital, connect, hospitals
from generative.plans import cohort_plans, relations
from generative.test_engines_agree import EXAMPLES
from wardbench.ward.cohorts import reference
from wardbench.ward.cohorts.optimise import optimise
from wardbench.ward.cohorts.plan import COLUMNS, CohortPlan, Relation


def of_the_observed(node: Relation, hospital: Hospital) -> Counter[tuple[object, ...]]:
    """The reference's rows of persons who were ever observed; others the engine leaves out, as every cohort does."""
    observed = {row["person_id"] for row in hospital.get("observation_period", ())}
    rows = [row for row in reference.rows_of(node, hospital) if row.person_id in observed]
    return Counter(tuple(getattr(row, name) for name in COLUMNS) for row in rows)


@EXAMPLES
@given(hospitals(), relations)
def test_every_relation_has_the_same_rows(hospital: Hospital, node: Relation) -> None:
    with connect(hospital) as con:
        assert Counter(rows_by_arrays(node, on_arrays(hospital, con))) == of_the_observed(node, hospital)


@EXAMPLES
@given(hospitals(), cohort_plans())
def test_cohorts_and_their_attrition_are_the_same(hospital: Hospital, plan: CohortPlan) -> None:
    expected = reference.cohort_rows(plan, hospital)
    narrowing = reference.narrowing(plan, hospital)
    with connect(hospital) as con:
        for tried in (plan, optimise(plan)):
            found = cohort_by_arrays(tried, on_arrays(hospital, con))
            rows: list[tuple[int, date, date]] = [tuple(row.values()) for row in found.rows.to_pylist()]
            assert rows == expected
            assert [(n.events, n.persons) for n in found.inclusion.narrowing] == narrowing

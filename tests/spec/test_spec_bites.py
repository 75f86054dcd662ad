"""A planted bug in any field of any node is caught: some example then gives other rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import fields
from pathlib import Path

from generative.changed_plans import changed_plans
from spec.example import all_cases
from spec.tables import hospital
from wardbench.ward.cohorts import reference
from wardbench.ward.cohorts.plan import COLUMNS, RELATIONS, CohortPlan
from wardbench.ward.cohorts.reference import Tables


def rows(plan: CohortPlan, tables: Tables) -> Counter[tuple[object, ...]]:
    return Counter(tuple(getattr(row, name) for name in COLUMNS) for row in reference.rows_of(plan.cohort, tables))


def test_whatever_an_engine_would_get_wrong_in_a_node_some_example_shows(tmp_path: Path) -> None:
    seen: dict[str, bool] = defaultdict(bool)
    for case in all_cases():
        tables = hospital(case.hospital)
        for example in case.examples:
            plan = example.plan(tmp_path)
            right = rows(plan, tables)
            for what, changed in changed_plans(plan):
                if not seen[what]:
                    try:
                        seen[what] = rows(changed, tables) != right
                    except OverflowError:
                        continue
    assert [what for what, caught in seen.items() if not caught] == []
    own = {f"{kind.__name__}.{f.name}" for kind in RELATIONS for f in fields(kind) if f.type != "Relation"}
    # Another table has other columns: a plan with it is no small change.
    assert own - set(seen) == {"Events.table"}

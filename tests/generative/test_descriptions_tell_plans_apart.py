"""Everything a plan says is said, in every language: change one thing, and the text changes.

Plans that are the same once they are optimised (a group of one test is that test) may read the same.
"""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from generative.changed_plans import changed_plans, with_replaced
from generative.plans import cohort_plans, relations
from wardbench.ward.cohorts.describe import LANGUAGES, describe
from wardbench.ward.cohorts.optimise import optimise
from wardbench.ward.cohorts.plan import CohortPlan, Edge, Near, Node, Window

plans = st.one_of(cohort_plans(), relations.map(lambda rows: CohortPlan(rows, (), rows)))


def meant(plan: CohortPlan) -> CohortPlan:
    """`plan` optimised, with windows that no number of days bounds counted from the start: they are the same."""
    done: dict[Node, Node] = {}
    for node in plan.walk():
        changes = {field.name: with_replaced(getattr(node, field.name), done) for field in dataclasses.fields(node)}
        if isinstance(node, Near):
            changes["windows"] = tuple(map(from_the_start, node.windows))
        done[node] = dataclasses.replace(node, **changes)
    root = done[plan]
    assert isinstance(root, CohortPlan)
    return optimise(root)


def from_the_start(window: Window) -> Window:
    bounds = (window.earliest, window.latest)
    fixed = any(isinstance(b, Edge) for b in bounds) and not any(isinstance(b, int) for b in bounds)
    return dataclasses.replace(window, index="start") if fixed else window


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(plan=plans)
def test_a_plan_with_one_thing_changed_reads_differently(language: str, plan: CohortPlan) -> None:
    text, same = describe(plan, language=language), meant(plan)
    for what, other in changed_plans(plan):
        if describe(other, language=language) == text:
            assert meant(other) == same, what

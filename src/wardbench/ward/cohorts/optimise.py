"""Plans made cheaper without changing what they mean: a tuple of functions from plan to plan.

Only SQL runs what these return. The reference engine runs the plan as it was lowered, so that comparing the two
proves these functions too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from wardbench.ward.cohorts.plan import CohortPlan, Near, Node, Relation, Satisfying

Rewrite = Callable[[Relation], Relation]


def without_single_tests(relation: Relation) -> Relation:
    """A group of one test is that test, where the test itself keeps rows of the same relation by their keys."""
    match relation:
        case Satisfying(source=source, tests=(test,), at_least=1, at_most=None):
            kept_from = test.index if isinstance(test, Near) else test.source if isinstance(test, Satisfying) else None
            return test if kept_from == source else relation
    return relation


REWRITES: tuple[Rewrite, ...] = (without_single_tests,)


def optimise(plan: CohortPlan) -> CohortPlan:
    """`plan` after every rewrite, each from the leaves up."""
    for rewrite in REWRITES:
        plan = everywhere(plan, rewrite)
    return plan


def everywhere(plan: CohortPlan, rewrite: Rewrite) -> CohortPlan:
    """`plan` with every relation rewritten, from the leaves up."""
    done: dict[Node, Node] = {}
    for node in plan.walk():
        changed = _with_children(node, done)
        done[node] = rewrite(changed) if isinstance(changed, Relation) else changed
    root = done[plan]
    assert isinstance(root, CohortPlan)
    return root


def _with_children(node: Node, done: dict[Node, Node]) -> Node:
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Relation) and done[value] is not value:
            changes[field.name] = done[value]
        elif isinstance(value, tuple) and any(isinstance(v, Relation) and done[v] is not v for v in value):
            changes[field.name] = tuple(done[v] for v in value)
    return dataclasses.replace(node, **changes) if changes else node

"""Which part of the plan each part of a definition became, with its path in the JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wardbench.ward.cohorts.definition import Definition, Expression
from wardbench.ward.cohorts.definition.criteria import Criteria, Group
from wardbench.ward.cohorts.plan import CohortPlan, Events, InObservation, Near, Pick, Relation, Satisfying, Union


@dataclass(frozen=True)
class Test:
    """One thing that is asked around `index`: a count of events, a demographic criterion, or a group of tests.

    `rule` is the inclusion rule it belongs to (from 0), None in the entry events and below other events.
    """

    path: str
    node: Relation
    index: Relation
    rule: int | None
    parts: tuple[Test, ...] = ()

    def walk(self) -> Iterator[Test]:
        """This test and those it is made of."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Located:
    """`primary`: the events of each primary criterion. `entry`: what all of the plan's entry events and of its cohort
    satisfy, additional criteria first. `nested`: what is asked around other events than those."""

    primary: tuple[tuple[str, Relation], ...]
    entry: tuple[Test, ...]
    nested: tuple[Test, ...]

    @property
    def tests(self) -> Iterator[Test]:
        """Every test there is."""
        for top in (*self.entry, *self.nested):
            yield from top.walk()


def locate(definition: Definition, plan: CohortPlan) -> Located:
    """The parts of `plan`, which `definition` was lowered to."""
    expression = definition.expression
    nested: list[Test] = []
    entry: list[Test] = []
    if (additional := expression.additional_criteria) is not None:
        qualified = plan.entry
        if isinstance(qualified, Pick) and expression.qualified_limit.which != "all":
            qualified = qualified.source
        if isinstance(qualified, Satisfying):
            entry.append(_group(additional, qualified, qualified.source, "AdditionalCriteria", None, nested))
    for number, (rule, node) in enumerate(zip(expression.inclusion_rules or (), plan.rules, strict=True)):
        entry.append(_group(rule.expression, node, plan.entry, f"InclusionRules[{number}].expression", number, nested))
    primary = tuple(_primary(expression, plan))
    for (path, node), criteria in zip(primary, expression.primary_criteria.criteria_list, strict=True):
        _around(criteria, node, path, nested)
    return Located(primary, tuple(entry), tuple(nested))


def _primary(expression: Expression, plan: CohortPlan) -> Iterator[tuple[str, Relation]]:
    events = events_of(plan.entry)
    criteria = expression.primary_criteria.criteria_list
    sources = events.sources if len(criteria) > 1 and isinstance(events, Union) else (events,)
    for number, source in enumerate(sources):
        yield f"PrimaryCriteria.CriteriaList[{number}]", source


def events_of(index: Relation) -> Relation:
    """The events that rows of `index` are, whatever else is asked of them; what comes before observation is asked."""
    while not isinstance(index, InObservation):
        index = index.children[0]
    return index.source


def _group(group: Group, node: Relation, index: Relation, path: str, rule: int | None, nested: list[Test]) -> Test:
    if not group.parts or not isinstance(node, Satisfying):
        return Test(path, node, index, rule)
    made: list[Test] = []
    nodes = iter(node.tests)
    for number, criteria in enumerate(group.criteria_list or ()):
        near = next(nodes)
        at = f"{path}.CriteriaList[{number}]"
        made.append(Test(at, near, index, rule))
        if isinstance(near, Near):
            _around(criteria.criteria, near.events, f"{at}.Criteria", nested)
    for number, _ in enumerate(group.demographic_criteria_list or ()):
        made.append(Test(f"{path}.DemographicCriteriaList[{number}]", next(nodes), index, rule))
    for number, inner in enumerate(group.groups or ()):
        made.append(_group(inner, next(nodes), index, f"{path}.Groups[{number}]", rule, nested))
    return Test(path, node, index, rule, tuple(made))


def _around(criteria: Criteria, node: Relation, path: str, nested: list[Test]) -> None:
    """What is asked around each of the events of a criterion."""
    criterion = criteria.only[1]
    group = criterion.correlated_criteria
    if group is not None and isinstance(node, Satisfying) and isinstance(node.source, Events) and len(node.tests) == 1:
        below = f"{path}.{type(criterion).__name__}.CorrelatedCriteria"
        nested.append(_group(group, node.tests[0], InObservation(node.source), below, None, nested))

"""A plan with one thing changed, for every field of every node: what tells two plans apart has to be said."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal, get_args, get_origin, get_type_hints

from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts.conditions import OPERATORS
from wardbench.ward.cohorts.plan import CohortPlan, Edge, Node, Persons, Relation

ANOTHER = ConceptSet.of(77)
_MISSING: dict[str, Any] = {
    "concepts": ANOTHER,
    "source_concepts": ANOTHER,
    "at_most": 1,
    "days_supply": 9,
    "distinct": "start_date",
}


def changed_plans(plan: CohortPlan) -> Iterator[tuple[str, CohortPlan]]:
    """Plans that differ from `plan` in one field of one node (wherever that node is), each with what was changed."""
    for node in plan.walk():
        if isinstance(node, Relation):
            for what, other in _changed_values(node):
                try:
                    yield f"{type(node).__name__}.{what}", _replaced(plan, node, other)
                except ValueError:
                    continue


def _changed_values(value: Any) -> Iterator[tuple[str, Any]]:
    """`value`, a dataclass, with one field changed, for each field and a few other values."""
    hints = get_type_hints(type(value))
    for field in dataclasses.fields(value):
        for other in _others(getattr(value, field.name), field.name, hints[field.name]):
            try:
                yield field.name, dataclasses.replace(value, **{field.name: other})
            except ValueError:
                continue


def _others(value: Any, name: str, hint: Any) -> Iterator[Any]:
    choices = [v for part in (hint, *get_args(hint)) if get_origin(part) is Literal for v in get_args(part)]
    optional = type(None) in get_args(hint)
    match value:
        case None if date in get_args(hint):
            yield date(2020, 1, 9)
        case None if Edge in get_args(hint):
            yield from (0, Edge.PERIOD_START, Edge.PERIOD_END)
        case None:
            if name in _MISSING:
                yield _MISSING[name]
        case bool():
            yield not value
        case int() | float():
            yield value + 1
        case date():
            yield value + timedelta(days=1)
        case Edge():
            yield Edge.PERIOD_START if value is Edge.PERIOD_END else Edge.PERIOD_END
        case Persons(ids):
            yield Persons.of((*ids, 99))
            yield from (Persons.of(one for one in ids if one != left) for left in ids)
        case ConceptSet():
            yield ANOTHER
            yield from (ConceptSet(value.items ^ {item}) for item in _items(value))
        case frozenset():
            yield value | {88}
        case str() if choices:
            yield from (choice for choice in choices if choice != value)
        case str() if name == "operator":
            yield from (operator for operator in OPERATORS if operator != value)
        case str() if name == "text":
            yield f"{value}x"
        case tuple():
            yield from _other_tuples(value)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, Node):
            yield from (other for _, other in _changed_values(value))
    if optional and value is not None:
        yield None


def _items(concepts: ConceptSet) -> Iterator[ConceptItem]:
    """Items to take out of a set, or to put in besides."""
    for item in sorted(concepts.items)[:1]:
        yield item
        yield from (other for _, other in _changed_values(item))


def _other_tuples(value: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for position, part in enumerate(value):
        without = (*value[:position], *value[position + 1 :])
        yield without
        if not isinstance(part, Node):
            for _, other in _changed_values(part):
                yield (*value[:position], other, *value[position + 1 :])
    if len(value) > 1 and value[0] != value[-1]:
        yield value[::-1]


def _replaced(plan: CohortPlan, old: Node, new: Node) -> CohortPlan:
    done: dict[Node, Node] = {}
    for node in plan.walk():
        if node == old:
            done[node] = new
            continue
        changes = {f.name: with_replaced(getattr(node, f.name), done) for f in dataclasses.fields(node)}
        done[node] = dataclasses.replace(node, **changes)
    changed = done[plan]
    assert isinstance(changed, CohortPlan)
    return changed


def with_replaced(value: Any, done: dict[Node, Node]) -> Any:
    """A field's value with every relation in it replaced by what `done` has for it."""
    if isinstance(value, tuple):
        return tuple(with_replaced(part, done) for part in value)
    return done[value] if isinstance(value, Relation) else value

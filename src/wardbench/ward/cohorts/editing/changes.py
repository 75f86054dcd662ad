"""The changes: each takes a definition under work and gives a new one. What it does not touch stays as it is.

InputError names what cannot be: a rule or a concept set that is not there, a name that is empty.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from wardbench.core.errors import InputError
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.definition import Entry as Unchecked
from wardbench.ward.cohorts.editing.shapes import (
    LIMITS,
    MOST_DAYS,
    ConceptItems,
    Criterion,
    Entry,
    Event,
    Exit,
    Group,
    Node,
    Rule,
    nodes,
)

EventList = Literal["entry", "censor"]
"""The lists of events that are no rules: those that start the cohort, and those that end it early."""


@dataclass(frozen=True)
class Working:
    """A definition under work, as JSON, and the rules that are switched off, each with the place it had."""

    expression: dict[str, Any]
    off: tuple[tuple[int, dict[str, Any]], ...] = ()

    def definition(self, name: str = "") -> Definition:
        """What counts now, read strictly. InputError or UnsupportedError names the path that cannot be used."""
        return Unchecked(1, name or "this definition", "", self.expression).decode()

    def rules(self) -> list[tuple[dict[str, Any], bool]]:
        """All rules in their order, those switched off among them, and whether each is on."""
        found = [(rule, True) for rule in self.expression.get("InclusionRules") or []]
        for place, rule in sorted(self.off, key=lambda one: one[0]):
            found.insert(min(place, len(found)), (rule, False))
        return found

    def json(self) -> dict[str, Any]:
        return {"expression": self.expression, "off": [list(one) for one in self.off]}

    @classmethod
    def read(cls, given: dict[str, Any]) -> Working:
        return cls(given["expression"], tuple((int(place), rule) for place, rule in given.get("off", [])))


def new_definition() -> Working:
    """Nothing yet: without an entry event it is no cohort, and says so when it is read."""
    return Working(
        {
            "ConceptSets": [],
            "PrimaryCriteria": {
                "CriteriaList": [],
                "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
                "PrimaryCriteriaLimit": {"Type": "First"},
            },
            "QualifiedLimit": {"Type": "First"},
            "ExpressionLimit": {"Type": "First"},
            "InclusionRules": [],
            "CensoringCriteria": [],
            "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
            "CensorWindow": {},
            "cdmVersionRange": ">=5.0.0",
        }
    )


def add_entry(work: Working, entry: Entry, *, to: EventList = "entry") -> Working:
    changed = _copy(work)
    _check_sets(changed, entry.event)
    _events(changed, to).append(entry.json())
    return Working(changed, work.off)


def change_entry(work: Working, number: int, entry: Entry, *, of: EventList = "entry") -> Working:
    changed = _copy(work)
    _check_sets(changed, entry.event)
    events = _events(changed, of)
    _check_place(events, number, "entry event")
    events[number] = entry.json()
    return Working(changed, work.off)


def remove_entry(work: Working, number: int, *, of: EventList = "entry") -> Working:
    changed = _copy(work)
    events = _events(changed, of)
    _check_place(events, number, "entry event")
    del events[number]
    return Working(changed, work.off)


def change_additional(work: Working, group: Group | None) -> Working:
    """What else has to hold around the entry for it to be one; None for nothing."""
    changed = _copy(work)
    if group is None:
        changed.pop("AdditionalCriteria", None)
    else:
        _check_sets(changed, group)
        changed["AdditionalCriteria"] = group.json()
    return Working(changed, work.off)


def set_calendar(work: Working, first: date | None, last: date | None) -> Working:
    """The calendar days between which somebody can be in the cohort; None for no bound."""
    if first and last and last < first:
        raise InputError("between: the second day is the later one.")
    changed = _copy(work)
    said = {"StartDate": first, "EndDate": last}
    changed["CensorWindow"] = {key: day.isoformat() for key, day in said.items() if day}
    return Working(changed, work.off)


def set_observation(work: Working, prior: int, post: int) -> Working:
    """How many days somebody has to be observed before and after the entry."""
    if not 0 <= prior <= MOST_DAYS or not 0 <= post <= MOST_DAYS:
        raise InputError("days of observation: from 0 to {most}.", most=MOST_DAYS)
    changed = _copy(work)
    changed["PrimaryCriteria"]["ObservationWindow"] = {"PriorDays": prior, "PostDays": post}
    return Working(changed, work.off)


def set_limit(work: Working, limit: str) -> Working:
    """Which entry of a person counts: the first, the last, or all. One word for ATLAS's three."""
    if limit not in LIMITS:
        raise InputError("limit: {given} is none of {known}.", given=repr(limit), known=", ".join(LIMITS))
    changed = _copy(work)
    changed["PrimaryCriteria"]["PrimaryCriteriaLimit"] = {"Type": "All" if limit != "First" else "First"}
    changed["QualifiedLimit"] = {"Type": limit}
    changed["ExpressionLimit"] = {"Type": limit}
    return Working(changed, work.off)


def set_exit(work: Working, how: Exit) -> Working:
    changed = _copy(work)
    _check_set(changed, how.concept_set)
    said = how.json()
    if said is None:
        changed.pop("EndStrategy", None)
    else:
        changed["EndStrategy"] = said
    return Working(changed, work.off)


def add_rule(work: Working, rule: Rule) -> Working:
    return _with_rules(work, [*work.rules(), (_checked(work, rule), True)])


def change_rule(work: Working, number: int, rule: Rule) -> Working:
    rules = work.rules()
    _check_place(rules, number, "rule")
    rules[number] = (_checked(work, rule), rules[number][1])
    return _with_rules(work, rules)


def remove_rule(work: Working, number: int) -> Working:
    rules = work.rules()
    _check_place(rules, number, "rule")
    del rules[number]
    return _with_rules(work, rules)


def switch_rule(work: Working, number: int) -> Working:
    """Switch a rule off without losing it, or on again."""
    rules = work.rules()
    _check_place(rules, number, "rule")
    rules[number] = (rules[number][0], not rules[number][1])
    return _with_rules(work, rules)


def move_rule(work: Working, number: int, to: int) -> Working:
    rules = work.rules()
    _check_place(rules, number, "rule")
    _check_place(rules, to, "rule")
    rules.insert(to, rules.pop(number))
    return _with_rules(work, rules)


def new_concept_set(work: Working, name: str, items: Sequence[ConceptItems]) -> tuple[Working, int]:
    """The definition with one more concept set, and its id. An equal set of the same name is used again."""
    changed = _copy(work)
    sets = changed.setdefault("ConceptSets", []) or []
    changed["ConceptSets"] = sets
    said = {"items": [item.json() for item in items]}
    for one in sets:
        if one.get("name") == name and one.get("expression") == said:
            return work, one["id"]
    number = max((one["id"] for one in sets), default=-1) + 1
    sets.append({"id": number, "name": _named(name, "concept set"), "expression": said})
    return Working(changed, work.off), number


def change_concept_set(work: Working, number: int, name: str, items: Sequence[ConceptItems]) -> Working:
    """Every use of the set changes with it."""
    _check_set(work.expression, number)
    changed = _copy(work)
    for one in changed["ConceptSets"]:
        if one["id"] == number:
            one["name"] = _named(name, "concept set")
            before = one.get("expression") or {}
            one["expression"] = {**before, "items": [_item(item, before.get("items") or []) for item in items]}
    return Working(changed, work.off)


def _item(item: ConceptItems, before: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`item` as JSON; what ATLAS wrote about its concept stays."""
    said = item.json()
    known = (one.get("concept") for one in before)
    return {
        **said,
        "concept": next((c for c in known if c and c.get("CONCEPT_ID") == item.concept_id), said["concept"]),
    }


def unused_concept_sets(work: Working) -> list[int]:
    """The ids of concept sets that nothing refers to, rules that are off included."""
    used = set(_references({key: value for key, value in work.expression.items() if key != "ConceptSets"}))
    used |= set(_references([rule for _, rule in work.off]))
    return [one["id"] for one in work.expression.get("ConceptSets") or [] if one["id"] not in used]


def _references(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for key, inner in value.items():
            # Every key by which a criterion names a set ends in one of these.
            if isinstance(inner, int) and key.lower().endswith(("codesetid", "sourceconcept")):
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _copy(work: Working) -> dict[str, Any]:
    return copy.deepcopy(work.expression)


def _with_rules(work: Working, rules: Sequence[tuple[dict[str, Any], bool]]) -> Working:
    changed = _copy(work)
    changed["InclusionRules"] = [copy.deepcopy(rule) for rule, on in rules if on]
    return Working(changed, tuple((place, rule) for place, (rule, on) in enumerate(rules) if not on))


def _checked(work: Working, rule: Rule) -> dict[str, Any]:
    _named(rule.name, "rule")
    _check_sets(work.expression, rule.group)
    return rule.json()


def _events(expression: dict[str, Any], which: EventList) -> list[dict[str, Any]]:
    """A list of events of `expression`, which it is given if it has none."""
    holder, key = (
        (expression["PrimaryCriteria"], "CriteriaList") if which == "entry" else (expression, "CensoringCriteria")
    )
    if not holder.get(key):
        holder[key] = []
    found: list[dict[str, Any]] = holder[key]
    return found


def _named(name: str, what: str) -> str:
    if not name.strip():
        if what == "rule":
            raise InputError("name: give the rule a name.")
        raise InputError("name: give the concept set a name.")
    return name.strip()


def _check_set(expression: dict[str, Any], number: int | None) -> None:
    if number is not None and number not in {one["id"] for one in expression.get("ConceptSets") or []}:
        raise InputError("concept set: there is none with the id {number}.", number=number)


def _check_sets(expression: dict[str, Any], node: Node) -> None:
    """InputError where an event of `node` is of a concept set that is not there."""
    for _path, one in nodes(node):
        event = one.event if isinstance(one, Criterion) else one
        if isinstance(event, Event):
            _check_set(expression, event.concept_set)


def _check_place(things: Sequence[Any], number: int, what: str) -> None:
    if not 0 <= number < len(things):
        if what == "rule":
            raise InputError("rule {number}: there is none.", number=number + 1)
        raise InputError("entry event {number}: there is none.", number=number + 1)

"""What a feasibility count may ask, and when two questions are one: told from the definition alone.

The answer never depends on the data: a question that is refused because few persons satisfy it would be answered by
its refusal. A question may have at most `MOST_CRITERIA` criteria, `MOST_TELLING` of which tell persons apart by what
is known about them anyway (age, sex, dates); ages come in bands of ten years, dates in quarters, values to two digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.export import atlas_expression

MOST_CRITERIA = 6
MOST_TELLING = 3
WINDOWS = frozenset({0, 1, 7, 14, 30, 60, 90, 180, 270, 365, 730, 1095, 1825, 3650})
"""Days that windows and offsets may have: fine enough to plan with, too coarse to single out a day."""

_AGES = frozenset({"Age", "AgeAtStart", "AgeAtEnd"})
_DATES = frozenset({"OccurrenceStartDate", "OccurrenceEndDate", "EraStartDate", "EraEndDate", "PeriodStartDate"})
_SEX = frozenset({"Gender"})
_VALUES = frozenset({"ValueAsNumber"})
_CONCEPTS = frozenset({"ValueAsConcept", "VisitType", "Operator"})


@dataclass(frozen=True)
class Fault:
    """What a feasibility count may not ask: where, and a sentence with the values that it names in braces."""

    path: str
    pattern: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return self.pattern.format(**self.values)


def gate(definition: Definition) -> tuple[Fault, ...]:
    """Why a definition cannot be counted for feasibility; nothing where it can."""
    expression = atlas_expression(definition)
    faults = list(_faults(expression))
    if any(times > 1 for times in definition.repeated_concept_sets.values()):
        # Its events are then found twice, which no spelling of the question would show.
        faults.append(Fault("ConceptSets", "A concept set stands there twice."))
    criteria, telling = _sizes(expression)
    if criteria > MOST_CRITERIA:
        values = {"criteria": criteria, "most": MOST_CRITERIA}
        faults.append(Fault("", "It has {criteria} criteria; a feasibility count has {most} at most.", values))
    if telling > MOST_TELLING:
        values = {"telling": telling, "most": MOST_TELLING}
        faults.append(
            Fault("", "{telling} of its criteria are about age, sex or dates; {most} at most may be.", values)
        )
    return tuple(faults)


def canonical(definition: Definition) -> bytes:
    """The question of a definition in one spelling: equal for definitions that differ in names, ids, order or repeats.

    Two definitions may still mean the same and be spelt differently here; the number of questions bounds what is
    learned from that.
    """
    expression = atlas_expression(definition)
    sets = {
        one["id"]: sorted(
            {
                (
                    item["concept"]["CONCEPT_ID"],
                    bool(item.get("isExcluded")),
                    bool(item.get("includeDescendants")),
                    bool(item.get("includeMapped")),
                )
                for item in (one.get("expression") or {}).get("items") or []
            }
        )
        for one in expression.pop("ConceptSets", None) or []
    }
    for key in ("cdmVersionRange", "Title", "title"):
        expression.pop(key, None)
    return json.dumps(_spelt(expression, sets), sort_keys=True, separators=(",", ":")).encode()


_PARTS = ("CriteriaList", "DemographicCriteriaList", "Groups")
"""What the members of a group stand in."""


def _spelt(value: Any, sets: dict[int, list[Any]]) -> Any:
    if isinstance(value, dict):
        told: dict[str, Any] = {
            key: sets.get(inner, inner) if _names_a_set(key, inner) else _spelt(inner, sets)
            for key, inner in value.items()
            if key not in ("name", "description", "CONCEPT_NAME") and inner is not None and inner not in ([], {})
        }
        for key in _AGES & told.keys():
            told[key] = _age(told[key])
        if "InclusionRules" in told:
            told["InclusionRules"] = _without_repeats(told["InclusionRules"])
        if told.get("Type") == 0 and told.get("Count") == 0:
            # Exactly none and at most none are one.
            told["Type"] = 1
        return _group_spelt(told) if told.get("Type") in ("ALL", "ANY", "AT_LEAST") else told
    if isinstance(value, list):
        return sorted((_spelt(inner, sets) for inner in value), key=_text)
    return value


def _age(told: dict[str, Any]) -> dict[str, Any]:
    """Over 49 and 50 or over are one, as are 59 or under and under 60: ages are whole years."""
    op = {"gt": "gte", "lte": "lt"}.get(told.get("Op", ""))
    return {**told, "Op": op, "Value": told["Value"] + 1} if op and isinstance(told.get("Value"), int) else told


def _group_spelt(told: dict[str, Any]) -> dict[str, Any]:
    """A group without repeats, as the plainest that means the same."""
    names = ("CriteriaList", "DemographicCriteriaList", "Groups")

    def parts() -> int:
        return sum(len(told.get(name, ())) for name in names)

    if told["Type"] == "AT_LEAST":
        kind = "ALL" if told.get("Count") == parts() else "ANY" if told.get("Count") == 1 else ""
        if not kind or not parts():
            return told
        told = {"Type": kind, **{name: told[name] for name in names if name in told}}
    told |= {name: _without_repeats(told[name]) for name in names if name in told}
    if parts() != 1:
        return told
    return told["Groups"][0] if "Groups" in told else {**told, "Type": "ALL"}


def _without_repeats(values: list[Any]) -> list[Any]:
    return [one for _, one in sorted({_text(one): one for one in values}.items())]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _says(value: Any) -> bool:
    """Whether a value says anything: nothing, no and empty do not, zero does."""
    return value is not None and value is not False and value != [] and value != {}


def _names_a_set(key: str, value: Any) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and key.lower().endswith(("codesetid", "sourceconcept"))


def _faults(expression: dict[str, Any]) -> Iterator[Fault]:
    for position, criterion in enumerate(expression["PrimaryCriteria"]["CriteriaList"]):
        yield from _criterion(criterion, f"PrimaryCriteria.CriteriaList[{position}]")
    window = expression["PrimaryCriteria"].get("ObservationWindow") or {}
    for key in ("PriorDays", "PostDays"):
        yield from _days(window.get(key, 0), f"PrimaryCriteria.ObservationWindow.{key}")
    for position, rule in enumerate(expression.get("InclusionRules") or []):
        yield from _group(rule["expression"], f"InclusionRules[{position}].expression")
    if expression.get("AdditionalCriteria"):
        yield from _group(expression["AdditionalCriteria"], "AdditionalCriteria")
    for position, criterion in enumerate(expression.get("CensoringCriteria") or []):
        yield from _criterion(criterion, f"CensoringCriteria[{position}]")
    for key, value in (expression.get("CensorWindow") or {}).items():
        if value and not _is_quarter(str(value)):
            yield Fault(f"CensorWindow.{key}", "Give the first or last day of a quarter.")


def _group(group: dict[str, Any], path: str) -> Iterator[Fault]:
    for position, one in enumerate(group.get("CriteriaList") or []):
        here = f"{path}.CriteriaList[{position}]"
        for name in ("StartWindow", "EndWindow"):
            for end in ("Start", "End"):
                days = ((one.get(name) or {}).get(end) or {}).get("Days")
                if days is not None:
                    yield from _days(days, f"{here}.{name}.{end}.Days")
        yield from _criterion(one["Criteria"], f"{here}.Criteria")
    for position, one in enumerate(group.get("DemographicCriteriaList") or []):
        yield from _attributes(one, f"{path}.DemographicCriteriaList[{position}]")
    for position, one in enumerate(group.get("Groups") or []):
        yield from _group(one, f"{path}.Groups[{position}]")


def _criterion(criterion: dict[str, Any], path: str) -> Iterator[Fault]:
    [(kind, said)] = criterion.items()
    yield from _attributes(said, f"{path}.{kind}")


def _attributes(said: dict[str, Any], path: str) -> Iterator[Fault]:
    for key, value in said.items():
        here = f"{path}.{key}"
        if not _says(value) or _names_a_set(key, value) or key in _SEX | _CONCEPTS | {"First", "Unit"}:
            continue
        if key == "CorrelatedCriteria":
            yield from _group(value, here)
        elif key in _AGES:
            if not _is_band(value):
                yield Fault(here, "Ages come in bands of ten years: 20 or over, under 60, between 40 and 59.")
        elif key in _DATES:
            if not all(_is_quarter(str(day)) for day in (value.get("Value"), value.get("Extent")) if day):
                yield Fault(here, "Give the first or last day of a quarter.")
        elif key in _VALUES:
            if not all(
                _is_coarse(number) for number in (value.get("Value"), value.get("Extent")) if number is not None
            ):
                yield Fault(here, "Give values with two digits at most.")
        else:
            yield Fault(here, "This cannot be asked in a feasibility count.")


def _days(days: int, path: str) -> Iterator[Fault]:
    if days not in WINDOWS:
        yield Fault(
            path, "Choose one of these numbers of days: {days}.", {"days": ", ".join(map(str, sorted(WINDOWS)))}
        )


def _is_band(age: dict[str, Any]) -> bool:
    value, extent, op = age.get("Value"), age.get("Extent"), age.get("Op")
    if not isinstance(value, int):
        return False
    if op in ("gte", "lt"):
        return value % 10 == 0
    if op in ("gt", "lte"):
        return value % 10 == 9
    return op == "bt" and value % 10 == 0 and isinstance(extent, int) and extent % 10 == 9


def _is_quarter(day: str) -> bool:
    return day[5:10] in {
        *("01-01", "04-01", "07-01", "10-01"),
        *("03-31", "06-30", "09-30", "12-31"),
    }


def _is_coarse(number: float) -> bool:
    return number == 0 or float(f"{number:.2g}") == number


def _sizes(expression: dict[str, Any]) -> tuple[int, int]:
    """How many criteria there are, and how many of them are about age, sex or dates."""
    criteria = telling = 0
    stack: list[Any] = [{key: value for key, value in expression.items() if key != "ConceptSets"}]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            for key, inner in value.items():
                if key in _AGES | _DATES | _SEX and inner:
                    telling += 1
                if key in ("CriteriaList", "DemographicCriteriaList", "CensoringCriteria"):
                    criteria += len(inner or [])
                stack.append(inner)
            telling += sum(1 for key in ("StartDate", "EndDate") if isinstance(value.get(key), str))
    return criteria, telling

"""Which questions a feasibility count may ask, and which of them are one."""

from __future__ import annotations

import copy
import dataclasses
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from wardbench.core.errors import InputError, UnsupportedError
from wardbench.ward.cohorts.definition import Definition, Entry
from wardbench.ward.cohorts.feasibility import MOST_CRITERIA, canonical, gate
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.plan import Satisfying


def expression(*rules: dict[str, Any], entry: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "ConceptSets": [concept_set(0, 201826), concept_set(1, 4193704)],
        "PrimaryCriteria": {
            "CriteriaList": [entry or {"ConditionOccurrence": {"CodesetId": 0}}],
            "ObservationWindow": {"PriorDays": 365, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "First"},
        },
        "InclusionRules": list(rules),
    }


def concept_set(number: int, concept: int) -> dict[str, Any]:
    item = {"concept": {"CONCEPT_ID": concept, "CONCEPT_NAME": "x"}, "includeDescendants": True}
    return {"id": number, "name": f"set {number}", "expression": {"items": [item]}}


def rule(name: str = "rule", number: int = 1, count: int = 1, kind: int = 2, days: int = 30) -> dict[str, Any]:
    criterion = {
        "Criteria": {"ConditionOccurrence": {"CodesetId": number}},
        "StartWindow": {"Start": {"Days": days, "Coeff": -1}, "End": {"Days": 0, "Coeff": 1}},
        "Occurrence": {"Type": kind, "Count": count},
    }
    return {"name": name, "expression": group([criterion])}


def group(criteria: list[Any], people: list[Any] | None = None) -> dict[str, Any]:
    return {"Type": "ALL", "CriteriaList": criteria, "DemographicCriteriaList": people or [], "Groups": []}


def people(**said: Any) -> dict[str, Any]:
    return {"name": "who", "expression": group([], [said])}


def read(given: dict[str, Any]) -> Definition:
    return Entry(1, "n", "n", given).decode()


WHO = "InclusionRules[0].expression.DemographicCriteriaList[0]"
MALE = [{"CONCEPT_ID": 8507, "CONCEPT_NAME": "MALE"}]
DATED = {"OccurrenceStartDate": {"Value": "2020-01-01", "Op": "gte"}}


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule()],
        [people(Age={"Value": 40, "Op": "gte"})],
        [people(Age={"Value": 40, "Op": "bt", "Extent": 59})],
        [people(Gender=MALE), people(Age={"Value": 59, "Op": "lte"})],
        [people(**DATED)],
    ],
)
def test_a_coarse_question_may_be_asked(rules: list[dict[str, Any]]) -> None:
    assert gate(read(expression(*rules))) == ()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (expression(people(Age={"Value": 41, "Op": "gte"})), f"{WHO}.Age"),
        (expression(people(Age={"Value": 40, "Op": "eq"})), f"{WHO}.Age"),
        (expression(people(Age={"Value": 40, "Op": "bt", "Extent": 42})),
         f"{WHO}.Age"),
        (expression(people(OccurrenceStartDate={"Value": "2020-01-02", "Op": "gte"})),
         f"{WHO}.OccurrenceStartDate"),
        (expression(rule(days=13)), "InclusionRules[0].expression.CriteriaList[0].StartWindow.Start.Days"),
        (expression(entry={"Measurement": {"CodesetId": 0, "ValueAsNumber": {"Value": 7.35, "Op": "gte"}}}),
         "PrimaryCriteria.CriteriaList[0].Measurement.ValueAsNumber"),
        (expression(entry={"Observation": {"CodesetId": 0, "ValueAsString": {"Text": "x", "Op": "contains"}}}),
         "PrimaryCriteria.CriteriaList[0].Observation.ValueAsString"),
        (expression(entry={"ConditionOccurrence": {"CodesetId": 0, "ProviderSpecialty": MALE}}),
         "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.ProviderSpecialty"),
        (expression(people(Race=MALE)), f"{WHO}.Race"),
        (expression(*[rule(str(n)) for n in range(MOST_CRITERIA)]), ""),
        (expression(people(Gender=MALE, Age={"Value": 40, "Op": "gte"}), people(**DATED),
                    people(Age={"Value": 60, "Op": "lt"})), ""),
    ],
)  # fmt: skip
def test_a_question_that_singles_out_is_refused_by_its_path(given: dict[str, Any], path: str) -> None:
    assert path in [fault.path for fault in gate(read(given))]


@pytest.mark.parametrize("place", ["nested", "additional", "censoring"])
def test_no_place_of_a_definition_is_overlooked(place: str) -> None:
    given = expression()
    fine = people(Age={"Value": 41, "Op": "gte"})["expression"]
    if place == "nested":
        given["PrimaryCriteria"]["CriteriaList"] = [
            {"ConditionOccurrence": {"CodesetId": 0, "CorrelatedCriteria": fine}}
        ]
    elif place == "additional":
        given["AdditionalCriteria"] = {**group([]), "Groups": [fine]}
    else:
        given["CensoringCriteria"] = [{"ConditionOccurrence": {"CodesetId": 0, "Age": {"Value": 41, "Op": "gte"}}}]
    assert len(gate(read(given))) == 1


def test_rewriting_a_question_does_not_make_it_another() -> None:
    first = expression(rule("a", 1), rule("b", 0, days=90), people(Gender=MALE))
    other = copy.deepcopy(first)
    other["InclusionRules"].reverse()
    other["InclusionRules"].append(copy.deepcopy(other["InclusionRules"][0]))
    for number, one in enumerate(other["InclusionRules"]):
        one["name"] = f"renamed {number}"
    for one in other["ConceptSets"]:
        one["id"] += 10
        one["name"] = "renamed"
    other["ConceptSets"].append(concept_set(99, 1))
    text = json.dumps(other).replace('"CodesetId": 0', '"CodesetId": 10').replace('"CodesetId": 1,', '"CodesetId": 11,')
    text = text.replace('"CodesetId": 1}', '"CodesetId": 11}')
    assert canonical(read(first)) == canonical(read(json.loads(text)))


def aged(*ages: tuple[str, int], kind: str = "ALL", **more: Any) -> dict[str, Any]:
    """A question about people of such ages."""
    given = people(Age={"Value": 50, "Op": "gte"})
    said = [{"Age": {"Value": value, "Op": op}} for op, value in ages]
    given["expression"] |= {"Type": kind, "DemographicCriteriaList": said, **more}
    return expression(given)


@pytest.mark.parametrize(
    "other",
    [
        aged(("gt", 49)),
        aged(("gte", 50), ("gte", 50)),
        aged(("gte", 50), ("gt", 49), kind="ANY"),
        aged(("gte", 50), kind="ANY"),
        aged(("gte", 50), kind="AT_LEAST", Count=1),
        aged(kind="ANY", Groups=[aged(("gte", 50))["InclusionRules"][0]["expression"]]),
    ],
)
def test_an_age_asked_for_in_another_way_is_the_same_question(other: dict[str, Any]) -> None:
    """Whoever could ask one question in many ways would average the noise away."""
    assert canonical(read(other)) == canonical(read(aged(("gte", 50))))


@pytest.mark.parametrize(
    "other",
    [
        aged(("gt", 50)),
        aged(("lt", 50)),
        aged(("gte", 50), kind="AT_LEAST", Count=0),
        aged(("gte", 50), ("lt", 80), kind="ANY"),
        aged(("gte", 50), kind="AT_MOST", Count=1),
    ],
)
def test_other_ages_are_another_question(other: dict[str, Any]) -> None:
    assert canonical(read(other)) != canonical(read(aged(("gte", 50))))


def test_exactly_none_is_at_most_none() -> None:
    assert canonical(read(expression(rule(count=0, kind=0)))) == canonical(read(expression(rule(count=0, kind=1))))


@pytest.mark.parametrize(
    "other",
    [
        expression(),
        expression(rule(days=90)),
        expression(rule(count=2)),
        expression(rule(kind=1)),
        expression(rule(number=0)),
        expression(rule(), people(Gender=MALE)),
    ],
)
def test_another_question_is_another(other: dict[str, Any]) -> None:
    assert canonical(read(expression(rule()))) != canonical(read(other))


def test_definitions_of_a_library_are_different_questions_unless_they_mean_the_same(shared: Path) -> None:
    with gzip.open(shared / "data/circe/phenotype_library.jsonl.gz") as lines:
        definitions = [read(json.loads(line)["expression"]) for line in lines]
    asked: dict[bytes, Definition] = {}
    for definition in random.Random(1).sample(definitions, 300):
        known = asked.setdefault(canonical(definition), definition)
        if known is not definition:
            assert sorted(map(str, lower(known).rules)) == sorted(map(str, lower(definition).rules))
    assert len(asked) > 280


def changed(value: Any, chance: random.Random) -> Any:
    """The same JSON, with a switch turned or taken away, a criterion repeated or a number changed here and there."""
    if isinstance(value, dict):
        told = {key: changed(inner, chance) for key, inner in value.items()}
        for key, inner in list(told.items()):
            if isinstance(inner, bool) and chance.random() < 0.05:
                told[key] = not inner
            elif isinstance(inner, bool) and chance.random() < 0.05:
                del told[key]
            elif key == "Type" and inner in ("ALL", "ANY") and chance.random() < 0.05:
                told |= {"Type": "AT_LEAST", "Count": chance.randint(0, 2)}
            elif key in ("CriteriaList", "DemographicCriteriaList", "Groups") and inner and chance.random() < 0.1:
                told[key] = [*inner, copy.deepcopy(chance.choice(inner))]
        return told
    return [changed(inner, chance) for inner in value] if isinstance(value, list) else value


def test_what_is_spelt_the_same_means_the_same(shared: Path) -> None:
    """Or two different counts would have the same noise, and their difference would show."""
    chance, same = random.Random(5), 0
    with gzip.open(shared / "data/circe/phenotype_library.jsonl.gz") as lines:
        expressions = [json.loads(line)["expression"] for line in lines]
    for expression_given in chance.sample(expressions, 400):
        before = read(expression_given)
        try:
            after = read(changed(expression_given, chance))
        except (InputError, UnsupportedError):
            continue
        if canonical(before) == canonical(after):
            same += 1
            assert meaning(lower(before).cohort) == meaning(lower(after).cohort)
    assert same > 20


def meaning(node: Any) -> Any:
    """A plan in which tests that all have to hold, or of which any has to, are a set."""
    if isinstance(node, Satisfying) and node.at_most is None and node.at_least in (1, len(node.tests)):
        tests = frozenset(meaning(test) for test in node.tests)
        how = "all" if node.at_least == len(node.tests) else "any"
        return how if len(tests) > 1 else "one", meaning(node.source), tests
    if dataclasses.is_dataclass(node):
        return type(node), tuple(meaning(getattr(node, field.name)) for field in dataclasses.fields(node))
    return tuple(meaning(one) for one in node) if isinstance(node, tuple) else node

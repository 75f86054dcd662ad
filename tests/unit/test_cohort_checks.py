"""What is wrong with a definition is said once, with its path; what is right is not complained of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tiny_cohort_hospital import (
    concept_set,
    condition,
    drug,
    expression,
    group,
    near,
    observed,
    person,
    rule,
    snapshot,
    window,
)
from wardbench.cli.app import app
from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts import read_definition
from wardbench.ward.cohorts.checks import Finding, check_definition
from wardbench.ward.cohorts.checks.finding import Checked
from wardbench.ward.cohorts.checks.spans import possible
from wardbench.ward.cohorts.conditions import ConceptIs, DateIs, NumberIs

CONDITION = {"ConditionOccurrence": {"CodesetId": 1}}
DRUG = {"DrugExposure": {"CodesetId": 2}}
BOTH = [near(DRUG)]
EXIT = {"EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 7}}}
RULE = "InclusionRules[0].expression"


def asked(*criteria: Mapping[str, Any], rules: Any = None, **other: Any) -> dict[str, Any]:
    """A definition with nothing wrong, both of its concept sets used, but for what is given."""
    rules = [rule("with a drug", near(DRUG))] if rules is None else rules
    return expression(*criteria, InclusionRules=rules, **{**EXIT, **other})


def found(folder: Path, definition: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [(f.severity, f.check, f.path) for f in _findings(folder, definition)]


def _findings(folder: Path, definition: Mapping[str, Any]) -> tuple[Finding, ...]:
    path = folder / "1.json"
    path.write_text(json.dumps(definition))
    return check_definition(read_definition(path))


def of_drugs(criterion: Mapping[str, Any] = DRUG, **other: Any) -> list[dict[str, Any]]:
    return [rule("one", near(criterion, **other))]


def test_nothing_is_said_about_a_definition_with_nothing_wrong(tmp_path: Path) -> None:
    assert found(tmp_path, asked()) == []


ONE = {
    "unused concept set": (
        asked(rules=[]),
        ("warning", "unused", "ConceptSets[1]"),
    ),
    "concept set without items": (
        asked(ConceptSets=[concept_set(1, 1), concept_set(2)]),
        ("critical", "empty", "ConceptSets[1]"),
    ),
    "the same concept set twice": (
        asked(ConceptSets=[concept_set(1, 1), concept_set(2, 1)]),
        ("information", "duplicate", "ConceptSets[1]"),
    ),
    "no concepts asked for": (
        asked(CONDITION, {"ProcedureOccurrence": {}}),
        ("warning", "no-concepts", "PrimaryCriteria.CriteriaList[1].ProcedureOccurrence"),
    ),
    "a window that ends before it begins": (
        asked(rules=of_drugs(days=window(5, -5))),
        ("critical", "window", f"{RULE}.CriteriaList[0].StartWindow"),
    ),
    "all days before as an end": (
        asked(rules=of_drugs(days={"Start": {"Coeff": -1}, "End": {"Coeff": -1}})),
        ("warning", "window", f"{RULE}.CriteriaList[0].StartWindow"),
    ),
    "an end before the start": (
        asked(rules=of_drugs(days=window(0, 5), EndWindow=window(-9, -1, UseEventEnd=True))),
        ("critical", "window", f"{RULE}.CriteriaList[0]"),
    ),
    "a range upside down": (
        asked(rules=of_drugs({"DrugExposure": {"CodesetId": 2, "Quantity": {"Op": "bt", "Value": 9, "Extent": 2}}})),
        ("critical", "range", f"{RULE}.CriteriaList[0].Criteria.DrugExposure.Quantity"),
    ),
    "an age below zero": (
        asked({"ConditionOccurrence": {"CodesetId": 1, "Age": {"Op": "lt", "Value": 0}}}),
        ("critical", "range", "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Age"),
    ),
    "an age that everybody has": (
        asked({"ConditionOccurrence": {"CodesetId": 1, "Age": {"Op": "gte", "Value": 0}}}),
        ("warning", "always", "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Age"),
    ),
    "an age that nobody has": (
        asked({"ConditionOccurrence": {"CodesetId": 1, "Age": {"Op": "gt", "Value": 130}}}),
        ("warning", "range", "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Age"),
    ),
    "a period upside down": (
        asked(CensorWindow={"StartDate": "2020-02-01", "EndDate": "2020-01-01"}),
        ("critical", "range", "CensorWindow"),
    ),
    "at least none": (
        asked(rules=of_drugs(count=0)),
        ("warning", "always", f"{RULE}.CriteriaList[0].Occurrence.Count"),
    ),
    "a death before": (
        asked(rules=[rule("one", near(DRUG), near({"Death": {}}, days=window(None, -1)))]),
        ("warning", "death", f"{RULE}.CriteriaList[1]"),
    ),
    "a rule without anything": (
        asked(rules=[rule("none"), rule("one", near(DRUG))]),
        ("warning", "always", RULE),
    ),
    "more tests than there are": (
        asked(rules=[{"name": "x", "expression": group(near(DRUG), type="AT_LEAST", Count=2)}]),
        ("critical", "never", RULE),
    ),
    "at most as many tests as there are": (
        asked(rules=[{"name": "x", "expression": group(near(DRUG), type="AT_MOST", Count=1)}]),
        ("warning", "always", RULE),
    ),
    "the entry event itself is excluded": (
        asked(rules=[rule("one", near(DRUG)), rule("none before", near(CONDITION, 0, 0, window(None, 0)))]),
        ("critical", "never", "InclusionRules[1].expression.CriteriaList[0]"),
    ),
    "the entry event itself is counted": (
        asked(rules=[rule("one", near(DRUG)), rule("there", near(CONDITION, days=window(0, 0)))]),
        ("warning", "always", "InclusionRules[1].expression.CriteriaList[0]"),
    ),
    "at least one and none": (
        asked(rules=[rule("one", near(DRUG, days=window(0, 5))), rule("none", near(DRUG, 0, 0))]),
        ("critical", "contradiction", "InclusionRules[1].expression.CriteriaList[0]"),
    ),
    "young and old": (
        asked(
            rules=[
                rule("one", near(DRUG)),
                rule("old", DemographicCriteriaList=[{"Age": {"Op": "gte", "Value": 65}}]),
                rule("young", DemographicCriteriaList=[{"Age": {"Op": "lt", "Value": 18}}]),
            ]
        ),
        ("critical", "contradiction", "InclusionRules[2].expression.DemographicCriteriaList[0]"),
    ),
    "men and women": (
        asked(
            rules=[
                rule("one", near(DRUG)),
                rule("men", DemographicCriteriaList=[{"Gender": [{"CONCEPT_ID": 8507}]}]),
                rule("women", DemographicCriteriaList=[{"Gender": [{"CONCEPT_ID": 8532}]}]),
            ]
        ),
        ("critical", "contradiction", "InclusionRules[2].expression.DemographicCriteriaList[0]"),
    ),
    "a rule that is there twice": (
        asked(rules=[rule("one", near(DRUG)), rule("again", near(DRUG))]),
        ("warning", "duplicate", "InclusionRules[1]"),
    ),
    "a test that is there twice": (
        asked(rules=[rule("one", near(DRUG), near(DRUG))]),
        ("warning", "duplicate", f"{RULE}.CriteriaList[1]"),
    ),
    "a primary criterion that is there twice": (
        asked(CONDITION, CONDITION),
        ("warning", "duplicate", "PrimaryCriteria.CriteriaList[1]"),
    ),
    "no exit": (
        asked(EndStrategy=None),
        ("warning", "exit", "EndStrategy"),
    ),
    "no exit of first events": (
        asked(EndStrategy=None, ExpressionLimit={"Type": "First"}),
        ("information", "exit", "EndStrategy"),
    ),
    "an end before the membership": (
        asked(EndStrategy={"DateOffset": {"DateField": "StartDate", "Offset": -1}}),
        ("critical", "exit", "EndStrategy.DateOffset.Offset"),
    ),
    "ended by what starts it": (
        asked(CensoringCriteria=[CONDITION]),
        ("warning", "exit", "CensoringCriteria"),
    ),
    "absence that was not observed": (
        asked(rules=of_drugs(count=0, type=0, days=window(-30, -1))),
        ("information", "observation", "PrimaryCriteria.ObservationWindow.PriorDays"),
    ),
    "days that exclude each other": (
        asked(
            CONDITION,
            {
                "DrugExposure": {
                    "CodesetId": 2,
                    "OccurrenceStartDate": {"Op": "gt", "Value": "2021-01-01"},
                    "CorrelatedCriteria": group(near(CONDITION)),
                }
            },
            rules=[
                rule("before", DemographicCriteriaList=[{"OccurrenceEndDate": {"Op": "lt", "Value": "2020-01-01"}}]),
                rule("after", DemographicCriteriaList=[{"OccurrenceStartDate": {"Op": "gt", "Value": "2020-01-01"}}]),
            ],
        ),
        ("critical", "contradiction", "InclusionRules[1].expression.DemographicCriteriaList[0]"),
    ),
}


@pytest.mark.parametrize("what", ONE)
def test_what_is_wrong_is_found_at_its_path(tmp_path: Path, what: str) -> None:
    definition, expected = ONE[what]
    assert expected in found(tmp_path, definition)


@pytest.mark.parametrize("what", ONE)
def test_besides_what_is_wrong_only_its_consequences_are_said(tmp_path: Path, what: str) -> None:
    definition, expected = ONE[what]
    assert {f[1] for f in found(tmp_path, definition)} - {expected[1]} <= {"never", "always"}


def test_limits_that_leave_nothing_to_choose_from(tmp_path: Path) -> None:
    first = asked(ExpressionLimit={"Type": "Last"})
    first["PrimaryCriteria"]["PrimaryCriteriaLimit"] = {"Type": "First"}
    assert found(tmp_path, first) == [("warning", "limit", "ExpressionLimit")]
    last = asked({"ConditionOccurrence": {"CodesetId": 1, "First": True}})
    last["PrimaryCriteria"]["PrimaryCriteriaLimit"] = {"Type": "Last"}
    assert found(tmp_path, last) == [("warning", "limit", "PrimaryCriteria.PrimaryCriteriaLimit")]


@pytest.mark.parametrize(
    "rules",
    [
        # Fewer events in a larger window, and of another kind, and in other visits, leave room for both.
        [rule("one", near(DRUG, days=window(-30, 30))), rule("none", near(DRUG, 0, 0, window(-5, 5)))],
        [rule("one", near(DRUG, days=window(-9, 0))), rule("none", near(DRUG, 0, 0, window(-5, 0)))],
        [rule("one", near(DRUG, days=window(0, 9))), rule("none", near(DRUG, 0, 0, window(0, 5)))],
        [
            rule("one", near(DRUG, days=window(0, 5), IgnoreObservationPeriod=True)),
            rule("none", near(DRUG, 0, 0, window(0, 5))),
        ],
        [rule("one", near(DRUG)), rule("no first", near({"DrugExposure": {"CodesetId": 2, "First": True}}, 0, 0))],
        [rule("one", near(DRUG)), rule("none of the entry's kind", near(CONDITION, 0, 0, window(3, 9)))],
        [
            rule("one", near(DRUG)),
            {
                "name": "none, or late",
                "expression": group(
                    near(DRUG, days=window(0, 30)),
                    Groups=[group(near(DRUG, 0, 0, window(0, 30)), near(DRUG, days=window(31, 60)), type="ANY")],
                ),
            },
        ],
        [rule("one", near(DRUG)), rule("none", near(DRUG, 0, 0, RestrictVisit=True))],
        [rule("one", near(DRUG)), rule("at most", near(DRUG, 1, 1))],
        [rule("any", near(DRUG), near(DRUG, 0, 0), type="ANY")],
        [rule("one", near(DRUG)), rule("none but that", near(CONDITION, 0, 0, window(None, -1)))],
        [
            rule("one", near(DRUG)),
            rule("18", DemographicCriteriaList=[{"Age": {"Op": "gte", "Value": 18}}]),
            rule("to 18", DemographicCriteriaList=[{"Age": {"Op": "lte", "Value": 18}}]),
        ],
    ],
)
def test_what_can_be_so_is_no_contradiction(tmp_path: Path, rules: list[dict[str, Any]]) -> None:
    assert not [f for f in found(tmp_path, asked(rules=rules)) if f[0] != "information"]


def test_events_around_which_one_of_two_things_is_so_are_possible(tmp_path: Path) -> None:
    either = group(near(DRUG, 0, 0, window(0, 30)), near(DRUG, days=window(31, 60)), type="ANY")
    around = group(near(DRUG, days=window(0, 30)), Groups=[either])
    definition = asked({"ConditionOccurrence": {"CodesetId": 1, "CorrelatedCriteria": around}})
    assert not [f for f in found(tmp_path, definition) if f[0] == "critical"]
    around["Groups"][0]["Type"] = "ALL"
    assert ("critical", "never", "PrimaryCriteria.CriteriaList[0]") in found(tmp_path, definition)


def test_the_domain_that_the_definition_gives_has_to_fit(tmp_path: Path) -> None:
    definition = asked()
    concept = definition["ConceptSets"][1]["expression"]["items"][0]["concept"]
    concept["DOMAIN_ID"] = "Condition"
    path = f"{RULE}.CriteriaList[0].Criteria.DrugExposure.CodesetId"
    assert found(tmp_path, definition) == [("warning", "domain", path)]
    concept["DOMAIN_ID"] = "Drug"
    assert found(tmp_path, definition) == []
    concept["INVALID_REASON"] = "D"
    assert found(tmp_path, definition) == [("information", "invalid", "ConceptSets[1]")]


def test_a_set_contains_another_only_where_that_is_certain() -> None:
    def concepts(*included: int, without: tuple[int, ...] = ()) -> ConceptSet:
        return ConceptSet(frozenset([*map(ConceptItem, included), *(ConceptItem(n, excluded=True) for n in without)]))

    known = Checked(None, None)
    assert known.contains(None, concepts(1))
    assert not known.contains(concepts(1), None)
    assert known.contains(concepts(1, 2), concepts(1))
    assert not known.contains(concepts(1), concepts(1, 2))
    assert known.contains(concepts(1, 2), concepts(1, without=(3,)))
    assert not known.contains(concepts(1, 2, without=(3,)), concepts(1))
    # Members decide where they are known: 2 may be among the descendants of 1.
    members = {concepts(1): frozenset({1, 2}), concepts(2): frozenset({2})}
    assert Checked(None, None, members).contains(concepts(1), concepts(2))


@pytest.mark.parametrize(
    ("conditions", "some"),
    [
        ((ConceptIs("unit_concept_id", frozenset({1})), ConceptIs("unit_concept_id", frozenset({1}), True)), False),
        ((ConceptIs("unit_concept_id", frozenset({1, 2})), ConceptIs("unit_concept_id", frozenset({1}), True)), True),
        ((ConceptIs("unit_concept_id", frozenset({1})), ConceptIs("route_concept_id", frozenset({2}))), True),
        ((NumberIs("quantity", "gt", 3), NumberIs("quantity", "lt", 3)), False),
        ((NumberIs("quantity", "gte", 3), NumberIs("quantity", "lte", 3)), True),
        ((NumberIs("quantity", "gt", 3), NumberIs("quantity", "eq", 3)), False),
        ((NumberIs("quantity", "lt", 0),), True),
        ((NumberIs("days", "lt", 0),), False),
        ((NumberIs("quantity", "not_between", 9, 2),), True),
        ((DateIs("end_date", "lt", date(2020, 1, 1)), DateIs("start_date", "gte", date(2020, 1, 1))), False),
        ((DateIs("start_date", "lt", date(2020, 1, 1)), DateIs("end_date", "gte", date(2020, 1, 1))), True),
    ],
)
def test_conditions_are_impossible_together_only_where_that_is_certain(conditions: Any, some: bool) -> None:
    assert possible(conditions) is some


def test_a_concept_that_is_left_out_again_is_no_mistake_where_its_descendants_stay(tmp_path: Path) -> None:
    definition = asked()
    items = definition["ConceptSets"][1]["expression"]["items"]
    items[0]["includeDescendants"] = True
    items.append({"concept": {"CONCEPT_ID": 2}, "isExcluded": True})
    assert found(tmp_path, definition) == []
    items[0]["includeDescendants"] = False
    path = "ConceptSets[1].expression.items[1]"
    assert ("warning", "both-ways", path) in found(tmp_path, definition)


def test_a_combined_domain_fits_each_of_its_parts(tmp_path: Path) -> None:
    definition = asked(rules=of_drugs({"Measurement": {"CodesetId": 2}}))
    concept = definition["ConceptSets"][1]["expression"]["items"][0]["concept"]
    concept["DOMAIN_ID"] = "Meas/Procedure"
    assert found(tmp_path, definition) == []
    concept["DOMAIN_ID"] = "Condition/Device"
    assert [f[1] for f in found(tmp_path, definition)] == ["domain"]


def test_everything_but_what_is_asked_for_is_a_contradiction(tmp_path: Path) -> None:
    def typed(exclude: bool) -> dict[str, Any]:
        return {
            "ConditionOccurrence": {
                "CodesetId": 1,
                "ConditionType": [{"CONCEPT_ID": 7}],
                "ConditionTypeExclude": exclude,
            }
        }

    rules = [rule("drug", near(DRUG)), rule("one", near(typed(False), days=window(1, 9)))]
    none = rule("none of any type", near(CONDITION, 0, 0, window(1, 9)))
    other = rule("none of other types", near(typed(True), 0, 0, window(1, 9)))
    assert ("critical", "contradiction") in {f[:2] for f in found(tmp_path, asked(rules=[*rules, none]))}
    assert not [f for f in found(tmp_path, asked(rules=[*rules, other])) if f[0] == "critical"]


def test_a_classification_with_descendants_is_not_outdated(tmp_path: Path) -> None:
    hospital = snapshot(
        tmp_path / "store",
        condition_occurrence=[condition(1, 1, 5)],
        drug_exposure=[drug(2, 1, 5, concept=4)],
        concept=[
            concept_row(1, "Condition"),
            concept_row(2, "Drug", standard=None),
            concept_row(4, "Drug"),
            concept_row(6, "Drug"),
        ],
        concept_ancestor=[{"ancestor_concept_id": 2, "descendant_concept_id": 4}],
        concept_relationship=[
            {"concept_id_1": 2, "concept_id_2": 6, "relationship_id": "Maps to", "invalid_reason": "D"}
        ],
    )
    definition = asked()
    definition["ConceptSets"][1]["expression"]["items"][0]["includeDescendants"] = True
    path = tmp_path / "1.json"
    path.write_text(json.dumps(definition))
    assert check_definition(read_definition(path), hospital) == ()
    definition["ConceptSets"][1]["expression"]["items"][0]["includeDescendants"] = False
    path.write_text(json.dumps(definition))
    outdated = [f for f in check_definition(read_definition(path), hospital) if f.check == "non-standard"]
    assert len(outdated) == 1
    assert "use 6" not in outdated[0].sentence


def concept_row(id: int, domain: str, standard: str | None = "S", invalid: str | None = None) -> dict[str, Any]:
    return {
        "concept_id": id,
        "concept_name": f"concept {id}",
        "domain_id": domain,
        "vocabulary_id": "V",
        "concept_class_id": "C",
        "concept_code": str(id),
        "standard_concept": standard,
        "invalid_reason": invalid,
    }


def test_a_store_says_which_sets_are_empty_outdated_or_without_records(tmp_path: Path) -> None:
    sets = [concept_set(1, 1), concept_set(2, 2), concept_set(3, 3), concept_set(4, 4, 5), concept_set(5, 1)]
    rules = [
        rule("b", near(DRUG)),
        rule("c", near({"DrugExposure": {"CodesetId": 3}})),
        rule("d", near({"DrugExposure": {"CodesetId": 4}})),
        rule("e", near({"Measurement": {"CodesetId": 5}})),
    ]
    hospital = snapshot(
        tmp_path / "store",
        person=[person(1)],
        observation_period=[observed(1, 1)],
        condition_occurrence=[condition(1, 1, 5)],
        drug_exposure=[drug(2, 1, 5, concept=4)],
        concept=[
            concept_row(1, "Condition"),
            concept_row(2, "Drug"),
            concept_row(4, "Drug", standard=None, invalid="D"),
            concept_row(5, "Drug"),
        ],
        concept_relationship=[
            {"concept_id_1": 4, "concept_id_2": 5, "relationship_id": "Maps to", "invalid_reason": None}
        ],
    )
    path = tmp_path / "1.json"
    path.write_text(json.dumps(asked(ConceptSets=sets, rules=rules)))
    findings = check_definition(read_definition(path), hospital)
    at = "InclusionRules[{}].expression.CriteriaList[0].Criteria.{}.CodesetId".format
    assert {(f.severity, f.check, f.path) for f in findings} == {
        ("critical", "empty", "ConceptSets[2]"),
        ("critical", "never", "InclusionRules[1].expression.CriteriaList[0]"),
        ("information", "duplicate", "ConceptSets[4]"),
        ("warning", "no-records", at(0, "DrugExposure")),
        ("warning", "invalid", "ConceptSets[3]"),
        ("warning", "no-records", at(3, "Measurement")),
        ("warning", "domain", at(3, "Measurement")),
    }
    assert "use 5 (concept 5)" in next(f.sentence for f in findings if f.check == "invalid")


@pytest.mark.parametrize(("column", "said"), [("drug_concept_id", 0), ("drug_source_concept_id", 0), (None, 1)])
def test_an_era_is_of_the_drug_or_of_the_source_drug(tmp_path: Path, column: str | None, said: int) -> None:
    hospital = snapshot(
        tmp_path / "store",
        condition_occurrence=[condition(1, 1, 5)],
        drug_exposure=[{**drug(2, 1, 5, concept=9, drug_source_concept_id=9), **({column: 2} if column else {})}],
        concept=[concept_row(1, "Condition"), concept_row(2, "Drug")],
    )
    era = {"CustomEra": {"DrugCodesetId": 2, "GapDays": 3, "Offset": 2}}
    path = tmp_path / "1.json"
    path.write_text(json.dumps(asked(rules=[], EndStrategy=era)))
    findings = check_definition(read_definition(path), hospital)
    assert [f.check for f in findings] == ["no-records"] * said


def test_the_command_fails_on_critical_findings_only_when_asked_to(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps(asked(rules=of_drugs(days=window(5, -5)))))
    runner = CliRunner()
    assert runner.invoke(app, ["cohort", "check", str(path)]).exit_code == 0
    assert runner.invoke(app, ["cohort", "check", str(path), "--strict"]).exit_code == 4
    said = json.loads(runner.invoke(app, ["cohort", "check", str(path), "--json"]).output)
    assert said["critical"] == sum(f["severity"] == "critical" for f in said["findings"]) > 0
    path.write_text(json.dumps(asked()))
    assert runner.invoke(app, ["cohort", "check", str(path), "--strict"]).exit_code == 0

"""Circe JSON is read strictly: what is not understood is refused by its path."""

from __future__ import annotations

import gzip
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tiny_cohort_hospital import expression, group, near, rule
from wardbench.core.errors import InputError, NotFoundError, UnsupportedError, WardbenchError
from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts import Definition, lower, read_definition, read_definitions, read_entries
from wardbench.ward.cohorts.conditions import TextIs
from wardbench.ward.cohorts.definition import Entry
from wardbench.ward.cohorts.plan import Events, Near

CONDITION = {"ConditionOccurrence": {"CodesetId": 1}}


def _refusal(tmp_path: Path, changed: dict[str, Any]) -> WardbenchError:
    path = tmp_path / "7.json"
    path.write_text(json.dumps(changed))
    with pytest.raises(WardbenchError) as caught:
        lower(read_definition(path))
    return caught.value


@pytest.mark.parametrize(
    ("where", "key", "value", "kind", "sentence"),
    [
        ((), "Sample", 1, UnsupportedError, "Sample: not supported."),
        (
            ("PrimaryCriteria", "CriteriaList", 0, "ConditionOccurrence"),
            "LotNumber",
            {},
            UnsupportedError,
            "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.LotNumber: not supported.",
        ),
        (
            ("InclusionRules", 0, "expression", "CriteriaList", 0, "StartWindow", "Start"),
            "Hours",
            1,
            UnsupportedError,
            "InclusionRules[0].expression.CriteriaList[0].StartWindow.Start.Hours: not supported.",
        ),
        (
            ("ConceptSets", 1, "expression", "items", 0, "concept"),
            "WEIGHT",
            1,
            UnsupportedError,
            "ConceptSets[1].expression.items[0].concept.WEIGHT: not supported.",
        ),
        (
            ("InclusionRules", 0, "expression"),
            "Type",
            "MOST",
            InputError,
            "InclusionRules[0].expression: Type is one of ALL, ANY, AT_LEAST, AT_MOST.",
        ),
        (
            ("InclusionRules", 0, "expression"),
            "Type",
            "AT_LEAST",
            InputError,
            "InclusionRules[0].expression: AT_LEAST needs a Count of 0 or more.",
        ),
        ((), "CollapseSettings", {"CollapseType": "NONE"}, UnsupportedError, "CollapseType NONE is not supported."),
        (
            ("PrimaryCriteria", "CriteriaList", 0, "ConditionOccurrence"),
            "Age",
            {"Op": "bt", "Value": 1},
            InputError,
            "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Age: bt needs an Extent.",
        ),
        (("PrimaryCriteria", "CriteriaList", 0), "Death", {}, InputError, "needs exactly one kind of criterion."),
        (
            (),
            "CensoringCriteria",
            [{"DrugExposure": {"CodesetId": 9}}],
            InputError,
            "CensoringCriteria[0].DrugExposure.CodesetId: no concept set of this definition has the id 9.",
        ),
        (
            ("PrimaryCriteria", "CriteriaList", 0, "ConditionOccurrence"),
            "Age",
            {"Op": "gt", "Value": 17.5},
            UnsupportedError,
            "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Age: 17.5 is not a whole number",
        ),
        (
            ("PrimaryCriteria", "CriteriaList", 0, "ConditionOccurrence"),
            "OccurrenceStartDate",
            {"Op": "gt", "Value": "31.12.2019"},
            InputError,
            "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.OccurrenceStartDate.Value",
        ),
        (
            ("PrimaryCriteria", "CriteriaList", 0),
            "LocationRegion",
            {"CodesetId": 1},
            InputError,
            "PrimaryCriteria.CriteriaList[0]: needs exactly one kind of criterion.",
        ),
        (
            ("PrimaryCriteria",),
            "CriteriaList",
            [{"LocationRegion": {"CodesetId": 1}}],
            UnsupportedError,
            "PrimaryCriteria.CriteriaList[0].LocationRegion: CDM 5.4 has no location_history.",
        ),
        (
            ("PrimaryCriteria",),
            "CriteriaList",
            [{"LocationRegion": {"CodesetId": 1, "First": True}}],
            UnsupportedError,
            "PrimaryCriteria.CriteriaList[0].LocationRegion: First is not supported.",
        ),
        (
            ("PrimaryCriteria",),
            "CriteriaList",
            [{"DrugExposure": {"DoseUnitCS": {"CodesetId": 1}}}],
            UnsupportedError,
            "CriteriaList[0].DrugExposure.DoseUnitCS: CDM 5.4 has no drug_exposure.dose_unit_concept_id.",
        ),
        (
            ("PrimaryCriteria",),
            "CriteriaList",
            [{"VisitDetail": {"PlaceOfServiceLocation": 1}}],
            UnsupportedError,
            "CriteriaList[0].VisitDetail.PlaceOfServiceLocation: CDM 5.4 has no location_history.",
        ),
        (
            ("PrimaryCriteria",),
            "CriteriaList",
            [{"DrugEra": {"GapDays": {"Op": "lt", "Value": 5}, "EraLength": {"Op": "gt", "Value": 5}}}],
            UnsupportedError,
            "CriteriaList[0].DrugEra: GapDays beside EraLength is not supported.",
        ),
        (
            ("PrimaryCriteria",),
            "CriteriaList",
            [{"Death": {"DateAdjustment": {"EndWith": "START_DATE"}}}],
            UnsupportedError,
            "CriteriaList[0].Death: DateAdjustment from the other day is not supported.",
        ),
        (
            ("PrimaryCriteria",),
            "PrimaryCriteriaLimit",
            {"Type": None},
            InputError,
            "PrimaryCriteria: PrimaryCriteriaLimit needs a Type.",
        ),
        (
            ("InclusionRules", 0, "expression", "CriteriaList", 0, "Occurrence"),
            "CountColumn",
            "QUANTITY",
            InputError,
            "InclusionRules[0].expression.CriteriaList[0].Occurrence.CountColumn: Invalid enum value",
        ),
        ((), "cdmVersionRange", "six", InputError, "cdmVersionRange is not such as >=5.0.0."),
    ],
)
def test_what_is_not_understood_is_refused_by_its_path(
    tmp_path: Path, where: tuple[str | int, ...], key: str, value: Any, kind: type[WardbenchError], sentence: str
) -> None:
    changed: Any = deepcopy(expression(InclusionRules=[rule("any", near(CONDITION))]))
    at = changed
    for step in where:
        at = at[step]
    at[key] = value
    error = _refusal(tmp_path, changed)
    assert isinstance(error, kind)
    assert sentence in str(error)
    lowered = ("no concept set", "whole number", "CDM 5.4 has no")
    assert str(tmp_path / "7.json") in str(error) or any(part in sentence for part in lowered)


def test_a_bare_expression_takes_its_id_and_name_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "42.json"
    path.write_text(json.dumps(expression()))
    definition = read_definition(path)
    assert (definition.id, definition.name) == (42, "42")


def test_a_wrapper_says_id_and_name_itself(tmp_path: Path) -> None:
    path = tmp_path / "42.json"
    path.write_text(json.dumps({"id": 7, "name": "Seven", "expression": expression()}))
    definition = read_definition(path)
    assert (definition.id, definition.name) == (7, "Seven")
    path.write_text(json.dumps({"id": 7, "expression": expression(), "weight": 1}))
    with pytest.raises(UnsupportedError, match="weight: not supported"):
        read_definition(path)


def test_rules_without_a_name_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    unnamed = {"expression": group()}
    path.write_text(json.dumps(expression(InclusionRules=[rule("first"), unnamed])))
    assert read_definition(path).rule_names == ("first", "rule 2")


def test_concept_sets_are_values_whatever_they_are_called(tmp_path: Path) -> None:
    item = {"concept": {"CONCEPT_ID": 5}, "includeDescendants": True, "isExcluded": False}
    sets = [{"id": 1, "name": n, "expression": {"items": [item]}} | {"id": i} for i, n in ((1, "a"), (2, "b"))]
    path = tmp_path / "1.json"
    path.write_text(json.dumps(expression(ConceptSets=sets)))
    definition = read_definition(path)
    expected = ConceptSet(frozenset({ConceptItem(5, descendants=True)}))
    assert definition.concept_sets == {1: expected, 2: expected}
    assert definition.concept_set_names == {expected: "a"}


def test_lines_and_folders_give_the_same_definitions(tmp_path: Path) -> None:
    lines = [json.dumps({"id": id, "expression": expression()}) for id in (3, 1)]
    packed, plain, folder = tmp_path / "d.jsonl.gz", tmp_path / "d.jsonl", tmp_path / "d"
    packed.write_bytes(gzip.compress("\n\n".join(lines).encode()))
    plain.write_text("\n".join(lines) + "\n")
    folder.mkdir()
    for name, line in zip(("b.json", "a.json"), lines, strict=True):
        (folder / name).write_text(line)
    assert [d.id for d in read_definitions(packed)] == [3, 1]
    assert [d.id for d in read_definitions(plain)] == [3, 1]
    assert [d.id for d in read_definitions(folder)] == [1, 3]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"id": 1, "expression": {}}\n{"id": 2, "expr', ", line 2: not valid JSON"),
        (b"[1]\n", ", line 1: a cohort definition is a JSON object"),
        (b'\n{"id": 1}\n', ", line 2: neither a cohort expression nor an object that has one"),
        (b'{"id": "x", "expression": {}}', ", line 1: id: not a whole number"),
        (b'{"id": 4, "expression": {}}\n{"id": 4, "expression": {}}', ", line 2: the id 4 is that of"),
        (b"", "there is no cohort definition here"),
        (b"\xff\xfe", ", line 1: not valid JSON"),
    ],
)
def test_a_line_that_is_no_definition_is_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "many.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"many\.jsonl") as caught:
        list(read_entries(path))
    assert sentence in str(caught.value)


def test_a_file_that_is_not_there_or_cut_short_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nothing\.json"):
        read_definition(tmp_path / "nothing.json")
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(json.dumps({"id": 1, "expression": expression()}).encode())[:-12])
    with pytest.raises(InputError, match=r"cut\.jsonl\.gz: not a complete gzip file"):
        list(read_entries(cut))


@pytest.mark.parametrize("depth", [200, 300])
def test_groups_nested_without_end_are_refused(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "deep.json"
    nested: dict[str, Any] = group(near(CONDITION))
    for _ in range(depth):
        nested = group(Groups=[nested])
    path.write_text(json.dumps(expression(AdditionalCriteria=nested)))
    with pytest.raises(InputError, match="nested too deeply"):
        lower(read_definition(path))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text('{"PrimaryCriteria":' * 100_000 + "1" + "}" * 100_000)
    with pytest.raises(InputError, match="nested too deeply"):
        read_definition(path)


@pytest.mark.parametrize(
    ("where", "given", "meant"),
    [
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "Occurrence", "Count"), "2", 2),
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "Occurrence", "Type"), "0", 0),
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "StartWindow", "Start", "Coeff"), "-1", -1),
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "StartWindow", "Start", "Days"), "7", 7),
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "StartWindow", "Start", "Days"), "", None),
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "RestrictVisit"), "true", True),
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "IgnoreObservationPeriod"), 1, True),
        (("PrimaryCriteria", "CriteriaList", 0, "ConditionOccurrence", "CodesetId"), " 2 ", 2),
        (("PrimaryCriteria", "CriteriaList", 0, "ConditionOccurrence", "First"), "", None),
        (("PrimaryCriteria", "ObservationWindow", "PriorDays"), None, 0),
        (("CollapseSettings", "EraPad"), "", 0),
        (("EndStrategy", "DateOffset", "DateField"), None, "StartDate"),
        (("CensorWindow", "StartDate"), "2020-1-5", "2020-01-05"),
        (("ConceptSets", 0, "expression", "items", 0, "concept", "CONCEPT_ID"), "5", 5),
        (("QualifiedLimit", "Type"), None, "all"),
        (("InclusionRules", 0, "name"), 5, "5"),
    ],
)
def test_what_circes_parser_takes_is_taken(where: tuple[str | int, ...], given: Any, meant: Any) -> None:
    loose, strict = (_with(where, value) for value in (given, meant))
    assert loose.rule_names == strict.rule_names
    assert lower(loose) == lower(strict)


@pytest.mark.parametrize(
    ("where", "given"),
    [
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "Occurrence", "Count"), "two"),
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "Occurrence", "Count"), 1.5),
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "Occurrence", "Type"), "3"),
        (("InclusionRules", 0, "expression", "CriteriaList", 0, "StartWindow", "Start", "Coeff"), None),
        (("PrimaryCriteria", "CriteriaList", 0, "ConditionOccurrence", "First"), "perhaps"),
        (("PrimaryCriteria", "ObservationWindow", "PriorDays"), "99999999999"),
        (("CensorWindow", "StartDate"), "2020-13-1"),
        (("InclusionRules", 0, "name"), 1.5),
    ],
)
def test_what_circes_parser_does_not_take_is_refused(where: tuple[str | int, ...], given: Any) -> None:
    with pytest.raises(InputError):
        _with(where, given)


def _with(where: tuple[str | int, ...], value: Any) -> Definition:
    given: Any = deepcopy(
        expression(
            InclusionRules=[rule("any", near(CONDITION))],
            AdditionalCriteria=group(near(CONDITION)),
            QualifiedLimit={"Type": "First"},
            EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 3}},
            CollapseSettings={"CollapseType": "ERA", "EraPad": 4},
            CensorWindow={},
        )
    )
    at = given
    for step in where[:-1]:
        at = at[step]
    at[where[-1]] = value
    return Entry(1, "n", "n", given).decode()


@pytest.mark.parametrize(
    ("op", "text", "asked"),
    [
        ("contains", "cured", TextIs("stop_reason", "contains", "cured")),
        ("!startsWith", "cured", TextIs("stop_reason", "starts_with", "cured", True)),
        ("endsWith", "a_b", TextIs("stop_reason", "like", "%a_b")),
        ("startsWith", "100%", TextIs("stop_reason", "like", "100%%")),
        ("!contains", "", TextIs("stop_reason", "like", "%%", True)),
        ("contains", None, TextIs("stop_reason", "contains", "null")),
        ("contains", r"a\b", TextIs("stop_reason", "contains", r"a\b")),
        ("contains", r"the patient\'s", TextIs("stop_reason", "contains", "the patient's")),
    ],
)
def test_text_is_asked_for_as_circes_sql_does(op: str, text: str | None, asked: TextIs) -> None:
    condition = {"CodesetId": 1, "StopReason": {"Op": op, "Text": text}}
    plan = lower(Entry(1, "n", "n", expression({"ConditionOccurrence": condition})).decode())
    found = [node.where for node in plan.walk() if isinstance(node, Events)]
    assert found == [(asked,)]


def test_a_cause_of_death_that_is_not_known_counts_as_one() -> None:
    def counted(criterion: dict[str, Any], column: str | None) -> str | None:
        asked = near(criterion) | {"Occurrence": {"Type": 2, "Count": 1, "IsDistinct": True, "CountColumn": column}}
        plan = lower(Entry(1, "n", "n", expression(AdditionalCriteria=group(asked))).decode())
        return next(node.occurs.distinct for node in plan.walk() if isinstance(node, Near))

    assert counted({"Death": {}}, "DOMAIN_CONCEPT") == counted({"Death": {}}, None) == "start_date"
    assert counted(CONDITION, None) == "concept_id"


def test_two_concept_sets_of_one_id_have_to_mean_the_same() -> None:
    def listed(*ids: int) -> dict[str, Any]:
        items = [{"concept": {"CONCEPT_ID": id, "CONCEPT_NAME": f"as {n}"}} for n, id in enumerate(ids)]
        return {"id": 1, "name": f"of {len(ids)}", "expression": {"items": items}}

    twice = Entry(1, "n", "n", expression(ConceptSets=[listed(5, 6), listed(6, 5)])).decode()
    assert twice.repeated_concept_sets == {1: 2}
    with pytest.raises(InputError, match=r"1 is the id of another concept set too"):
        Entry(1, "n", "n", expression(ConceptSets=[listed(5), listed(6)])).decode()

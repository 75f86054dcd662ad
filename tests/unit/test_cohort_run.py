"""Who is in a cohort, on hospitals so small that the answer can be read off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tiny_cohort_hospital import (
    Rows,
    concept_set,
    concepts,
    condition,
    drug,
    expression,
    group,
    near,
    observed,
    on,
    person,
    rule,
    snapshot,
    window,
)
from wardbench.core.errors import InputError
from wardbench.ward.cohorts import Cohort, read_definition, run_cohort

CONDITION = {"ConditionOccurrence": {"CodesetId": 1}}
DRUG = {"DrugExposure": {"CodesetId": 2}}
Table = Mapping[str, Rows]
BASE: Table = {"person": [person(1)], "observation_period": [observed(1, 1)], "concept": concepts(1, 2)}


def _cohort(folder: Path, asked: Mapping[str, Any], tables: Table) -> Cohort:
    path = folder / "1.json"
    path.write_text(json.dumps(asked))
    return run_cohort(read_definition(path), snapshot(folder / "store", **{**BASE, **tables}))


def _rows(folder: Path, asked: Mapping[str, Any], tables: Table) -> list[tuple[int, int, int]]:
    """Each row as the person, and the days its start and end are counted from January 1, 2020."""
    rows = _cohort(folder, asked, tables).rows.to_pylist()
    first = date(2020, 1, 1).toordinal() - 1
    return [
        (r["subject_id"], r["cohort_start_date"].toordinal() - first, r["cohort_end_date"].toordinal() - first)
        for r in rows
    ]


def test_only_events_inside_an_observation_period_with_enough_days_around_them_count(tmp_path: Path) -> None:
    asked = expression()
    asked["PrimaryCriteria"]["ObservationWindow"] = {"PriorDays": 5, "PostDays": 3}
    days = (14, 15, 47, 48, 51)
    tables = {
        "observation_period": [observed(1, 1, 10, 50)],
        "condition_occurrence": [condition(day, 1, day) for day in days],
    }
    assert [row[1] for row in _rows(tmp_path, asked, tables)] == [15, 47]


@pytest.mark.parametrize(("limit", "expected"), [("All", [10, 20]), ("First", [10]), ("Last", [20])])
def test_the_primary_limit_is_applied_after_observation(tmp_path: Path, limit: str, expected: list[int]) -> None:
    asked = expression()
    asked["PrimaryCriteria"]["PrimaryCriteriaLimit"] = {"Type": limit}
    tables = {
        "observation_period": [observed(1, 1, 10, 20)],
        "condition_occurrence": [condition(1, 1, 5), condition(2, 1, 10), condition(3, 1, 20), condition(4, 1, 21)],
    }
    assert [row[1] for row in _rows(tmp_path, asked, tables)] == expected


def test_first_of_a_criterion_means_the_first_of_its_concepts_before_anything_else_is_asked(tmp_path: Path) -> None:
    first_men = {"ConditionOccurrence": {"CodesetId": 1, "First": True, "OccurrenceStartDate": _after(10)}}
    tables = {"condition_occurrence": [condition(1, 1, 5), condition(2, 1, 20)]}
    assert _rows(tmp_path, expression(first_men), tables) == []
    men = {"ConditionOccurrence": {"CodesetId": 1, "OccurrenceStartDate": _after(10)}}
    assert _rows(tmp_path, expression(men), tables) == [(1, 20, 20)]


def _after(day: int) -> dict[str, str]:
    return {"Op": "gt", "Value": on(day).isoformat()}


def test_events_of_one_day_are_taken_in_the_order_of_their_row_ids(tmp_path: Path) -> None:
    asked = expression(EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 0}})
    asked["PrimaryCriteria"]["PrimaryCriteriaLimit"] = {"Type": "First"}
    tables = {
        "condition_occurrence": [condition(9, 1, 5, end=7), condition(3, 1, 5, end=30), condition(4, 1, 5, end=6)]
    }
    assert _rows(tmp_path, asked, tables) == [(1, 5, 30)]


def test_a_missing_end_is_the_next_day_and_for_drugs_the_days_supplied(tmp_path: Path) -> None:
    asked = expression(CONDITION, DRUG, EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 0}})
    tables = {
        "condition_occurrence": [condition(1, 1, 5)],
        "drug_exposure": [drug(2, 1, 20, days_supply=7), drug(3, 1, 40), drug(4, 1, 60, end=61, days_supply=7)],
    }
    assert _rows(tmp_path, asked, tables) == [(1, 5, 6), (1, 20, 27), (1, 40, 41), (1, 60, 61)]


def test_a_visit_without_an_end_ends_nothing(tmp_path: Path) -> None:
    visit = {"visit_occurrence_id": 1, "person_id": 1, "visit_concept_id": 1, "visit_start_date": on(5)}
    criteria = {"VisitOccurrence": {"CodesetId": 1}}
    at_end = expression(criteria, EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 3}})
    assert _rows(tmp_path, at_end, {"visit_occurrence": [visit]}) == []


@pytest.mark.parametrize(
    ("days", "kept"),
    [
        (window(-3, -1), [7, 9]),
        (window(0, 0), [10]),
        (window(1, None), [11, 13]),
        (window(None, -2), [7]),
        (window(None, None), [7, 9, 10, 11, 13]),
        (window(-1, 1, UseEventEnd=True), [9, 10]),
        (window(0, 2, UseIndexEnd=True), [13]),
    ],
)
def test_windows_include_both_their_ends(tmp_path: Path, days: Mapping[str, Any], kept: list[int]) -> None:
    asked = expression(InclusionRules=[rule("near", near(DRUG, days=days))])
    starts = (7, 9, 10, 11, 13)
    for number, start in enumerate(starts):
        folder = tmp_path / str(number)
        folder.mkdir()
        tables = {
            "condition_occurrence": [condition(1, 1, 10, end=12)],
            "drug_exposure": [drug(2, 1, start, end=start + 1)],
        }
        assert bool(_rows(folder, asked, tables)) == (start in kept), start


def test_an_open_window_ends_with_the_index_events_own_observation_period(tmp_path: Path) -> None:
    tables = {
        "observation_period": [observed(1, 1, 1, 20), observed(2, 1, 30, 50)],
        "condition_occurrence": [condition(1, 1, 10), condition(2, 1, 40)],
        "drug_exposure": [drug(3, 1, 35)],
    }
    asked = expression(InclusionRules=[rule("any", near(DRUG))])
    assert _rows(tmp_path, asked, tables) == [(1, 40, 40)]
    anywhere = expression(InclusionRules=[rule("any", near(DRUG, IgnoreObservationPeriod=True))])
    assert _rows(tmp_path, anywhere, tables) == [(1, 10, 10), (1, 40, 40)]


def test_an_open_window_on_an_events_end_also_ends_with_the_observation_period(tmp_path: Path) -> None:
    ongoing = near(DRUG, EndWindow=window(0, None, UseEventEnd=True))
    for end, kept in ((99, True), (100, True), (101, False)):
        folder = tmp_path / str(end)
        folder.mkdir()
        tables = {"condition_occurrence": [condition(1, 1, 10)], "drug_exposure": [drug(2, 1, 5, end=end)]}
        asked = expression(InclusionRules=[rule("ongoing", ongoing)])
        assert bool(_rows(folder, asked, tables)) == kept, end


@pytest.mark.parametrize(
    ("sets", "events"), [([(1,), (2,)], 2), ([(1, 2), (2,)], 3), ([(2,), (2,)], 2), ([(1, 2), (1, 2), (1,)], 5)]
)
def test_an_event_that_two_criteria_ask_for_is_there_twice(
    tmp_path: Path, sets: list[tuple[int, ...]], events: int
) -> None:
    criteria = [{"ConditionOccurrence": {"CodesetId": number}} for number in range(len(sets))]
    asked = expression(*criteria, ConceptSets=[concept_set(n, *ids) for n, ids in enumerate(sets)])
    tables = {"condition_occurrence": [condition(1, 1, 10, concept=1), condition(2, 1, 20, concept=2)]}
    assert _cohort(tmp_path, asked, tables).attrition[0].events == events


@pytest.mark.parametrize(
    ("count", "type", "kept"),
    [(0, 0, [0]), (1, 0, [1]), (0, 2, [0, 1, 2, 3]), (2, 2, [2, 3]), (1, 1, [0, 1]), (0, 1, [0])],
)
def test_how_often_is_counted_exactly(tmp_path: Path, count: int, type: int, kept: list[int]) -> None:
    tables = {
        "person": [person(n) for n in range(1, 5)],
        "observation_period": [observed(n, n) for n in range(1, 5)],
        "condition_occurrence": [condition(n, n, 10) for n in range(1, 5)],
        "drug_exposure": [drug(10 * n + k, n, 20) for n in range(1, 5) for k in range(n - 1)],
    }
    asked = expression(InclusionRules=[rule("count", near(DRUG, count, type))])
    assert [row[0] - 1 for row in _rows(tmp_path, asked, tables)] == kept


def test_different_days_are_counted_once_each(tmp_path: Path) -> None:
    occurrence = {"Type": 2, "Count": 2, "IsDistinct": True, "CountColumn": "START_DATE"}
    asked = expression(InclusionRules=[rule("days", near(DRUG) | {"Occurrence": occurrence})])
    same_day = {"condition_occurrence": [condition(1, 1, 10)], "drug_exposure": [drug(2, 1, 20), drug(3, 1, 20)]}
    assert _rows(tmp_path, asked, same_day) == []
    two_days = {**same_day, "drug_exposure": [drug(2, 1, 20), drug(3, 1, 21)]}
    assert _rows(tmp_path, asked, two_days) == [(1, 10, 10)]


@pytest.mark.parametrize(
    ("type", "count", "kept"),
    [("ALL", None, [2]), ("ANY", None, [1, 2]), ("AT_LEAST", 2, [2]), ("AT_MOST", 1, [0, 1]), ("AT_MOST", 0, [0])],
)
def test_groups_count_what_holds(tmp_path: Path, type: str, count: int | None, kept: list[int]) -> None:
    tables = {
        "person": [person(n) for n in range(1, 4)],
        "observation_period": [observed(n, n) for n in range(1, 4)],
        "condition_occurrence": [condition(n, n, 10) for n in range(1, 4)],
        "drug_exposure": [drug(4, 2, 20), drug(5, 3, 20), drug(6, 3, 5)],
    }
    before, after = near(DRUG, days=window(None, -1)), near(DRUG, days=window(1, None))
    asked = expression(InclusionRules=[{"name": "group", "expression": group(before, after, type=type, Count=count)}])
    assert [row[0] - 1 for row in _rows(tmp_path, asked, tables)] == kept


def test_an_empty_rule_lets_everybody_pass(tmp_path: Path) -> None:
    asked = expression(InclusionRules=[rule("nothing asked")])
    assert _rows(tmp_path, asked, {"condition_occurrence": [condition(1, 1, 10)]}) == [(1, 10, 10)]


def test_the_qualified_limit_acts_only_with_additional_criteria(tmp_path: Path) -> None:
    tables = {"condition_occurrence": [condition(1, 1, 10), condition(2, 1, 20)]}
    assert [r[1] for r in _rows(tmp_path, expression(), tables)] == [10, 20]
    asked = expression(AdditionalCriteria=group())
    assert [r[1] for r in _rows(tmp_path, asked, tables)] == [10]


@pytest.mark.parametrize(
    ("strategy", "end"),
    [
        (None, 100),
        ({"DateOffset": {"DateField": "EndDate", "Offset": 5}}, 20),
        ({"DateOffset": {"DateField": "StartDate", "Offset": 500}}, 100),
        ({"CustomEra": {"DrugCodesetId": 2, "GapDays": 3, "Offset": 2}}, 32),
    ],
)
def test_a_membership_ends_as_the_strategy_says_and_never_after_observation(
    tmp_path: Path, strategy: Mapping[str, Any] | None, end: int
) -> None:
    tables = {
        "condition_occurrence": [condition(1, 1, 10, end=15)],
        # 8 to 13 and 18 to 30 are one era: with the offset of 2, the gap from 15 to 18 is 3 days.
        "drug_exposure": [drug(2, 1, 8, end=13), drug(3, 1, 18, end=30), drug(4, 1, 36, end=40)],
    }
    assert _rows(tmp_path, expression(EndStrategy=strategy), tables) == [(1, 10, end)]


def test_an_era_is_of_the_drug_or_of_the_source_drug(tmp_path: Path) -> None:
    asked = expression(EndStrategy={"CustomEra": {"DrugCodesetId": 2, "GapDays": 0, "Offset": 0}})
    tables = {
        "condition_occurrence": [condition(1, 1, 10)],
        "drug_exposure": [drug(2, 1, 10, concept=99, end=20, drug_source_concept_id=2)],
    }
    assert _rows(tmp_path, asked, tables) == [(1, 10, 20)]


def test_the_first_censoring_event_that_is_not_before_the_start_ends_a_membership(tmp_path: Path) -> None:
    asked = expression(EndStrategy=None, CensoringCriteria=[DRUG])
    tables = {
        "condition_occurrence": [condition(1, 1, 10), condition(2, 1, 50)],
        "drug_exposure": [drug(3, 1, 9), drug(4, 1, 30), drug(5, 1, 40)],
    }
    assert _rows(tmp_path, asked, tables) == [(1, 10, 30), (1, 50, 100)]


@pytest.mark.parametrize(("pad", "expected"), [(0, [(10, 20), (21, 30)]), (1, [(10, 30)])])
def test_memberships_that_touch_within_the_pad_are_one(
    tmp_path: Path, pad: int, expected: list[tuple[int, int]]
) -> None:
    asked = expression(
        EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 0}},
        CollapseSettings={"CollapseType": "ERA", "EraPad": pad},
    )
    tables = {
        "condition_occurrence": [condition(1, 1, 10, end=20), condition(2, 1, 12, end=13), condition(3, 1, 21, end=30)]
    }
    assert [row[1:] for row in _rows(tmp_path, asked, tables)] == expected


def test_the_censor_window_cuts_and_leaves_out(tmp_path: Path) -> None:
    asked = expression(
        EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 0}},
        CensorWindow={"StartDate": on(15).isoformat(), "EndDate": on(35).isoformat()},
    )
    ends = {10: 14, 12: 20, 30: 40, 36: 37}
    tables = {"condition_occurrence": [condition(n, n, s, end=e) for n, (s, e) in enumerate(ends.items(), start=1)]}
    tables["person"] = [person(n) for n in range(1, 5)]
    tables["observation_period"] = [observed(n, n) for n in range(1, 5)]
    assert _rows(tmp_path, asked, tables) == [(2, 15, 20), (3, 30, 35)]


def test_what_is_missing_satisfies_nothing_not_even_an_exclusion(tmp_path: Path) -> None:
    excluded = {
        "ConditionOccurrence": {"CodesetId": 1, "ConditionType": [{"CONCEPT_ID": 7}], "ConditionTypeExclude": True}
    }
    tables = {
        "condition_occurrence": [
            condition(1, 1, 10, condition_type_concept_id=None),
            condition(2, 1, 20, condition_type_concept_id=7),
            condition(3, 1, 30, condition_type_concept_id=8),
        ]
    }
    assert [row[1] for row in _rows(tmp_path, expression(excluded), tables)] == [30]


def _concepts(*ids: int) -> list[dict[str, int]]:
    return [{"CONCEPT_ID": id} for id in ids]


def _measured(**other: Any) -> dict[str, Any]:
    number = other.get("value_as_number", 5.0)
    return {"measurement_concept_id": 1, "person_id": 1, **other, "value_as_number": number}


ATTRIBUTES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "in": ({"ValueAsNumber": {"Op": "bt", "Value": 5, "Extent": 6}}, {"value_as_number": 4.99}),
    "not in": ({"ValueAsNumber": {"Op": "!bt", "Value": 1, "Extent": 2}}, {"value_as_number": 2.0}),
    "not equal": ({"ValueAsNumber": {"Op": "!eq", "Value": 7}}, {"value_as_number": 7.0}),
    "four decimals": ({"ValueAsNumber": {"Op": "eq", "Value": 5.00004}}, {"value_as_number": 5.0001}),
    "ratio": ({"RangeHighRatio": {"Op": "gt", "Value": 2}}, {"range_high": 2.5}),
    "ratio of nothing": ({"RangeLowRatio": {"Op": "gte", "Value": 0}}, {"range_low": 0.0}),
    "abnormal": ({"Abnormal": True}, {"range_high": 5.0}),
    "unit": ({"Unit": _concepts(8, 9)}, {"unit_concept_id": 7}),
    "visit": ({"VisitType": _concepts(9201)}, {"visit_occurrence_id": 2}),
    "another's visit": ({"VisitType": _concepts(9201)}, {"visit_occurrence_id": 3}),
    "specialty": ({"ProviderSpecialty": _concepts(55)}, {"provider_id": 2}),
    "age": ({"Age": {"Op": "gte", "Value": 40}}, {"person_id": 2}),
    "sex": ({"Gender": _concepts(8507)}, {"person_id": 2}),
    "moved": ({"DateAdjustment": {"StartWith": "START_DATE", "EndWith": "START_DATE", "EndOffset": -1}}, {}),
}
GOOD = {"range_high": 2.0, "range_low": 1.0, "unit_concept_id": 9, "visit_occurrence_id": 1, "provider_id": 1}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes_keep_what_they_ask_for_and_nothing_else(tmp_path: Path, name: str) -> None:
    asked, bad = ATTRIBUTES[name]
    rows = [_measured(**{**GOOD, **bad}, measurement_id=2)]
    if name != "moved":
        rows.append(_measured(**GOOD, measurement_id=1))
    visits = [(1, 1, 9201), (2, 1, 9202), (3, 2, 9201)]
    tables = {
        "person": [person(1), person(2, gender_concept_id=8532, year_of_birth=1981)],
        "observation_period": [observed(1, 1), observed(2, 2)],
        "measurement": [{**row, "measurement_date": on(row["measurement_id"] * 10)} for row in rows],
        "provider": [{"provider_id": 1, "specialty_concept_id": 55}, {"provider_id": 2, "specialty_concept_id": 56}],
        "visit_occurrence": [
            {"visit_occurrence_id": id, "person_id": whose, "visit_concept_id": kind} for id, whose, kind in visits
        ],
    }
    criteria = {"Measurement": {"CodesetId": 1, **asked}}
    kept = _rows(tmp_path, expression(criteria), tables)
    assert kept == ([] if name == "moved" else [(1, 10, 10)])


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"Op": "contains", "Text": "b"}, [1, 2]),
        ({"Op": "startsWith", "Text": "b"}, [2]),
        ({"Op": "endsWith", "Text": "ab"}, [1]),
        ({"Op": "!contains", "Text": "b"}, [3]),
    ],
)
def test_text_is_searched_with_its_case(tmp_path: Path, asked: Mapping[str, str], kept: list[int]) -> None:
    reasons = {1: "ab", 2: "ba", 3: "AB", 4: None}
    tables = {"condition_occurrence": [condition(id, 1, id, stop_reason=reason) for id, reason in reasons.items()]}
    criteria = {"ConditionOccurrence": {"CodesetId": 1, "StopReason": asked}}
    assert [row[1] for row in _rows(tmp_path, expression(criteria), tables)] == kept


def test_nested_criteria_are_asked_around_each_event_of_their_own(tmp_path: Path) -> None:
    with_drug = {"ConditionOccurrence": {"CodesetId": 1, "CorrelatedCriteria": group(near(DRUG, days=window(0, 1)))}}
    tables = {
        "observation_period": [observed(1, 1, 1, 40)],
        "condition_occurrence": [condition(1, 1, 10), condition(2, 1, 20), condition(3, 1, 50)],
        "drug_exposure": [drug(3, 1, 21), drug(4, 1, 50)],
    }
    assert [row[1] for row in _rows(tmp_path, expression(with_drug), tables)] == [20]


def test_attrition_counts_events_and_persons_after_each_rule(tmp_path: Path) -> None:
    tables = {
        "person": [person(1), person(2, gender_concept_id=8532), person(3)],
        "observation_period": [observed(n, n) for n in (1, 2, 3)],
        "condition_occurrence": [condition(1, 1, 10), condition(2, 1, 30), condition(3, 2, 10), condition(4, 3, 10)],
        "drug_exposure": [drug(5, 1, 5), drug(6, 2, 5)],
    }
    men = {"Type": "ALL", "DemographicCriteriaList": [{"Gender": [{"CONCEPT_ID": 8507}]}]}
    rules = [
        rule("treated", near(DRUG, days=window(None, -1))),
        {"name": "men", "expression": men},
        rule("again", near(CONDITION, days=window(1, None))),
    ]
    cohort = _cohort(tmp_path, expression(InclusionRules=rules), tables)
    assert [(s.name, s.events, s.persons) for s in cohort.attrition] == [
        ("Entry events", 4, 3),
        ("treated", 3, 2),
        ("men", 2, 1),
        ("again", 1, 1),
        ("Cohort", 1, 1),
    ]


def test_descendants_must_be_valid_mapped_concepts_need_not_exist_and_exclusions_win(tmp_path: Path) -> None:
    items = [
        {"concept": {"CONCEPT_ID": 1}, "includeDescendants": True, "includeMapped": True},
        {"concept": {"CONCEPT_ID": 13}, "isExcluded": True},
        {"concept": {"CONCEPT_ID": 77}},
    ]
    sets = [{"id": 1, "expression": {"items": items}}, concept_set(2, 2)]
    vocabulary = [
        {"concept_id": 1, "invalid_reason": "D"},
        {"concept_id": 11, "invalid_reason": None},
        {"concept_id": 12, "invalid_reason": "U"},
        {"concept_id": 13, "invalid_reason": None},
    ]
    links = [("Maps to", 21, None), ("Maps to", 22, "D"), ("Is a", 23, None)]
    tables = {
        "concept": vocabulary,
        "concept_ancestor": [{"ancestor_concept_id": 1, "descendant_concept_id": n} for n in (11, 12, 13)],
        "concept_relationship": [
            {"concept_id_1": other, "concept_id_2": 11, "relationship_id": link, "invalid_reason": reason}
            for link, other, reason in links
        ],
        "condition_occurrence": [condition(n, 1, n, concept=n) for n in (1, 11, 12, 13, 21, 22, 23, 77)],
    }
    assert [row[1] for row in _rows(tmp_path, expression(ConceptSets=sets), tables)] == [1, 11, 21]


def test_a_definition_without_meaning_is_refused_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1\.json: PrimaryCriteria\.CriteriaList\[0\]\.Measurement\.CodesetId"):
        _cohort(tmp_path, expression({"Measurement": {"CodesetId": 5}}), {})

"""Every attribute of every kind of criterion is read, means something, and means the same on every engine."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from array_tables import on_arrays, rows_by_arrays
from spec.engines import filled
from tiny_cohort_hospital import expression
from wardbench.core.omop.concept_sets import resolve
from wardbench.ward.cohorts import reference
from wardbench.ward.cohorts.conditions import DateIs, NumberIs
from wardbench.ward.cohorts.definition.criteria import CRITERIA, Criteria, Criterion, DemographicCriteria, Group
from wardbench.ward.cohorts.definition.reading import Entry
from wardbench.ward.cohorts.definition.shapes import (
    Concept,
    ConceptSetSelection,
    DateAdjustment,
    DateRange,
    NumericRange,
    Period,
    TextFilter,
    circe_key,
)
from wardbench.ward.cohorts.export import atlas_json
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.plan import COLUMNS, CohortPlan, Events, Relation
from wardbench.ward.cohorts.queries import Queries
from wardbench.ward.cohorts.records import EXTENSIONS, RECORD_TABLES, extensions_in
from wide_tables import WIDE_TABLES

KINDS: dict[str, type[Criterion]] = {
    # The table of where people were is not called as its criterion is.
    name.replace("location_region", "location_history"): next(
        kind for kind in get_args(hint) if isinstance(kind, type) and issubclass(kind, Criterion)
    )
    for name, hint in get_type_hints(Criteria).items()
}
GENERAL = {"correlated_criteria"}
REFUSED = {("location_history", "first"), ("location_history", "date_adjustment")}


def value_of(name: str, hint: Any) -> Any:
    """JSON for an attribute of that type."""
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    kind = kinds[0]
    if kind is bool:
        return True
    if kind is int:
        return 1
    if kind is NumericRange:
        return {"Op": "!bt", "Value": 2, "Extent": 3}
    if kind is DateRange:
        return {"Op": "gte", "Value": "2020-01-02"}
    if kind is TextFilter:
        return {"Op": "contains", "Text": "a"}
    if kind is ConceptSetSelection:
        return {"CodesetId": 2, "IsExclusion": False}
    if kind is DateAdjustment:
        return {"StartWith": "START_DATE", "StartOffset": 1, "EndWith": "END_DATE", "EndOffset": 2}
    if kind is Period:
        return {"StartDate": "2020-01-03", "EndDate": "2020-01-04"}
    assert Concept in get_args(kind), (name, hint)
    return [{"CONCEPT_ID": 2}]


def attributes(shape: type[Any]) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(shape).items() if name not in GENERAL}


def defined(table: str, **attributes: Any) -> CohortPlan:
    kind = KINDS[table].__name__
    asked = {circe_key(name): value for name, value in attributes.items()}
    return lower(Entry(1, "n", "n", expression({kind: asked})).decode(), extensions=EXTENSIONS)


CASES = [(table, name) for table, kind in KINDS.items() for name in attributes(kind) if (table, name) not in REFUSED]


@pytest.mark.parametrize(("table", "name"), CASES, ids=[f"{t}.{n}" for t, n in CASES])
def test_every_attribute_changes_the_plan_but_the_one_that_circe_leaves_out(table: str, name: str) -> None:
    hint = attributes(KINDS[table])[name]
    if (table, name) == ("specimen", "date_adjustment"):
        assert defined(table, **{name: value_of(name, hint)}) == defined(table)
    elif name.endswith("_exclude"):
        listed = {name.removesuffix("_exclude"): [{"CONCEPT_ID": 2}]}
        assert defined(table, **listed, **{name: True}) != defined(table, **listed)
    else:
        assert defined(table, **{name: value_of(name, hint)}) != defined(table)


@pytest.mark.parametrize("name", attributes(DemographicCriteria))
def test_every_demographic_attribute_changes_the_plan(name: str) -> None:
    def asked(**demographic: Any) -> CohortPlan:
        group = {"Type": "ALL", "DemographicCriteriaList": [demographic]}
        return lower(Entry(1, "n", "n", expression(AdditionalCriteria=group)).decode())

    assert asked(**{circe_key(name): value_of(name, attributes(DemographicCriteria)[name])}) != asked()


def test_groups_and_kinds_are_all_there() -> None:
    assert set(CRITERIA) == set(KINDS) == set(RECORD_TABLES)
    assert set(attributes(Group)) == {
        "type",
        "count",
        "criteria_list",
        "demographic_criteria_list",
        "groups",
    }


@pytest.mark.parametrize("table", KINDS)
def test_a_definition_with_every_attribute_is_read_back_as_it_was_written(table: str) -> None:
    kind = KINDS[table]
    asked = {name: value_of(name, hint) for name, hint in attributes(kind).items() if (table, name) not in REFUSED}
    # What is not to be said together is left out; as the only one it is tested above.
    asked = {name: value for name, value in asked.items() if (table, name) != ("drug_era", "gap_days")}
    criterion = {kind.__name__: {circe_key(name): value for name, value in asked.items()}}
    definition = Entry(1, "n", "n", expression(criterion)).decode()
    again = Entry(1, "n", "n", json.loads(atlas_json(definition))).decode()
    assert again.expression.primary_criteria == definition.expression.primary_criteria
    plan = lower(definition, extensions=EXTENSIONS)
    assert lower(again, extensions=EXTENSIONS) == plan
    events = next(node for node in plan.walk() if isinstance(node, Events))
    # One condition for each attribute that is none of the events themselves, two for each day of a period.
    themselves = {"codeset_id", "first", "date_adjustment", "user_defined_period", *_source_concepts(table)}
    exclusions = {name for name in asked if name.endswith("_exclude")}
    periods = 4 if "user_defined_period" in asked else 0
    assert len(events.where) == len(set(asked) - themselves - exclusions) + periods


def _source_concepts(table: str) -> set[str]:
    name = CRITERIA[table].source_concepts
    return set() if name is None else {name}


def records_of(table: str) -> list[dict[str, Any]]:
    """Rows that differ in everything that can be asked, each value there, another value there, and missing."""
    rows: list[dict[str, Any]] = []
    for number in range(12):
        row: dict[str, Any] = {}
        for place, column in enumerate(WIDE_TABLES[table].values()):
            pick = (number // (1 + place % 3) + place) % 4
            match column.sql_type:
                case "DATE":
                    row[column.name] = date(2020, 1, 1 + pick)
                case "INTEGER":
                    row[column.name] = (1, 2, 3, None)[pick]
                case "BIGINT":
                    row[column.name] = (1, 2, 7, None)[pick]
                case "DOUBLE":
                    row[column.name] = (1.0, 2.0, 3.5, None)[pick]
                case "VARCHAR":
                    row[column.name] = ("a", "ba", "c", None)[pick]
                case _:
                    row[column.name] = None
        row["person_id"] = 1 + number % 2
        spec = RECORD_TABLES[table]
        if spec.event_id != "person_id":
            row[spec.event_id] = 10 + number
        if table == "location_history":
            del row["person_id"]
            row |= {"entity_id": 1 + number % 2, "domain_id": ("PERSON", "PERSON", "CARE_SITE")[number % 3]}
            row["start_date"] = row["start_date"] or date(2020, 1, 3)
        if spec.end_date and spec.ends == ("end",) and row[spec.end_date] is None:
            row[spec.end_date] = date(2020, 1, 5)
        rows.append(row)
    return rows[:2] if table == "death" else rows


PEOPLE: dict[str, list[dict[str, Any]]] = {
    "person": [
        {"person_id": 1, "year_of_birth": 2017, "gender_concept_id": 2, "race_concept_id": 1},
        {"person_id": 2, "year_of_birth": 1980, "gender_concept_id": 1, "ethnicity_concept_id": 2},
    ],
    "observation_period": [
        {
            "observation_period_id": n,
            "person_id": n,
            "observation_period_start_date": date(2019, 1, n),
            "observation_period_end_date": date(2021, 1, n),
            "period_type_concept_id": n,
        }
        for n in (1, 2)
    ],
    "visit_occurrence": [
        {
            "visit_occurrence_id": n,
            "person_id": 1,
            "visit_concept_id": n,
            "visit_start_date": date(2020, 1, 1),
            "visit_end_date": date(2020, 1, 2),
        }
        for n in (1, 2, 7)
    ],
    "provider": [{"provider_id": 1, "specialty_concept_id": 2}, {"provider_id": 7, "specialty_concept_id": 1}],
    "care_site": [{"care_site_id": 1, "place_of_service_concept_id": 2}],
    "location": [{"location_id": n, "region_concept_id": n} for n in (1, 2)],
    "location_history": [
        {
            "location_history_id": n,
            "location_id": 2,
            "domain_id": "CARE_SITE",
            "entity_id": 1,
            "start_date": date(2020, 1, n),
            "end_date": None,
        }
        for n in (1, 2)
    ],
    "concept": [{"concept_id": n, "concept_name": str(n)} for n in (1, 2, 3)],
}


@pytest.mark.parametrize(("table", "name"), CASES, ids=[f"{t}.{n}" for t, n in CASES])
def test_every_attribute_finds_the_same_on_every_engine(table: str, name: str, tmp_path: Path) -> None:
    hint = attributes(KINDS[table])[name]
    asked = {name: value_of(name, hint)}
    if name.endswith("_exclude"):
        asked[name.removesuffix("_exclude")] = [{"CONCEPT_ID": 2}]
    node: Relation = defined(table, **asked).entry
    tables = {**PEOPLE, table: records_of(table)}
    expected = sorted(tuple(getattr(row, c) for c in COLUMNS) for row in reference.rows_of(node, tables))
    with filled(tables) as con:
        queries = Queries([CohortPlan(node, (), node)])
        resolve(con, list(queries.sets))
        found = con.execute(f"SELECT {', '.join(COLUMNS)} FROM ({queries.statement(node)})").fetchall()
        on = on_arrays(tables, con)
        assert sorted(found, key=repr) == sorted(expected, key=repr)
        assert sorted(rows_by_arrays(node, on), key=repr) == sorted(expected, key=repr)


def test_a_concept_set_listed_twice_finds_its_events_twice_as_circe_does() -> None:
    def twice(criterion: dict[str, Any]) -> CohortPlan:
        asked = expression({"ConditionOccurrence": {"CodesetId": 1, **criterion}})
        asked["ConceptSets"].append(asked["ConceptSets"][0])
        return lower(Entry(1, "n", "n", asked).decode())

    tables = {**PEOPLE, "condition_occurrence": records_of("condition_occurrence")}
    once = lower(Entry(1, "n", "n", expression({"ConditionOccurrence": {"CodesetId": 1}})).decode())
    first = lower(Entry(1, "n", "n", expression({"ConditionOccurrence": {"CodesetId": 1, "First": True}})).decode())
    assert len(reference.rows_of(twice({}).entry, tables)) == 2 * len(reference.rows_of(once.entry, tables)) > 0
    assert twice({"First": True}) == first


def test_a_limit_that_is_not_there_is_the_first() -> None:
    asked = expression()
    for key in ("QualifiedLimit", "ExpressionLimit"):
        asked[key] = {"Type": "First"}
    told = Entry(1, "n", "n", asked).decode()
    for key in ("QualifiedLimit", "ExpressionLimit"):
        del asked[key]
    assert lower(Entry(1, "n", "n", asked).decode()) == lower(told)
    assert msgspec.json.encode(told.expression.expression_limit) == b'{"Type":"First"}'


@pytest.mark.parametrize(
    ("table", "attribute", "field"),
    [
        ("visit_detail", "age", "age_at_end"),
        ("visit_occurrence", "age", "age_at_start"),
        ("drug_exposure", "occurrence_end_date", "start_date"),
        ("device_exposure", "occurrence_end_date", "end_date"),
    ],
)
def test_the_day_that_circe_compares_is_compared(table: str, attribute: str, field: str) -> None:
    asked = value_of(attribute, attributes(KINDS[table])[attribute])
    (condition,) = next(node for node in defined(table, **{attribute: asked}).walk() if isinstance(node, Events)).where
    assert isinstance(condition, NumberIs | DateIs)
    assert condition.field == field


@pytest.mark.parametrize("table", ["specimen", "drug_era", "condition_era", "dose_era"])
def test_a_concept_set_listed_twice_finds_once_what_circe_looks_up_in_it(table: str) -> None:
    asked = expression({KINDS[table].__name__: {"CodesetId": 1}})
    once = lower(Entry(1, "n", "n", asked).decode())
    asked["ConceptSets"].append(asked["ConceptSets"][0])
    assert lower(Entry(1, "n", "n", asked).decode()) == once


def test_an_extension_is_there_with_all_that_it_needs() -> None:
    everything = {column for needed in EXTENSIONS.values() for column in needed}
    assert extensions_in(everything) == set(EXTENSIONS)
    assert extensions_in(everything - {("location", "region_concept_id")}) == set(EXTENSIONS) - {"location_history"}
    assert extensions_in([("drug_exposure", "effective_drug_dose")]) == {"drug_exposure.effective_drug_dose"}

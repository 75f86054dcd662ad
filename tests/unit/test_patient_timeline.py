"""A patient's timeline: every row once, in its lane, and what counts for a cohort marked with its rule."""

from __future__ import annotations

from pathlib import Path

import pytest

import tiny_cohort_hospital as tiny
from tiny_cohort_hospital import condition, observed, on, person
from wardbench.cohorts import EditingSession
from wardbench.core.errors import NotFoundError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.editing import (
    Bound,
    ConceptItems,
    Criterion,
    Entry,
    Event,
    Number,
    Person,
    Rule,
    Window,
    Working,
    add_entry,
    add_rule,
    new_concept_set,
    new_definition,
)
from wardbench.ward.patients import timeline

CONCEPTS = [
    {"concept_id": id, "concept_name": name, "concept_code": f"c{id}", "domain_id": "Condition", "vocabulary_id": "V"}
    for id, name in ((1, "diabetes"), (2, "nephropathy"), (3, "asthma"), (4, "HbA1c"))
]


@pytest.fixture
def hospital(tmp_path: Path) -> Snapshot:
    return tiny.snapshot(
        tmp_path / "store",
        person=[person(1), person(2)],
        observation_period=[observed(1, 1), observed(2, 2)],
        concept=CONCEPTS,
        condition_occurrence=[
            condition(1, 1, 10, 1),
            condition(2, 1, 20, 2, end=25),
            condition(3, 1, 90, 2),
            condition(4, 1, 11, 3),
            condition(5, 2, 5, 1),
        ],
        measurement=[
            {
                "measurement_id": 1,
                "person_id": 1,
                "measurement_concept_id": 4,
                "measurement_date": on(12),
                "value_as_number": 8.5,
                "unit_source_value": "%",
            }
        ],
    )


def definition(*rules: Rule) -> Working:
    work = new_definition()
    for number, (name, concept) in enumerate((("diabetes", 1), ("nephropathy", 2), ("asthma", 3), ("HbA1c", 4))):
        work, made = new_concept_set(work, name, [ConceptItems(concept, name, descendants=False)])
        assert made == number
    work = add_entry(work, Entry(Event("condition", 0)))
    for rule in rules:
        work = add_rule(work, rule)
    return work


def near(domain: str, concepts: int, how: str = "at_least", count: int = 1) -> Rule:
    return Rule.asking("near", Criterion(how, count, Event(domain, concepts), Window(Bound(0, -1), Bound(30, 1))))  # type: ignore[arg-type]


def test_every_row_is_there_once_in_its_lane_by_day(hospital: Snapshot) -> None:
    found = timeline(hospital, 1)
    assert [(e.lane, e.id, e.day, e.end_day, e.name, e.code, e.value) for e in found.events] == [
        ("diagnoses", 1, 0, None, "diabetes", "c1", ""),
        ("diagnoses", 4, 1, None, "asthma", "c3", ""),
        ("measurements", 1, 2, None, "HbA1c", "c4", "8.5 %"),
        ("diagnoses", 2, 10, 15, "nephropathy", "c2", ""),
        ("diagnoses", 3, 80, None, "nephropathy", "c2", ""),
    ]
    assert (found.sex, found.year_of_birth, found.zero, found.in_cohort) == ("male", 1980, on(10), None)
    assert [lane for lane, _ in found.lanes] == ["diagnoses", "measurements"]
    assert found.observed == ((on(1), on(100)),)


def test_what_counts_for_a_rule_carries_its_number(hospital: Snapshot) -> None:
    work = definition(near("condition", 0), near("condition", 1), near("measurement", 3))
    found = timeline(hospital, 1, work.definition("d"))
    assert found.in_cohort and found.zero == on(10)
    marked = {(e.table, e.id): (e.entry, e.rules) for e in found.events}
    assert marked == {
        ("condition_occurrence", 1): (True, (1,)),
        ("condition_occurrence", 2): (False, (2,)),
        ("condition_occurrence", 3): (False, ()),
        ("condition_occurrence", 4): (False, ()),
        ("measurement", 1): (False, (3,)),
    }
    assert EditingSession(hospital, disk=0).look(work.definition("d")).persons == 1


def test_what_must_not_be_there_counts_for_nothing(hospital: Snapshot) -> None:
    work = definition(near("condition", 1, "exactly", 0), Rule.asking("adult", Person(Number("gte", 18))))
    found = timeline(hospital, 1, work.definition("d"))
    assert found.in_cohort is False and not any(e.rules for e in found.events)
    assert timeline(hospital, 2, work.definition("d")).in_cohort is True


def test_somebody_without_an_entry_event_is_in_no_cohort(hospital: Snapshot) -> None:
    work = new_definition()
    work, number = new_concept_set(work, "asthma", [ConceptItems(3, "asthma")])
    work = add_entry(work, Entry(Event("condition", number)))
    found = timeline(hospital, 2, work.definition("d"))
    assert found.in_cohort is False and found.zero == on(5)


def test_a_person_that_is_not_there_is_not_found(hospital: Snapshot) -> None:
    with pytest.raises(NotFoundError, match="no such patient"):
        timeline(hospital, 3)

"""Editing: every figure of a look is what running the definition, or the one without a rule, gives."""

from __future__ import annotations

import dataclasses
import itertools
import random
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tiny_cohort_hospital import concepts, condition, drug, expression, near, observed, person, rule, snapshot, window
from wardbench.cohorts import EditingSession, Persons
from wardbench.core.store import Snapshot, Store
from wardbench.ward.cohorts import Definition, run_cohort
from wardbench.ward.cohorts.definition.reading import Entry
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.engines.arrays.evaluation import Evaluation
from wardbench.ward.cohorts.engines.arrays.kept import Disk, Kept
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.plan import CohortPlan

PEOPLE = range(1, 41)


@pytest.fixture
def hospital(tmp_path: Path) -> Snapshot:
    chance = random.Random(7)
    return snapshot(
        tmp_path / "store",
        person=[person(n) for n in PEOPLE],
        observation_period=[observed(n, n) for n in PEOPLE],
        concept=concepts(1, 2, 3),
        condition_occurrence=[condition(100 + n, chance.choice(PEOPLE), chance.randrange(10, 90)) for n in range(90)],
        drug_exposure=[
            drug(500 + n, chance.choice(PEOPLE), chance.randrange(10, 90), chance.choice((2, 3))) for n in range(80)
        ],
    )


def defined(*rules: dict[str, Any], **other: Any) -> Definition:
    return Entry(1, "edited", "edited", expression(InclusionRules=list(rules), **other)).decode()


def drugs_within(days: int, count: int = 1, type: int = 2) -> dict[str, Any]:
    exposure = near({"DrugExposure": {"CodesetId": 2}}, count, type, window(-days, days))
    return rule(f"{count} within {days} days ({type})", exposure)


def without(definition: Definition, number: int) -> Definition:
    rules = list(definition.expression.inclusion_rules or ())
    del rules[number]
    left = msgspec.structs.replace(definition.expression, inclusion_rules=rules)
    return dataclasses.replace(definition, expression=left)


def check(session: EditingSession, definition: Definition, on: Snapshot) -> None:
    look, cohort = session.look(definition), run_cohort(definition, on)
    steps = cohort.attrition[1:-1]
    assert (look.persons, look.records) == (cohort.persons, cohort.records)
    assert [(r.name, r.left.events, r.left.persons) for r in look.rules] == [
        (step.name, step.events, step.persons) for step in steps
    ]
    assert [r.events for r in look.rules] == list(cohort.inclusion.rules(cohort.inclusion.events))
    assert [r.without for r in look.rules] == [
        run_cohort(without(definition, number), on).persons for number in range(len(steps))
    ]
    empty = [number for number, step in enumerate(steps) if not step.events]
    assert look.emptied_by == (empty[0] if empty else None)
    assert look.plan_hash == cohort.plan_hash
    ids, days = session.members(definition)
    starts = sorted(
        zip(cohort.rows["subject_id"].to_pylist(), cohort.rows["cohort_start_date"].to_pylist(), strict=True)
    )
    assert dict(zip(ids.tolist(), days.astype("datetime64[D]").tolist(), strict=True)) == dict(reversed(starts))


RULES = [drugs_within(20), drugs_within(40, 0, 0), drugs_within(30, 2), drugs_within(50, 1, 1), drugs_within(5, 9)]
SHAPES: dict[str, dict[str, Any]] = {
    "all events": {},
    "first event": {"ExpressionLimit": {"Type": "First"}},
    "last event": {"ExpressionLimit": {"Type": "Last"}},
    "an era": {"EndStrategy": {"CustomEra": {"DrugCodesetId": 2, "GapDays": 3, "Offset": 1}}},
    "an end that some lack": {"EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": -3}}},
    "censored": {"CensoringCriteria": [{"DrugExposure": {"CodesetId": 2}}], "ExpressionLimit": {"Type": "First"}},
    "cut to days": {"CensorWindow": {"StartDate": "2020-02-01", "EndDate": "2020-02-20"}},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_figure_is_what_running_it_gives(hospital: Snapshot, shape: str) -> None:
    session = EditingSession(hospital)
    for number in range(4):
        for rules in itertools.combinations(RULES, number):
            check(session, defined(*rules, **SHAPES[shape]), hospital)


SQL_RULE = rule("text", near({"DrugExposure": {"LotNumber": {"Text": "A", "Op": "contains"}}}, 0, 0))


def test_a_rule_with_something_only_sql_can_answer_is_counted_all_the_same(hospital: Snapshot) -> None:
    check(EditingSession(hospital), defined(SQL_RULE, RULES[0]), hospital)


@pytest.mark.parametrize("limit", ["First", "All"])
@pytest.mark.parametrize("sql", [False, True])
def test_whoever_is_left_out_stands_in_no_figure_as_if_never_there(
    tmp_path: Path, hospital: Snapshot, limit: str, sql: bool
) -> None:
    out = {2, 3, 5, 8, 13, 21, 34, 99}
    with hospital.connect() as con:
        rows = {
            table: con.execute(f"SELECT * FROM {table}").to_arrow_table().to_pylist()
            for table in ("person", "observation_period", "concept", "condition_occurrence", "drug_exposure")
        }
    left = {name: [row for row in found if row.get("person_id") not in out] for name, found in rows.items()}
    other = EditingSession(snapshot(tmp_path / "without", **left), disk=0)
    rules = [drugs_within(5), drugs_within(20, 2, 1), *([SQL_RULE] if sql else [])]
    definition = defined(*rules, ExpressionLimit={"Type": limit})
    session, but = EditingSession(hospital), Persons.of(out)
    everybody = session.look(definition)
    found, right = session.look(definition, but=but), other.look(definition)
    assert dataclasses.replace(found, snapshot_version="", seconds=0) == dataclasses.replace(
        right, snapshot_version="", seconds=0
    )
    assert found.entry.persons < everybody.entry.persons and found.plan_hash == everybody.plan_hash
    assert [one.tolist() for one in session.members(definition, but=but)] == [
        one.tolist() for one in other.members(definition)
    ]
    assert session.overlap(definition, defined(), but=but) == other.overlap(definition, defined())
    assert dataclasses.replace(session.look(definition), seconds=0) == dataclasses.replace(everybody, seconds=0)


def test_what_is_kept_on_disk_gives_the_same_answers_in_a_new_session(hospital: Snapshot) -> None:
    definition = defined(*RULES[:3])
    plan = lower(definition)
    with_disk = Kept(disk=Disk(hospital.derived, worth=0))
    first = _rows(hospital, plan, with_disk)
    files = sorted(hospital.derived.rglob("*.npz"))
    assert files
    assert _rows(hospital, plan, Kept(disk=Disk(hospital.derived, worth=0))) == first
    for number, path in enumerate(files):
        path.write_bytes(path.read_bytes()[: 10 * number])
    assert _rows(hospital, plan, Kept(disk=Disk(hospital.derived, worth=0))) == first


def test_the_disk_is_bounded_and_the_least_recently_used_goes_first(hospital: Snapshot) -> None:
    disk = Disk(hospital.derived, limit=40_000, worth=0)
    for days in range(1, 30):
        _rows(hospital, lower(defined(drugs_within(days))), Kept(disk=disk))
        held = sum(path.stat().st_size for path in hospital.derived.rglob("*.npz"))
        assert held <= 40_000
    latest = lower(defined(drugs_within(29)))
    assert disk.mask(latest.rules[0]) is not None
    assert disk.mask(lower(defined(drugs_within(1))).rules[0]) is None


def test_memory_is_bounded_and_answers_stay_right(hospital: Snapshot) -> None:
    session = EditingSession(hospital, memory=1, disk=0)
    for rules in itertools.combinations(RULES, 2):
        check(session, defined(*rules), hospital)


def test_a_store_that_cannot_be_written_is_edited_all_the_same(hospital: Snapshot) -> None:
    hospital.derived.parent.write_text("in the way")
    check(EditingSession(hospital), defined(*RULES[:2]), hospital)


def test_the_overlap_of_two_cohorts(hospital: Snapshot) -> None:
    first, second = defined(RULES[0]), defined(RULES[1])
    a, b = (set(run_cohort(d, hospital).rows["subject_id"].to_pylist()) for d in (first, second))
    found = EditingSession(hospital).overlap(first, second)
    assert (found.both, found.only_first, found.only_second) == (len(a & b), len(a - b), len(b - a))


def test_a_pruned_snapshot_takes_what_was_derived_from_it_along(hospital: Snapshot, tmp_path: Path) -> None:
    EditingSession(hospital).look(defined(*RULES))
    assert hospital.derived.is_dir()
    newer = snapshot(tmp_path / "store", person=[person(1)])
    assert newer.version != hospital.version
    Store.open(tmp_path / "store").prune(keep=1)
    assert not hospital.derived.exists()


def _rows(on: Snapshot, plan: CohortPlan, kept: Kept) -> list[list[int]]:
    engine = Arrays(on)
    evaluation = Evaluation(engine.columns, engine.vocabulary, kept)
    rows = evaluation.rows(plan.cohort)
    masks = [evaluation.passing(rule, plan.entry) for rule in plan.rules]
    return [*(np.asarray(rows[name]).tolist() for name in ("person", "start_date", "end_date")), *map(list, masks)]

"""Of whom it is known whether the outcome came, beside the law that times were drawn from; whose patients they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tiny_cohort_hospital import Rows, concepts, condition, expression, observed, on, person, snapshot
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark.followed import followed
from wardbench.ward.benchmark.funnel_report import units_of
from wardbench.ward.benchmark.recorded import Analyte, results_of
from wardbench.ward.benchmark.results import strata_of
from wardbench.ward.benchmark.strata_counts import counts_of
from wardbench.ward.cohorts import Cohort, read_definition, run_cohort

DAYS, LAST, HAZARD = 120, 360, 0.004


def cohort_of(store: Snapshot, folder: Path, concept: int) -> Cohort:
    """First of a condition, for a day."""
    path = folder / f"concept {concept}.json"
    path.write_text(json.dumps(expression({"ConditionOccurrence": {"CodesetId": concept, "First": True}})), "utf-8")
    return run_cohort(read_definition(path), store)


def hospital(folder: Path, size: int = 6000, dies: float = 0.0, observed_dead: bool = False) -> Snapshot:
    """Persons who fall ill on any day up to the last one of the records: an old unit all year, a new one since
    June. The outcome comes at one hazard in both, and death at the hazard `dies`; of who is `observed_dead` the records
    do not end with death."""
    random = np.random.default_rng(11)
    new = random.random(size) < 0.4
    start = np.where(new, random.integers(150, LAST, size), random.integers(2, LAST, size))
    comes = start + np.ceil(random.exponential(1 / HAZARD, size)).astype(int)
    death = start + np.ceil(random.exponential(1 / dies, size)).astype(int) if dies else np.full(size, 9999)
    last = np.full(size, LAST) if observed_dead else np.minimum(death, LAST)
    rows = list(zip(range(1, size + 1), *(each.tolist() for each in (start, comes, death, last, new)), strict=True))
    return snapshot(
        folder,
        person=[person(n) for n, *_ in rows],
        observation_period=[observed(n, n, 1, end) for n, _, _, _, end, _ in rows],
        condition_occurrence=[
            *(condition(n, n, day) for n, day, *_ in rows),
            *(condition(size + n, n, day, concept=2) for n, _, day, died, _, _ in rows if day <= min(LAST, died)),
        ],
        death=[{"person_id": n, "death_date": on(died)} for n, _, _, died, _, _ in rows if died <= LAST]
        or [{"person_id": 0, "death_date": on(1)}],
        visit_occurrence=[
            {
                "visit_occurrence_id": n,
                "person_id": n,
                "visit_concept_id": 9202,
                "visit_start_date": on(day),
                "visit_end_date": on(day),
                "care_site_id": 2 if late else 1,
            }
            for n, day, _, _, _, late in rows
        ],
        care_site=[{"care_site_id": n, "care_site_name": name} for n, name in ((1, "old"), (2, "new"))],
        concept=concepts(1, 2),
    )


@pytest.mark.parametrize("dies", [0.0, 0.004])
def test_a_new_unit_is_not_made_worse_by_who_was_not_followed_long_enough(tmp_path: Path, dies: float) -> None:
    """The share who have it within the days is that of two hazards that compete; no unit differs from it."""
    store = hospital(tmp_path / "store", dies=dies)
    cohort, outcome = (cohort_of(store, tmp_path, concept) for concept in (1, 2))
    units, _ = units_of(followed(store, cohort, outcome=outcome, within=DAYS, by="care_site"), "none")
    together = HAZARD + dies
    truth = HAZARD / together * (1 - np.exp(-together * DAYS))
    assert units.names == ("new", "old") and units.size.min() > 500
    for observed_, size in zip(units.observed, units.size, strict=True):
        assert abs(observed_ / size - truth) < 3 * np.sqrt(truth * (1 - truth) / size)


def test_time_after_death_is_nobody_s(tmp_path: Path) -> None:
    """Person-years end with death even where the records of the dead go on; the rate is then that of the hazard."""
    store = hospital(tmp_path / "store", size=4000, dies=0.02, observed_dead=True)
    cohort, outcome = (cohort_of(store, tmp_path, concept) for concept in (1, 2))
    counts = counts_of(followed(store, cohort, outcome=outcome, within=DAYS), "x")
    events, years = sum(counts.events.values()), sum(counts.population.values())
    rate = 365.25 * HAZARD
    assert abs(events / years - rate) < 3 * rate / np.sqrt(events)


def few(folder: Path, names: tuple[str, str], people: Rows) -> Snapshot:
    return snapshot(
        folder,
        person=people,
        observation_period=[observed(n, n) for n in (1, 2)],
        condition_occurrence=[condition(n, n, 10) for n in (1, 2)],
        death=[{"person_id": 1, "death_date": on(20)}],
        visit_occurrence=[
            {
                "visit_occurrence_id": n,
                "person_id": n,
                "visit_concept_id": 9202,
                "visit_start_date": on(10),
                "visit_end_date": on(10),
                "provider_id": n,
            }
            for n in (1, 2)
        ],
        provider=[{"provider_id": n, "provider_name": name} for n, name in enumerate(names, 1)],
        measurement=[
            {
                "measurement_id": n,
                "person_id": n,
                "measurement_concept_id": 1,
                "measurement_date": on(10),
                "value_as_number": 5.0,
                "unit_concept_id": 2,
            }
            for n in (1, 2)
        ],
        concept=[{**row, "concept_code": f"c{row['concept_id']}", "vocabulary_id": "V"} for row in concepts(1, 2)],
    )


def test_two_providers_of_one_name_are_two_units(tmp_path: Path) -> None:
    for names, told in ((("Peeters", "Peeters"), ["Peeters (1)", "Peeters (2)"]), (("a", "b"), ["a", "b"])):
        store = few(tmp_path / told[0], names, [person(1), person(2)])
        found = followed(store, cohort_of(store, tmp_path, 1), outcome=None, within=30, by="provider")
        assert found.unit.tolist() == told


def test_who_has_no_year_of_birth_is_not_a_newborn(tmp_path: Path) -> None:
    store = few(tmp_path / "store", ("a", "b"), [person(1), person(2, year_of_birth=None)])
    found = followed(store, cohort_of(store, tmp_path, 1), outcome=None, within=30)
    assert found.age[0] == 40 and np.isnan(found.age[1])
    results = results_of(store, Analyte(1, "x", "V c1", "c2"))
    assert [group.name for group in strata_of(results, ["age"])] == ["Everybody", "40 to 59 years", "age not recorded"]

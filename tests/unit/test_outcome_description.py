"""Who patients are, what was done and how values went, beside a plain account of each person; what of it is shown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_outcome_subjects import FIRST, hospital, protocol

from tiny_cohort_hospital import concepts, drug, observed, on, person, snapshot
from wardbench.bench.outcomes.described import paths, shared_out, trajectory
from wardbench.bench.outcomes.pathways import Pathways, pathways
from wardbench.bench.outcomes.protocol import question
from wardbench.bench.outcomes.similar import similar
from wardbench.bench.outcomes.subjects import FREE, Subjects, assemble
from wardbench.bench.outcomes.trajectories import Trajectory, Window, trajectories
from wardbench.core.disclosure import Quantiles, rules_for
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.engines.arrays import Arrays


def everybody(data: Snapshot, ids: list[int], index: int, days: int = 40) -> Subjects:
    n = len(ids)
    return Subjects(
        np.array(ids),
        np.ones(n, bool),
        np.full(n, FIRST + index),
        np.full(n, FIRST + index),
        np.full(n, float(days)),
        np.full(n, FREE),
        (),
    )


@pytest.mark.parametrize("seed", range(3))
def test_drugs_in_the_order_in_which_they_were_started(tmp_path: Path, seed: int) -> None:
    data, people = hospital(tmp_path / "store", seed)
    subjects = assemble(question(protocol(comparator=None, washout_days=0, outcome="death"), tmp_path), data)
    found = pathways(Arrays(data), subjects, 1, 30)
    by_id = {p["id"]: p for p in people}
    expected: Counter[tuple[str, ...]] = Counter()
    for who, index, days in zip(subjects.person.tolist(), subjects.index - FIRST, subjects.days, strict=True):
        starts: dict[int, list[str]] = {}
        for name in (2, 3):
            on_days = [day for day in by_id[who][name] if index - 365 <= day <= index + 30]
            if on_days and index <= on_days[0] <= index + days:
                starts.setdefault(on_days[0], []).append(f"concept {name}")
        expected[tuple(" + ".join(sorted(starts[day])) for day in sorted(starts))] += 1
    assert dict(found.sequences) == expected
    assert sum(expected.values()) == found.persons == subjects.size


def measured(id: int, who: int, day: int, value: float | None, unit: int = 9) -> dict[str, Any]:
    return {
        "measurement_id": id,
        "person_id": who,
        "measurement_date": on(day),
        "measurement_concept_id": 7,
        "value_as_number": value,
        "unit_concept_id": unit,
    }


def test_values_are_the_last_of_each_person_in_the_commonest_unit(tmp_path: Path) -> None:
    rows = [
        (1, 50, 4.0),
        (1, 55, 6.0),
        (1, 60, 8.0),
        (2, 40, 3.0),
        (2, 61, 9.0),
        (2, 62, None),
        (3, 95, 1.0),
        (3, 58, 5.0),
    ]
    data = snapshot(
        tmp_path / "store",
        person=[person(n) for n in (1, 2, 3)],
        observation_period=[observed(n, n) for n in (1, 2, 3)],
        measurement=[
            *(measured(n, who, day, value) for n, (who, day, value) in enumerate(rows, 1)),
            measured(50, 2, 63, 900.0, unit=8),
        ],
        concept=concepts(7, 8, 9),
    )
    (found,) = trajectories(Arrays(data), everybody(data, [1, 2, 3], 50, days=20), 1, 30)
    assert (found.name, found.unit) == ("concept 7", "concept 9")
    told = {(w.first, w.last): (w.values.persons, w.values.q50) for w in found.windows if w.values.persons}
    assert told == {(-182, -1): (1, 3.0), (0, 0): (1, 4.0), (1, 30): (3, 8.0)}


def test_others_have_the_ages_and_sexes_of_the_patients(tmp_path: Path) -> None:
    """Of women born in 1950 all others take drug 3, of men born in 1990 none does."""
    chance = np.random.default_rng(3)
    old = chance.random(400) < 0.5
    data = snapshot(
        tmp_path / "store",
        person=[
            person(n, gender_concept_id=8532 if old[n] else 8507, year_of_birth=1950 if old[n] else 1990)
            for n in range(400)
        ],
        observation_period=[observed(n + 1, n) for n in range(400)],
        drug_exposure=[drug(n + 1, n, 5, 3) for n in range(400) if old[n]],
        concept=concepts(2, 3),
    )
    patients = np.concatenate([np.flatnonzero(old)[:30], np.flatnonzero(~old)[:10]])
    found = similar(Arrays(data), everybody(data, sorted(patients.tolist()), 20), {2})
    assert found.patients == 40 and found.others == 360
    assert dict(found.sexes) == {"Male": 10, "Female": 30}
    (had,) = found.had
    assert (had.name, had.patients) == ("concept 3", 30)
    assert had.share == pytest.approx(0.75)
    assert had.others == np.count_nonzero(old) - 30
    objected = set(np.flatnonzero(~old)[10:].tolist())
    assert similar(Arrays(data), everybody(data, sorted(patients.tolist()), 20), {2}, objected).others == old.sum() - 30


@pytest.mark.parametrize("seed", range(20))
def test_no_order_that_is_shown_stands_for_a_few(seed: int) -> None:
    chance = np.random.default_rng(seed)
    counts = sorted(chance.integers(1, 40, int(chance.integers(1, 12))).tolist(), reverse=True)
    told = Pathways(("a",), sum(counts), tuple((("a",) * n, count) for n, count in enumerate(counts)))
    rules = rules_for("release")
    rows = paths(told, rules.total(told.persons), rules)
    assert all(row.persons.value is None or row.persons.value >= 10 for row in rows)
    shown = {row.steps for row in rows}
    few = {steps or ("none of these drugs started",) for steps, count in told.sequences if count < 10}
    assert not shown & few
    # The others, told as one, are enough to hide each of them.
    named = [count for steps, count in told.sequences if (steps or ("none of these drugs started",)) in shown]
    rest = told.persons - sum(named)
    assert rest == 0 or rest >= 10 or len(rows) == 1
    exact = paths(told, rules_for("exact").total(told.persons), rules_for("exact"))
    assert [row.persons.value for row in exact] == counts


def test_what_few_have_is_not_shown() -> None:
    rules = rules_for("release")
    rows = shared_out("Age", (("20 to 29", 3), ("30 to 39", 12), ("40 to 49", 30)), rules.total(45), rules)
    assert [row.name for row in rows] == ["20 to 39", "40 to 49"]
    windows = tuple(Window(first, first + 9, Quantiles(n, 1.0, 2.0, 3.0)) for first, n in ((1, 9), (11, 30), (21, 60)))
    shown = trajectory(Trajectory("a", "u", windows), 100, rules).windows
    assert [row.persons.value for row in shown] == [None, 30, 60]
    assert [row.median.value for row in shown] == [None, 2, 2]
    assert [row.low.value for row in shown] == [None, None, 1]

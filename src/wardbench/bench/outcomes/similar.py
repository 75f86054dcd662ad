"""Who the patients are: what was recorded in the year up to time zero, beside everybody of the same age and sex.

The others are whoever the hospital observed on the patients' median time zero, weighted so that their ages (bands of
ten years) and sexes are those of the patients (direct standardisation).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.covariates import SEXES
from wardbench.bench.outcomes.records import names_of, recorded, rows_by_position
from wardbench.bench.outcomes.subjects import Subjects
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.engines.arrays.days import NO_DAY, day_of, person_of

TABLES = ("condition_occurrence", "drug_exposure", "procedure_occurrence")
YEAR = 365
MOST_OTHERS = 100_000
"""Of more others every so many-th is taken."""
BAND = 10


@dataclass(frozen=True)
class Had:
    """One concept in the year up to time zero: how many patients, how many others, and the latter's weighted share."""

    table: str
    name: str
    patients: int
    others: int
    share: float


@dataclass(frozen=True)
class Similar:
    """The patients and the others."""

    patients: int
    others: int
    median_day: int
    sexes: tuple[tuple[str, int], ...]
    ages: tuple[tuple[str, int], ...]
    """Bands of ten years in order, every band from the first to the last."""
    had: tuple[Had, ...]
    """The commonest of the patients first."""


def similar(engine: Arrays, subjects: Subjects, apart: Collection[int], without: Collection[int] = ()) -> Similar:
    """`apart` are the concepts that make somebody a patient, which are not told again; nobody of `without` is among
    the others."""
    sex, age = _sex_and_age(engine, subjects.person, subjects.index)
    day = int(np.median(subjects.index)) if subjects.size else 0
    others = _others(engine, np.union1d(subjects.person, np.fromiter(without, np.int64, len(without))), day)
    weight = _weights(sex, age, *_sex_and_age(engine, others, np.full(len(others), day)))
    bands = np.unique(age[age >= 0])
    ages = [
        (f"{BAND * band} to {BAND * band + BAND - 1}", int(np.count_nonzero(age == band)))
        for band in (range(int(bands[0]), int(bands[-1]) + 1) if len(bands) else ())
    ]
    if (age < 0).any():
        ages.append(("not recorded", int(np.count_nonzero(age < 0))))
    names = [*SEXES.values(), "other or not recorded"]
    known = [sex == code for code in SEXES]
    sexes = [
        (name, int(np.count_nonzero(of)))
        for name, of in zip(names, [*known, ~np.logical_or.reduce(known)], strict=True)
        if of.any()
    ]
    had = _had(engine, subjects, others, np.full(len(others), day), weight, apart)
    return Similar(subjects.size, len(others), day, tuple(sexes), tuple(ages), had)


def _had(
    engine: Arrays, subjects: Subjects, others: Integers, index: Integers, weight: Floats, apart: Collection[int]
) -> tuple[Had, ...]:
    found: list[tuple[str, int, int, int, float]] = []
    rows = rows_by_position(engine, subjects.person), rows_by_position(engine, others)
    total = float(weight.sum())
    for name in TABLES:
        records = recorded(engine.columns.table(name))
        counts = []
        for row_of, zero in zip(rows, (subjects.index, index), strict=True):
            number, row, _, _ = records.around(row_of, zero, -YEAR, 0) if len(zero) else (np.zeros(0, int),) * 4
            new = np.ones(len(row), dtype=bool)
            new[1:] = (number[1:] != number[:-1]) | (row[1:] != row[:-1])
            counts.append((number[new], row[new]))
        size = len(records.concepts)
        mine, theirs = (np.bincount(number, minlength=size) for number, _ in counts)
        shares = np.bincount(counts[1][0], weight[counts[1][1]], size) / (total or 1.0)
        found += [
            (name, int(records.concepts[place]), int(mine[place]), int(theirs[place]), float(shares[place]))
            for place in np.flatnonzero(mine)
            if int(records.concepts[place]) not in apart
        ]
    found.sort(key=lambda one: (-one[2], one[1]))
    names = names_of(engine, {concept for _, concept, *_ in found})
    return tuple(Had(table, names.get(c) or f"Concept {c}", n, m, share) for table, c, n, m, share in found)


def _others(engine: Arrays, members: Integers, day: int) -> Integers:
    """Whoever was observed on that day and is not among the members, thinned to what is enough."""
    people = engine.columns.people
    observed = (day_of(people.period_keys) <= day) & (people.period_ends >= day)
    found = np.setdiff1d(people.ids[np.unique(person_of(people.period_keys[observed]))], members)
    return found[:: max(1, -(-len(found) // MOST_OTHERS))]


def _sex_and_age(engine: Arrays, person: Integers, index: Integers) -> tuple[Integers, Integers]:
    """Concept of the sex, and the band of the age, -1 where the year of birth is not recorded."""
    people = engine.columns.people
    place = people.positions(person)
    sex, born = (people.column(name)[place].astype(np.int64) for name in ("gender_concept_id", "year_of_birth"))
    year = index.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return sex, np.where(born == NO_DAY, -1, np.maximum(0, year - born) // BAND)


def _weights(sex: Integers, age: Integers, their_sex: Integers, their_age: Integers) -> Floats:
    """Weights of the others with which sex and age are those of the patients."""
    groups = [
        (np.asarray(s) << 8) + a + 1 for s, a in ((np.maximum(sex, 0), age), (np.maximum(their_sex, 0), their_age))
    ]
    values, place = np.unique(np.concatenate(groups), return_inverse=True)
    mine, theirs = (np.bincount(part, minlength=len(values)) for part in np.split(place, [len(sex)]))
    weight = np.divide(mine, theirs, out=np.zeros(len(values)), where=theirs > 0)
    return np.asarray(weight[place[len(sex) :]])

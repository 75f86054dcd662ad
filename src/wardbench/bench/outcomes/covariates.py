"""Everything that was recorded before time zero, as a sparse matrix of persons by covariates.

A covariate is one concept in one window (had it: 1), a measurement's last value before time zero by fifths of all who
have one, or of the person: sex, age in five-year bands, year of time zero.
A concept is the standard one, the source's own where a record has none, as everywhere in Wardbench. Records are read
from the columns of the cohort engine, which lie by concept, person and day: a covariate's persons are a run of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from wardbench.bench.outcomes.arrays import Integers
from wardbench.bench.outcomes.protocol import Covariates, Question
from wardbench.bench.outcomes.records import EVENTS, members_of, names_of, recorded, rows_by_position
from wardbench.bench.outcomes.subjects import Subjects, engine_of
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import Definition
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.engines.arrays.days import EARLIEST, NO_DAY, day_of, person_of, ranges

if TYPE_CHECKING:
    from scipy import sparse

MALE, FEMALE = 8507, 8532
SEXES = {MALE: "Male", FEMALE: "Female"}
MOST_MEASURED = 100
"""So many analytes, those that most subjects have a value of."""
FEWEST_MEASURED = 100
FIFTHS = tuple(f"{which} fifth" for which in ("lowest", "second", "middle", "fourth", "highest"))


@dataclass(frozen=True)
class Covariate:
    """What one column says. `window` is None for what is of the person."""

    table: str
    concept_id: int
    name: str
    window: tuple[int, int] | None
    value: str = ""
    """Of a measurement: in which fifth of all last values the person's own lies."""
    between: tuple[float, float] | None = None
    """Above which and up to which value that fifth is."""

    @property
    def label(self) -> str:
        if self.window is None:
            return self.name
        first, last = self.window
        return f"{self.name}{self.value and f', {self.value}'}, days {first} to {last}"


@dataclass(frozen=True)
class Matrix:
    """`values` (n, p), compressed by columns, 0 or 1; `columns` say what each is."""

    values: sparse.csc_array
    columns: tuple[Covariate, ...]


Run = tuple[Covariate, Any]
"""A covariate and the rows of the subjects who have it, rising."""


def extract(question: Question, data: Snapshot | Arrays, subjects: Subjects) -> Matrix:
    """The covariates of all subjects, those that too few of both arms together have left out."""
    # It takes its time to load, and patients are described without it.
    from scipy import sparse

    engine, asked = engine_of(data), question.protocol.covariates
    least = max(1, int(np.ceil(asked.least_share * subjects.size)))
    left_out = excluded(engine, question)
    runs = [
        (covariate, rows)
        for covariate, rows in [
            *_events(engine, asked, subjects, least),
            *_measured(engine, asked, subjects),
            *_persons(engine, subjects),
        ]
        if least <= len(rows) < subjects.size and covariate.concept_id not in left_out
    ]
    names = names_of(engine, {covariate.concept_id for covariate, _ in runs})
    rows = np.concatenate([rows for _, rows in runs]) if runs else np.zeros(0)
    values = sparse.csc_array(
        (
            np.ones(len(rows)),
            rows.astype(np.int32, copy=False),
            np.cumsum([0, *(len(rows) for _, rows in runs)]).astype(np.int32),
        ),
        shape=(subjects.size, len(runs)),
    )
    return Matrix(values, tuple(_named(covariate, names) for covariate, _ in runs))


def entry_concepts(definition: Definition) -> list[ConceptSet]:
    """The concept sets of what starts a cohort: treatment itself, which must not be adjusted for."""
    return [definition.concept_sets[number] for number in sorted(_primary_sets(definition))]


def _primary_sets(definition: Definition) -> set[int]:
    def numbers(value: Any) -> set[int]:
        if isinstance(value, dict):
            own = {
                inner
                for key, inner in value.items()
                if isinstance(inner, int) and key.endswith(("CodesetId", "Concept"))
            }
            return own.union(*(numbers(inner) for inner in value.values()))
        if isinstance(value, list | tuple):
            return set().union(*(numbers(inner) for inner in value))
        return set()

    return numbers(msgspec.to_builtins(definition.expression.primary_criteria)) & definition.concept_sets.keys()


def excluded(engine: Arrays, question: Question) -> set[int]:
    """What starts either cohort, and what the protocol leaves out beside it."""
    arms = [one for one in (question.target, question.comparator) if one is not None]
    members = members_of(engine, [concepts for one in arms for concepts in entry_concepts(one)])
    return set(members.tolist()).union(question.protocol.covariates.excluded_concepts)


def _sex(concept: int) -> str:
    return SEXES.get(concept, "Sex other or not recorded")


def _band(number: int) -> str:
    return f"Age {5 * number} to {5 * number + 4}" if number < 19 else "Age 95 or more"


def band_of(age: int) -> str:
    """The name of the covariate of an age."""
    return _band(min(age // 5, 19))


NAMED: dict[str, Callable[[int], str]] = {"sex": _sex, "band": _band, "year": lambda year: f"Time zero in {year}"}


def _events(engine: Arrays, asked: Covariates, subjects: Subjects, least: int) -> Iterator[Run]:
    row_of = rows_by_position(engine, subjects.person)
    windows = _windows(asked)
    far, near = min(first for first, _ in windows), max(last for _, last in windows)
    index = subjects.index
    for table in EVENTS:
        records = recorded(engine.columns.table(table))
        number, row, day, _ = records.around(row_of, index, far, near)
        for window in windows:
            inside = (day >= window[0]) & (day <= window[1])
            for place, rows in _grouped(number[inside], row[inside], least):
                yield Covariate(table, int(records.concepts[place]), "", window), rows


def _windows(asked: Covariates) -> list[tuple[int, int]]:
    return [(first, 0 if asked.with_day_zero and last == -1 else last) for first, last in asked.windows]


def _measured(engine: Arrays, asked: Covariates, subjects: Subjects) -> Iterator[Run]:
    """Of the analytes that most subjects have a number of, in the commonest unit: the fifth of the last value."""
    table = engine.columns.table("measurement")
    records = recorded(table)
    window = min(_windows(asked))
    row_of = rows_by_position(engine, subjects.person)
    number, row, _, place = records.around(row_of, subjects.index, *window)
    value, unit = table.column("value_as_number")[place], table.column("unit_concept_id")[place]
    numeric = np.isfinite(value)
    number, row, value, unit = number[numeric], row[numeric], value[numeric], unit[numeric]
    persons = np.bincount(number[_new(number, row)], minlength=len(records.concepts))
    ends = np.cumsum(np.bincount(number, minlength=len(records.concepts)))
    for analyte in np.argsort(-persons, kind="stable")[:MOST_MEASURED]:
        if persons[analyte] < FEWEST_MEASURED:
            return
        run = slice(ends[analyte - 1] if analyte else 0, ends[analyte])
        units, times = np.unique(unit[run], return_counts=True)
        common = unit[run] == units[np.argmax(times)]
        who, found = row[run][common], value[run][common]
        # Rows and days lie in order, so that the last record of a person is the last of their run.
        last = np.append(who[1:] != who[:-1], True)
        who, found = who[last], found[last]
        edges = [-np.inf, *np.quantile(found, (0.2, 0.4, 0.6, 0.8)).tolist(), np.inf]
        fifth = np.searchsorted(edges[1:-1], found, side="left")
        for at, name in enumerate(FIFTHS):
            if (fifth == at).any():
                concept, between = int(records.concepts[analyte]), (edges[at], edges[at + 1])
                yield Covariate("measurement", concept, "", window, name, between), who[fifth == at]


def _new(number: Integers, row: Integers) -> Integers:
    """Where another person or another number begins; both lie in order."""
    new = np.ones(len(row), dtype=bool)
    new[1:] = (number[1:] != number[:-1]) | (row[1:] != row[:-1])
    return new


def _grouped(number: Integers, row: Integers, least: int) -> list[tuple[int, Any]]:
    """For each number, the different rows that have it, where there are enough; both lie in order."""
    if not len(number):
        return []
    new = _new(number, row)
    number, row = number[new], row[new]
    counts = np.bincount(number)
    enough = np.flatnonzero(counts >= least)
    ends = np.cumsum(counts)
    return [(int(place), row[ends[place] - counts[place] : ends[place]]) for place in enough]


def _persons(engine: Arrays, subjects: Subjects) -> Iterator[Run]:
    """Sex, age at time zero in bands of five years, year of time zero."""
    year = subjects.index.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    sex, age = sex_and_age(engine, subjects)
    values = {"sex": sex, "band": np.where(age >= 0, np.minimum(age // 5, 19), -1), "year": year}
    for what, say in NAMED.items():
        for value in np.unique(values[what][values[what] >= 0]):
            yield Covariate("person", 0, say(int(value)), None), np.flatnonzero(values[what] == value)


def sex_and_age(engine: Arrays, subjects: Subjects) -> tuple[Integers, Integers]:
    """The concept of each subject's sex (0: not recorded), and the age at time zero (-1: not recorded)."""
    people = engine.columns.people
    positions = people.positions(subjects.person)
    year = subjects.index.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    sex, born = (people.column(name)[positions].astype(np.int64) for name in ("gender_concept_id", "year_of_birth"))
    age = np.where(born != NO_DAY, np.maximum(0, year - born), -1)
    return np.where(sex == NO_DAY, 0, sex), age


def _named(covariate: Covariate, names: dict[int, str]) -> Covariate:
    if covariate.window is None:
        return covariate
    name = names.get(covariate.concept_id) or f"Concept {covariate.concept_id}"
    return replace(covariate, name=name)


def users_before(question: Question, data: Snapshot | Arrays, subjects: Subjects) -> Integers:
    """Of each subject, whether what starts their own cohort is on record on any day before time zero."""
    engine = engine_of(data)
    row_of = rows_by_position(engine, subjects.person)
    found = np.zeros(subjects.size, dtype=bool)
    for definition, arm in ((question.target, True), (question.comparator, False)):
        if definition is None:
            continue
        concepts = members_of(engine, entry_concepts(definition))
        for name in EVENTS:
            table = engine.columns.table(name)
            keys = [table.keys[ranges(*table.concepts.spans(concepts))]]
            if name != "visit_occurrence":
                directory, order = table.source_concepts
                keys.append(table.keys[order[ranges(*directory.spans(concepts))]])
            for some in keys:
                row, day = row_of[person_of(some)], day_of(some)
                before = row[(row >= 0) & (day > EARLIEST)]
                early = day[(row >= 0) & (day > EARLIEST)] < subjects.index[before]
                had = np.zeros(subjects.size, dtype=bool)
                had[before[early]] = True
                found |= had & (subjects.treated == arm)
    return found

"""Everything that was recorded before time zero, as a sparse matrix of persons by covariates.

A covariate is one concept in one window (had it: 1), or of the person: sex, age in five-year bands, year of time zero.
A concept is the standard one, the source's own where a record has none, as everywhere in Wardbench.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
from scipy import sparse

from wardbench.bench.outcomes.arrays import Integers
from wardbench.bench.outcomes.protocol import Covariates, Question
from wardbench.bench.outcomes.subjects import Subjects
from wardbench.core.omop.concept_sets import MEMBERS, ConceptSet, resolve
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import Definition

EVENTS = {
    "condition_occurrence": ("condition", "condition_start_date"),
    "drug_exposure": ("drug", "drug_exposure_start_date"),
    "procedure_occurrence": ("procedure", "procedure_date"),
    "measurement": ("measurement", "measurement_date"),
    "observation": ("observation", "observation_date"),
    "device_exposure": ("device", "device_exposure_start_date"),
    "visit_occurrence": ("visit", "visit_start_date"),
}
"""The tables of events, what their columns begin with, and when an event starts."""


@dataclass(frozen=True)
class Covariate:
    """What one column says. `window` is None for what is of the person."""

    table: str
    concept_id: int
    name: str
    window: tuple[int, int] | None

    @property
    def label(self) -> str:
        if self.window is None:
            return self.name
        first, last = self.window
        return f"{self.name}, days {first} to {last}"


@dataclass(frozen=True)
class Matrix:
    """`values` (n, p), compressed by columns, 0 or 1; `columns` say what each is."""

    values: sparse.csc_array
    columns: tuple[Covariate, ...]


def extract(question: Question, snapshot: Snapshot, subjects: Subjects) -> Matrix:
    """The covariates of all subjects, those that too few of both arms together have left out."""
    asked = question.protocol.covariates
    with snapshot.connect() as con:
        con.register(
            "subject",
            pa.table({"row": np.arange(subjects.size), "person": subjects.person, "index": subjects.index}),
        )
        excluded = _excluded(con, question)
        events = [cell for cell in _events(con, asked) if cell[0].concept_id not in excluded]
        cells = [*events, *_persons(con)]
        names = _names(con, cells)
    least = max(1, int(np.ceil(asked.least_share * subjects.size)))
    columns, rows = [], []
    for covariate, of in cells:
        if least <= len(of) < subjects.size:
            columns.append(covariate)
            rows.append(of)
    values = sparse.csc_array(
        (
            np.ones(sum(map(len, rows))),
            (np.concatenate(rows) if rows else np.zeros(0)).astype(np.int32),
            np.cumsum([0, *map(len, rows)]).astype(np.int32),
        ),
        shape=(subjects.size, len(columns)),
    )
    return Matrix(values, tuple(_named(column, names) for column in columns))


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


def _excluded(con: duckdb.DuckDBPyConnection, question: Question) -> set[int]:
    arms = [one for one in (question.target, question.comparator) if one is not None]
    resolve(con, [concepts for one in arms for concepts in entry_concepts(one)])
    members = con.execute(f"SELECT DISTINCT concept_id FROM {MEMBERS}").fetchall()
    return {concept for (concept,) in members}.union(question.protocol.covariates.excluded_concepts)


Cell = tuple[Covariate, Any]


def _sex(concept: int) -> str:
    return {8507: "Male", 8532: "Female"}.get(concept, "Sex other or not recorded")


def _band(number: int) -> str:
    return f"Age {5 * number} to {5 * number + 4}" if number < 19 else "Age 95 or more"


NAMED: dict[str, Callable[[int], str]] = {"sex": _sex, "band": _band, "year": lambda year: f"Time zero in {year}"}


def _events(con: duckdb.DuckDBPyConnection, asked: Covariates) -> list[Cell]:
    cells: list[Cell] = []
    far, near = min(first for first, _ in asked.windows), max(last for _, last in asked.windows)
    for table, (name, day) in EVENTS.items():
        source = f"coalesce(e.{name}_source_concept_id, 0)"
        if table == "visit_occurrence":
            source = "0"
        had = con.execute(
            f"""
            SELECT DISTINCT s.row AS row, e.{day} - DATE '1970-01-01' - s.index AS day,
              CASE WHEN coalesce(e.{name}_concept_id, 0) <> 0 THEN e.{name}_concept_id ELSE {source} END AS concept
            FROM {table} AS e JOIN subject AS s ON s.person = e.person_id
              AND e.{day} - DATE '1970-01-01' BETWEEN s.index + {far} AND s.index + {0 if asked.with_day_zero else near}
            """
        ).fetchnumpy()
        known = had["concept"] != 0
        concepts, rows, days = had["concept"][known], had["row"][known], had["day"][known]
        for window in asked.windows:
            last = 0 if asked.with_day_zero and window[1] == -1 else window[1]
            inside = (days >= window[0]) & (days <= last)
            cells += [
                (Covariate(table, int(concept), "", (window[0], last)), of)
                for concept, of in _grouped(concepts[inside], rows[inside])
            ]
    return cells


def _grouped(concepts: Any, rows: Any) -> list[tuple[int, Any]]:
    """For each concept, the different rows that have it, rising."""
    if not len(concepts):
        return []
    order = np.lexsort((rows, concepts))
    concepts, rows = concepts[order], rows[order]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (concepts[1:] != concepts[:-1]) | (rows[1:] != rows[:-1])
    concepts, rows = concepts[new], rows[new]
    starts = np.flatnonzero(np.concatenate(([True], concepts[1:] != concepts[:-1])))
    return list(zip(concepts[starts].tolist(), np.split(rows, starts[1:]), strict=True))


def _persons(con: duckdb.DuckDBPyConnection) -> list[Cell]:
    """Sex, age at time zero in bands of five years, year of time zero."""
    found = con.execute(
        """
        SELECT row, sex, greatest(0, least(19, (year - born) // 5)) AS band, year FROM (
          SELECT s.row AS row, coalesce(p.gender_concept_id, 0) AS sex, p.year_of_birth AS born,
            extract(year FROM DATE '1970-01-01' + s.index::INTEGER) AS year
          FROM subject AS s LEFT JOIN person AS p ON p.person_id = s.person
        ) AS subject ORDER BY row
        """
    ).fetchnumpy()
    rows = found["row"]
    cells: list[Cell] = []
    for what, say in NAMED.items():
        values = np.ma.filled(found[what], -1).astype(np.int64)
        for value in np.unique(values):
            if value >= 0:
                cells.append((Covariate("person", 0, say(int(value)), None), rows[values == value]))
    return cells


def _names(con: duckdb.DuckDBPyConnection, cells: Sequence[Cell]) -> dict[int, str]:
    con.register("wanted", pa.table({"id": pa.array({c.concept_id for c, _ in cells}, pa.int64())}))
    rows = con.execute(
        "SELECT w.id, c.concept_name FROM wanted AS w JOIN concept AS c ON c.concept_id = w.id ORDER BY w.id"
    ).fetchall()
    return dict(rows)


def _named(covariate: Covariate, names: dict[int, str]) -> Covariate:
    if covariate.window is None:
        return covariate
    name = names.get(covariate.concept_id) or f"Concept {covariate.concept_id}"
    return Covariate(covariate.table, covariate.concept_id, name, covariate.window)


def users_before(question: Question, snapshot: Snapshot, subjects: Subjects) -> Integers:
    """Of each subject, whether what starts their own cohort is on record on any day before time zero."""
    found = np.zeros(subjects.size, dtype=bool)
    with snapshot.connect() as con:
        con.register(
            "subject", pa.table({"row": np.arange(subjects.size), "person": subjects.person, "index": subjects.index})
        )
        for definition, arm in ((question.target, True), (question.comparator, False)):
            if definition is None:
                continue
            resolve(con, entry_concepts(definition))
            for table, (name, day) in EVENTS.items():
                source = f" OR e.{name}_source_concept_id IN (SELECT concept_id FROM {MEMBERS})"
                rows = con.execute(
                    f"""
                    SELECT DISTINCT s.row AS row FROM {table} AS e JOIN subject AS s ON s.person = e.person_id
                    WHERE e.{day} - DATE '1970-01-01' < s.index AND (
                      e.{name}_concept_id IN (SELECT concept_id FROM {MEMBERS})
                      {"" if table == "visit_occurrence" else source})
                    """
                ).fetchnumpy()["row"]
                had = np.zeros(subjects.size, dtype=bool)
                had[rows] = True
                found |= had & (subjects.treated == arm)
    return found

"""Results of an analyte as a store has them: OMOP measurements by concept and unit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import numpy as np

from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark.indirect import Floats
from wardbench.ward.benchmark.results import NO_DAY, Results
from wardbench.ward.benchmark.without import left
from wardbench.ward.cohorts import Cohort
from wardbench.ward.cohorts.characterise import FEMALE, MALE, NO_UNIT

EQUAL = 4172703
"""OMOP's concept of "=", the operator of a result that is a number and not a limit of one."""
DEVICE_FIELD = "device_exposure.device_exposure_id"
OUTPATIENT = 9202
FIRST_LOCAL = 2_000_000_000
"""From this concept id on stand the concepts that are no public vocabulary's."""

_CONCEPT = """CASE WHEN coalesce(m.measurement_concept_id, 0) <> 0 THEN m.measurement_concept_id
    ELSE coalesce(m.measurement_source_concept_id, 0) END"""
_OF_THE_TEST = f"""lower(regexp_extract(t.measurement_source_value, '[^ :|^]*$')) = lower(a.concept_code)
    OR coalesce(s.concept_id, 0) BETWEEN 1 AND {FIRST_LOCAL - 1} OR s.vocabulary_id = a.vocabulary_id"""
"""Whether a source value says what was measured in everybody's words, and so nothing of who measured it."""
_UNIT = f"coalesce(u.concept_code, m.unit_source_value, '{NO_UNIT}')"


@dataclass(frozen=True)
class Analyte:
    """What is measured: a concept, and the unit in which its results are taken."""

    concept_id: int
    name: str
    code: str
    unit: str


def analytes(snapshot: Snapshot, *, most: int, persons: int) -> tuple[Analyte, ...]:
    """The `most` analytes and units that were measured most often, of at least `persons` persons, by name."""
    with snapshot.connect() as con:
        rows = con.execute(
            f"""
            WITH used AS (
                SELECT {_CONCEPT} AS id, {_UNIT} AS unit, count(*) AS results
                FROM measurement m LEFT JOIN concept u ON u.concept_id = m.unit_concept_id AND m.unit_concept_id <> 0
                WHERE m.value_as_number > 0 GROUP BY 1, 2 HAVING count(DISTINCT m.person_id) >= $persons
            )
            SELECT used.id, c.concept_name, c.vocabulary_id, c.concept_code, used.unit
            FROM used JOIN concept c ON c.concept_id = used.id
            ORDER BY used.results DESC, used.id, used.unit LIMIT $most
            """,
            {"persons": persons, "most": most},
        ).fetchall()
    found = (Analyte(row[0], row[1] or f"Concept {row[0]}", f"{row[2]} {row[3]}", row[4]) for row in rows)
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.unit)))


def find_analyte(snapshot: Snapshot, asked: str, unit: str | None) -> Analyte:
    """The analyte of a concept id, a code (`718-7`) or a vocabulary and a code (`LOINC:718-7`).

    NotFoundError where no measurement with a number has it, or not in that unit; InputError where it means several, or
    has several units and none is named.
    """
    vocabulary, colon, code = asked.rpartition(":")
    with snapshot.connect() as con:
        rows = con.execute(
            f"""
            WITH used AS (
                SELECT {_CONCEPT} AS id, {_UNIT} AS unit, count(*) AS results
                FROM measurement m LEFT JOIN concept u ON u.concept_id = m.unit_concept_id AND m.unit_concept_id <> 0
                WHERE m.value_as_number IS NOT NULL GROUP BY 1, 2
            )
            SELECT used.id, c.concept_name, c.vocabulary_id, c.concept_code, used.unit
            FROM used JOIN concept c ON c.concept_id = used.id
            WHERE (NOT $coded AND c.concept_id::VARCHAR = $code)
                OR (c.concept_code = $code AND (NOT $coded OR c.vocabulary_id ILIKE '%' || $vocabulary))
            ORDER BY used.results DESC, used.id, used.unit
            """,
            {"coded": bool(colon), "code": code, "vocabulary": vocabulary},
        ).fetchall()
    if not rows:
        raise NotFoundError(
            f"analyte: no result has the code {asked}; `wardbench cohort codes` lists what records name."
        )
    if len({row[0] for row in rows}) > 1:
        several = ", ".join(sorted({f"{row[2]}:{row[3]} (concept {row[0]})" for row in rows}))
        raise InputError(f"analyte: {asked} means several: {several}; name one by its concept id.")
    units = [row[4] for row in rows]
    if unit is None and len(units) > 1:
        raise InputError(f"unit: {asked} has results in {', '.join(units)}; name one.")
    if unit is not None and unit not in units:
        raise NotFoundError(f"unit: {asked} has no results in {unit}, but in {', '.join(units)}.")
    concept_id, name, system, concept_code, found = rows[0]
    return Analyte(concept_id, name or f"Concept {concept_id}", f"{system} {concept_code}", unit or found)


def results_of(
    snapshot: Snapshot,
    analyte: Analyte,
    *,
    healthy: Cohort | None = None,
    outpatients: bool = False,
    without: Collection[int] = (),
) -> Results:
    """All results of an analyte that are numbers above 0; `healthy` flags those of a cohort's memberships. Persons in
    `without` are as if they had none.

    A device is the one that a result is linked to (`measurement_event_id`). Where there is none, the laboratory's own
    code of the test stands as "test code", as it tells analysers apart where each has its own; a code that others use
    too, such as the analyte's in LOINC, does not. `outpatients` leaves out all but outpatient visits.
    """
    with snapshot.connect() as con:
        _members(con, healthy)
        columns = con.execute(
            f"""
            WITH taken AS (
                SELECT m.*, p.gender_concept_id, p.year_of_birth, p.month_of_birth, p.day_of_birth,
                    v.visit_concept_id, {_UNIT} AS unit, f.concept_name AS field
                FROM measurement m
                LEFT JOIN person p ON p.person_id = m.person_id
                LEFT JOIN visit_occurrence v ON v.visit_occurrence_id = m.visit_occurrence_id
                LEFT JOIN concept u ON u.concept_id = m.unit_concept_id AND m.unit_concept_id <> 0
                LEFT JOIN concept f ON f.concept_id = m.meas_event_field_concept_id
                WHERE {_CONCEPT} = $concept AND {_UNIT} = $unit
            )
            SELECT t.person_id, t.value_as_number AS value,
                CASE t.gender_concept_id WHEN {FEMALE} THEN 'female' WHEN {MALE} THEN 'male' ELSE '' END AS sex,
                CASE WHEN t.year_of_birth IS NOT NULL THEN greatest(0, date_sub('year', make_date(t.year_of_birth,
                    coalesce(t.month_of_birth, 1), coalesce(t.day_of_birth, 1)), t.measurement_date)) END::DOUBLE
                    AS age,
                coalesce(d.unique_device_id, d.device_source_value,
                    CASE WHEN nullif(trim(t.measurement_source_value), '') IS NOT NULL AND NOT coalesce({_OF_THE_TEST},
                        false) THEN 'test code ' || t.measurement_source_value END, '') AS device,
                date_diff('day', DATE '1970-01-01', t.measurement_date) AS day,
                EXISTS (SELECT 1 FROM member WHERE member.person_id = t.person_id
                    AND t.measurement_date BETWEEN member.start_date AND member.end_date) AS healthy,
                coalesce(t.operator_concept_id, 0) NOT IN (0, {EQUAL}) AS limited,
                coalesce(t.visit_concept_id, 0) <> {OUTPATIENT} AS elsewhere
            FROM taken t
            LEFT JOIN concept a ON a.concept_id = $concept
            LEFT JOIN concept s ON s.concept_id = t.measurement_source_concept_id AND s.concept_id <> 0
            LEFT JOIN device_exposure d ON t.field = '{DEVICE_FIELD}' AND d.device_exposure_id = t.measurement_event_id
            ORDER BY t.person_id, t.measurement_date, t.measurement_datetime NULLS FIRST, t.measurement_id
            """,
            {"concept": analyte.concept_id, "unit": analyte.unit},
        ).fetchnumpy()
    if without:
        kept = left(np.asarray(columns["person_id"], dtype=np.int64), without)
        columns = {name: column[kept] for name, column in columns.items()}
    value: Floats = np.ma.filled(np.ma.asarray(columns["value"], dtype=float), np.nan)
    limited = np.asarray(columns["limited"], dtype=bool)
    usable = np.isfinite(value) & (value > 0) & ~limited
    elsewhere = usable & outpatients & np.asarray(columns["elsewhere"], dtype=bool)
    found = Results(
        f"{analyte.name} ({analyte.code})",
        analyte.unit,
        value,
        np.asarray(columns["person_id"], dtype=np.int64),
        np.asarray(columns["sex"], dtype=np.str_),
        np.ma.filled(np.ma.asarray(columns["age"], dtype=float), np.nan),
        np.asarray(columns["device"], dtype=np.str_),
        np.ma.filled(np.ma.asarray(columns["day"], dtype=np.int64), NO_DAY),
        np.asarray(columns["healthy"], dtype=bool),
        f"the routine results of {'outpatient visits' if outpatients else 'all visits'}",
        (
            ("given as below or above a limit", int(limited.sum())),
            ("no number above 0", int((~limited & ~usable).sum())),
            ("not of an outpatient visit", int(elsewhere.sum())),
        ),
    )
    return found.where(usable & ~elsewhere)


def _members(con: duckdb.DuckDBPyConnection, cohort: Cohort | None) -> None:
    con.execute("CREATE TEMP TABLE member (person_id BIGINT, start_date DATE, end_date DATE)")
    if cohort is not None:
        con.register("membership", cohort.rows)
        con.execute("INSERT INTO member SELECT subject_id, cohort_start_date, cohort_end_date FROM membership")

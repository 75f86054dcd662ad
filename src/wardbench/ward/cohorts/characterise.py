"""Who is in a cohort: ages, years, what they had, what was measured, which samples there are. Exact counts.

Every figure is about persons at the start of their first membership (their index date), so that a person counts
once. Nothing here may be shown as it is: `wardbench.ward.cohorts.released` takes it through disclosure control.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np

from wardbench.core.disclosure import Quantiles
from wardbench.core.omop.tables import FIRST_CUSTOM_CONCEPT
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.run import Cohort

WINDOW_DAYS = 365
FEMALE, MALE = 8532, 8507
UNKNOWN = "other or not recorded"
NO_CODE = "No code recorded"
NO_UNIT = "no unit"


@dataclass(frozen=True, slots=True)
class Term:
    """What was recorded: a name, and the code it stands for where there is one."""

    label: str
    code: str


@dataclass(frozen=True, slots=True)
class TermCount:
    """How many persons have something."""

    term: Term
    persons: int


@dataclass(frozen=True, slots=True)
class MeasurementSummary:
    """One kind of measurement in one unit: the latest value of each person."""

    term: Term
    unit: str
    values: Quantiles


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """One type of specimen; `largest` are the most specimens that one person gave, falling, at most two.

    `days` is from the index date to the specimen nearest to it, negative before.
    """

    term: Term
    persons: int
    specimens: int
    largest: tuple[int, ...]
    days: Quantiles


@dataclass(frozen=True)
class Characteristics:
    """A cohort in counts of persons.

    `ages` has sex (`female`, `male`, `UNKNOWN`), age in completed years or None, and persons. `unknown_sex` and
    `unknown_age` say whether the snapshot, not the cohort, has anybody of whom it is unknown. `years` is persons by
    year of the index date; `observed_years` the first and last year in which the snapshot observed anybody.
    """

    persons: int
    memberships: int
    window_days: int
    ages: Mapping[tuple[str, int | None], int]
    unknown_sex: bool
    unknown_age: bool
    years: Mapping[int, int]
    observed_years: tuple[int, int] | None
    conditions: tuple[TermCount, ...]
    drugs: tuple[TermCount, ...]
    procedures: tuple[TermCount, ...]
    measurements: tuple[MeasurementSummary, ...]
    samples: tuple[SampleSummary, ...]
    persons_with_sample: int
    membership_days: Quantiles
    follow_up_days: Quantiles


def characterise(cohort: Cohort, snapshot: Snapshot, *, window_days: int = WINDOW_DAYS) -> Characteristics:
    """Describe the persons of `cohort` by the records of `snapshot`.

    Conditions, drugs, procedures and measurements count when they start within `window_days` up to and including the
    index date. Each is named by its standard concept; without one by its source concept, else by the code as the
    source wrote it. Specimens count whenever they were taken. ValueError where the snapshot is another one than the
    cohort was made from.
    """
    if cohort.snapshot_version != snapshot.version:
        raise ValueError("the cohort was made from another snapshot")
    with snapshot.connect() as con:
        con.register("membership", cohort.rows)
        con.execute(
            "CREATE TEMP TABLE member AS SELECT person_id, start_date, end_date FROM ("
            " SELECT subject_id AS person_id, cohort_start_date AS start_date, cohort_end_date AS end_date,"
            " row_number() OVER (PARTITION BY subject_id ORDER BY cohort_start_date, cohort_end_date) AS rank"
            " FROM membership) AS ranked WHERE rank = 1"
        )
        persons, with_sample = _one(
            con,
            "SELECT count(*), count(CASE WHEN person_id IN (SELECT person_id FROM specimen) THEN 1 END) FROM member",
        )
        return Characteristics(
            persons=persons,
            memberships=cohort.rows.num_rows,
            window_days=window_days,
            ages=_ages(con),
            unknown_sex=_anybody(con, f"coalesce(gender_concept_id, 0) NOT IN ({FEMALE}, {MALE})"),
            unknown_age=_anybody(con, "year_of_birth IS NULL"),
            years=_years(con),
            observed_years=_observed_years(snapshot),
            conditions=_terms(con, "condition_occurrence", "condition", "condition_start_date", window_days),
            drugs=_terms(con, "drug_exposure", "drug", "drug_exposure_start_date", window_days),
            procedures=_terms(con, "procedure_occurrence", "procedure", "procedure_date", window_days),
            measurements=_measurements(con, window_days),
            samples=_samples(con),
            persons_with_sample=with_sample,
            membership_days=_quantiles(con, "SELECT end_date - start_date AS value FROM member"),
            follow_up_days=_quantiles(
                con,
                "SELECT max(o.observation_period_end_date) - m.start_date AS value FROM member AS m"
                " JOIN observation_period AS o ON o.person_id = m.person_id"
                " AND m.start_date BETWEEN o.observation_period_start_date AND o.observation_period_end_date"
                " GROUP BY m.person_id, m.start_date",
            ),
        )


def quantiles_of(ages: Mapping[int, int]) -> Quantiles:
    """Median and quartiles of a count by value, interpolated linearly as in SQL's `percentile_cont`."""
    values = sorted(ages)
    if not values:
        return Quantiles(0, None, None, None)
    each = np.repeat(np.array(values, dtype=float), [ages[value] for value in values])
    low, middle, high = (float(q) for q in np.quantile(each, [0.25, 0.5, 0.75]))
    return Quantiles(len(each), low, middle, high)


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = con.execute(sql).fetchone()
    assert row is not None
    return row


def _ages(con: duckdb.DuckDBPyConnection) -> Mapping[tuple[str, int | None], int]:
    # Without a birthday the year alone has to do. A record from before the birth counts as age 0.
    rows = con.execute(
        f"""
        SELECT CASE p.gender_concept_id WHEN {FEMALE} THEN 'female' WHEN {MALE} THEN 'male' ELSE '{UNKNOWN}' END AS sex,
          extract(year FROM m.start_date) - p.year_of_birth - CASE
            WHEN p.month_of_birth > extract(month FROM m.start_date)
              OR (p.month_of_birth = extract(month FROM m.start_date)
                AND p.day_of_birth > extract(day FROM m.start_date))
            THEN 1 ELSE 0 END AS age,
          count(*) AS persons
        FROM member AS m LEFT JOIN person AS p ON p.person_id = m.person_id
        GROUP BY 1, 2
        """
    ).fetchall()
    counts: Counter[tuple[str, int | None]] = Counter()
    for sex, age, persons in rows:
        counts[sex, None if age is None else max(int(age), 0)] += persons
    return counts


def _anybody(con: duckdb.DuckDBPyConnection, condition: str) -> bool:
    (persons,) = _one(con, f"SELECT count(*) FROM person WHERE {condition}")
    return bool(persons)


def _years(con: duckdb.DuckDBPyConnection) -> Mapping[int, int]:
    rows = con.execute("SELECT extract(year FROM start_date), count(*) FROM member GROUP BY 1").fetchall()
    return {int(year): persons for year, persons in rows}


def _observed_years(snapshot: Snapshot) -> tuple[int, int] | None:
    period = snapshot.period()
    return (date.fromisoformat(period[0]).year, date.fromisoformat(period[1]).year) if period else None


def _coded(table: str, name: str) -> str:
    """The rows of `table` with the concept they are named by, 0 where only the source's own code is known."""
    return f"""
        SELECT e.*, CASE
            WHEN coalesce(e.{name}_concept_id, 0) <> 0 THEN e.{name}_concept_id
            ELSE coalesce(e.{name}_source_concept_id, 0) END AS concept_id
        FROM {table} AS e"""


def _term(concept_id: int, name: str | None, vocabulary: str | None, code: str | None, source: str | None) -> Term:
    if concept_id == 0:
        return Term(source or NO_CODE, "")
    # A source value that stands beside a concept may be one person's wording, so it is not used as a name.
    # A code system that is a web address is told by the end of it: http://snomed.info/sct is "sct".
    system = (vocabulary or "").rstrip("/").rsplit("/", 1)[-1]
    return Term(name or f"Concept {concept_id}", f"{system} {code}".strip() if code else f"OMOP {concept_id}")


def _terms(con: duckdb.DuckDBPyConnection, table: str, name: str, day: str, window_days: int) -> tuple[TermCount, ...]:
    rows = con.execute(
        f"""
        WITH coded AS ({_coded(table, name)}),
        had AS (
          SELECT c.person_id, c.concept_id, CASE WHEN c.concept_id = 0 THEN c.{name}_source_value END AS source
          FROM coded AS c JOIN member AS m ON m.person_id = c.person_id
          WHERE c.{day} BETWEEN m.start_date - {int(window_days)} AND m.start_date
        ),
        counted AS (
          SELECT concept_id, source, count(DISTINCT person_id) AS persons FROM had GROUP BY concept_id, source
        )
        SELECT t.concept_id, n.concept_name, n.vocabulary_id, n.concept_code, t.source, t.persons
        FROM counted AS t LEFT JOIN concept AS n ON n.concept_id = t.concept_id AND t.concept_id <> 0
        ORDER BY t.persons DESC, n.concept_name, t.concept_id, t.source
        """
    ).fetchall()
    return tuple(TermCount(_term(*row[:5]), row[5]) for row in rows)


def _measurements(con: duckdb.DuckDBPyConnection, window_days: int) -> tuple[MeasurementSummary, ...]:
    rows = con.execute(
        f"""
        WITH coded AS ({_coded("measurement", "measurement")}),
        valued AS (
          SELECT c.person_id, c.concept_id, CASE WHEN c.concept_id = 0 THEN c.measurement_source_value END AS source,
            coalesce(u.concept_code, c.unit_source_value, '{NO_UNIT}') AS unit, c.value_as_number AS value,
            c.measurement_date AS day, c.measurement_datetime AS moment, c.measurement_id AS id
          FROM coded AS c JOIN member AS m ON m.person_id = c.person_id
          LEFT JOIN concept AS u ON u.concept_id = c.unit_concept_id AND c.unit_concept_id <> 0
          WHERE c.value_as_number IS NOT NULL
            AND c.measurement_date BETWEEN m.start_date - {int(window_days)} AND m.start_date
        ),
        ranked AS (
          SELECT concept_id, source, unit, value, row_number() OVER (
            PARTITION BY person_id, concept_id, source, unit
            ORDER BY day DESC, moment DESC NULLS LAST, id DESC) AS rank
          FROM valued
        ),
        counted AS (
          SELECT concept_id, source, unit, count(*) AS persons,
            percentile_cont(0.25) WITHIN GROUP (ORDER BY value) AS q25,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS q50,
            percentile_cont(0.75) WITHIN GROUP (ORDER BY value) AS q75
          FROM ranked WHERE rank = 1 GROUP BY concept_id, source, unit
        )
        SELECT t.concept_id, n.concept_name, n.vocabulary_id, n.concept_code, t.source,
          t.unit, t.persons, t.q25, t.q50, t.q75
        FROM counted AS t LEFT JOIN concept AS n ON n.concept_id = t.concept_id AND t.concept_id <> 0
        ORDER BY t.persons DESC, n.concept_name, t.concept_id, t.source, t.unit
        """
    ).fetchall()
    return tuple(MeasurementSummary(_term(*row[:5]), row[5], Quantiles(*row[6:])) for row in rows)


def _samples(con: duckdb.DuckDBPyConnection) -> tuple[SampleSummary, ...]:
    rows = con.execute(
        f"""
        WITH named AS (
          -- A specimen has no source concept; a code that one custom concept alone has finds its name all the same.
          SELECT concept_code AS code, min(concept_id) AS concept_id FROM concept
          WHERE concept_id >= {FIRST_CUSTOM_CONCEPT} AND domain_id = 'Specimen'
          GROUP BY concept_code HAVING count(*) = 1
        ),
        typed AS (
          SELECT s.person_id, s.specimen_date, s.specimen_source_value,
            coalesce(nullif(s.specimen_concept_id, 0), n.concept_id, 0) AS concept_id
          FROM specimen AS s LEFT JOIN named AS n ON n.code = s.specimen_source_value
        ),
        taken AS (
          SELECT s.person_id, s.concept_id, CASE WHEN s.concept_id = 0 THEN s.specimen_source_value END AS source,
            s.specimen_date - m.start_date AS days
          FROM typed AS s JOIN member AS m ON m.person_id = s.person_id
        ),
        each_person AS (
          SELECT concept_id, source, person_id, count(*) AS specimens,
            min(abs(days)) AS nearest, max(CASE WHEN days <= 0 THEN days END) AS before
          FROM taken GROUP BY concept_id, source, person_id
        ),
        ranked AS (
          SELECT *, CASE WHEN -before = nearest THEN before ELSE nearest END AS days, row_number() OVER (
            PARTITION BY concept_id, source ORDER BY specimens DESC, person_id) AS rank
          FROM each_person
        ),
        counted AS (
          SELECT coalesce(concept_id, 0) AS concept_id, source, count(*) AS persons, sum(specimens) AS specimens,
            max(CASE WHEN rank = 1 THEN specimens END) AS first, max(CASE WHEN rank = 2 THEN specimens END) AS second,
            percentile_cont(0.25) WITHIN GROUP (ORDER BY days) AS q25,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS q50,
            percentile_cont(0.75) WITHIN GROUP (ORDER BY days) AS q75
          FROM ranked GROUP BY concept_id, source
        )
        SELECT t.concept_id, n.concept_name, n.vocabulary_id, n.concept_code, t.source,
          t.persons, t.specimens, t.first, t.second, t.q25, t.q50, t.q75
        FROM counted AS t LEFT JOIN concept AS n ON n.concept_id = t.concept_id AND t.concept_id <> 0
        ORDER BY t.persons DESC, n.concept_name, t.concept_id, t.source
        """
    ).fetchall()
    return tuple(
        SampleSummary(
            term=_term(*row[:5]),
            persons=row[5],
            specimens=int(row[6]),
            largest=tuple(int(most) for most in row[7:9] if most is not None),
            days=Quantiles(row[5], *row[9:]),
        )
        for row in rows
    )


def _quantiles(con: duckdb.DuckDBPyConnection, values: str) -> Quantiles:
    row = _one(
        con,
        "SELECT count(value), percentile_cont(0.25) WITHIN GROUP (ORDER BY value),"
        " percentile_cont(0.5) WITHIN GROUP (ORDER BY value), percentile_cont(0.75) WITHIN GROUP (ORDER BY value)"
        f" FROM ({values}) AS each_person",
    )
    return Quantiles(*row)

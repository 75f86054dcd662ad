"""The persons of one or two cohorts of a store, described by the variables of a Table 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark.aggregates import YES
from wardbench.ward.benchmark.summaries import Levels, Numbers, Summary
from wardbench.ward.cohorts import Cohort
from wardbench.ward.cohorts.characterise import FEMALE, MALE, NO_UNIT, WINDOW_DAYS

DOMAINS = {
    "condition": ("condition_occurrence", "condition", "condition_start_date"),
    "drug": ("drug_exposure", "drug", "drug_exposure_start_date"),
    "procedure": ("procedure_occurrence", "procedure", "procedure_date"),
}
COMMONEST = 12
"""Conditions, drugs, procedures and measurements of each that are compared where nobody names any."""


@dataclass(frozen=True)
class Described:
    """A variable: its name as a researcher writes it, what a reader is told, and its summary in each group."""

    name: str
    label: str
    groups: tuple[Summary, ...]


@dataclass(frozen=True)
class Description:
    """Groups of a store by their sizes, and their variables."""

    persons: tuple[int, ...]
    variables: tuple[Described, ...]


def describe(
    snapshot: Snapshot, cohorts: Sequence[Cohort], names: Iterable[str] | None = None, *, days: int = WINDOW_DAYS
) -> Description:
    """Each person at the start of the first membership, in the first of `cohorts` that has them: groups are disjoint,
    so that no two of them can be subtracted from one another.

    `names` are variables as aggregates name them; without any, age, sex and what is commonest. What was recorded counts
    within `days` up to the start, a measurement by its latest value. NotFoundError or InputError naming the variable
    where a code is not known, means several things or has several units.
    """
    with snapshot.connect() as con:
        _members(con, cohorts)
        groups = len(cohorts)
        counted = dict(con.execute("SELECT part, count(*) FROM member GROUP BY part").fetchall())
        persons = tuple(int(counted.get(part, 0)) for part in range(groups))
        wanted = ["age", "sex", *_commonest(con, days)] if names is None else list(names)
        return Description(persons, tuple(_variable(con, name, groups, days) for name in wanted))


def _members(con: duckdb.DuckDBPyConnection, cohorts: Sequence[Cohort]) -> None:
    parts = [
        cohort.rows.append_column("part", pa.array([n] * cohort.rows.num_rows, pa.int32()))
        for n, cohort in enumerate(cohorts)
    ]
    con.register("membership", pa.concat_tables(parts))
    con.execute(
        "CREATE TEMP TABLE member AS SELECT subject_id AS person_id, part, start_date FROM ("
        " SELECT subject_id, part, min(cohort_start_date) AS start_date,"
        " row_number() OVER (PARTITION BY subject_id ORDER BY part) AS rank FROM membership GROUP BY subject_id, part"
        ") AS ranked WHERE rank = 1"
    )


def _variable(con: duckdb.DuckDBPyConnection, name: str, groups: int, days: int) -> Described:
    if name == "age":
        born = "make_date(p.year_of_birth, coalesce(p.month_of_birth, 1), coalesce(p.day_of_birth, 1))"
        values = (
            f"SELECT m.part, greatest(0, date_sub('year', {born}, m.start_date)) AS value"
            " FROM member m JOIN person p ON p.person_id = m.person_id WHERE p.year_of_birth IS NOT NULL"
        )
        return Described(name, "Age in years", _numbers(con, values, groups))
    if name == "sex":
        return Described(name, "Sex", _sexes(con, groups))
    kind, _, code = name.partition(":")
    concepts, label = _concepts(con, name, code)
    if kind == "measurement":
        return _measurement(con, name, label, concepts, groups, days)
    table, column, day = DOMAINS[kind]
    rows = con.execute(
        f"""
        SELECT m.part, count(DISTINCT m.person_id) FROM member m JOIN {table} e ON e.person_id = m.person_id
        WHERE e.{day} BETWEEN m.start_date - {int(days)} AND m.start_date
            AND (list_contains($concepts, e.{column}_concept_id)
                OR list_contains($concepts, e.{column}_source_concept_id))
        GROUP BY m.part
        """,
        {"concepts": concepts},
    ).fetchall()
    found = dict(rows)
    return Described(name, label, tuple(Levels(((YES, int(found.get(part, 0))),)) for part in range(groups)))


def _numbers(
    con: duckdb.DuckDBPyConnection, values: str, groups: int, given: dict[str, object] | None = None
) -> tuple[Numbers, ...]:
    rows = con.execute(
        f"""
        SELECT part, count(*), avg(value), stddev_samp(value), percentile_cont(0.5) WITHIN GROUP (ORDER BY value),
            percentile_cont(0.25) WITHIN GROUP (ORDER BY value), percentile_cont(0.75) WITHIN GROUP (ORDER BY value)
        FROM ({values}) AS each GROUP BY part
        """,
        given or {},
    ).fetchall()
    found = {row[0]: Numbers(int(row[1]), *row[2:]) for row in rows}
    return tuple(found.get(part, Numbers(0)) for part in range(groups))


def _sexes(con: duckdb.DuckDBPyConnection, groups: int) -> tuple[Levels, ...]:
    rows = con.execute(
        f"""
        SELECT m.part, count(CASE WHEN p.gender_concept_id = {FEMALE} THEN 1 END),
            count(CASE WHEN p.gender_concept_id = {MALE} THEN 1 END)
        FROM member m JOIN person p ON p.person_id = m.person_id GROUP BY m.part
        """
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    return tuple(
        Levels(tuple(zip(("female", "male"), map(int, found.get(part, (0, 0))), strict=True))) for part in range(groups)
    )


def _measurement(
    con: duckdb.DuckDBPyConnection, name: str, label: str, concepts: list[int], groups: int, days: int
) -> Described:
    unit = f"coalesce(u.concept_code, e.unit_source_value, '{NO_UNIT}')"
    taken = f"""
        FROM member m JOIN measurement e ON e.person_id = m.person_id
        LEFT JOIN concept u ON u.concept_id = e.unit_concept_id AND e.unit_concept_id <> 0
        WHERE e.value_as_number IS NOT NULL AND e.measurement_date BETWEEN m.start_date - {int(days)} AND m.start_date
            AND (list_contains($concepts, e.measurement_concept_id)
                OR list_contains($concepts, e.measurement_source_concept_id))"""
    given: dict[str, object] = {"concepts": concepts}
    units = con.execute(f"SELECT DISTINCT {unit} {taken} ORDER BY 1", given).fetchall()
    if len(units) > 1:
        raise InputError(
            f"{name}: is recorded in {', '.join(row[0] for row in units)}, which cannot be set side by side."
        )
    values = f"""
        SELECT part, value FROM (SELECT m.part, e.value_as_number AS value, row_number() OVER (PARTITION BY m.person_id
            ORDER BY e.measurement_date DESC, e.measurement_datetime DESC NULLS LAST, e.measurement_id DESC) AS rank
        {taken}) AS ranked WHERE rank = 1"""
    shown = f"{label}, {units[0][0]}" if units else label
    return Described(name, shown, _numbers(con, values, groups, given))


def _concepts(con: duckdb.DuckDBPyConnection, name: str, code: str) -> tuple[list[int], str]:
    """The concepts that a code means, those below them too, and its name."""
    vocabulary, colon, plain = code.rpartition(":")
    rows = con.execute(
        """
        SELECT concept_id, concept_name, vocabulary_id, concept_code FROM concept
        WHERE (NOT $coded AND concept_id::VARCHAR = $code)
            OR (concept_code = $code AND (NOT $coded OR vocabulary_id ILIKE '%' || $vocabulary))
        ORDER BY concept_id
        """,
        {"coded": bool(colon), "code": plain, "vocabulary": vocabulary},
    ).fetchall()
    if not rows:
        raise NotFoundError(f"{name}: this store knows no such code; `wardbench cohort codes` lists what records name.")
    if len({row[2] for row in rows}) > 1:
        raise InputError(
            f"{name}: is a code in {', '.join(sorted({row[2] for row in rows}))}; name one of these before it."
        )
    below = con.execute(
        "SELECT DISTINCT descendant_concept_id FROM concept_ancestor WHERE list_contains($ids, ancestor_concept_id)",
        {"ids": [row[0] for row in rows]},
    ).fetchall()
    system = str(rows[0][2] or "").rstrip("/").rsplit("/", 1)[-1]
    return sorted({row[0] for row in rows} | {row[0] for row in below}), f"{rows[0][1]} ({system} {rows[0][3]})"


def _commonest(con: duckdb.DuckDBPyConnection, days: int) -> list[str]:
    """What most members have, of each kind, as variables; of measurements those in one unit."""
    found = []
    for kind, (table, column, day) in {
        **DOMAINS,
        "measurement": ("measurement", "measurement", "measurement_date"),
    }.items():
        number = "AND e.value_as_number IS NOT NULL" if kind == "measurement" else ""
        one_unit = "HAVING count(DISTINCT coalesce(had.unit, 0)) = 1" if kind == "measurement" else ""
        unit = "unit_concept_id" if kind == "measurement" else f"{column}_concept_id"
        rows = con.execute(
            f"""
            WITH had AS (
                SELECT m.person_id, e.{unit} AS unit, CASE WHEN coalesce(e.{column}_concept_id, 0) <> 0
                    THEN e.{column}_concept_id ELSE e.{column}_source_concept_id END AS id
                FROM member m JOIN {table} e ON e.person_id = m.person_id
                WHERE e.{day} BETWEEN m.start_date - {int(days)} AND m.start_date {number}
            )
            SELECT had.id, count(DISTINCT had.person_id) AS persons FROM had JOIN concept c ON c.concept_id = had.id
            GROUP BY had.id {one_unit} ORDER BY persons DESC, had.id LIMIT {COMMONEST}
            """
        ).fetchall()
        found += [f"{kind}:{row[0]}" for row in rows]
    return found

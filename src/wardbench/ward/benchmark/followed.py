"""Persons of a cohort with the unit that saw them, their case mix, and whether an outcome followed in so many days."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from wardbench.core.errors import InputError
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark.results import Integers, Strings
from wardbench.ward.cohorts import Cohort
from wardbench.ward.cohorts.characterise import FEMALE, MALE, WINDOW_DAYS

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
UNITS = ("care_site", "provider")
DEATH = "death"
COMMONEST = 40
"""Diagnoses of the year before that the case mix adjusts for."""


@dataclass(frozen=True)
class Followed:
    """n persons by their ids, each at the start of the first membership. `unit` is a name or empty, `sex` female, male
    or empty, `years` how long each was followed up to the event, `event` whether it came, `whole` whether it is known
    of somebody whether it came in those days, for a reason that does not hang on it, `diagnoses` (n, d) what was
    recorded in the year before, named by `names`."""

    person: Integers
    unit: Strings
    sex: Strings
    age: Floats
    years: Floats
    event: Flags
    whole: Flags
    diagnoses: Flags
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.person)

    @property
    def of_units(self) -> Flags:
        """Who is counted where units are compared."""
        return np.asarray(self.whole & (self.unit != ""))


@dataclass(frozen=True)
class Follow:
    """How persons are followed: in which records, to which outcome (None is death), for how many days."""

    snapshot: Snapshot
    outcome: Cohort | None = None
    within: int = 365


def followed(
    snapshot: Snapshot, cohort: Cohort, *, outcome: Cohort | None, within: int, by: str | None = None
) -> Followed:
    """Follow a cohort for `within` days from the day after the start, to the outcome (None is death), to death, or as
    long as they were observed. `by` names the unit of the visit on the day of the start: `care_site` or `provider`.
    InputError for another word.

    Who had the outcome, or died, on or before that day is not followed. Of who died without it it is known that it did
    not come. Of who started less than `within` days before the last day of the records it is not, even if it came: of
    their like only those would be counted who had it.
    """
    if by is not None and by not in UNITS:
        raise InputError(f"--by: {by!r} is none of {', '.join(UNITS)}.")
    with snapshot.connect() as con:
        con.register("membership", cohort.rows)
        con.execute(
            "CREATE TEMP TABLE member AS SELECT subject_id AS person_id, min(cohort_start_date) AS day FROM membership"
            " GROUP BY subject_id"
        )
        if outcome is None:
            con.execute(
                "CREATE TEMP TABLE ended AS SELECT person_id, min(death_date) AS day FROM death GROUP BY person_id"
            )
        else:
            con.register("outcomes", outcome.rows)
            con.execute(
                "CREATE TEMP TABLE ended AS SELECT subject_id AS person_id, min(cohort_start_date) AS day FROM outcomes"
                " GROUP BY subject_id"
            )
        con.execute(_units(by))
        columns = con.execute(
            f"""
            WITH seen AS (
                SELECT m.person_id, max(o.observation_period_end_date) AS last_day
                FROM member m JOIN observation_period o ON o.person_id = m.person_id
                    AND m.day BETWEEN o.observation_period_start_date AND o.observation_period_end_date
                GROUP BY m.person_id
            ), died AS (SELECT person_id, min(death_date) AS day FROM death GROUP BY person_id)
            SELECT m.person_id, coalesce(unit.name, '') AS unit,
                CASE p.gender_concept_id WHEN {FEMALE} THEN 'female' WHEN {MALE} THEN 'male' ELSE '' END AS sex,
                CASE WHEN p.year_of_birth IS NOT NULL THEN greatest(0, date_sub('year', make_date(p.year_of_birth,
                    coalesce(p.month_of_birth, 1), coalesce(p.day_of_birth, 1)), m.day)) END::DOUBLE AS age,
                least(e.day, d.day, seen.last_day, m.day + {int(within)}) AS ends,
                date_diff('day', m.day, ends) AS days,
                coalesce(e.day <= ends, false) AS event,
                m.day + {int(within)} <= (SELECT max(observation_period_end_date) FROM observation_period)
                    AND (event OR days >= {int(within)} OR coalesce(d.day <= ends, false)) AS whole
            FROM member m
            JOIN person p ON p.person_id = m.person_id
            JOIN seen ON seen.person_id = m.person_id
            LEFT JOIN ended e ON e.person_id = m.person_id
            LEFT JOIN died d ON d.person_id = m.person_id
            LEFT JOIN unit ON unit.person_id = m.person_id
            WHERE (e.day IS NULL OR e.day > m.day) AND (d.day IS NULL OR d.day > m.day)
            ORDER BY m.person_id
            """
        ).fetchnumpy()
        persons = np.asarray(columns["person_id"], dtype=np.int64)
        diagnoses, names = _diagnoses(con, persons)
    days = np.asarray(columns["days"], dtype=float)
    return Followed(
        persons,
        np.asarray(columns["unit"], dtype=np.str_),
        np.asarray(columns["sex"], dtype=np.str_),
        np.ma.filled(np.ma.asarray(columns["age"], dtype=float), np.nan),
        days / 365.25,
        np.asarray(columns["event"], dtype=bool),
        np.asarray(columns["whole"], dtype=bool),
        diagnoses,
        names,
    )


def _units(by: str | None) -> str:
    """A table of each member's unit: that of the visit on the day of the start, the one that began last. Units of one
    name are told apart by their ids."""
    if by is None:
        return "CREATE TEMP TABLE unit (person_id BIGINT, name VARCHAR)"
    return f"""
        CREATE TEMP TABLE unit AS
        WITH named AS (
            SELECT {by}_id AS id, coalesce({by}_name, {by}_source_value, '{by.replace("_", " ")} ' || {by}_id) AS name
            FROM {by}
        ), told AS (
            SELECT id, CASE WHEN count(*) OVER (PARTITION BY name) > 1 THEN name || ' (' || id || ')' ELSE name END
                AS name
            FROM named
        )
        SELECT m.person_id, arg_min(told.name, (-epoch(v.visit_start_date), v.visit_occurrence_id)) AS name
        FROM member m JOIN visit_occurrence v ON v.person_id = m.person_id
            AND m.day BETWEEN v.visit_start_date AND v.visit_end_date
        JOIN told ON told.id = v.{by}_id
        GROUP BY m.person_id
    """


def _diagnoses(con: duckdb.DuckDBPyConnection, persons: npt.NDArray[np.int64]) -> tuple[Flags, tuple[str, ...]]:
    rows = con.execute(
        f"""
        WITH had AS (
            SELECT DISTINCT m.person_id, CASE WHEN coalesce(c.condition_concept_id, 0) <> 0 THEN c.condition_concept_id
                ELSE c.condition_source_concept_id END AS id
            FROM member m JOIN condition_occurrence c ON c.person_id = m.person_id
            WHERE c.condition_start_date BETWEEN m.day - {WINDOW_DAYS} AND m.day
        ), common AS (
            SELECT had.id, any_value(n.concept_name) AS name, count(*) AS persons
            FROM had JOIN concept n ON n.concept_id = had.id
            GROUP BY had.id HAVING count(*) >= 20 ORDER BY persons DESC, had.id LIMIT {COMMONEST}
        )
        SELECT had.person_id, common.id, common.name FROM had JOIN common ON common.id = had.id ORDER BY 2, 1
        """
    ).fetchnumpy()
    found, place = np.unique(np.asarray(rows["id"], dtype=np.int64), return_inverse=True)
    flags = np.zeros((len(persons), len(found)), dtype=bool)
    member = np.asarray(rows["person_id"], dtype=np.int64)
    known = np.isin(member, persons)
    flags[np.searchsorted(persons, member[known]), place[known]] = True
    names = dict(zip(np.asarray(rows["id"]).tolist(), np.asarray(rows["name"]).tolist(), strict=True))
    return flags, tuple(str(names[id]) for id in found.tolist())

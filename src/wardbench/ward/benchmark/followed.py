"""Persons of a cohort with the unit that saw them, their case mix, and whether an outcome followed in so many days."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from wardbench.core.errors import InputError
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark.results import Strings
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
    """n persons, each at the start of the first membership. `unit` is a name or empty, `sex` female, male or empty,
    `years` how long each was followed up to the event, `event` whether it came, `whole` whether somebody was followed
    to the event or the last day, `diagnoses` (n, d) what was recorded in the year before, named by `names`."""

    unit: Strings
    sex: Strings
    age: Floats
    years: Floats
    event: Flags
    whole: Flags
    diagnoses: Flags
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.unit)


@dataclass(frozen=True)
class Follow:
    """How persons are followed: in which records, to which outcome (None is death), for how many days."""

    snapshot: Snapshot
    outcome: Cohort | None = None
    within: int = 365


def followed(
    snapshot: Snapshot, cohort: Cohort, *, outcome: Cohort | None, within: int, by: str | None = None
) -> Followed:
    """Follow a cohort for `within` days from the day after the start; `outcome` None is death. `by` names the unit of
    the first visit on the day of the start: `care_site` or `provider`. InputError for another word.

    An outcome that came before the start is left out of account: who had it on or before that day is not followed.
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
        unit = "''"
        if by is not None:
            unit = (
                f"coalesce((SELECT coalesce(s.{by}_name, s.{by}_source_value, '{by.replace('_', ' ')} ' || s.{by}_id)"
                f" FROM visit_occurrence v JOIN {by} s ON s.{by}_id = v.{by}_id"
                " WHERE v.person_id = m.person_id AND v.visit_start_date <= m.day AND v.visit_end_date >= m.day"
                " ORDER BY v.visit_start_date DESC, v.visit_occurrence_id LIMIT 1), '')"
            )
        columns = con.execute(
            f"""
            SELECT m.person_id, {unit} AS unit,
                CASE p.gender_concept_id WHEN {FEMALE} THEN 'female' WHEN {MALE} THEN 'male' ELSE '' END AS sex,
                greatest(0, date_sub('year', make_date(p.year_of_birth, coalesce(p.month_of_birth, 1),
                    coalesce(p.day_of_birth, 1)), m.day))::DOUBLE AS age,
                least(date_diff('day', m.day, coalesce(e.day, DATE '9999-12-31')), {int(within)},
                    greatest(0, date_diff('day', m.day, o.last_day))) AS days,
                coalesce(e.day <= m.day + {int(within)} AND e.day <= o.last_day, false) AS event
            FROM member m
            JOIN person p ON p.person_id = m.person_id
            JOIN (SELECT person_id, max(observation_period_end_date) AS last_day FROM observation_period GROUP BY 1) o
                ON o.person_id = m.person_id
            LEFT JOIN ended e ON e.person_id = m.person_id
            WHERE e.day IS NULL OR e.day > m.day
            ORDER BY m.person_id
            """
        ).fetchnumpy()
        persons = np.asarray(columns["person_id"], dtype=np.int64)
        diagnoses, names = _diagnoses(con, persons)
    days = np.asarray(columns["days"], dtype=float)
    event = np.asarray(columns["event"], dtype=bool)
    return Followed(
        np.asarray(columns["unit"], dtype=np.str_),
        np.asarray(columns["sex"], dtype=np.str_),
        np.ma.filled(np.ma.asarray(columns["age"], dtype=float), np.nan),
        days / 365.25,
        event,
        event | (days >= within),
        diagnoses,
        names,
    )


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

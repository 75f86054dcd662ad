"""Who is compared, from when, for how long: the two cohorts of a protocol brought to one time zero.

Eligibility, assignment and the start of follow-up all lie on the first day of the first membership, so that nobody is
followed before they could be counted (no immortal time by construction; what a definition itself asks of the days
after its start is for `diagnostics` to find).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.protocol import Question
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import Cohort, Definition, run_cohort
from wardbench.ward.cohorts.engines import Engine
from wardbench.ward.cohorts.engines.arrays import Arrays

FREE, OUTCOME, DEATH = range(3)
"""How follow-up ended: without either, with the outcome, with death before it (where death is not the outcome)."""


@dataclass(frozen=True)
class Step:
    """How many persons of each arm are left after one step."""

    name: str
    target: int
    comparator: int


@dataclass(frozen=True)
class Subjects:
    """n persons, in the order of their ids; each array has one value for each."""

    person: Integers
    treated: Integers
    """Whether they are of the target cohort; all are where there is no comparator."""
    index: Integers
    """Time zero, in days since 1970."""
    stop: Integers
    """The last day of the membership, in days since 1970."""
    days: Floats
    """Days of follow-up from the first day of risk on, at least 1 where anything could be seen."""
    ended: Integers
    """`FREE`, `OUTCOME` or `DEATH`."""
    attrition: tuple[Step, ...]

    @property
    def size(self) -> int:
        return len(self.person)

    @property
    def in_both_arms(self) -> bool:
        """Whether there is somebody of the target and somebody of the comparator."""
        return bool(self.treated.any() and not self.treated.all())

    def among(self, kept: Integers) -> Subjects:
        """Those for whom `kept` is true."""
        arrays = (self.person, self.treated, self.index, self.stop, self.days, self.ended)
        person, treated, index, stop, days, ended = (array[kept] for array in arrays)
        return Subjects(person, treated, index, stop, days, ended, self.attrition)


def assemble(question: Question, snapshot: Snapshot, *, without: Collection[int] = ()) -> Subjects:
    """Run the cohorts and follow everybody who is eligible; those in `without` are as if they were not in the store.

    UnsupportedError as the cohort engine raises it.
    """
    engine: Engine = Arrays(snapshot)
    target = run_cohort(question.target, engine)
    comparator = None if question.comparator is None else run_cohort(question.comparator, engine)
    outcome = None if question.outcome is None else run_cohort(question.outcome, engine)
    population = None if question.population is None else run_cohort(question.population, engine)
    with snapshot.connect() as con:
        members = _members(con, target, comparator)
        if without:
            objected = np.fromiter(without, np.int64, len(without))
            members = members.filter(pa.array(~np.isin(members["person"].to_numpy(), objected)))
        attrition = [_step("In the cohorts", members)]
        for name, left in _eligible(con, question, members, outcome, population):
            attrition.append(_step(name, left))
            members = left
        return _followed(con, question, members, outcome, attrition)


def follow(
    question: Question, snapshot: Snapshot, subjects: Subjects, outcomes: Sequence[Definition]
) -> list[Subjects]:
    """The same persons with other outcomes, for negative controls; who had one before keeps their place without it."""
    engine = Arrays(snapshot)
    found = [run_cohort(definition, engine) for definition in outcomes]
    with snapshot.connect() as con:
        members = pa.table(
            {"person": subjects.person, "treated": subjects.treated, "index": subjects.index, "stop": subjects.stop}
        )
        return [_followed(con, question, members, outcome, list(subjects.attrition)) for outcome in found]


def _members(con: duckdb.DuckDBPyConnection, target: Cohort, comparator: Cohort | None) -> pa.Table:
    """The first membership of each person in each cohort: person, treated, index, stop (days since 1970)."""
    con.register("target_rows", target.rows)
    con.register("comparator_rows", (comparator or target).rows)
    arms = "SELECT true AS treated, * FROM target_rows"
    if comparator is not None:
        arms += " UNION ALL SELECT false, * FROM comparator_rows"
    return con.sql(
        f"""
        SELECT subject_id AS person, treated, min(cohort_start_date - DATE '1970-01-01') AS index,
          arg_min(cohort_end_date - DATE '1970-01-01', cohort_start_date) AS stop
        FROM ({arms}) GROUP BY subject_id, treated ORDER BY person, treated
        """
    ).to_arrow_table()


def _within(con: duckdb.DuckDBPyConnection, members: pa.Table, population: Cohort) -> pa.Table:
    """Those members who are in the population on their time zero."""
    con.register("member", members)
    con.register("population_rows", population.rows)
    return con.sql(
        """
        SELECT m.* FROM member AS m SEMI JOIN population_rows AS p ON p.subject_id = m.person
          AND p.cohort_start_date - DATE '1970-01-01' <= m.index AND p.cohort_end_date - DATE '1970-01-01' >= m.index
        ORDER BY m.person, m.treated
        """
    ).to_arrow_table()


def _step(name: str, members: pa.Table) -> Step:
    treated = int(np.count_nonzero(members["treated"].to_numpy()))
    return Step(name, treated, members.num_rows - treated)


def _eligible(
    con: duckdb.DuckDBPyConnection,
    question: Question,
    members: pa.Table,
    outcome: Cohort | None,
    population: Cohort | None,
) -> Iterator[tuple[str, pa.Table]]:
    """Step by step, what is asked of members and who is left, each asked of those who satisfied all before."""
    protocol = question.protocol
    if question.comparator is not None:
        _, place, times = np.unique(members["person"].to_numpy(), return_inverse=True, return_counts=True)
        members = members.filter(pa.array(times[place] == 1))
        yield "In one cohort only", members
    if population is not None:
        members = _within(con, members, population)
        yield "In the population at time zero", members
    if question.comparator is not None:
        members = members.filter(pa.array(_common_period(members)))
        yield "Started while both were in use", members
    con.register("member", members)
    observed = con.execute(
        f"""
        SELECT max(CASE WHEN o.person_id IS NULL THEN 0 ELSE 1 END) > 0 FROM member AS m
        LEFT JOIN observation_period AS o ON o.person_id = m.person
          AND o.observation_period_start_date - DATE '1970-01-01' <= m.index - {protocol.washout_days}
          AND o.observation_period_end_date - DATE '1970-01-01' >= m.index
        GROUP BY m.person ORDER BY m.person
        """
    ).fetchnumpy()
    members = members.filter(pa.array(np.asarray(next(iter(observed.values())), dtype=bool)))
    yield f"Observed for {protocol.washout_days} days before", members
    if outcome is not None and protocol.exclude_prior_outcome:
        begins = members["index"].to_numpy() + protocol.follow_up.first_day
        members = members.filter(pa.array(_first_outcome(con, members, outcome, None) >= begins))
        yield "Without the outcome before", members


def _common_period(members: pa.Table) -> Integers:
    """Time zero lies between the later first and the earlier last use of the two."""
    index, treated = members["index"].to_numpy(), np.asarray(members["treated"].to_numpy(), dtype=bool)
    if treated.all() or not treated.any():
        return np.ones(len(index), dtype=bool)
    low = max(index[treated].min(), index[~treated].min())
    high = min(index[treated].max(), index[~treated].max())
    return np.asarray((index >= low) & (index <= high))


def _first_outcome(
    con: duckdb.DuckDBPyConnection, members: pa.Table, outcome: Cohort, first_day: int | None
) -> Integers:
    """For each member, the day of their first outcome, from `first_day` after time zero on where one is given."""
    con.register("member", members)
    con.register("outcome_rows", outcome.rows)
    after = "" if first_day is None else f"AND r.cohort_start_date - DATE '1970-01-01' >= m.index + {first_day}"
    found = con.execute(
        f"""
        SELECT min(r.cohort_start_date - DATE '1970-01-01') AS day FROM member AS m
        LEFT JOIN outcome_rows AS r ON r.subject_id = m.person {after}
        GROUP BY m.person ORDER BY m.person
        """
    ).fetchnumpy()["day"]
    return np.ma.filled(found, NEVER).astype(np.int64)


NEVER = np.iinfo(np.int64).max // 4


def _followed(
    con: duckdb.DuckDBPyConnection,
    question: Question,
    members: pa.Table,
    outcome: Cohort | None,
    attrition: list[Step],
) -> Subjects:
    """Everybody's end of follow-up: the outcome, death, the end of observation, the end of treatment as the estimand
    has it, or the last day of the protocol, whichever is first."""
    follow_up = question.protocol.follow_up
    con.register("member", members)
    found = con.execute(
        """
        SELECT max(o.observation_period_end_date - DATE '1970-01-01') AS seen,
          min(d.death_date - DATE '1970-01-01') AS died
        FROM member AS m
        LEFT JOIN observation_period AS o ON o.person_id = m.person
          AND o.observation_period_start_date - DATE '1970-01-01' <= m.index
          AND o.observation_period_end_date - DATE '1970-01-01' >= m.index
        LEFT JOIN death AS d ON d.person_id = m.person
        GROUP BY m.person ORDER BY m.person
        """
    ).fetchnumpy()
    index = members["index"].to_numpy()
    begins = index + follow_up.first_day
    last = np.minimum(np.ma.filled(found["seen"], -1), index + follow_up.last_day)
    if question.protocol.estimand == "as-treated":
        last = np.minimum(last, members["stop"].to_numpy() + follow_up.after_stop)
    died = np.ma.filled(found["died"], NEVER)
    happened = died if outcome is None else _first_outcome(con, members, outcome, follow_up.first_day)
    # A death on the last day of observation, or the day after, ends it and was seen.
    ends = np.minimum(np.minimum(happened, died), last)
    ended = np.where(
        (happened <= ends) & (happened <= last), OUTCOME, np.where((died <= ends) & (died <= last), DEATH, FREE)
    )
    kept = ends >= begins
    subjects = Subjects(
        members["person"].to_numpy(),
        np.asarray(members["treated"].to_numpy(), dtype=bool),
        index,
        members["stop"].to_numpy(),
        (ends - begins + 1).astype(np.float64),
        ended,
        (*attrition, _step("Followed for a day at least", members.filter(pa.array(kept)))),
    )
    return subjects.among(kept)

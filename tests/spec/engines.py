"""The engines that every example runs on: each gives the rows of a plan's relations, and how its rules narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from array_tables import cohort_by_arrays, on_arrays, rows_by_arrays
from spec.tables import Tables
from wardbench.core.omop.concept_sets import resolve
from wardbench.ward.cohorts import reference
from wardbench.ward.cohorts.engines.duckdb_sql import Evaluation
from wardbench.ward.cohorts.optimise import optimise
from wardbench.ward.cohorts.plan import COLUMNS, CohortPlan
from wardbench.ward.cohorts.queries import Queries
from wide_tables import WIDE_TABLES, create_table


@dataclass(frozen=True)
class Found:
    """`rows` of the plan's cohort by column name; (events, persons) after each step."""

    rows: list[Mapping[str, Any]]
    narrowing: tuple[tuple[int, int], ...]


Engine = Callable[[CohortPlan, Tables], Found]


def by_reference(plan: CohortPlan, tables: Tables) -> Found:
    rows = [{name: getattr(row, name) for name in COLUMNS} for row in reference.rows_of(plan.cohort, tables)]
    return Found(rows, tuple(reference.narrowing(plan, tables)))


def by_sql(plan: CohortPlan, tables: Tables) -> Found:
    with filled(tables) as con:
        queries = Queries([plan])
        resolve(con, list(queries.sets))
        rows = con.execute(f"SELECT {', '.join(COLUMNS)} FROM ({queries.statement(plan.cohort)})").fetchall()
        narrowing = Evaluation(con, [plan]).evaluate(plan).inclusion.narrowing
    named = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return Found(named, tuple((step.events, step.persons) for step in narrowing))


def by_optimised_sql(plan: CohortPlan, tables: Tables) -> Found:
    return by_sql(optimise(plan), tables)


def by_arrays(plan: CohortPlan, tables: Tables) -> Found:
    with filled(tables) as con:
        evaluation = on_arrays(tables, con)
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in rows_by_arrays(plan.cohort, evaluation)]
        narrowing = cohort_by_arrays(plan, evaluation).inclusion.narrowing
    return Found(rows, tuple((step.events, step.persons) for step in narrowing))


ENGINES: Mapping[str, Engine] = {
    "reference": by_reference,
    "sql": by_sql,
    "optimised sql": by_optimised_sql,
    "arrays": by_arrays,
}


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """A database in memory with every table that there can be, made once for all examples."""
    con = duckdb.connect(config={"threads": 1})
    for name in WIDE_TABLES:
        con.execute(create_table(name))
    return con


@contextmanager
def filled(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database with these rows, until the end of the block; columns that no row names are missing."""
    con = _database()
    try:
        for name, rows in tables.items():
            if rows:
                con.register("given", pa.Table.from_pylist([dict(row) for row in rows]))
                con.execute(f"INSERT INTO {name} BY NAME SELECT * FROM given")
                con.unregister("given")
        yield con
    finally:
        for name in tables:
            con.execute(f"DELETE FROM {name}")

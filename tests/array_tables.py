"""The engine on arrays over tables given as rows, without a store: nothing is written, and nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, cast

import duckdb
import numpy as np

from wardbench.core.omop.tables import TABLES
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.engines import Evaluated
from wardbench.ward.cohorts.engines.arrays.columns import Columns
from wardbench.ward.cohorts.engines.arrays.days import NO_DAY, NO_ID, Array, day_number
from wardbench.ward.cohorts.engines.arrays.engine import evaluated
from wardbench.ward.cohorts.engines.arrays.evaluation import Evaluation
from wardbench.ward.cohorts.engines.arrays.vocabulary import Vocabulary
from wardbench.ward.cohorts.plan import COLUMNS, CohortPlan, Relation

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


class _Rows:
    """What the engine needs of a snapshot: a place that does not exist, and a connection."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self.derived = None

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        yield self._con


class GivenColumns(Columns):
    def __init__(self, tables: Tables, con: duckdb.DuckDBPyConnection) -> None:
        super().__init__(cast(Snapshot, _Rows(con)))
        self._given = tables

    def _load(self, name: str, make: Callable[[], Array]) -> Array:
        return make()

    def read(self, table: str, column: str) -> Array:
        values = [_plain(row.get(column)) for row in self._given.get(table, ())]
        match TABLES[table][column].sql_type:
            case "BIGINT":
                return np.array([int(NO_ID) if v is None else v for v in values], np.int64)
            case "DOUBLE":
                return np.array([np.nan if v is None else v for v in values], np.float64)
        return np.array([int(NO_DAY) if v is None else v for v in values], np.int32)


def _plain(value: Any) -> Any:
    return day_number(value) if isinstance(value, date) else value


def on_arrays(tables: Tables, con: duckdb.DuckDBPyConnection) -> Evaluation:
    """The rows of nodes over `tables`; `con` has the same tables."""
    columns = GivenColumns(tables, con)
    return Evaluation(columns, Vocabulary(columns))


def rows_by_arrays(node: Relation, evaluation: Evaluation) -> list[tuple[Any, ...]]:
    """The rows of `node` as tuples of `COLUMNS`, in no particular order."""
    rows = evaluation.rows(node)
    person = evaluation.columns.people.ids[rows["person"]].tolist()
    columns = [person] + [_shown(name, rows[name]) for name in COLUMNS[1:]]
    return list(zip(*columns, strict=True))


def cohort_by_arrays(plan: CohortPlan, evaluation: Evaluation) -> Evaluated:
    return evaluated(plan, evaluation)


def _shown(name: str, values: Array) -> list[Any]:
    missing = NO_ID if values.dtype == np.int64 else NO_DAY
    plain = [None if v == missing else v for v in values.tolist()]
    if not name.endswith(("_date", "op_start", "op_end")):
        return plain
    return [None if v is None else date.fromordinal(v + date(1970, 1, 1).toordinal()) for v in plain]

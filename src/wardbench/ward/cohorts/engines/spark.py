"""Plans on Spark, over the Parquet files of a snapshot: for a store that has outgrown one machine.

The cluster's workers have to see the store's folder under the same path. A node that is needed more than once is
kept by Spark while the plans are run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from wardbench.core.errors import InputError, NotFoundError, StorageError
from wardbench.core.omop.concept_sets import MEMBERS, resolve
from wardbench.core.omop.tables import TABLES
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.dialect import SPARK
from wardbench.ward.cohorts.engines.engine import Evaluated, Evaluator, Inclusion
from wardbench.ward.cohorts.optimise import optimise
from wardbench.ward.cohorts.plan import CohortPlan, Relation
from wardbench.ward.cohorts.queries import Queries, relation_name

_TYPES = {"BIGINT": "BIGINT", "INTEGER": "INT", "DATE": "DATE", "DOUBLE": "DOUBLE", "TIMESTAMP": "TIMESTAMP_NTZ"}
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
}


class Spark:
    """The engine over a snapshot on the cluster at `master`: spark://host:port, local[n], or sc://host:port (Connect).

    InputError where PySpark is not installed or `master` is no such address, NotFoundError where nobody answers there.
    `settings` are Spark's own, beside `SETTINGS`.
    """

    def __init__(self, snapshot: Snapshot, master: str, *, settings: dict[str, str] | None = None) -> None:
        if not master.startswith(("spark://", "sc://", "local")):
            raise InputError("--spark: an address such as spark://host:7077 or sc://host:15002 is needed.")
        self._snapshot, self._master = snapshot, master
        self._settings = {**SETTINGS, **(settings or {})}

    @property
    def version(self) -> str:
        return self._snapshot.version

    @contextmanager
    def open(self, plans: Sequence[CohortPlan]) -> Iterator[Evaluator]:
        try:
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError:
            raise InputError("Spark needs PySpark: run ./wardbench setup spark.") from None
        builder = SparkSession.builder.appName("Wardbench")
        builder = builder.remote(self._master) if self._master.startswith("sc://") else builder.master(self._master)
        for name, value in self._settings.items():
            builder = builder.config(name, value)
        try:
            session = builder.getOrCreate()
        except Exception as error:
            raise NotFoundError(f"{self._master}: Spark cannot be reached ({type(error).__name__}).") from None
        optimised = {plan: optimise(plan) for plan in plans}
        queries = Queries(list(optimised.values()), SPARK)
        try:
            self._make_views(session, queries)
            yield _Session(session, queries, optimised)
        except PySparkException as error:
            reason = error.getCondition() or type(error).__name__
            raise StorageError(f"{self._master}: Spark could not answer ({reason}).") from None
        finally:
            session.catalog.clearCache()

    def _make_views(self, session: Any, queries: Queries) -> None:
        present = self._snapshot.tables
        for table in TABLES.values():
            if table.name in present:
                rows = session.read.parquet(str(self._snapshot.path(table.name)))
            else:
                columns = ", ".join(f"`{c.name}` {_TYPES.get(c.sql_type, 'STRING')}" for c in table.columns)
                rows = session.createDataFrame([], columns)
            rows.createOrReplaceTempView(table.name)
        with self._snapshot.connect() as con:
            resolve(con, list(queries.sets))
            members = [tuple(row) for row in con.execute(f"SELECT set_id, concept_id FROM {MEMBERS}").fetchall()]
        session.createDataFrame(members, "set_id INT, concept_id INT").createOrReplaceTempView(MEMBERS)


class _Session:
    def __init__(self, session: Any, queries: Queries, optimised: dict[CohortPlan, CohortPlan]) -> None:
        self._session, self._queries, self._optimised = session, queries, optimised
        self._made: set[Relation] = set()

    def evaluate(self, plan: CohortPlan) -> Evaluated:
        plan = self._optimised[plan]
        for node in plan.walk():
            if isinstance(node, Relation) and node not in self._made and self._queries.references[node] > 1:
                made = self._session.sql(self._queries.statement(node, self._made))
                made.persist().createOrReplaceTempView(relation_name(node))
                self._made.add(node)
        source = relation_name(plan.cohort)
        if plan.cohort not in self._made:
            source = f"({self._queries.statement(plan.cohort, self._made)}) AS cohort"
        rows = self._session.sql(f"SELECT person_id, start_date, end_date FROM {source}").toArrow()
        rows = rows.cast(pa.schema([("person_id", pa.int64()), ("start_date", pa.date32()), ("end_date", pa.date32())]))
        rows = rows.sort_by([(name, "ascending") for name in rows.column_names])
        found = self._session.sql(self._queries.inclusion(plan, self._made)).collect()
        return Evaluated(rows, Inclusion.of(len(plan.rules), [tuple(row) for row in found]))

"""Plans on Spark, over the Parquet files of a snapshot: for a store that has outgrown one machine.

The cluster's workers have to see the store's folder under the same path. A node that is needed more than once is
worked out once and its rows are kept in the cluster; what is kept there is also a shorter plan to whatever needs it,
without which Spark would unfold a plan's shared nodes again at every use.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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
_ROWS = pa.schema([("person_id", pa.int64()), ("start_date", pa.date32()), ("end_date", pa.date32())])
_PORTS = {"spark": 7077, "sc": 15002}
_QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "OFF"}
_SESSION = {
    # A division by nothing or a number that is too large is an error, as in the other engines.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
}


class Spark:
    """The engine over a snapshot on the cluster at `master`: spark://host:port, local[n], or sc://host:port (Connect).

    InputError where PySpark is not installed or `master` is no such address, NotFoundError where nobody answers there,
    StorageError where the cluster cannot do it. `settings` are Spark's own, for a session that is started here; where
    the process has a session already, that one's cluster is used.
    """

    def __init__(self, snapshot: Snapshot, master: str, *, settings: dict[str, str] | None = None) -> None:
        if not master.startswith(("spark://", "sc://", "local")):
            raise InputError("--spark: an address such as spark://host:7077 or sc://host:15002 is needed.")
        self._snapshot, self._master = snapshot, master
        # An address of Connect may carry a token after its first semicolon.
        self._name = master.split(";")[0]
        self._settings = {**_QUIET, **(settings or {})}

    @property
    def extensions(self) -> frozenset[str]:
        return frozenset()

    @property
    def version(self) -> str:
        return self._snapshot.version

    @contextmanager
    def open(self, plans: Sequence[CohortPlan]) -> Iterator[Evaluator]:
        optimised = {plan: optimise(plan) for plan in plans}
        queries = Queries(list(optimised.values()), SPARK)
        with self._session() as session:
            with _refusals(self._name):
                self._make_views(session, queries)
            yield _Evaluation(session, queries, optimised, self._name)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """A session with views and settings of its own, so that nothing changes in one that was there before."""
        try:
            from pyspark.logger import PySparkLogger
            from pyspark.sql import SparkSession
            from pyspark.sql.utils import is_remote
        except ImportError:
            raise InputError("Spark needs PySpark: run ./wardbench setup spark.") from None
        PySparkLogger.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        before = SparkSession.getActiveSession()
        started = before or self._started(SparkSession.builder.appName("Wardbench"))
        # A session of Connect that is started here is nobody else's already.
        session = started if before is None and is_remote() else started.newSession()
        try:
            for name, value in _SESSION.items():
                session.conf.set(name, value)
            yield session
        finally:
            if before is None:
                # A cluster that has gone away has nothing to be stopped.
                with suppress(Exception):
                    started.stop()

    def _started(self, builder: Any) -> Any:
        self._knock()
        if self._master.startswith("sc://"):
            builder = builder.remote(self._master)
        else:
            builder = builder.master(self._master)
            for name, value in self._settings.items():
                builder = builder.config(name, value)
        try:
            return builder.getOrCreate()
        except Exception as error:
            raise NotFoundError(f"{self._name}: Spark cannot be reached ({type(error).__name__}).") from None

    def _knock(self) -> None:
        """NotFoundError where nobody listens: Spark itself would go on trying for minutes."""
        scheme, _, rest = self._master.partition("://")
        if scheme not in _PORTS:
            return
        for address in rest.split(";")[0].rstrip("/").split(","):
            host, _, port = address.partition(":")
            with suppress(OSError, ValueError):
                socket.create_connection((host, int(port or _PORTS[scheme])), timeout=5).close()
                return
        raise NotFoundError(f"{self._name}: Spark cannot be reached; nobody answers there.")

    def _make_views(self, session: Any, queries: Queries) -> None:
        present = self._snapshot.tables
        for table in TABLES.values():
            columns = [(f"`{column.name}`", _TYPES.get(column.sql_type, "STRING")) for column in table.columns]
            if table.name in present:
                # Said beforehand, so that Spark need not open each file to find out.
                reader = session.read.schema(", ".join(" ".join(column) for column in columns))
                rows = reader.parquet(self._snapshot.path(table.name).resolve().as_uri())
            else:
                nothing = ", ".join(f"CAST(NULL AS {type}) AS {name}" for name, type in columns)
                rows = session.sql(f"SELECT {nothing} WHERE FALSE")
            rows.createOrReplaceTempView(table.name)
        with self._snapshot.connect() as con:
            resolve(con, list(queries.sets))
            members = con.sql(f"SELECT set_id, concept_id FROM {MEMBERS}").to_arrow_table()
        session.createDataFrame(members).createOrReplaceTempView(MEMBERS)


class _Evaluation:
    def __init__(self, session: Any, queries: Queries, optimised: dict[CohortPlan, CohortPlan], name: str) -> None:
        self._session, self._queries, self._optimised, self._name = session, queries, optimised, name
        self._made: set[Relation] = set()
        self._last_use: dict[Relation, CohortPlan] = {}
        for plan in optimised.values():
            self._last_use.update(dict.fromkeys((n for n in plan.walk() if isinstance(n, Relation)), plan))

    def evaluate(self, plan: CohortPlan) -> Evaluated:
        plan = self._optimised[plan]
        with _refusals(self._name):
            try:
                found = self._evaluated(plan)
            except Exception as error:
                if "CHECKPOINT" not in str(error).upper() or not self._made:
                    raise
                # The rows that were kept went with a worker that died: they are worked out again.
                self._made.clear()
                found = self._evaluated(plan)
        for node in [node for node in self._made if self._last_use[node] is plan]:
            self._session.catalog.dropTempView(relation_name(node))
            self._made.remove(node)
        return found

    def _evaluated(self, plan: CohortPlan) -> Evaluated:
        for node in plan.walk():
            if isinstance(node, Relation) and node not in self._made and self._queries.references[node] > 1:
                made = self._session.sql(self._queries.statement(node, self._made)).localCheckpoint()
                made.createOrReplaceTempView(relation_name(node))
                self._made.add(node)
        source = relation_name(plan.cohort)
        if plan.cohort not in self._made:
            source = f"({self._queries.statement(plan.cohort, self._made)}) AS cohort"
        rows = self._session.sql(f"SELECT person_id, start_date, end_date FROM {source}").toArrow().cast(_ROWS)
        rows = rows.sort_by([(name, "ascending") for name in rows.column_names])
        found = self._session.sql(self._queries.inclusion(plan, self._made)).collect()
        return Evaluated(rows, Inclusion.of(len(plan.rules), [tuple(row) for row in found]))


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """What Spark refuses within, as a sentence without anything of the statement or of a patient."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        reason = error.getCondition() if isinstance(error, PySparkException) else None
        raise StorageError(f"{name}: Spark could not answer ({reason or type(error).__name__}).") from None

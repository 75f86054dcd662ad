"""The peer on PostgreSQL: the same tables with the indexes that OMOP databases have, the same statements."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from peers.circe import COLUMNS, TARGET
from wardbench.core.omop.tables import EVENT_CONCEPTS, TABLES
from wardbench.core.store import Snapshot

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

SETTINGS = {
    "fsync": "off",
    "shared_buffers": "3GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    # So that the CPU time of one process is all there is.
    "max_parallel_workers_per_gather": "0",
}
LONGEST = 20
"""Seconds that a statement may take; the definition is then left out, and said to be."""
CANCELED = "57014"
INDEXES = {
    "concept": ("concept_id",),
    "concept_ancestor": ("ancestor_concept_id", "descendant_concept_id"),
    "concept_relationship": ("concept_id_1", "concept_id_2"),
    "person": ("person_id",),
    "observation_period": ("person_id",),
    "death": ("person_id",),
    "payer_plan_period": ("person_id",),
    **{table: ("person_id", concept) for table, concept in EVENT_CONCEPTS.items()},
}


def is_here() -> bool:
    """Whether PostgreSQL and its driver are installed."""
    from postgres_server import programs

    try:
        import adbc_driver_postgresql  # noqa: F401
    except ImportError:
        return False
    return programs() is not None


@contextmanager
def holding(snapshot: Snapshot) -> Iterator[Any]:
    """A cursor on a server of its own that has the snapshot's tables, indexed and analysed, and an empty target."""
    from adbc_driver_postgresql import dbapi

    from postgres_server import make_schema, put, running

    with running(SETTINGS) as server:
        make_schema(server, "cdm")
        with dbapi.connect(server.url(), autocommit=True) as connection, connection.cursor() as cursor:
            for name in snapshot.tables:
                if name in TABLES:
                    for batch in pq.ParquetFile(snapshot.path(name)).iter_batches(500_000):
                        put(cursor, "cdm", name, _table(batch))
            for table, columns in INDEXES.items():
                for column in columns:
                    cursor.execute(f"CREATE INDEX ON cdm.{table} ({column})")
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("SET jit TO off")
            cursor.execute(f"SET statement_timeout TO '{LONGEST}s'")
            yield cursor


def run(cursor: Any, sql: Sequence[str]) -> tuple[list[Any], tuple[float, float]] | None:
    """The rows in order, and the CPU-seconds of the server's process and wall seconds that the statements took.

    None where one of them took longer than `LONGEST`.
    """
    cursor.execute("DISCARD TEMP")
    cursor.execute(TARGET + COLUMNS)
    cursor.execute("SELECT pg_backend_pid()")
    process = cursor.fetchone()[0]
    cpu, wall = _cpu(process), time.perf_counter()
    for statement in sql:
        if text := statement.replace("@cdm", "cdm").strip():
            try:
                cursor.execute(text)
            except Exception as error:  # the driver is imported where it is used
                if getattr(error, "sqlstate", None) != CANCELED:
                    raise
                return None
    took = _cpu(process) - cpu, time.perf_counter() - wall
    cursor.execute("SELECT subject_id, cohort_start_date, cohort_end_date FROM target_cohort")
    return sorted(cursor.fetchall()), took


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _table(batch: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_batches([batch])

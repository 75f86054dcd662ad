"""Many definitions on one snapshot: what they share is computed once, and the rows go to one Parquet file."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wardbench.core.errors import InputError, UnsupportedError
from wardbench.core.progress import Progress, silent
from wardbench.core.results import check_place, one_writer, written_whole
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.batch_parts import Done, Parts
from wardbench.ward.cohorts.definition import Definition, Entry
from wardbench.ward.cohorts.engines import Engine
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.plan import CohortPlan
from wardbench.ward.cohorts.run import SCHEMA, cohort_of, engine_of


@dataclass(frozen=True)
class BatchLine:
    """What became of one definition: its figures, or in `refused` the sentence that says why it was not run.

    `seconds` is the wall time spent on it beyond what was shared with definitions before.
    """

    id: int
    name: str
    rows: int = 0
    subjects: int = 0
    seconds: float = 0.0
    refused: str | None = None


def run_batch(
    entries: Iterable[Entry], data: Snapshot | Engine, out: Path, *, progress: Progress = silent
) -> tuple[BatchLine, ...]:
    """Run every definition of `entries`, write the rows of all to `out`, and say what became of each, in order.

    `out` gets the columns of `SCHEMA`, definition by definition, and appears whole or not at all. A definition that
    cannot be used is refused by name and does not stop the others. What a run that was stopped had done is taken over
    by the next one for the same `out`. BusyError where another process writes the same `out`.
    """
    engine = engine_of(data)
    lines: dict[int, BatchLine] = {}
    ready: list[tuple[Definition, CohortPlan]] = []
    for entry in entries:
        lines[entry.id] = BatchLine(entry.id, entry.name)
        try:
            definition = entry.decode()
            ready.append((definition, lower(definition, extensions=engine.extensions)))
        except (InputError, UnsupportedError) as error:
            lines[entry.id] = BatchLine(entry.id, entry.name, refused=str(error))
    check_place(out)
    with one_writer(out):
        _write(ready, engine, out, lines, progress)
    return tuple(lines.values())


def _write(
    ready: list[tuple[Definition, CohortPlan]],
    engine: Engine,
    out: Path,
    lines: dict[int, BatchLine],
    progress: Progress,
) -> None:
    with written_whole(out) as path:
        parts = Parts(out, engine.version, SCHEMA)
        _run(
            [one for one in ready if parts.find(one[0].id, one[1].digest) is None], engine, parts, len(ready), progress
        )
        with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
            for definition, plan in ready:
                writer.write_table(parts.rows(definition.id, plan.digest))
                done = parts.find(definition.id, plan.digest)
                assert done is not None
                lines[done.id] = BatchLine(done.id, definition.name, done.rows, done.subjects, done.seconds)
    parts.remove()


def _run(
    wanted: list[tuple[Definition, CohortPlan]], engine: Engine, parts: Parts, total: int, progress: Progress
) -> None:
    if not wanted:
        return
    with engine.open([plan for _, plan in wanted]) as evaluator:
        for position, (definition, plan) in enumerate(wanted, start=total - len(wanted)):
            progress(position, total, definition.name)
            began = time.perf_counter()
            cohort = cohort_of(definition, plan, evaluator.evaluate(plan), engine.version)
            seconds = round(time.perf_counter() - began, 4)
            parts.add(Done(definition.id, plan.digest, 0, cohort.records, cohort.persons, seconds), cohort.rows)
        progress(total, total, "done")


def write_rows(rows: pa.Table, out: Path) -> None:
    """Write a cohort's rows as Parquet; `out` appears whole or not at all."""
    with one_writer(out), written_whole(out) as path:
        pq.write_table(rows, path, compression="zstd")

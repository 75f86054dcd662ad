"""OHDSI cohort definitions: our engine beside the SQL that OHDSI's own builder writes, on the same data.

The dense test database (shared data) at 10,000 persons (4.8 million rows) and 100,000 persons (46 million rows). Every
definition is run cold (nothing kept from an earlier question: a new engine, a new connection; the files are in the
operating system's cache) and again warm; both sides have the same persons on the same first days, or the benchmark
fails. Last days may differ where OHDSI's SQL leaves to the database which of two events of one day it takes: such
definitions are counted (`ties`). Of one definition the peer's persons are not those of OHDSI's own results, which ours
are (`PEER_DIFFERS`). Where the peer's SQL fails (`peer_fails`) the definition is left out of all but our batch. Our
figures include reading, planning, the attrition and the statistics of every rule; the peer's are those of
its statements alone, without building them, opening the connection, or statistics.

What our engine works out once for a snapshot (columns unpacked by concept) is made first and told apart
(`columns_cpu_s`, `columns_mb`), as a database's indexes would be.

Without `--all` a sample is taken: the definitions by size, every n-th.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from peers import circe, postgres
from wardbench.core.store import Snapshot, Store
from wardbench.ward.cohorts import Definition, lower, read_definitions, run_batch
from wardbench.ward.cohorts.definition.reading import read_entries
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.session import EditingSession

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("WARDBENCH_SHARED", ROOT.parent / "shared"))
LIBRARY = SHARED / "data/circe/phenotype_library.jsonl.gz"
CACHE = Path(os.environ.get("WARDBENCH_CACHE", Path.home() / ".cache/wardbench")) / "bench"
SIZES = (10_000, 100_000)
SAMPLE = 110
ON_POSTGRES = 20
CHANGES = 20
RULES = 10

PEER_DIFFERS = {61: "ohdsi-circepy 0.3.0 leaves out that only the first device exposure is asked for"}
"""Definitions of which the peer's SQL gives other persons than OHDSI's own results (shared data), and why."""

Rows = list[tuple[Any, ...]]


def make_data(persons: int) -> tuple[Path, Snapshot]:
    """The database as the peer gets it, and the same tables in a store; both are made once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    database = CACHE / f"dense_{persons}.duckdb"
    if not database.is_file():
        print(f"Making {persons:,} persons (once) ...", file=sys.stderr)
        draft = database.with_suffix(".new")
        size = ["--persons", str(persons), "--seed", "1", "--stories", "8", "--noise", "420", "--block", "12500"]
        command = [sys.executable, str(SHARED / "tools/dense_omop.py"), str(draft), "--cohorts", str(LIBRARY), *size]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        draft.rename(database)
    store = CACHE / f"dense_{persons}_store"
    if not (store / "manifest.json").is_file():
        print(f"Loading {persons:,} persons (once) ...", file=sys.stderr)
        command = [sys.executable, "-m", "wardbench", "load", "omop", str(database), "--store", str(store), "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return database, Store.open(store).snapshot()


def make_columns(snapshot: Snapshot, definitions: Sequence[Definition]) -> tuple[float, float]:
    """Unpack every column that these definitions ask for; CPU-seconds beyond answering, and megabytes."""
    took = []
    shutil.rmtree(snapshot.derived, ignore_errors=True)
    for _ in range(2):
        timed = circe.Timed()
        with Arrays(snapshot).open(plans := [lower(d) for d in definitions]) as evaluator:
            for plan in plans:
                evaluator.evaluate(plan)
        took.append(timed.passed()[0])
    size = sum(path.stat().st_size for path in snapshot.derived.rglob("*.npy"))
    return took[0] - took[1], size / 1e6


@dataclasses.dataclass
class Times:
    """CPU-seconds and wall seconds of one definition."""

    cold: tuple[float, float]
    warm: tuple[float, float]


def run_ours(source: dict[str, Any], snapshot: Snapshot, folder: Path) -> tuple[Rows, Times]:
    """The rows in order, and what it took from the JSON on."""
    path = folder / "definition.jsonl"
    path.write_text(json.dumps(source), encoding="utf-8")
    engine = Arrays(snapshot)
    took = []
    for _ in range(2):
        timed = circe.Timed()
        definition = next(iter(read_definitions(path)))
        plan = lower(definition)
        with engine.open([plan]) as evaluator:
            rows = evaluator.evaluate(plan).rows
        took.append(timed.passed())
    return sorted(zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True)), Times(*took)


def run_circe(sql: Sequence[str], database: Path, threads: int) -> tuple[Rows, Times]:
    with circe.on_duckdb(database, threads) as con:
        rows, cold = circe.run_on_duckdb(con, sql)
        _, warm = circe.run_on_duckdb(con, sql)
    return sorted(rows), Times(cold, warm)


def compare(sources: Sequence[dict[str, Any]], persons: int, threads: int) -> dict[str, Any]:
    """Both engines over all `sources` at one size."""
    database, snapshot = make_data(persons)
    entries = {source["id"]: source for source in sources}
    definitions = [d for d in read_definitions(LIBRARY) if d.id in entries]
    columns_cpu, columns_mb = make_columns(snapshot, definitions)
    sql = circe.statements(sources, CACHE)
    ours, theirs, ties, failed = {}, {}, 0, list[int]()
    with tempfile.TemporaryDirectory() as scratch:
        for done, (id, source) in enumerate(entries.items(), start=1):
            progress(f"{persons:,} persons: {done} of {len(entries)}")
            found, ours[id] = run_ours(source, snapshot, Path(scratch))
            try:
                expected, theirs[id] = run_circe(sql[id, "duckdb"], database, threads)
            except duckdb.Error:
                failed.append(id)
                del ours[id]
                continue
            if id in PEER_DIFFERS:
                continue
            if [row[:2] for row in found] != [row[:2] for row in expected]:
                raise SystemExit(f"definition {id}: the two engines give other rows")
            ties += found != expected
        batch = run_library(sources, snapshot, Path(scratch))
    ratios = sorted((theirs[id].cold[0] / ours[id].cold[0], id) for id in theirs)
    total = {
        f"{who}_{how}_{unit}_s": round(sum(getattr(t, how)[n] for t in times.values()), 2)
        for who, times in (("ours", ours), ("circe", theirs))
        for how in ("cold", "warm")
        for n, unit in enumerate(("cpu", "wall"))
    }
    return {
        "persons": persons,
        "rows": sum(table.rows for table in snapshot.tables.values()),
        **total,
        "single_ratio_total": round(total["circe_cold_cpu_s"] / total["ours_cold_cpu_s"], 2),
        "warm_ratio_total": round(total["circe_warm_cpu_s"] / total["ours_warm_cpu_s"], 2),
        "ours_batch_cpu_s": round(batch[0], 2),
        "ours_batch_wall_s": round(batch[1], 2),
        "batch_ratio_total": round(total["circe_cold_cpu_s"] / batch[0], 2),
        "worst_ratio": round(ratios[0][0], 2),
        "ratio_quantiles": [round(r, 1) for r in statistics.quantiles([r for r, _ in ratios], n=10)],
        "worst_ten": [
            {
                "id": id,
                "ratio": round(r, 2),
                "ours_s": round(ours[id].cold[0], 4),
                "circe_s": round(theirs[id].cold[0], 4),
            }
            for r, id in ratios[:10]
        ],
        "ties": ties,
        "peer_fails": failed,
        "peer_differs": sorted(PEER_DIFFERS.keys() & entries.keys()),
        "columns_cpu_s": round(columns_cpu, 1),
        "columns_mb": round(columns_mb),
    }


def compare_on_postgres(sources: Sequence[dict[str, Any]], persons: int) -> dict[str, Any] | None:
    """Our engine over a store beside the peer's statements on PostgreSQL, each run a second time; None without one."""
    if not postgres.is_here():
        return None
    _, snapshot = make_data(persons)
    sql = circe.statements(sources, CACHE)
    ours, theirs, left_out = [0.0, 0.0], [0.0, 0.0], []
    progress("loading PostgreSQL")
    with tempfile.TemporaryDirectory() as scratch, postgres.holding(snapshot) as cursor:
        for source in sources:
            found, times = run_ours(source, snapshot, Path(scratch))
            statements = sql[source["id"], "postgresql"]
            answered = postgres.run(cursor, statements) and postgres.run(cursor, statements)
            if answered is None:
                left_out.append(source["id"])
                continue
            expected, warm = answered
            if [row[:2] for row in found] != [row[:2] for row in expected]:
                raise SystemExit(f"definition {source['id']}: PostgreSQL gives other rows")
            for n in range(2):
                ours[n] += times.cold[n]
                theirs[n] += warm[n]
    return {
        "persons": persons,
        "definitions": len(sources) - len(left_out),
        f"left_out_after_{postgres.LONGEST}_s": left_out,
        "postgres_warm_cpu_s": round(theirs[0], 2),
        "postgres_warm_wall_s": round(theirs[1], 2),
        "ours_cold_cpu_s": round(ours[0], 2),
        "ratio_total": round(theirs[0] / ours[0], 2),
    }


def run_library(sources: Sequence[dict[str, Any]], snapshot: Snapshot, folder: Path) -> tuple[float, float]:
    """All definitions in one batch, from the file to the file of rows."""
    path = folder / "library.jsonl"
    path.write_text("".join(json.dumps(source) + "\n" for source in sources), encoding="utf-8")
    timed = circe.Timed()
    run_batch(read_entries(path), snapshot, folder / "rows.parquet")
    return timed.passed()


def edit(snapshot: Snapshot) -> list[float]:
    """Wall milliseconds of a look after one rule of ten was changed: the days of one of its windows."""
    chance = random.Random(1)
    took = []
    for definition in read_definitions(LIBRARY):
        rules = list(definition.expression.inclusion_rules or ())[:RULES]
        if len(rules) < RULES:
            continue
        session = EditingSession(snapshot, disk=0)
        session.look(_with_rules(definition, rules))
        for _ in range(CHANGES):
            number = chance.choice([n for n, rule in enumerate(rules) if rule.expression.criteria_list])
            rules[number] = _changed(rules[number], chance.randrange(1, 400))
            began = time.perf_counter()
            session.look(_with_rules(definition, rules))
            took.append(1000 * (time.perf_counter() - began))
    return sorted(took)


def _with_rules(definition: Definition, rules: list[Any]) -> Definition:
    expression = msgspec.structs.replace(definition.expression, inclusion_rules=list(rules))
    return dataclasses.replace(definition, expression=expression)


def _changed(rule: Any, days: int) -> Any:
    put = msgspec.structs.replace
    first, *others = rule.expression.criteria_list
    window = put(first.start_window, start=put(first.start_window.start, days=days))
    changed = put(first, start_window=window)
    return put(rule, expression=put(rule.expression, criteria_list=[changed, *others]))


def sample(count: int | None) -> list[dict[str, Any]]:
    """Every n-th definition by size of its text, so that each size is there as often as in the library."""
    with gzip.open(LIBRARY, "rt", encoding="utf-8") as lines:
        sources = [json.loads(line) for line in lines]
    by_size = sorted(sources, key=lambda source: (len(json.dumps(source)), source["id"]))
    step = 1 if count is None else max(1, len(by_size) // count)
    return by_size[step // 2 :: step]


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:<60}", end="", file=sys.stderr)


def run(count: int | None, sizes: Sequence[int], threads: int) -> dict[str, Any]:
    if not LIBRARY.is_file():
        raise SystemExit(f"wardbench: {LIBRARY}: the shared test data are not here.")
    sources = sample(count)
    found = [compare(sources, persons, threads) for persons in sizes]
    largest = found[-1]
    edits = edit(make_data(sizes[-1])[1])
    on_postgres = compare_on_postgres(sources[:: max(1, len(sources) // ON_POSTGRES)], sizes[0])
    return {
        "benchmark": "cohorts",
        **{name: largest[name] for name in ("single_ratio_total", "batch_ratio_total", "worst_ratio")},
        "edit_p50_ms": round(edits[len(edits) // 2], 1),
        "edit_p95_ms": round(edits[int(0.95 * len(edits))], 1),
        "rows": largest["rows"],
        "edits": len(edits),
        "definitions": len(sources),
        "of_definitions": len(sample(None)),
        "sizes": found,
        "on_postgres": on_postgres or "PostgreSQL is not installed",
        "threads": threads,
        "cpus": os.cpu_count(),
        "data": "dense OMOP database, seed 1; definitions of the OHDSI Phenotype Library",
        "against": f"the SQL of {circe.PACKAGE} on the same DuckDB, statement by statement",
    }


def lines_of(result: dict[str, Any]) -> Iterator[str]:
    for name, value in result.items():
        if name != "sizes":
            yield f"{name:26} {value}"
    for size in result["sizes"]:
        yield ""
        for name, value in size.items():
            if name == "worst_ten":
                yield "the worst ten (id, ratio, our and the peer's CPU-seconds):"
                yield from (f"  {w['id']:>5} {w['ratio']:>7} {w['ours_s']:>8} {w['circe_s']:>8}" for w in value)
            else:
                yield f"{name:26} {value}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Cohort definitions, beside OHDSI's own SQL.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--all", action="store_true", help="every definition, not a sample")
    parser.add_argument("--definitions", type=int, default=SAMPLE, help="about how many definitions")
    parser.add_argument("--persons", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of the peer's DuckDB")
    arguments = parser.parse_args()
    result = run(None if arguments.all else arguments.definitions, arguments.persons, arguments.threads)
    if arguments.json:
        print(json.dumps(result))
        return
    print("\n".join(lines_of(result)))


if __name__ == "__main__":
    main()

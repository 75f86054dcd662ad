"""The peer of the cohort benchmark: the SQL that `ohdsi-circepy` builds, on DuckDB and on PostgreSQL.

It lives in an environment of its own in the cache folder, since it asks for other versions of what we use. Its SQL is
built once for each definition and kept; building is not part of any figure.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

PACKAGE = "ohdsi-circepy==0.3.0"
TARGET = "CREATE TEMP TABLE target_cohort (cohort_definition_id BIGINT, subject_id BIGINT,"
COLUMNS = " cohort_start_date DATE, cohort_end_date DATE)"

BUILD = """
import json, sys
from circe import api
from circe.sqlrender import render, split_sql, translate
for line in sys.stdin:
    given = json.loads(line)
    options = api.BuildExpressionQueryOptions()
    options.cdm_schema = options.vocabulary_schema = "@cdm"
    options.target_table, options.cohort_id, options.generate_stats = "target_cohort", given["id"], False
    sql = api.build_cohort_query(api.cohort_expression_from_json(json.dumps(given["expression"])), options)
    # The text asks for results tables even where no statistics are wanted; they are never filled.
    for dialect in ("duckdb", "postgresql"):
        made = split_sql(translate(render(sql, cdm="@" + "cdm"), dialect))
        print(json.dumps({"id": given["id"], "dialect": dialect, "sql": made}), flush=True)
"""


def statements(definitions: Sequence[dict[str, Any]], cache: Path) -> dict[tuple[int, str], list[str]]:
    """The statements of each definition and dialect; `@cdm` stands for the schema."""
    folder = cache / "circe_sql"
    folder.mkdir(parents=True, exist_ok=True)
    places = {given["id"]: folder / f"{_digest(given)}.jsonl" for given in definitions}
    wanted = [given for given in definitions if not places[given["id"]].is_file()]
    if wanted:
        python = _environment(cache)
        lines = "".join(json.dumps(given) + "\n" for given in wanted)
        built = subprocess.run([python, "-c", BUILD], input=lines, text=True, capture_output=True, check=True).stdout
        made: dict[int, list[str]] = {}
        for line in built.splitlines():
            made.setdefault(json.loads(line)["id"], []).append(line)
        for id, own in made.items():
            draft = places[id].with_suffix(".new")
            draft.write_text("\n".join(own) + "\n", encoding="utf-8")
            draft.replace(places[id])
    found = {}
    for id, place in places.items():
        for line in place.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            found[id, one["dialect"]] = one["sql"]
    return found


def _digest(given: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps([PACKAGE, given], sort_keys=True).encode()).hexdigest()[:32]


def _environment(cache: Path) -> str:
    folder = cache / "circe_environment"
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        print(f"Installing {PACKAGE} (once) ...", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGE], check=True, capture_output=True)
        (folder / "ready").touch()
    return str(python)


class Timed:
    """CPU-seconds and wall seconds of a step, all threads of this process."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def passed(self) -> tuple[float, float]:
        return time.process_time() - self._cpu, time.perf_counter() - self._wall


@contextmanager
def on_duckdb(database: Path, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the data attached and an empty target; tables are DuckDB's own, not Parquet."""
    with duckdb.connect(":memory:", config={"threads": threads, "memory_limit": "8GB"}) as con:
        con.execute(f"ATTACH '{database}' AS dense (READ_ONLY)")
        con.execute(TARGET + COLUMNS)
        yield con


def run_on_duckdb(con: duckdb.DuckDBPyConnection, sql: Sequence[str]) -> tuple[list[Any], tuple[float, float]]:
    """The rows in order, and what the statements took; reading the rows back is not part of it."""
    con.execute("DELETE FROM target_cohort")
    timed = Timed()
    for statement in sql:
        if text := statement.replace("@cdm", "dense.cdm").strip():
            con.execute(text)
    took = timed.passed()
    return con.execute("SELECT subject_id, cohort_start_date, cohort_end_date FROM target_cohort").fetchall(), took

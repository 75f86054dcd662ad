"""Plans on a Spark cluster of separate processes: the expected rows, also when a worker dies, and clear refusals."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from engines.conftest import NIGHTLY
from engines.library import NAME, Library, digest, plans_of, told
from spark_cluster import Cluster, connect_server
from tiny_cohort_hospital import expression, person, snapshot
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import run_cohort
from wardbench.ward.cohorts.definition.reading import Entry
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.engines.spark import Spark


def test_a_cluster_gives_the_expected_rows_and_survives_a_worker(library: Library, cluster: Cluster) -> None:
    plans = plans_of(library.of_every_shape(5 if NIGHTLY else 1))
    assert len(plans) >= (50 if NIGHTLY else 10)
    with Arrays(library.snapshot).open(list(plans.values())) as arrays:
        wanted = told(arrays, plans)
    assert {number: said for number, (said, _) in wanted.items()} == {n: library.expected[n] for n in plans}
    # A plan that shares nodes with another, some of whose rows are gone with the worker that kept them.
    number, ruled = next((n, plan) for n, plan in plans.items() if len(plan.rules) > 1)
    shorter = replace(ruled, rules=ruled.rules[:-1])
    engine = Spark(library.snapshot, cluster.master, settings=cluster.settings)
    others = {n: plan for n, plan in plans.items() if n != number}
    with engine.open([*others.values(), ruled, shorter]) as evaluator:
        assert told(evaluator, {**others, number: ruled}) == wanted
        cluster.kill_worker()
        assert digest(evaluator.evaluate(shorter).rows) == library.expected[number]


@pytest.mark.nightly
@pytest.mark.parametrize("seconds", [1.0, 3.0, 6.0])
def test_a_worker_that_dies_in_the_middle_changes_nothing(library: Library, cluster: Cluster, seconds: float) -> None:
    plans = plans_of(library.of_every_shape(1))
    engine = Spark(library.snapshot, cluster.master, settings=cluster.settings)
    with engine.open(list(plans.values())) as evaluator:
        killing = Timer(seconds, cluster.kill_worker)
        killing.start()
        found = told(evaluator, plans)
        killing.join()
    assert {number: said for number, (said, _) in found.items()} == {n: library.expected[n] for n in plans}


@pytest.mark.nightly
def test_the_command_gives_the_expected_rows_through_spark_connect(
    library: Library, cluster: Cluster, tmp_path: Path
) -> None:
    wanted = [definition.id for definition in library.of_every_shape(1)[:4]]
    asked, rows = tmp_path / "asked.jsonl", tmp_path / "rows.parquet"
    with gzip.open(library.folder / NAME, "rt") as lines:
        asked.write_text("".join(line for line in lines if json.loads(line)["id"] in wanted))
    with connect_server(cluster) as address:
        # In a process of its own: one has either sessions of its own or those of Connect.
        command = [sys.executable, "-m", "wardbench", "cohort", "batch", str(asked), "--out", str(rows)]
        where = ["--store", str(library.snapshot.folder.parent.parent), "--spark", address]
        done = subprocess.run([*command, *where], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    table = pq.read_table(rows)
    for number in wanted:
        of_it = table.filter(pc.equal(table["cohort_definition_id"], number)).drop_columns(["cohort_definition_id"])
        assert digest(of_it) == library.expected[number]


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="spark://host:7077"):
        Spark(_hospital(tmp_path), "http://localhost")


@pytest.mark.parametrize("address", ["sc://127.0.0.1:1/;token=secret", "spark://127.0.0.1:1,127.0.0.1:2"])
def test_a_cluster_that_does_not_answer_is_said_at_once(tmp_path: Path, address: str) -> None:
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    definition = Entry(1, "n", "n", expression()).decode()
    with pytest.raises(NotFoundError, match=r"127.0.0.1:1.*cannot be reached") as refused:
        run_cohort(definition, Spark(_hospital(tmp_path), address))
    assert "secret" not in str(refused.value)


def _hospital(folder: Path) -> Snapshot:
    return snapshot(folder / "store", person=[person(1)])

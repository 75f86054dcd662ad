"""A batch that is stopped at any moment goes on where it was, and gives what it would have given at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tiny_cohort_hospital import concepts, condition, expression, observed, person, snapshot
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import batch_parts, read_entries, run_batch
from wardbench.ward.cohorts.engines.arrays import engine as arrays_engine


@pytest.fixture
def hospital(tmp_path: Path) -> Snapshot:
    people = range(1, 30)
    return snapshot(
        tmp_path / "store",
        person=[person(n) for n in people],
        observation_period=[observed(n, n) for n in people],
        concept=concepts(1, 2),
        condition_occurrence=[condition(n, n, 10 + n) for n in people],
    )


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    path = tmp_path / "definitions.jsonl"
    asked = [expression(CollapseSettings={"CollapseType": "ERA", "EraPad": n}) for n in range(8)]
    path.write_text("".join(json.dumps({"id": 9 - n, "expression": e}) + "\n" for n, e in enumerate(asked)))
    return path


class StopError(Exception):
    pass


def stopping(after: int) -> Any:
    def progress(done: float, total: float, what: str) -> None:
        if done == after:
            raise StopError

    return progress


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The plans that were really run; every definition is a part of its own."""
    monkeypatch.setattr(batch_parts, "SECONDS", 0.0)
    ran: list[str] = []
    real = arrays_engine.evaluated

    def counted(plan: Any, evaluation: Any) -> Any:
        ran.append(plan.digest)
        return real(plan, evaluation)

    monkeypatch.setattr(arrays_engine, "evaluated", counted)
    return ran


def test_it_goes_on_where_it_was(hospital: Snapshot, definitions: Path, tmp_path: Path, evaluated: list[str]) -> None:
    whole, out = tmp_path / "whole.parquet", tmp_path / "rows.parquet"
    expected = run_batch(read_entries(definitions), hospital, whole)
    for after in (3, 5):
        with pytest.raises(StopError):
            run_batch(read_entries(definitions), hospital, out, progress=stopping(after))
        assert not out.exists()
    evaluated.clear()
    lines = run_batch(read_entries(definitions), hospital, out)
    assert len(evaluated) == 3
    assert pq.read_table(out).equals(pq.read_table(whole))
    assert [(x.id, x.rows, x.subjects) for x in lines] == [(x.id, x.rows, x.subjects) for x in expected]
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


@pytest.mark.parametrize("harm", ["cut rows", "cut description", "no rows", "another version"])
def test_a_part_that_cannot_be_trusted_is_run_again(
    hospital: Snapshot, definitions: Path, tmp_path: Path, evaluated: list[str], harm: str
) -> None:
    whole, out = tmp_path / "whole.parquet", tmp_path / "rows.parquet"
    run_batch(read_entries(definitions), hospital, whole)
    with pytest.raises(StopError):
        run_batch(read_entries(definitions), hospital, out, progress=stopping(4))
    first = min((tmp_path / ".rows.parquet.parts").glob("*.json"))
    match harm:
        case "cut rows":
            path = first.with_suffix(".arrow")
            path.write_bytes(path.read_bytes()[:-30])
        case "cut description":
            first.write_bytes(first.read_bytes()[:-5])
        case "no rows":
            first.with_suffix(".arrow").unlink()
        case _:
            first.write_text(first.read_text().replace(hospital.version, "another"))
    evaluated.clear()
    run_batch(read_entries(definitions), hospital, out)
    assert len(evaluated) == 5
    assert pq.read_table(out).equals(pq.read_table(whole))


SLOW = """
import sys, time
from pathlib import Path
from wardbench.core.store import Store
from wardbench.ward.cohorts import batch_parts, read_entries, run_batch
batch_parts.SECONDS = 0.0
def progress(done, total, what):
    print(done, flush=True)
    time.sleep(0.2)
run_batch(read_entries(sys.argv[1]), Store.open(sys.argv[2]).snapshot(), Path(sys.argv[3]), progress=progress)
"""


def test_a_killed_process_loses_nothing_it_had_written(
    hospital: Snapshot, definitions: Path, tmp_path: Path, root: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    out = tmp_path / "rows.parquet"
    arguments = [sys.executable, "-c", SLOW, str(definitions), str(tmp_path / "store"), str(out)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    for line in process.stdout:
        if float(line) == 4:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait()
    assert not out.exists()
    again = subprocess.run(arguments, capture_output=True, text=True, env=environment)
    assert again.returncode == 0, again.stderr
    done = again.stdout.split()
    assert [float(n) for n in done] == [4, 5, 6, 7, 8]
    whole = tmp_path / "whole.parquet"
    run_batch(read_entries(definitions), hospital, whole)
    assert pq.read_table(out).equals(pq.read_table(whole))

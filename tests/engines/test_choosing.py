"""The commands' options choose the engine, and refuse what chooses none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from postgres_server import Server, filled
from tiny_cohort_hospital import concepts, condition, expression, observed, person, snapshot
from wardbench.cli.app import app
from wardbench.core.errors import InputError


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    path = tmp_path / "asked.json"
    path.write_text(json.dumps(expression()))
    return path


TABLES = {
    "person": [person(1), person(2)],
    "observation_period": [observed(1, 1), observed(2, 2)],
    "condition_occurrence": [condition(1, 1, 10), condition(2, 2, 20), condition(3, 2, 30)],
    "concept": list(concepts(1, 2)),
}


def test_a_database_and_a_store_with_the_same_tables_give_the_same(server: Server, asked: Path, tmp_path: Path) -> None:
    snapshot(tmp_path / "store", **TABLES)
    runner = CliRunner()
    on_store = runner.invoke(app, ["cohort", "run", str(asked), "--store", str(tmp_path / "store"), "--json"])
    with filled(server, "cdm", TABLES):
        where = ["--postgres", server.url(), "--schema", "cdm"]
        on_database = runner.invoke(app, ["cohort", "run", str(asked), *where, "--json"])
        rows = tmp_path / "rows.parquet"
        batch = runner.invoke(app, ["cohort", "batch", str(asked), *where, "--out", str(rows), "--json"])
    a, b = json.loads(on_store.stdout), json.loads(on_database.stdout)
    assert (a["persons"], a["records"], a["attrition"], a["inclusion"]) == (
        b["persons"],
        b["records"],
        b["attrition"],
        b["inclusion"],
    )
    assert b["version"].startswith("postgresql ") and "owner" not in b["version"]
    assert json.loads(batch.stdout)["definitions"][0]["rows"] == a["records"] == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--store STORE, or --postgres URL"),
        (["--store", "s", "--postgres", "postgresql://h/d"], "--store STORE, or --postgres URL"),
        (["--postgres", "postgresql://h/d", "--spark", "local"], "--spark runs over a store"),
        (["--postgres", "postgresql://h/d", "--report", "page.html"], "a page needs a store"),
    ],
)
def test_options_that_choose_no_engine_are_refused(asked: Path, options: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["cohort", "run", str(asked), *options])
    assert isinstance(done.exception, InputError) and said in str(done.exception)

"""Many definitions at once, and the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tiny_cohort_hospital import concepts, condition, drug, expression, near, observed, on, person, rule, snapshot
from wardbench.cli.app import app
from wardbench.core.errors import NotFoundError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import read_entries, run_batch, run_cohort
from wardbench.ward.cohorts.dialect import POSTGRES, SPARK
from wardbench.ward.cohorts.engines.duckdb_sql import Evaluation
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.queries import Queries

RULES = [rule("drug", near({"DrugExposure": {"CodesetId": 2}}))]


@pytest.fixture
def hospital(tmp_path: Path) -> Snapshot:
    return snapshot(
        tmp_path / "store",
        person=[person(1), person(2)],
        observation_period=[observed(1, 1), observed(2, 2)],
        concept=concepts(1, 2),
        condition_occurrence=[condition(1, 1, 10), condition(2, 1, 30), condition(3, 2, 20)],
        drug_exposure=[drug(4, 2, 40)],
    )


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    given = {
        5: expression(),
        3: expression(InclusionRules=RULES),
        4: expression({"ConditionOccurrence": {"Severity": 1}}),
        6: expression(),
    }
    path = tmp_path / "definitions.jsonl"
    path.write_text("".join(json.dumps({"id": id, "expression": e}) + "\n" for id, e in given.items()))
    return path


def test_a_batch_writes_the_rows_of_all_and_says_what_became_of_each(
    hospital: Snapshot, definitions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "rows.parquet"
    seen: list[tuple[float, float]] = []
    lines = run_batch(read_entries(definitions), hospital, out, progress=lambda d, t, _: seen.append((d, t)))
    assert [(line.id, line.rows, line.subjects) for line in lines] == [(5, 3, 2), (3, 1, 1), (4, 0, 0), (6, 3, 2)]
    assert lines[2].refused == "PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Severity: not supported."
    assert [line.refused for line in lines if line.id != 4] == [None] * 3
    table = pq.read_table(out)
    assert table.schema.names == ["cohort_definition_id", "subject_id", "cohort_start_date", "cohort_end_date"]
    assert table.to_pylist()[3] == {
        "cohort_definition_id": 3,
        "subject_id": 2,
        "cohort_start_date": on(20),
        "cohort_end_date": on(20),
    }
    assert table["cohort_definition_id"].to_pylist() == [5, 5, 5, 3, 6, 6, 6]
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_batch_gives_each_definition_what_it_gives_alone(hospital: Snapshot, definitions: Path) -> None:
    ready = [entry for entry in read_entries(definitions) if entry.id != 4]
    out = definitions.with_name("rows.parquet")
    run_batch(ready, hospital, out)
    alone = pa.concat_tables([run_cohort(entry.decode(), hospital).rows for entry in ready])
    assert pq.read_table(out).equals(alone)


def test_what_plans_share_is_made_once_and_dropped_after_its_last_use(hospital: Snapshot, definitions: Path) -> None:
    plans = [lower(e.decode()) for e in read_entries(definitions) if e.id != 4]
    with hospital.connect() as con:
        evaluation = Evaluation(con, plans)

        def made() -> set[str]:
            return {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}

        before = made()
        first = evaluation.evaluate(plans[0])
        shared = made() - before
        assert shared
        evaluation.evaluate(plans[1])
        assert shared <= made()
        assert evaluation.evaluate(plans[2]).rows.equals(first.rows)
        assert made() == before


def test_a_failing_batch_leaves_no_file_behind(hospital: Snapshot, definitions: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="cannot be written"):
        run_batch(read_entries(definitions), hospital, tmp_path / "no such folder" / "rows.parquet")

    def stop(done: float, total: float, what: str) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(KeyboardInterrupt):
        run_batch(read_entries(definitions), hospital, out / "rows.parquet", progress=stop)
    assert list(out.iterdir()) == []


def test_the_commands_print_what_they_found(hospital: Snapshot, definitions: Path, tmp_path: Path) -> None:
    runner, store = CliRunner(), str(tmp_path / "store")
    one, out = tmp_path / "one.json", tmp_path / "people.parquet"
    one.write_text(json.dumps({"id": 3, "name": "Treated", "expression": expression(InclusionRules=RULES)}))
    printed = runner.invoke(app, ["cohort", "run", str(one), "--store", store, "--out", str(out), "--json"])
    assert printed.exit_code == 0, printed.output
    found = json.loads(printed.stdout)
    assert (found["name"], found["persons"], found["records"]) == ("Treated", 1, 1)
    assert [s["persons"] for s in found["attrition"]] == [2, 1, 1]
    assert found["version"] == hospital.version
    assert pq.read_table(out).num_rows == 1
    told = runner.invoke(app, ["cohort", "run", str(one), "--store", store])
    assert "1 persons in 1 memberships" in told.stdout

    rows = str(tmp_path / "rows.parquet")
    command = ["cohort", "batch", str(definitions), "--store", store, "--out", rows]
    printed = runner.invoke(app, [*command, "--json"])
    assert printed.exit_code == 0
    by_id = {line["id"]: line for line in json.loads(printed.stdout)["definitions"]}
    assert by_id[5]["rows"] == 3
    assert by_id[4]["refused"].endswith("Severity: not supported.")
    assert runner.invoke(app, [*command, "--strict"]).exit_code == 4
    assert "3 definitions run, 1 refused" in runner.invoke(app, command).stdout


def test_every_statement_can_be_said_to_other_engines(definitions: Path) -> None:
    plans = [lower(entry.decode()) for entry in read_entries(definitions) if entry.id != 4]
    for dialect in (POSTGRES, SPARK):
        queries = Queries(plans, dialect)
        assert all(queries.statement(plan.cohort) for plan in plans)


def test_a_cohort_is_one_statement_when_nothing_is_made_before(hospital: Snapshot, definitions: Path) -> None:
    plan = lower(next(iter(read_entries(definitions))).decode())
    with hospital.connect() as con:
        Evaluation(con, [plan])
        rows = con.execute(Queries([plan]).statement(plan.cohort)).fetchall()
    assert len(rows) == 3

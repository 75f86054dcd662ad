"""`wardbench samples` over a store of a campus that never was."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from wardbench.core.consent import PRESUMED, mask
from wardbench.core.errors import NotFoundError
from wardbench.core.store import Store
from wardbench.synthetic import write_store
from wardbench.ward.samples import Query, checked, find, index_of, specimens_of


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "store"
    write_store(folder, 300, 1)
    return folder


def samples(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wardbench", "samples", *arguments]
    environment = {"PYTHONPATH": str(root / "src"), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def told(root: Path, *arguments: str) -> Any:
    done = samples(root, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_specimens_of_a_store_are_a_table_of_specimens(store: Path) -> None:
    snapshot = Store.open(store).snapshot()
    table = checked(specimens_of(snapshot))
    assert table.num_rows == snapshot.tables["specimen"].rows
    assert set(table.column("consent").to_pylist()) == {mask(PRESUMED)}
    with snapshot.connect() as con:
        row = con.execute(
            "SELECT specimen_id, specimen_datetime, quantity, unit_source_value, year_of_birth, gender_concept_id"
            " FROM specimen JOIN person USING (person_id) WHERE specimen_source_value = '119361006'"
            " ORDER BY specimen_id LIMIT 1"
        ).fetchone()
    assert row is not None
    (found,) = [one for one in table.to_pylist() if one["specimen"] == str(row[0])]
    assert found["material"] == "Plasma" and row[3] == "mL" and found["amount"] == round(row[2] * 10**6)
    assert found["dimension"] == "volume" and found["collected"] == row[1].replace(microsecond=0)
    assert found["age"] in (row[1].year - row[4] - 1, row[1].year - row[4])
    assert found["sex"] == {8507: "male", 8532: "female"}[row[5]]


def test_the_index_is_made_once_and_again_when_it_is_damaged(store: Path) -> None:
    snapshot = Store.open(store).snapshot()
    folder = index_of(snapshot).folder
    before = (folder / "index.json").stat().st_ino
    assert index_of(snapshot).folder == folder and (folder / "index.json").stat().st_ino == before
    (folder / "tiles.npy").unlink()
    again = index_of(snapshot)
    assert again.folder == folder and find(again, Query.of(giving=None)).total == snapshot.tables["specimen"].rows


def test_a_store_without_specimens_says_so(tmp_path: Path) -> None:
    with Store.open_or_create(tmp_path / "store").draft() as draft:
        con = draft.connect()
        draft.write(con, "person", "SELECT 1 AS person_id, 0 AS gender_concept_id, 1970 AS year_of_birth")
        con.close()
        snapshot = draft.commit({})
    with pytest.raises(NotFoundError, match="no specimens"):
        index_of(snapshot)


def test_facets_and_the_list_agree(root: Path, store: Path) -> None:
    chosen = ["--choose", "material=Plasma", "--choose", "material=Serum", "--choose", "age=50.."]
    counted = told(root, "facets", str(store), *chosen)
    listed = told(root, "find", str(store), *chosen, "--limit", "3")
    assert counted["total"]["specimens"] == listed["total"] > 3
    assert len(listed["specimens"]) == 3
    assert {one["material"] for one in listed["specimens"]} <= {"Plasma", "Serum"}
    years = counted["facets"]["collected"]
    first = min(years)
    assert date.fromisoformat(first.split("..")[0])
    assert (
        told(root, "find", str(store), *chosen, "--choose", f"collected={first}")["total"] == years[first]["specimens"]
    )
    assert counted["availability"]["given"] == counted["total"]


def test_people_read_tables(root: Path, store: Path) -> None:
    shown = samples(root, "facets", str(store), "--most-thaws", "1")
    assert shown.returncode == 0 and "Plasma" in shown.stdout and "What can be given" in shown.stdout
    assert "Exact counts: not for release." in shown.stdout
    shown = samples(root, "find", str(store), "--everything")
    assert shown.returncode == 0 and "specimens, from 1" in shown.stdout
    shown = samples(root, "stratify", str(store))
    assert shown.returncode == 0 and "concept" in shown.stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--choose", "material"], "FACET=VALUE"),
        (["--choose", "colour=red"], "no such facet"),
        (["--choose", "age=old"], "whole numbers"),
        (["--choose", "collected=yesterday.."], "dates"),
        (["--choose", "amount=5.."], "dimension"),
        (["--need", "all"], "a tier is one of"),
        (["--everything", "--most-thaws", "1"], "goes without"),
        (["--from", "-30"], "--cohort"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(root: Path, store: Path, wrong: list[str], said: str) -> None:
    refused = samples(root, "facets", str(store), *wrong)
    assert refused.returncode == 2 and said in refused.stderr and refused.stderr.count("\n") == 1

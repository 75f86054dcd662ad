"""The OMOP 5.4 reference set: its rows to the cell, and eras made again beside those it came with."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from pathlib import Path

import pytest

from wardbench.core.omop.tables import TABLES, Column
from wardbench.core.store import Store
from wardbench.ward.ingest.eras import condition_eras
from wardbench.ward.ingest.ledger import LoadReport
from wardbench.ward.ingest.omop import load_omop

ROWS = {
    "person": 28,
    "observation_period": 28,
    "visit_occurrence": 1_791,
    "visit_detail": 1_791,
    "condition_occurrence": 470,
    "drug_exposure": 883,
    "procedure_occurrence": 1_649,
    "measurement": 10_040,
    "observation": 8_099,
    "device_exposure": 1,
    "death": 3,
    "concept": 2_294,
    "concept_relationship": 266_588,
    "concept_ancestor": 0,
    "condition_era": 469,
    "drug_era": 0,
}


@pytest.fixture(scope="module")
def source(shared: Path) -> Path:
    return shared / "data/omop_reference/eunomia_synthea27nj_5.4_csv"


@pytest.fixture(scope="module")
def loaded(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, LoadReport]:
    store = Store.open_or_create(tmp_path_factory.mktemp("reference") / "store")
    return store, load_omop(source, store)


def test_the_row_counts_are_exact_and_the_ledger_adds_up(loaded: tuple[Store, LoadReport]) -> None:
    store, report = loaded
    assert {name: report.tables[name] for name in ROWS} == ROWS
    assert len(report.tables) == 39
    assert {e.kind: e.written for e in report.ledger} == dict(report.tables)
    assert all(e.balanced and e.records == e.written for e in report.ledger)
    assert store.snapshot().made_from["vocabulary"] == "v5.0 09-APR-22*"
    assert store.snapshot().period() == ("1955-03-07", "2022-10-10")


def canonical(text: str, column: Column) -> object:
    """What a cell of the source means, in plain Python."""
    if text == "":
        return None
    if column.type == "integer":
        return int(float(text)) if "." in text else int(text)
    if column.type == "float":
        return float(text)
    if column.type == "date":
        return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 else text[:10]
    if column.type == "datetime":
        return text if len(text) > 10 else f"{text} 00:00:00"
    return text


@pytest.mark.parametrize("table", [name for name in ROWS if name != "concept_relationship"])
def test_every_cell_is_the_sources(source: Path, loaded: tuple[Store, LoadReport], table: str) -> None:
    path = source / f"{table.upper()}.csv"
    data = path.read_bytes() if path.exists() else gzip.decompress((source / f"{table.upper()}.csv.gz").read_bytes())
    rows = csv.DictReader(io.StringIO(data.decode(), newline=""))
    columns = TABLES[table].columns
    theirs = Counter(tuple(canonical(row[c.name], c) for c in columns) for row in rows)
    shown = ", ".join(f'"{c.name}"::VARCHAR' if c.sql_type in ("DATE", "TIMESTAMP") else f'"{c.name}"' for c in columns)
    with loaded[0].snapshot().connect() as con:
        ours = Counter(con.execute(f"SELECT {shown} FROM {table}").fetchall())
    assert ours == theirs


def test_loading_again_changes_nothing(source: Path, loaded: tuple[Store, LoadReport]) -> None:
    store, report = loaded
    assert load_omop(source, store).version == report.version
    assert store.versions() == [report.version]
    assert store.check() == [report.version]


def test_what_a_store_holds_loads_into_another_unchanged(loaded: tuple[Store, LoadReport], tmp_path: Path) -> None:
    store, report = loaded
    other = load_omop(store.snapshot().folder / "cdm", Store.open_or_create(tmp_path / "other"))
    assert other.version == report.version


def test_condition_eras_made_from_the_occurrences_are_the_published_ones(loaded: tuple[Store, LoadReport]) -> None:
    columns = (
        "person_id, condition_concept_id, condition_era_start_date, condition_era_end_date, condition_occurrence_count"
    )
    with loaded[0].snapshot().connect() as con:
        made = con.execute(f"SELECT {columns} FROM ({condition_eras()}) ORDER BY ALL").fetchall()
        published = con.execute(f"SELECT {columns} FROM condition_era ORDER BY ALL").fetchall()
    assert len(made) == 469
    assert made == published

"""Through the front door: a load of the campus's FHIR gives the rows of the store that is written directly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from wardbench.core.omop.tables import TABLES
from wardbench.core.store import Snapshot, Store
from wardbench.synthetic import definitions, write_fhir, write_store
from wardbench.ward.ingest.fhir.load import load_fhir

PERSONS, SEED = 300, 5
COMPARED = (
    "person",
    "observation_period",
    "death",
    "visit_occurrence",
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
    "specimen",
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    """The store that was written directly, and the one that was loaded."""
    folder = tmp_path_factory.mktemp("synthetic")
    direct, _ = write_store(folder / "direct", PERSONS, SEED)
    write_fhir(folder / "fhir", PERSONS, SEED)
    loaded = Store.open_or_create(folder / "loaded")
    load_fhir([folder / "fhir"], loaded)
    return direct, loaded.snapshot()


@pytest.fixture(scope="module")
def con(stores: tuple[Snapshot, Snapshot]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Views of both stores' tables, direct_TABLE and loaded_TABLE."""
    with duckdb.connect() as con:
        for prefix, snapshot in zip(("direct", "loaded"), stores, strict=True):
            for name in (*COMPARED, "concept"):
                con.execute(f"CREATE VIEW {prefix}_{name} AS SELECT * FROM read_parquet('{snapshot.path(name)}')")
        yield con


@pytest.mark.parametrize("name", COMPARED)
def test_rows_are_equal_but_for_the_keys_a_load_makes_itself(con: duckdb.DuckDBPyConnection, name: str) -> None:
    keys = {"person_id", "visit_occurrence_id", "provider_id", "care_site_id", "location_id", f"{name}_id"}
    columns = ", ".join(f'"{c.name}"' for c in TABLES[name].columns if c.name not in keys)

    def rows(prefix: str) -> str:
        person = f"(SELECT person_id, person_source_value AS who FROM {prefix}_person)"
        filled = ", ".join(f"{key} IS NOT NULL" for key in sorted(keys & set(TABLES[name].column_names)))
        return f"SELECT who, {columns}, {filled} FROM {prefix}_{name} JOIN {person} USING (person_id)"

    total = con.execute(f"SELECT count(*) FROM direct_{name}").fetchone()
    assert total is not None and total[0] > 10
    for one, other in (("direct", "loaded"), ("loaded", "direct")):
        assert con.execute(f"{rows(one)} EXCEPT ALL {rows(other)} LIMIT 1").fetchall() == []


def test_source_codes_have_the_same_concepts(con: duckdb.DuckDBPyConnection) -> None:
    select = "SELECT concept_id, concept_code, vocabulary_id FROM {}_concept WHERE concept_id >= 2000000000"
    for one, other in (("direct", "loaded"), ("loaded", "direct")):
        assert con.execute(f"{select.format(one)} EXCEPT ALL {select.format(other)}").fetchall() == []


def test_definitions_are_the_same_for_both_stores(tmp_path: Path, stores: tuple[Snapshot, Snapshot]) -> None:
    found = []
    for snapshot in stores:
        with snapshot.connect() as con:
            document = definitions.definition(con, "new-metformin")
        found.append([i["concept"]["CONCEPT_ID"] for s in document["ConceptSets"] for i in s["expression"]["items"]])
    assert found[0] == found[1] and found[0]

"""One hundred Synthea patients: the counts that are known, and what must never be stored."""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from wardbench.core.store import Snapshot, Store
from wardbench.ward.ingest.fhir.load import load_fhir, remap
from wardbench.ward.ingest.fhir.origin import resources_of_rows
from wardbench.ward.ingest.ledger import LoadReport

RESOURCES = {
    "AllergyIntolerance": 32,
    "CarePlan": 257,
    "Claim": 3229,
    "Condition": 652,
    "DiagnosticReport": 962,
    "Encounter": 2546,
    "ExplanationOfBenefit": 2546,
    "Goal": 181,
    "ImagingStudy": 48,
    "Immunization": 1190,
    "MedicationRequest": 683,
    "Observation": 13597,
    "Organization": 67,
    "Patient": 100,
    "Practitioner": 67,
    "Procedure": 1991,
}


@pytest.fixture(scope="module")
def source(shared: Path) -> Path:
    return shared / "data/fhir_synthea_100/ndjson"


@pytest.fixture(scope="module")
def loaded(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[LoadReport, Store]:
    store = Store.open_or_create(tmp_path_factory.mktemp("synthea") / "store")
    return load_fhir([source], store), store


@pytest.fixture(scope="module")
def snapshot(loaded: tuple[LoadReport, Store]) -> Snapshot:
    return loaded[1].snapshot()


def unpacked(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def count(snapshot: Snapshot, sql: str) -> Any:
    with snapshot.connect() as con:
        row = con.execute(f"SELECT count(*) FROM {sql}").fetchone()
    assert row is not None
    return row[0]


def test_the_known_counts(snapshot: Snapshot) -> None:
    origin = resources_of_rows(snapshot)
    assert count(snapshot, "person") == 100
    assert count(snapshot, "death") == 19
    assert count(snapshot, "visit_occurrence") == 2546
    assert count(snapshot, f"drug_exposure JOIN {origin} ON row_id = drug_exposure_id") == 1873
    for kind, rows in (("MedicationRequest", 683), ("Immunization", 1190)):
        of_kind = f"drug_exposure JOIN {origin} ON row_id = drug_exposure_id WHERE resource_type = '{kind}'"
        assert count(snapshot, of_kind) == rows
    assert count(snapshot, "condition_occurrence") == 652
    assert count(snapshot, "procedure_occurrence") == 1991
    # 13,597 resources; 832 of them panels without a value of their own, with two components each.
    assert count(snapshot, "measurement") + count(snapshot, "observation") - 32 == 13597 - 832 + 1664


def test_the_ledger_adds_up_for_all_types(loaded: tuple[LoadReport, Store]) -> None:
    report = loaded[0]
    report.check()
    assert {entry.kind: entry.records for entry in report.by_kind()} == RESOURCES
    assert report.quarantined == 0
    assert not report.unresolved


def test_every_row_has_its_person_and_its_visit(snapshot: Snapshot) -> None:
    for table in ("condition_occurrence", "drug_exposure", "procedure_occurrence", "measurement", "observation"):
        assert count(snapshot, f"{table} ANTI JOIN person USING (person_id)") == 0
        without = f"{table} ANTI JOIN visit_occurrence USING (visit_occurrence_id)"
        assert count(snapshot, without) == (32 if table == "observation" else 0)


def test_source_concepts_lead_back_to_the_codes(snapshot: Snapshot) -> None:
    assert count(snapshot, "condition_occurrence WHERE condition_concept_id <> 0") == 0
    assert (
        count(
            snapshot,
            "condition_occurrence JOIN concept ON concept_id = condition_source_concept_id"
            " AND concept_code = condition_source_value WHERE concept_id >= 2000000000",
        )
        == 652
    )


def test_no_name_address_or_identifier_is_stored(source: Path, snapshot: Snapshot) -> None:
    secrets: set[str] = set()
    for line in unpacked(source / "Patient.ndjson.gz"):
        person = json.loads(line)
        secrets |= {name["family"] for name in person["name"]}
        secrets |= {place["city"] for place in person["address"]} | {a for p in person["address"] for a in p["line"]}
        secrets |= {entry["value"] for entry in person["identifier"]} - {person["id"]}
        secrets |= {entry["value"] for entry in person["telecom"]}
    with snapshot.connect() as con:
        for path in snapshot.folder.rglob("*.parquet"):
            columns = [c[0] for c in con.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall() if c[1] == "VARCHAR"]
            for column in columns:
                found = {r[0] for r in con.execute(f"SELECT DISTINCT \"{column}\" FROM '{path}'").fetchall()}
                assert not found & secrets, (path.name, column)


def test_shuffled_and_regrouped_files_give_the_same_store(source: Path, snapshot: Snapshot, tmp_path: Path) -> None:
    shuffle = random.Random(7)
    for path in source.glob("*.ndjson.gz"):
        lines = unpacked(path)
        shuffle.shuffle(lines)
        kind = path.name.removesuffix(".ndjson.gz")
        half = len(lines) // 2
        target = tmp_path / "in" / kind
        target.mkdir(parents=True)
        (target / f"{kind}.001.ndjson").write_bytes(b"".join(lines[:half]))
        (target / f"{kind}.000.ndjson.gz").write_bytes(gzip.compress(b"".join(lines[half:]), 1))
    store = Store.open_or_create(tmp_path / "store")
    assert load_fhir([tmp_path / "in"], store).version == snapshot.version


def test_one_file_of_all_types_gives_the_same_store(source: Path, snapshot: Snapshot, tmp_path: Path) -> None:
    """Through the line-by-line reader, that is."""
    lines = [line for path in source.glob("*.ndjson.gz") for line in unpacked(path)]
    random.Random(8).shuffle(lines)
    (tmp_path / "all.ndjson").write_bytes(b"".join(lines))
    store = Store.open_or_create(tmp_path / "store")
    assert load_fhir([tmp_path / "all.ndjson"], store).version == snapshot.version


def test_mapping_later_equals_loading_with_the_vocabulary(shared: Path, source: Path, tmp_path: Path) -> None:
    def vocabulary(store: Store) -> None:
        folder = shared / "data/omop_reference/eunomia_synthea27nj_5.4_csv"
        kept = store.snapshot() if store.versions() else None
        with store.draft() as draft, draft.connect() as con:
            for name in ("CONCEPT.csv", "CONCEPT_RELATIONSHIP.csv.gz"):
                table = name.split(".")[0].lower()
                draft.write(con, table, f"SELECT * FROM read_csv('{folder / name}', header = true, nullstr = '')")
            if kept:
                for layer in ("source", "extra"):
                    for table in kept.layer(layer):  # type: ignore[arg-type]
                        draft.keep(kept, table, layer=layer)  # type: ignore[arg-type]
            draft.commit({**(kept.made_from if kept else {}), "vocabulary": "Eunomia"})

    before, after = Store.open_or_create(tmp_path / "a"), Store.open_or_create(tmp_path / "b")
    vocabulary(before)
    load_fhir([source], before)
    load_fhir([source], after)
    vocabulary(after)
    remap(after)
    assert before.snapshot().version == after.snapshot().version
    snapshot = after.snapshot()
    assert count(snapshot, "person") == 100
    # Nearly every condition of this set is known to this vocabulary; a few are findings of other domains.
    assert count(snapshot, f"{resources_of_rows(snapshot)} WHERE resource_type = 'Condition'") == 652
    assert count(snapshot, "condition_occurrence WHERE condition_concept_id > 0") > 500
    assert count(snapshot, "measurement WHERE measurement_concept_id > 0 AND unit_concept_id > 0") > 10_000


SCRIPT = """
import sys
from pathlib import Path
from wardbench.core.store import Store
from wardbench.ward.ingest.fhir.load import load_fhir
load_fhir([Path(sys.argv[1])], Store.open_or_create(sys.argv[2]))
"""


def test_a_killed_load_leaves_the_old_snapshot_or_the_new(root: Path, source: Path, tmp_path: Path) -> None:
    first = tmp_path / "first.ndjson"
    first.write_text('{"resourceType": "Patient", "id": "before", "birthDate": "1960"}\n')
    old = load_fhir([first], Store.open_or_create(tmp_path / "old")).version
    small = tmp_path / "in"
    small.mkdir()
    for kind in ("Patient", "Encounter", "Condition"):
        shutil.copy(source / f"{kind}.ndjson.gz", small)
    new = load_fhir([small], Store.open_or_create(tmp_path / "new")).version
    chance = random.Random(50)
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    for number in range(50):
        folder = tmp_path / f"store{number}"
        shutil.copytree(tmp_path / "old", folder)
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(small), str(folder)], env=environment)
        time.sleep(chance.uniform(0.2, 1.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        snapshot = Store.open(folder).snapshot()
        people = {old: 1, new: 100}[snapshot.version]
        assert count(snapshot, "person") == people
    assert load_fhir([small], Store.open(folder)).version == new
    assert not (folder / ".drafts").exists()

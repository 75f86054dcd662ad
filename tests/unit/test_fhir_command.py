"""`wardbench load fhir` and `wardbench bench` as they are typed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fhir_resources import Json, coded, condition, observation, of, patient, write

from wardbench.core.store import Store
from wardbench.ward.ingest.fhir.load import load_fhir


def run(root: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "WARDBENCH_ROOT": str(root), "COLUMNS": "120"}
    command = [sys.executable, "-m", "wardbench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    lost = condition("c2", encounter={"reference": "Encounter/lost"})
    known = {"status": "active", "intent": "plan", "authoredOn": "2020-01-01"}
    planned: Json = of("MedicationRequest", "m", medicationCodeableConcept=coded("1"), **known)
    return write(
        tmp_path / "in/all.ndjson", [patient(), condition(), lost, planned, {"resourceType": "Goal", "id": "g"}]
    )


def test_the_report_as_tables(root: Path, source: Path, tmp_path: Path) -> None:
    result = run(root, "load", "fhir", source, "--store", tmp_path / "store")
    assert result.returncode == 0, result.stderr
    for text in ("5 records in 1 files", "not mapped: Goal", "intent plan", "Condition.encounter", "38341003"):
        assert text in result.stdout
    assert Store.open(tmp_path / "store").snapshot().version in result.stdout


def test_the_report_as_json(root: Path, source: Path, tmp_path: Path) -> None:
    result = run(root, "load", "fhir", source, "--store", tmp_path / "store", "--intent", "plan", "--json")
    report = json.loads(result.stdout)
    assert report["tables"]["drug_exposure"] == 1
    assert report["tables"]["person"] == 1
    assert report["unresolved"] == {
        "records": 1,
        "ranked": [{"field": "Condition.encounter", "target": "Encounter", "records": 1, "different": 1}],
    }
    assert report["unmapped"]["codes"] == 2
    for entry in report["ledger"]:
        assert entry["records"] == entry["written"] + sum(entry["excluded"].values()) + entry["quarantined"]


def test_a_broken_line_has_an_exit_code_and_one_sentence(root: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "Patient.ndjson", b'{"resourceType": "Patient", "id": "p1", "birthDate": "1960"}\n{\n')
    refused = run(root, "load", "fhir", path, "--store", tmp_path / "store")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "Patient.ndjson, line 2" in refused.stderr
    loaded = run(root, "load", "fhir", path, "--store", tmp_path / "store", "--allow-quarantine", "--json")
    assert loaded.returncode == 0
    assert json.loads(loaded.stdout)["quarantined"] == 1


def test_a_benchmark_that_is_not_there(root: Path) -> None:
    result = run(root, "bench", "nothing")
    assert result.returncode == 3
    assert "ingest" in result.stderr


FULL = """
import sys
from pathlib import Path
from wardbench.core.errors import StorageError
from wardbench.core.store import Store
from wardbench.ward.ingest.fhir.load import load_fhir
try:
    load_fhir([Path(sys.argv[1])], Store.open(sys.argv[2]))
except StorageError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_store_as_it_was(root: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        store = Store.open_or_create(disk / "store")
        before = load_fhir([write(tmp_path / "first.ndjson", [patient()])], store).version
        many = [patient(), *(observation(f"{n * 7919:x}-{n:x}", valueString=f"{n * n:x}") for n in range(60_000))]
        result = subprocess.run(
            [sys.executable, "-c", FULL, str(write(tmp_path / "many.ndjson", many)), str(store.folder)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root / "src")},
        )
        assert "no space left on the disk" in result.stdout, result.stderr
        assert store.snapshot().version == before
        assert not (store.folder / ".drafts").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)

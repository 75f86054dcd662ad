"""A campus as FHIR: valid lines, references that lead somewhere, and the same counts as the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from wardbench.core.errors import InputError
from wardbench.synthetic import resources, write_fhir, write_store

PERSONS, SEED = 250, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("synthetic") / "fhir"
    write_fhir(target, PERSONS, SEED)
    return target


@pytest.fixture(scope="module")
def lines(folder: Path) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for path in sorted(folder.iterdir()):
        for line in path.read_bytes().splitlines():
            resource = msgspec.json.decode(line)
            assert resource["resourceType"] == path.stem
            found[path.stem].append(resource)
    return found


def inside(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value below `value`."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield key, below
            yield from inside(below)
    elif isinstance(value, list):
        for below in value:
            yield from inside(below)


def test_every_reference_leads_to_a_resource_and_every_id_is_its_own(lines: dict[str, list[dict[str, Any]]]) -> None:
    there = {f"{kind}/{resource['id']}" for kind, all_of in lines.items() for resource in all_of}
    assert len(there) == sum(map(len, lines.values()))
    references = [v for all_of in lines.values() for r in all_of for k, v in inside(r) if k == "reference"]
    assert len(references) > len(there)
    assert set(references) <= there


def test_nothing_is_null_or_empty(lines: dict[str, list[dict[str, Any]]]) -> None:
    for all_of in lines.values():
        for resource in all_of:
            assert all(value not in (None, "", [], {}) for _, value in inside(resource)), resource


def test_times_carry_their_offset_and_events_lie_in_their_day(lines: dict[str, list[dict[str, Any]]]) -> None:
    start = {visit["id"]: visit["period"]["start"] for visit in lines["Encounter"]}
    for observation in lines["Observation"]:
        at = observation["effectiveDateTime"]
        assert at.endswith("+01:00") and len(at) == len("2020-01-01T00:00:00+01:00")
        assert at[:10] == start[observation["encounter"]["reference"].removeprefix("Encounter/")][:10]
    for visit in lines["Encounter"]:
        assert visit["period"]["start"] <= visit["period"]["end"]
    for specimen in lines["Specimen"]:
        assert specimen["collection"]["collectedDateTime"] < specimen["receivedTime"]


def test_what_a_resource_may_lack_is_there_where_it_should_be(lines: dict[str, list[dict[str, Any]]]) -> None:
    dead = [patient for patient in lines["Patient"] if "deceasedDateTime" in patient]
    assert 0 < len(dead) < PERSONS
    classes = {visit["class"]["code"] for visit in lines["Encounter"]}
    assert classes == {"AMB", "EMER", "IMP"}
    for visit in lines["Encounter"]:
        assert ("hospitalization" in visit) == (visit["class"]["code"] == "IMP")
    died = [v for v in lines["Encounter"] if "exp" in msgspec.json.encode(v.get("hospitalization", "")).decode()]
    assert {v["subject"]["reference"] for v in died} <= {f"Patient/{patient['id']}" for patient in dead}
    values = [o for o in lines["Observation"] if "component" not in o]
    assert all(("valueQuantity" in o) != ("valueCodeableConcept" in o) for o in values)
    laboratory = [o for o in values if o["category"][0]["coding"][0]["code"] == "laboratory" and "valueQuantity" in o]
    assert laboratory and all(len(o["referenceRange"]) == 1 for o in laboratory)
    abated = [c for c in lines["Condition"] if "abatementDateTime" in c]
    assert all(c["onsetDateTime"][:10] <= c["abatementDateTime"] for c in abated)
    resolved = [c for c in lines["Condition"] if c["clinicalStatus"]["coding"][0]["code"] == "resolved"]
    assert 0 < len(resolved) <= len(abated) < len(lines["Condition"])


def test_the_store_of_the_same_campus_has_the_same_rows(tmp_path: Path, lines: dict[str, list[dict[str, Any]]]) -> None:
    snapshot, _ = write_store(tmp_path / "store", PERSONS, SEED)
    rows = {name: table.rows for name, table in snapshot.tables.items()}
    measured = [o for o in lines["Observation"] if o["category"][0]["coding"][0]["code"] != "social-history"]
    assert rows["person"] == len(lines["Patient"])
    assert rows["visit_occurrence"] == len(lines["Encounter"])
    assert rows["condition_occurrence"] == len(lines["Condition"])
    assert rows["drug_exposure"] == sum(
        len(lines[kind]) for kind in ("MedicationRequest", "MedicationAdministration", "Immunization")
    )
    assert rows["measurement"] == sum(len(o.get("component", [o])) for o in measured)
    assert rows["specimen"] == len(lines["Specimen"])
    assert rows["procedure_occurrence"] == len(lines["Procedure"])
    assert rows["death"] == sum("deceasedDateTime" in patient for patient in lines["Patient"])


def test_the_same_campus_has_the_same_bytes_and_other_blocks_the_same_lines(tmp_path: Path, folder: Path) -> None:
    write_fhir(tmp_path / "again", PERSONS, SEED)
    write_fhir(tmp_path / "blocks", PERSONS, SEED, block=41)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
        assert sorted(path.read_bytes().splitlines()) == sorted(
            (tmp_path / "blocks" / path.name).read_bytes().splitlines()
        )
    assert (tmp_path / "again.truths.json").read_bytes() == folder.with_name("fhir.truths.json").read_bytes()


def test_what_is_there_already_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(InputError, match="something here already"):
        write_fhir(tmp_path, 10, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["note"]


def test_a_campus_that_cannot_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(done: float, total: float, what: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_fhir(tmp_path / "fhir", 20, 1, block=10, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_template_keeps_quotes_and_joins_its_lines() -> None:
    assert resources.expression('{"a":"it\'s",\n    "b":«1 +\n 1»}') == """'{"a":"it''s","b":' || (1 +\n 1) || '}'"""

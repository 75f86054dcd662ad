"""Mapping with a vocabulary, at the load or after it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from fhir_resources import RXNORM, coded, condition, lab, observation, of, patient, rows, write

from wardbench.core.errors import UnsupportedError
from wardbench.core.omop.local_concepts import local_concept_ids
from wardbench.core.store import Snapshot, Store
from wardbench.ward.ingest.fhir.load import load_fhir, remap
from wardbench.ward.ingest.fhir.origin import resources_of_rows

CONCEPTS = [
    (1, "Hypertension", "Condition", "SNOMED", "Finding", "S", "38341003"),
    (2, "Old hypertension", "Condition", "SNOMED", "Finding", None, "old"),
    (3, "Allergy status", "Observation", "SNOMED", "Finding", "S", "finding"),
    (4, "Blood test", "Measurement", "SNOMED", "Procedure", "S", "test"),
    (5, "Height", "Measurement", "LOINC", "Lab", "S", "8302-2"),
    (6, "milligram per decilitre", "Unit", "UCUM", "Unit", "S", "mg/dL"),
    (7, "Paracetamol", "Drug", "RxNorm", "Ingredient", "S", "161"),
    (8, "Positive", "Meas Value", "SNOMED", "Value", "S", "pos"),
    (9, "Two things", "Condition", "SNOMED", "Finding", None, "two"),
    (10, "With value", "Observation", "SNOMED", "Finding", None, "valued"),
]
RELATIONS = [
    (2, 1, "Maps to"),
    (9, 1, "Maps to"),
    (9, 3, "Maps to"),
    (10, 3, "Maps to"),
    (10, 8, "Maps to value"),
]
LOCAL = [("L1", "http://local", 4), ("L2", "http://local", 1)]


def local_id(system: str, code: str) -> int:
    return local_concept_ids([(system, code)])[system, code]


def with_vocabulary(store: Store, local: Iterable[tuple[str, str, int]] = LOCAL) -> None:
    """Publish a snapshot with a small vocabulary, beside what the store holds."""
    current = store.snapshot() if store.versions() else None

    def values(table: Iterable[tuple[Any, ...]]) -> str:
        return ", ".join("(" + ", ".join("NULL" if v is None else repr(v) for v in row) + ")" for row in table)

    with store.draft() as draft, draft.connect() as con:
        concept = "concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code"
        draft.write(con, "concept", f"SELECT * FROM (VALUES {values(CONCEPTS)}) t({concept})")
        relation = "concept_id_1, concept_id_2, relationship_id"
        draft.write(con, "concept_relationship", f"SELECT * FROM (VALUES {values(RELATIONS)}) t({relation})")
        mapped = "source_code, source_vocabulary_id, target_concept_id"
        draft.write(con, "source_to_concept_map", f"SELECT * FROM (VALUES {values(local)}) t({mapped})")
        for layer in ("source", "extra"):
            for name in current.layer(layer) if current else ():  # type: ignore[arg-type]
                draft.keep(current, name, layer=layer)  # type: ignore[arg-type]
        draft.commit({**(current.made_from if current else {}), "vocabulary": "test"})


RESOURCES = [
    patient(),
    condition("standard"),
    condition("old", code="old"),
    condition("refuted", verificationStatus=coded("refuted")),
    condition("finding", code="finding"),
    condition("local") | {"code": coded("L1", "http://local")},
    condition("unknown", code="unknown"),
    condition("two", code="two"),
    condition("valued", code="valued"),
    condition("other") | {"code": {"coding": [coded("?")["coding"][0], {"system": "http://local", "code": "L2"}]}},
    observation(**lab(180, valueCodeableConcept=None)),
    observation("answered", code="8302-2", valueCodeableConcept=coded("pos")),
    of("AllergyIntolerance", "drug", code=coded("161", RXNORM), category=["medication"], recordedDate="2020-01-01"),
    of("AllergyIntolerance", "state", code=coded("finding"), category=["medication"], recordedDate="2020-01-01"),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("in") / "all.ndjson", RESOURCES)


@pytest.fixture(scope="module")
def snapshot(source: Path) -> Snapshot:
    store = Store.open_or_create(source.parent / "store")
    with_vocabulary(store)
    load_fhir([source], store)
    return store.snapshot()


def linked(snapshot: Snapshot, table: str, key: str, columns: str) -> list[tuple[Any, ...]]:
    origin = resources_of_rows(snapshot)
    return rows(snapshot, f"SELECT resource_id, {columns} FROM {table} JOIN {origin} ON row_id = {key} ORDER BY ALL")


def test_conditions_by_their_standard_concepts(snapshot: Snapshot) -> None:
    found = linked(
        snapshot,
        "condition_occurrence",
        "condition_occurrence_id",
        "condition_concept_id, condition_source_concept_id, condition_source_value",
    )
    assert found == [
        ("old", 1, 2, "old"),
        ("other", 1, local_id("http://local", "L2"), "L2"),
        ("standard", 1, 1, "38341003"),
        ("two", 1, 9, "two"),
        ("unknown", 0, local_id("http://snomed.info/sct", "unknown"), "unknown"),
    ]


def test_a_record_goes_where_the_domain_of_its_concept_says(snapshot: Snapshot) -> None:
    observations = linked(snapshot, "observation", "observation_id", "observation_concept_id, value_as_concept_id")
    assert observations == [
        ("drug", 439224, 7),
        ("finding", 3, None),
        ("refuted", 1, None),
        ("state", 3, None),
        ("two", 3, None),
        ("valued", 3, 8),
    ]
    measurements = linked(
        snapshot,
        "measurement",
        "measurement_id",
        "measurement_concept_id, value_as_concept_id, unit_concept_id, measurement_source_value",
    )
    assert measurements == [
        ("answered", 5, 8, None, "8302-2"),
        ("local", 4, None, None, "L1"),
        ("o1", 5, None, 6, "8302-2"),
    ]


def test_what_stays_unmapped_is_listed(snapshot: Snapshot) -> None:
    unmapped = snapshot.path("unmapped_code", "extra")
    assert rows(snapshot, f"SELECT field, system, code, records FROM '{unmapped}'") == [
        ("Condition.code", "http://snomed.info/sct", "?", 1),
        ("Condition.code", "http://snomed.info/sct", "unknown", 1),
    ]


def test_the_vocabulary_stays_and_only_unknown_codes_are_added(snapshot: Snapshot) -> None:
    codes = rows(snapshot, "SELECT concept_code FROM concept WHERE concept_id >= 2000000000 ORDER BY 1")
    assert codes == [("?",), ("L1",), ("L2",), ("unknown",)]
    assert rows(snapshot, "SELECT count(*) FROM concept") == [(len(CONCEPTS) + 4,)]
    assert snapshot.tables["concept_relationship"].rows == len(RELATIONS)
    assert snapshot.has_vocabulary


def test_mapping_again_gives_what_a_load_would_have_given(source: Path, snapshot: Snapshot, tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "later")
    load_fhir([source], store)
    before = store.snapshot()
    assert rows(before, "SELECT max(condition_concept_id) FROM condition_occurrence") == [(0,)]
    with_vocabulary(store)
    assert remap(store).version == snapshot.version
    assert remap(store).version == snapshot.version
    assert load_fhir([source], store).version == snapshot.version


def test_only_what_came_from_fhir_can_be_mapped_again(tmp_path: Path) -> None:
    store = Store.open_or_create(tmp_path / "store")
    with_vocabulary(store)
    with pytest.raises(UnsupportedError):
        remap(store)


def test_the_hospitals_own_map_goes_first(tmp_path: Path, source: Path) -> None:
    store = Store.open_or_create(tmp_path / "store")
    with_vocabulary(store, local=[("old", "SNOMED", 4)])
    load_fhir([source], store)
    found = linked(store.snapshot(), "measurement", "measurement_id", "measurement_concept_id")
    assert [row for row in found if row[0] == "old"] == [("old", 4)]

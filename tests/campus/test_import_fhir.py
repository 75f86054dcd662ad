"""FHIR Specimen read into rows: MIABIS on FHIR, BBMRI.de, plain R4, and what is hostile or none of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardbench.campus.biobank.imports import fhir, files, matching, reading
from wardbench.core.errors import InputError

MIABIS = "https://fhir.bbmri-eric.eu"


def coded(code: str, system: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"value": "D0001"}],
    "gender": "female",
    "birthDate": "1960-05",
}
BLOOD = {
    "resourceType": "Specimen",
    "id": "s1",
    "identifier": [{"value": "S-1"}, {"value": "LAB-77"}],
    "status": "available",
    "type": coded("WholeBlood", f"{MIABIS}/CodeSystem/miabis-detailed-samply-type-cs"),
    "subject": {"reference": "Patient/p1"},
    "collection": {"collectedDateTime": "2024-01-31T10:15:00+01:00", "bodySite": coded("C50.1")},
    "processing": [
        {
            "extension": [
                {
                    "url": f"{MIABIS}/StructureDefinition/miabis-sample-storage-temperature-extension",
                    "valueCodeableConcept": coded("-60to-85"),
                }
            ]
        }
    ],
}
DNA = {
    "resourceType": "Specimen",
    "id": "s2",
    "identifier": [{"value": "S-2"}],
    "type": coded("dna", "https://fhir.bbmri.de/CodeSystem/SampleMaterialType"),
    "subject": {"reference": "urn:uuid:1"},
    "parent": [{"reference": "Specimen/s1"}],
    "container": [{"description": "Box 7", "specimenQuantity": {"value": 1.5, "code": "ug"}}],
    "extension": [
        {
            "url": "https://fhir.bbmri.de/StructureDefinition/SampleDiagnosis",
            "valueCodeableConcept": coded("C18.7", "http://hl7.org/fhir/sid/icd-10"),
        }
    ],
}
OBSERVATION = {
    "resourceType": "Observation",
    "specimen": {"reference": "Specimen/s1"},
    "valueCodeableConcept": coded("C50.9", "http://hl7.org/fhir/sid/icd-10"),
}


def bundle(*resources: dict[str, Any]) -> bytes:
    entries = [{"fullUrl": f"urn:uuid:{n}", "resource": one} for n, one in enumerate(resources, 1)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def rows(data: bytes) -> list[dict[str, str]]:
    table = reading.read(data)
    assert table.kind == "fhir"
    return [{header: cell for header, cell in zip(table.headers, row, strict=True) if cell} for row in table.rows]


def test_a_bundle_gives_a_row_for_each_specimen() -> None:
    blood, dna = rows(bundle(PATIENT, BLOOD, DNA, OBSERVATION))
    donor = {"Donor": "D0001", "Sex": "female", "Year of birth": "1960"}
    assert blood == {
        **donor,
        "Label": "S-1",
        "Name elsewhere": "LAB-77",
        "Material": "WholeBlood",
        "Taken at": "2024-01-31T10:15:00+01:00",
        "Anatomical site": "C50.1",
        "Diagnosis": "C50.9",
        "What became of it": "available",
        "Storage temperature": "-60to-85",
    }
    assert dna == {
        **donor,
        "Label": "S-2",
        "Name elsewhere": "s2",
        "Material": "DNA",
        "Made of": "S-1",
        "Amount": "1.5",
        "Unit": "µg",
        "Box": "Box 7",
        "Diagnosis": "C18.7",
    }


def test_lines_of_resources_and_lists_say_the_same() -> None:
    lines = "\n".join(json.dumps(one) for one in (PATIENT, BLOOD)).encode()
    assert rows(lines) == rows(json.dumps([PATIENT, BLOOD]).encode()) == rows(b"\xef\xbb\xbf" + bundle(PATIENT, BLOOD))


def test_every_column_is_known() -> None:
    table = files.Table(fhir.HEADERS, (1,), (("",) * len(fhir.HEADERS),))
    assert "" not in matching.proposed(table, {})


def test_without_identifiers_the_ids_are_the_labels_and_references_are_enough() -> None:
    one = {
        "resourceType": "Specimen",
        "id": "x",
        "type": {"text": "EDTA plasma"},
        "subject": {"reference": "Patient/9"},
    }
    child = {"resourceType": "Specimen", "id": "y", "parent": [{"reference": "https://a.example/Specimen/elsewhere"}]}
    assert rows(bundle(one, child)) == [
        {"Label": "x", "Material": "Plasma", "Donor": "9"},
        {"Label": "y", "Made of": "elsewhere"},
    ]


def test_a_year_alone_is_its_first_day_and_is_said() -> None:
    table = reading.read(bundle({**BLOOD, "collection": {"collectedDateTime": "2019"}}))
    assert "2019-01-01" in table.rows[0] and len(table.told) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{}", "no FHIR Specimen"),
        (b"[1, 2]", "no FHIR Specimen"),
        (b'{"resourceType": "Bundle", "entry": {}}', "no FHIR Specimen"),
        (b"{", "Line 1 is no JSON"),
        (b"[" * 200_000, "JSON"),
        (b'{"a": ' * 200_000, "JSON"),
    ],
)
def test_what_is_no_fhir_is_refused_in_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        reading.read(data)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("id", "identifier", "type", "subject", "collection", "container", "parent", "extension", "processing", "status")


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING), st.dictionaries(st.sampled_from(KEYS), ANYTHING))
def test_whatever_a_resource_holds_it_is_a_row(one: dict[str, Any], other: dict[str, Any]) -> None:
    data = bundle({**one, "resourceType": "Specimen"}, {**other, "resourceType": "Patient", "id": "p1"})
    table = reading.read(data)
    assert len(table.rows) == 1 and files.unpacked(files.packed(table)) == table


def test_half_letters_are_kept_out() -> None:
    table = reading.read(b'{"resourceType": "Specimen", "id": "a\\ud800b"}')
    assert table.rows == (("a?b",),) and files.packed(table)

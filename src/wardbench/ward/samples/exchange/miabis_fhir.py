"""MIABIS on FHIR 1.3 (R4): a bundle of biobanks, collections, donors, samples and their diagnoses, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wardbench.core.miabis import aggregate
from wardbench.ward.samples.exchange import fhir
from wardbench.ward.samples.exchange.fhir import Resource, concept, filled
from wardbench.ward.samples.exchange.inventory import Biobank, Collection, Extent, Inventory, Sample
from wardbench.ward.samples.exchange.losses import ordered

BASE = "https://fhir.bbmri-eric.eu"
FILE = "miabis-on-fhir.json"
TEMPERATURES = {"below-135": "LN", "LNvapour": "LN", "LNliquid": "LN"}
BACK = {"LN": "LNvapour"}
"""FHIR has one code for the three coldest temperatures of MIABIS."""
DATASETS = {"Lifestyle": "Lifesyle"}
"""As the code system spells it."""
_BIOBANK = {
    "infrastructural": ("miabis-infrastructural-capabilities-extension", "miabis-infrastructural-capabilities-cs"),
    "organisational": ("miabis-organisational-capabilities-extension", "miabis-organisational-capabilities-cs"),
    "bioprocessing": (
        "miabis-bioprocessing-and-analytical-capabilities-extension",
        "miabis-bioprocessing-and-analytical-capabilities-cs",
    ),
    "quality_standards": ("miabis-quality-management-standard-extension", ""),
}
_COLLECTION = {
    "dataset_types": ("miabis-collection-dataset-type-extension", "miabis-collection-dataset-typeCS"),
    "settings": ("miabis-sample-collection-setting-extension", "miabis-sample-collection-setting-cs"),
    "designs": ("miabis-collection-design-extension", "miabis-collection-design-cs"),
    "use_conditions": ("miabis-use-and-access-conditions-extension", "miabis-use-and-access-conditions-cs"),
    "publications": ("miabis-publications-extension", ""),
}
"""Fields with several values: the extension, and the code system of its values (none: texts)."""


def _profile(name: str) -> str:
    return f"{BASE}/StructureDefinition/{name}"


def _system(name: str) -> str:
    return f"{BASE}/CodeSystem/{name}"


def _text(name: str, value: str) -> list[Resource]:
    return [{"url": _profile(name), "valueString": value}] if value else []


def _coded(name: str, system: str, code: str) -> list[Resource]:
    return [{"url": _profile(name), "valueCodeableConcept": concept(_system(system), code)}] if code else []


def _lists(one: Any, lists: Mapping[str, tuple[str, str]]) -> list[Resource]:
    found: list[Resource] = []
    for field, (name, system) in lists.items():
        for value in getattr(one, field):
            code = DATASETS.get(value, value) if field == "dataset_types" else value
            found += _coded(name, system, code) if system else _text(name, code)
    return found


def _read_lists(said: Resource, lists: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found = {}
    spelt = {code: value for value, code in DATASETS.items()}
    for field, (name, system) in lists.items():
        values = fhir.extensions(said, _profile(name))
        codes = [fhir.code_of(value) if system else str(value) for value in values]
        found[field] = tuple(spelt.get(code, code) if field == "dataset_types" else code for code in codes)
    return found


def write(inventory: Inventory) -> dict[str, bytes]:
    """A bundle in one file."""
    banks = {one.code: one for one in inventory.biobanks}
    made: list[Resource] = []
    for one in inventory.biobanks:
        made += _biobank(one)
    for collection in inventory.collections:
        bank = banks.get(collection.biobank, Biobank(collection.biobank, ""))
        made += _collection(collection, bank, inventory.extents.get(collection.code, Extent()))
    made += [fhir.patient(one, _profile("miabis-sample-donor")) for one in inventory.donors]
    for sample in inventory.samples:
        made += _sample(sample)
    return {FILE: fhir.bundle(made)}


def _biobank(one: Biobank) -> list[Resource]:
    person = f"juristic-{fhir.resource_id(one.code)}"[:64]
    said: Resource = {
        "resourceType": "Organization",
        "id": fhir.resource_id(f"biobank-{one.code}"),
        "meta": {"profile": [_profile("miabis-biobank")]},
        "extension": _text("miabis-organization-description-extension", one.description) + _lists(one, _BIOBANK),
        "identifier": fhir.identifier(one.code, fhir.BBMRI),
        "name": one.name,
        "alias": [one.acronym] if one.acronym else [],
        "telecom": fhir.telecom(one.url),
        "contact": fhir.contact(one),
        "address": fhir.country(one.country),
        "partOf": {"reference": f"Organization/{person}"} if one.juristic_person else {},
    }
    holder = {"resourceType": "Organization", "id": person, "name": one.juristic_person}
    return [*([holder] if one.juristic_person else []), filled(said)]


def _collection(one: Collection, bank: Biobank, extent: Extent) -> list[Resource]:
    organisation: Resource = {
        "resourceType": "Organization",
        "id": fhir.resource_id(f"collection-{one.code}"),
        "meta": {"profile": [_profile("miabis-collection-organization")]},
        "extension": [
            *_text("miabis-organization-description-extension", one.description),
            *_coded("miabis-sample-source-extension", "miabis-sample-source-cs", one.source),
            *_lists(one, _COLLECTION),
        ],
        "identifier": fhir.identifier(one.code),
        "name": one.name,
        "alias": [one.acronym] if one.acronym else [],
        "telecom": fhir.telecom(one.url),
        "contact": fhir.contact(bank),
        "address": fhir.country(bank.country),
        "partOf": fhir.reference("Organization", f"biobank-{one.biobank}"),
    }
    number = [{"url": _profile("miabis-number-of-subjects-extension"), "valueInteger": extent.donors}]
    group: Resource = {
        "resourceType": "Group",
        "id": fhir.resource_id(f"group-{one.code}"),
        "meta": {"profile": [_profile("miabis-collection")]},
        "extension": [
            *(number if extent.donors is not None else []),
            *(
                each
                for code in one.inclusion
                for each in _coded("miabis-inclusion-criteria-extension", "miabis-inclusion-criteria-cs", code)
            ),
        ],
        "identifier": fhir.identifier(one.code),
        "type": "person",
        "actual": True,
        "name": one.name,
        "managingEntity": fhir.reference("Organization", f"collection-{one.code}"),
        "characteristic": _characteristics(one, extent),
    }
    group = filled(group)
    group["active"] = not one.ended
    return [filled(organisation), group]


def _characteristics(one: Collection, extent: Extent) -> list[Resource]:
    def has(code: str, **value: Any) -> Resource:
        return {"code": concept(_system("miabis-characteristicCS"), code), **value, "exclude": False}

    found = []
    if extent.age_low is not None or extent.age_high is not None:
        ends = {"low": extent.age_low, "high": extent.age_high}
        found.append(
            has(
                "Age", valueRange={end: {"value": age, "unit": "years"} for end, age in ends.items() if age is not None}
            )
        )
    gender = "http://hl7.org/fhir/administrative-gender"
    found += [has("Sex", valueCodeableConcept=concept(gender, fhir.GENDERS.get(sex, "other"))) for sex in extent.sexes]
    cold = _system("miabis-storage-temperature-cs")
    codes = dict.fromkeys(TEMPERATURES.get(code, code) for code in extent.temperatures)
    found += [has("StorageTemperature", valueCodeableConcept=concept(cold, code)) for code in codes]
    kinds = dict.fromkeys(aggregate(code) for code in extent.materials)
    types = _system("miabis-collection-sample-type-cs")
    found += [has("MaterialType", valueCodeableConcept=concept(types, code)) for code in kinds]
    return [*found, *(has("Diagnosis", valueCodeableConcept=concept(fhir.ICD10, code)) for code in one.diseases)]


def _sample(one: Sample) -> list[Resource]:
    said = fhir.specimen(one, _profile("miabis-sample"))
    said["type"] = concept(_system("miabis-detailed-samply-type-cs"), one.material)
    belongs = {"url": _profile("miabis-sample-collection-extension"), "valueIdentifier": {"value": one.collection}}
    said["extension"] = [belongs]
    if one.temperature:
        code = TEMPERATURES.get(one.temperature, one.temperature)
        name = "miabis-sample-storage-temperature"
        said["processing"] = [{"extension": _coded(f"{name}-extension", "miabis-storage-temperature-cs", code)}]
    return [said, *([_diagnosis(one)] if one.diagnosis and one.donor else [])]


def _diagnosis(one: Sample) -> Resource:
    return filled(
        {
            "resourceType": "Observation",
            "id": fhir.resource_id(f"diagnosis-{one.label}"),
            "meta": {"profile": [_profile("miabis-observation")]},
            "identifier": fhir.identifier(f"diagnosis-{one.label}"),
            "status": "final",
            "code": concept("http://loinc.org", "52797-8"),
            "subject": fhir.reference("Patient", one.donor),
            "specimen": fhir.reference("Specimen", one.label),
            "effectiveDateTime": one.collected,
            "valueCodeableConcept": concept(fhir.ICD10, one.diagnosis),
        }
    )


def read(files: Mapping[str, bytes]) -> Inventory:
    """The inventory of a bundle that `write` wrote."""
    found = fhir.resources(files[FILE])
    names = {one["id"]: one.get("name", "") for one in found if one["resourceType"] == "Organization"}
    banks = fhir.of_profile(found, _profile("miabis-biobank"))
    codes = {one["id"]: fhir.id_of(one) for one in banks}
    groups = {fhir.id_of(one): one for one in fhir.of_profile(found, _profile("miabis-collection"))}
    people = fhir.of_profile(found, _profile("miabis-sample-donor"))
    donors = {one["id"]: fhir.id_of(one) for one in people}
    samples = fhir.of_profile(found, _profile("miabis-sample"))
    labels = {one["id"]: fhir.id_of(one) for one in samples}
    diagnoses = {
        labels.get(one["specimen"]["reference"].partition("/")[2], ""): fhir.code_of(one["valueCodeableConcept"])
        for one in fhir.of_profile(found, _profile("miabis-observation"))
    }
    collections = fhir.of_profile(found, _profile("miabis-collection-organization"))
    return ordered(
        Inventory(
            tuple(_read_biobank(one, names) for one in banks),
            tuple(_read_collection(one, codes, groups.get(fhir.id_of(one), {})) for one in collections),
            tuple(fhir.read_patient(one) for one in people),
            tuple(_read_sample(one, donors, labels, diagnoses) for one in samples),
        )
    )


def _read_biobank(said: Resource, names: Mapping[str, str]) -> Biobank:
    holder = names.get(said.get("partOf", {}).get("reference", "").partition("/")[2], "")
    more: dict[str, Any] = {**fhir.read_contact(said), **_read_lists(said, _BIOBANK)}
    return Biobank(
        **fhir.read_organisation(said, _profile("miabis-organization-description-extension")),
        juristic_person=holder,
        country=fhir.country_of(said),
        **more,
    )


def _read_collection(said: Resource, banks: Mapping[str, str], group: Resource) -> Collection:
    source = fhir.extensions(said, _profile("miabis-sample-source-extension"))
    inclusion = fhir.extensions(group, _profile("miabis-inclusion-criteria-extension"))
    diseases = [
        fhir.code_of(one["valueCodeableConcept"])
        for one in group.get("characteristic", ())
        if fhir.code_of(one["code"]) == "Diagnosis"
    ]
    more: dict[str, Any] = _read_lists(said, _COLLECTION)
    return Collection(
        **fhir.read_organisation(said, _profile("miabis-organization-description-extension")),
        biobank=banks.get(said.get("partOf", {}).get("reference", "").partition("/")[2], ""),
        source=fhir.code_of(source[0]) if source else "",
        inclusion=tuple(fhir.code_of(one) for one in inclusion),
        diseases=tuple(diseases),
        **more,
    )


def _read_sample(
    said: Resource, donors: Mapping[str, str], labels: Mapping[str, str], diagnoses: Mapping[str, str]
) -> Sample:
    cold = _profile("miabis-sample-storage-temperature-extension")
    found = [value for one in said.get("processing", ()) for value in fhir.extensions(one, cold)]
    code = fhir.code_of(found[0]) if found else ""
    belongs = fhir.extensions(said, _profile("miabis-sample-collection-extension"))
    return Sample(
        **fhir.read_specimen(said, donors, labels),
        material=fhir.code_of(said.get("type")),
        collection=belongs[0]["value"] if belongs else "",
        temperature=BACK.get(code, code),
        diagnosis=diagnoses.get(fhir.id_of(said), ""),
    )

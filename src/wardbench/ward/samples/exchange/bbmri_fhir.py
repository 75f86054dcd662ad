"""BBMRI.de FHIR profiles 1.2 (R4), which the Sample Locator queries: a bundle, and back."""

from __future__ import annotations

from collections.abc import Mapping

from wardbench.ward.samples.exchange import fhir
from wardbench.ward.samples.exchange.fhir import Resource, concept, filled
from wardbench.ward.samples.exchange.inventory import Biobank, Collection, Inventory, Sample
from wardbench.ward.samples.exchange.losses import ordered

BASE = "https://fhir.bbmri.de"
FILE = "bbmri-de.json"
MATERIALS = {
    "WholeBlood": "whole-blood",
    "WholeBloodDried": "dried-whole-blood",
    "Plasma": "blood-plasma",
    "Serum": "blood-serum",
    "BuffyCoat": "buffy-coat",
    "PBMC": "peripheral-blood-cells-vital",
    "BoneMarrowWhole": "bone-marrow",
    "AscitesFluid": "ascites",
    "CerebrospinalFluid": "csf-liquor",
    "Saliva": "saliva",
    "Faeces": "stool-faeces",
    "Urine": "urine",
    "Swab": "swab",
    "TissueFixed": "tissue-ffpe",
    "TissueFreshFrozen": "tissue-frozen",
    "DNA": "dna",
    "RNA": "rna",
}
"""The materials that BBMRI.de has a code of its own for."""
_TISSUES = (
    "Bone", "DentalPulp", "Teeth", "Hair", "Nail", "Placenta", "UmbilicalCord", "PostMortemTissue", "EntireOrgan",
    "Embryo", "FetalTissue",
)  # fmt: skip
_DERIVED = (
    "Protein", "PrimaryCells", "Fibroblast", "StemCells", "Organoid", "IsolatedTumorCell", "CancerCellLine",
    "ImmortalizedCellLine", "IsolatedExosome", "IsolatedMicrobe", "Gas", "SpecimenEnvironment", "FoodSpecimen", "Other",
)  # fmt: skip
_OTHER = {
    **dict.fromkeys(_TISSUES, "tissue-other"),
    **dict.fromkeys(_DERIVED, "derivative-other"),
    "BoneMarrowAspirate": "bone-marrow",
    "BoneMarrowPlasma": "blood-plasma",
    "CordBlood": "whole-blood",
    "MenstrualBlood": "whole-blood",
    "UrineSediment": "urine",
}
TEMPERATURES = {
    "RT": "temperatureRoom",
    "2to10": "temperature2to10",
    "-18to-35": "temperature-18to-35",
    "-60to-85": "temperature-60to-85",
    "LNvapour": "temperatureGN",
    "LNliquid": "temperatureLN",
    "Other": "temperatureOther",
}
DESIGNS = {
    "CaseControl": "CASE_CONTROL",
    "CrossSectional": "CROSS_SECTIONAL",
    "LongitudinalCohort": "LONGITUDINAL",
    "TwinStudy": "TWIN_STUDY",
    "QualityControl": "QUALITY_CONTROL",
    "PopulationBasedCohort": "POPULATION_BASED",
    "DiseaseSpecificCohort": "DISEASE_SPECIFIC",
    "BirthCohort": "BIRTH_COHORT",
    "MicrobialCollection": "NON_HUMAN",
    "RareDiseaseCollection": "RD",
}


def sample_kind(material: str) -> str:
    """BBMRI.de's material of a material of MIABIS; fluids that it does not list are `liquid-other`."""
    return MATERIALS.get(material) or _OTHER.get(material, "liquid-other")


def storage_temperature(code: str) -> str:
    """BBMRI.de's storage temperature of one of MIABIS; below -135 °C is `temperatureOther`."""
    return TEMPERATURES.get(code, "temperatureOther")


def _profile(name: str) -> str:
    return f"{BASE}/StructureDefinition/{name}"


def _system(name: str) -> str:
    return f"{BASE}/CodeSystem/{name}"


def write(inventory: Inventory) -> dict[str, bytes]:
    """A bundle in one file."""
    banks = {one.code: one for one in inventory.biobanks}
    made = [_biobank(one) for one in inventory.biobanks]
    made += [_collection(one, banks.get(one.biobank, Biobank(one.biobank, ""))) for one in inventory.collections]
    made += [fhir.patient(one, _profile("Patient")) for one in inventory.donors]
    return {FILE: fhir.bundle([*made, *(_sample(one) for one in inventory.samples)])}


def _organisation(one: Biobank | Collection, kind: str, bank: Biobank) -> Resource:
    description = [{"url": _profile("OrganizationDescription"), "valueString": one.description}]
    return {
        "resourceType": "Organization",
        "id": fhir.resource_id(f"{kind.lower()}-{one.code}"),
        "meta": {"profile": [_profile(kind)]},
        "extension": description if one.description else [],
        "identifier": fhir.identifier(one.code, fhir.BBMRI),
        "name": one.name,
        "alias": [one.acronym] if one.acronym else [],
        "telecom": fhir.telecom(one.url),
        "contact": fhir.contact(bank),
        "address": fhir.country(bank.country),
    }


def _biobank(one: Biobank) -> Resource:
    said = _organisation(one, "Biobank", one)
    name = {"url": _profile("JuristicPerson"), "valueString": one.juristic_person}
    quality = [
        {"url": _profile("QualityStandard"), "valueCodeableConcept": {"text": text}} for text in one.quality_standards
    ]
    return filled({**said, "extension": [*said["extension"], *([name] if one.juristic_person else []), *quality]})


def _collection(one: Collection, bank: Biobank) -> Resource:
    said = _organisation(one, "Collection", bank)
    kinds = dict.fromkeys(DESIGNS.get(code, "OTHER") for code in one.designs) or {"SAMPLE": None}
    types = [
        {"url": _profile("CollectionType"), "valueCodeableConcept": concept(_system("CollectionType"), code)}
        for code in kinds
    ]
    data = concept(_system("DataCategory"), "BIOLOGICAL_SAMPLES")
    category = {"url": _profile("DataCategory"), "valueCodeableConcept": data}
    part = fhir.reference("Organization", f"biobank-{one.biobank}")
    return filled({**said, "extension": [*said["extension"], *types, category], "partOf": part})


def _sample(one: Sample) -> Resource:
    said = fhir.specimen(one, _profile("Specimen"))
    said["type"] = concept(_system("SampleMaterialType"), sample_kind(one.material))
    custodian = fhir.reference("Organization", f"collection-{one.collection}")
    more = [{"url": _profile("Custodian"), "valueReference": {**custodian, "identifier": {"value": one.collection}}}]
    if one.temperature:
        cold = concept(_system("StorageTemperature"), storage_temperature(one.temperature))
        more.append({"url": _profile("StorageTemperature"), "valueCodeableConcept": cold})
    if one.diagnosis:
        found = concept(fhir.ICD10, one.diagnosis)
        more.append({"url": _profile("SampleDiagnosis"), "valueCodeableConcept": found})
    return {**said, "extension": more}


def read(files: Mapping[str, bytes]) -> Inventory:
    """The inventory of a bundle that `write` wrote."""
    found = fhir.resources(files[FILE])
    banks = fhir.of_profile(found, _profile("Biobank"))
    codes = {one["id"]: fhir.id_of(one) for one in banks}
    people = fhir.of_profile(found, _profile("Patient"))
    donors = {one["id"]: fhir.id_of(one) for one in people}
    samples = fhir.of_profile(found, _profile("Specimen"))
    labels = {one["id"]: fhir.id_of(one) for one in samples}
    return ordered(
        Inventory(
            tuple(_read_biobank(one) for one in banks),
            tuple(_read_collection(one, codes) for one in fhir.of_profile(found, _profile("Collection"))),
            tuple(fhir.read_patient(one) for one in people),
            tuple(_read_sample(one, donors, labels) for one in samples),
        )
    )


def _read_biobank(said: Resource) -> Biobank:
    quality = fhir.extensions(said, _profile("QualityStandard"))
    return Biobank(
        **fhir.read_organisation(said, _profile("OrganizationDescription")),
        **fhir.read_contact(said),
        juristic_person=next(iter(fhir.extensions(said, _profile("JuristicPerson"))), ""),
        country=fhir.country_of(said),
        quality_standards=tuple(one["text"] for one in quality),
    )


def _read_collection(said: Resource, banks: Mapping[str, str]) -> Collection:
    bank = said.get("partOf", {}).get("reference", "").partition("/")[2]
    kinds = {code: design for design, code in DESIGNS.items()}
    found = [fhir.code_of(one) for one in fhir.extensions(said, _profile("CollectionType"))]
    designs = tuple(kinds.get(code, "Other") for code in found if code != "SAMPLE")
    return Collection(
        **fhir.read_organisation(said, _profile("OrganizationDescription")),
        biobank=banks.get(bank, ""),
        designs=designs,
    )


def _read_sample(said: Resource, donors: Mapping[str, str], labels: Mapping[str, str]) -> Sample:
    materials = {code: material for material, code in MATERIALS.items()}
    temperatures = {code: one for one, code in TEMPERATURES.items()}
    cold = fhir.extensions(said, _profile("StorageTemperature"))
    diagnosis = fhir.extensions(said, _profile("SampleDiagnosis"))
    custodian = fhir.extensions(said, _profile("Custodian"))
    return Sample(
        **fhir.read_specimen(said, donors, labels),
        material=materials.get(fhir.code_of(said.get("type")), "Other"),
        collection=custodian[0]["identifier"]["value"] if custodian else "",
        temperature=temperatures.get(fhir.code_of(cold[0]), "Other") if cold else "",
        diagnosis=fhir.code_of(diagnosis[0]) if diagnosis else "",
    )

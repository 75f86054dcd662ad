"""Code systems: how FHIR names them, how the OMOP vocabularies do, and which coding of several is taken."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

VOCABULARIES: Mapping[str, str] = MappingProxyType(
    {
        "http://snomed.info/sct": "SNOMED",
        "http://loinc.org": "LOINC",
        "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
        "http://hl7.org/fhir/sid/cvx": "CVX",
        "http://hl7.org/fhir/sid/ndc": "NDC",
        "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
        "http://hl7.org/fhir/sid/icd-10": "ICD10",
        "http://hl7.org/fhir/sid/icd-9-cm": "ICD9CM",
        "http://www.cms.gov/Medicare/Coding/ICD10": "ICD10PCS",
        "http://www.ama-assn.org/go/cpt": "CPT4",
        "http://www.whocc.no/atc": "ATC",
        "http://unitsofmeasure.org": "UCUM",
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm": "ICD10GM",
        "http://fhir.de/CodeSystem/bfarm/ops": "OPS",
        "http://fhir.de/CodeSystem/bfarm/atc": "ATC",
        "urn:oid:2.16.840.1.113883.6.285": "HCPCS",
    }
)
"""The vocabulary_id of a FHIR code system; a system that is not here is looked up under its own name."""

SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
        "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
        "urn:oid:2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "urn:oid:2.16.840.1.113883.6.103": "http://hl7.org/fhir/sid/icd-9-cm",
        "urn:oid:2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm",
        "urn:oid:2.16.840.1.113883.6.8": "http://unitsofmeasure.org",
        "http://www.icd10data.com/icd10pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
    }
)
"""Other names of the same systems, brought to one before codes are looked up; the store keeps them as they came."""

FOUNDATION: tuple[str, ...] = (
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://loinc.org",
)
"""Systems whose codes are taken first when a record has several (the FHIR-to-OMOP guide's order of priority)."""

CUSTOM_CLASS = "Source code"
"""The concept class of the concepts a load makes for codes that no vocabulary knows."""

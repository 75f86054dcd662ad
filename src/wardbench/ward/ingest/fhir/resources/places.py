"""Organization, Practitioner, Location: care sites, providers, places; without their names and addresses."""

from __future__ import annotations

from wardbench.ward.ingest.fhir.reading import Reading
from wardbench.ward.ingest.fhir.resources.people import Region
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Resource
from wardbench.ward.ingest.fhir.sql import cases
from wardbench.ward.ingest.mapping import GENDERS


class Organization(Resource):
    type: list[CodeableConcept] | None = None


class Practitioner(Resource):
    gender: str | None = None


class Location(Resource):
    status: str | None = None
    address: Region | None = None


ORGANIZATION = Reading(
    kind="Organization",
    shape=Organization,
    columns={"place_of_service": "type[1].coding[1].code"},
    dated=False,
)

PRACTITIONER = Reading(
    kind="Practitioner",
    shape=Practitioner,
    columns={"gender": "gender", "gender_concept_id": cases("gender", GENDERS)},
    dated=False,
)

LOCATION = Reading(
    kind="Location",
    shape=Location,
    columns={"state": "address.state", "zip3": "left(address.postalCode, 3)"},
    dated=False,
)

"""Encounter: visits, and stays inside a visit."""

from __future__ import annotations

import msgspec

from wardbench.ward.ingest.fhir.reading import Reading, coded, ending, only, starting
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Coding, Period, Reference, Resource, Shape
from wardbench.ward.ingest.fhir.sql import cases
from wardbench.ward.ingest.mapping import ADMITTED_FROM, DISCHARGED_TO, VISITS


class Participant(Shape):
    individual: Reference | None = None


class Hospitalization(Shape):
    admitSource: CodeableConcept | None = None  # noqa: N815
    dischargeDisposition: CodeableConcept | None = None  # noqa: N815


class Encounter(Resource):
    status: str | None = None
    class_: Coding | None = msgspec.field(default=None, name="class")
    type: list[CodeableConcept] | None = None
    subject: Reference | None = None
    participant: list[Participant] | None = None
    period: Period | None = None
    hospitalization: Hospitalization | None = None
    serviceProvider: Reference | None = None  # noqa: N815
    partOf: Reference | None = None  # noqa: N815


_given, _code = coded("type[1]")

ENCOUNTER = Reading(
    kind="Encounter",
    shape=Encounter,
    given={
        **_given,
        "admitted": "hospitalization.admitSource.coding[1].code",
        "discharged": "hospitalization.dischargeDisposition.coding[1].code",
    },
    excluded=(only("status", "finished", "in-progress", "arrived", "triaged", "onleave"),),
    columns={
        **_code,
        **starting("period.start"),
        **ending("period.end"),
        "patient": "named(subject, 'Patient')",
        "provider": "named(participant[1].individual, 'Practitioner')",
        "care_site": "named(serviceProvider, 'Organization')",
        "part_of": "named(partOf, 'Encounter')",
        "in_flight": "status <> 'finished'",
        "visit_concept_id": cases('"class".code', VISITS),
        "class": '"class".code',
        "admitted_from_concept_id": cases("admitted", ADMITTED_FROM, "CASE WHEN admitted IS NOT NULL THEN 0 END"),
        "admitted_from": "admitted",
        "discharged_to_concept_id": cases("discharged", DISCHARGED_TO, "CASE WHEN discharged IS NOT NULL THEN 0 END"),
        "discharged_to": "discharged",
    },
    references={"patient": "Patient", "provider": "Practitioner", "care_site": "Organization", "part_of": "Encounter"},
)

"""Immunization: a drug exposure of one day."""

from __future__ import annotations

from wardbench.ward.ingest.fhir.reading import Reading, coded, only, starting
from wardbench.ward.ingest.fhir.resources.medication import Performer
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Quantity, Reference, Resource
from wardbench.ward.ingest.fhir.sql import cases
from wardbench.ward.ingest.mapping import IMMUNIZATION_ORIGINS


class Immunization(Resource):
    status: str | None = None
    vaccineCode: CodeableConcept | None = None  # noqa: N815
    patient: Reference | None = None
    encounter: Reference | None = None
    occurrenceDateTime: str | None = None  # noqa: N815
    occurrenceString: str | None = None  # noqa: N815
    reportOrigin: CodeableConcept | None = None  # noqa: N815
    lotNumber: str | None = None  # noqa: N815
    route: CodeableConcept | None = None
    doseQuantity: Quantity | None = None  # noqa: N815
    performer: list[Performer] | None = None


_given, _code = coded("vaccineCode")

IMMUNIZATION = Reading(
    kind="Immunization",
    shape=Immunization,
    given=_given,
    excluded=(
        only("status", "completed"),
        ("occurrenceDateTime IS NULL AND occurrenceString IS NOT NULL", "'occurrence given as text'"),
    ),
    columns={
        **_code,
        **starting("occurrenceDateTime"),
        "end_date": "day(occurrenceDateTime)",
        "end_time": "instant(occurrenceDateTime)",
        "patient": "named(patient, 'Patient')",
        "encounter": "named(encounter, 'Encounter')",
        "provider": "named(performer[1].actor, 'Practitioner')",
        "quantity": "doseQuantity.value",
        "dose_unit": "coalesce(doseQuantity.code, doseQuantity.unit)",
        "lot_number": "lotNumber",
        "route_system": 'route.coding[1]."system"',
        "route_code": "coalesce(route.coding[1].code, route.text)",
        "type_concept_id": cases("reportOrigin.coding[1].code", IMMUNIZATION_ORIGINS, "32818"),
        "target": "'drug_exposure'",
    },
    references={"patient": "Patient", "encounter": "Encounter", "provider": "Practitioner"},
)

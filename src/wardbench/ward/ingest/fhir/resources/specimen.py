"""Specimen."""

from __future__ import annotations

from wardbench.ward.ingest.fhir.reading import Reading, coded, starting
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Period, Quantity, Reference, Resource, Shape


class Collection(Shape):
    collectedDateTime: str | None = None  # noqa: N815
    collectedPeriod: Period | None = None  # noqa: N815
    quantity: Quantity | None = None
    bodySite: CodeableConcept | None = None  # noqa: N815


class Specimen(Resource):
    status: str | None = None
    type: CodeableConcept | None = None
    subject: Reference | None = None
    receivedTime: str | None = None  # noqa: N815
    collection: Collection | None = None


_given, _code = coded("type")

SPECIMEN = Reading(
    kind="Specimen",
    shape=Specimen,
    given=_given,
    excluded=(("status = 'entered-in-error'", "'status entered-in-error'"),),
    columns={
        **_code,
        **starting("coalesce(collection.collectedDateTime, collection.collectedPeriod.start, receivedTime)"),
        "patient": "named(subject, 'Patient')",
        "quantity": "collection.quantity.value",
        "unit_system": "collection.quantity.system",
        "unit": "coalesce(collection.quantity.code, collection.quantity.unit)",
        "site_system": "collection.bodySite.coding[1].system",
        "site_code": "coalesce(collection.bodySite.coding[1].code, collection.bodySite.text)",
        "status": "status",
        "target": "'specimen'",
        "fixed_target": "true",
        "type_concept_id": "32817",
    },
    references={"patient": "Patient"},
)

"""Procedure."""

from __future__ import annotations

from wardbench.ward.ingest.fhir.reading import Reading, coded, ending, only, starting
from wardbench.ward.ingest.fhir.resources.medication import Performer
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Period, Reference, Resource


class Procedure(Resource):
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    encounter: Reference | None = None
    performedDateTime: str | None = None  # noqa: N815
    performedPeriod: Period | None = None  # noqa: N815
    performer: list[Performer] | None = None


_given, _code = coded("code")

PROCEDURE = Reading(
    kind="Procedure",
    shape=Procedure,
    given=_given,
    excluded=(only("status", "completed"),),
    columns={
        **_code,
        **starting("coalesce(performedDateTime, performedPeriod.start)"),
        **ending("performedPeriod.end"),
        "patient": "named(subject, 'Patient')",
        "encounter": "named(encounter, 'Encounter')",
        "provider": "named(performer[1].actor, 'Practitioner')",
        "target": "'procedure_occurrence'",
        "type_concept_id": "32827",
    },
    references={"patient": "Patient", "encounter": "Encounter", "provider": "Practitioner"},
)

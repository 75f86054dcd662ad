"""DiagnosticReport: a note with its conclusion; its results are Observations of their own."""

from __future__ import annotations

from wardbench.ward.ingest.fhir.reading import Parts, Reading, coded, only, starting
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Period, Reference, Resource


class DiagnosticReport(Resource):
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    encounter: Reference | None = None
    effectiveDateTime: str | None = None  # noqa: N815
    effectivePeriod: Period | None = None  # noqa: N815
    issued: str | None = None
    performer: list[Reference] | None = None
    conclusion: str | None = None
    conclusionCode: list[CodeableConcept] | None = None  # noqa: N815


_given, _code = coded("code")
_part_code = coded("item", "chosen(item.coding)")[1]

DIAGNOSTIC_REPORT = Reading(
    kind="DiagnosticReport",
    shape=DiagnosticReport,
    given={**_given, "conclusions": "CASE WHEN len(conclusionCode) > 0 THEN conclusionCode END"},
    excluded=(
        only("status", "final", "amended", "corrected", "appended"),
        (
            "conclusion IS NULL AND conclusions IS NULL",
            "'no conclusion (its results are Observations of their own)'",
        ),
    ),
    columns={
        **_code,
        **starting("coalesce(effectiveDateTime, effectivePeriod.start, issued)"),
        "patient": "named(subject, 'Patient')",
        "encounter": "named(encounter, 'Encounter')",
        "provider": "named(performer[1], 'Practitioner')",
        "note_text": "conclusion",
        "target": "'note'",
        "fixed_target": "true",
        "type_concept_id": "32817",
    },
    references={"patient": "Patient", "encounter": "Encounter", "provider": "Practitioner"},
    own_row="conclusion IS NOT NULL",
    parts=Parts(
        shape=CodeableConcept,
        items="conclusions",
        columns={**_part_code, "note_text": "NULL", "target": "'observation'", "fixed_target": "false"},
        where="item.coding IS NOT NULL OR item.text IS NOT NULL",
    ),
)

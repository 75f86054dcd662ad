"""Condition: a condition, or an observation with a qualifier where it is not confirmed to be one."""

from __future__ import annotations

from wardbench.ward.ingest.fhir.reading import Reading, coded, ending, starting
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Period, Reference, Resource


class Condition(Resource):
    clinicalStatus: CodeableConcept | None = None  # noqa: N815
    verificationStatus: CodeableConcept | None = None  # noqa: N815
    category: list[CodeableConcept] | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    encounter: Reference | None = None
    recorder: Reference | None = None
    onsetDateTime: str | None = None  # noqa: N815
    onsetPeriod: Period | None = None  # noqa: N815
    abatementDateTime: str | None = None  # noqa: N815
    abatementPeriod: Period | None = None  # noqa: N815
    recordedDate: str | None = None  # noqa: N815


_given, _code = coded("code")

CONDITION = Reading(
    kind="Condition",
    shape=Condition,
    given={
        **_given,
        "verified": "verificationStatus.coding[1].code",
        "clinical": "clinicalStatus.coding[1].code",
        "kept_as": "category[1].coding[1].code",
    },
    excluded=(
        ("verified IN ('unconfirmed', 'entered-in-error')", "'verificationStatus ' || verified"),
        (
            "verified NOT IN ('confirmed', 'provisional', 'differential', 'refuted')",
            "'verificationStatus not of FHIR R4'",
        ),
    ),
    columns={
        **_code,
        **starting("coalesce(onsetDateTime, onsetPeriod.start, recordedDate)"),
        **ending("coalesce(abatementDateTime, abatementPeriod.start)"),
        "patient": "named(subject, 'Patient')",
        "encounter": "named(encounter, 'Encounter')",
        "provider": "named(recorder, 'Practitioner')",
        "target": "CASE WHEN coalesce(verified, 'confirmed') = 'confirmed' THEN 'condition_occurrence'"
        " ELSE 'observation' END",
        # A condition that is only suspected or refuted must not be routed among the conditions by its concept.
        "fixed_target": "coalesce(verified, 'confirmed') <> 'confirmed'",
        "qualifier": "CASE WHEN verified <> 'confirmed' THEN verified END",
        "type_concept_id": "CASE kept_as WHEN 'problem-list-item' THEN 32840 WHEN 'encounter-diagnosis' THEN 32827"
        " ELSE 32817 END",
        "status_concept_id": "CASE WHEN clinical = 'resolved' THEN 32906 END",
        "status": "clinical",
    },
    references={"patient": "Patient", "encounter": "Encounter", "provider": "Practitioner"},
    start_from_encounter=True,
)

"""AllergyIntolerance: an observation, and one more for every manifestation of a reaction."""

from __future__ import annotations

from wardbench.ward.ingest.fhir.reading import Parts, Reading, coded, starting
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Reference, Resource, Shape
from wardbench.ward.ingest.fhir.sql import cases
from wardbench.ward.ingest.mapping import ALLERGIES, INTOLERANCES


class Reaction(Shape):
    manifestation: list[CodeableConcept] | None = None


class AllergyIntolerance(Resource):
    clinicalStatus: CodeableConcept | None = None  # noqa: N815
    verificationStatus: CodeableConcept | None = None  # noqa: N815
    type: str | None = None
    category: list[str] | None = None
    code: CodeableConcept | None = None
    patient: Reference | None = None
    encounter: Reference | None = None
    onsetDateTime: str | None = None  # noqa: N815
    recordedDate: str | None = None  # noqa: N815
    recorder: Reference | None = None
    reaction: list[Reaction] | None = None


_given, _code = coded("code")
_part_given, _part_code = coded("item", "chosen(item.coding)")

ALLERGY_INTOLERANCE = Reading(
    kind="AllergyIntolerance",
    shape=AllergyIntolerance,
    given={
        **_given,
        "verified": "verificationStatus.coding[1].code",
        "manifestations": "CASE WHEN len(reaction) > 0 THEN"
        " flatten(list_transform(reaction, lambda r: coalesce(r.manifestation, []))) END",
    },
    excluded=(("verified IN ('entered-in-error')", "'verificationStatus ' || verified"),),
    columns={
        **_code,
        **starting("coalesce(recordedDate, onsetDateTime)"),
        "patient": "named(patient, 'Patient')",
        "encounter": "named(encounter, 'Encounter')",
        "provider": "named(recorder, 'Practitioner')",
        "target": "'observation'",
        "fixed_target": "true",
        "qualifier": "CASE WHEN verified <> 'confirmed' THEN verified END",
        # With a substance as code, the category says what is observed and the substance is its value.
        "category_concept_id": f"CASE WHEN type = 'intolerance' THEN {cases('category[1]', INTOLERANCES)}"
        f" ELSE {cases('category[1]', ALLERGIES)} END",
        "type_concept_id": "32817",
    },
    references={"patient": "Patient", "encounter": "Encounter", "provider": "Practitioner"},
    start_from_encounter=True,
    parts=Parts(
        shape=CodeableConcept,
        items="manifestations",
        columns={**_part_code, "category_concept_id": "0", "qualifier": "NULL"},
        where="true",
    ),
)

"""Medication and what is done with it: requested, stated to be taken, administered, dispensed."""

from __future__ import annotations

from collections.abc import Sequence

from wardbench.ward.ingest.fhir.reading import Borrowed, Reading, coded, ending, only, starting
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Period, Quantity, Reference, Resource, Shape


class Contained(Shape):
    id: str | None = None
    code: CodeableConcept | None = None


class DoseAndRate(Shape):
    doseQuantity: Quantity | None = None  # noqa: N815


class Repeat(Shape):
    boundsPeriod: Period | None = None  # noqa: N815


class Timing(Shape):
    event: list[str] | None = None
    repeat: Repeat | None = None


class Dosage(Shape):
    text: str | None = None
    timing: Timing | None = None
    route: CodeableConcept | None = None
    doseAndRate: list[DoseAndRate] | None = None  # noqa: N815


class DispenseRequest(Shape):
    validityPeriod: Period | None = None  # noqa: N815
    numberOfRepeatsAllowed: float | None = None  # noqa: N815
    quantity: Quantity | None = None
    expectedSupplyDuration: Quantity | None = None  # noqa: N815


class Performer(Shape):
    actor: Reference | None = None


class Medicated(Resource):
    """What all that is done with a medication has in common."""

    status: str | None = None
    contained: list[Contained] | None = None
    medicationCodeableConcept: CodeableConcept | None = None  # noqa: N815
    medicationReference: Reference | None = None  # noqa: N815
    subject: Reference | None = None


class MedicationRequest(Medicated):
    intent: str | None = None
    doNotPerform: bool | None = None  # noqa: N815
    encounter: Reference | None = None
    authoredOn: str | None = None  # noqa: N815
    requester: Reference | None = None
    dosageInstruction: list[Dosage] | None = None  # noqa: N815
    dispenseRequest: DispenseRequest | None = None  # noqa: N815


class MedicationStatement(Medicated):
    context: Reference | None = None
    effectiveDateTime: str | None = None  # noqa: N815
    effectivePeriod: Period | None = None  # noqa: N815
    dateAsserted: str | None = None  # noqa: N815
    informationSource: Reference | None = None  # noqa: N815
    dosage: list[Dosage] | None = None


class AdministeredDosage(Shape):
    text: str | None = None
    route: CodeableConcept | None = None
    dose: Quantity | None = None


class MedicationAdministration(Medicated):
    context: Reference | None = None
    effectiveDateTime: str | None = None  # noqa: N815
    effectivePeriod: Period | None = None  # noqa: N815
    performer: list[Performer] | None = None
    dosage: AdministeredDosage | None = None


class MedicationDispense(Medicated):
    context: Reference | None = None
    performer: list[Performer] | None = None
    quantity: Quantity | None = None
    daysSupply: Quantity | None = None  # noqa: N815
    whenPrepared: str | None = None  # noqa: N815
    whenHandedOver: str | None = None  # noqa: N815
    dosageInstruction: list[Dosage] | None = None  # noqa: N815


class Medication(Resource):
    status: str | None = None
    code: CodeableConcept | None = None


# The concept in the resource, or in a medication that the resource contains.
_concept = (
    "CASE WHEN medicationCodeableConcept IS NOT NULL THEN medicationCodeableConcept"
    " WHEN starts_with(medicationReference.reference, '#') THEN"
    " list_filter(contained, lambda c: c.id = local_id(medicationReference))[1].code END"
)
_chosen, _code = coded("concept")
_borrowed = Borrowed(
    reference="medication",
    kind="Medication",
    columns={"system": "system", "code": "code", "display": "display", "several": "several"},
)
_common = {
    **_code,
    "patient": "named(subject, 'Patient')",
    "medication": "CASE WHEN concept IS NULL THEN named(medicationReference, 'Medication') END",
    "target": "'drug_exposure'",
}


def _route(element: str) -> dict[str, str]:
    """The columns of how it enters the body."""
    return {
        "route_system": f"{element}.coding[1].system",
        "route_code": f"coalesce({element}.coding[1].code, {element}.text)",
    }


_references = {"patient": "Patient", "encounter": "Encounter", "provider": "Practitioner", "medication": "Medication"}
_dose = "dosageInstruction[1]"

MEDICATION = Reading(
    kind="Medication",
    shape=Medication,
    given=coded("code")[0],
    columns=coded("code")[1],
    excluded=(("status = 'entered-in-error'", "'status entered-in-error'"),),
    dated=False,
)


def medication_request(intents: Sequence[str]) -> Reading:
    """MedicationRequest, of which only these intents become drug exposures."""
    days = "dispenseRequest.expectedSupplyDuration"
    unit = f"coalesce({days}.code, {days}.unit)"
    per_unit = f"CASE {unit} WHEN 'wk' THEN 7 WHEN 'mo' THEN 30 WHEN 'a' THEN 365 ELSE 1 END"
    return Reading(
        kind="MedicationRequest",
        shape=MedicationRequest,
        given={"concept": _concept, **_chosen},
        excluded=(
            only("intent", *intents),
            ("doNotPerform", "'doNotPerform'"),
            ("status IN ('cancelled', 'entered-in-error', 'draft', 'unknown')", "'status ' || status"),
        ),
        columns={
            **_common,
            **starting(
                f"coalesce({_dose}.timing.event[1], {_dose}.timing.repeat.boundsPeriod.start,"
                " dispenseRequest.validityPeriod.start, authoredOn)"
            ),
            **ending(f"coalesce({_dose}.timing.repeat.boundsPeriod.end, dispenseRequest.validityPeriod.end)"),
            "encounter": "named(encounter, 'Encounter')",
            "provider": "named(requester, 'Practitioner')",
            "quantity": "dispenseRequest.quantity.value",
            "days_supply": f"({days}.value * {per_unit})::INTEGER",
            "refills": "dispenseRequest.numberOfRepeatsAllowed::INTEGER",
            "sig": f"{_dose}.text",
            **_route(f"{_dose}.route"),
            "dose_unit": f"coalesce({_dose}.doseAndRate[1].doseQuantity.code,"
            f" {_dose}.doseAndRate[1].doseQuantity.unit)",
            "type_concept_id": "32838",
        },
        references=_references,
        borrowed=_borrowed,
    )


MEDICATION_STATEMENT = Reading(
    kind="MedicationStatement",
    shape=MedicationStatement,
    given={"concept": _concept, **_chosen},
    excluded=(only("status", "active", "completed"),),
    columns={
        **_common,
        **starting("coalesce(effectiveDateTime, effectivePeriod.start, dateAsserted)"),
        **ending("effectivePeriod.end"),
        "encounter": "named(context, 'Encounter')",
        "sig": "dosage[1].text",
        **_route("dosage[1].route"),
        "dose_unit": "coalesce(dosage[1].doseAndRate[1].doseQuantity.code, dosage[1].doseAndRate[1].doseQuantity.unit)",
        "type_concept_id": "CASE WHEN contains(informationSource.reference, 'Patient/') THEN 32865 ELSE 32830 END",
    },
    references={k: v for k, v in _references.items() if k != "provider"},
    borrowed=_borrowed,
)

MEDICATION_ADMINISTRATION = Reading(
    kind="MedicationAdministration",
    shape=MedicationAdministration,
    given={"concept": _concept, **_chosen},
    excluded=(only("status", "completed", "in-progress"),),
    columns={
        **_common,
        **starting("coalesce(effectiveDateTime, effectivePeriod.start)"),
        **ending("effectivePeriod.end"),
        "encounter": "named(context, 'Encounter')",
        "provider": "named(performer[1].actor, 'Practitioner')",
        "quantity": "dosage.dose.value",
        "sig": "dosage.text",
        **_route("dosage.route"),
        "dose_unit": "coalesce(dosage.dose.code, dosage.dose.unit)",
        "type_concept_id": "32818",
    },
    references=_references,
    borrowed=_borrowed,
)

MEDICATION_DISPENSE = Reading(
    kind="MedicationDispense",
    shape=MedicationDispense,
    given={"concept": _concept, **_chosen},
    excluded=(only("status", "completed"),),
    columns={
        **_common,
        **starting("coalesce(whenHandedOver, whenPrepared)"),
        "encounter": "named(context, 'Encounter')",
        "provider": "named(performer[1].actor, 'Practitioner')",
        "quantity": "quantity.value",
        "days_supply": "daysSupply.value::INTEGER",
        "sig": f"{_dose}.text",
        **_route(f"{_dose}.route"),
        "type_concept_id": "32825",
    },
    references=_references,
    borrowed=_borrowed,
)

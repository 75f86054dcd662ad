"""Observation: measurements and observations, and one more of them for every component."""

from __future__ import annotations

from wardbench.ward.ingest.fhir.reading import Parts, Reading, coded, only, starting
from wardbench.ward.ingest.fhir.shapes import (
    CodeableConcept,
    Meta,
    ModifierExtension,
    Period,
    Quantity,
    Range,
    Ratio,
    Reference,
    Shape,
)
from wardbench.ward.ingest.fhir.sql import cases
from wardbench.ward.ingest.mapping import INTERPRETATIONS


class ReferenceRange(Shape):
    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None


class Valued(Shape):
    """What an Observation and a component of one have in common."""

    code: CodeableConcept | None = None
    valueQuantity: Quantity | None = None  # noqa: N815
    valueCodeableConcept: CodeableConcept | None = None  # noqa: N815
    valueString: str | None = None  # noqa: N815
    valueBoolean: bool | None = None  # noqa: N815
    valueInteger: float | None = None  # noqa: N815
    valueRange: Range | None = None  # noqa: N815
    valueRatio: Ratio | None = None  # noqa: N815
    valueTime: str | None = None  # noqa: N815
    valueDateTime: str | None = None  # noqa: N815
    valuePeriod: Period | None = None  # noqa: N815
    dataAbsentReason: CodeableConcept | None = None  # noqa: N815
    interpretation: list[CodeableConcept] | None = None
    referenceRange: list[ReferenceRange] | None = None  # noqa: N815


class Observation(Valued):
    resourceType: str = ""  # noqa: N815
    id: str | None = None
    meta: Meta | None = None
    modifierExtension: list[ModifierExtension] | None = None  # noqa: N815
    status: str | None = None
    category: list[CodeableConcept] | None = None
    subject: Reference | None = None
    encounter: Reference | None = None
    performer: list[Reference] | None = None
    effectiveDateTime: str | None = None  # noqa: N815
    effectiveInstant: str | None = None  # noqa: N815
    effectivePeriod: Period | None = None  # noqa: N815
    issued: str | None = None
    specimen: Reference | None = None


def _values(of: str, answer: str) -> dict[str, str]:
    """The columns of a value; `of` is the prefix of its elements, `answer` the coding that was chosen for it."""
    text = f"{of}valueString"
    normal = (
        f"CASE WHEN len({of}referenceRange) > 1 THEN coalesce(list_filter({of}referenceRange,"
        f" lambda r: r.type.coding[1].code = 'normal')[1], {of}referenceRange[1]) ELSE {of}referenceRange[1] END"
    )
    return {
        "number": f"coalesce({of}valueQuantity.value, {of}valueInteger,"
        f" CASE WHEN {text} IS NOT NULL THEN number_in({text}) END)",
        "operator_concept_id": f"operator_concept(coalesce({of}valueQuantity.comparator,"
        f" CASE WHEN {text} IS NOT NULL THEN comparator_in({text}) END))",
        "unit_system": f"{of}valueQuantity.system",
        "unit": f"coalesce({of}valueQuantity.code, {of}valueQuantity.unit)",
        "value_concept_id": f"CASE {of}valueBoolean WHEN true THEN 4188539 WHEN false THEN 4188540 ELSE"
        f" CASE WHEN {of}interpretation IS NOT NULL THEN"
        f" {cases(f'{of}interpretation[1].coding[1].code', INTERPRETATIONS, 'NULL')} END END",
        "value_system": f"CASE WHEN {answer}.code IS NOT NULL THEN coalesce({answer}.system, '') END",
        "value_code": f"{answer}.code",
        "value_display": f"coalesce({answer}.display, {of}valueCodeableConcept.text)",
        "value_text": f"coalesce({text}, {of}valueTime, {of}valueDateTime, {of}valuePeriod.start,"
        f" CASE WHEN {of}valueRange IS NOT NULL THEN"
        f" concat({of}valueRange.low.value, '-', {of}valueRange.high.value) END,"
        f" CASE WHEN {of}valueRatio IS NOT NULL THEN"
        f" concat({of}valueRatio.numerator.value, ':', {of}valueRatio.denominator.value) END)",
        "range_low": f"({normal}).low.value",
        "range_high": f"({normal}).high.value",
    }


def _has_value(of: str) -> str:
    elements = "Quantity.value CodeableConcept String Boolean Integer Range Ratio Time DateTime Period.start"
    return "(" + " OR ".join(f"{of}value{element} IS NOT NULL" for element in elements.split()) + ")"


_given, _code = coded("code")
_part_code = coded("item.code", "chosen(item.code.coding)")[1]
_MEASURED = "('laboratory', 'vital-signs', 'vital-sign')"

OBSERVATION_COMPONENTS = f"list_filter(component, lambda c: c.code IS NOT NULL AND {_has_value('c.')})"


class ObservationWithComponents(Observation):
    component: list[Valued] | None = None


OBSERVATION = Reading(
    kind="Observation",
    shape=ObservationWithComponents,
    given={
        **_given,
        "answer": "chosen(valueCodeableConcept.coding)",
        "begun": "coalesce(effectiveDateTime, effectiveInstant, effectivePeriod.start, issued)",
        "has_value": _has_value(""),
        "parts": f"CASE WHEN len(component) > 0 THEN {OBSERVATION_COMPONENTS} END",
        "kept_as": "CASE WHEN len(category) = 1 AND len(category[1].coding) = 1 THEN category[1].coding[1].code ELSE"
        " coalesce(list_filter(flatten(list_transform(category, lambda c: c.coding)),"
        f" lambda c: c.code IN {_MEASURED})[1].code, category[1].coding[1].code) END",
    },
    excluded=(
        only("status", "final", "amended", "corrected"),
        ("dataAbsentReason IS NOT NULL AND NOT has_value AND coalesce(len(parts), 0) = 0", "'dataAbsentReason'"),
        ("len(component) > 0 AND NOT has_value AND coalesce(len(parts), 0) = 0", "'no component with a value'"),
    ),
    columns={
        **_code,
        **starting("begun"),
        **_values("", "answer"),
        "patient": "named(subject, 'Patient')",
        "encounter": "named(encounter, 'Encounter')",
        "provider": "CASE WHEN performer IS NOT NULL THEN named(performer[1], 'Practitioner') END",
        "specimen": "named(specimen, 'Specimen')",
        "target": f"CASE WHEN kept_as IN {_MEASURED} OR (kept_as IS NULL AND valueQuantity.value IS NOT NULL)"
        " THEN 'measurement' ELSE 'observation' END",
        "type_concept_id": "CASE kept_as WHEN 'laboratory' THEN 32856 WHEN 'survey' THEN 32883 ELSE 32817 END",
    },
    references={"patient": "Patient", "encounter": "Encounter", "provider": "Practitioner", "specimen": "Specimen"},
    own_row="has_value OR parts IS NULL",
    parts=Parts(
        shape=Valued,
        items="parts",
        columns={**_part_code, **_values("item.", "chosen(item.valueCodeableConcept.coding)")},
        where="true",
    ),
)

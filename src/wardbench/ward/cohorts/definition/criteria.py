"""The criteria: for each kind of clinical record, what a definition may ask of it.

`CRITERIA` says for each kind which table it reads and which field each attribute asks about; how an attribute is
compared follows from its shape. Attributes named in none of this are refused when the JSON is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wardbench.ward.cohorts.definition.shapes import (
    Concept,
    ConceptSetSelection,
    DateAdjustment,
    DateRange,
    NumericRange,
    Occurrence,
    Period,
    Shape,
    TextFilter,
    Window,
    circe_key,
)

Concepts = Sequence[Concept] | None
Flag = bool | None
InSet = ConceptSetSelection | None


class DemographicCriteria(Shape, frozen=True):
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None
    race: Concepts = None
    race_cs: InSet = None
    ethnicity: Concepts = None
    ethnicity_cs: InSet = None
    occurrence_start_date: DateRange | None = None
    occurrence_end_date: DateRange | None = None


class CorrelatedCriteria(Shape, frozen=True):
    """Events counted within a window around an index event."""

    criteria: Criteria
    start_window: Window
    occurrence: Occurrence
    end_window: Window | None = None
    restrict_visit: Flag = None
    ignore_observation_period: Flag = None


class Group(Shape, frozen=True):
    type: str
    count: int | None = None
    criteria_list: Sequence[CorrelatedCriteria] | None = None
    demographic_criteria_list: Sequence[DemographicCriteria] | None = None
    groups: Sequence[Group] | None = None

    def __post_init__(self) -> None:
        if self.type.upper() not in ("ALL", "ANY", "AT_LEAST", "AT_MOST"):
            raise ValueError("Type is one of ALL, ANY, AT_LEAST, AT_MOST")
        if self.type.upper().startswith("AT_") and (self.count is None or self.count < 0):
            raise ValueError(f"{self.type} needs a Count of 0 or more")

    @property
    def parts(self) -> int:
        return len(self.criteria_list or ()) + len(self.demographic_criteria_list or ()) + len(self.groups or ())


class Criterion(Shape, frozen=True):
    """What every kind of record may be asked."""

    correlated_criteria: Group | None = None
    first: Flag = None
    date_adjustment: DateAdjustment | None = None


class ConditionOccurrence(Criterion, frozen=True):
    codeset_id: int | None = None
    condition_source_concept: int | None = None
    occurrence_start_date: DateRange | None = None
    occurrence_end_date: DateRange | None = None
    condition_type: Concepts = None
    condition_type_cs: InSet = None
    condition_type_exclude: Flag = None
    condition_status: Concepts = None
    condition_status_cs: InSet = None
    stop_reason: TextFilter | None = None
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None
    provider_specialty: Concepts = None
    provider_specialty_cs: InSet = None
    visit_type: Concepts = None
    visit_type_cs: InSet = None


class DrugExposure(Criterion, frozen=True):
    codeset_id: int | None = None
    drug_source_concept: int | None = None
    occurrence_start_date: DateRange | None = None
    occurrence_end_date: DateRange | None = None
    drug_type: Concepts = None
    drug_type_cs: InSet = None
    drug_type_exclude: Flag = None
    stop_reason: TextFilter | None = None
    refills: NumericRange | None = None
    quantity: NumericRange | None = None
    days_supply: NumericRange | None = None
    route_concept: Concepts = None
    route_concept_cs: InSet = None
    effective_drug_dose: NumericRange | None = None
    dose_unit: Concepts = None
    dose_unit_cs: InSet = None
    lot_number: TextFilter | None = None
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None
    provider_specialty: Concepts = None
    provider_specialty_cs: InSet = None
    visit_type: Concepts = None
    visit_type_cs: InSet = None


class DeviceExposure(Criterion, frozen=True):
    codeset_id: int | None = None
    device_source_concept: int | None = None
    occurrence_start_date: DateRange | None = None
    occurrence_end_date: DateRange | None = None
    device_type: Concepts = None
    device_type_cs: InSet = None
    device_type_exclude: Flag = None
    unique_device_id: TextFilter | None = None
    quantity: NumericRange | None = None
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None
    provider_specialty: Concepts = None
    provider_specialty_cs: InSet = None
    visit_type: Concepts = None
    visit_type_cs: InSet = None


class ProcedureOccurrence(Criterion, frozen=True):
    codeset_id: int | None = None
    procedure_source_concept: int | None = None
    occurrence_start_date: DateRange | None = None
    procedure_type: Concepts = None
    procedure_type_cs: InSet = None
    procedure_type_exclude: Flag = None
    modifier: Concepts = None
    modifier_cs: InSet = None
    quantity: NumericRange | None = None
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None
    provider_specialty: Concepts = None
    provider_specialty_cs: InSet = None
    visit_type: Concepts = None
    visit_type_cs: InSet = None


class Measurement(Criterion, frozen=True):
    codeset_id: int | None = None
    measurement_source_concept: int | None = None
    occurrence_start_date: DateRange | None = None
    measurement_type: Concepts = None
    measurement_type_cs: InSet = None
    measurement_type_exclude: Flag = None
    operator: Concepts = None
    operator_cs: InSet = None
    value_as_number: NumericRange | None = None
    value_as_concept: Concepts = None
    value_as_concept_cs: InSet = None
    unit: Concepts = None
    unit_cs: InSet = None
    range_low: NumericRange | None = None
    range_high: NumericRange | None = None
    range_low_ratio: NumericRange | None = None
    range_high_ratio: NumericRange | None = None
    abnormal: Flag = None
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None
    provider_specialty: Concepts = None
    provider_specialty_cs: InSet = None
    visit_type: Concepts = None
    visit_type_cs: InSet = None


class Observation(Criterion, frozen=True):
    codeset_id: int | None = None
    observation_source_concept: int | None = None
    occurrence_start_date: DateRange | None = None
    observation_type: Concepts = None
    observation_type_cs: InSet = None
    observation_type_exclude: Flag = None
    value_as_number: NumericRange | None = None
    value_as_string: TextFilter | None = None
    value_as_concept: Concepts = None
    value_as_concept_cs: InSet = None
    qualifier: Concepts = None
    qualifier_cs: InSet = None
    unit: Concepts = None
    unit_cs: InSet = None
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None
    provider_specialty: Concepts = None
    provider_specialty_cs: InSet = None
    visit_type: Concepts = None
    visit_type_cs: InSet = None


class Specimen(Criterion, frozen=True):
    codeset_id: int | None = None
    occurrence_start_date: DateRange | None = None
    specimen_type: Concepts = None
    specimen_type_cs: InSet = None
    specimen_type_exclude: Flag = None
    quantity: NumericRange | None = None
    unit: Concepts = None
    unit_cs: InSet = None
    anatomic_site: Concepts = None
    anatomic_site_cs: InSet = None
    disease_status: Concepts = None
    disease_status_cs: InSet = None
    source_id: TextFilter | None = None
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None


class VisitOccurrence(Criterion, frozen=True):
    codeset_id: int | None = None
    visit_source_concept: int | None = None
    occurrence_start_date: DateRange | None = None
    occurrence_end_date: DateRange | None = None
    visit_type: Concepts = None
    visit_type_cs: InSet = None
    visit_type_exclude: Flag = None
    visit_length: NumericRange | None = None
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None
    provider_specialty: Concepts = None
    provider_specialty_cs: InSet = None
    place_of_service: Concepts = None
    place_of_service_cs: InSet = None
    place_of_service_location: int | None = None


class VisitDetail(Criterion, frozen=True):
    codeset_id: int | None = None
    visit_detail_source_concept: int | None = None
    visit_detail_start_date: DateRange | None = None
    visit_detail_end_date: DateRange | None = None
    visit_detail_type_cs: InSet = None
    visit_detail_length: NumericRange | None = None
    age: NumericRange | None = None
    gender_cs: InSet = None
    provider_specialty_cs: InSet = None
    place_of_service_cs: InSet = None
    place_of_service_location: int | None = None


class ConditionEra(Criterion, frozen=True):
    codeset_id: int | None = None
    era_start_date: DateRange | None = None
    era_end_date: DateRange | None = None
    occurrence_count: NumericRange | None = None
    era_length: NumericRange | None = None
    age_at_start: NumericRange | None = None
    age_at_end: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None


class DrugEra(Criterion, frozen=True):
    """`gap_days` beside another `era_length` is refused: Circe compares the gap with the length that is asked for."""

    codeset_id: int | None = None
    era_start_date: DateRange | None = None
    era_end_date: DateRange | None = None
    occurrence_count: NumericRange | None = None
    gap_days: NumericRange | None = None
    era_length: NumericRange | None = None
    age_at_start: NumericRange | None = None
    age_at_end: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None

    def __post_init__(self) -> None:
        if None not in (self.gap_days, self.era_length) and self.gap_days != self.era_length:
            raise ValueError("GapDays beside EraLength is not supported")


class DoseEra(Criterion, frozen=True):
    codeset_id: int | None = None
    era_start_date: DateRange | None = None
    era_end_date: DateRange | None = None
    unit: Concepts = None
    unit_cs: InSet = None
    dose_value: NumericRange | None = None
    era_length: NumericRange | None = None
    age_at_start: NumericRange | None = None
    age_at_end: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None


class Death(Criterion, frozen=True):
    codeset_id: int | None = None
    death_source_concept: int | None = None
    occurrence_start_date: DateRange | None = None
    death_type: Concepts = None
    death_type_cs: InSet = None
    death_type_exclude: Flag = None
    age: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None

    def __post_init__(self) -> None:
        moved = self.date_adjustment or DateAdjustment()
        if moved.start_with != "START_DATE" or moved.end_with != "END_DATE":
            # Circe adjusts the start of a death from its start and the end from its end, whatever is said here.
            raise ValueError("DateAdjustment from the other day is not supported")


class ObservationPeriod(Criterion, frozen=True):
    user_defined_period: Period | None = None
    period_start_date: DateRange | None = None
    period_end_date: DateRange | None = None
    period_type: Concepts = None
    period_type_cs: InSet = None
    period_length: NumericRange | None = None
    age_at_start: NumericRange | None = None
    age_at_end: NumericRange | None = None


class PayerPlanPeriod(Criterion, frozen=True):
    user_defined_period: Period | None = None
    period_start_date: DateRange | None = None
    period_end_date: DateRange | None = None
    period_length: NumericRange | None = None
    age_at_start: NumericRange | None = None
    age_at_end: NumericRange | None = None
    gender: Concepts = None
    gender_cs: InSet = None
    payer_concept: int | None = None
    plan_concept: int | None = None
    sponsor_concept: int | None = None
    stop_reason_concept: int | None = None
    payer_source_concept: int | None = None
    plan_source_concept: int | None = None
    sponsor_source_concept: int | None = None
    stop_reason_source_concept: int | None = None


class LocationRegion(Criterion, frozen=True):
    """Where a person was; what Circe's SQL leaves out of account is refused."""

    codeset_id: int | None = None

    def __post_init__(self) -> None:
        for name in ("first", "date_adjustment"):
            if getattr(self, name):
                raise ValueError(f"{circe_key(name)} is not supported")


class Criteria(Shape, frozen=True):
    """One criterion under the name of its kind."""

    condition_occurrence: ConditionOccurrence | None = None
    drug_exposure: DrugExposure | None = None
    device_exposure: DeviceExposure | None = None
    procedure_occurrence: ProcedureOccurrence | None = None
    measurement: Measurement | None = None
    observation: Observation | None = None
    specimen: Specimen | None = None
    visit_occurrence: VisitOccurrence | None = None
    visit_detail: VisitDetail | None = None
    condition_era: ConditionEra | None = None
    drug_era: DrugEra | None = None
    dose_era: DoseEra | None = None
    death: Death | None = None
    observation_period: ObservationPeriod | None = None
    payer_plan_period: PayerPlanPeriod | None = None
    location_region: LocationRegion | None = None

    def __post_init__(self) -> None:
        if sum(getattr(self, name) is not None for name in self.__struct_fields__) != 1:
            raise ValueError("needs exactly one kind of criterion")

    @property
    def only(self) -> tuple[str, Criterion]:
        """The name of the kind's table, and the criterion."""
        name = next(name for name in self.__struct_fields__ if getattr(self, name) is not None)
        return _TABLES.get(name, name), getattr(self, name)


_TABLES = {"location_region": "location_history"}
"""The tables that are not called as their criteria are."""


@dataclass(frozen=True)
class CriterionKind:
    """How a kind of criterion is read: `fields` maps attributes to the fields of `conditions` that they ask about.

    An attribute may be given as a list of concepts and, with CS behind its name, as a concept set: then both hold.
    """

    concepts: str | None
    source_concepts: str | None
    fields: Mapping[str, str]


_EVENT = {"occurrence_start_date": "start_date", "age": "age_at_start", "gender": "gender_concept_id"}
_PERIOD = {"age_at_start": "age_at_start", "age_at_end": "age_at_end", "gender": "gender_concept_id"}
_CARE = {"provider_specialty": "specialty_concept_id", "visit_type": "visit_concept_id"}
_ERA = {**_PERIOD, "era_start_date": "start_date", "era_end_date": "end_date", "era_length": "days"}
_SPAN = {**_PERIOD, "period_start_date": "start_date", "period_end_date": "end_date", "period_length": "days"}


_PAYER = {
    f"{what}{source}_concept": f"{what}{source}_concept_id"
    for what in ("payer", "plan", "sponsor", "stop_reason")
    for source in ("", "_source")
}


def _kind(source_concepts: str | None, *fields: Mapping[str, str], concepts: str | None = "codeset_id") -> Any:
    return CriterionKind(concepts, source_concepts, {k: v for part in fields for k, v in part.items()})


CRITERIA: Mapping[str, CriterionKind] = {
    "condition_occurrence": _kind(
        "condition_source_concept",
        _EVENT,
        _CARE,
        {
            "occurrence_end_date": "end_date",
            "condition_type": "condition_type_concept_id",
            "condition_status": "condition_status_concept_id",
            "stop_reason": "stop_reason",
        },
    ),
    "drug_exposure": _kind(
        "drug_source_concept",
        _EVENT,
        _CARE,
        {
            # Circe compares the start here too: its SQL says so in every version.
            "occurrence_end_date": "start_date",
            "drug_type": "drug_type_concept_id",
            "stop_reason": "stop_reason",
            "refills": "refills",
            "quantity": "quantity",
            "days_supply": "days_supply",
            "route_concept": "route_concept_id",
            "effective_drug_dose": "effective_drug_dose",
            "dose_unit": "dose_unit_concept_id",
            "lot_number": "lot_number",
        },
    ),
    "device_exposure": _kind(
        "device_source_concept",
        _EVENT,
        _CARE,
        {
            "occurrence_end_date": "end_date",
            "device_type": "device_type_concept_id",
            "unique_device_id": "unique_device_id",
            "quantity": "quantity",
        },
    ),
    "procedure_occurrence": _kind(
        "procedure_source_concept",
        _EVENT,
        _CARE,
        {
            "procedure_type": "procedure_type_concept_id",
            "modifier": "modifier_concept_id",
            "quantity": "quantity",
        },
    ),
    "measurement": _kind(
        "measurement_source_concept",
        _EVENT,
        _CARE,
        {
            "measurement_type": "measurement_type_concept_id",
            "operator": "operator_concept_id",
            "value_as_number": "value_as_number",
            "value_as_concept": "value_as_concept_id",
            "unit": "unit_concept_id",
            "range_low": "range_low",
            "range_high": "range_high",
            "range_low_ratio": "range_low_ratio",
            "range_high_ratio": "range_high_ratio",
        },
    ),
    "observation": _kind(
        "observation_source_concept",
        _EVENT,
        _CARE,
        {
            "observation_type": "observation_type_concept_id",
            "value_as_number": "value_as_number",
            "value_as_string": "value_as_string",
            "value_as_concept": "value_as_concept_id",
            "qualifier": "qualifier_concept_id",
            "unit": "unit_concept_id",
        },
    ),
    "specimen": _kind(
        None,
        _EVENT,
        {
            "specimen_type": "specimen_type_concept_id",
            "quantity": "quantity",
            "unit": "unit_concept_id",
            "anatomic_site": "anatomic_site_concept_id",
            "disease_status": "disease_status_concept_id",
            "source_id": "specimen_source_id",
        },
    ),
    "visit_occurrence": _kind(
        "visit_source_concept",
        _EVENT,
        {
            "occurrence_end_date": "end_date",
            "visit_type": "visit_type_concept_id",
            "visit_length": "days",
            "provider_specialty": "specialty_concept_id",
            "place_of_service": "place_of_service_concept_id",
            "place_of_service_location": "place_of_service_region_concept_id",
        },
    ),
    "visit_detail": _kind(
        "visit_detail_source_concept",
        {
            "visit_detail_start_date": "start_date",
            "visit_detail_end_date": "end_date",
            "visit_detail_type": "visit_detail_type_concept_id",
            "visit_detail_length": "days",
            # Circe takes the end here, and the start for every other event.
            "age": "age_at_end",
            "gender": "gender_concept_id",
            "provider_specialty": "specialty_concept_id",
            "place_of_service": "place_of_service_concept_id",
            "place_of_service_location": "place_of_service_region_concept_id",
        },
    ),
    "condition_era": _kind(None, _ERA, {"occurrence_count": "condition_occurrence_count"}),
    "drug_era": _kind(None, _ERA, {"occurrence_count": "drug_exposure_count", "gap_days": "gap_days"}),
    "dose_era": _kind(None, _ERA, {"unit": "unit_concept_id", "dose_value": "dose_value"}),
    "death": _kind("death_source_concept", _EVENT, {"death_type": "death_type_concept_id"}),
    "observation_period": _kind(None, _SPAN, {"period_type": "period_type_concept_id"}, concepts=None),
    "payer_plan_period": _kind(None, _SPAN, _PAYER, concepts=None),
    "location_history": _kind(None),
}
"""Every kind of criterion by the name of its table."""

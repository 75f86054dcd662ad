"""A whole cohort expression as ATLAS writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from wardbench.ward.cohorts.definition.criteria import Criteria, Group
from wardbench.ward.cohorts.definition.shapes import Limit, NamedConceptSet, Period, PlainShape, Shape, circe_key

MOST_RULES = 120
"""Inclusion rules of one definition: attrition is counted with one bit a rule."""


class ObservationWindow(Shape, frozen=True):
    prior_days: int = 0
    post_days: int = 0

    def __post_init__(self) -> None:
        if self.prior_days < 0 or self.post_days < 0:
            raise ValueError("days of observation are 0 or more")


class PrimaryCriteria(Shape, frozen=True):
    criteria_list: Sequence[Criteria]
    observation_window: ObservationWindow
    primary_criteria_limit: Limit = msgspec.field(default_factory=Limit)

    def __post_init__(self) -> None:
        if not self.criteria_list:
            raise ValueError("CriteriaList is empty: nothing can start the cohort")
        if self.primary_criteria_limit.type is None:
            raise ValueError("PrimaryCriteriaLimit needs a Type")


class InclusionRule(PlainShape, frozen=True):
    expression: Group
    name: str | None = None
    description: str | None = None


class DateOffset(Shape, frozen=True):
    date_field: str = "StartDate"
    offset: int = 0

    def __post_init__(self) -> None:
        if self.date_field not in ("StartDate", "EndDate"):
            raise ValueError("DateField is one of StartDate, EndDate")


class CustomEra(Shape, frozen=True):
    drug_codeset_id: int
    gap_days: int = 0
    offset: int = 0
    days_supply_override: int | None = None

    def __post_init__(self) -> None:
        if self.gap_days < 0:
            raise ValueError("GapDays is 0 or more")


class EndStrategy(Shape, frozen=True):
    date_offset: DateOffset | None = None
    custom_era: CustomEra | None = None

    def __post_init__(self) -> None:
        if self.date_offset is not None and self.custom_era is not None:
            raise ValueError("needs one strategy, not two")


class CollapseSettings(Shape, frozen=True):
    collapse_type: str = "ERA"
    era_pad: int = 0

    def __post_init__(self) -> None:
        if self.collapse_type != "ERA":
            raise ValueError(f"CollapseType {self.collapse_type} is not supported")
        if self.era_pad < 0:
            raise ValueError("EraPad is 0 or more")


def _key(name: str) -> str:
    return "cdmVersionRange" if name == "cdm_version_range" else circe_key(name)


class Expression(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename=_key):
    """A whole definition. `cdm_version_range` is what its author's tool supposed of the CDM and decides nothing."""

    primary_criteria: PrimaryCriteria
    qualified_limit: Limit = msgspec.field(default_factory=Limit)
    expression_limit: Limit = msgspec.field(default_factory=Limit)
    concept_sets: Sequence[NamedConceptSet] | None = None
    additional_criteria: Group | None = None
    inclusion_rules: Sequence[InclusionRule] | None = None
    end_strategy: EndStrategy | None = None
    censoring_criteria: Sequence[Criteria] | None = None
    collapse_settings: CollapseSettings | None = None
    censor_window: Period | None = None
    cdm_version_range: str | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9.<>=~^|& *xX-]*", self.cdm_version_range or ""):
            raise ValueError("cdmVersionRange is not such as >=5.0.0")
        if len(self.inclusion_rules or ()) > MOST_RULES:
            raise ValueError(f"more than {MOST_RULES} InclusionRules is not supported")
        known: dict[int, NamedConceptSet] = {}
        for position, concepts in enumerate(self.concept_sets or ()):
            earlier = known.setdefault(concepts.id, concepts)
            if earlier.meaning != concepts.meaning:
                raise ValueError(f"ConceptSets[{position}].id: {concepts.id} is the id of another concept set too")

"""What may be asked of one event: comparisons of its numbers, days, concepts and text.

A value that is missing satisfies no comparison, whatever the operator, negated ones included.

Fields every event has (relations that `Where` filters, and records alike):

- `start_date`, `end_date`: of the event;
- `days`: end less start, in days;
- `age_at_start`, `age_at_end`: the calendar year of that day less `person.year_of_birth`;
- `gender_concept_id`, `race_concept_id`, `ethnicity_concept_id`: of the person.

Fields only records of a table have (`Events.where`):

- any column of the table by its own name, such as `value_as_number` or `condition_type_concept_id`;
- `visit_concept_id`: of the visit that the record's `visit_occurrence_id` names, when that visit is the same person's.
  For `visit_occurrence` itself it is the column of that name;
- `specialty_concept_id`: of the provider that `provider_id` names;
- `place_of_service_concept_id`: of the care site that `care_site_id` names;
- `place_of_service_region_concept_id`: of every place where that care site was from the event's start to its end, as
  `location_history` says; any one of them is enough;
- `range_low_ratio`, `range_high_ratio`: `value_as_number` divided by `range_low` or `range_high`; missing where the
  divisor is 0.

In `Events.where`, `start_date`, `end_date`, `days` and the ages are those of the event's days after `Events.dates`
moved them and before `Events.fixed_start` and `fixed_end` replace them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from wardbench.core.omop.concept_sets import ConceptSet

Operator = Literal["lt", "lte", "eq", "ne", "gt", "gte", "between", "not_between"]
OPERATORS: tuple[Operator, ...] = ("lt", "lte", "eq", "ne", "gt", "gte", "between", "not_between")

EVENT_DATES = frozenset({"start_date", "end_date"})
EVENT_NUMBERS = frozenset({"days", "age_at_start", "age_at_end"})
PERSON_CONCEPTS = frozenset({"gender_concept_id", "race_concept_id", "ethnicity_concept_id"})
LINKED_CONCEPTS = {
    "visit_concept_id": "visit_occurrence_id",
    "specialty_concept_id": "provider_id",
    "place_of_service_concept_id": "care_site_id",
    "place_of_service_region_concept_id": "care_site_id",
}
RATIOS = {"range_low_ratio": "range_low", "range_high_ratio": "range_high"}


def _check_range(operator: Operator, extent: object) -> None:
    if operator not in OPERATORS:
        raise ValueError(f"no such operator: {operator}")
    if (extent is not None) != (operator in ("between", "not_between")):
        raise ValueError(f"{operator} takes {'two values' if extent is None else 'one value'}")


@dataclass(frozen=True)
class NumberIs:
    """`field` compared with `value`; `between` includes both ends and `not_between` excludes both."""

    field: str
    operator: Operator
    value: int | float
    extent: int | float | None = None

    def __post_init__(self) -> None:
        _check_range(self.operator, self.extent)


@dataclass(frozen=True)
class DateIs:
    """`field` compared with the day `value`; `between` includes both ends and `not_between` excludes both."""

    field: str
    operator: Operator
    value: date
    extent: date | None = None

    def __post_init__(self) -> None:
        _check_range(self.operator, self.extent)


@dataclass(frozen=True)
class ConceptIs:
    """`field` is one of `concepts`, or with `negated` a concept that is none of them.

    A frozenset holds the concept ids themselves; a `ConceptSet` stands for its members.
    """

    field: str
    concepts: frozenset[int] | ConceptSet
    negated: bool = False


@dataclass(frozen=True)
class TextIs:
    """`field` has `text` in it, at its start or at its end, with letters' case told apart; or with `negated` has not.

    `equals` means the whole field. `like` means that the whole field is as the pattern `text`, in which % stands for
    any characters or none, _ for any one, and every other for itself, the backslash included.
    """

    field: str
    match: Literal["contains", "starts_with", "ends_with", "equals", "like"]
    text: str
    negated: bool = False


@dataclass(frozen=True)
class IsAbnormal:
    """A measurement outside its own reference range, or with a value that says so.

    `value_as_number` < `range_low`, or `value_as_number` > `range_high`, or `value_as_concept_id` is 4155142 or
    4155143 (abnormally high, abnormally low). One of the three is enough, also where the others are missing.
    """


Condition = NumberIs | DateIs | ConceptIs | TextIs | IsAbnormal

ABNORMAL_VALUES = (4155142, 4155143)

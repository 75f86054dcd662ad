"""The small parts that Circe JSON is made of, and how its keys are spelt.

Every shape refuses a key that it does not declare: what is not declared is not supported.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, TypeVar

import msgspec

T = TypeVar("T")


def circe_key(name: str) -> str:
    """`codeset_id` as `CodesetId`, `gender_cs` as `GenderCS`."""
    return "".join("CS" if part == "cs" else part.capitalize() for part in name.split("_"))


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename=circe_key):
    """An object of Circe JSON; keys in capitals, as in `CodesetId`."""


class PlainShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object whose keys are spelt as the attributes are."""


class Concept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="upper"):
    """A concept; all but its id and name is what ATLAS shows beside it and decides nothing."""

    concept_id: int
    concept_name: str | None = None
    standard_concept: Any = None
    standard_concept_caption: Any = None
    invalid_reason: Any = None
    invalid_reason_caption: Any = None
    concept_code: Any = None
    domain_id: Any = None
    vocabulary_id: Any = None
    concept_class_id: Any = None
    valid_start_date: Any = None
    valid_end_date: Any = None
    record_count: Any = None
    descendant_record_count: Any = None
    person_count: Any = None
    descendant_person_count: Any = None


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One line of a concept set."""

    concept: Concept
    is_excluded: bool | None = None
    include_descendants: bool | None = None
    include_mapped: bool | None = None


class ConceptSetExpression(PlainShape, frozen=True):
    items: Sequence[Item] = ()


class NamedConceptSet(PlainShape, frozen=True):
    """A concept set as the definition lists it; criteria refer to its id. Who made it when decides nothing."""

    id: int
    expression: ConceptSetExpression
    name: str | None = None
    description: Any = None
    tags: Any = None
    created_by: Any = msgspec.field(default=None, name="createdBy")
    created_date: Any = msgspec.field(default=None, name="createdDate")
    modified_by: Any = msgspec.field(default=None, name="modifiedBy")
    modified_date: Any = msgspec.field(default=None, name="modifiedDate")

    @property
    def meaning(self) -> frozenset[tuple[int, bool, bool, bool]]:
        """Each concept's id, and whether it is excluded, with its descendants, with what is mapped to it."""
        return frozenset(
            (i.concept.concept_id, bool(i.is_excluded), bool(i.include_descendants), bool(i.include_mapped))
            for i in self.expression.items
        )


class ConceptSetSelection(Shape, frozen=True):
    """A concept set that a criterion's attribute has to be in, or out of."""

    codeset_id: int
    is_exclusion: bool | None = None


RangeOperator = Literal["lt", "lte", "eq", "!eq", "gt", "gte", "bt", "!bt"]


def _needs(condition: bool, sentence: str) -> None:
    if not condition:
        raise ValueError(sentence)


class NumericRange(Shape, frozen=True):
    """A comparison; the `extent` that ATLAS leaves behind when an operator of one value is chosen means nothing."""

    op: RangeOperator
    value: int | float
    extent: int | float | None = None

    def __post_init__(self) -> None:
        _needs(self.extent is not None or not self.op.endswith("bt"), f"{self.op} needs an Extent")


class DateRange(Shape, frozen=True):
    """A comparison of days; `extent` as in `NumericRange`."""

    op: RangeOperator
    value: date
    extent: date | None = None

    def __post_init__(self) -> None:
        _needs(self.extent is not None or not self.op.endswith("bt"), f"{self.op} needs an Extent")


class TextFilter(Shape, frozen=True):
    """A comparison of text, in which % stands for any letters and _ for any one, as in SQL's LIKE."""

    op: Literal["contains", "!contains", "startsWith", "!startsWith", "endsWith", "!endsWith"]
    text: str | None = None


class Period(Shape, frozen=True):
    start_date: date | None = None
    end_date: date | None = None


class DateAdjustment(Shape, frozen=True):
    start_with: Literal["START_DATE", "END_DATE"] = "START_DATE"
    start_offset: int = 0
    end_with: Literal["START_DATE", "END_DATE"] = "END_DATE"
    end_offset: int = 0


class WindowEdge(Shape, frozen=True):
    """`days` before (`coeff` -1) or after (1) the index day; without days, all there is on that side."""

    coeff: Literal[-1, 1]
    days: int | None = None


class Window(Shape, frozen=True):
    start: WindowEdge
    end: WindowEdge
    use_index_end: bool | None = None
    use_event_end: bool | None = None


class Occurrence(Shape, frozen=True):
    """`type` 0: exactly `count` times, 1: at most, 2: at least."""

    type: Literal[0, 1, 2]
    count: int
    is_distinct: bool | None = None
    count_column: Literal["DOMAIN_CONCEPT", "START_DATE", "END_DATE", "VISIT_ID"] | None = None

    def __post_init__(self) -> None:
        _needs(self.count >= 0, "Count is 0 or more")


class Limit(Shape, frozen=True):
    """Which events of a person stay; what is not said is the first, and null is no limit."""

    type: str | None = "First"

    def __post_init__(self) -> None:
        _needs(self.which in ("all", "first", "last"), "Type is one of All, First, Last")

    @property
    def which(self) -> str:
        return "all" if self.type is None else self.type.lower()

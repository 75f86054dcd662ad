"""Whether conditions can hold together: the numbers, days and concepts that they leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.conditions import ConceptIs, Condition, DateIs, NumberIs

NEVER_NEGATIVE = frozenset({"days", "age_at_start", "age_at_end"})


@dataclass(frozen=True)
class Span:
    """From `low` to `high`, both included unless `open_low` or `open_high`; None is no bound."""

    low: Any = None
    high: Any = None
    open_low: bool = False
    open_high: bool = False

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return bool(self.low > self.high or (self.low == self.high and (self.open_low or self.open_high)))

    def __and__(self, other: Span) -> Span:
        low, open_low = _tighter(self.low, self.open_low, other.low, other.open_low, largest=True)
        high, open_high = _tighter(self.high, self.open_high, other.high, other.open_high, largest=False)
        return Span(low, high, open_low, open_high)


def _tighter(one: Any, one_open: bool, other: Any, other_open: bool, *, largest: bool) -> tuple[Any, bool]:
    if one is None or other is None or one == other:
        return (one if other is None else other), (one_open and one is not None) or (other_open and other is not None)
    return (one, one_open) if (one > other) is largest else (other, other_open)


def span(condition: NumberIs | DateIs) -> Span:
    """The values a comparison leaves, as far as they are one stretch."""
    match condition.operator:
        case "lt":
            return Span(high=condition.value, open_high=True)
        case "lte":
            return Span(high=condition.value)
        case "gt":
            return Span(low=condition.value, open_low=True)
        case "gte":
            return Span(low=condition.value)
        case "eq":
            return Span(condition.value, condition.value)
        case "between":
            return Span(condition.value, condition.extent)
    return Span()


def possible(conditions: Sequence[Condition]) -> bool:
    """Whether some event may satisfy all of `conditions`; False only where that is certain."""
    spans: dict[str, Span] = {}
    for condition in conditions:
        if isinstance(condition, NumberIs | DateIs):
            known = Span(low=0) if condition.field in NEVER_NEGATIVE else Span()
            spans[condition.field] = spans.get(condition.field, known) & span(condition)
    if any(one.is_empty for one in spans.values()):
        return False
    # An event ends on the day it starts or later.
    start, end = spans.get("start_date", Span()), spans.get("end_date", Span())
    if (Span(low=start.low, open_low=start.open_low) & Span(high=end.high, open_high=end.open_high)).is_empty:
        return False
    return all(_some_concept(field, conditions) for field in {c.field for c in conditions if isinstance(c, ConceptIs)})


def _some_concept(field: str, conditions: Iterable[Condition]) -> bool:
    left: frozenset[int] | None = None
    barred: frozenset[int] = frozenset()
    for condition in conditions:
        if (
            not isinstance(condition, ConceptIs)
            or condition.field != field
            or isinstance(condition.concepts, ConceptSet)
        ):
            continue
        if condition.negated:
            barred |= condition.concepts
        else:
            left = condition.concepts if left is None else left & condition.concepts
    return left is None or bool(left - barred)

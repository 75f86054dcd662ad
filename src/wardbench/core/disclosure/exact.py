"""Mode `exact`: the figures as they are, for whoever may read the rows they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wardbench.core.disclosure.figures import Figure, Group, Quantiles, Spread, significant, whole_number

DIGITS = 4
_NONE = Figure(None, "none")


@dataclass(frozen=True)
class ExactRules:
    """Hides nothing, and says so."""

    mode: str = "exact"
    label: str = "Exact counts: not for release"
    shows_events: bool = True
    percent_decimals: int = 1
    fewest: int = 1
    notes: tuple[str, ...] = (
        "Nothing is hidden or rounded. This page is for people who may read the records of these persons.",
        "Do not pass it on: a count of one, or the difference of two counts, can point at a person. "
        "Write the report again in mode “release” for everybody else.",
    )

    def listed(self, persons: int) -> bool:
        return persons > 0

    def total(self, persons: int) -> Figure:
        return whole_number(persons)

    def part(self, persons: int, whole: int) -> Figure:
        return whole_number(persons)

    def partition(self, cells: Sequence[int]) -> tuple[Group, ...]:
        return tuple(Group((position,), whole_number(cell)) for position, cell in enumerate(cells))

    def chain(self, steps: Sequence[int]) -> tuple[Figure, ...]:
        return tuple(whole_number(step) for step in steps)

    def amount(self, total: int, persons: int, largest: Sequence[int]) -> Figure:
        return whole_number(total)

    def quantiles(self, values: Quantiles, whole: int | None = None) -> Spread:
        low, middle, high = (
            _NONE if q is None else significant(q, DIGITS) for q in (values.q25, values.q50, values.q75)
        )
        return Spread(low, middle, high)

    def ordered(self, value: float | None, beyond: int) -> Figure:
        return _NONE if value is None else significant(value, DIGITS)

    def estimate(self, value: float | None, persons: int) -> Figure:
        return _NONE if value is None else significant(value, DIGITS)

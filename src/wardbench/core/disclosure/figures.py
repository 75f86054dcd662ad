"""What may be shown: a number or the words in its place. And what quantiles are asked with."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure after disclosure control; `text` is what to show, `value` is None where the number is withheld."""

    value: float | None
    text: str


NEARLY_ALL = Figure(None, "nearly all")
"""All of a whole, or all but so few that their number is withheld."""


@dataclass(frozen=True, slots=True)
class Group:
    """Categories of a partition that are shown as one, by their positions, and the count of them together."""

    members: tuple[int, ...]
    count: Figure


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Median and quartiles of one value per person, before disclosure control; None where `persons` is 0."""

    persons: int
    q25: float | None
    q50: float | None
    q75: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and quartiles after disclosure control."""

    q25: Figure
    median: Figure
    q75: Figure


def whole_number(value: int) -> Figure:
    """`value` as a figure with thousands separators."""
    return Figure(value, f"{value:,}")


def significant(value: float, digits: int) -> Figure:
    """`value` rounded to so many significant digits, written without an exponent and without needless zeros."""
    if value == 0 or not math.isfinite(value):
        return Figure(0.0, "0") if value == 0 else Figure(None, "not a number")
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    text = f"{rounded:,.{max(places, 0)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Figure(rounded, text)


def percent(part: Figure, whole: Figure, *, decimals: int = 0) -> str:
    """`part` as a percentage of `whole`, both as shown, so that it says no more than they do; empty where withheld."""
    if part.value is None or not whole.value:
        return ""
    return f"{100 * part.value / whole.value:.{decimals}f}%"

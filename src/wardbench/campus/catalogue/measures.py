"""How long things take, and how old things are: medians and tails, plainly. No Django here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

AGES = (1, 2, 5, 10)
"""Where bands of age begin, in years: the first, of less than a year, begins at 0, and the last is open."""


@dataclass(frozen=True)
class Spread:
    """How many there are, the middle one, and the one that nine of ten do not exceed, in days; None without any."""

    count: int
    median: float | None
    p90: float | None


def spread(days: Iterable[float]) -> Spread:
    """The nearest-rank percentiles of durations: each is one that happened, the median of two is the shorter."""
    found = sorted(days)
    if not found:
        return Spread(0, None, None)
    return Spread(len(found), _rank(found, 0.5), _rank(found, 0.9))


def _rank(found: Sequence[float], share: float) -> float:
    return found[max(0, math.ceil(share * len(found)) - 1)]


def age_band(years: float | None) -> int | None:
    """The place of an age among the bands that `AGES` divide; None where it is not known."""
    return None if years is None else sum(years >= begin for begin in AGES)

"""What a Table 1 is made of: summaries of one variable in one group, and how far two of them lie apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ALIKE = 0.1
"""A standardised difference beyond this is an imbalance (Austin, Statist Med 2009;28:3083)."""
QUARTILES_OF_NORMAL = 1.349
"""From the first to the third quartile of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Numbers:
    """A variable of numbers in `n` persons; what is not known is None."""

    n: int
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    q25: float | None = None
    q75: float | None = None


@dataclass(frozen=True)
class Levels:
    """A variable of categories: persons by level. What one has or has not is one level, `yes`."""

    counts: tuple[tuple[str, int], ...]

    def of(self, level: str) -> int | None:
        return dict(self.counts).get(level)


Summary = Numbers | Levels


def centre_and_spread(
    mean: float | None, sd: float | None, median: float | None, q25: float | None, q75: float | None
) -> tuple[float, float] | None:
    """Mean and standard deviation, from the quartiles where they are not given (Wan and others, BMC Med Res Methodol
    2014;14:135, scenario 3 for large n); None where neither is known."""
    if mean is not None and sd is not None:
        return mean, sd
    if median is None or q25 is None or q75 is None:
        return None
    return (q25 + median + q75) / 3, (q75 - q25) / QUARTILES_OF_NORMAL


def difference_of_means(first: tuple[float, float], second: tuple[float, float]) -> float | None:
    """(mean, deviation) of two groups: the standardised difference (Cohen's d with the deviations pooled evenly);
    None where nothing varies and the means differ."""
    spread = math.sqrt((first[1] ** 2 + second[1] ** 2) / 2)
    if spread == 0:
        return 0.0 if first[0] == second[0] else None
    return (first[0] - second[0]) / spread


def difference_of_shares(first: float, second: float) -> float | None:
    """Of two shares; None where one group has all and the other none."""
    return difference_of_means((first, math.sqrt(first * (1 - first))), (second, math.sqrt(second * (1 - second))))


def difference_of_levels(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Of the shares of k levels, which add up to 1 in each group: the distance of Mahalanobis between them (Yang and
    Dalton, SAS Global Forum 2012, paper 335), 0 or more; None where it is not finite."""
    p, q = np.asarray(first, dtype=float)[1:], np.asarray(second, dtype=float)[1:]
    apart = p - q
    if not apart.any():
        return 0.0
    spread = sum((np.diag(shares) - np.outer(shares, shares)) / 2 for shares in (p, q))
    inverse = np.linalg.pinv(spread)
    if not np.allclose(spread @ inverse @ apart, apart):
        return None
    return float(np.sqrt(apart @ inverse @ apart))

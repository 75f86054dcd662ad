"""Reference limits of healthy persons who were chosen beforehand: the direct way, without a distribution.

The 2.5th and 97.5th percentile by ranks r = p (n + 1), and an interval of each from the ranks of a binomial
distribution: CLSI EP28-A3c, section 9; Solberg, J Clin Chem Clin Biochem 1987;25:645. 120 persons at least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from wardbench.ward.benchmark.indirect import CENTRAL, Floats

FEWEST_HEALTHY = 120


@dataclass(frozen=True)
class DirectLimit:
    """One limit: its value, its interval (None where too few persons are there to give one), and how many of the n
    persons lie at or beyond the outermost value of these, so that disclosure control can judge it."""

    value: float
    interval: tuple[float, float] | None
    beyond: int
    beyond_interval: int


@dataclass(frozen=True)
class Direct:
    persons: int
    lower: DirectLimit
    upper: DirectLimit


def direct_limits(values: Floats, *, level: float = 0.95) -> Direct | None:
    """Limits of n healthy persons, or None where they are fewer than 120."""
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    if n < FEWEST_HEALTHY:
        return None
    tail = (1 - CENTRAL) / 2
    lower = _limit(ordered, tail, level)
    mirrored = _limit(-ordered[::-1], tail, level)
    interval = None if mirrored.interval is None else (-mirrored.interval[1], -mirrored.interval[0])
    return Direct(n, lower, DirectLimit(-mirrored.value, interval, mirrored.beyond, mirrored.beyond_interval))


def ranks(n: int, share: float, level: float) -> tuple[int, int] | None:
    """The ranks (from 1) of the values between which the percentile `share` lies with probability `level` or more, the
    tails as equal as whole numbers allow; None where n is too small."""
    tail = (1 - level) / 2
    low = int(stats.binom.ppf(tail, n, share))
    if stats.binom.cdf(low, n, share) > tail:
        low -= 1
    high = int(stats.binom.ppf(1 - tail, n, share)) + 1
    return None if low < 0 or high > n else (low + 1, high)


def _limit(ordered: Floats, tail: float, level: float) -> DirectLimit:
    n = len(ordered)
    rank = tail * (n + 1)
    whole = int(rank)
    value = ordered[whole - 1] + (rank - whole) * (ordered[whole] - ordered[whole - 1])
    found = ranks(n, tail, level)
    interval = None if found is None else (float(ordered[found[0] - 1]), float(ordered[found[1] - 1]))
    return DirectLimit(float(value), interval, whole, 0 if found is None else found[0])

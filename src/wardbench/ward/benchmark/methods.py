"""Two methods that measure the same: Passing and Bablok's regression, and Bland and Altman's limits of agreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from wardbench.core.errors import InputError

Floats = npt.NDArray[np.float64]
FEWEST_PAIRS = 10
MOST_PAIRS = 5000
"""Slopes of all pairs of pairs are held at once: twelve million."""


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x, each with its interval; `cusum` is the statistic of linearity and `linear` the
    probability of so great a one if the methods are linearly related."""

    slope: float
    slope_interval: tuple[float, float]
    intercept: float
    intercept_interval: tuple[float, float]
    cusum: float
    linear: float


@dataclass(frozen=True)
class Agreement:
    """Differences y - x: their mean (bias) and the limits of agreement with exact intervals; `trend` is the slope of
    the differences over the means, with its interval and probability."""

    bias: float
    bias_interval: tuple[float, float]
    deviation: float
    lower: float
    lower_interval: tuple[float, float]
    upper: float
    upper_interval: tuple[float, float]
    trend: float
    trend_interval: tuple[float, float]
    trend_probability: float


def passing_bablok(x: Floats, y: Floats, level: float = 0.95) -> Line:
    """Passing H, Bablok W. J Clin Chem Clin Biochem 1983;21:709. Of n pairs, in the units of both methods, which have
    to be positively related. InputError for fewer than 10 or more than 5,000 pairs, or where no slope can be told."""
    x, y = checked(x, y)
    n = len(x)
    first, second = np.triu_indices(n, 1)
    dx, dy = x[second] - x[first], y[second] - y[first]
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.where(dx == 0, np.sign(dy) * np.inf, dy / dx)
    # Equal pairs tell no slope, and one of exactly -1 lies on neither side.
    slopes = np.sort(slopes[~np.isnan(slopes) & (slopes != -1)])
    shift, many = int(np.count_nonzero(slopes < -1)), len(slopes)
    if many == 0 or many + shift > 2 * many - 1:
        raise InputError("The two methods are not positively related.")
    half = many // 2
    slope = float(slopes[half + shift]) if many % 2 else float(slopes[half - 1 + shift] + slopes[half + shift]) / 2
    reach = float(stats.norm.ppf(0.5 + level / 2)) * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    rank = round((many - reach) / 2)
    low, high = rank + shift - 1, many - rank + shift
    if low < 0 or high >= many or not np.isfinite(slope) or slope <= 0:
        raise InputError("The two methods are not positively related, or too few pairs tell how.")
    ends = float(slopes[low]), float(slopes[high])
    intercept = float(np.median(y - slope * x))
    cusum, linear = linearity(x, y, slope, intercept)
    outer = float(np.median(y - ends[1] * x)), float(np.median(y - ends[0] * x))
    return Line(slope, ends, intercept, outer, cusum, linear)


def linearity(x: Floats, y: Floats, slope: float, intercept: float) -> tuple[float, float]:
    """The Cusum test of the same paper: the greatest sum of scores along the line over the root of those below and one,
    and its probability by Kolmogorov and Smirnov's distribution."""
    apart = y - intercept - slope * x
    # What rounding alone makes of a point on the line is not above or below it.
    apart = np.where(np.isclose(apart, 0, atol=1e-9 * max(1.0, float(np.abs(y).max()))), 0, apart)
    above, below = int(np.count_nonzero(apart > 0)), int(np.count_nonzero(apart < 0))
    if above == 0 or below == 0:
        return 0.0, 1.0
    score = np.where(apart > 0, np.sqrt(below / above), np.where(apart < 0, -np.sqrt(above / below), 0.0))
    along = (y + x / slope - intercept) / np.sqrt(1 + 1 / slope**2)
    found = float(np.abs(np.cumsum(score[np.argsort(along, kind="stable")])).max()) / np.sqrt(below + 1)
    return found, float(special.kolmogorov(found))


def bland_altman(x: Floats, y: Floats, level: float = 0.95) -> Agreement:
    """Bland JM, Altman DG. Lancet 1986;327:307. Intervals of the limits are exact, from the non-central t distribution
    (Carkeet, Optom Vis Sci 2015;92:e71). InputError as `passing_bablok`, and where all differences are the same."""
    x, y = checked(x, y)
    apart, middle, n = y - x, (x + y) / 2, len(x)
    bias, deviation = float(apart.mean()), float(apart.std(ddof=1))
    if deviation == 0 or np.ptp(middle) == 0:
        raise InputError("All differences between the two methods, or all values, are the same.")
    tail, z = (1 - level) / 2, float(special.ndtri(0.975))
    near, far = (float(stats.nct.ppf(p, n - 1, z * np.sqrt(n))) / np.sqrt(n) for p in (tail, 1 - tail))
    reach = float(stats.t.ppf(1 - tail, n - 1)) * deviation / np.sqrt(n)
    line = stats.linregress(middle, apart)
    span = float(stats.t.ppf(1 - tail, n - 2)) * line.stderr
    return Agreement(
        bias,
        (bias - reach, bias + reach),
        deviation,
        bias - z * deviation,
        (bias - far * deviation, bias - near * deviation),
        bias + z * deviation,
        (bias + near * deviation, bias + far * deviation),
        float(line.slope),
        (float(line.slope - span), float(line.slope + span)),
        float(line.pvalue),
    )


def checked(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Pairs of finite numbers, between 10 and 5,000 of them."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.shape != y.shape or not FEWEST_PAIRS <= len(x) <= MOST_PAIRS:
        raise InputError("Two methods are compared by {fewest} to {most} pairs.", fewest=FEWEST_PAIRS, most=MOST_PAIRS)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError("A pair has a value that is not a number.")
    return x, y

"""Negative controls: what this way of asking finds where there is nothing to find, and estimates corrected for it.

After Schuemie and others (Statist Med 2014;33:209 and PNAS 2018;115:2571): the systematic error of estimates of truly
absent effects is normal on the log scale; its mean and spread are fitted by maximum likelihood.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes import normal
from wardbench.bench.outcomes.arrays import Floats
from wardbench.core.errors import InputError

FEWEST = 5
"""Fewer negative controls say nothing about spread."""
COMMON = 0.15
"""The share by the end of follow-up from which a hazard ratio is no longer near the ratio of risks."""


@dataclass(frozen=True)
class EmpiricalNull:
    """The distribution of systematic error, as logarithms of ratios."""

    mean: float
    spread: float

    def expected_absolute_error(self) -> float:
        """EASE: how far, on average and in logarithms, an estimate is moved by systematic error alone."""
        if self.spread == 0:
            return abs(self.mean)
        ratio = self.mean / self.spread
        folded = self.spread * math.sqrt(2 / math.pi) * math.exp(-(ratio**2) / 2)
        return folded + self.mean * (1 - 2 * normal.share_below(-ratio))

    def p(self, log_ratio: float, error: float) -> float:
        """Two-sided: how often no effect would seem as far from where no effect lies."""
        z = (log_ratio - self.mean) / math.hypot(self.spread, error)
        return 2 * normal.share_below(-abs(z))

    def interval(self, log_ratio: float, error: float, level: float = 0.95) -> tuple[float, float, float]:
        """The estimate and its limits, as ratios, with the systematic error taken out and its spread taken in."""
        centre, half = log_ratio - self.mean, normal.half_width(level) * math.hypot(self.spread, error)
        return math.exp(centre), math.exp(centre - half), math.exp(centre + half)


def empirical_null(log_ratios: Floats, errors: Floats) -> EmpiricalNull:
    """Fitted to estimates of m negative controls; those that are not finite are left out, as they hold no estimate.

    InputError where fewer than five are left.
    """
    ratio, error = np.asarray(log_ratios, dtype=float), np.asarray(errors, dtype=float)
    kept = np.isfinite(ratio) & np.isfinite(error) & (error > 0)
    ratio, error = ratio[kept], error[kept]
    if len(ratio) < FEWEST:
        raise InputError("At least {fewest} negative controls with an estimate are needed.", fewest=FEWEST)

    def fitted_mean(variance: float) -> float:
        return float(np.average(ratio, weights=1 / (variance + error**2)))

    def cost(spread: float) -> float:
        total = np.sqrt(spread**2 + error**2)
        away = (ratio - fitted_mean(spread**2)) / total
        return float(np.sum(away**2 / 2 + np.log(total)))

    # It takes longer to load than to use, and patients are described without it.
    from scipy import optimize

    # The mean has a closed form for each spread, so that one bounded search finds both.
    upper = 10 * float(np.std(ratio) + error.max()) + 1e-6
    grid = np.concatenate(([0.0], np.geomspace(1e-6, upper, 60)))
    best = int(np.argmin([cost(float(spread)) for spread in grid]))
    low, high = float(grid[max(0, best - 1)]), float(grid[min(len(grid) - 1, best + 1)])
    found = optimize.minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    spread = float(found.x) if cost(float(found.x)) < cost(0.0) else 0.0
    return EmpiricalNull(fitted_mean(spread**2), spread)


def e_value(ratio: float) -> float:
    """How strong an unmeasured confounder would have to be, with both treatment and outcome, to explain the ratio away
    (VanderWeele and Ding, Ann Intern Med 2017;167:268). 1 where there is nothing to explain."""
    if not ratio > 0:
        raise InputError("An E-value is of a ratio above 0.")
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))


def ratio_of_risks(hazard_ratio: float) -> float:
    """About what ratio of risks a hazard ratio of a common outcome comes to, nearer to 1 (VanderWeele, Biometrics
    2020;76:746; asked for in VanderWeele and Ding 2017, table 2). E-values are of ratios of risks."""
    if not hazard_ratio > 0:
        raise InputError("An E-value is of a ratio above 0.")
    root = math.sqrt(hazard_ratio)
    return float(-math.expm1(root * math.log(0.5)) / -math.expm1(math.log(0.5) / root))


def e_value_of_limit(ratio: float, low: float, high: float) -> float:
    """The E-value of the limit nearer to 1; 1 where the interval holds 1."""
    if low <= 1 <= high:
        return 1.0
    return e_value(low if ratio > 1 else high)

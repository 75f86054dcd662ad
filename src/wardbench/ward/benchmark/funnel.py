"""Funnel plots of units: does one differ from the whole by more than chance, or than units of its kind do?

Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statist Med 2005;24:1185. Limits of proportions
are binomial and of ratios Poisson, exact, interpolated between whole numbers (his appendix A.1). Where units vary more
than chance lets them, the over-dispersion is a factor of Winsorised z-scores (A.3.1), or is put down to a variance
between units (additive random effects, A.3.2; Spiegelhalter, Qual Saf Health Care 2005;14:347).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from wardbench.core.errors import InputError

Floats = npt.NDArray[np.float64]
Kind = Literal["proportion", "ratio"]

LEVELS = (0.95, 0.998)
"""Two and three standard deviations: what is looked at, and what is looked into."""
WINSORISED = 0.1
"""The share of z-scores at either end that is drawn in, so that outliers do not hide themselves."""
FEWEST_UNITS = 5


@dataclass(frozen=True)
class Funnel:
    """k units. `size` is the denominator (proportion) or what was expected (ratio), `target` the whole's value, `z`
    the naive scores, `dispersion` phi (1 where chance is enough), `between` the variance between units.

    `score` are the z-scores that were judged, after the over-dispersion.
    """

    kind: Kind
    observed: Floats
    size: Floats
    target: float
    z: Floats
    dispersion: float
    between: float
    score: Floats

    @property
    def value(self) -> Floats:
        return np.asarray(self.observed / self.size)

    @property
    def dispersed(self) -> bool:
        """Whether units vary more than chance lets them."""
        return self.between > 0

    def limits(self, size: Floats, level: float) -> tuple[Floats, Floats]:
        """Lower and upper limit at sizes (m): exact, and widened by the variance between units where there is one."""
        size = np.asarray(size, float)
        if not self.dispersed:
            return exact_limits(self.kind, self.target, size, level)
        reach = float(stats.norm.ppf(0.5 + level / 2)) * np.sqrt(
            standard_error(self.kind, self.target, size) ** 2 + self.between
        )
        centre = transformed(self.kind, self.target)
        return back(self.kind, centre - reach), back(self.kind, centre + reach)

    def outside(self, level: float) -> npt.NDArray[np.bool_]:
        """Which units lie outside the limits."""
        low, high = self.limits(self.size, level)
        return np.asarray((self.value < low) | (self.value > high))


def funnel(kind: Kind, observed: Floats, size: Floats, *, target: float | None = None) -> Funnel:
    """Judge k units; the target is that of all together unless it is given. InputError for fewer than five units, sizes
    that are not above 0, or proportions of more than all."""
    observed, size = np.asarray(observed, float), np.asarray(size, float)
    if len(size) < FEWEST_UNITS:
        raise InputError("A funnel plot needs {fewest} units or more.", fewest=FEWEST_UNITS)
    if np.any(size <= 0) or np.any(observed < 0) or (kind == "proportion" and np.any(observed > size)):
        raise InputError("Each unit has a size above 0, and not more events than that is of.")
    whole = float(observed.sum() / size.sum()) if target is None else target
    if whole <= 0 or (kind == "proportion" and whole >= 1):
        raise InputError("Nobody, or everybody, had the event: there is nothing to compare.")
    error = standard_error(kind, whole, size)
    z = (transformed(kind, observed / size) - transformed(kind, whole)) / error
    dispersion, between = over_dispersion(z, error)
    return Funnel(kind, observed, size, whole, z, dispersion, between, z * error / np.sqrt(error**2 + between))


def over_dispersion(z: Floats, error: Floats) -> tuple[float, float]:
    """(phi, tau squared) of z-scores with their standard errors (k): the mean square of the Winsorised scores, and the
    variance between units that explains it by moments (DerSimonian and Laird); 0 where phi is not beyond what k - 1
    units show."""
    low, high = np.quantile(z, (WINSORISED, 1 - WINSORISED))
    phi = float(np.mean(np.clip(z, low, high) ** 2))
    many, weight = len(z), 1 / error**2
    if many * phi <= many - 1:
        return phi, 0.0
    return phi, float((many * phi - (many - 1)) / (weight.sum() - (weight**2).sum() / weight.sum()))


def transformed(kind: Kind, value: Floats | float) -> Floats:
    """On the scale on which the variance is steady: arc sine of the root for proportions, root for ratios."""
    return np.asarray(np.arcsin(np.sqrt(value)) if kind == "proportion" else np.sqrt(value))


def back(kind: Kind, value: Floats) -> Floats:
    if kind == "proportion":
        return np.asarray(np.sin(np.clip(value, 0, np.pi / 2)) ** 2)
    return np.asarray(np.maximum(value, 0) ** 2)


def standard_error(kind: Kind, target: float, size: Floats) -> Floats:
    """On the same scale: 1/2 over the root of the size, for both kinds."""
    return np.asarray(0.5 / np.sqrt(size))


def exact_limits(kind: Kind, target: float, size: Floats, level: float) -> tuple[Floats, Floats]:
    """Where a unit of each size (m) lies with probability `level`, if it is like the target."""
    tail = (1 - level) / 2
    return _quantile(kind, target, size, tail), _quantile(kind, target, size, 1 - tail)


def _quantile(kind: Kind, target: float, size: Floats, share: float) -> Floats:
    """The count below which `share` lies, interpolated between whole numbers, over the size."""
    law = stats.binom(np.maximum(1, np.round(size)), target) if kind == "proportion" else stats.poisson(target * size)
    whole = law.ppf(share)
    here, before = law.cdf(whole), law.cdf(whole - 1)
    part = (here - share) / (here - before)
    return np.asarray(np.maximum(0, whole - part) / size)

"""Funnel plots of units: does one differ from the whole by more than chance, or than units of its kind do?

Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statist Med 2005;24:1185. Limits are exact,
interpolated between whole numbers (his appendix A.1): of proportions binomial, of ratios to what is expected Poisson.
Where it is known of how many persons events are expected, and with which probabilities p, a ratio's are binomial too,
of the mean and variance (sum of p (1 - p)) that the count of these persons has: Poisson's variance, the sum of p, is
too wide where events are common (Ehm, Binomial approximation to the Poisson binomial distribution, Stat Probab Lett
1991;11:7).

Where units vary more than chance lets them, that is put down to a variance between units (additive random effects,
A.3.2; Spiegelhalter, Qual Saf Health Care 2005;14:347), estimated in one of two `WAYS`. Proportions stand on the arc
sine scale in both.
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
Way = Literal["cqc", "shmi"]

WAYS: dict[Way, str] = {
    "cqc": "the outermost tenth of scores at either end drawn in (Winsorised), as the Care Quality Commission does",
    "shmi": "the outermost tenth of scores at either end left out (truncated), as the Summary Hospital-level Mortality "
    "Indicator does",
}
"""How the variance between units is estimated, by the bodies whose way it is: of ratios on the scale of the root (cqc;
Spiegelhalter and others, J R Stat Soc A 2012;175:1) or of the logarithm (shmi)."""

LEVELS = (0.95, 0.998)
"""Two and three standard deviations: what is looked at, and what is looked into."""
OUTERMOST = 0.1
"""The share of z-scores at either end that is drawn in or left out, so that outliers do not hide themselves."""
HALF = 0.5
"""What no event at all counts for on the logarithmic scale, which has no place for it."""
FEWEST_UNITS = 5


@dataclass(frozen=True)
class Funnel:
    """k units. `size` is the denominator (proportion) or what was expected (ratio), `target` the whole's value, `z`
    the naive scores, `dispersion` phi (1 where chance is enough), `between` the variance between units.

    `common` is by which part the variance of a ratio's count lies below Poisson's: the sum of the squared probabilities
    of a unit's persons over what is expected of them, 0 where these are not known. `score` are the z-scores that were
    judged, after the over-dispersion.
    """

    kind: Kind
    observed: Floats
    size: Floats
    target: float
    z: Floats
    dispersion: float
    between: float
    score: Floats
    common: Floats
    way: Way = "cqc"

    @property
    def value(self) -> Floats:
        return np.asarray(self.observed / self.size)

    @property
    def dispersed(self) -> bool:
        """Whether units vary more than chance lets them."""
        return self.between > 0

    @property
    def binomial(self) -> bool:
        return self.kind == "proportion" or bool(self.common.any())

    def limits(self, size: Floats, level: float, common: Floats | None = None) -> tuple[Floats, Floats]:
        """Lower and upper limit of units of sizes (m) and of the average case mix, or of their own (`common`): exact,
        and widened by the variance between units where there is one."""
        size = np.asarray(size, float)
        if common is None:
            common = np.full(size.shape, float(self.size @ self.common / self.size.sum()))
        if not self.dispersed:
            return exact_limits(self.kind, self.target, size, level, common)
        error = standard_error(self.kind, self.target, size, common, self.way)
        reach = half_width(level) * np.sqrt(error**2 + self.between)
        centre = transformed(self.kind, self.target, self.way)
        return back(self.kind, centre - reach, self.way), back(self.kind, centre + reach, self.way)

    def outside(self, level: float) -> npt.NDArray[np.bool_]:
        """Which units lie outside the limits of their own size and persons."""
        if self.dispersed:
            return np.asarray(np.abs(self.score) > half_width(level))
        low, high = exact_limits(self.kind, self.target, self.size, level, self.common)
        return np.asarray((self.value < low) | (self.value > high))


def funnel(
    kind: Kind,
    observed: Floats,
    size: Floats,
    *,
    target: float | None = None,
    squares: Floats | None = None,
    way: Way = "cqc",
) -> Funnel:
    """Judge k units; the target is that of all together unless it is given. `squares` are the sums of the squared
    probabilities of the persons of whom a ratio's events are expected, where they are known. InputError for fewer than
    five units, sizes that are not above 0, or proportions of more than all."""
    observed, size = np.asarray(observed, float), np.asarray(size, float)
    if len(size) < FEWEST_UNITS:
        raise InputError("A funnel plot needs {fewest} units or more.", fewest=FEWEST_UNITS)
    if np.any(size <= 0) or np.any(observed < 0) or (kind == "proportion" and np.any(observed > size)):
        raise InputError("Each unit has a size above 0, and not more events than that is of.")
    whole = float(observed.sum() / size.sum()) if target is None else target
    if whole <= 0 or (kind == "proportion" and whole >= 1):
        raise InputError("Nobody, or everybody, had the event: there is nothing to compare.")
    common = np.zeros(len(size)) if squares is None else np.clip(np.asarray(squares, float) / size, 0, 1)
    error = standard_error(kind, whole, size, common, way)
    counted = np.maximum(observed, HALF) if kind == "ratio" and way == "shmi" else observed
    z = (transformed(kind, counted / size, way) - transformed(kind, whole, way)) / error
    dispersion, between = over_dispersion(z, error, way)
    score = z * error / np.sqrt(error**2 + between)
    return Funnel(kind, observed, size, whole, z, dispersion, between, score, common, way)


def way_of(word: str) -> Way:
    """The way that a word names; InputError for another word."""
    for way in WAYS:
        if way == word:
            return way
    raise InputError(f"--dispersion: {word!r} is none of {', '.join(WAYS)}.")


def over_dispersion(z: Floats, error: Floats, way: Way = "cqc") -> tuple[float, float]:
    """(phi, tau squared) of z-scores with their standard errors (k): the mean square of the scores, the outermost drawn
    in or left out, and the variance between units that explains it by moments (DerSimonian and Laird); 0 where phi is
    not beyond what k - 1 units show. Scores that are left out do not count among the k."""
    low, high = np.quantile(z, (OUTERMOST, 1 - OUTERMOST))
    if way == "shmi":
        kept = (z >= low) & (z <= high)
        z, error = z[kept], error[kept]
    phi = float(np.mean(np.clip(z, low, high) ** 2))
    many, weight = len(z), 1 / error**2
    if many * phi <= many - 1:
        return phi, 0.0
    return phi, float((many * phi - (many - 1)) / (weight.sum() - (weight**2).sum() / weight.sum()))


def half_width(level: float) -> float:
    return float(stats.norm.ppf(0.5 + level / 2))


def transformed(kind: Kind, value: Floats | float, way: Way) -> Floats:
    """On the scale on which it is judged: arc sine of the root for proportions; root or logarithm for ratios."""
    if kind == "proportion":
        return np.asarray(np.arcsin(np.sqrt(value)))
    return np.asarray(np.log(value) if way == "shmi" else np.sqrt(value))


def back(kind: Kind, value: Floats, way: Way) -> Floats:
    if kind == "proportion":
        return np.asarray(np.sin(np.clip(value, 0, np.pi / 2)) ** 2)
    return np.asarray(np.exp(value) if way == "shmi" else np.maximum(value, 0) ** 2)


def standard_error(kind: Kind, target: float, size: Floats, common: Floats, way: Way) -> Floats:
    """On the same scale, by the delta method: 1/2 over the root of the size for proportions and for the root of ratios,
    1 over the root of the events for their logarithm; less where ratios are of persons (`Funnel.common`)."""
    if kind == "proportion":
        return np.asarray(0.5 / np.sqrt(size))
    # However sure events are, chance has a part in them.
    chance = np.maximum(1 - common * target, 0.01)
    return np.asarray(np.sqrt(chance / (target * size)) if way == "shmi" else 0.5 * np.sqrt(chance / size))


def exact_limits(
    kind: Kind, target: float, size: Floats, level: float, common: Floats | None = None
) -> tuple[Floats, Floats]:
    """Where a unit of each size (m) lies with probability `level`, if it is like the target."""
    size, tail = np.asarray(size, float), (1 - level) / 2
    law = law_of(kind, target, size, np.zeros(size.shape) if common is None else common)
    return _quantile(*law, size, tail), _quantile(*law, size, 1 - tail)


def law_of(kind: Kind, target: float, size: Floats, common: Floats) -> tuple[Floats, Floats]:
    """The number of trials and the mean of the counts of units (m): infinitely many trials are Poisson's law.

    With what is expected, and `common`, as mean and variance of n trials of probability p: p = common, n = size / p.
    """
    if kind == "proportion":
        trials = np.maximum(1, np.round(size))
        return trials, trials * target
    mean = target * size
    with np.errstate(divide="ignore"):
        trials = np.round(np.where(common > 0, size / common, np.inf))
    return np.maximum(trials, np.floor(mean) + 1), mean


def _quantile(trials: Floats, mean: Floats, size: Floats, share: float) -> Floats:
    """The count below which `share` lies, interpolated between whole numbers, over the size."""
    count = np.zeros(mean.shape)
    endless = np.isinf(trials)
    for which, law in (
        (endless, stats.poisson(mean[endless])),
        (~endless, stats.binom(trials[~endless], mean[~endless] / trials[~endless])),
    ):
        if which.any():
            whole = law.ppf(share)
            here, before = law.cdf(whole), law.cdf(whole - 1)
            count[which] = np.maximum(0, whole - (here - share) / (here - before))
    return np.asarray(count / size)

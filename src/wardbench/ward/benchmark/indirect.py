"""Reference intervals from routine results, without recruiting anybody.

Routine results mix those of the healthy with those of the ill. The method is an inverse model in the manner of refineR
(Ammer and others, Sci Rep 2021;11:16023): among all normal distributions after a Box-Cox transformation, find the one
whose expected counts explain the most of the histogram. A bin with fewer results than expected speaks against a model
as much as chance allows; a bin with more may hold results of the ill, and so speaks against it by `CAP` at most, but
for the bins in the model's own middle, where the healthy are nearly all: a model that leaves most of its middle
unexplained is one of healthy and ill together. A screen by iterated box plots (as reflimR has it, Hoffmann and others
2024) first finds where the main peak is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from wardbench.core.errors import InputError

Floats = npt.NDArray[np.float64]

FEWEST = 1000
"""Results: below this the histogram does not carry a model (refineR's own advice)."""
BINS = 60
CAP = 1.1
"""What a bin outside the middle that has too many results costs at most, in units of a log likelihood: a standard
deviation and a half. The more it is, the more a model is drawn over the ill where results are few."""
MIDDLE = 1.28
"""Where the middle of a model ends, in its standard deviations: 80% of the healthy lie in it."""
POWERS = np.round(np.arange(0, 1.501, 0.1), 1)
"""Box-Cox powers that are tried: 0 is log-normal, 1 is normal."""
SHARES = np.arange(0.3, 1.0001, 0.02)
"""Shares of the screened results that may be of the healthy."""
STEPS = (100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
REACH = 4.64
"""Half widths of the middle half of a normal distribution that the screen keeps on either side of the median: wide
enough to see the ill beside the healthy."""
CENTRAL = 0.95


@dataclass(frozen=True)
class Model:
    """Results of the healthy: normal after Box-Cox with `power`, and a `share` of all that were screened."""

    power: float
    mean: float
    deviation: float
    share: float
    cost: float

    def limits(self, central: float = CENTRAL) -> tuple[float, float]:
        """The central part of the model, in the unit of the results."""
        z = float(special.ndtri(0.5 + central / 2))
        return self.quantile(-z), self.quantile(z)

    def quantile(self, z: float) -> float:
        return float(back(self.mean + z * self.deviation, self.power))


def fit(results: Floats) -> Model:
    """The model of n positive results. InputError where they are too few or hardly vary."""
    values = usable(results)
    if len(values) < FEWEST:
        raise InputError("A reference interval needs at least {fewest} results above 0.", fewest=FEWEST)
    edges = bins(values)
    counts = np.histogram(values, edges)[0].astype(float)
    inside = values[(values >= edges[0]) & (values <= edges[-1])]
    return min((fit_power(inside, edges, counts, float(power)) for power in POWERS), key=lambda model: model.cost)


def usable(results: Floats) -> Floats:
    """The results that are numbers above 0, which the transformation needs."""
    values = np.asarray(results, dtype=float)
    return np.asarray(values[np.isfinite(values) & (values > 0)])


def bins(values: Floats, *, many: int = BINS, reach: float = REACH) -> Floats:
    """Edges of about so many bins over the screened region, halfway between the values that rounding leaves."""
    low, high = screened(values, reach)
    step = rounding(values)
    if not high - low > step:
        raise InputError("The results hardly vary, so that no reference interval can be told from them.")
    if step == 0:
        return np.linspace(low, high, many + 1)
    width = step * max(1, int(np.ceil((high - low) / many / step)))
    first = np.round(low / step) * step - step / 2
    edges = first + width * np.arange(int(np.ceil((high + step / 2 - first) / width)) + 1)
    return np.asarray(edges[edges > 0])


def screened(values: Floats, reach: float = REACH) -> tuple[float, float]:
    """Where the main peak and its surroundings lie: box plots on the log scale, again until nothing falls out."""
    logs = np.log(values)
    while True:
        lower, middle, upper = np.quantile(logs, (0.25, 0.5, 0.75))
        # The narrower half of the box is the one that the ill have not stretched.
        half = reach * min(middle - lower, upper - middle)
        kept = np.abs(logs - middle) <= half
        if kept.all() or half == 0:
            return float(np.exp(logs.min())), float(np.exp(logs.max()))
        logs = logs[kept]


def rounding(values: Floats) -> float:
    """The step to which nearly all results were rounded; 0 where there is none."""
    for step in STEPS:
        parts = values / step
        if np.mean(np.abs(parts - np.round(parts)) < 1e-6) > 0.98:
            return step
    return 0.0


def fit_power(inside: Floats, edges: Floats, counts: Floats, power: float) -> Model:
    """The best mean and deviation for one power: a grid around the middle of the results, refined three times."""
    lower, middle, upper = np.quantile(forward(inside, power), (0.16, 0.5, 0.84))
    width = (upper - lower) / 2
    means, deviations = middle + width * np.linspace(-1.2, 1.2, 31), width * np.linspace(0.25, 1.3, 29)
    best = best_of(edges, counts, power, means, deviations)
    for finer in (0.75, 0.1875, 0.047):
        means = best.mean + 0.16 * width * finer * np.linspace(-1, 1, 11)
        deviations = best.deviation + 0.07 * width * finer * np.linspace(-1, 1, 11)
        best = best_of(edges, counts, power, means, deviations[deviations > 0])
    return best


def best_of(edges: Floats, counts: Floats, power: float, means: Floats, deviations: Floats) -> Model:
    """The cheapest of all pairs of a mean and a deviation, each with the share that suits it best."""
    mean, deviation = (axis.ravel() for axis in np.meshgrid(means, deviations))
    scores = (forward(edges, power) - mean[:, None]) / deviation[:, None]
    expected = counts.sum() * np.diff(special.ndtr(scores), axis=1)
    most = caps(scores)
    costs = np.stack([cost(counts, share * expected, most) for share in SHARES])
    share, pair = np.unravel_index(int(costs.argmin()), costs.shape)
    return Model(power, float(mean[pair]), float(deviation[pair]), float(SHARES[share]), float(costs[share, pair]))


def cost(counts: Floats, expected: Floats, most: Floats) -> Floats:
    """How badly expected counts (b, or m times b) explain the counts (b): shortfalls in full, excesses up to the `caps`
    of the bins."""
    apart = counts - expected
    squares = apart**2 / (2 * (expected + 1))
    return np.asarray(np.where(apart < 0, squares, np.minimum(squares, most)).sum(axis=-1))


def caps(scores: Floats, cap: float = CAP) -> Floats:
    """What an excess costs at most in each bin between edges at these scores of the model (b + 1, or m times b + 1):
    without end in its middle, `cap` elsewhere."""
    middle = np.abs(scores[..., 1:] + scores[..., :-1]) / 2 < MIDDLE
    return np.where(middle, np.inf, cap)


def forward(values: Floats, power: float) -> Floats:
    """Box and Cox's transformation (J R Stat Soc B 1964;26:211) of positive values."""
    return np.log(values) if power == 0 else (values**power - 1) / power


def back(values: Floats | float, power: float) -> Floats:
    """The inverse; below what the transformation reaches it is 0."""
    if power == 0:
        return np.asarray(np.exp(values))
    return np.asarray(np.maximum(0.0, power * np.asarray(values) + 1) ** (1 / power))

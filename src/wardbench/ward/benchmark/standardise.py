"""Rates made comparable: directly and indirectly standardised, with exact limits.

Events are counts, populations persons or person-years of the same strata. Levels are 0.95 unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from wardbench.core.errors import InputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A rate or ratio and its interval."""

    value: float
    low: float
    high: float


def poisson_limits(events: float, level: float = 0.95) -> tuple[float, float]:
    """Exact limits of the mean of a Poisson count (Garwood, Biometrika 1936;28:437)."""
    tail = (1 - level) / 2
    low = 0.0 if events == 0 else float(stats.chi2.ppf(tail, 2 * events)) / 2
    return low, float(stats.chi2.ppf(1 - tail, 2 * events + 2)) / 2


def byar_limits(events: float, level: float = 0.95) -> tuple[float, float]:
    """Byar's approximation to the same (Breslow and Day, Statistical Methods in Cancer Research II, 1987, p. 69)."""
    z, more = float(stats.norm.ppf(0.5 + level / 2)), events + 1
    low = 0.0 if events == 0 else events * (1 - 1 / (9 * events) - z / (3 * np.sqrt(events))) ** 3
    return float(low), float(more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3)


def ratio(observed: float, expected: float, level: float = 0.95) -> Estimate:
    """A standardised mortality or incidence ratio: observed over expected, with exact limits that take what was
    expected for known. InputError where nothing was expected."""
    if not expected > 0:
        raise InputError("Nothing was expected, so that there is no ratio to it.")
    low, high = poisson_limits(observed, level)
    return Estimate(observed / expected, low / expected, high / expected)


def expected_events(population: Floats, standard_events: Floats, standard_population: Floats) -> float:
    """The events that a population (k strata) would have at the standard's rates; InputError where a stratum that has
    somebody has nobody in the standard."""
    population, standard_population = np.asarray(population, float), np.asarray(standard_population, float)
    if np.any((population > 0) & (standard_population <= 0)):
        raise InputError("A stratum of the study has nobody in the standard; use wider strata.")
    rates = np.divide(
        np.asarray(standard_events, float), standard_population, out=np.zeros_like(standard_population),
        where=standard_population > 0,
    )  # fmt: skip
    return float(population @ rates)


def with_chance_of(
    found: Estimate, expected: float, population: Floats, standard_events: Floats, standard_population: Floats
) -> Estimate | None:
    """The ratio with a 95 % interval that holds the chance in the standard's own events too, which are Poisson as well:
    by the delta method on the logarithm. None where that adds less than a tenth to the variance, or there were no
    events."""
    population, standard_population = np.asarray(population, float), np.asarray(standard_population, float)
    if found.value <= 0:
        return None
    used = standard_population > 0
    share = population[used] / standard_population[used]
    own, other = 1 / (found.value * expected), float(share**2 @ np.asarray(standard_events, float)[used]) / expected**2
    if other < 0.1 * own:
        return None
    reach = float(np.exp(stats.norm.ppf(0.975) * np.sqrt(own + other)))
    return Estimate(found.value, found.value / reach, found.value * reach)


def direct_rate(events: Floats, population: Floats, standard: Floats, level: float = 0.95) -> Estimate:
    """The rate of a population of the standard's composition (k strata), with gamma limits (Fay and Feuer, Statist Med
    1997;16:791), which hold for few events too. InputError where a stratum of the standard has nobody here."""
    x, n, weight = (np.asarray(column, float) for column in (events, population, standard))
    if weight.sum() <= 0:
        raise InputError("The standard has nobody.")
    if np.any((weight > 0) & (n <= 0)):
        raise InputError("A stratum of the standard has nobody in the study; use wider strata.")
    used = weight > 0
    each = weight[used] / weight.sum() / n[used]
    rate, variance, most = float(each @ x[used]), float(each**2 @ x[used]), float(each.max())
    tail = (1 - level) / 2
    low = 0.0
    if rate > 0:
        low = variance / (2 * rate) * float(stats.chi2.ppf(tail, 2 * rate**2 / variance))
    up, spread = rate + most, variance + most**2
    return Estimate(rate, low, spread / (2 * up) * float(stats.chi2.ppf(1 - tail, 2 * up**2 / spread)))

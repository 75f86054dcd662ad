"""How small a ratio the data could have shown."""

from __future__ import annotations

import math

from wardbench.bench.outcomes.normal import quantile


def minimal_detectable_ratio(events: int, share: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest hazard ratio above 1 that would be found with the given power (Schoenfeld, Biometrics 1983;39:499).

    `events` in both arms together, `share` of persons in the target arm. Infinite where there is nothing to compare.
    """
    information = events * share * (1 - share)
    if information <= 0:
        return math.inf
    z = quantile(1 - alpha / 2) + quantile(power)
    return math.exp(z / math.sqrt(information))

"""The normal distribution, from the standard library: scipy's takes longer to load than patients take to describe."""

from __future__ import annotations

import math
from statistics import NormalDist

quantile = NormalDist().inv_cdf
"""The value below which a share lies, of a share strictly between 0 and 1."""


def share_below(value: float) -> float:
    """How much lies below a value, exact far below too."""
    return math.erfc(-value / math.sqrt(2)) / 2


def half_width(level: float) -> float:
    """How many errors an interval of that level reaches to either side."""
    return quantile(0.5 + level / 2)


def beyond(chi_squared: float) -> float:
    """The chance of so large a sum of one square or a larger one: the p of a test with one degree of freedom."""
    return math.erfc(math.sqrt(chi_squared / 2))

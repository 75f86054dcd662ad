"""The bands in which numbers are counted: what a facet of numbers shows as its values.

A band is a range like any other, so that choosing one asks for exactly what it counted.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from wardbench.ward.samples.query import Range
from wardbench.ward.samples.schema import DIMENSIONS

AGE_BAND = 10
OPEN_AGE = 90
THAWS = 5
"""So many thaws, or more, are one band."""
AMOUNTS = {
    "volume": (0, 1, 100_000, 250_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000),
    "mass": (0, 1, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000),
    "cells": (0, 1, 100_000, 1_000_000, 5_000_000, 10_000_000, 50_000_000),
    "pieces": (0, 1, 2, 5, 10),
}
"""Where bands of amounts begin, in the smallest unit: nothing by itself, then 0.1 ml, 1 µg, ... Nothing is left is a
band of its own."""


def bands_of(facet: str, values: npt.NDArray[np.int64]) -> tuple[Range, ...]:
    """The bands of a facet of numbers of which these values (rising) occur."""
    if facet == "collected":
        return year_bands(values)
    return {"age": age_bands, "thaws": thaw_bands, "amount": amount_bands}[facet]()


def age_bands() -> tuple[Range, ...]:
    """Decades of years of age, the last one open."""
    return _between(tuple(range(0, OPEN_AGE + 1, AGE_BAND)))


def thaw_bands() -> tuple[Range, ...]:
    return _between(tuple(range(THAWS + 1)))


def amount_bands() -> tuple[Range, ...]:
    return tuple(
        Range(band.low, band.high, dimension) for dimension in DIMENSIONS for band in _between(AMOUNTS[dimension])
    )


def year_bands(days: npt.NDArray[np.int64]) -> tuple[Range, ...]:
    """The calendar years that these days (since 1970, rising) lie in."""
    years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    begins = np.unique(years)
    first, after = (at.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) for at in (begins, begins + 1))
    return tuple(Range(low, high - 1) for low, high in zip(first.tolist(), after.tolist(), strict=True))


def _between(begins: tuple[int, ...]) -> tuple[Range, ...]:
    closed = tuple(Range(low, following - 1) for low, following in pairwise(begins))
    return (*closed, Range(begins[-1], None))

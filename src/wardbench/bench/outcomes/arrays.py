"""The arrays that the statistics take: persons in rows, checked once at the door."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wardbench.core.errors import InputError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[Any]


def follow_up(time: Any, event: Any) -> tuple[Floats, Integers]:
    """Times as floats and events as whole numbers, of one length. InputError where that cannot be."""
    times, events = np.asarray(time, dtype=float), np.asarray(event)
    if times.ndim != 1 or times.shape != events.shape:
        raise InputError("Follow-up times and outcomes must be two lists of one length.")
    if not np.all(np.isfinite(times)) or np.any(times < 0):
        raise InputError("Each follow-up time must be a number of at least 0.")
    return times, events.astype(np.int64)


def weights_of(weight: Any, n: int) -> Floats:
    """Weights as floats, one each where none are given. InputError where one is missing or negative."""
    if weight is None:
        return np.ones(n)
    weights = np.asarray(weight, dtype=float)
    if weights.shape != (n,):
        raise InputError("There must be one weight for each person.")
    if not np.all(np.isfinite(weights)) or np.any(weights < 0):
        raise InputError("Each weight must be a number of at least 0.")
    return weights

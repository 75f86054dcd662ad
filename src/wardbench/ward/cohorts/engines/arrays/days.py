"""Days and keys as integers.

A day is the number of days since 1970-01-01 in 32 bits. A **key** is a person and a day in one 64-bit integer, so that
sorting and searching by person and day is sorting and searching of integers: the person's position times 2^22 plus the
day, moved so that it is positive. 2^22 days hold every date of the calendar with room for any offset of a plan.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DAY_BITS = 22
ORIGIN = 1_500_000
LATEST = (1 << DAY_BITS) - 1 - ORIGIN
EARLIEST = -ORIGIN

NO_DAY = np.int32(np.iinfo(np.int32).min)
"""Stands for a day, or a concept, that is missing."""
NO_ID = np.int64(np.iinfo(np.int64).min)
"""Stands for an id that is missing."""


def day_number(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


FEW = 8
"""Up to so many values are compared with one by one; it is quicker than to search."""


def key_of(person: Array, day: Array) -> Array:
    """The key of each person (position) and day; days beyond the calendar are taken for the nearest that has a key."""
    return (person.astype(np.int64) << DAY_BITS) + (np.clip(day, EARLIEST, LATEST).astype(np.int64) + ORIGIN)


def person_of(key: Array) -> Array:
    return (key >> DAY_BITS).astype(np.int32)


def day_of(key: Array) -> Array:
    return ((key & ((1 << DAY_BITS) - 1)) - ORIGIN).astype(np.int32)


def moved(day: Array, days: int) -> Array:
    """`day` moved by whole days; what is missing stays missing."""
    return day if days == 0 else np.asarray(np.where(day == NO_DAY, NO_DAY, day + np.int32(days)))


def is_sorted(values: Array) -> bool:
    return bool((values[1:] >= values[:-1]).all())


def is_among(values: Array, some: Array) -> Array:
    """Which of `values` are in `some`, which is sorted."""
    if some.size <= FEW:
        found = np.zeros(values.size, bool)
        for value in some:
            found |= values == value
        return found
    at = np.searchsorted(some, values)
    at[at == some.size] = 0
    return np.asarray(some[at] == values)


def starts_of_runs(values: Array) -> Array:
    """Where a value differs from the one before: the positions at which runs of equal values begin."""
    if not values.size:
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))


def ranges(begins: Array, counts: Array) -> Array:
    """All of begins[0], begins[0]+1, ... (counts[0] of them), then those of begins[1], and so on."""
    total = int(counts.sum())
    ends = np.cumsum(counts)
    return np.asarray(np.arange(total, dtype=np.int64) + np.repeat(begins - (ends - counts), counts))

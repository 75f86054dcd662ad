"""The loops that are compiled: selecting and counting in one tile, marking what was taken when, counting in lists.

Whoever needs them imports this module at that moment, because to compile or load them takes a second. What is compiled
is kept beside this file or in the user's folder for such things (`NUMBA_CACHE_DIR` names another); where none can be
written to, each process compiles for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

Loop = TypeVar("Loop", bound=Callable[..., None])

ONE = np.uint64(1)
BLOCK = 512
"""Words of a bitmap of which those of all stay in the nearest cache."""


def _compiled(*arguments: Any) -> Callable[[Loop], Loop]:
    def compiled(loop: Loop) -> Loop:
        made: Loop
        try:
            made = numba.njit(types.void(*arguments), nogil=True, cache=True)(loop)
        except (OSError, RuntimeError):
            made = numba.njit(types.void(*arguments), nogil=True)(loop)
        return made

    return compiled


def _read(kind: Any, dimensions: int = 1) -> Any:
    return types.Array(kind, dimensions, "C", readonly=True)


def _counted(_typing: Any, _word: Any) -> Any:
    return types.uint64(types.uint64), lambda _context, builder, _signature, given: builder.ctpop(given[0])


_ones: Any = intrinsic(_counted)
"""How many bits of a word are set, as an instruction of the processor."""


@numba.njit(inline="always")
def _fields(word: Any, ends: Any) -> Any:
    """How many fields of a word have a bit set: a field is the bits after the end of the one before, up to its own.

    Adding ones below an end carries into it where anything below is set, and never past it.
    """
    below = ~ends
    return _ones((((word & below) + below) | word) & ends)


@_compiled(_read(types.uint64, 2), _read(types.int8, 2), types.uint64[:, ::1])
def meet(bitmaps: Any, wanted: Any, found: Any) -> None:
    """Into row k of `found` what all bitmaps have of which `wanted[k]` is 1, and none of which it is -1."""
    for low in range(0, found.shape[1], BLOCK):
        for k in range(found.shape[0]):
            row = found[k, low : low + BLOCK]
            for i in range(row.size):
                row[i] = ~types.uint64(0)
            for b in range(bitmaps.shape[0]):
                bitmap = bitmaps[b, low : low + BLOCK]
                if wanted[k, b] > 0:
                    for i in range(row.size):
                        row[i] &= bitmap[i]
                elif wanted[k, b] < 0:
                    for i in range(row.size):
                        row[i] &= ~bitmap[i]


@_compiled(
    _read(types.uint64), _read(types.uint32), _read(types.int64, 2), _read(types.int64), _read(types.uint64, 2),
    _read(types.uint64), _read(types.uint64), _read(types.int32), _read(types.int32), types.int64,
    types.int64[:, ::1],
)  # fmt: skip
def count(
    words: Any, numbers: Any, parts: Any, asked: Any, masks: Any, sample_ends: Any, donor_ends: Any, long_samples: Any,
    long_donors: Any, low: Any, found: Any,
) -> None:  # fmt: skip
    """Into `found` a row a value: specimens, samples and donors in one tile, whose first word is `low`.

    Value k is `words` from `parts[k, 0]` to `parts[k, 1]`, either all of the tile or those of these `numbers`, in the
    selection `masks[asked[k]]`. All of `masks`, `sample_ends` and what follows are of the tile alone; `long_samples`
    and `long_donors` are empty where it has no long donors.
    """
    first = types.uint32(low)
    for k in range(asked.size):
        mask, begin, end = masks[asked[k]], parts[k, 0], parts[k, 1]
        specimens = samples = donors = types.uint64(0)
        held, dense = words[begin:end], end - begin == mask.size
        if dense:
            for i in range(held.size):
                word = held[i] & mask[i]
                specimens += _ones(word)
                samples += _fields(word, sample_ends[i])
                donors += _fields(word, donor_ends[i])
        else:
            those = numbers[begin:end]
            for j in range(held.size):
                i = those[j] - first
                word = held[j] & mask[i]
                specimens += _ones(word)
                samples += _fields(word, sample_ends[i])
                donors += _fields(word, donor_ends[i])
        if long_donors.size:
            sample = donor = types.int32(-1)
            for j in range(held.size):
                place = types.uint32(j) if dense else numbers[begin + j] - first
                if held[j] & mask[place]:
                    donors += long_donors[place] != donor
                    donor = long_donors[place]
                    if long_samples[place] >= 0:
                        samples += long_samples[place] != sample
                        sample = long_samples[place]
        found[k, 0], found[k, 1], found[k, 2] = specimens, samples, donors


@_compiled(
    _read(types.int32), _read(types.int64), _read(types.int64), _read(types.int32), _read(types.int32),
    types.uint64[::1],
)  # fmt: skip
def mark(days: Any, first: Any, last: Any, low: Any, high: Any, found: Any) -> None:
    """Set in `found` the positions from `first[k]` to `last[k]` whose day is from `low[k]` to `high[k]`, for each k."""
    for k in range(first.size):
        for position in range(first[k], last[k] + 1):
            if low[k] <= days[position] <= high[k]:
                found[position >> 6] |= ONE << types.uint64(position & 63)


@_compiled(_read(types.boolean), _read(types.int32), _read(types.int64), types.int64[::1])
def members(is_member: Any, places: Any, starts: Any, found: Any) -> None:
    """Into `found` how many of the `places` from `starts[k]` to `starts[k + 1]` are those of members, for each k."""
    for k in range(found.size):
        total = 0
        for place in places[starts[k] : starts[k + 1]]:
            total += is_member[place]
        found[k] = total

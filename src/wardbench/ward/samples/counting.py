"""Specimens, samples and donors of many selections and values at once, tile by tile, on all processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from wardbench.ward.samples.bitmaps import Bitmaps
from wardbench.ward.samples.layout import Ints, Layout, Words

COLUMNS = 3
"""Of a count: specimens, samples, donors."""

Tally = npt.NDArray[np.int64]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Meet:
    """A selection: the specimens that are in all of the bitmaps `inside`, and in none of those `outside`."""

    inside: tuple[Words, ...]
    outside: tuple[Words, ...] = ()

    def words(self) -> Words:
        found = self.inside[0].copy()
        for words in self.inside[1:]:
            np.bitwise_and(found, words, out=found)
        for words in self.outside:
            np.bitwise_and(found, ~words, out=found)
        return found


def count(layout: Layout, selections: Sequence[Meet], maps: Bitmaps, within: Ints) -> tuple[Tally, Tally]:
    """Specimens, samples and donors: a row a selection; and a row a value, of selection `within[k]` with bitmap k."""
    from wardbench.ward.samples import kernels

    parts_of = [_signed(one) for one in selections]
    bitmaps = {key: words for parts in parts_of for key, words in parts.items()}
    wanted = np.array([[key[1] * (key in parts) for key in bitmaps] for parts in parts_of], np.int8)
    each = np.arange(len(selections))

    def in_tile(tile: int) -> tuple[Tally, Tally]:
        low, high = layout.tiles[tile : tile + 2].tolist()
        masks = np.empty((each.size, high - low), np.uint64)
        kernels.meet(np.stack([words[low:high] for words in bitmaps.values()]), wanted, masks)

        def counted(words: Words, parts: Ints, within: Ints) -> Tally:
            found = np.empty((within.size, COLUMNS), np.int64)
            kernels.count(words, maps.numbers, parts, within, masks, *layout.of_tile(low, high), low, found)
            return found

        rows = (each * (high - low))[:, None] + [0, high - low]
        parts = np.ascontiguousarray(maps.parts[:, tile : tile + 2])
        return counted(masks.reshape(-1), rows, each), counted(maps.words, parts, within)

    totals, values = np.zeros((each.size, COLUMNS), np.int64), np.zeros((within.size, COLUMNS), np.int64)
    for whole, part in in_parallel(in_tile, range(layout.tiles.size - 1)):
        totals += whole
        values += part
    return totals, values


def _signed(one: Meet) -> dict[tuple[int, int], Words]:
    """Its bitmaps, each once: those inside with 1, those outside with -1; one may be both."""
    signed = [*((1, words) for words in one.inside), *((-1, words) for words in one.outside)]
    return {(id(words), sign): words for sign, words in signed}


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(processors(), thread_name_prefix="samples")


def processors() -> int:
    """How many processors this process may use, four at most."""
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def in_parallel(work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """`work` done for each, in their order; other threads run while arrays are worked on."""
    if len(items) < 2 or processors() < 2:
        return map(work, items)
    return _workers().map(work, items)

"""Specimens, samples and donors of many bitmaps at once, tile by tile, on as many processors as there are.

Of a tile of one bitmap: its specimens are its bits; its donors the bits of its planes combined by OR. Its samples are
its bits but for those of a sample of which an earlier plane had one already. The specimens of a sample stand in
consecutive planes, so that this is a scan over planes that carries one bit a donor. Where all specimens of a sample
have the same value (its material), the scan is done once for the selection, not for every value.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from threading import local
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from wardbench.ward.samples.index import SampleIndex
from wardbench.ward.samples.layout import WORD, Tile, Words, unpack

BATCH = 1 << 15
"""Words that are worked on at once: a quarter of a megabyte."""
COLUMNS = 3
"""Of a count: specimens, samples, donors."""

Tally = npt.NDArray[np.int64]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Job:
    """Count `maps`, each within the selection `mask` (its number); `of_samples` as in `DenseInfo`."""

    maps: npt.NDArray[np.uint64]
    mask: int
    of_samples: bool


@dataclass(frozen=True)
class PerDonor:
    """Of one selection how many specimens, and how many samples, each donor has, by position."""

    specimens: npt.NDArray[np.unsignedinteger]
    samples: npt.NDArray[np.unsignedinteger]


class Counting:
    """One question over an index: selections, and what to count in them."""

    def __init__(
        self, index: SampleIndex, masks: Sequence[Words], jobs: Iterable[Job], donors_of: Iterable[int]
    ) -> None:
        self._index = index
        self._masks = masks
        self._jobs = list(jobs)
        size = index.layout.donor_words * WORD
        # A byte a donor stays in the cache while it is looked up by value.
        kind = np.uint8 if all(tile.planes < 1 << 8 for tile in index.layout) else np.uint32
        self.per_donor = {mask: PerDonor(np.zeros(size, kind), np.zeros(size, kind)) for mask in donors_of}

    def run(self) -> list[Tally]:
        """For each job a row a bitmap: specimens, samples, donors."""
        found = [np.zeros((len(job.maps), COLUMNS), np.int64) for job in self._jobs]
        for tallies in in_parallel(self._tile, self._index.layout.tiles):
            for total, tally in zip(found, tallies, strict=True):
                if tally is not None:
                    total += tally
        return found

    def _tile(self, tile: Tile) -> list[Tally | None]:
        masks = np.stack([mask[tile.start : tile.stop] for mask in self._masks])
        any_set = [bool(mask.any()) for mask in masks]
        repeated = masks.copy()
        _keep_repeats(self._index, tile, repeated)
        first = masks.copy()
        first[:, tile.width :] &= ~repeated[:, : -tile.width]
        for number, held in self.per_donor.items():
            own = slice(tile.donors * WORD, tile.donors_stop * WORD)
            for words, sums in ((masks, held.specimens), (first, held.samples)):
                bits = unpack(words[number].reshape(tile.planes, tile.width))
                np.add.reduce(bits, axis=0, dtype=sums.dtype, out=sums[own])
        return [
            _count(self._index, tile, job, masks[job.mask], first[job.mask]) if any_set[job.mask] else None
            for job in self._jobs
        ]


def _count(index: SampleIndex, tile: Tile, job: Job, mask: Words, first: Words) -> Tally:
    found = np.zeros((len(job.maps), COLUMNS), np.int64)
    size = tile.stop - tile.start
    step = max(1, BATCH // size)
    named = None if index.named is None else index.named[tile.donors : tile.donors_stop]
    held, counts = _buffers(step * size)
    for low in range(0, len(job.maps), step):
        maps = job.maps[low : low + step, tile.start : tile.stop]
        words = held[: maps.size].reshape(maps.shape)
        bits = counts[: maps.size].reshape(maps.shape)
        tally = found[low : low + step]
        np.bitwise_and(maps, mask, out=words)
        tally[:, 0] = _sums(words, bits)
        donors = np.bitwise_or.reduce(words.reshape(-1, tile.planes, tile.width), axis=1)
        if named is not None:
            donors &= named
        tally[:, 2] = np.bitwise_count(donors).sum(axis=1, dtype=np.uint32)
        if job.of_samples:
            np.bitwise_and(words, first, out=words)
            tally[:, 1] = _sums(words, bits)
        else:
            _keep_repeats(index, tile, words)
            tally[:, 1] = tally[:, 0] - _sums(words, bits)
    return found


def _sums(words: npt.NDArray[np.uint64], bits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    found: npt.NDArray[np.uint32] = np.bitwise_count(words, out=bits).sum(axis=1, dtype=np.uint32)
    return found


def _keep_repeats(index: SampleIndex, tile: Tile, maps: npt.NDArray[np.uint64]) -> None:
    """Keep of each bitmap the bits of samples of which an earlier plane has one too, each moved to the plane before."""
    planes = maps.reshape(-1, tile.planes, tile.width)
    same = index.continues[tile.start : tile.stop].reshape(tile.planes, tile.width)
    carried = np.zeros((planes.shape[0], tile.width), np.uint64)
    for plane in range(1, tile.planes):
        np.bitwise_or(carried, planes[:, plane - 1], out=carried)
        np.bitwise_and(carried, same[plane], out=carried)
        np.bitwise_and(carried, planes[:, plane], out=planes[:, plane - 1])
    planes[:, -1] = 0


_held = local()


def _buffers(words: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    """Room for so many words and their counts, kept by each thread: fresh memory costs more than the counting."""
    if getattr(_held, "words", np.zeros(0, np.uint64)).size < words:
        _held.words, _held.counts = np.empty(words, np.uint64), np.empty(words, np.uint8)
    return _held.words, _held.counts


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(processors(), thread_name_prefix="samples")


def processors() -> int:
    """How many processors this process may use, four at most."""
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def in_parallel(work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """`work` done for each, in their order; numpy lets other threads run while it works on arrays."""
    if len(items) < 2 or processors() < 2:
        return map(work, items)
    return _workers().map(work, items)

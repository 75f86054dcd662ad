"""Where each specimen's bit is, so that "how many donors" is a few operations on whole arrays.

Donors with about as many specimens stand together. Their specimens lie in planes: the first of each donor, then the
second of each, and so on; a plane has one bit a donor. Of a set of specimens the donors are then the planes combined by
OR, 64 donors at a time, with no loop over donors and no list of who has which. A donor with fewer specimens than there
are planes has empty bits in the last ones.

Planes are cut into tiles of some thousand words, so that what is worked on stays in a processor's cache. A tile of
`planes` x `width` words stands in one piece in every bitmap, plane by plane; its donors have `width` words of their
own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
"""A bitmap: bit i of word w is position 64 w + i."""
WORD = 64
TILE = 1 << 14
"""Words of a tile, about: 128 kB of each bitmap."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Words `start` to `stop` of a bitmap of specimens, `donors` to `donors_stop` of one of donors."""

    start: int
    planes: int
    width: int
    donors: int

    @property
    def stop(self) -> int:
        return self.start + self.planes * self.width

    @property
    def donors_stop(self) -> int:
        return self.donors + self.width


def capacity(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many planes donors with so many specimens get: four significant bits, an eighth too many at most."""
    bits = np.maximum(np.floor(np.log2(np.maximum(counts, 1))).astype(np.int64) - 3, 0)
    step = np.left_shift(1, bits)
    return np.asarray(-(-counts // step) * step)


class Layout:
    """The tiles, from `table`: one row a tile of start, planes, width, donors."""

    def __init__(self, table: npt.NDArray[np.int64]) -> None:
        self.table = table
        self.tiles = tuple(Tile(*map(int, row)) for row in table)

    def __iter__(self) -> Iterator[Tile]:
        return iter(self.tiles)

    @cached_property
    def words(self) -> int:
        """Words of a bitmap of specimens."""
        return self.tiles[-1].stop if self.tiles else 0

    @cached_property
    def donor_words(self) -> int:
        """Words of a bitmap of donors."""
        return self.tiles[-1].donors_stop if self.tiles else 0

    def spread(self, donors: Words) -> Words:
        """The specimens of a bitmap of donors."""
        found = np.empty(self.words, np.uint64)
        for tile in self.tiles:
            found[tile.start : tile.stop].reshape(tile.planes, tile.width)[:] = donors[tile.donors : tile.donors_stop]
        return found


def lay_out(
    counts: npt.NDArray[np.int64],
) -> tuple[Layout, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """A layout for donors with so many specimens each (one or more).

    Also each donor's position in a bitmap of donors, and the position of each specimen, donor by donor, in one of
    specimens.
    """
    planes = capacity(counts)
    order = np.argsort(planes, kind="stable")
    table: list[tuple[int, int, int, int]] = []
    donor_at = np.zeros(counts.size, np.int64)
    first = np.zeros(counts.size, np.int64)
    stride = np.zeros(counts.size, np.int64)
    values, begins = np.unique(planes[order], return_index=True)
    start = donor_start = 0
    for value, begin, end in zip(values, begins, np.append(begins, counts.size)[1:], strict=True):
        each = max(1, TILE // int(value)) * WORD
        for low in range(int(begin), int(end), each):
            members = order[low : min(low + each, int(end))]
            width = -(-members.size // WORD)
            table.append((start, int(value), width, donor_start))
            donor_at[members] = donor_start * WORD + np.arange(members.size)
            first[members] = start * WORD + np.arange(members.size)
            stride[members] = width * WORD
            start += int(value) * width
            donor_start += width
    owner = np.repeat(np.arange(counts.size), counts)
    number = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return Layout(np.array(table, np.int64).reshape(-1, 4)), donor_at, first[owner] + number * stride[owner]


def pack(flags: npt.NDArray[np.bool_]) -> Words:
    """Flags, a multiple of 64 of them, as words."""
    return np.packbits(flags, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def unpack(words: Words) -> npt.NDArray[np.uint8]:
    """Each bit as 0 or 1, in the shape of `words` with the last axis 64 times as long."""
    return np.unpackbits(words.astype("<u8", copy=False).view(np.uint8), axis=-1, bitorder="little")


def ones(words: Words) -> int:
    """How many bits are set."""
    return int(np.bitwise_count(words).sum(dtype=np.int64))


def positions(words: Words) -> npt.NDArray[np.int64]:
    """Where bits are set, rising."""
    held = np.flatnonzero(words)
    word, bit = np.nonzero(unpack(words[held].reshape(-1, 1)))
    return held[word] * WORD + bit


def at(words: Words, where: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Whether the bit is set at each position."""
    low = (where & (WORD - 1)).astype(np.uint64)
    found: npt.NDArray[np.bool_] = (words[where >> 6] >> low & np.uint64(1)).astype(np.bool_)
    return found


def setting(size: int, where: npt.NDArray[np.integer]) -> Words:
    """`size` words with the bits at these positions set."""
    flags = np.zeros(size * WORD, np.bool_)
    flags[where] = True
    return pack(flags)

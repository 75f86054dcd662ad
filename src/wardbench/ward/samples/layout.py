"""Where each specimen's bit is, so that specimens, samples and donors are counted in the same pass over words.

The specimens of a donor are neighbouring bits of one word, those of a sample neighbours among them. A donor is thus a
field of a word, as a sample is, and a field has its last bit set in `donor_ends` or `sample_ends`: how many fields of a
word have any bit is four operations on the whole word (`kernels._fields`), with no loop over donors and no list of who
has what. What has no donor has words of its own, in which no donor ends.

Donors of more than 64 specimens, the long ones, take words to themselves at the end, in which none ends either: they
are counted by the number of the donor that each of these words has. Their samples are fields of words, but for samples
of more than 64 specimens, which again take words to themselves.

Donors stand in the order of what they have in common, so that a value's bits are in few words. Words are cut into
tiles, so that what is worked on stays in a processor's cache; no donor is in two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
"""A bitmap: bit i of word w is position 64 w + i."""
Ints = npt.NDArray[np.int64]
WORD = 64
TILE = 1 << 13
"""Words of a tile, about: 64 kB of a bitmap."""


@dataclass(frozen=True)
class Layout:
    """`tiles` are the words at which tiles begin, and the end. Of the last words, those of long donors, `long_donors`
    has the donor's number each, and `long_samples` the number of a sample that takes words to itself, or -1."""

    tiles: Ints
    sample_ends: Words
    donor_ends: Words
    long_samples: npt.NDArray[np.int32]
    long_donors: npt.NDArray[np.int32]

    @property
    def words(self) -> int:
        """Words of a bitmap of specimens."""
        return self.sample_ends.size

    def of_tile(self, low: int, high: int) -> tuple[Words, Words, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """All but `tiles` of the words of one tile; what is of long donors is empty where it has none."""
        joined = self.words - self.long_donors.size
        own, of_long = slice(low, high), slice(max(low - joined, 0), max(high - joined, 0))
        return self.sample_ends[own], self.donor_ends[own], self.long_samples[of_long], self.long_donors[of_long]


def lay_out(owner: Ints, continues: npt.NDArray[np.bool_], named: int, order: Ints) -> tuple[Layout, Ints]:
    """A layout, and the position of each row in it.

    Rows stand by donor (`owner`, from 0; those from `named` on are no donors, of one row each) and sample; `continues`
    says of which the sample is that of the row before. `order` has the donors in the order they are to stand in.
    """
    size = np.bincount(owner, minlength=order.size)
    is_long = size > WORD
    # What stays together: short donors, samples of long ones.
    first = np.flatnonzero(begins(owner) | (is_long[owner] & ~continues))
    whose, length = owner[first], np.diff(np.append(first, owner.size))
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    # Who shares words: donors, what has none, and each long donor with nobody.
    room = np.where(is_long[whose], 2 + rank[whose], whose >= named)
    turn = np.lexsort((rank[whose], room))
    alone = begins(room[turn])
    alone[1:] |= length[turn[:-1]] > WORD
    starts = np.empty(turn.size, np.int64)
    starts[turn] = _starts(zip(length[turn].tolist(), alone.tolist(), strict=True))
    place = np.repeat(starts - first, length) + np.arange(owner.size)
    words = (int(place.max(initial=-1)) + WORD) // WORD
    joined = int(place[is_long[owner]].min(initial=words * WORD)) // WORD
    return _laid_out(owner, continues, named, place, words, joined), place


def _starts(things: Iterable[tuple[int, bool]]) -> list[int]:
    """Where things of so many bits begin, each at a new word where it is to or would not fit in the rest of one."""
    found, at = [], 0
    for size, at_new_word in things:
        if at_new_word or at % WORD + size > WORD:
            at = -(-at // WORD) * WORD
        found.append(at)
        at += size
    return found


def _laid_out(
    owner: Ints, continues: npt.NDArray[np.bool_], named: int, place: Ints, words: int, joined: int
) -> Layout:
    sample = np.cumsum(~continues) - 1
    long_sample = np.bincount(sample, minlength=1)[sample] > WORD
    is_long = place >= joined * WORD
    long_samples, long_donors = np.full(words - joined, -1, np.int32), np.full(words - joined, -1, np.int32)
    long_samples[place[long_sample] // WORD - joined] = sample[long_sample]
    long_donors[place[is_long] // WORD - joined] = owner[is_long]
    tiles = [*range(0, joined, TILE)]
    for begin in (joined + np.flatnonzero(begins(long_donors))).tolist():
        if begin == joined or begin - tiles[-1] >= TILE:
            tiles.append(begin)
    ends_sample, ends_donor = ~np.append(continues, False)[1:], begins(owner[::-1])[::-1]
    return Layout(
        np.array([*tiles, words], np.int64),
        setting(words, place[ends_sample & ~long_sample]),
        setting(words, place[ends_donor & ~is_long & (owner < named)]),
        long_samples,
        long_donors,
    )


def begins(values: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Whether each value is another one than the one before."""
    found = np.ones(values.size, np.bool_)
    found[1:] = values[1:] != values[:-1]
    return found


def pack(flags: npt.NDArray[np.bool_]) -> Words:
    """Flags, a multiple of 64 of them, as words."""
    return np.packbits(flags, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def unpack(words: Words) -> npt.NDArray[np.uint8]:
    """Each bit as 0 or 1, in the shape of `words` with the last axis 64 times as long."""
    return np.unpackbits(words.astype("<u8", copy=False).view(np.uint8), axis=-1, bitorder="little")


def ones(words: Words) -> int:
    """How many bits are set."""
    return int(np.bitwise_count(words).sum(dtype=np.int64))


def setting(size: int, where: npt.NDArray[np.integer]) -> Words:
    """`size` words with the bits at these positions set."""
    flags = np.zeros(size * WORD, np.bool_)
    flags[where] = True
    return pack(flags)

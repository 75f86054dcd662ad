"""Many bitmaps of specimens, one a value: of each tile all words, or, where few have a bit, those and their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wardbench.ward.samples.layout import Ints, Words

DENSE = 2
"""All words of a tile are kept where more than one in so many has a bit."""


@dataclass(frozen=True)
class Bitmaps:
    """Value k has in tile t the `words` from `parts[k, t]` to `parts[k, t + 1]`: all, or those of these `numbers`."""

    words: Words
    numbers: npt.NDArray[np.uint32]
    parts: Ints

    @classmethod
    def of(cls, maps: Iterable[Words], tiles: Ints) -> Bitmaps:
        widths = np.diff(tiles)
        made = [cls(np.zeros(0, np.uint64), np.zeros(0, np.uint32), np.zeros((0, tiles.size), np.int64))]
        for words in maps:
            keep = words != 0
            if keep.size:
                dense = np.add.reduceat(keep, tiles[:-1], dtype=np.int64) * DENSE > widths
                keep |= np.repeat(dense, widths)
            numbers = np.flatnonzero(keep)
            made.append(cls(words[numbers], numbers.astype(np.uint32), np.searchsorted(numbers, tiles)[None]))
        return cls.joined(made)

    @classmethod
    def joined(cls, made: Sequence[Bitmaps]) -> Bitmaps:
        """The values of several, one after another."""
        begins = np.cumsum([0, *(bitmaps.words.size for bitmaps in made)])
        return cls(
            np.concatenate([bitmaps.words for bitmaps in made]),
            np.concatenate([bitmaps.numbers for bitmaps in made]),
            np.concatenate([bitmaps.parts + begin for bitmaps, begin in zip(made, begins[:-1], strict=True)]),
        )

    def add_to(self, found: Words, value: int) -> None:
        """Combine the bitmap of a value with another one by OR."""
        own = slice(self.parts[value, 0], self.parts[value, -1])
        if own.stop - own.start == found.size:
            np.bitwise_or(found, self.words[own], out=found)
        else:
            found[self.numbers[own]] |= self.words[own]

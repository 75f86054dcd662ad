"""How many donors a collection has that stands with others in the cube, where this can be told beside the cube.

The cube puts collections together of which one has few donors of its own, though most of them may have many: they gave
to another one too. Of such collections the number of donors is told, of the smallest first, where whoever subtracts
numbers that are told is left with no few donors:

- it is as large as any number that is told;
- of the donors of all collections that stand together as many are in none of those that are told: the number of all
  less theirs is no small one, whatever is known of how they overlap;
- it is no other number once more, less a few: of it and of every cell that it is in, and of every other collection
  whose number is told, one has as many donors that the other has not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wardbench.core.disclosure import Figure, Rules
from wardbench.ward.samples.cube import DIMENSIONS, Ints, divided, donors_by
from wardbench.ward.samples.index import SampleIndex
from wardbench.ward.samples.query import Query


def own_donors(index: SampleIndex, rules: Rules, query: Query | None = None) -> Mapping[str, Figure]:
    """The numbers of donors by collection; none of a collection that the cube shows by itself."""
    wholes, *finer = [_cells(index, rules, query, depth) for depth in (1, 2, len(DIMENSIONS))]
    every = [*wholes, *(cell for cells in finer for cell in cells)]
    donors_of = donors_by(index, query, "collection")
    told = {codes[0]: donors for codes, donors in wholes if len(codes) == 1}
    found: dict[str, Figure] = {}
    for codes, left in wholes:
        for code in sorted(codes if len(codes) > 1 else (), key=lambda one: (donors_of[one].size, one)):
            own = donors_of[code]
            rest = np.setdiff1d(left, own)
            others = [*told.values(), *(donors for named, donors in every if code in named)]
            least = min(own.size, rest.size, *(_apart(own, other) for other in others))
            if least >= rules.fewest:
                found[code], told[code], left = rules.total(own.size), own, rest
    return found


def _cells(index: SampleIndex, rules: Rules, query: Query | None, depth: int) -> list[tuple[tuple[str, ...], Ints]]:
    """The collections of each cell of the cube of so many dimensions, and its donors."""
    cells = divided(index, rules, query, DIMENSIONS[:depth])
    return [(places[0] if places else (), np.unique(donors)) for places, donors in cells]


def _apart(one: Ints, other: Ints) -> int:
    """How many donors only the one has, or only the other: the greater number."""
    both = np.intersect1d(one, other, assume_unique=True).size
    return max(one.size, other.size) - both

"""Which cells of a table of counts to withhold, so that nothing that is shown gives a small one away.

Withholding the small cells alone protects nothing where totals are shown: a single gap in a row is the total minus the
rest. So further cells are withheld with them (complementary, or secondary, suppression), totals among them where need
be, until every withheld cell could be anything in a whole interval for whoever solves all equations of the table:

- a small cell, at least 0 to `threshold` - 1: no less than "fewer than `threshold`" says;
- any other withheld cell, at least as wide an interval.

That an interval is open is shown by tables, not by a bound: a step (`_Cube`) adds and subtracts the same amount at
corners of a box, so that every total still holds, and steps are taken until the cell has reached the ends of its
interval. Every table on the way is one that the reader cannot rule out. Cells are chosen by the hypercube method: for
each small cell the box that costs the reader least, then what turned out to be needless is shown again.

Zero is a small number. A cell that cannot be anything but zero (a pregnancy among men) is `structural`, and is shown.
Numbers that are shown may be rounded afterwards, each by itself: that tells less, never more. Not covered: somebody
who knows this procedure itself and asks which tables would have been withheld like this one, and other tables that
count some of the same persons.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wardbench.core.errors import InputError

Position = tuple[int, ...]
"""A cell by its place in each dimension; the place after the last category is the total."""

MOST_DIMENSIONS = 3
MOST_CELLS = 2_000


@dataclass(frozen=True)
class CountTable:
    """Counts of persons in categories of one to three dimensions, and in which of these the totals are shown.

    `counts` has no totals; `structural` are the positions of cells that can only be zero. InputError where a count is
    negative, a structural cell is not zero, or the table is larger than can be protected.
    """

    counts: NDArray[np.int64]
    totals: tuple[bool, ...]
    structural: frozenset[Position] = frozenset()
    full: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        counts = np.asarray(self.counts, dtype=np.int64)
        if not 1 <= counts.ndim <= MOST_DIMENSIONS or counts.size == 0:
            raise InputError(f"table: give one to {MOST_DIMENSIONS} dimensions, each with a category.")
        if len(self.totals) != counts.ndim:
            raise InputError("table: say for each dimension whether its totals are shown.")
        if (counts < 0).any():
            raise InputError("table: a count is negative.")
        if any(counts[position] for position in self.structural):
            raise InputError("table: a cell that can only be zero is not.")
        full = counts
        for dimension, shown in enumerate(self.totals):
            if shown:
                full = np.concatenate([full, full.sum(axis=dimension, keepdims=True)], axis=dimension)
        if full.size > MOST_CELLS:
            raise InputError(f"table: it has more than {MOST_CELLS} cells; use wider categories.")
        object.__setattr__(self, "full", full)

    @property
    def positions(self) -> Iterator[Position]:
        """Every cell, totals among them, in the order of reading."""
        return itertools.product(*(range(size) for size in self.full.shape))

    def totals_in(self, position: Position) -> int:
        """Over how many dimensions this cell is a total."""
        return sum(place == size for place, size in zip(position, self.counts.shape, strict=True))


@dataclass(frozen=True)
class Withheld:
    """What is not shown of a table: the small cells, and those that would give them away."""

    small: frozenset[Position]
    complementary: frozenset[Position]

    @property
    def all(self) -> frozenset[Position]:
        return self.small | self.complementary


def withhold(table: CountTable, *, threshold: int = 10, whole_is_known: bool = False) -> Withheld:
    """The cells of `table` to withhold; the same for the same table.

    With `whole_is_known` the count of everybody is shown unless it is small, because it stands elsewhere too; that
    needs the totals of every dimension. InputError where it has not them, or `threshold` is below 2.
    """
    if threshold < 2:
        raise InputError("threshold: it is 2 or more.")
    if whole_is_known and not all(table.totals):
        raise InputError("table: the count of everybody is not in it; show the totals of every dimension.")
    return _Search(table, threshold, whole_is_known).run()


@dataclass(frozen=True)
class _Cube:
    """The corners of a box: those that rise with its first one, and those that fall."""

    rising: tuple[Position, ...]
    falling: tuple[Position, ...]

    @property
    def corners(self) -> tuple[Position, ...]:
        return self.rising + self.falling


class _Search:
    def __init__(self, table: CountTable, threshold: int, whole_is_known: bool) -> None:
        self.table = table
        self.threshold = threshold
        self.cubes: dict[Position, list[_Cube]] = {}
        self.fixed = self._fixed()
        whole = table.counts.shape
        if whole_is_known and table.full[whole] >= threshold:
            self.fixed |= {whole}

    def _fixed(self) -> frozenset[Position]:
        """The structural zeros, and the totals of nothing else."""
        structural = np.zeros(self.table.counts.shape, dtype=bool)
        for position in self.table.structural:
            structural[position] = True
        for dimension, shown in enumerate(self.table.totals):
            if shown:
                total = structural.all(axis=dimension, keepdims=True)
                structural = np.concatenate([structural, total], axis=dimension)
        return frozenset(position for position in self.table.positions if structural[position])

    def run(self) -> Withheld:
        full = self.table.full
        small = [p for p in self.table.positions if full[p] < self.threshold and p not in self.fixed]
        withheld = set(small)
        for position in sorted(small, key=lambda p: (full[p], p)):
            if self._support(position, withheld) is None:
                withheld |= self._partners(position, withheld)
        support = {position: self._support(position, withheld) for position in withheld}
        if None in support.values():
            # Where nothing is shown every cell reaches its ends, by way of the totals; beside the count of everybody
            # it does too, but by more than one box at once, which is not looked for.
            withheld = set(self.table.positions) - self.fixed
            support = {position: self._support(position, withheld) for position in withheld}
            if None in support.values():
                return Withheld(frozenset(small), frozenset(withheld - set(small)))
        # What matters most to the reader is given back first: totals, then large numbers.
        extra = sorted(withheld - set(small), key=lambda p: (-self.table.totals_in(p), -full[p], p))
        for position in extra:
            rest = withheld - {position}
            again = {p: self._support(p, rest) for p in rest if position in (support[p] or {position})}
            if all(found is not None for found in again.values()):
                withheld = rest
                support.update(again)
        return Withheld(frozenset(small), frozenset(withheld - set(small)))

    def _partners(self, position: Position, withheld: set[Position]) -> set[Position]:
        """The corners of the box by which a small cell alone can reach both ends of its interval, at the least cost to
        the reader; where there is no such box, of all in which nothing falls."""
        full, value = self.table.full, int(self.table.full[position])
        cubes = self._cubes(position)
        fit = [
            cube
            for cube in cubes
            if all(full[p] >= value for p in cube.rising)
            and all(full[p] >= self.threshold - 1 - value for p in cube.falling)
        ]
        if not fit:
            return {p for cube in cubes if not cube.falling for p in cube.corners}

        def cost(cube: _Cube) -> tuple[int, int, int]:
            new = [p for p in cube.corners if p not in withheld]
            totals = sum(1 + 2 * self.table.totals_in(p) for p in new)
            return totals, sum(int(full[p]) for p in new), len(cube.corners)

        return set(min(fit, key=cost).corners)

    def _support(self, position: Position, withheld: set[Position]) -> frozenset[Position] | None:
        """The withheld cells by which this one can take its whole interval; None where it cannot."""
        value, width = int(self.table.full[position]), self.threshold - 1
        inside = [cube for cube in self._cubes(position) if withheld.issuperset(cube.corners)]
        if value < self.threshold:
            down, up = value, width - value
            reached_down, used_down = self._moved(inside, -1, down)
            reached_up, used_up = self._moved(inside, 1, up)
            held = reached_down >= down and reached_up >= up
        else:
            reached_down, used_down = self._moved(inside, -1, width)
            reached_up, used_up = self._moved(inside, 1, width - reached_down)
            held = reached_down + reached_up >= width
        return frozenset({position} | used_down | used_up) if held else None

    def _moved(self, cubes: Sequence[_Cube], sign: int, wanted: int) -> tuple[int, set[Position]]:
        """How far a cell goes up or down by steps within `cubes`, at most `wanted`, and what it took along.

        The longest step comes first: one that is enough by itself is found, whatever else is withheld.
        """
        changed: dict[Position, int] = {}
        used: set[Position] = set()
        full, moved = self.table.full, 0
        sides = [(cube.falling, cube.rising) if sign > 0 else (cube.rising, cube.falling) for cube in cubes]
        longest = sorted(sides, key=lambda side: -min((int(full[p]) for p in side[0]), default=wanted))
        for giving, taking in longest:
            if moved == wanted:
                break
            room = min((changed.get(p, int(full[p])) for p in giving), default=wanted)
            step = min(room, wanted - moved)
            if step <= 0:
                continue
            for p in giving:
                changed[p] = changed.get(p, int(full[p])) - step
            for p in taking:
                changed[p] = changed.get(p, int(full[p])) + step
            used.update(giving, taking)
            moved += step
        return moved, used

    def _cubes(self, position: Position) -> list[_Cube]:
        """Every box with a corner at `position` that leaves the totals right, and no corner that cannot change."""
        found = self.cubes.get(position)
        if found is None:
            across = [
                [other for other in range(size) if other != place] if shown else [None]
                for place, size, shown in zip(position, self.table.full.shape, self.table.totals, strict=True)
            ]
            boxes = (self._cube(position, opposite) for opposite in itertools.product(*across))
            found = [cube for cube in boxes if self.fixed.isdisjoint(cube.corners)]
            self.cubes[position] = found
        return found

    def _cube(self, position: Position, opposite: Sequence[int | None]) -> _Cube:
        sides = []
        for place, other, size in zip(position, opposite, self.table.counts.shape, strict=True):
            # A category and its total rise together; of two categories one falls.
            together = other is None or size in (place, other)
            sides.append([(place, 1)] if other is None else [(place, 1), (other, 1 if together else -1)])
        rising: list[Position] = []
        falling: list[Position] = []
        for corner in itertools.product(*sides):
            sign = int(np.prod([side[1] for side in corner]))
            (rising if sign > 0 else falling).append(tuple(side[0] for side in corner))
        return _Cube(tuple(rising), tuple(falling))

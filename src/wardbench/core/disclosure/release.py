"""Mode `release`: what may leave. Small numbers are merged or hidden, then the rest is rounded.

The threshold of ten, zero counted as small, a rounding base of five and the dominance rule (two persons, 90 percent)
are defaults of the acro output checker; hiding before rounding is OpenSAFELY's rule.

Small categories are merged with a neighbour instead of blanked. A blank cell can be computed from the total and the
other cells, so it drags a second cell with it, and which one was chosen (the smallest, usually) narrows the first. A
merged group is at least the threshold by itself, and the neighbour is chosen by position: whoever knows this
algorithm and every sum exactly is still left with as many values for a small cell as "fewer than ten" leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from wardbench.core.disclosure.figures import NEARLY_ALL, Figure, Group, Quantiles, Spread, significant, whole_number

DIGITS = 3
DOMINANCE = 0.90

_WITHHELD = Figure(None, "not shown")


@dataclass(frozen=True)
class ReleaseRules:
    """Egress: counts below `threshold` never show, others are multiples of `base`."""

    threshold: int = 10
    base: int = 5
    mode: str = "release"
    label: str = "For release: small numbers are protected"
    shows_events: bool = False
    percent_decimals: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.base <= self.threshold:
            raise ValueError("the rounding base lies between 1 and the threshold")

    @property
    def notes(self) -> tuple[str, ...]:
        few = f"fewer than {self.threshold}"
        return (
            f"Numbers of persons below {self.threshold}, zero included, are never shown, because a small number can "
            f"point at a person. Other numbers are rounded to the nearest {self.base}, each by itself, so they may not "
            "add up; percentages come from the rounded numbers.",
            "Categories that are too small stand together with their neighbours, so that no total gives them away. "
            f"“Nearly all” means all, or all but {few}.",
            f"A step of the selection is “not shown” when {few} persons lie between it and a step that is shown, or "
            f"when {few} are left, so that no two steps can be subtracted to find a few persons. Events are left out "
            "for the same reason.",
            f"What {few} persons have is not listed at all: not even that somebody has it.",
            f"A median needs {2 * self.threshold + self.base} persons and quartiles need "
            f"{4 * self.threshold + self.base}, both as rounded here; values are rounded to "
            f"{DIGITS} significant digits. Smallest and largest values never show. Numbers of things are not shown "
            "when one or two persons account for most of them.",
        )

    @property
    def fewest(self) -> int:
        return self.threshold

    def listed(self, persons: int) -> bool:
        return persons >= self.threshold

    def total(self, persons: int) -> Figure:
        return self._few if persons < self.threshold else self._rounded(persons)

    def part(self, persons: int, whole: int) -> Figure:
        if persons < self.threshold:
            return self._few
        return NEARLY_ALL if whole - persons < self.threshold else self._rounded(persons)

    def partition(self, cells: Sequence[int]) -> tuple[Group, ...]:
        if sum(cells) < self.threshold:
            return (Group(tuple(range(len(cells))), self._few),) if cells else ()
        runs: list[list[int]] = [[]]
        for position in range(len(cells)):
            if sum(cells[member] for member in runs[-1]) >= self.threshold:
                runs.append([])
            runs[-1].append(position)
        if len(runs) > 1 and sum(cells[member] for member in runs[-1]) < self.threshold:
            runs[-2:] = [runs[-2] + runs[-1]]
        if len(runs) == 1 and len(cells) > 1 and sum(cells) >= 2 * self.threshold:
            return self._first_and_rest(cells)
        return tuple(Group(tuple(run), self._rounded(sum(cells[member] for member in run))) for run in runs)

    def chain(self, steps: Sequence[int]) -> tuple[Figure, ...]:
        if any(later > earlier for earlier, later in pairwise(steps)):
            raise ValueError("each step of a chain is part of the one before")
        if not steps:
            return ()
        last = steps[-1]
        figures, before = [], None
        for step in steps[:-1]:
            clear_before = before is None or before - step >= self.threshold
            # A last count that is itself withheld cannot be subtracted, so it needs no distance.
            clear_after = last < self.threshold or step - last >= self.threshold
            if step >= self.threshold and clear_before and clear_after:
                figures.append(self._rounded(step))
                before = step
            else:
                figures.append(_WITHHELD)
        return (*figures, self.total(last))

    def amount(self, total: int, persons: int, largest: Sequence[int]) -> Figure:
        # Whoever keeps this also keeps the p-rule at 10 percent: what is left of two is a tenth of the largest or more.
        dominated = sum(largest[:2]) > DOMINANCE * total
        if persons < self.threshold or total - persons < self.threshold or dominated:
            return _WITHHELD
        return self._rounded(total)

    def quantiles(self, values: Quantiles, whole: int | None = None) -> Spread:
        # Whether a value shows must say no more than the counts that show: it follows from those alone. One rounding
        # step is added so that enough persons are there however the count was rounded.
        nearly_all = whole is not None and whole - values.persons < self.threshold
        count = whole - self.threshold if nearly_all and whole is not None else values.persons
        enough = self.base * ((count + self.base // 2) // self.base)

        def shown(quantile: float | None, needed: int) -> Figure:
            return _WITHHELD if quantile is None or enough < needed + self.base else significant(quantile, DIGITS)

        # At least `threshold` persons lie on either side of what is shown, so that it is nobody's own value.
        quarter = 4 * self.threshold
        return Spread(shown(values.q25, quarter), shown(values.q50, 2 * self.threshold), shown(values.q75, quarter))

    def ordered(self, value: float | None, beyond: int) -> Figure:
        return _WITHHELD if value is None or beyond < self.threshold else significant(value, DIGITS)

    def estimate(self, value: float | None, persons: int) -> Figure:
        # One rounding step more, as for quantiles: enough persons are there however their number was rounded.
        return _WITHHELD if value is None or persons < self.threshold + self.base else significant(value, DIGITS)

    @property
    def _few(self) -> Figure:
        return Figure(None, f"fewer than {self.threshold}")

    def _rounded(self, count: int) -> Figure:
        return whole_number(self.base * ((count + self.base // 2) // self.base))

    def _first_and_rest(self, cells: Sequence[int]) -> tuple[Group, ...]:
        """Where all would stand together: the first category against the others, one of which is nearly all.

        Of less than two thresholds "all but a few" would say more than "a few" may.
        """
        first = self._few if cells[0] < self.threshold else NEARLY_ALL
        rest = NEARLY_ALL if cells[0] < self.threshold else self._few
        return (Group((0,), first), Group(tuple(range(1, len(cells))), rest))

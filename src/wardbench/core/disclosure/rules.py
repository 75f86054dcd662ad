"""What a mode of disclosure control has to answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wardbench.core.disclosure.figures import Figure, Group, Quantiles, Spread


class Rules(Protocol):
    """One mode. Counts are of persons unless a method says otherwise, exact, and never negative."""

    @property
    def mode(self) -> str:
        """The name by which `rules_for` finds it."""

    @property
    def label(self) -> str:
        """A few words that say on every page what the figures may be used for."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the reader: what is hidden, how, and why."""

    @property
    def shows_events(self) -> bool:
        """Whether counts of events may stand beside counts of the persons who had them."""

    @property
    def percent_decimals(self) -> int:
        """Decimals of a percentage that say no more than the counts do."""

    @property
    def fewest(self) -> int:
        """Persons that have to stand behind each step of what is drawn, so that no step is a few of them."""

    def listed(self, persons: int) -> bool:
        """Whether something that so many persons have may be named at all in a list of what persons have."""

    def total(self, persons: int) -> Figure:
        """All persons a page is about."""

    def part(self, persons: int, whole: int) -> Figure:
        """Those of `whole` who have something, where `whole` is shown or known."""

    def partition(self, cells: Sequence[int]) -> tuple[Group, ...]:
        """Categories that share out a whole which is shown or known, in an order in which neighbours may be merged."""

    def chain(self, steps: Sequence[int]) -> tuple[Figure, ...]:
        """Counts where each is part of the one before; the last matters most. ValueError where one is larger."""

    def amount(self, total: int, persons: int, largest: Sequence[int]) -> Figure:
        """A sum of things over `persons` who have at least one each; `largest` are the biggest shares, falling."""

    def quantiles(self, values: Quantiles, whole: int | None = None) -> Spread:
        """Median and quartiles of one value per person; `whole` where the persons were shown as a part of it."""

    def ordered(self, value: float | None, beyond: int) -> Figure:
        """One value of an ordered list of one value per person, where so many persons lie at or beyond it."""

    def estimate(self, value: float | None, persons: int) -> Figure:
        """What a mean, a model or another summary of so many persons says, which is no one person's value."""

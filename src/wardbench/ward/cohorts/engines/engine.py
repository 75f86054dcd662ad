"""What an engine is asked and what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import pyarrow as pa

from wardbench.ward.cohorts.plan import CohortPlan


@dataclass(frozen=True)
class Counts:
    """How many events, and of how many persons."""

    events: int
    persons: int


@dataclass(frozen=True)
class RuleCounts:
    """Of `total` events or persons, how many satisfy a rule, and how many satisfy every rule but this one."""

    satisfying: int
    gain: int
    total: int


@dataclass(frozen=True)
class Inclusion:
    """How the entry events fare against the inclusion rules; bit n of a mask says that rule n is satisfied.

    `events` has the entry events by mask, `persons` the persons by the mask of their best event: the one that
    satisfies most rules, of several the one whose first satisfied rule stands earliest, then the earliest by start,
    then by number (the reports of OHDSI's tools call these "by event" and "by person"). `furthest[n]` are the persons
    whose furthest event satisfies the first n rules and not the next.
    """

    events: Mapping[int, int]
    persons: Mapping[int, int]
    furthest: tuple[int, ...]

    @classmethod
    def of(cls, rules: int, found: Iterable[Sequence[int]]) -> Inclusion:
        """From rows of 0 or 1 for each rule, the person's furthest, events, persons (as `Queries.inclusion` says)."""
        events: Counter[int] = Counter()
        persons: Counter[int] = Counter()
        furthest = [0] * (rules + 1)
        for *flags, reached, in_events, in_persons in found:
            mask = sum(1 << n for n, flag in enumerate(flags) if flag)
            events[mask] += int(in_events)
            persons[mask] += int(in_persons)
            furthest[reached] += int(in_persons)
        return cls(dict(sorted(events.items())), {m: n for m, n in sorted(persons.items()) if n}, tuple(furthest))

    def rules(self, masks: Mapping[int, int]) -> tuple[RuleCounts, ...]:
        """What each rule does, in `events` or in `persons`."""
        total = sum(masks.values())
        every = (1 << self.number_of_rules) - 1
        return tuple(
            RuleCounts(
                satisfying=sum(n for mask, n in masks.items() if mask >> rule & 1),
                gain=masks.get(every & ~(1 << rule), 0),
                total=total,
            )
            for rule in range(self.number_of_rules)
        )

    def satisfying_all(self, masks: Mapping[int, int]) -> int:
        """How many of `events` or of `persons` satisfy every rule."""
        return masks.get((1 << self.number_of_rules) - 1, 0)

    @property
    def number_of_rules(self) -> int:
        return len(self.furthest) - 1

    @cached_property
    def narrowing(self) -> tuple[Counts, ...]:
        """The entry events, then for each rule the events that satisfy it and all the rules before."""
        steps = []
        for number in range(len(self.furthest)):
            wanted = (1 << number) - 1
            events = sum(n for mask, n in self.events.items() if mask & wanted == wanted)
            steps.append(Counts(events, sum(self.furthest[number:])))
        return tuple(steps)


@dataclass(frozen=True)
class Evaluated:
    """What a plan gives: its rows (person_id, start_date, end_date; sorted by all three), and how its rules fare."""

    rows: pa.Table
    inclusion: Inclusion


class Evaluator(Protocol):
    """Runs the plans it was opened with, in their order."""

    def evaluate(self, plan: CohortPlan) -> Evaluated: ...


class Engine(Protocol):
    """Runs plans over one state of the data."""

    @property
    def version(self) -> str:
        """The name of that state: equal versions hold equal data."""

    @property
    def extensions(self) -> frozenset[str]:
        """What the data has beyond CDM 5.4 (`records.EXTENSIONS`)."""

    def open(self, plans: Sequence[CohortPlan]) -> AbstractContextManager[Evaluator]:
        """Ready to evaluate `plans`. StorageError, within it too, where the machine does not suffice."""

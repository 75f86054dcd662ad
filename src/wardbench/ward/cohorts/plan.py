"""What a cohort definition means, as a tree of frozen nodes.

This module owns meaning alone. How a definition is written belongs to `definition`, how rows are found to `sql`, how
it is said in words to `describe`.

**Relations.** A relation is a bag of events, and every relation has the columns of `COLUMNS`:

- `person_id`, and `event_id`, which together name an event within the relation;
- `start_date` and `end_date`, days; the end may be missing;
- `sort_date`, the day by which `Number` orders: the start, except under `Events.fixed_start`;
- `concept_id`, what happened, and `visit_occurrence_id`; both may be missing;
- `op_start` and `op_end`, the observation period that the event lies in; missing until `InObservation` fills them.

The **key** of a row is (`person_id`, `event_id`). Two rows can share it only where a bag holds a record twice (one
that satisfies two branches of a `Union`, or lies in two observation periods that overlap).

**Comparisons** with something missing are never satisfied.

**Order.** Wherever one row is chosen among several the order is total: what the node says, then `start_date`,
`end_date`, `visit_occurrence_id`, `concept_id`, `op_start`, `op_end`, each ascending, missing last. Rows that still
tie are equal, so that it does not matter which is taken.

**Identity.** Nodes are equal when they mean the same by construction, which their `digest` says: equal subtrees are
one node. A node that has no meaning (a window that ends before it begins is one that has: nothing lies in it) cannot
be built; ValueError says why.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from itertools import pairwise
from typing import Literal

from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.conditions import (
    EVENT_DATES,
    EVENT_NUMBERS,
    LINKED_CONCEPTS,
    PERSON_CONCEPTS,
    RATIOS,
    ConceptIs,
    Condition,
    DateIs,
    IsAbnormal,
    NumberIs,
)
from wardbench.ward.cohorts.records import RECORD_TABLES

COLUMNS = (
    "person_id",
    "event_id",
    "start_date",
    "end_date",
    "sort_date",
    "concept_id",
    "visit_occurrence_id",
    "op_start",
    "op_end",
)

Day = Literal["start", "end"]


@dataclass(frozen=True, eq=False)
class Node:
    """What all nodes share: equality, hash and name by content."""

    @cached_property
    def digest(self) -> str:
        """The content's name: SHA-256 in hexadecimal digits, the same in every process."""
        return hashlib.sha256(_encoded(self).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.digest == other.digest

    def __hash__(self) -> int:
        return int(self.digest[:15], 16)

    @cached_property
    def children(self) -> tuple[Relation, ...]:
        """The relations this node is made from, in the order of its fields."""
        found: list[Relation] = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            found.extend(v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, Relation))
        return tuple(found)

    def walk(self) -> Iterator[Node]:
        """This node and every node below it, each once, children before parents."""
        seen: set[Node] = set()
        stack: list[tuple[Node, bool]] = [(self, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                yield node
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.children))


@dataclass(frozen=True, eq=False)
class Relation(Node):
    """A node that stands for a bag of events."""


@dataclass(frozen=True)
class Dates:
    """An event's days moved: its start is the record's `start_from` plus `start_days`, its end likewise."""

    start_from: Day
    start_days: int
    end_from: Day
    end_days: int


@dataclass(frozen=True, eq=False)
class Events(Relation):
    """The records of one clinical table that satisfy everything said here, in this order.

    1. The rows of `table` whose concept is in `concepts` and whose source concept is in `source_concepts` (None: any,
       missing ones included). `RECORD_TABLES[table]` says which columns are meant and what a record's end is.
    2. With `first`, of these only each person's first: by the record's own start, then by row id.
    3. The days moved as `dates` says; then only rows whose end is not before their start.
    4. Of these the rows that satisfy every condition of `where`.

    `event_id` is the table's row id (for `death` the person id). `fixed_start` and `fixed_end`, when given, replace
    the days of what is left; `sort_date` stays the start before that replacement.
    """

    table: str
    concepts: ConceptSet | None = None
    source_concepts: ConceptSet | None = None
    first: bool = False
    dates: Dates | None = None
    where: tuple[Condition, ...] = ()
    fixed_start: date | None = None
    fixed_end: date | None = None

    def __post_init__(self) -> None:
        if self.table not in RECORD_TABLES:
            raise ValueError(f"no table of events is called {self.table}")
        table = RECORD_TABLES[self.table]
        if self.concepts is not None and table.concept is None:
            raise ValueError(f"{self.table} has no concept")
        if self.source_concepts is not None and table.source_concept is None:
            raise ValueError(f"{self.table} has no source concept")
        for condition in self.where:
            _check_condition(condition, table.column_names)


@dataclass(frozen=True, eq=False)
class Union(Relation):
    """All rows of all `sources`; a row that is in two of them is there twice."""

    sources: tuple[Relation, ...]

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError("a union of nothing")


@dataclass(frozen=True, eq=False)
class InObservation(Relation):
    """The rows of `source` paired with every observation period they start in: `op_start` and `op_end` are its days.

    The period has to begin at least `days_before` before the start and to end at least `days_after` after it, the
    start's own day counting as 0. A row in no such period is left out; what `op_start` and `op_end` were is forgotten.
    """

    source: Relation
    days_before: int = 0
    days_after: int = 0

    def __post_init__(self) -> None:
        if self.days_before < 0 or self.days_after < 0:
            raise ValueError("observation before and after an event is counted in whole days from 0")


@dataclass(frozen=True, eq=False)
class Number(Relation):
    """The rows of `source` with `event_id` replaced by 1, 2, 3, ... within each person.

    By `sort_date`, ascending or with `latest_first` descending; then by the `event_id` they had, ascending.
    """

    source: Relation
    latest_first: bool = False


@dataclass(frozen=True)
class Persons:
    """Persons as a value: their ids, rising, each once."""

    ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if any(one >= other for one, other in pairwise(self.ids)):
            raise ValueError("ids of persons rise, and none is there twice")

    @classmethod
    def of(cls, ids: Iterable[int]) -> Persons:
        return cls(tuple(sorted(set(ids))))

    @cached_property
    def digest(self) -> str:
        """A name for the content: SHA-256 in hexadecimal digits."""
        return hashlib.sha256(",".join(map(str, self.ids)).encode()).hexdigest()


NOBODY = Persons()


@dataclass(frozen=True, eq=False)
class LeavingOut(Relation):
    """The rows of `source` of everybody who is not among `persons`."""

    source: Relation
    persons: Persons


@dataclass(frozen=True, eq=False)
class Pick(Relation):
    """One row of `source` for each person.

    `numbered`: the one with the smallest `event_id`. `earliest`: with the smallest `start_date`, then `event_id`.
    `latest`: with the largest `start_date`, then the smallest `event_id`.
    """

    source: Relation
    which: Literal["numbered", "earliest", "latest"]


@dataclass(frozen=True, eq=False)
class Where(Relation):
    """The rows of `source` that satisfy every condition; they may ask only for the fields every event has."""

    source: Relation
    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        for condition in self.conditions:
            _check_condition(condition, frozenset())


class Edge(Enum):
    """A bound of a window that is a day of the index event's own observation period."""

    PERIOD_START = "period_start"
    PERIOD_END = "period_end"


@dataclass(frozen=True)
class Window:
    """When the `event` day of an event has to lie, seen from the `index` day of the index event; both ends included.

    An integer bound is that many days from the index day (negative: before it), an `Edge` the index event's `op_start`
    or `op_end`, None no bound.
    """

    index: Day
    event: Day
    earliest: int | Edge | None
    latest: int | Edge | None


@dataclass(frozen=True)
class Occurs:
    """How often: at least `at_least` and at most `at_most` (None: any number more).

    What is counted are rows, or with `distinct` the different values of that column, a missing value being none.
    """

    at_least: int
    at_most: int | None = None
    distinct: Literal["concept_id", "start_date", "end_date", "visit_occurrence_id"] | None = None

    def __post_init__(self) -> None:
        if self.at_least < 0 or (self.at_most is not None and self.at_most < 0):
            raise ValueError("nothing occurs less than 0 times")


@dataclass(frozen=True, eq=False)
class Near(Relation):
    """The rows of `index` around which events of the same person occur as often as `occurs` says.

    A row of `events` counts for a row of `index` when it lies in every one of `windows`; with `in_period`, when it
    also starts between the index row's `op_start` and `op_end`; with `same_visit`, when both also name the same visit.
    All pairs of rows are counted together for each key of `index`; rows of one key are kept or left out together.
    """

    index: Relation
    events: Relation
    windows: tuple[Window, ...]
    occurs: Occurs
    in_period: bool = True
    same_visit: bool = False


@dataclass(frozen=True, eq=False)
class Satisfying(Relation):
    """The rows of `source` whose key is in at least `at_least` and at most `at_most` of `tests` (None: any number).

    A test is a relation, and only its keys matter here. A test that is given twice counts twice.
    """

    source: Relation
    tests: tuple[Relation, ...]
    at_least: int
    at_most: int | None = None

    def __post_init__(self) -> None:
        if not self.tests:
            raise ValueError("nothing to satisfy")
        if self.at_least < 0 or (self.at_most is not None and self.at_most < 0):
            raise ValueError("tests are counted from 0")


@dataclass(frozen=True, eq=False)
class EndOfObservation(Relation):
    """The rows of `source` with `end_date` at `op_end`."""

    source: Relation


@dataclass(frozen=True, eq=False)
class EndAtOffset(Relation):
    """The rows of `source` with `end_date` `days` after their `day`, or at `op_end` where that is earlier.

    Where the day is missing, the end is missing.
    """

    source: Relation
    day: Day
    days: int


@dataclass(frozen=True, eq=False)
class EndOfEra(Relation):
    """The rows of `source` that start during an era of exposure to `drugs`, with `end_date` at that era's end.

    Exposures are the rows of `drug_exposure` whose `drug_concept_id` or whose `drug_source_concept_id` is in `drugs`.
    Each lasts from its start to its end (as in `RECORD_TABLES`, or with `days_supply` always that many days after the
    start) plus `offset` days. Taken in order of start, then end, an exposure begins a new era when it starts more than
    `gap` days after the latest end before it. An era begins at its first start and ends at its latest end, `offset`
    included, the gap not.
    A row starts during an era when its start is neither before the beginning nor after the end.
    """

    source: Relation
    drugs: ConceptSet
    gap: int
    offset: int
    days_supply: int | None = None

    def __post_init__(self) -> None:
        if self.gap < 0:
            raise ValueError("a gap has 0 days or more")


@dataclass(frozen=True, eq=False)
class EndAtEvent(Relation):
    """The rows of `source` with `end_date` at the start of the first of `events` that is not before them.

    Only events of the same person that start between the row's `start_date` and `op_end`, both included, count. A row
    without any is left out.
    """

    source: Relation
    events: Relation


@dataclass(frozen=True, eq=False)
class EarliestEnd(Relation):
    """The rows of `source`, each with the earliest `end_date` that any of `ends` gives its key.

    Only ends that are not before the row's `start_date` count. A row without any is left out.
    """

    source: Relation
    ends: tuple[Relation, ...]

    def __post_init__(self) -> None:
        if not self.ends:
            raise ValueError("no end to choose from")


@dataclass(frozen=True, eq=False)
class Collapse(Relation):
    """The periods from start to end that a person's rows in `source` cover, each once.

    Taken in order of start, then end, a row begins a new period when it starts more than `gap` days after the latest
    end before it: with a gap of 0, what starts on the day the last one ends still belongs to it. A period begins at
    its first start and ends at its latest end.
    `event_id` numbers a person's periods by start from 1, `sort_date` is the start, the other columns are missing.
    No row of `source` may end before it starts.
    """

    source: Relation
    gap: int = 0

    def __post_init__(self) -> None:
        if self.gap < 0:
            raise ValueError("a gap has 0 days or more")


@dataclass(frozen=True, eq=False)
class Clip(Relation):
    """The rows of `source` cut to the days from `earliest` to `latest`; what ends before it starts is left out.

    None leaves a side as it is. `sort_date` follows the start.
    """

    source: Relation
    earliest: date | None
    latest: date | None

    def __post_init__(self) -> None:
        if self.earliest is None and self.latest is None:
            raise ValueError("nothing to cut at")


@dataclass(frozen=True, eq=False)
class CohortPlan(Node):
    """The root. `cohort` is the result: `person_id`, `start_date` and `end_date` of its rows are the cohort's.

    `entry` are the events that may start a membership, and `rules` are the inclusion rules in order, each the rows of
    `entry` that satisfy it; they stand here so that attrition can be counted: entry events, then those in the first
    rule, then those in the first and second, and so on. `cohort` is built on those that satisfy all.
    """

    entry: Relation
    rules: tuple[Relation, ...]
    cohort: Relation


RELATIONS: tuple[type[Relation], ...] = (
    Events,
    Union,
    InObservation,
    Number,
    LeavingOut,
    Pick,
    Where,
    Near,
    Satisfying,
    EndOfObservation,
    EndAtOffset,
    EndOfEra,
    EndAtEvent,
    EarliestEnd,
    Collapse,
    Clip,
)
"""Every kind of relation there is."""


def concept_sets(node: Node) -> tuple[ConceptSet, ...]:
    """Every concept set that `node` or a node below it needs, each once, in a fixed order."""
    found: dict[ConceptSet, None] = {}
    for part in node.walk():
        match part:
            case Events():
                conditions = (c.concepts for c in part.where if isinstance(c, ConceptIs))
                for concepts in (part.concepts, part.source_concepts, *conditions):
                    if isinstance(concepts, ConceptSet):
                        found[concepts] = None
            case Where():
                for condition in part.conditions:
                    if isinstance(condition, ConceptIs) and isinstance(condition.concepts, ConceptSet):
                        found[condition.concepts] = None
            case EndOfEra():
                found[part.drugs] = None
    return tuple(found)


def _check_condition(condition: Condition, columns: frozenset[str]) -> None:
    match condition:
        case IsAbnormal():
            known = {"value_as_number", "range_low", "range_high", "value_as_concept_id"} <= columns
            field = "the reference range"
        case DateIs(field=field):
            known = field in EVENT_DATES or field in columns
        case NumberIs(field=field):
            known = field in EVENT_NUMBERS or field in columns or RATIOS.get(field, "") in columns
        case ConceptIs(field=field):
            known = field in PERSON_CONCEPTS or field in columns or LINKED_CONCEPTS.get(field, "") in columns
        case _:
            field, known = condition.field, condition.field in columns
    if not known:
        raise ValueError(f"{field} cannot be asked for here")


def _encoded(value: object) -> str:
    """A text that is equal exactly for equal content; nodes and concept sets below appear as their digests."""
    match value:
        case None | bool() | int() | float() | str():
            return repr(value)
        case Enum():
            return value.name
        case date():
            return value.isoformat()
        case ConceptSet() | Persons():
            return value.digest
        case tuple():
            return "(" + ",".join(_encoded_part(v) for v in value) + ")"
        case frozenset():
            return "{" + ",".join(sorted(_encoded_part(v) for v in value)) + "}"
    assert dataclasses.is_dataclass(value) and not isinstance(value, type)
    fields = (_encoded_part(getattr(value, field.name)) for field in dataclasses.fields(value))
    return f"{type(value).__name__}({','.join(fields)})"


def _encoded_part(value: object) -> str:
    return value.digest if isinstance(value, Node) else _encoded(value)

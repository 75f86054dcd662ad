"""What a language has to be able to say of a plan: one attribute or method for each thing.

`grammar` decides what is said and in which order, a language how. Every language is a module with one class. Lines of
a list end with a colon where something is listed below them, and with a period elsewhere; phrases end with neither.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from wardbench.ward.cohorts.plan import Dates, Day, EndOfEra, Occurs, Window

Anchor = Literal["entry", "event"]
"""What a window is counted from: an entry event, or whatever event is being asked about."""


class Language(ABC):
    """The sentences of one language."""

    code: ClassVar[str]
    """As HTML's `lang` attribute has it."""

    months: ClassVar[tuple[str, ...]]
    fields: ClassVar[Mapping[str, str]]
    """What fields of conditions are called."""

    entry_title: ClassVar[str]
    cohort_title: ClassVar[str]
    sets_title: ClassVar[str]
    items_title: ClassVar[str]
    notes_title: ClassVar[str]

    entry_events: ClassVar[str]
    entry_events_of_every_rule: ClassVar[str]
    together: ClassVar[str]
    satisfying: ClassVar[str]
    among: ClassVar[str]
    """Of an event: it is one of those listed."""
    same_event: ClassVar[str]
    """Of an end: that of the same event among those listed."""
    nothing_asked: ClassVar[str]
    colon: ClassVar[str] = ":"
    semicolon: ClassVar[str] = ";"
    with_all: ClassVar[str]
    """What stands between an event and the list of what it has to have."""
    at_any_time: ClassVar[str]
    any_period: ClassVar[str]
    same_visit: ClassVar[str]
    only_first: ClassVar[str]
    abnormal: ClassVar[str]
    nothing: ClassVar[str]

    until_earliest: ClassVar[str]
    """Each event lasts until the earliest of the ends listed that is not before its start, or is left out."""
    until_only: ClassVar[str]
    """As `until_earliest`, of one end."""
    until: ClassVar[str]
    """Each event ends as said below, even before its start."""
    end_of_observation: ClassVar[str]
    first_event: ClassVar[str]

    periods_note: ClassVar[str]
    """That only events of the same observation period count around an event, unless said otherwise."""
    bounds_note: ClassVar[str]
    """That both ends of a stretch of days belong to it."""

    @abstractmethod
    def rule_title(self, number: int, name: str) -> str: ...

    @abstractmethod
    def entry_events_of_rule(self, number: int) -> str: ...

    @abstractmethod
    def quoted(self, name: str) -> str: ...

    @abstractmethod
    def unnamed_set(self, number: int) -> str: ...

    @abstractmethod
    def numbered_set(self, name: str, number: int) -> str:
        """A name that an earlier concept set has too."""

    @abstractmethod
    def days(self, count: int) -> str: ...

    @abstractmethod
    def records(self, table: str, concepts: str | None) -> str:
        """Records of a table, of concepts in a set."""

    @abstractmethod
    def counted(self, occurs: Occurs, table: str, concepts: str | None) -> str:
        """How many records of a table, of concepts in a set."""

    @abstractmethod
    def counted_among(self, occurs: Occurs) -> str:
        """How many of the events listed below."""

    @abstractmethod
    def source(self, concepts: str) -> str: ...

    @abstractmethod
    def moved(self, dates: Dates) -> str: ...

    @abstractmethod
    def fixed_start(self, day: date) -> str: ...

    @abstractmethod
    def fixed_end(self, day: date) -> str: ...

    @abstractmethod
    def having(self, conditions: Sequence[str]) -> str:
        """With these properties."""

    @abstractmethod
    def of_these_having(self, conditions: Sequence[str]) -> str: ...

    @abstractmethod
    def leaving_out(self, persons: int) -> str:
        """That some persons, named by their ids, are left out."""

    @abstractmethod
    def observed(self, before: int, after: int) -> str: ...

    @abstractmethod
    def observed_and(self, before: int, after: int) -> str:
        """As `observed`, followed by what else they have to satisfy."""

    @abstractmethod
    def numbered(self, latest_first: bool) -> str: ...

    @abstractmethod
    def number_one(self, latest_first: bool) -> str:
        """Only the first in the order of `numbered`."""

    @abstractmethod
    def picked(self, which: Literal["numbered", "earliest", "latest"]) -> str: ...

    @abstractmethod
    def how_many(self, at_least: int, at_most: int | None, tests: int) -> str:
        """How many of the tests listed below have to hold."""

    @abstractmethod
    def end_at_offset(self, day: Day, days: int) -> str: ...

    @abstractmethod
    def end_of_era(self, end: EndOfEra, drugs: str) -> str: ...

    @abstractmethod
    def joined(self, gap: int) -> str: ...

    @abstractmethod
    def cut(self, earliest: date | None, latest: date | None) -> str: ...

    @abstractmethod
    def number_is(self, field: str, operator: str, value: str, extent: str) -> str: ...

    @abstractmethod
    def date_is(self, field: str, operator: str, value: str, extent: str) -> str: ...

    @abstractmethod
    def concept_is(self, field: str, concepts: Sequence[str], in_set: bool, negated: bool) -> str: ...

    @abstractmethod
    def text_is(self, field: str, match: str, text: str, negated: bool) -> str: ...

    @abstractmethod
    def window(self, window: Window, anchor: Anchor) -> str: ...

    @abstractmethod
    def item(self, concept: str, descendants: bool, mapped: bool) -> str: ...

    @abstractmethod
    def items(self, included: Sequence[str], excluded: Sequence[str]) -> str: ...

    @abstractmethod
    def summed_up(self, included: int, excluded: int) -> str:
        """How many items a large set has; they are listed at the end."""

    @abstractmethod
    def missing_ends(self, ends: tuple[str, ...], tables: Sequence[str]) -> str:
        """What the end of a record is, of tables for which `records.RECORD_TABLES` says `ends`."""

    @abstractmethod
    def grouped(self, digits: str) -> str:
        """A whole number's digits in groups of three."""

    decimal_mark: ClassVar[str] = ","

    def number(self, value: float) -> str:
        """All of the value's digits, and none besides."""
        text = format(Decimal(repr(value)), "f")
        whole, _, decimals = text.partition(".")
        sign = "\N{MINUS SIGN}" if whole.startswith("-") else ""
        decimals = decimals.rstrip("0")
        return f"{sign}{self.grouped(whole.lstrip('-'))}{self.decimal_mark + decimals if decimals else ''}"

    def calendar_day(self, day: date) -> str:
        return f"{day.day} {self.months[day.month - 1]} {day.year}"

    def field(self, name: str) -> str:
        return self.fields.get(name) or name.removesuffix("_concept_id").replace("_", " ")


def amount(occurs: Occurs) -> tuple[int, int | None, int]:
    """How often at least and at most (None: any number more), and the number that a noun beside it agrees with."""
    least, most = occurs.at_least, occurs.at_most
    return least, most, least if most is None else most


def in_threes(digits: str, separator: str) -> str:
    """`digits` in groups of three from the right."""
    return f"{int(digits):,}".replace(",", separator)


def listed(parts: Sequence[str], last: str) -> str:
    """`a, b and c`, with the word `last` before the last one."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"

"""What is said of a plan, and in which order; how it is said belongs to a `Language`.

Everything the plan says is said: a reader who has only the sentences could run the cohort again. A line is indented by
two spaces for every level below the first. What was described once has a name from then on ("the entry events").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts.conditions import ConceptIs, Condition, DateIs, IsAbnormal, NumberIs, TextIs
from wardbench.ward.cohorts.describe.language import Language
from wardbench.ward.cohorts.describe.names import Names
from wardbench.ward.cohorts.plan import (
    Clip,
    CohortPlan,
    Collapse,
    EarliestEnd,
    EndAtEvent,
    EndAtOffset,
    EndOfEra,
    EndOfObservation,
    Events,
    InObservation,
    LeavingOut,
    Near,
    Node,
    Number,
    Pick,
    Relation,
    Satisfying,
    Union,
    Where,
    concept_sets,
)
from wardbench.ward.cohorts.records import RECORD_TABLES

INLINE_CONDITIONS = 2
"""More than so many things that are asked of an event become a list."""
INLINE_CONCEPTS = 6
INLINE_ITEMS = 12
"""A concept set of more items is summed up, and listed at the end."""


@dataclass(frozen=True)
class Section:
    """A part of a description under its title."""

    part: Literal["entry", "rule", "cohort", "concept_sets", "notes", "items"]
    title: str
    lines: tuple[str, ...]


class Description:
    """The sentences of one plan in one language."""

    def __init__(self, plan: CohortPlan, names: Names, language: Language) -> None:
        self._plan = plan
        self._names = names
        self._say = language
        self._sets = concept_sets(plan)
        self._set_names = _unique_names(self._sets, names.concept_sets, language)
        self._known: dict[Node, str] = {}

    def sections(self) -> list[Section]:
        """The entry events, each rule, the cohort, its concept sets, and what holds throughout."""
        plan, say = self._plan, self._say
        found = [Section("entry", say.entry_title, tuple(self.relation(plan.entry)))]
        self._known[plan.entry] = say.entry_events
        for number, rule in enumerate(plan.rules, start=1):
            name = self._names.rules[number - 1] if number <= len(self._names.rules) else ""
            found.append(Section("rule", say.rule_title(number, name), tuple(self.kept(rule, plan.entry))))
        for number, rule in enumerate(plan.rules, start=1):
            self._known.setdefault(rule, say.entry_events_of_rule(number))
        found.append(Section("cohort", say.cohort_title, tuple(self.relation(plan.cohort))))
        if self._sets:
            found.append(Section("concept_sets", say.sets_title, tuple(self.concept_set(s) for s in self._sets)))
        found.append(Section("notes", say.notes_title, tuple(self.notes())))
        large = [concepts for concepts in self._sets if len(concepts.items) > INLINE_ITEMS]
        if large:
            lines = (f"{self._set_names[s]}{say.colon} {self.items(s)}." for s in large)
            found.append(Section("items", say.items_title, tuple(lines)))
        return found

    def relation(self, node: Relation) -> list[str]:
        """What the rows of `node` are, as lines of one level."""
        say = self._say
        if node in self._known:
            return [self._known[node]]
        match node:
            case Events():
                return self.events(node)
            case Union(sources):
                return [say.together, *_bullets([self.relation(source) for source in sources])]
            case InObservation(source, before, after):
                return [*self.relation(source), say.observed(before, after)]
            case Pick(Number(source, latest_first), "numbered"):
                return [*self.relation(source), say.number_one(latest_first)]
            case Number(source, latest_first):
                return [*self.relation(source), say.numbered(latest_first)]
            case Pick(source, which):
                return [*self.relation(source), say.picked(which)]
            case LeavingOut(source, persons):
                return [*self.relation(source), say.leaving_out(len(persons.ids))]
            case Where(source, conditions):
                return [*self.relation(source), say.of_these_having(self.conditions(conditions))]
            case Satisfying(source, tests, at_least, None) if self._are_the_rules(source, tests, at_least):
                return [say.entry_events_of_every_rule]
            case Satisfying(source, (test,), 1, None) if (observed := _observed(source, test)) is not None:
                asked = say.observed_and(observed.days_before, observed.days_after)
                return [*self.relation(source), asked, *_deeper(self.kept(test, observed))]
            case Near(index) | Satisfying(source=index):
                return [*self.relation(index), say.satisfying, *_deeper(self.kept(node, index))]
            case EarliestEnd(source, (end,)):
                return [*self.relation(source), say.until_only, *_deeper(self.end(end, source))]
            case EarliestEnd(source, ends):
                until = [self.end(end, source) for end in ends]
                return [*self.relation(source), say.until_earliest, *_bullets(until)]
            case EndOfObservation(source) | EndAtOffset(source) | EndOfEra(source) | EndAtEvent(source):
                return [*self.relation(source), say.until, *_deeper(self.end(node, source))]
            case Collapse(source, gap):
                return [*self.relation(source), say.joined(gap)]
            case Clip(source, earliest, latest):
                return [*self.relation(source), say.cut(earliest, latest)]
        raise AssertionError(f"Unhandled node: {node}")

    def _are_the_rules(self, source: Relation, tests: Sequence[Relation], at_least: int) -> bool:
        rules = self._plan.rules
        return self._entry_is_known and source == self._plan.entry and tests == rules and at_least == len(rules)

    @property
    def _entry_is_known(self) -> bool:
        return self._plan.entry in self._known

    def kept(self, node: Relation, index: Relation) -> list[str]:
        """What makes a row of `index` one of `node`, as lines of one level."""
        say = self._say
        if node == index:
            return [say.nothing_asked]
        match node:
            case Near(source) if source == index:
                return self.near(node)
            case Where(source, conditions) if source == index:
                return [f"{f'{say.semicolon} '.join(self.conditions(conditions)) or say.nothing}."]
            case Satisfying(source, tests, at_least, at_most) if source == index:
                if len(tests) == 1 and (at_least, at_most) == (1, None):
                    return self.kept(tests[0], index)
                how_many = say.how_many(at_least, at_most, len(tests))
                return [how_many, *_bullets([self.kept(test, index) for test in tests])]
        return [say.among, *_deeper(self.relation(node))]

    def near(self, node: Near) -> list[str]:
        """How many events of which kind, and when, around each event."""
        say = self._say
        anchor: Literal["entry", "event"] = (
            "entry" if self._entry_is_known and node.index == self._plan.entry else "event"
        )
        when = [say.window(window, anchor) for window in node.windows] or [say.at_any_time]
        if not node.in_period:
            when.append(say.any_period)
        if node.same_visit:
            when.append(say.same_visit)
        events = node.events
        if not isinstance(events, Events):
            head = ", ".join([say.counted_among(node.occurs), *when])
            return [f"{head}{say.colon}", *_deeper(self.relation(events))]
        counted = say.counted(node.occurs, events.table, self._of(events.concepts))
        return self._with_conditions(", ".join([counted, *self.asked(events), *when]), events)

    def events(self, node: Events) -> list[str]:
        """Records of one table."""
        records = self._say.records(node.table, self._of(node.concepts))
        return self._with_conditions(", ".join([records, *self.asked(node)]), node)

    def asked(self, node: Events) -> list[str]:
        """What is asked of records besides conditions, in the order in which it applies; what they become is last."""
        say = self._say
        asked = []
        if node.source_concepts is not None:
            asked.append(say.source(self._set_names[node.source_concepts]))
        if node.first:
            asked.append(say.only_first)
        if node.dates is not None:
            asked.append(say.moved(node.dates))
        if node.fixed_start is not None:
            asked.append(say.fixed_start(node.fixed_start))
        if node.fixed_end is not None:
            asked.append(say.fixed_end(node.fixed_end))
        return asked

    def _with_conditions(self, said: str, node: Events) -> list[str]:
        conditions = self.conditions(node.where)
        if not conditions:
            return [f"{said}."]
        if len(conditions) <= INLINE_CONDITIONS and not any(map(_is_long, node.where)):
            return [f"{said}, {self._say.having(conditions)}."]
        listed = [f"{condition}{self._say.semicolon}" for condition in conditions[:-1]] + [f"{conditions[-1]}."]
        return [f"{said}, {self._say.with_all}", *_bullets([[line] for line in listed])]

    def _of(self, concepts: ConceptSet | None) -> str | None:
        return None if concepts is None else self._set_names[concepts]

    def end(self, node: Relation, source: Relation) -> list[str]:
        """When an event of `source` ends."""
        say = self._say
        match node:
            case EndOfObservation(of) if of == source:
                return [say.end_of_observation]
            case EndAtOffset(of, day, days) if of == source:
                return [say.end_at_offset(day, days)]
            case EndOfEra(of) if of == source:
                return [say.end_of_era(node, self._set_names[node.drugs])]
            case EndAtEvent(of, events) if of == source:
                return [say.first_event, *_deeper(self.relation(events))]
        return [say.same_event, *_deeper(self.relation(node))]

    def conditions(self, conditions: Sequence[Condition]) -> list[str]:
        return [self.condition(condition) for condition in conditions]

    def condition(self, condition: Condition) -> str:
        say = self._say
        match condition:
            case NumberIs(name, operator, value, extent):
                return say.number_is(say.field(name), operator, *self._values(value, extent))
            case DateIs(name, operator, value, extent):
                return say.date_is(say.field(name), operator, *self._values(value, extent))
            case ConceptIs(name, concepts, negated):
                if isinstance(concepts, ConceptSet):
                    return say.concept_is(say.field(name), [self._set_names[concepts]], True, negated)
                chosen = [concept_in_words(concept, self._names) for concept in sorted(concepts)]
                return say.concept_is(say.field(name), chosen, False, negated)
            case TextIs(name, match, text, negated):
                return say.text_is(say.field(name), match, say.quoted(text), negated)
            case IsAbnormal():
                return say.abnormal
        raise AssertionError(f"Unhandled condition: {condition}")

    def _values(self, value: float | date, extent: float | date | None) -> tuple[str, str]:
        say = self._say
        first, second = (
            "" if v is None else say.calendar_day(v) if isinstance(v, date) else say.number(v) for v in (value, extent)
        )
        return first, second

    def concept_set(self, concepts: ConceptSet) -> str:
        """A concept set under its name, a large one summed up."""
        if len(concepts.items) <= INLINE_ITEMS:
            return f"{self._set_names[concepts]}{self._say.colon} {self.items(concepts)}."
        excluded = sum(item.excluded for item in concepts.items)
        summed_up = self._say.summed_up(len(concepts.items) - excluded, excluded)
        return f"{self._set_names[concepts]}{self._say.colon} {summed_up}."

    def items(self, concepts: ConceptSet) -> str:
        included = [item_in_words(i, self._names, self._say) for i in sorted(concepts.items) if not i.excluded]
        excluded = [item_in_words(i, self._names, self._say) for i in sorted(concepts.items) if i.excluded]
        return self._say.items(included, excluded)

    def notes(self) -> list[str]:
        """What holds for all of the plan and would be tedious to repeat."""
        nodes = list(self._plan.walk())
        notes = []
        if any(isinstance(node, Near) for node in nodes):
            notes += [self._say.periods_note, self._say.bounds_note]
        tables = {node.table for node in nodes if isinstance(node, Events)}
        by_ends: dict[tuple[str, ...], list[str]] = {}
        for name, table in RECORD_TABLES.items():
            if name in tables:
                by_ends.setdefault(table.ends, []).append(name)
        return notes + [self._say.missing_ends(ends, names) for ends, names in by_ends.items()]


def item_in_words(item: ConceptItem, names: Names, language: Language) -> str:
    """One line of a concept set, without saying whether it is excluded."""
    return language.item(concept_in_words(item.concept_id, names), item.descendants, item.mapped)


def concept_in_words(concept_id: int, names: Names) -> str:
    """A concept's name and id."""
    name = names.concepts.get(concept_id)
    return f"{name} ({concept_id})" if name else str(concept_id)


def _observed(source: Relation, test: Relation) -> InObservation | None:
    """The index of `test` where that is `source` in observation, as it is around the events of a criterion."""
    index = test.index if isinstance(test, Near) else test.source if isinstance(test, Satisfying | Where) else None
    return index if isinstance(index, InObservation) and index.source == source else None


def _is_long(condition: Condition) -> bool:
    return isinstance(condition, ConceptIs) and (
        not isinstance(condition.concepts, ConceptSet) and len(condition.concepts) > INLINE_CONCEPTS
    )


def _unique_names(
    sets: Sequence[ConceptSet], given: Mapping[ConceptSet, str], language: Language
) -> dict[ConceptSet, str]:
    """A name for every set, no two alike: “its own”, or its number among the plan's sets."""
    named: dict[ConceptSet, str] = {}
    for number, concepts in enumerate(sets, start=1):
        name = language.quoted(given[concepts]) if concepts in given else language.unnamed_set(number)
        named[concepts] = name if name not in named.values() else language.numbered_set(name, number)
    return named


def _deeper(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _bullets(parts: Sequence[Sequence[str]]) -> list[str]:
    lines = []
    for first, *rest in parts:
        lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return lines

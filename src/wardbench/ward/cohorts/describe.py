"""A plan in sentences, as a methods section would have it.

Everything the plan says is said: a reader who has only the sentences could run the cohort again. A line is indented by
two spaces for every level below the first. What was described once has a name from then on ("the entry events").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.core.omop.vocabulary import concept_names
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.conditions import ConceptIs, Condition, DateIs, IsAbnormal, NumberIs, TextIs
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.definition.reading import printable
from wardbench.ward.cohorts.paths import given_names
from wardbench.ward.cohorts.plan import (
    Clip,
    CohortPlan,
    Collapse,
    Dates,
    EarliestEnd,
    Edge,
    EndAtEvent,
    EndAtOffset,
    EndOfEra,
    EndOfObservation,
    Events,
    InObservation,
    Near,
    Node,
    Number,
    Occurs,
    Pick,
    Relation,
    Satisfying,
    Union,
    Where,
    Window,
    concept_sets,
)

TABLE_WORDS: Mapping[str, tuple[str, str]] = {
    "condition_occurrence": ("condition", "conditions"),
    "drug_exposure": ("drug exposure", "drug exposures"),
    "procedure_occurrence": ("procedure", "procedures"),
    "device_exposure": ("device exposure", "device exposures"),
    "measurement": ("measurement", "measurements"),
    "observation": ("observation", "observations"),
    "visit_occurrence": ("visit", "visits"),
    "visit_detail": ("visit detail", "visit details"),
    "specimen": ("specimen", "specimens"),
    "death": ("death", "deaths"),
    "condition_era": ("condition era", "condition eras"),
    "drug_era": ("drug era", "drug eras"),
    "dose_era": ("dose era", "dose eras"),
    "observation_period": ("observation period", "observation periods"),
    "payer_plan_period": ("payer plan period", "payer plan periods"),
}
FIELD_WORDS: Mapping[str, str] = {
    "start_date": "its start",
    "end_date": "its end",
    "days": "its length in days",
    "age_at_start": "age at its start (calendar years)",
    "age_at_end": "age at its end (calendar years)",
    "value_as_number": "its value",
    "value_as_concept_id": "its coded value",
    "range_low_ratio": "its value divided by the lower reference limit",
    "range_high_ratio": "its value divided by the upper reference limit",
}
OPERATOR_WORDS: Mapping[str, str] = {
    "lt": "less than",
    "lte": "at most",
    "eq": "equal to",
    "ne": "not equal to",
    "gt": "more than",
    "gte": "at least",
    "between": "from",
    "not_between": "outside",
}
DATE_WORDS: Mapping[str, str] = {
    **OPERATOR_WORDS,
    "lt": "before",
    "lte": "on or before",
    "eq": "on",
    "gt": "after",
    "gte": "on or after",
}
TEXT_WORDS: Mapping[str, str] = {
    "contains": "contains",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "equals": "is",
}
COUNTED_WORDS: Mapping[str, str] = {
    "concept_id": "different concepts",
    "start_date": "different start dates",
    "end_date": "different end dates",
    "visit_occurrence_id": "different visits",
}


@dataclass(frozen=True)
class Names:
    """What things are called: inclusion rules in order, concept sets, concepts by id. What is missing gets a number."""

    rules: Sequence[str] = ()
    concept_sets: Mapping[ConceptSet, str] = field(default_factory=dict)
    concepts: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A part of a description under its title: `part` is entry, rule, cohort or concept_sets."""

    part: str
    title: str
    lines: tuple[str, ...]


def describe(plan: CohortPlan, names: Names | None = None) -> list[str]:
    """`plan` in sentences, one a line; the concept sets it needs stand at the end with all their items."""
    return [line for s in sections(plan, names) for line in (f"{s.title}:", *_deeper(s.lines))]


def sections(plan: CohortPlan, names: Names | None = None) -> list[Section]:
    """`plan` in sentences: its entry events, each inclusion rule, the cohort, and the concept sets it needs."""
    return _Description(plan, names or Names()).sections()


def describe_definition(definition: Definition, plan: CohortPlan, snapshot: Snapshot | None = None) -> list[str]:
    """`plan`, made of `definition`, in sentences.

    Concepts are called as the vocabulary of `snapshot` calls them, or where it does not as the definition does.
    """
    return describe(plan, names_of(definition, plan, snapshot))


def names_of(definition: Definition, plan: CohortPlan, snapshot: Snapshot | None = None) -> Names:
    """What the definition, and before it the vocabulary of `snapshot`, calls the parts of `plan`."""
    concepts = {id: printable(name) for id, name in given_names(definition.expression).items()}
    if snapshot is not None:
        wanted = {i.concept_id for s in concept_sets(plan) for i in s.items} | _ids_of_conditions(plan)
        with snapshot.connect() as con:
            concepts.update(concept_names(con, wanted))
    return Names(definition.rule_names, definition.concept_set_names, concepts)


class _Description:
    def __init__(self, plan: CohortPlan, names: Names) -> None:
        self._plan = plan
        self._names = names
        self._sets = concept_sets(plan)
        self._set_names = _unique_names(self._sets, names.concept_sets)
        self._known: dict[Node, str] = {}

    def sections(self) -> list[Section]:
        plan = self._plan
        found = [Section("entry", "Entry events are", tuple(self.relation(plan.entry)))]
        self._known[plan.entry] = "the entry events"
        for number, rule in enumerate(plan.rules, start=1):
            name = self._names.rules[number - 1] if number <= len(self._names.rules) else ""
            title = f"Inclusion rule {number}{f', {name}' if name else ''}"
            found.append(Section("rule", title, tuple(self.kept(rule, plan.entry))))
        for number, rule in enumerate(plan.rules, start=1):
            self._known.setdefault(rule, f"the entry events that satisfy inclusion rule {number}")
        found.append(Section("cohort", "The cohort is", tuple(self.relation(plan.cohort))))
        if self._sets:
            lines = tuple(f"{self._set_names[s]}: {self.items(s)}." for s in self._sets)
            found.append(Section("concept_sets", "Concept sets", lines))
        return found

    def relation(self, node: Relation) -> list[str]:
        """What the rows of `node` are, as lines of one level."""
        if node in self._known:
            return [f"{self._known[node]}."]
        match node:
            case Events():
                return [f"{self.events(node)}."]
            case Union(sources):
                return ["all of these together:", *_deeper([line for s in sources for line in self.relation(s)])]
            case InObservation(source, before, after):
                sides = [f"at least {_days(before)} of it before"] if before else []
                sides += [f"at least {_days(after)} of it after"] if after else []
                around = f", with {' and '.join(sides)}" if sides else ""
                return [*self.relation(source), f"of these those that start during an observation period{around}."]
            case Pick(Number(source, latest_first), "numbered"):
                chosen = "latest" if latest_first else "earliest"
                return [*self.relation(source), f"of these only the {chosen} of each person."]
            case Number(source, latest_first):
                order = "latest to the earliest" if latest_first else "earliest to the latest"
                return [*self.relation(source), f"each person's numbered from the {order}."]
            case Pick(source, which):
                chosen = {"numbered": "number 1", "earliest": "the earliest", "latest": "the latest"}[which]
                return [*self.relation(source), f"of these only {chosen} of each person."]
            case Where(source, conditions):
                return [*self.relation(source), f"of these those with {self.conditions(conditions)}."]
            case Satisfying(source, tests, at_least, None) if self._are_the_rules(source, tests, at_least):
                return ["the entry events that satisfy every inclusion rule."]
            case Near(index) | Satisfying(source=index):
                return [*self.relation(index), "of these those that satisfy:", *_deeper(self.kept(node, index))]
            case EarliestEnd(source, ends):
                until = [line for end in ends for line in self.end(end, source)]
                return [
                    *self.relation(source),
                    "each until the earliest of these that is not before its start:",
                    *_deeper(until),
                ]
            case EndOfObservation(source) | EndAtOffset(source) | EndOfEra(source) | EndAtEvent(source):
                return [*self.relation(source), "each until:", *_deeper(self.end(node, source))]
            case Collapse(source, gap):
                joined = "that overlap or touch" if gap == 0 else f"that lie at most {_days(gap)} apart"
                return [*self.relation(source), f"a person's periods {joined} are joined into one."]
            case Clip(source, earliest, latest):
                sides = [f"from {earliest}"] if earliest else []
                sides += [f"until {latest}"] if latest else []
                return [*self.relation(source), f"cut to the days {' '.join(sides)}."]
        raise AssertionError(f"Unhandled node: {node}")

    def _are_the_rules(self, source: Relation, tests: Sequence[Relation], at_least: int) -> bool:
        rules = self._plan.rules
        return self._entry_is_known and source == self._plan.entry and tests == rules and at_least == len(rules)

    @property
    def _entry_is_known(self) -> bool:
        return self._plan.entry in self._known

    def kept(self, node: Relation, index: Relation) -> list[str]:
        """What makes a row of `index` one of `node`, as lines of one level."""
        if node == index:
            return ["no condition."]
        match node:
            case Near(source) if source == index:
                return self.near(node)
            case Where(source, conditions) if source == index:
                return [f"{self.conditions(conditions)}."]
            case Satisfying(source, tests, at_least, at_most) if source == index:
                if len(tests) == 1 and (at_least, at_most) == (1, None):
                    return self.kept(tests[0], index)
                found = [f"{_how_many(at_least, at_most, len(tests))} of:"]
                for test in tests:
                    first, *rest = self.kept(test, index)
                    found.extend([f"  - {first}", *(f"    {line}" for line in rest)])
                return found
        return ["it is one of:", *_deeper(self.relation(node))]

    def near(self, node: Near) -> list[str]:
        occurs = self.occurs(node.occurs)
        index = "entry" if self._entry_is_known and node.index == self._plan.entry else "the event"
        where = [self.window(window, index) for window in node.windows]
        if node.in_period:
            where.append("in the same observation period")
        if node.same_visit:
            where.append("in the same visit")
        when = ", ".join(where) or "at any time"
        if isinstance(node.events, Events):
            one = node.occurs.distinct is None and 1 in (node.occurs.at_most, node.occurs.at_least)
            return [f"{occurs} {self.events(node.events, singular=one)}, {when}."]
        return [f"{occurs} of the following, {when}:", *_deeper(self.relation(node.events))]

    def end(self, node: Relation, source: Relation) -> list[str]:
        match node:
            case EndOfObservation(of) if of == source:
                return ["the end of the observation period."]
            case EndAtOffset(of, day, days) if of == source:
                return [f"{_offset(days, f'its {day}')}, or the end of the observation period where that is earlier."]
            case EndOfEra(of) if of == source:
                return [f"the end of {self.era(node)}."]
            case EndAtEvent(of, events) if of == source:
                return [
                    "the start of the first of these from then to the end of the observation period:",
                    *_deeper(self.relation(events)),
                ]
        return ["the end of the same event among:", *_deeper(self.relation(node))]

    def era(self, node: EndOfEra) -> str:
        lasts = "to its recorded end" if node.days_supply is None else f"{_days(node.days_supply)} from its start"
        bridged = f"gaps of at most {_days(node.gap)} bridged"
        exposure = f"each exposure lasting {lasts}{f' and {_days(node.offset)} more' if node.offset else ''}"
        return f"the era of exposure to {self._set_names[node.drugs]} during which it starts ({bridged}, {exposure})"

    def events(self, node: Events, *, singular: bool = False) -> str:
        words = TABLE_WORDS[node.table][0 if singular else 1]
        said = [words if node.concepts is None else f"{words} of {self._set_names[node.concepts]}"]
        if node.source_concepts is not None:
            said.append(f"with a source concept in {self._set_names[node.source_concepts]}")
        if node.first:
            said.append("being the person's first such record")
        if node.dates is not None:
            said.append(_moved(node.dates))
        if node.where:
            said.append(f"with {self.conditions(node.where)}")
        if node.fixed_start is not None:
            said.append(f"taken to start on {node.fixed_start}")
        if node.fixed_end is not None:
            said.append(f"taken to end on {node.fixed_end}")
        return ", ".join(said)

    def conditions(self, conditions: Sequence[Condition]) -> str:
        return " and ".join(self.condition(condition) for condition in conditions) or "no condition"

    def condition(self, condition: Condition) -> str:
        match condition:
            case NumberIs(name, operator, value, extent):
                return f"{_field(name)} {OPERATOR_WORDS[operator]} {_range(value, extent)}"
            case DateIs(name, operator, value, extent):
                return f"{_field(name)} {DATE_WORDS[operator]} {_range(value, extent)}"
            case ConceptIs(name, concepts, negated):
                verb = "none of" if negated else "one of"
                if isinstance(concepts, ConceptSet):
                    return f"{_field(name)} {verb} {self._set_names[concepts]}"
                return f"{_field(name)} {verb} {', '.join(self.concept(c) for c in sorted(concepts)) or 'nothing'}"
            case TextIs(name, match, text, negated):
                return f"a text in {_field(name)} that {'not ' if negated else ''}{TEXT_WORDS[match]} “{text}”"
            case IsAbnormal():
                return "a value outside its reference range, or coded as abnormal"
        raise AssertionError(f"Unhandled condition: {condition}")

    def window(self, window: Window, index: str) -> str:
        event = f"{window.event}ing"
        around = f"the {window.index} of {index}" if index != "entry" or window.index == "end" else index
        match window.earliest, window.latest:
            case None, None:
                return f"{event} at any time around {around}"
            case earliest, None:
                return f"{event} {_bound(earliest, around)} or later"
            case None, latest:
                return f"{event} {_bound(latest, around)} or earlier"
            case earliest, latest if earliest == latest:
                return f"{event} {_bound(earliest, around)}"
            case earliest, latest:
                return f"{event} from {_bound(earliest, around)} to {_bound(latest, around)}"

    def occurs(self, occurs: Occurs) -> str:
        counted = f" {COUNTED_WORDS[occurs.distinct]} among" if occurs.distinct else ""
        if occurs.at_most is None:
            return f"at least {occurs.at_least}{counted}"
        if occurs.at_most == occurs.at_least:
            return f"exactly {occurs.at_least}{counted}" if occurs.at_least else f"no{counted}"
        if occurs.at_least == 0:
            return f"at most {occurs.at_most}{counted}"
        return f"from {occurs.at_least} to {occurs.at_most}{counted}"

    def concept(self, concept_id: int) -> str:
        return _concept(concept_id, self._names)

    def items(self, concepts: ConceptSet) -> str:
        included = [item_in_words(i, self._names) for i in sorted(concepts.items) if not i.excluded]
        excluded = [item_in_words(i, self._names) for i in sorted(concepts.items) if i.excluded]
        said = "; ".join(included) or "nothing"
        return f"{said}; but not: {'; '.join(excluded)}" if excluded else said


def item_in_words(item: ConceptItem, names: Names) -> str:
    """One line of a concept set, without saying whether it is excluded."""
    extras = [w for w, there in (("descendants", item.descendants), ("mapped concepts", item.mapped)) if there]
    concept = _concept(item.concept_id, names)
    return f"{concept} with {' and '.join(extras)}" if extras else concept


def _concept(concept_id: int, names: Names) -> str:
    name = names.concepts.get(concept_id)
    return f"{name} ({concept_id})" if name else str(concept_id)


def _unique_names(sets: Sequence[ConceptSet], given: Mapping[ConceptSet, str]) -> dict[ConceptSet, str]:
    """A name for every set, no two alike: “its own”, or its number among the plan's sets."""
    named: dict[ConceptSet, str] = {}
    for number, concepts in enumerate(sets, start=1):
        name = f"“{given[concepts]}”" if concepts in given else f"concept set {number}"
        named[concepts] = name if name not in named.values() else f"{name} (set {number})"
    return named


def _ids_of_conditions(plan: CohortPlan) -> set[int]:
    found: set[int] = set()
    for node in plan.walk():
        conditions = node.where if isinstance(node, Events) else node.conditions if isinstance(node, Where) else ()
        for condition in conditions:
            if isinstance(condition, ConceptIs) and not isinstance(condition.concepts, ConceptSet):
                found |= condition.concepts
    return found


def _deeper(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _how_many(at_least: int, at_most: int | None, tests: int) -> str:
    if at_most is None:
        if at_least == tests:
            return "all" if tests > 1 else "this one"
        return "any" if at_least == 1 else f"at least {at_least}"
    if at_most == 0 and at_least == 0:
        return "none"
    return f"at most {at_most}" if at_least == 0 else f"from {at_least} to {at_most}"


def _days(days: int) -> str:
    return f"{days} day" if abs(days) == 1 else f"{days} days"


def _offset(days: int, what: str) -> str:
    if days == 0:
        return what
    return f"{_days(abs(days))} {'after' if days > 0 else 'before'} {what}"


def _bound(bound: int | Edge | None, around: str) -> str:
    match bound:
        case Edge.PERIOD_START:
            return "the first day of observation"
        case Edge.PERIOD_END:
            return "the last day of observation"
    assert isinstance(bound, int)
    return _offset(bound, around) if bound else f"the day of {around}"


def _moved(dates: Dates) -> str:
    return (
        f"taken to start {_offset(dates.start_days, f'at its {dates.start_from}')}"
        f" and to end {_offset(dates.end_days, f'at its {dates.end_from}')}"
    )


def _field(name: str) -> str:
    return FIELD_WORDS.get(name) or name.removesuffix("_concept_id").replace("_", " ")


def _range(value: float | date, extent: float | date | None) -> str:
    shown = [_digits(v) if isinstance(v, float) else str(v) for v in (value, extent) if v is not None]
    return " to ".join(shown)


def _digits(value: float) -> str:
    """All of the value's digits, and none besides."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text

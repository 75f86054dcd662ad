"""Random plans over the codes and days of a random hospital."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from generative.hospital import CODES, FIRST_DAY, SOURCE_CODE, days, maybe, people
from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts.conditions import OPERATORS, ConceptIs, Condition, DateIs, IsAbnormal, NumberIs, TextIs
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
    LeavingOut,
    Near,
    Number,
    Occurs,
    Persons,
    Pick,
    Relation,
    Satisfying,
    Union,
    Where,
    Window,
)

Plans = st.SearchStrategy[Relation]
offsets = st.integers(-4, 4)
sides = st.sampled_from(("start", "end"))

items = st.builds(
    ConceptItem,
    st.sampled_from((*CODES, SOURCE_CODE, 99)),
    excluded=st.booleans(),
    descendants=st.booleans(),
    mapped=st.booleans(),
)
some_sets = st.frozensets(items, max_size=3).map(ConceptSet)
concept_sets = some_sets | st.just(ConceptSet.of(*CODES))


@st.composite
def compared(draw: st.DrawFn, kind: Callable[..., Condition], field: str, values: st.SearchStrategy[Any]) -> Condition:
    operator = draw(st.sampled_from(OPERATORS))
    two = operator in ("between", "not_between")
    return kind(field, operator, draw(values), draw(values) if two else None)


event_conditions = st.one_of(
    compared(NumberIs, "age_at_start", st.sampled_from((29, 30, 40))),
    compared(NumberIs, "age_at_end", st.sampled_from((29, 30, 40))),
    compared(NumberIs, "days", st.integers(0, 4)),
    compared(DateIs, "start_date", days),
    compared(DateIs, "end_date", days),
    st.builds(ConceptIs, st.just("gender_concept_id"), st.just(frozenset({8507})), st.booleans()),
)
record_conditions: dict[str, st.SearchStrategy[Condition]] = {
    "condition_occurrence": event_conditions
    | st.builds(ConceptIs, st.just("visit_concept_id"), concept_sets, st.booleans())
    | st.builds(ConceptIs, st.just("specialty_concept_id"), st.just(frozenset({11})), st.booleans())
    | st.builds(
        TextIs,
        st.just("stop_reason"),
        st.sampled_from(("contains", "starts_with", "ends_with", "equals")),
        st.sampled_from(("c", "are", "cured", "C")),
        st.booleans(),
    )
    | st.builds(
        TextIs,
        st.just("stop_reason"),
        st.just("like"),
        st.sampled_from(("%", "c%", "_ured", "%r_", "c_re%")),
        st.booleans(),
    ),
    "drug_exposure": event_conditions
    | compared(NumberIs, "effective_drug_dose", st.sampled_from((0.0, 1.0, 1.5)))
    | st.builds(ConceptIs, st.just("dose_unit_concept_id"), concept_sets, st.booleans()),
    "visit_occurrence": event_conditions
    | st.builds(ConceptIs, st.just("place_of_service_region_concept_id"), concept_sets, st.booleans()),
    "measurement": event_conditions
    | compared(NumberIs, "value_as_number", st.sampled_from((0.0, 1.0, 1.5)))
    | compared(NumberIs, "range_low_ratio", st.sampled_from((0.5, 1.0)))
    | compared(NumberIs, "range_high_ratio", st.sampled_from((0.5, 1.0)))
    | st.builds(IsAbnormal),
}

TABLES = ("condition_occurrence", "drug_exposure", "measurement", "visit_occurrence", "death", "location_history")


@st.composite
def records(draw: st.DrawFn) -> Relation:
    table = draw(st.sampled_from(TABLES))
    sourced = table in ("condition_occurrence", "drug_exposure")
    fixed = draw(st.integers(0, 9)) == 0
    return Events(
        table,
        concepts=draw(st.none() | maybe(concept_sets)),
        source_concepts=draw(st.none() | st.none() | some_sets) if sourced else None,
        first=draw(st.booleans()),
        dates=draw(st.none() | maybe(st.builds(Dates, sides, offsets, sides, offsets))),
        where=tuple(draw(st.lists(record_conditions.get(table, event_conditions), max_size=1))),
        fixed_start=FIRST_DAY if fixed else None,
        fixed_end=FIRST_DAY.replace(day=5) if fixed else None,
    )


bounds = maybe(offsets | st.sampled_from(Edge))
windows = st.builds(Window, sides, sides, bounds, bounds)
counted = st.sampled_from((None, None, "concept_id", "start_date", "end_date", "visit_occurrence_id"))
occurs = st.builds(Occurs, st.integers(0, 2), maybe(st.integers(0, 2)), counted)


def near(index: Plans) -> Plans:
    return st.builds(
        Near, index, events, st.lists(windows, max_size=2).map(tuple), occurs, st.booleans(), st.booleans()
    )


@st.composite
def satisfying(draw: st.DrawFn, source: Plans) -> Relation:
    """Tests of the same rows, as groups of rules are."""
    rows = draw(source)
    same = st.just(rows)
    some = draw(st.lists(near(same) | where(same) | st.just(rows), min_size=1, max_size=3))
    return Satisfying(rows, tuple(some), draw(st.integers(0, 2)), draw(maybe(st.integers(0, 2))))


def where(source: Plans) -> Plans:
    return st.builds(Where, source, st.lists(event_conditions, max_size=2).map(tuple))


@st.composite
def around(draw: st.DrawFn) -> Relation:
    """Records around which something else happened."""
    found = draw(records())
    observed = st.just(InObservation(found))
    return Satisfying(found, (draw(near(observed) | satisfying(observed)),), 1)


plain = records()
events: Plans = (
    plain | plain | st.lists(plain, min_size=1, max_size=2).map(lambda s: Union(tuple(s))) | st.deferred(around)
)
observed = st.builds(InObservation, events, st.integers(0, 2), st.integers(0, 2))
numbered = st.builds(Number, observed, st.booleans())
picked = st.builds(Pick, numbered, st.sampled_from(("numbered", "earliest", "latest")))
left_out = st.builds(LeavingOut, numbered | picked, st.frozensets(people, max_size=1).map(Persons.of))
entries = numbered | picked | near(numbered) | where(numbered) | satisfying(numbered)


@st.composite
def ended(draw: st.DrawFn) -> Relation:
    rows = draw(numbered | picked | entries)
    same = st.just(rows)
    end = st.one_of(
        st.builds(EndOfObservation, same),
        st.builds(EndAtOffset, same, sides, offsets),
        st.builds(EndOfEra, same, concept_sets, st.integers(0, 2), offsets, maybe(st.integers(0, 3))),
        st.builds(EndAtEvent, same, events),
    )
    ends = draw(st.lists(end, min_size=1, max_size=3))
    return EarliestEnd(rows, tuple(ends))


collapsed = st.builds(Collapse, ended(), st.integers(0, 3))
clipped = st.builds(Clip, collapsed, days, maybe(days)) | st.builds(Clip, collapsed, st.none(), days)
# Each as often as any other, however many forms it has.
relations: Plans = st.sampled_from((events, observed, entries, left_out, ended(), collapsed, clipped)).flatmap(
    lambda kind: kind
)


@st.composite
def cohort_plans(draw: st.DrawFn) -> CohortPlan:
    """Entry events, rules that each keep some of them, and a cohort made of those that satisfy all."""
    entry = draw(numbered | picked | left_out)
    same = st.just(entry)
    rules = tuple(draw(st.lists(near(same) | where(same) | satisfying(same), max_size=3)))
    included: Relation = Satisfying(entry, rules, len(rules)) if rules else entry
    cohort = Collapse(EarliestEnd(included, (EndOfObservation(included), EndAtOffset(included, "start", 2))))
    return CohortPlan(entry, rules, cohort)

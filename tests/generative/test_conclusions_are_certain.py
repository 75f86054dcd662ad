"""What checks conclude from a plan is so in every hospital: always is always, never is never, apart is apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from generative.hospital import Hospital, hospitals
from generative.plans import concept_sets as some_concepts
from generative.plans import event_conditions, events, numbered, occurs, picked, records, windows
from generative.test_engines_agree import EXAMPLES
from wardbench.ward.cohorts import reference
from wardbench.ward.cohorts.checks.finding import Checked
from wardbench.ward.cohorts.checks.located import events_of
from wardbench.ward.cohorts.checks.logic import among, contradict, contradictions, verdict
from wardbench.ward.cohorts.plan import Events, Near, Relation, Satisfying, Where, concept_sets
from wardbench.ward.cohorts.reference.concepts import members

Tests = tuple[Relation, Relation, Relation]


@st.composite
def asked_of_one_index(draw: st.DrawFn) -> Tests:
    """Entry events and two tests of them, often about the same events in nearly the same way."""
    index = draw(numbered | picked)
    counted = st.just(draw(events)) | st.just(events_of(index))
    seen = st.lists(windows, max_size=1).map(tuple)
    near = st.builds(Near, st.just(index), counted, seen, occurs, st.booleans(), st.booleans())
    where = st.builds(Where, st.just(index), st.lists(event_conditions, min_size=1, max_size=2).map(tuple))
    test = near | near | where
    some = st.lists(test, min_size=1, max_size=2).map(tuple)
    group = st.builds(Satisfying, st.just(index), some, st.integers(0, 2), st.none() | st.integers(0, 2))
    return index, draw(test | group), draw(test)


def keys(node: Relation, hospital: Hospital) -> set[tuple[int, int]]:
    return {row.key for row in reference.rows_of(node, hospital)}


def checked(nodes: Tests, hospital: Hospital, resolved: bool) -> Checked:
    sets = {concepts for node in nodes for concepts in concept_sets(node)} if resolved else set()
    return Checked(None, None, {concepts: frozenset(members(concepts, hospital)) for concepts in sets})


@settings(EXAMPLES, max_examples=250)
@given(hospitals(), asked_of_one_index(), st.booleans())
def test_conclusions_hold_in_the_reference_engine(hospital: Hospital, nodes: Tests, resolved: bool) -> None:
    index, one, other = nodes
    known = checked(nodes, hospital, resolved)
    found, every = keys(one, hospital), keys(index, hospital)
    match verdict(one, index, known):
        case True:
            assert found == every
        case False:
            assert found == set()
    if contradict(one, other, known) or contradictions((one, other), index, known):
        assert not found & keys(other, hospital)


@st.composite
def two_alike(draw: st.DrawFn) -> tuple[Events, Events]:
    """Records of one table, and records that are asked for in nearly the same way."""
    one = draw(records())
    changes = {
        "concepts": draw(st.just(one.concepts) | st.none() | some_concepts),
        "first": draw(st.booleans()),
        "where": draw(st.just(one.where) | st.just(())),
    }
    return draw(st.permutations((one, replace(one, **changes))).map(tuple))


@settings(EXAMPLES, max_examples=250)
@given(hospitals(), two_alike(), st.booleans())
def test_what_is_among_others_is_there_with_them(
    hospital: Hospital, two: tuple[Events, Events], resolved: bool
) -> None:
    smaller, larger = two
    if among(smaller, larger, checked((smaller, larger, larger), hospital, resolved)):
        assert keys(smaller, hospital) <= keys(larger, hospital)


def test_something_of_every_kind_is_concluded() -> None:
    said: Counter[object] = Counter()

    @settings(EXAMPLES, database=None, phases=[Phase.generate], max_examples=200)
    @given(asked_of_one_index())
    def look(nodes: Tests) -> None:
        index, one, other = nodes
        known = Checked(None, None)
        said[verdict(one, index, known)] += 1
        said["apart"] += contradict(one, other, known)

    look()
    assert min(said[kind] for kind in (True, False, None, "apart")) > 0, said

"""Plans: equal content is equal, nonsense cannot be built, and rewrites keep what was meant."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date

import pytest

from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts.conditions import ConceptIs, DateIs, IsAbnormal, NumberIs, TextIs
from wardbench.ward.cohorts.optimise import optimise
from wardbench.ward.cohorts.plan import (
    RELATIONS,
    Clip,
    CohortPlan,
    Collapse,
    EndOfEra,
    Events,
    InObservation,
    Near,
    Number,
    Occurs,
    Relation,
    Satisfying,
    Union,
    Where,
    Window,
    concept_sets,
)

FEVER = ConceptSet.of(1, 2)
EVENTS = Events("condition_occurrence", FEVER)
ENTRY = Number(InObservation(EVENTS))
BEFORE = Window("start", "start", -30, -1)


def test_equal_content_is_one_node_and_one_key() -> None:
    again = Number(InObservation(Events("condition_occurrence", ConceptSet.of(2, 1))))
    assert again == ENTRY
    assert len({again, ENTRY}) == 1
    assert Number(InObservation(EVENTS), latest_first=True) != ENTRY
    assert InObservation(EVENTS, 0, 1) != InObservation(EVENTS, 1, 0)


def test_every_field_counts_in_the_digest() -> None:
    variants = [
        EVENTS,
        Events("condition_occurrence"),
        Events("condition_occurrence", None, FEVER),
        Events("condition_occurrence", FEVER, first=True),
        Events("condition_occurrence", FEVER, where=(NumberIs("days", "gt", 1),)),
        Events("condition_occurrence", FEVER, where=(NumberIs("days", "gt", 1.0),)),
        Events("condition_occurrence", FEVER, where=(ConceptIs("condition_status_concept_id", frozenset({1, 2})),)),
        Events("condition_occurrence", FEVER, where=(ConceptIs("condition_status_concept_id", FEVER),)),
        Events("condition_occurrence", FEVER, where=(TextIs("stop_reason", "contains", "a,b"),)),
        Events("condition_occurrence", FEVER, fixed_start=date(2020, 1, 1)),
        Events("condition_occurrence", FEVER, fixed_end=date(2020, 1, 1)),
        Events("condition_occurrence", ConceptSet(frozenset({ConceptItem(1, True), ConceptItem(2)}))),
    ]
    assert len({v.digest for v in variants}) == len(variants)


def test_the_digest_is_the_same_in_every_process() -> None:
    program = (
        "from wardbench.core.omop.concept_sets import ConceptSet\n"
        "from wardbench.ward.cohorts.conditions import ConceptIs\n"
        "from wardbench.ward.cohorts.plan import Events\n"
        "where = (ConceptIs('condition_status_concept_id', frozenset({1, 2, 3})),)\n"
        "print(Events('condition_occurrence', ConceptSet.of(1, 2, 3), where=where).digest)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


@pytest.mark.parametrize(
    "build",
    [
        lambda: Events("note"),
        lambda: Events("observation_period", source_concepts=FEVER),
        lambda: Events("specimen", FEVER, FEVER),
        lambda: Events("condition_occurrence", where=(NumberIs("value_as_number", "gt", 1),)),
        lambda: Events("drug_exposure", where=(IsAbnormal(),)),
        lambda: Events("specimen", where=(ConceptIs("visit_concept_id", FEVER),)),
        lambda: Where(ENTRY, (DateIs("condition_start_date", "gt", date(2020, 1, 1)),)),
        lambda: Union(()),
        lambda: InObservation(EVENTS, -1),
        lambda: Satisfying(ENTRY, (), 1),
        lambda: Satisfying(ENTRY, (ENTRY,), -1),
        lambda: Occurs(-1),
        lambda: Collapse(ENTRY, -1),
        lambda: EndOfEra(ENTRY, FEVER, -1, 0),
        lambda: Clip(ENTRY, None, None),
        lambda: NumberIs("days", "between", 1),
        lambda: NumberIs("days", "gt", 1, 2),
        lambda: DateIs("start_date", "near", date(2020, 1, 1)),  # type: ignore[arg-type]
    ],
)
def test_a_plan_without_meaning_cannot_be_built(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        build()


def test_walk_gives_each_node_once_and_children_first() -> None:
    near = Near(ENTRY, EVENTS, (BEFORE,), Occurs(1))
    plan = CohortPlan(ENTRY, (near,), Collapse(Satisfying(ENTRY, (near, near), 2)))
    walked = list(plan.walk())
    assert len(walked) == len(set(walked))
    for position, node in enumerate(walked):
        assert all(child in walked[:position] for child in node.children)
    assert walked[-1] == plan


def test_concept_sets_are_found_wherever_they_stand() -> None:
    a, b, c, d, e = (ConceptSet.of(n) for n in range(5))
    condition = ConceptIs("condition_status_concept_id", c)
    entry = Number(Events("condition_occurrence", a, b, where=(condition,)))
    asked = Where(entry, (ConceptIs("gender_concept_id", d),))
    plan = CohortPlan(entry, (asked,), Collapse(EndOfEra(asked, e, 0, 0)))
    assert set(concept_sets(plan)) == {a, b, c, d, e}


def test_a_group_of_one_test_becomes_that_test_only_where_both_mean_the_same() -> None:
    near = Near(ENTRY, EVENTS, (BEFORE,), Occurs(1))
    plan = CohortPlan(ENTRY, (Satisfying(ENTRY, (near,), 1),), Collapse(Satisfying(ENTRY, (near,), 1)))
    assert optimise(plan) == CohortPlan(ENTRY, (near,), Collapse(near))

    other = Satisfying(EVENTS, (near,), 1)
    asked = Satisfying(ENTRY, (Where(ENTRY, ()),), 1)
    none = Satisfying(ENTRY, (near,), 0, 0)
    for kept in (other, asked, none):
        assert optimise(CohortPlan(ENTRY, (kept,), ENTRY)) == CohortPlan(ENTRY, (kept,), ENTRY)


def test_every_kind_of_relation_is_listed() -> None:
    written = {kind for kind in Relation.__subclasses__() if kind.__module__ == Relation.__module__}
    assert set(RELATIONS) == written

"""Open forms of the builder stay with their parts, whatever happens to the others."""

from __future__ import annotations

import itertools

import pytest

from wardbench.campus.cohorts.followed import followed
from wardbench.ward.cohorts.editing import (
    ConceptItems,
    Criterion,
    Entry,
    Event,
    Number,
    Person,
    Rule,
    Working,
    add_entry,
    add_rule,
    change_concept_set,
    change_rule,
    move_rule,
    new_concept_set,
    new_definition,
    outline,
    remove_rule,
    set_observation,
)


def older(years: int) -> Rule:
    return Rule.asking(f"Older than {years}", Person(Number("gt", years)))


def working(*years: int) -> Working:
    work, diabetes = new_concept_set(new_definition(), "Diabetes", [ConceptItems(201826, "Diabetes")])
    work = add_entry(work, Entry(Event("condition", diabetes)))
    for each in years:
        work = add_rule(work, older(each))
    return work


def rules(before: Working, after: Working, gone: str = "") -> dict[str, str]:
    found = followed(outline(before), outline(after), gone)
    return {part: one.part for part, one in found.items() if part.startswith("rule")}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_rule_that_goes_takes_its_form_and_no_other(place: int) -> None:
    before = working(20, 30, 40)
    left = [number for number in range(3) if number != place]
    expected = {f"rule-{number}": f"rule-{now}" for now, number in enumerate(left)}
    after = remove_rule(before, place)
    assert rules(before, after, f"rule-{place}") == expected
    back = {now: was for was, now in expected.items()}
    assert rules(after, before) == back, "and undone"


@pytest.mark.parametrize(("place", "to"), list(itertools.permutations(range(3), 2)))
def test_a_rule_that_moves_takes_its_form_along(place: int, to: int) -> None:
    before = working(20, 30, 40)
    after = move_rule(before, place, to)
    names = [line.name for line in outline(after).rules]
    expected = {f"rule-{number}": f"rule-{names.index(line.name)}" for number, line in enumerate(outline(before).rules)}
    assert rules(before, after) == expected
    assert all(one.same for one in followed(outline(before), outline(after)).values())


def test_of_two_alike_the_one_that_was_removed_goes() -> None:
    before = working(20, 20, 30)
    assert rules(before, remove_rule(before, 0), "rule-0") == {"rule-1": "rule-0", "rule-2": "rule-1"}
    assert rules(before, remove_rule(before, 1), "rule-1") == {"rule-0": "rule-0", "rule-2": "rule-1"}


def test_a_part_that_says_another_thing_is_told_from_one_that_stays() -> None:
    before = add_rule(working(20), Rule.asking("Again", Criterion("at_least", 2, Event("condition", 0))))
    after = change_rule(before, 0, older(50))
    after = set_observation(after, 30, 0)
    after = change_concept_set(after, 0, "Any diabetes", outline(after).sets[0].items)
    found = followed(outline(before), outline(after))
    assert {part for part, one in found.items() if not one.same} == {"rule-0", "course", "set-0"}
    assert {part for part, one in found.items() if one.same} == {"rule-1", "entry-0"}

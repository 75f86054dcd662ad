"""Editing a definition: what a form cannot say stays as it is, and what comes out is read strictly."""

from __future__ import annotations

import copy
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing import (
    Bound,
    ConceptItems,
    Demographics,
    Entry,
    Exit,
    Number,
    Rule,
    Working,
    add_entry,
    add_rule,
    change_concept_set,
    change_entry,
    change_rule,
    content_hash,
    move_rule,
    new_concept_set,
    new_definition,
    outline,
    read_entry,
    read_exit,
    read_rule,
    remove_entry,
    remove_rule,
    set_exit,
    set_limit,
    set_observation,
    switch_rule,
    unused_concept_sets,
)
from wardbench.ward.cohorts.editing.shapes import DOMAINS, OPERATORS, SOURCES, Event
from wardbench.ward.cohorts.lower import lower

DIABETES = ConceptItems(201826, "Type 2 diabetes mellitus", "44054006", "SNOMED")


def started() -> tuple[Working, int]:
    work, number = new_concept_set(new_definition(), "Type 2 diabetes", [DIABETES])
    return add_entry(work, Entry(Event("condition", number))), number


def rule(number: int, name: str = "rule", **changes: Any) -> Rule:
    return Rule(name, "at_least", 1, Event("condition", number), **changes)


def library(shared: Path) -> list[dict[str, Any]]:
    with gzip.open(shared / "data/circe/phenotype_library.jsonl.gz") as lines:
        return [json.loads(line)["expression"] for line in lines]


def test_an_empty_definition_says_what_is_missing() -> None:
    with pytest.raises(InputError, match="nothing can start the cohort"):
        new_definition().definition()


def test_a_definition_made_by_changes_reads() -> None:
    work, number = started()
    work = add_rule(work, rule(number, start=Bound(-365, -1), end=Bound(-1, -1)))
    work = add_rule(work, Demographics("adults", Number("gte", 18), 8532))
    work = set_exit(set_limit(set_observation(work, 365, 0), "Last"), Exit("after_start", 30))
    definition = work.definition("made")
    assert definition.rule_names == ("rule", "adults")
    assert lower(definition).rules


def random_rule(chance: random.Random, number: int) -> Rule | Demographics:
    def some_number() -> Number:
        op = chance.choice(OPERATORS)
        return Number(op, chance.choice([1, 18, 2.5]), 65 if op == "bt" else None)

    if chance.random() < 0.2:
        return Demographics("who", some_number(), chance.choice([None, 8507, 8532]))
    domain = chance.choice(list(DOMAINS))
    event = Event(
        domain,
        chance.choice([None, number]),
        source=False,
        first=chance.random() < 0.3 and domain != "death",
        value=some_number() if domain == "measurement" and chance.random() < 0.5 else None,
        age=some_number() if chance.random() < 0.3 else None,
    )
    if domain in SOURCES and event.concept_set is not None and chance.random() < 0.3:
        event = Event(domain, number, True, event.first, event.value, event.age)
    bounds = [Bound(chance.choice([None, -365, -1, 0, 1, 30]), chance.choice([-1, 1])) for _ in range(2)]
    bounds = [Bound(b.days, b.side if not b.days else (1 if b.days > 0 else -1)) for b in bounds]
    how = chance.choice(["at_least", "at_most", "exactly"])
    count = chance.randint(1 if how == "at_least" else 0, 3)
    return Rule("some", how, count, event, bounds[0], bounds[1], chance.random() < 0.2, chance.random() < 0.2)


@pytest.mark.parametrize("seed", range(200))
def test_what_a_form_says_is_read_back_and_means_something(seed: int) -> None:
    chance = random.Random(seed)
    work, number = started()
    said = random_rule(chance, number)
    work = add_rule(work, said)
    read = read_rule(work.expression["InclusionRules"][0])
    if isinstance(said, Demographics) and said.age is not None:
        # Ages are whole years.
        said = Demographics(said.name, Number(**{**vars(said.age), "value": int(said.age.value)}), said.sex)
    if isinstance(said, Rule) and said.event.age is not None:
        whole = Number(**{**vars(said.event.age), "value": int(said.event.age.value)})
        said = Rule(**{**vars(said), "event": Event(**{**vars(said.event), "age": whole})})
    assert read == said
    lower(work.definition())


def test_reading_the_library_changes_nothing_and_writing_back_means_the_same(shared: Path) -> None:
    forms = 0
    for expression in library(shared):
        work = Working(copy.deepcopy(expression))
        before = lower(work.definition())
        for number, given in enumerate(expression["InclusionRules"] or []):
            form = read_rule(given)
            if form is not None and form.name:
                forms += 1
                work = change_rule(work, number, form)
        for number, given in enumerate(expression["PrimaryCriteria"]["CriteriaList"]):
            entry = read_entry(given)
            if entry is not None:
                work = change_entry(work, number, entry)
        form = read_exit(expression.get("EndStrategy"))
        if form is not None:
            work = set_exit(work, form)
        assert lower(work.definition()) == before
    assert forms > 400, "most rules of the library fit a form: 444 of 771"


def test_what_is_not_touched_stays_as_it_is(shared: Path) -> None:
    chance = random.Random(1)
    for expression in chance.sample(library(shared), 200):
        kept = copy.deepcopy(expression)
        work, number = new_concept_set(Working(expression), "one more", [DIABETES])
        work = add_rule(work, rule(number, "one more"))
        work = switch_rule(work, 0)
        work = switch_rule(work, 0)
        last = len(work.rules()) - 1
        work = move_rule(move_rule(work, last, 0), 0, last)
        work = remove_rule(work, last)
        assert work.off == ()
        left = {**work.expression, "ConceptSets": work.expression["ConceptSets"][:-1]}
        assert {**left, "InclusionRules": left["InclusionRules"] or None} == {
            **kept,
            "ConceptSets": kept.get("ConceptSets") or [],
            "InclusionRules": kept.get("InclusionRules") or None,
        }
        assert expression == kept, "the definition that was given is not written to"


def test_a_rule_that_is_off_does_not_count_and_keeps_its_place() -> None:
    work, number = started()
    for name in "abc":
        work = add_rule(work, rule(number, name))
    off = switch_rule(work, 1)
    assert off.definition().rule_names == ("a", "c")
    assert [(r["name"], on) for r, on in off.rules()] == [("a", True), ("b", False), ("c", True)]
    assert Working.read(json.loads(json.dumps(off.json()))) == off
    assert switch_rule(off, 1).expression == work.expression
    assert [r["name"] for r, _ in move_rule(off, 1, 0).rules()] == ["b", "a", "c"]
    assert remove_rule(off, 1).off == ()


def test_a_concept_set_changes_wherever_it_is_used_and_is_missed_nowhere() -> None:
    work, number = started()
    work, other = new_concept_set(work, "Other", [ConceptItems(1, "one")])
    assert unused_concept_sets(work) == [other]
    work = switch_rule(add_rule(work, rule(other)), 0)
    assert unused_concept_sets(work) == [], "a rule that is off still needs it"
    work = change_concept_set(work, number, "New name", [ConceptItems(2, "two", excluded=True)])
    assert work.expression["ConceptSets"][0]["name"] == "New name"
    again, same = new_concept_set(work, "Other", [ConceptItems(1, "one")])
    assert again is work and same == other


def test_no_reference_to_a_concept_set_of_the_library_is_overlooked(shared: Path) -> None:
    """What is called unused can be taken away, and the definition still reads and means the same."""
    unused = 0
    for expression in library(shared):
        work = Working(copy.deepcopy(expression))
        loose = set(unused_concept_sets(work))
        unused += len(loose)
        left = [one for one in work.expression.get("ConceptSets") or [] if one["id"] not in loose]
        without = Working({**work.expression, "ConceptSets": left})
        assert lower(without.definition()) == lower(work.definition())
    assert unused > 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w, n: add_rule(w, rule(99)), "none with the id 99"),
        (lambda w, n: add_rule(w, rule(n, " ")), "give the rule a name"),
        (lambda w, n: change_rule(w, 0, rule(n)), "rule 1: there is none"),
        (lambda w, n: remove_rule(w, -1), "there is none"),
        (lambda w, n: remove_entry(w, 1), "entry event 2: there is none"),
        (lambda w, n: set_observation(w, -1, 0), "days of observation"),
        (lambda w, n: set_limit(w, "Second"), "limit"),
        (lambda w, n: Rule("r", "at_least", 0, Event("condition", n)), "at least 0"),
        (lambda w, n: Number("bt", 5, 1), "the larger one"),
        (lambda w, n: Number("bt", 5), "two numbers"),
        (lambda w, n: Event("condition", n, value=Number("gt", 1)), "only a measurement"),
        (lambda w, n: Event("star", n), "domain"),
        (lambda w, n: Demographics("nothing"), "an age or a sex"),
        (lambda w, n: Exit("after_start", -1), "days"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(change: Any, said: str) -> None:
    work, number = started()
    before = copy.deepcopy(work)
    with pytest.raises(InputError, match=said):
        change(work, number)
    assert work == before


def test_every_definition_of_the_library_has_an_outline_in_words(shared: Path) -> None:
    for expression in library(shared):
        work = Working(copy.deepcopy(expression))
        found = outline(work)
        assert found.problem is None
        assert len(found.entries) == len(expression["PrimaryCriteria"]["CriteriaList"])
        assert len(found.rules) == len(expression["InclusionRules"] or [])
        assert all(line.words for line in (*found.entries, *found.rules)) and found.ending
        assert work.expression == expression


def test_random_edits_of_library_definitions_stay_valid(shared: Path) -> None:
    """Whatever order small changes come in, what is left reads strictly; what cannot be done changes nothing."""
    chance = random.Random(3)
    for expression in chance.sample(library(shared), 150):
        work = Working(copy.deepcopy(expression))
        for _ in range(6):
            number = len(work.rules())
            change = chance.choice(["add", "remove", "switch", "move", "limit", "exit", "observed", "set"])
            place = chance.randrange(number) if number else 0
            if change == "add":
                work, made = new_concept_set(work, "more", [DIABETES])
                work = add_rule(work, random_rule(chance, made))
            elif change == "limit":
                work = set_limit(work, chance.choice(["First", "All", "Last"]))
            elif change == "exit":
                work = set_exit(work, Exit(chance.choice(["observation", "after_start", "after_end"]), 30))
            elif change == "observed":
                work = set_observation(work, 365, 0)
            elif change == "set" and work.expression.get("ConceptSets"):
                one = work.expression["ConceptSets"][0]
                items = [ConceptItems.read(item) for item in one["expression"]["items"]]
                work = change_concept_set(work, one["id"], "renamed", [*items, DIABETES])
            elif number and change == "remove":
                work = remove_rule(work, place)
            elif number and change == "switch":
                work = switch_rule(work, place)
            elif number and change == "move":
                work = move_rule(work, place, chance.randrange(number))
        lower(work.definition())
        assert outline(work).problem is None and Working.read(json.loads(json.dumps(work.json()))) == work


def test_a_hash_is_of_the_content_and_not_of_how_it_is_written(shared: Path) -> None:
    for expression in random.Random(5).sample(library(shared), 100):
        first = Working(expression).definition("a")
        turned = json.loads(json.dumps(dict(reversed(expression.items()))))
        assert content_hash(Working({**turned, "CensorWindow": expression.get("CensorWindow")}).definition("b")) == (
            content_hash(first)
        )
        renamed, _ = new_concept_set(Working(expression), "one more", [DIABETES])
        assert content_hash(renamed.definition("a")) != content_hash(first)


def test_what_atlas_wrote_about_a_concept_stays_when_its_set_changes() -> None:
    work, number = started()
    concept = work.expression["ConceptSets"][0]["expression"]["items"][0]["concept"]
    concept |= {"DOMAIN_ID": "Condition", "STANDARD_CONCEPT": "S"}
    work = change_concept_set(work, number, "x", [DIABETES, ConceptItems(5, "five")])
    items = work.expression["ConceptSets"][0]["expression"]["items"]
    assert items[0]["concept"] == concept and items[1]["concept"]["CONCEPT_ID"] == 5

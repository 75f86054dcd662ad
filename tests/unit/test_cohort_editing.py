"""Editing a definition: what a form cannot say stays as it is, and what comes out is read strictly."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing import (
    Bound,
    Coded,
    ConceptItems,
    Criterion,
    Day,
    Entry,
    Event,
    Exit,
    Group,
    Number,
    Person,
    Rule,
    Window,
    Working,
    add_entry,
    add_rule,
    change_additional,
    change_concept_set,
    change_entry,
    change_rule,
    content_hash,
    move_rule,
    new_concept_set,
    new_definition,
    nodes,
    outline,
    read_rule,
    remove_entry,
    remove_rule,
    set_calendar,
    set_exit,
    set_limit,
    set_observation,
    switch_rule,
    unused_concept_sets,
    with_member,
    without_member,
)
from wardbench.ward.cohorts.editing.shapes import (
    CODED,
    DAYS,
    DISTINCT,
    DOMAINS,
    GROUPS,
    NUMBERS,
    OPERATORS,
    SOURCES,
    WHOLE,
)
from wardbench.ward.cohorts.lower import lower

DIABETES = ConceptItems(201826, "Type 2 diabetes mellitus", "44054006", "SNOMED")


def started() -> tuple[Working, int]:
    work, number = new_concept_set(new_definition(), "Type 2 diabetes", [DIABETES])
    return add_entry(work, Entry(Event("condition", number))), number


def rule(number: int, name: str = "rule", **window: Bound) -> Rule:
    return Rule.asking(name, Criterion("at_least", 1, Event("condition", number), Window(**window)))


def library(shared: Path) -> list[dict[str, Any]]:
    with gzip.open(shared / "data/circe/phenotype_library.jsonl.gz") as lines:
        return [json.loads(line)["expression"] for line in lines]


def test_an_empty_definition_says_what_is_missing() -> None:
    with pytest.raises(InputError, match="nothing can start the cohort"):
        new_definition().definition()


def test_a_definition_made_by_changes_reads() -> None:
    work, number = started()
    work = add_rule(work, rule(number, start=Bound(-365, -1), end=Bound(-1, -1)))
    work = add_rule(work, Rule.asking("adults", Person(Number("gte", 18), 8532)))
    work = set_exit(set_limit(set_observation(work, 365, 0), "Last"), Exit("after_start", 30))
    definition = work.definition("made")
    assert definition.rule_names == ("rule", "adults")
    assert lower(definition).rules


def some_number(chance: random.Random, name: str) -> Number:
    op = chance.choice(OPERATORS)
    return Number(op, chance.choice([1, 18] if name in WHOLE else [1, 18, 2.5]), 65 if op == "bt" else None)


def some_day(chance: random.Random) -> Day:
    op = chance.choice(OPERATORS)
    return Day(op, date(2020, 2, 29), date(2021, 1, 1) if op == "bt" else None)


def some_event(chance: random.Random, number: int, depth: int) -> Event:
    domain = chance.choice(list(DOMAINS))
    concept_set = chance.choice([None, number])

    def some(known: Any) -> list[str]:
        return [name for name, domains in known.items() if domain in domains and chance.random() < 0.25]

    units = (Coded(8840, "mg/dL", "mg/dL", "UCUM"), Coded(8753))
    return Event(
        domain,
        concept_set,
        source=domain in SOURCES and concept_set is not None and chance.random() < 0.3,
        first=chance.random() < 0.3 and domain != "death",
        numbers={name: some_number(chance, name) for name in some(NUMBERS)},
        days={name: some_day(chance) for name in some(DAYS)},
        coded={name: units[: chance.randint(1, 2)] for name in some(CODED)},
        around=some_group(chance, number, depth - 1) if depth and chance.random() < 0.3 else None,
    )


def some_window(chance: random.Random) -> Window:
    bounds = [Bound(chance.choice([None, -365, -1, 0, 1, 30]), chance.choice([-1, 1])) for _ in range(2)]
    start, end = (Bound(b.days, b.side if not b.days else (1 if b.days > 0 else -1)) for b in bounds)
    return Window(start, end, chance.random() < 0.3, chance.random() < 0.3)


def some_condition(chance: random.Random, number: int, depth: int) -> Any:
    if chance.random() < 0.2:
        return Person(some_number(chance, "age"), chance.choice([None, 8507, 8532]))
    if depth and chance.random() < 0.2:
        return some_group(chance, number, depth - 1)
    how = chance.choice(["at_least", "at_most", "exactly"])
    return Criterion(
        how,
        chance.randint(1 if how == "at_least" else 0, 3),
        some_event(chance, number, depth),
        some_window(chance),
        some_window(chance) if chance.random() < 0.2 else None,
        chance.random() < 0.2,
        chance.random() < 0.2,
        chance.choice(["", "", "", *DISTINCT]),
    )


def some_group(chance: random.Random, number: int, depth: int) -> Group:
    how = chance.choice(list(GROUPS))
    members = tuple(some_condition(chance, number, depth) for _ in range(chance.randint(1, 3)))
    return Group(how, members, chance.randint(0, 2) if how.startswith("at_") else 0)


@pytest.mark.parametrize("seed", range(300))
def test_what_a_form_says_is_read_back_and_means_something(seed: int) -> None:
    chance = random.Random(seed)
    work, number = started()
    said = Rule("some", some_group(chance, number, 2), chance.choice(["", "why"]))
    work = add_rule(work, said)
    assert read_rule(work.expression["InclusionRules"][0]) == said
    work = change_additional(work, said.group)
    work = add_entry(work, Entry(some_event(chance, number, 1)), to="censor")
    found = outline(work)
    assert found.additional_form == said.group and found.censors[0].form is not None
    lower(work.definition())


@pytest.mark.parametrize("seed", range(100))
def test_a_condition_is_added_and_taken_away_anywhere(seed: int) -> None:
    chance = random.Random(seed)
    _work, number = started()
    group = some_group(chance, number, 2)
    more = Person(Number("gte", 33))
    for path, node in nodes(group):
        if isinstance(node, Group):
            longer = with_member(group, path, more)
            at = next(p for p, one in nodes(longer) if one == more)
            assert at.rpartition(".")[0] == path and without_member(longer, at) == group
        if isinstance(node, Criterion) and node.event.around is None:
            around = f"{path}.w"
            longer = with_member(group, around, more)
            assert [one for p, one in nodes(longer) if p == f"{around}.0"] == [more]
            assert without_member(longer, f"{around}.0") == group, "what was added alone goes with it"
    for wrong in ("9", "0.x", "w", "0.0.0.0.0.0.9"):
        with pytest.raises(InputError, match="no such condition"):
            without_member(group, wrong)
    assert without_member(Group("all", (more,)), "0") is None


def test_reading_the_library_changes_nothing_and_writing_back_means_the_same(shared: Path) -> None:
    read, whole = Counter[str](), 0
    for expression in library(shared):
        work = Working(copy.deepcopy(expression))
        before = lower(work.definition())
        said = outline(work)
        all_of_it = [*said.rules, *said.entries, *said.censors]
        for line in said.rules:
            if line.form is not None:
                work = change_rule(work, line.number, line.form if line.form.name else Rule("none", line.form.group))
        for line in said.entries:
            if line.form is not None:
                work = change_entry(work, line.number, line.form)
        for line in said.censors:
            if line.form is not None:
                work = change_entry(work, line.number, line.form, of="censor")
        if said.additional_form is not None:
            work = change_additional(work, said.additional_form)
        if said.exit is not None:
            work = set_exit(work, said.exit)
        if said.calendar != (None, None):
            work = set_calendar(work, *said.calendar)
        assert lower(work.definition()).digest == before.digest
        read["rules"] += sum(line.form is not None for line in said.rules)
        read["entries"] += sum(line.form is not None for line in said.entries)
        whole += all(line.form for line in all_of_it) and bool(said.additional_form) == bool(said.additional)
    assert read == {"rules": 767, "entries": 1707}, "of 771 rules and 1,727 entry events"
    assert whole > 1080


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
        (lambda w, n: Criterion("at_least", 0, Event("condition", n)), "at least 0"),
        (lambda w, n: Number("bt", 5, 1), "the larger one"),
        (lambda w, n: Number("bt", 5), "two values"),
        (lambda w, n: Event("condition", n, numbers={"value": Number("gt", 1)}), "value: a condition has none"),
        (lambda w, n: Event("star", n), "domain"),
        (lambda w, n: Person(), "an age or a sex"),
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
                work = add_rule(work, Rule("some", some_group(chance, made, 1)))
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

"""What changed between two versions is said part by part, and what did not change is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tiny_cohort_hospital import (
    concept_set,
    concepts,
    condition,
    drug,
    expression,
    near,
    observed,
    person,
    rule,
    snapshot,
    window,
)
from wardbench.cli.app import app
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import Definition, read_definition
from wardbench.ward.cohorts.compare import Comparison, compare_definitions

DRUG = {"DrugExposure": {"CodesetId": 2}}
CONDITION = {"ConditionOccurrence": {"CodesetId": 1}}
AFTER = rule("a drug after", near(DRUG, days=window(0, 30)))
BEFORE = rule("no drug before", near(DRUG, 0, 0, window(None, -1)))
ADULT = rule("an adult", DemographicCriteriaList=[{"Age": {"Op": "gte", "Value": 18}}])


def definition(folder: Path, name: str, asked: Mapping[str, Any]) -> Definition:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(asked))
    return read_definition(path)


@pytest.fixture
def compared(tmp_path: Path) -> Any:
    def compare(old: Mapping[str, Any], new: Mapping[str, Any], store: Snapshot | None = None) -> Comparison:
        return compare_definitions(definition(tmp_path, "old", old), definition(tmp_path, "new", new), store)

    return compare


def kinds(found: Comparison) -> list[tuple[str, str]]:
    return [(change.kind, change.part) for change in found.changes]


def asked(*rules: Mapping[str, Any], **other: Any) -> dict[str, Any]:
    return expression(InclusionRules=list(rules), **other)


def test_the_same_definition_has_no_changes(compared: Any) -> None:
    found = compared(asked(AFTER, BEFORE), asked(AFTER, BEFORE))
    assert (found.same_plan, found.same_json, found.changes, found.concept_sets) == (True, True, (), ())


def test_the_same_meaning_in_other_words_is_no_change(compared: Any) -> None:
    other = asked(AFTER, ConceptSets=[concept_set(7, 1), concept_set(2, 2)], cdmVersionRange=">=5.3.0")
    other["PrimaryCriteria"]["CriteriaList"] = [{"ConditionOccurrence": {"CodesetId": 7}}]
    found = compared(asked(AFTER), other)
    assert (found.same_plan, found.same_json, found.changes) == (True, False, ())


def test_rules_are_added_removed_moved_and_renamed(compared: Any) -> None:
    assert kinds(compared(asked(AFTER), asked(AFTER, ADULT))) == [("added", "Inclusion rule 2, an adult")]
    assert kinds(compared(asked(AFTER, ADULT), asked(ADULT))) == [("removed", "Inclusion rule 1, a drug after")]
    moved = compared(asked(AFTER, BEFORE, ADULT), asked(ADULT, AFTER, BEFORE))
    assert kinds(moved) == [("moved", "Inclusion rule 1, an adult")]
    assert moved.changes[0].before == ("number 3",)
    assert (moved.changes[0].was, moved.changes[0].rule) == ((3, "an adult"), (1, "an adult"))
    renamed = compared(asked(AFTER), asked({**AFTER, "name": "treated"}))
    assert (kinds(renamed), renamed.same_plan) == ([("renamed", "Inclusion rule 1, treated")], True)


def test_a_changed_rule_shows_the_sentences_that_differ_and_no_others(compared: Any) -> None:
    longer = rule("a drug after", near(DRUG, days=window(0, 60)))
    found = compared(asked(ADULT, AFTER), asked(ADULT, longer))
    assert kinds(found) == [("changed", "Inclusion rule 2, a drug after")]
    (change,) = found.changes
    assert "30 days" in change.before[0]
    assert "60 days" in change.after[0]
    assert (len(change.before), len(change.after)) == (1, 1)


def test_what_changed_is_said_in_other_languages(tmp_path: Path) -> None:
    longer = rule("a drug after", near(DRUG, days=window(0, 60)))
    old, new = (definition(tmp_path, name, asked(one)) for name, one in (("old", AFTER), ("new", longer)))
    for language, days in (("nl", "60 dagen"), ("fr", "60 jours")):
        (change,) = compare_definitions(old, new, language=language).changes
        assert days in change.after[0], change


def test_a_rule_that_is_renamed_and_changed_is_still_the_same_rule(compared: Any) -> None:
    found = compared(asked(AFTER), asked(rule("within two months", near(DRUG, days=window(0, 60)))))
    assert [kind for kind, _ in kinds(found)] == ["changed", "renamed"]


def test_a_change_of_the_entry_events_is_not_one_of_every_rule(compared: Any) -> None:
    first = asked(AFTER, ADULT)
    first["PrimaryCriteria"]["PrimaryCriteriaLimit"] = {"Type": "First"}
    assert kinds(compared(asked(AFTER, ADULT), first)) == [("changed", "Entry events")]


@pytest.mark.parametrize(
    "other",
    [
        {"EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 30}}},
        {"ExpressionLimit": {"Type": "First"}},
        {"CollapseSettings": {"CollapseType": "ERA", "EraPad": 30}},
        {"CensoringCriteria": [DRUG]},
        {"CensorWindow": {"StartDate": "2020-01-01"}},
    ],
)
def test_limits_and_exits_are_a_part_of_their_own(compared: Any, other: dict[str, Any]) -> None:
    assert kinds(compared(asked(AFTER), asked(AFTER, **other))) == [("changed", "Limits and exit")]


def test_concept_sets_say_their_items_and_with_a_vocabulary_their_concepts(compared: Any, tmp_path: Path) -> None:
    def sets(*items: int, name: str = "drugs") -> dict[str, Any]:
        return {"ConceptSets": [concept_set(1, 1), {**concept_set(2, *items), "name": name}]}

    found = compared(asked(AFTER, **sets(2, 3)), asked(AFTER, **sets(2, 4, 5)))
    assert kinds(found) == [("changed", "Inclusion rule 1, a drug after")]
    (change,) = found.concept_sets
    assert (change.kind, change.name, change.items_removed, change.items_added) == (
        "changed",
        "drugs",
        ("3",),
        ("4", "5"),
    )
    assert change.concepts_added is None
    hospital = snapshot(tmp_path / "store", concept=concepts(1, 2, 3, 4, 6))
    (change,) = compared(asked(AFTER, **sets(2, 3)), asked(AFTER, **sets(2, 4, 5, 6)), hospital).concept_sets
    assert (change.concepts_removed, change.concepts_added) == (1, 2)
    renamed = compared(asked(AFTER, **sets(2)), asked(AFTER, **sets(2, name="pills")))
    assert (renamed.same_plan, renamed.changes) == (True, ())
    assert [(c.kind, c.items_added) for c in renamed.concept_sets] == [("renamed", ("pills",))]
    unused = asked(AFTER, ConceptSets=[concept_set(1, 1), concept_set(2, 2), concept_set(3, 3)])
    assert [c.kind for c in compared(asked(AFTER), unused).concept_sets] == ["added"]
    assert [c.kind for c in compared(unused, asked(AFTER)).concept_sets] == ["removed"]


def hospital(folder: Path) -> Snapshot:
    """Persons 1 and 2 have a drug 5 days after their condition, person 3 has it 45 days after, person 4 never."""
    return snapshot(
        folder,
        person=[person(n) for n in range(1, 5)],
        observation_period=[observed(n, n) for n in range(1, 5)],
        condition_occurrence=[condition(n, n, 10) for n in range(1, 5)],
        drug_exposure=[drug(11, 1, 15), drug(12, 2, 15), drug(13, 3, 55)],
        concept=concepts(1, 2),
    )


def test_the_counts_are_of_persons_in_both_and_in_one_only(compared: Any, tmp_path: Path) -> None:
    late = rule("later", near(DRUG, days=window(5, 60)))
    store = hospital(tmp_path / "store")
    counts = compared(asked(AFTER), asked(late), store).counts
    assert (counts.before, counts.after, counts.both, counts.same_rows) == (2, 3, 2, False)
    counts = compared(asked(late), asked(BEFORE), store).counts
    assert (counts.before, counts.after, counts.both) == (3, 4, 3)
    assert compared(asked(AFTER), asked(rule("same", near(DRUG, days=window(1, 20)))), store).counts.same_rows


def test_the_command_says_it_in_words_and_in_json(tmp_path: Path) -> None:
    hospital(tmp_path / "store")
    definition(tmp_path, "old", asked(AFTER))
    definition(tmp_path, "new", asked(AFTER, rule("none", near(DRUG, 0, 0, window(10, 60)))))
    definition(tmp_path, "late", asked(rule("later", near(DRUG, days=window(40, 60)))))
    paths = {name: str(tmp_path / f"{name}.json") for name in ("old", "new", "late")}
    store = ["--store", str(tmp_path / "store")]
    runner = CliRunner()
    said = runner.invoke(app, ["cohort", "compare", paths["old"], paths["new"], *store]).output
    assert "Inclusion rule 2, none: added." in said
    assert "Every membership starts and ends on the same days as before." in said
    answer = runner.invoke(app, ["cohort", "compare", paths["old"], paths["late"], *store, "--json"]).output
    counts = json.loads(answer)["counts"]
    del counts["version"]
    assert counts == {"before": 2, "after": 1, "both": 0, "only_before": 2, "only_after": 1, "same_rows": False}
    answer = runner.invoke(app, ["cohort", "compare", paths["old"], paths["old"], "--json"]).output
    assert json.loads(answer) == {
        "same_plan": True,
        "same_json": True,
        "changes": [],
        "concept_sets": [],
        "counts": None,
    }


def test_an_export_is_printed_or_written_and_never_over_the_definition(tmp_path: Path) -> None:
    old = definition(tmp_path, "old", asked(AFTER))
    runner, path = CliRunner(), str(tmp_path / "old.json")
    printed = runner.invoke(app, ["cohort", "export", path]).output
    (tmp_path / "again.json").write_text(printed)
    assert compare_definitions(old, read_definition(tmp_path / "again.json")).same_json
    out = str(tmp_path / "out.json")
    assert runner.invoke(app, ["cohort", "export", path, "--out", out]).exit_code == 0
    assert Path(out).read_text() == printed
    before = Path(path).read_bytes()
    assert runner.invoke(app, ["cohort", "export", path, "--out", path]).exception is not None
    assert Path(path).read_bytes() == before

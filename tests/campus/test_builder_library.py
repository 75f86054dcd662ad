"""The 1,100 definitions of OHDSI's phenotype library in the builder: how much of them forms can edit, without a loss.

The manual gives these figures (docs/how-to/build-a-cohort.md); they are counted here.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from wardbench.campus.cohorts import edits
from wardbench.campus.cohorts.sentences import rule_lines
from wardbench.ward.cohorts.describe.grammar import Section
from wardbench.ward.cohorts.editing import Outline, Working, outline
from wardbench.ward.cohorts.lower import lower

MANUAL = Path(__file__).parents[2] / "docs/how-to/build-a-cohort.md"


def sent(form: Any) -> dict[str, Any]:
    """What a browser sends when a form is opened and saved as it is: no box that is not ticked, no field left out."""
    found: dict[str, Any] = {}
    for one in form.forms() if hasattr(form, "forms") else [form]:
        for name, field in one.fields.items():
            value = one.get_initial_for_field(field, name)
            if value is not None and value is not False:
                found[one.add_prefix(name)] = "on" if value is True else value
    return found


@pytest.fixture(scope="module")
def library(shared: Path) -> list[Working]:
    with gzip.open(shared / "data/circe/phenotype_library.jsonl.gz") as lines:
        return [Working(json.loads(line)["expression"], ()) for line in lines]


def parts(said: Outline) -> dict[str, bool]:
    """Each part of a definition, and whether a form can say it."""
    found = {f"entry-{line.number}": line.form is not None for line in said.entries}
    found |= {f"censor-{line.number}": line.form is not None for line in said.censors}
    if said.additional:
        found["additional"] = said.additional_form is not None
    return found | {f"rule-{line.number}": line.form is not None for line in said.rules}


@pytest.fixture
def without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outlines have everything that forms are made of, and one word for sentences: those take minutes for all."""
    described = [Section(part, "", ("words",)) for part in ("entry", "rule")]
    monkeypatch.setattr(sys.modules[outline.__module__], "_described", lambda work, language: (None, described))


@pytest.mark.parametrize("part_of_four", range(4))
@pytest.mark.usefixtures("without_words")
def test_forms_that_are_saved_unchanged_leave_a_definition_as_it_was(library: list[Working], part_of_four: int) -> None:
    assert len(library) == 1100
    done: Counter[str] = Counter()
    for work in library[part_of_four::4]:
        said, after = outline(work), work
        for part in [*(part for part, has_form in parts(said).items() if has_form), "course"]:
            kind, dash, place = part.partition("-")
            do = f"{kind}:{place}" if dash else kind
            after = edits.edit(after, do, sent(edits.form_of(after, part))).working
            done[kind] += 1
        assert lower(after.definition("as it was")).digest == lower(work.definition("as it was")).digest
    assert done["course"] == 275


def test_no_two_conditions_of_a_rule_bear_the_same_number() -> None:
    """What is around an event is said below it, and its parts are numbered below the event's own number."""

    def criterion(event: dict[str, Any]) -> dict[str, Any]:
        window = {"Start": {"Coeff": -1}, "End": {"Coeff": 1}, "UseEventEnd": False}
        return {
            "Criteria": {"ConditionOccurrence": event},
            "StartWindow": window,
            "Occurrence": {"Type": 2, "Count": 1},
        }

    def group(*members: dict[str, Any]) -> dict[str, Any]:
        return {"Type": "ALL", "CriteriaList": members, "DemographicCriteriaList": [], "Groups": []}

    one = criterion({"CorrelatedCriteria": group(criterion({}))})
    two = criterion(
        {"CorrelatedCriteria": group(criterion({}), criterion({"CorrelatedCriteria": group(criterion({}))}))}
    )
    work = Working(
        {
            "ConceptSets": [],
            "PrimaryCriteria": {
                "CriteriaList": [{"ConditionOccurrence": {}}],
                "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
                "PrimaryCriteriaLimit": {"Type": "First"},
            },
            "InclusionRules": [{"name": "r", "expression": group(one, two)}],
        }
    )
    [rule] = outline(work).rules
    assert rule.form
    said = [(line.depth, line.place) for line in rule_lines(rule.form, {})]
    around = [(2, ""), (2, "")]
    assert said[1:4] == [(1, "1"), *around], "one condition around an event needs no number of its own"
    assert said[4:] == [(1, "2"), *around, (3, "2.1"), (3, "2.2"), (4, ""), (4, "")]


def test_a_form_that_is_changed_changes_the_definition(library: list[Working]) -> None:
    """The control: the comparison above sees what a form does."""
    work = next(work for work in library if parts(outline(work)).get("rule-0"))
    form = edits.form_of(work, "rule-0")
    given = {**sent(form), "name": "other", "0-age_op": "gte", "0-age": "150"}
    after = edits.edit(work, "rule:0", given).working
    assert lower(after.definition("x")).digest != lower(work.definition("x")).digest


@pytest.mark.usefixtures("without_words")
def test_the_manual_says_how_much_forms_can_edit(library: list[Working]) -> None:
    counted: Counter[str] = Counter()
    for work in library:
        found = parts(outline(work))
        for part, has_form in found.items():
            kind = part.partition("-")[0]
            counted[kind] += 1
            counted[f"{kind} by form"] += has_form
        counted["whole"] += all(found.values())
    words = " ".join(MANUAL.read_text(encoding="utf-8").split())
    said = (
        f"forms edit {counted['entry by form']:,} of {counted['entry']:,} entry events, "
        f"{counted['rule by form']:,} of {counted['rule']:,} rules, "
        f"{counted['additional by form']:,} of {counted['additional']:,} conditions on the entry, "
        f"and all of it in {counted['whole']:,} of {len(library):,} definitions"
    )
    assert said in words

"""A definition as a page shows it to be edited: entry events, rules, exit and concept sets, each in words or as a form.

The words are those of `describe`. Rules that are switched off are described too, although they do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from wardbench.core.errors import InputError, UnsupportedError
from wardbench.ward.cohorts.describe import Section, names_of, sections
from wardbench.ward.cohorts.editing.changes import Working, unused_concept_sets
from wardbench.ward.cohorts.editing.shapes import (
    LIMITS,
    ConceptItems,
    Entry,
    Exit,
    Group,
    Rule,
    read_entry,
    read_exit,
    read_rule,
)
from wardbench.ward.cohorts.lower import lower


@dataclass(frozen=True)
class RuleLine:
    """One inclusion rule: `form` where a form can say it; `counted` is its number among those that count, if on."""

    number: int
    name: str
    on: bool
    counted: int | None
    words: tuple[str, ...]
    form: Rule | None


@dataclass(frozen=True)
class EntryLine:
    """One kind of entry event: `form` where a form can say it."""

    number: int
    words: tuple[str, ...]
    form: Entry | None


@dataclass(frozen=True)
class SetLine:
    """A concept set: its items, and whether anything refers to it."""

    id: int
    name: str
    items: tuple[ConceptItems, ...]
    used: bool


@dataclass(frozen=True)
class Outline:
    """A definition part by part. `problem` is why it has no meaning yet, with its path; None where it has one.

    `limit` is None where the three limits of ATLAS are not one word. `additional` is what else has to hold around the
    entry, and `additional_form` that as a form can say it; `calendar` are the days between which somebody can be in
    the cohort.
    """

    entries: tuple[EntryLine, ...]
    additional: tuple[str, ...]
    additional_form: Group | None
    censors: tuple[EntryLine, ...]
    rules: tuple[RuleLine, ...]
    sets: tuple[SetLine, ...]
    ending: tuple[str, ...]
    exit: Exit | None
    limit: str | None
    observed: tuple[int, int]
    calendar: tuple[date | None, date | None]
    problem: str | None

    @property
    def set_names(self) -> Mapping[int, str]:
        return {one.id: one.name for one in self.sets}


def outline(work: Working, *, language: str = "en") -> Outline:
    """`work` as its parts, in words of `language`."""
    expression = work.expression
    problem, described = _described(work, language)
    in_words = {part: [s.lines for s in described if s.part == part] for part in ("rule", "cohort")}
    rules, counted = [], 0
    for number, (rule, on) in enumerate(work.rules()):
        lines = in_words["rule"][number] if number < len(in_words["rule"]) else ()
        rules.append(RuleLine(number, rule.get("name") or "", on, counted if on else None, lines, read_rule(rule)))
        counted += on
    primary = expression.get("PrimaryCriteria") or {}
    window = primary.get("ObservationWindow") or {}
    additional, between = expression.get("AdditionalCriteria"), expression.get("CensorWindow") or {}
    unused = set(unused_concept_sets(work))
    return Outline(
        entries=tuple(_events(expression, primary.get("CriteriaList"), language)),
        additional=_around_entry(expression, additional, language),
        additional_form=Group.read(additional) if additional else None,
        censors=tuple(_events(expression, expression.get("CensoringCriteria"), language)),
        rules=tuple(rules),
        sets=tuple(
            SetLine(
                one["id"],
                one.get("name") or f"concept set {one['id']}",
                tuple(ConceptItems.read(item) for item in (one.get("expression") or {}).get("items") or ()),
                one["id"] not in unused,
            )
            for one in expression.get("ConceptSets") or ()
        ),
        ending=in_words["cohort"][0] if in_words["cohort"] else (),
        exit=read_exit(expression.get("EndStrategy")),
        limit=_limit(expression),
        observed=(int(window.get("PriorDays") or 0), int(window.get("PostDays") or 0)),
        calendar=(_day(between.get("StartDate")), _day(between.get("EndDate"))),
        problem=problem,
    )


def _described(work: Working, language: str) -> tuple[str | None, list[Section]]:
    """Why what counts now has no meaning, or None; and all rules in words, those that are off among them."""
    every = Working({**work.expression, "InclusionRules": [rule for rule, _ in work.rules()]})
    try:
        definition = every.definition()
        plan = lower(definition)
    except (InputError, UnsupportedError):
        return _problem(work), []
    # Where no rule is off, what has just been read is what counts, and has a meaning.
    problem = None if every.expression == work.expression else _problem(work)
    return problem, sections(plan, names_of(definition, plan), language=language)


def _problem(work: Working) -> str | None:
    try:
        lower(work.definition())
    except (InputError, UnsupportedError) as error:
        return str(error)
    return None


def _events(expression: Mapping[str, Any], criteria: Any, language: str) -> list[EntryLine]:
    """A list of events, each described as if it alone started the cohort."""
    found = []
    for number, criterion in enumerate(criteria or ()):
        _, described = _described(Working(_starting_with(expression, criterion)), language)
        lines = next((section.lines for section in described if section.part == "entry"), ())
        # The last line says that they start during observation, which is so for all of them.
        found.append(EntryLine(number, lines[:-1] if len(lines) > 1 else lines, read_entry(criterion)))
    return found


def _around_entry(expression: Mapping[str, Any], additional: Any, language: str) -> tuple[str, ...]:
    """What else has to hold around the entry, described as a rule would be."""
    primary = (expression.get("PrimaryCriteria") or {}).get("CriteriaList") or ()
    if not additional or not primary:
        return ()
    rule = {"InclusionRules": [{"name": "", "expression": additional}]}
    _, described = _described(Working({**_starting_with(expression, primary[0]), **rule}), language)
    return next((section.lines for section in described if section.part == "rule"), ())


def _starting_with(expression: Mapping[str, Any], criterion: Any) -> dict[str, Any]:
    return {
        "ConceptSets": expression.get("ConceptSets") or [],
        "PrimaryCriteria": {
            "CriteriaList": [criterion],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "All"},
        },
    }


def _day(given: Any) -> date | None:
    return date.fromisoformat(given[:10]) if isinstance(given, str) else None


def _limit(expression: Mapping[str, Any]) -> str | None:
    """The one word that stands for the three limits, where it does."""
    primary = ((expression.get("PrimaryCriteria") or {}).get("PrimaryCriteriaLimit") or {}).get("Type", "First")
    others = {(expression.get(key) or {}).get("Type", "First") for key in ("QualifiedLimit", "ExpressionLimit")}
    for limit in LIMITS:
        if others == {limit} and primary == ("First" if limit == "First" else "All"):
            return limit
    return None

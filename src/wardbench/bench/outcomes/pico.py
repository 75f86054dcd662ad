"""A question in the words of PICO made into a protocol: which patients, what was done, compared with what, what
happened.

Treatments are taken as new use: the first record of any of their concepts. What a profile asks (diagnoses, sex, age)
is asked on that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wardbench.bench.outcomes.protocol import BY_PERSON, DEATH, Adjustment, Covariates, Estimand, FollowUp, Protocol
from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing import (
    ConceptItems,
    Criterion,
    Entry,
    Event,
    Exit,
    Number,
    Person,
    Rule,
    Working,
    add_entry,
    add_rule,
    new_concept_set,
    new_definition,
    set_exit,
    set_limit,
)

GAP = 60
"""Days between two records of a drug within which the treatment counts as going on."""
OLDEST = 120
DOMAINS = ("condition", "drug", "procedure", "measurement", "observation", "device")


@dataclass(frozen=True)
class Picked:
    """A concept that somebody chose, and the domain in which it is asked for; `standard` as in `editing.Found`."""

    concept_id: int
    name: str
    domain: str
    code: str = ""
    vocabulary: str = ""
    standard: bool = True


@dataclass(frozen=True)
class Profile:
    """Patients like one: with all of these diagnoses by then, of this sex (concept id), and in these years of age."""

    conditions: tuple[Picked, ...] = ()
    sex: int | None = None
    youngest: int | None = None
    oldest: int | None = None

    @property
    def age(self) -> Number | None:
        if self.youngest is None and self.oldest is None:
            return None
        return Number("bt", self.youngest or 0, OLDEST if self.oldest is None else self.oldest)


@dataclass(frozen=True)
class Pico:
    """What was asked. `population` is a cohort as an object with name and expression; `outcome` empty for death.

    Without an intervention the patients are described from the day on which they first are what is asked for.
    """

    name: str
    population: dict[str, Any] | None = None
    profile: Profile = Profile()
    intervention: tuple[Picked, ...] = ()
    comparison: tuple[Picked, ...] = ()
    outcome: tuple[Picked, ...] = ()
    controls: tuple[Picked, ...] = ()
    days: int = 1095
    washout_days: int = 365
    estimand: Estimand = "intention-to-treat"
    adjustment: Adjustment = "matching"
    with_day_zero: bool = False


def protocol_of(asked: Pico) -> Protocol:
    """The protocol that answers a question. InputError names what is missing or contradicts itself."""
    target, comparator = _target(asked), None
    if asked.comparison:
        if not asked.intervention:
            raise InputError("intervention: a comparison needs what it is compared with.")
        if set(_ids(asked.intervention)) & set(_ids(asked.comparison)):
            raise InputError("comparison: it cannot be what the intervention is.")
        comparator = _new_use(asked.comparison, asked.profile)
    if asked.controls and comparator is None:
        raise InputError("negative controls: they judge a comparison, and nothing is compared.")
    year = 365
    horizons = tuple(sorted({min(year, asked.days), asked.days}))
    return Protocol(
        name=asked.name.strip(),
        target=target,
        comparator=comparator,
        population=asked.population if asked.intervention else None,
        outcome=_occurrences(asked.outcome) if asked.outcome else DEATH,
        estimand=asked.estimand,
        washout_days=asked.washout_days,
        follow_up=FollowUp(last_day=asked.days),
        horizons=horizons,
        adjustment=asked.adjustment,
        covariates=Covariates(with_day_zero=asked.with_day_zero),
        negative_controls=tuple(_occurrences((one,)) for one in asked.controls),
        subgroups=BY_PERSON if comparator is not None else (),
    )


def _target(asked: Pico) -> dict[str, Any]:
    if asked.intervention:
        return _new_use(asked.intervention, asked.profile)
    if asked.population is not None:
        if asked.profile != Profile():
            raise InputError("population: say who by a cohort or by a profile, not by both.")
        return asked.population
    if not asked.profile.conditions:
        raise InputError("population: choose a cohort, or a diagnosis at least.")
    first, *others = asked.profile.conditions
    work = _entering((first,), first_only=True)
    for rule in _rules(Profile(tuple(others), asked.profile.sex, asked.profile.youngest, asked.profile.oldest)):
        work = _with_rule(work, *rule)
    return _document(f"First record of {first.name}", work)


def _new_use(picked: Sequence[Picked], profile: Profile) -> dict[str, Any]:
    work = _entering(picked, first_only=True)
    if all(one.domain == "drug" for one in picked):
        work, number = _with_set(work, picked)
        work = set_exit(work, Exit("drug", 0, number, GAP))
    for rule in _rules(profile):
        work = _with_rule(work, *rule)
    return _document(f"First use of {_named(picked)}", work)


def _occurrences(picked: Sequence[Picked]) -> dict[str, Any]:
    return _document(_named(picked), set_limit(_entering(picked, first_only=False), "All"))


def _entering(picked: Sequence[Picked], *, first_only: bool) -> Working:
    """A definition that any record of these concepts starts, those of the hospital's own codes asked for as such."""
    work = new_definition()
    for domain in dict.fromkeys(one.domain for one in picked):
        for standard in (True, False):
            group = [one for one in picked if one.domain == domain and one.standard is standard]
            if group:
                work, number = _with_set(work, group)
                work = add_entry(work, Entry(Event(domain, number, source=not standard, first=first_only)))
    return work


def _rules(profile: Profile) -> list[tuple[str, Picked | Person]]:
    rules: list[tuple[str, Picked | Person]] = []
    if profile.sex is not None or profile.age is not None:
        rules.append(("Of this sex and age", Person(profile.age, profile.sex)))
    return rules + [(f"{one.name} by then", one) for one in profile.conditions]


def _with_rule(work: Working, name: str, asked: Picked | Person) -> Working:
    if isinstance(asked, Person):
        return add_rule(work, Rule.asking(name, asked))
    work, number = _with_set(work, (asked,))
    return add_rule(
        work, Rule.asking(name, Criterion("at_least", 1, Event(asked.domain, number, source=not asked.standard)))
    )


def _with_set(work: Working, picked: Sequence[Picked]) -> tuple[Working, int]:
    items = [ConceptItems(one.concept_id, one.name, one.code, one.vocabulary) for one in picked]
    return new_concept_set(work, _named(picked), items)


def _document(name: str, work: Working) -> dict[str, Any]:
    return {"name": name, "expression": work.expression}


def _named(picked: Sequence[Picked]) -> str:
    return " or ".join(one.name for one in picked)


def _ids(picked: Sequence[Picked]) -> list[int]:
    return [one.concept_id for one in picked]

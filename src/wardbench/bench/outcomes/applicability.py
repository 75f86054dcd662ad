"""Is the answer about this patient? How likely the target would be for them, beside those who were compared, and in
what they differ from most of those who were followed.

What is kept for it with an answer is the model of treatment, where the scores of the two arms overlap, and which
concepts are the treatments: nothing of any person. What is said of those who were followed is what the report shows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import numpy as np

from wardbench.bench.outcomes.analysis import Analysis
from wardbench.bench.outcomes.balance import EITHER, preference
from wardbench.bench.outcomes.covariates import SEXES, band_of, entry_concepts
from wardbench.bench.outcomes.records import members_of
from wardbench.bench.outcomes.subjects import engine_of
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.records import RECORD_TABLES
from wardbench.ward.patients.profile import PatientProfile

MOST, FEW = 60, 10
"""Of what more than so many in 100 had, or fewer, a patient who has it not, or has it, is unlike most."""
EDGES = (0.01, 0.99)
"""Between these shares of each arm's scores the arms are taken to overlap."""


class Place(StrEnum):
    """Where a patient stands among those compared."""

    AMONG = "among"
    MOSTLY_TARGET = "mostly_target"
    MOSTLY_COMPARATOR = "mostly_comparator"
    BEYOND_TARGET = "beyond_target"
    """Hardly anybody like them was given the comparator."""
    BEYOND_COMPARATOR = "beyond_comparator"


@dataclass(frozen=True)
class Term:
    """One covariate of the model; `between` is above which and up to which value its fifth is, for what was measured
    (None: without an end)."""

    table: str
    concept_id: int
    name: str
    first: int
    last: int
    between: tuple[float | None, float | None] | None
    coefficient: float


@dataclass(frozen=True)
class Applicability:
    """The model of treatment, the preference scores between which both arms are, and the treatments' concepts."""

    intercept: float
    share: float
    low: float
    high: float
    year: int
    """The last of those compared; a patient is placed as if they began then."""
    terms: tuple[Term, ...]
    target: tuple[int, ...]
    comparator: tuple[int, ...]


@dataclass(frozen=True)
class Beside:
    """What was recorded of those who were followed, their share as it is shown, and whether the patient has it too."""

    kind: str
    name: str
    share: str
    has: bool
    unlike: bool


def applicability(analysis: Analysis, snapshot: Snapshot) -> Applicability | None:
    """What has to be kept to place a patient; None where nothing was compared."""
    comparison, matrix, question = analysis.comparison, analysis.matrix, analysis.question
    if comparison is None or matrix is None or question.comparator is None or comparison.arms.model is None:
        return None
    model, treated = comparison.arms.model, analysis.subjects.treated
    preferred = preference(comparison.arms.score, treated)
    ends = [np.quantile(preferred[arm], EDGES) for arm in (treated, ~treated)]
    terms = []
    for place, coefficient in zip(model.chosen.tolist(), model.coefficients.tolist(), strict=True):
        column = matrix.columns[place]
        first, last = column.window or (0, 0)
        ends_of = column.between and [one if math.isfinite(one) else None for one in column.between]
        between = (ends_of[0], ends_of[1]) if ends_of else None
        terms.append(Term(column.table, column.concept_id, column.name, first, last, between, float(coefficient)))
    engine = engine_of(snapshot)
    concepts = [members_of(engine, entry_concepts(of)).tolist() for of in (question.target, question.comparator)]
    return Applicability(
        float(model.intercept),
        float(np.mean(treated)),
        float(max(low for low, _ in ends)),
        float(min(high for _, high in ends)),
        int((date(1970, 1, 1) + timedelta(int(analysis.subjects.index.max()))).year),
        tuple(terms),
        *(tuple(int(one) for one in of) for of in concepts),
    )


def preference_of(
    kept: Applicability, rows: Mapping[str, Sequence[Mapping[str, Any]]], zero: date | None = None
) -> float:
    """The preference score of one patient, from all rows of theirs by table, as if treatment began on day `zero`, which
    is the day after the last of them where it is not given."""
    (person,) = rows["person"]
    records = [
        (table, int(concept), day, row)
        for table, of in rows.items()
        if (kind := RECORD_TABLES.get(table)) is not None and kind.concept is not None
        for row in of
        if (day := row.get(kind.start_date)) is not None
        and (concept := row.get(kind.concept) or row.get(kind.source_concept or "") or 0)
    ]
    if zero is None:
        zero = max((day for _, _, day, _ in records), default=date(kept.year, 1, 1)) + timedelta(1)
    born = person.get("year_of_birth")
    own = {SEXES.get(person.get("gender_concept_id") or 0, "Sex other or not recorded"), f"Time zero in {kept.year}"}
    if born:
        own.add(band_of(max(0, zero.year - born)))
    logit = kept.intercept
    for term in kept.terms:
        if term.table == "person":
            has = term.name in own
        else:
            found = [
                (day, row)
                for table, concept, day, row in records
                if table == term.table and concept == term.concept_id and term.first <= (day - zero).days <= term.last
            ]
            has = bool(found)
            if term.between is not None:
                numbers = [
                    (day, row["value_as_number"]) for day, row in found if row.get("value_as_number") is not None
                ]
                value = max(numbers, key=lambda one: one[0])[1] if numbers else None
                has = value is not None and _inside(float(value), *term.between)
        logit += term.coefficient if has else 0.0
    share = kept.share
    return 1 / (1 + math.exp(-logit) * share / (1 - share))


def _inside(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value > low) and (high is None or value <= high)


def place_of(kept: Applicability, preferred: float) -> Place:
    """Among those compared, at their edge, or beyond them."""
    if preferred > kept.high and preferred > EITHER[1]:
        return Place.BEYOND_TARGET
    if preferred < kept.low and preferred < EITHER[0]:
        return Place.BEYOND_COMPARATOR
    if preferred > EITHER[1]:
        return Place.MOSTLY_TARGET
    return Place.MOSTLY_COMPARATOR if preferred < EITHER[0] else Place.AMONG


def treated_already(kept: Applicability, taken: Collection[int]) -> tuple[bool, bool]:
    """Whether a patient has had the target, and the comparator, by the concepts on their record."""
    return bool(set(kept.target) & set(taken)), bool(set(kept.comparator) & set(taken))


def beside(who: Sequence[Mapping[str, Any]], patient: PatientProfile) -> tuple[Beside, ...]:
    """A patient beside what a report shows of those who were followed (its rows of sex, age, conditions and drugs)."""
    have = {
        "Condition": {one.name for one in patient.conditions},
        "Drug": {one.name for one in patient.drugs},
        "Sex": {SEXES.get(patient.sex or 0, "other or not recorded")},
    }
    found = []
    for row in who:
        kind, name, share = row["kind"], row["name"], row["share"]
        if kind == "Age":
            has = patient.age is not None and _holds(name, patient.age)
        elif kind in have:
            has = name in have[kind] or (kind == "Sex" and any(one in have[kind] for one in name.split(" or ")))
        else:
            continue
        many = 100.0 if share == "nearly all" else float(share[:-1]) if share.endswith("%") else None
        unlike = many is not None and ((has and many < FEW) or (not has and many > MOST))
        if has or kind not in ("Age", "Sex") or unlike:
            found.append(Beside(kind, name, share, has, unlike))
    return tuple(found)


def _holds(name: str, age: int) -> bool:
    low, to, high = name.partition(" to ")
    return bool(to) and low.isdecimal() and high.isdecimal() and int(low) <= age <= int(high)

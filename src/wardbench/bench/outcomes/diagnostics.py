"""May an estimate be shown? Each gate is judged before any effect is computed, and says why in words.

Limits are those of large-scale practice (Schuemie and others, 2020 and 2024: SMD, equipoise, EASE, MDRR); the two
counts, and what sees immortal time, prevalent users and outcomes that brought the treatment, are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wardbench.bench.outcomes import normal
from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.calibration import EmpiricalNull
from wardbench.bench.outcomes.power import minimal_detectable_ratio
from wardbench.bench.outcomes.subjects import OUTCOME, Subjects
from wardbench.bench.outcomes.survival import kaplan_meier
from wardbench.bench.outcomes.weighting import effective_size

FEWEST_PERSONS = 100
FEWEST_OUTCOMES = 20
FEWEST_IN_AN_ARM = 5
"""Outcomes in one arm below which neither its intervals nor a ratio to the other hold."""
LARGEST_DIFFERENCE = 0.1
LEAST_EQUIPOISE = 0.2
LARGEST_EASE = 0.25
LARGEST_DETECTABLE = 10.0
CENSORING = 0.1
"""How far apart the arms may be in the share still followed at any time, outcomes aside."""
ALPHA = 0.05
"""Of the test of each covariate's difference, shared out among all of them."""
CHANCE = 0.001
"""An empty beginning that chance makes this seldom is not of chance."""
MOST_AT_FIRST = 0.2
"""The share of outcomes on the first day of follow-up beyond which they are taken for the treatment's own reason."""
WEEK = 7
PROPORTIONAL = 0.01
"""Below this p of proportional hazards one ratio for the whole time is not shown; the risks by day are."""


MORE_OUTCOMES = "more persons, a longer follow-up, or an outcome that happens more often"
OF_AN_ARM = "Outcomes in the arm with fewer"
BY_CHANCE = "by no more than chance makes it in arms of this size"


@dataclass(frozen=True)
class Gate:
    """One judgement. `value` against `limit`; `reason` is a sentence for the reader who is refused."""

    name: str
    value: float
    limit: float
    passed: bool
    reason: str
    remedy: str
    """What could make it pass: a fair next step for whoever is refused."""
    sense: Literal["at least", "at most"] = "at most"
    note: str = ""
    """What a reader has to know where a limit is kept in another way than it seems."""
    persons: int | None = None
    """How many persons a share stands for, where it is a share of what they had."""


def size(subjects: Subjects, weight: Floats) -> Iterator[Gate]:
    """Enough persons in each arm and enough outcomes, after adjustment."""
    used = weight > 0
    arms = [int(np.count_nonzero(used & (subjects.treated == arm))) for arm in (True, False)]
    fewest = min(arms)
    yield Gate(
        "Persons in the smaller arm",
        fewest,
        FEWEST_PERSONS,
        fewest >= FEWEST_PERSONS,
        f"there are fewer than {FEWEST_PERSONS} comparable persons in one of the arms",
        "more persons: a longer period, wider cohorts, or other hospitals that answer the same protocol",
        "at least",
    )
    outcomes = int(np.count_nonzero(used & (subjects.ended == OUTCOME)))
    yield Gate(
        "Outcomes",
        outcomes,
        FEWEST_OUTCOMES,
        outcomes >= FEWEST_OUTCOMES,
        f"fewer than {FEWEST_OUTCOMES} of them had the outcome",
        MORE_OUTCOMES,
        "at least",
    )
    yield of_an_arm(
        min(
            int(np.count_nonzero(used & (subjects.treated == arm) & (subjects.ended == OUTCOME)))
            for arm in (True, False)
        ),
        FEWEST_IN_AN_ARM,
    )
    share = arms[0] / max(1, sum(arms))
    detectable = minimal_detectable_ratio(outcomes, share)
    yield Gate(
        "Smallest ratio that would be found",
        detectable,
        LARGEST_DETECTABLE,
        detectable <= LARGEST_DETECTABLE,
        "only an enormous difference could have been seen among so few outcomes",
        MORE_OUTCOMES,
    )


def of_an_arm(outcomes: int, fewest: int) -> Gate:
    """The outcomes of the arm with fewer of them, against how many are asked for."""
    return Gate(
        OF_AN_ARM,
        outcomes,
        fewest,
        outcomes >= fewest,
        f"fewer than {fewest} persons of one of the arms had the outcome",
        MORE_OUTCOMES,
        "at least",
    )


def balance(differences: Floats, treated: Integers, weight: Floats) -> Gate:
    """The largest difference, refused where chance alone does not explain that it is beyond the limit.

    With few persons the largest of hundreds of covariates is beyond 0.1 in any honest study, and in a trial too. So
    each is tested against the limit, one-sided and for as many as there are (Bonferroni), as large-scale practice does
    at small numbers; with many persons that is the limit itself.
    """
    sizes = [effective_size(weight[arm & (weight > 0)]) for arm in (treated, ~treated)]
    apart = np.abs(differences)
    largest = float(np.max(apart, initial=0.0))
    beyond = np.isinf(apart)
    if min(sizes) > 0 and len(apart):
        finite = np.where(beyond, 0.0, apart)
        error = np.sqrt(1 / sizes[0] + 1 / sizes[1] + finite**2 / (2 * sum(sizes)))
        beyond |= (finite - LARGEST_DIFFERENCE) / error > normal.quantile(1 - ALPHA / len(apart))
    passed = not beyond.any()
    return Gate(
        "Largest standardised difference after adjustment",
        largest,
        LARGEST_DIFFERENCE,
        passed,
        "those who had the one treatment still differ from those who had the other",
        "another way of making them alike, or patients of whom both treatments are usual",
        note=BY_CHANCE if passed and largest > LARGEST_DIFFERENCE else "",
    )


def overlap(share: float) -> Gate:
    return Gate(
        "Equipoise",
        share,
        LEAST_EQUIPOISE,
        share >= LEAST_EQUIPOISE,
        "hardly anybody might have had either treatment: who had which could be told beforehand",
        "a comparator that is given to the same patients for the same reason",
        "at least",
    )


def systematic_error(null: EmpiricalNull) -> Gate:
    ease = null.expected_absolute_error()
    return Gate(
        "Expected systematic error (EASE)",
        ease,
        LARGEST_EASE,
        ease <= LARGEST_EASE,
        "the comparison finds effects where there can be none",
        "records of what decides between the treatments, or another comparator",
    )


def censoring(subjects: Subjects, weight: Floats) -> Gate:
    """The largest distance between the arms' curves of remaining under observation (the outcome aside), refused where
    chance alone does not explain that it is beyond the limit."""
    curves = [
        kaplan_meier(subjects.days[of], subjects.ended[of] != OUTCOME, weight[of])
        for of in (subjects.treated & (weight > 0), ~subjects.treated & (weight > 0))
    ]
    times = np.unique(np.concatenate([curve.time[curve.at_risk >= FEWEST_OUTCOMES] for curve in curves]))
    apart = np.abs(curves[0].at(times) - curves[1].at(times))
    # Where everybody is gone there is no chance left in it.
    with np.errstate(invalid="ignore"):
        error = np.nan_to_num(np.hypot(*(curve.error_at(times) for curve in curves)))
    largest = float(np.max(apart, initial=0.0))
    passed = not np.any(apart - CENSORING > normal.quantile(1 - ALPHA / 2) * error)
    return Gate(
        "Largest difference in being followed",
        largest,
        CENSORING,
        passed,
        "one arm was lost from sight sooner than the other",
        "a shorter follow-up, or patients who keep coming to this hospital",
        note=BY_CHANCE if passed and largest > CENSORING else "",
    )


def first_day(subjects: Subjects, longest: int) -> Gate:
    """The share of outcomes on the first day of follow-up; only where that may be `longest` days, more than a week."""
    days = subjects.days[subjects.ended == OUTCOME]
    judged = len(days) > 0 and longest > WEEK
    persons = int(np.count_nonzero(days <= 1)) if judged else 0
    share = persons / len(days) if judged else 0.0
    return Gate(
        "Share of outcomes on the first day of follow-up",
        share,
        MOST_AT_FIRST,
        share <= MOST_AT_FIRST,
        "many outcomes were recorded on the first day: what brought the treatment may be taken for what followed it",
        "a follow-up that begins later, or an outcome that cannot be the reason for the treatment",
        persons=persons,
    )


def empty_beginning(subjects: Subjects) -> Gate:
    """The chance that an arm's first outcome comes so late, were its hazard constant: tiny under immortal time."""
    chances = [1.0]
    for arm in (True, False):
        days, ended = subjects.days[subjects.treated == arm], subjects.ended[subjects.treated == arm]
        outcomes = days[ended != 0]
        if len(outcomes):
            before = np.minimum(days, outcomes.min() - 1).sum() / days.sum()
            chances.append(float((1 - before) ** len(outcomes)))
    least = min(chances)
    return Gate(
        "Chance of so long a beginning without anything happening",
        least,
        CHANCE,
        least >= CHANCE,
        "nobody in one arm could have had the outcome at first: membership was decided after time zero",
        "cohorts that are decided by what is known on their first day",
        "at least",
    )


def prevalent(users: Integers, treated: Integers) -> Gate:
    """The share of either arm with its own treatment on record before time zero."""
    shares = [
        (float(np.mean(users[treated == arm])), int(np.count_nonzero(users[treated == arm])))
        for arm in (True, False)
        if np.any(treated == arm)
    ]
    share, persons = max(shares, default=(0.0, 0))
    return Gate(
        "Share who had the treatment before",
        share,
        0.05,
        share <= 0.05,
        "many had been treated before time zero and had already survived the beginning",
        "cohorts of first use, with a longer time without either treatment before",
        persons=persons,
    )

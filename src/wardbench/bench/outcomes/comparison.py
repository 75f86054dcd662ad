"""The comparison: adjust, judge, and only then look at what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes import diagnostics, normal
from wardbench.bench.outcomes.adjustment import Adjusted, adjust
from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.balance import before_and_after, discrimination, equipoise
from wardbench.bench.outcomes.calibration import (
    COMMON,
    FEWEST,
    EmpiricalNull,
    e_value,
    e_value_of_limit,
    empirical_null,
    ratio_of_risks,
)
from wardbench.bench.outcomes.covariates import Matrix
from wardbench.bench.outcomes.diagnostics import Gate
from wardbench.bench.outcomes.hazards import arm_ratio
from wardbench.bench.outcomes.protocol import Protocol
from wardbench.bench.outcomes.scores import Fit, propensity_model, scores_of
from wardbench.bench.outcomes.subjects import DEATH, OUTCOME, Subjects, causes
from wardbench.bench.outcomes.survival import Mean, aalen_johansen, kaplan_meier, restricted_mean, time_lost
from wardbench.core.errors import InputError

FEWEST_FOR_CONTROL = 5
"""Outcomes of a negative control below which it holds no estimate."""


@dataclass(frozen=True)
class Ratio:
    """A hazard ratio as a logarithm, with its robust error."""

    log: float
    error: float

    def limits(self, level: float = 0.95) -> tuple[float, float, float]:
        """The ratio and its limits."""
        half = normal.half_width(level) * self.error
        return float(np.exp(self.log)), float(np.exp(self.log - half)), float(np.exp(self.log + half))


@dataclass(frozen=True)
class Risk:
    """Shares with the outcome by a day, in each arm, and their difference with its error."""

    day: int
    target: float
    comparator: float
    error: float
    outcomes: tuple[int, int] = (0, 0)
    """How many of either arm had the outcome by the day."""
    without: tuple[int, int] = (0, 0)
    """How many others either arm had."""
    followed: tuple[int, int] = (0, 0)
    """How many of either arm were followed to the day at least."""

    @property
    def difference(self) -> float:
        return self.target - self.comparator

    @property
    def number_needed(self) -> float:
        """How many have to be treated for one outcome fewer, or more; infinite without a difference."""
        return float("inf") if self.difference == 0 else 1 / abs(self.difference)


@dataclass(frozen=True)
class Estimates:
    """What may be shown once every gate is passed."""

    hazard_ratio: Ratio
    proportional_p: float
    calibrated: tuple[float, float, float] | None
    """The ratio and its limits after calibration, where there were negative controls."""
    calibrated_p: float | None
    risks: tuple[Risk, ...]
    means: tuple[Mean, ...]
    """Days without the outcome up to the day of each of `risks`, target less comparator; days lost to it where
    `competing`."""
    e_value: float
    e_value_of_limit: float
    competing: bool
    """Whether somebody died of something else before the outcome."""
    outcomes: tuple[int, int]
    """How many of either arm, of those who are used, had the outcome in the whole of the follow-up."""
    common: bool
    """Whether so many had the outcome that the E-values are of the ratio of risks that the hazard ratio comes to."""


@dataclass(frozen=True)
class Arms:
    """The two arms made alike, from what was recorded before time zero and nothing of what happened after."""

    score: Floats
    adjusted: Adjusted
    before: Floats
    """Standardised differences of the covariates, in their order, before adjustment."""
    after: Floats
    equipoise: float
    discrimination: float
    model: Fit | None = None
    """What the scores came from; None where they were known already."""


@dataclass(frozen=True)
class Comparison:
    """Everything about a comparison; `estimates` is None where a gate was not passed."""

    arms: Arms
    null: EmpiricalNull | None
    controls: tuple[Ratio, ...]
    gates: tuple[Gate, ...]
    estimates: Estimates | None

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why the question is not answerable, one reason for each gate that is not passed."""
        return tuple(gate.reason for gate in self.gates if not gate.passed)


def make_alike(protocol: Protocol, subjects: Subjects, matrix: Matrix, score: Floats | None = None) -> Arms:
    """Adjust as the protocol says; `score` are the propensity scores where these are known already."""
    if not subjects.in_both_arms:
        raise InputError("There is nobody to compare in one of the arms.")
    model = None
    if score is None:
        model = propensity_model(matrix.values, subjects.treated)
        score = scores_of(model, matrix.values, subjects.treated)
    adjusted = adjust(protocol.adjustment, score, subjects.treated, protocol.matching_ratio)
    before, after = before_and_after(matrix.values, subjects.treated, adjusted.weight)
    either, told = equipoise(score, subjects.treated), discrimination(score, subjects.treated)
    return Arms(score, adjusted, before, after, either, told, model)


def compare(
    protocol: Protocol,
    subjects: Subjects,
    matrix: Matrix,
    controls: list[Subjects],
    users: Integers | None = None,
    arms: Arms | None = None,
) -> Comparison:
    """Compare two arms. `controls` are the same persons followed for negative-control outcomes, `users` are who had
    their treatment before, and `arms` the arms where they were made alike already."""
    if arms is None:
        arms = make_alike(protocol, subjects, matrix)
    adjusted = arms.adjusted
    ratios = tuple(ratio for ratio in (control_ratio(subjects, adjusted, one) for one in controls) if ratio)
    null = None
    gates = [
        *diagnostics.size(subjects, adjusted.weight),
        diagnostics.balance(arms.after, subjects.treated, adjusted.weight),
    ]
    gates.append(diagnostics.overlap(arms.equipoise))
    if len(ratios) >= FEWEST:
        null = empirical_null(np.array([r.log for r in ratios]), np.array([r.error for r in ratios]))
        gates.append(diagnostics.systematic_error(null))
    gates += [
        diagnostics.censoring(subjects, adjusted.weight),
        diagnostics.empty_beginning(subjects),
        diagnostics.first_day(subjects, protocol.follow_up.last_day - protocol.follow_up.first_day + 1),
    ]
    if users is not None:
        gates.append(diagnostics.prevalent(users, subjects.treated))
    passed = all(gate.passed for gate in gates)
    return Comparison(
        arms, null, ratios, tuple(gates), estimate(protocol, subjects, adjusted, null) if passed else None
    )


def hazard_ratio(subjects: Subjects, adjusted: Adjusted) -> tuple[Ratio, float]:
    """The weighted hazard ratio of the outcome, deaths before it censored, and the p of proportionality."""
    fit = arm_ratio(subjects.days, subjects.ended == OUTCOME, subjects.treated, adjusted.weight, adjusted.cluster)
    return Ratio(fit.log, fit.error), fit.proportional_p


def control_ratio(subjects: Subjects, adjusted: Adjusted, control: Subjects) -> Ratio | None:
    """The ratio of an outcome that cannot be changed; None where it holds no estimate."""
    place = np.searchsorted(subjects.person, control.person)
    adjusted = Adjusted(adjusted.weight[place], adjusted.cluster[place])
    if np.count_nonzero((control.ended == OUTCOME) & (adjusted.weight > 0)) < FEWEST_FOR_CONTROL:
        return None
    try:
        return hazard_ratio(control, adjusted)[0]
    except InputError:
        return None


def estimate(protocol: Protocol, subjects: Subjects, adjusted: Adjusted, null: EmpiricalNull | None) -> Estimates:
    ratio, proportional = hazard_ratio(subjects, adjusted)
    risks = tuple(risk(subjects, adjusted, day) for day in protocol.horizons)
    common = max(risks[-1].target, risks[-1].comparator) > COMMON
    value, low, high = (ratio_of_risks(one) if common else one for one in ratio.limits())
    return Estimates(
        ratio,
        proportional,
        None if null is None else null.interval(ratio.log, ratio.error),
        None if null is None else null.p(ratio.log, ratio.error),
        risks,
        mean_differences(subjects, adjusted, protocol.horizons),
        e_value(value),
        e_value_of_limit(value, low, high),
        compete(subjects, adjusted),
        outcomes_of(subjects, adjusted),
        common,
    )


def parts(subjects: Subjects, adjusted: Adjusted) -> tuple[tuple[Floats, Floats, Floats], ...]:
    """Days, ends and weights of the target and of the comparator, of those who are used."""
    used = adjusted.weight > 0
    return tuple(
        (subjects.days[of], subjects.ended[of], adjusted.weight[of])
        for of in (used & subjects.treated, used & ~subjects.treated)
    )


def risk(subjects: Subjects, adjusted: Adjusted, day: int) -> Risk:
    """By Aalen-Johansen where people die of something else first; otherwise it is one less Kaplan-Meier.

    Each arm's error is that of its curve for as many persons as its weights are worth.
    """
    shares, variance = [], 0.0
    had: list[int] = []
    others: list[int] = []
    left: list[int] = []
    for days, ended, weight in parts(subjects, adjusted):
        had.append(int(np.count_nonzero((ended == OUTCOME) & (days <= day))))
        others.append(len(days) - had[-1])
        left.append(int(np.count_nonzero(days >= day)))
        curve = aalen_johansen(days, causes(ended), weight=weight)
        worth = float(weight.sum()) / (float(weight.sum()) ** 2 / float(np.sum(weight**2)))
        shares.append(float(curve.at([day])[0]))
        variance += float(curve.error_at([day])[0]) ** 2 * worth
    counts = ((had[0], had[1]), (others[0], others[1]), (left[0], left[1]))
    return Risk(day, shares[0], shares[1], float(np.sqrt(variance)), *counts)


def outcomes_of(subjects: Subjects, adjusted: Adjusted) -> tuple[int, int]:
    """How many of either arm had the outcome."""
    target, comparator = (int(np.count_nonzero(ended == OUTCOME)) for _, ended, _ in parts(subjects, adjusted))
    return target, comparator


def compete(subjects: Subjects, adjusted: Adjusted) -> bool:
    """Whether somebody who is used died of something else before the outcome."""
    return bool(np.any((subjects.ended == DEATH) & (adjusted.weight > 0)))


def mean_differences(subjects: Subjects, adjusted: Adjusted, horizons: Sequence[int]) -> tuple[Mean, ...]:
    """Of days without the outcome by each horizon; where people die of something else first, of days lost to the
    outcome, for who is dead has no days without it any more."""
    arms = parts(subjects, adjusted)
    if compete(subjects, adjusted):
        of_arms = [
            [time_lost(days, causes(ended), day, weight=weight) for day in horizons] for days, ended, weight in arms
        ]
    else:
        curves = [kaplan_meier(days, ended == OUTCOME, weight) for days, ended, weight in arms]
        of_arms = [[restricted_mean(curve, day) for day in horizons] for curve in curves]
    return tuple(
        Mean(one.value - other.value, float(np.hypot(one.error, other.error)))
        for one, other in zip(*of_arms, strict=True)
    )

"""The hazard ratio of two arms, fast: Cox's regression of one yes or no over whole days, from sums by day.

The same model as `cox` (weights, Efron's ties, robust errors by cluster, the test of proportionality), which is its
reference in the tests. With one arm to tell and days that many share, everything that Newton's steps need are a few
sums for each day, so that a fit of 100,000 persons takes milliseconds; a report makes a hundred of them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes import normal
from wardbench.bench.outcomes.arrays import Floats, Integers, follow_up, weights_of
from wardbench.core.errors import InputError

STEPS = 50
CONVERGED = 1e-9
ALL_OR_NONE = "The hazards could not be estimated: one arm had none of the outcomes, or all of them."


@dataclass(frozen=True)
class ArmRatio:
    """The log hazard ratio of the arm against the other, its robust error, and the p of proportionality."""

    log: float
    error: float
    proportional_p: float


@dataclass(frozen=True)
class Days:
    """Sums by day of follow-up, and one entry for each outcome, in the order of days."""

    risk: Floats
    """(2, days): the weight still at risk, of the other arm and of the arm."""
    died: Floats
    """(2, days): the weight of those with the outcome on that day."""
    at: Integers
    """For each outcome: its day."""
    part: Floats
    """For each outcome: the part of that day's outcomes that Efron takes out of the risk set."""
    shared: Floats
    """For each outcome: the mean weight of that day's outcomes."""


def arm_ratio(
    days: Floats, happened: Integers, treated: Integers, weight: Floats | None = None, cluster: Integers | None = None
) -> ArmRatio:
    """Fit to n persons followed for whole days. `cluster` numbers matched sets, from 0.

    InputError where nobody had the outcome, or where one arm had none of it or all who were at risk.
    """
    time, event = follow_up(days, happened)
    day = time.astype(np.int64)
    weights = weights_of(weight, len(day))
    kept = weights > 0
    day, died, arm, weights = day[kept], event[kept] != 0, (np.asarray(treated) != 0)[kept], weights[kept]
    if not died.any():
        raise InputError("Nobody had the outcome, so that no hazards can be compared.")
    sums = summed(day, died, arm, weights)
    if not estimable(sums):
        raise InputError(ALL_OR_NONE)
    log, information = climb(sums)
    error = np.sqrt(
        np.sum(influence(sums, log, day, died, arm, weights, None if cluster is None else cluster[kept]) ** 2)
    )
    return ArmRatio(log, float(error) / information, proportionality(sums, log, day, died, arm, information))


def summed(day: Integers, died: Integers, arm: Integers, weight: Floats) -> Days:
    size = int(day.max()) + 1
    held = np.stack([np.bincount(day, weight * of, size) for of in (~arm, arm)])
    ended = np.stack([np.bincount(day, weight * (of & died), size) for of in (~arm, arm)])
    many = np.bincount(day[died], minlength=size)
    at = np.repeat(np.arange(size), many)
    rank = np.arange(len(at)) - (np.cumsum(many) - many)[at]
    left = held[:, ::-1].cumsum(axis=1)[:, ::-1]
    return Days(
        left.astype(np.float64), ended.astype(np.float64), at, rank / many[at], ended.sum(axis=0)[at] / many[at]
    )


def estimable(sums: Days) -> bool:
    """Whether each arm had an outcome while somebody of the other was at risk. Else the likelihood grows for ever, and
    climbing ends at a ratio of e to the 37 or so, where the difference to one is lost in rounding."""
    return all(bool(np.any((sums.died[arm] > 0) & (sums.risk[1 - arm] > 0))) for arm in (0, 1))


def shares(sums: Days, log: float) -> tuple[Floats, Floats]:
    """For each outcome: the hazard of its risk set, and the part of it that is the arm's."""
    risk = sums.risk[:, sums.at] - sums.part * sums.died[:, sums.at]
    of_arm = np.exp(log) * risk[1]
    total = of_arm + risk[0]
    return total, of_arm / total


def climb(sums: Days) -> tuple[float, float]:
    """Newton's steps, halved where they would lead down: the log ratio and the information."""

    def derivatives(log: float) -> tuple[float, float, float]:
        total, share = shares(sums, log)
        value = log * died - float(sums.shared @ np.log(total))
        return value, died - float(sums.shared @ share), float(sums.shared @ (share * (1 - share)))

    died = float(sums.died[1].sum())
    log = 0.0
    value, gradient, information = derivatives(log)
    for _ in range(STEPS):
        if not information > 0:
            break
        change = gradient / information
        new = derivatives(log + change)
        while not (np.isfinite(new[0]) and new[0] >= value - 1e-9 * abs(value)) and abs(change) > CONVERGED:
            change /= 2
            new = derivatives(log + change)
        log, (value, gradient, information) = log + change, new
        if abs(change) < CONVERGED and information > 0:
            return log, information
    raise InputError(ALL_OR_NONE)


def influence(
    sums: Days,
    log: float,
    day: Integers,
    died: Integers,
    arm: Integers,
    weight: Floats,
    cluster: Integers | None,
) -> Floats:
    """Each person's weighted part in the score (Lin and Wei, JASA 1989;84:1074), added up by cluster."""
    total, share = shares(sums, log)
    rate = sums.shared / total
    size = sums.risk.shape[1]

    def by_day(values: Floats) -> Floats:
        return np.asarray(np.bincount(sums.at, values, size), dtype=np.float64)

    hazard, pulled = by_day(rate).cumsum(), by_day(rate * share).cumsum()
    taken, taken_share = by_day(rate * sums.part), by_day(rate * sums.part * share)
    many = np.maximum(by_day(np.ones(len(sums.at))), 1)
    # The residual is the same for all of one arm who end on one day with the outcome, or without.
    residual = np.empty((2, 2, size))
    for had, of_arm in itertools.product((0, 1), repeat=2):
        own = hazard - had * taken
        from_others = pulled - had * taken_share
        risk = np.exp(log) if of_arm else 1.0
        residual[had, of_arm] = had * (of_arm - by_day(share) / many) - risk * (of_arm * own - from_others)
    parts = weight * residual.ravel()[(2 * died + arm) * size + day]
    return parts if cluster is None else np.asarray(np.bincount(cluster, parts), dtype=np.float64)


def proportionality(sums: Days, log: float, day: Integers, died: Integers, arm: Integers, information: float) -> float:
    """Grambsch and Therneau's test (Biometrika 1994;81:515): do the residuals change with the rank of time?"""
    _, share = shares(sums, log)
    size = sums.risk.shape[1]
    residual = np.bincount(day[died], arm[died], size) - np.bincount(sums.at, share, size)
    place = np.cumsum(np.bincount(sums.at, minlength=size) > 0) - 1
    rank = place - place[sums.at].mean()
    spread = float(np.sum(rank[sums.at] ** 2))
    if spread == 0:
        return 1.0
    return normal.beyond(float(rank @ residual) ** 2 * len(sums.at) / (information * spread))

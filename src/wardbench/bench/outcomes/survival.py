"""Survival curves: Kaplan-Meier, also weighted, competing risks by Aalen-Johansen, restricted means, log-rank.

Times are follow-up from time zero in whatever unit the caller keeps (days everywhere in Wardbench); `happened` says
whether follow-up ended with the outcome. Curves are step functions: a value holds from its time until the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes import normal
from wardbench.bench.outcomes.arrays import Floats, Integers, follow_up, weights_of

LEVEL = 0.95


@dataclass(frozen=True)
class Curve:
    """The share who are still without the outcome. All arrays have one value for each of the k distinct times."""

    time: Floats
    at_risk: Floats
    """Persons (sum of weights) followed up to just before the time."""
    happened: Floats
    """Persons (sum of weights) with the outcome at the time."""
    survival: Floats
    spread: Floats
    """The sum that stands beside S² in Greenwood's variance; Xie and Liu's with weights (Statist Med 2005;24:3089)."""

    def at(self, times: Floats | list[float]) -> Floats:
        """The share without the outcome at each of the times, 1 before the first."""
        return step(self.time, self.survival, times, before=1.0)

    def error_at(self, times: Floats | list[float]) -> Floats:
        """The standard error of `at`."""
        return self.at(times) * np.sqrt(step(self.time, self.spread, times, before=0.0))

    def band(self, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Pointwise limits at each time on the log(-log) scale (Kalbfleisch and Prentice 2002, 1.4)."""
        return log_log_limits(self.survival, np.sqrt(self.spread), level)

    def at_risk_at(self, times: Floats | list[float]) -> Floats:
        """Persons still followed at each of the times (those whose follow-up ends there included)."""
        place = np.searchsorted(self.time, np.asarray(times, dtype=float), side="left")
        return np.append(self.at_risk, 0.0)[place]

    def median(self) -> float:
        """The first time at which half or fewer are without the outcome; infinite where that is never reached."""
        return first_at_most(self.time, self.survival, 0.5)

    def median_limits(self, level: float = LEVEL) -> tuple[float, float]:
        """Brookmeyer and Crowley's interval of the median, from the log(-log) band (Biometrics 1982;38:29)."""
        low, high = self.band(level)
        return first_at_most(self.time, low, 0.5), first_at_most(self.time, high, 0.5)


def kaplan_meier(time: Floats, happened: Integers, weight: Floats | None = None) -> Curve:
    """The curve of n persons. InputError where arrays differ in length, or a time or weight is negative or missing."""
    at, first, ended, weight = by_time(time, happened, weight)
    left, left_squared = tail_sums(weight, first), tail_sums(weight**2, first)
    died = np.add.reduceat(weight * (ended != 0), first) if len(at) else np.zeros(0)
    hazard = np.divide(died, left, out=np.zeros_like(died), where=left > 0)
    effective = np.divide(left**2, left_squared, out=np.zeros_like(left), where=left_squared > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(died > 0, hazard / (effective * (1 - hazard)), 0.0)
    return Curve(at, left, died, np.cumprod(1 - hazard), np.cumsum(terms))


@dataclass(frozen=True)
class Incidence:
    """The share who have had one cause by each of the k times, others standing in the way."""

    time: Floats
    share: Floats
    error: Floats
    """Standard errors by the delta method (Marubini and Valsecchi 1995, 10.3)."""

    def at(self, times: Floats | list[float]) -> Floats:
        return step(self.time, self.share, times, before=0.0)

    def error_at(self, times: Floats | list[float]) -> Floats:
        return step(self.time, self.error, times, before=0.0)

    def band(self, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Pointwise limits on the log(-log) scale of the share who have not had the cause."""
        without = 1 - self.share
        relative = np.divide(self.error, without, out=np.zeros_like(without), where=without > 0)
        low, high = log_log_limits(without, relative, level)
        return 1 - high, 1 - low


def aalen_johansen(time: Floats, cause: Integers, of: int = 1, weight: Floats | None = None) -> Incidence:
    """Cumulative incidence of cause `of` (Aalen and Johansen 1978); 0 is no event, each other number another cause.

    One minus Kaplan-Meier would count those who died of something else as if they could still have it.
    Errors are for persons of weight one; with weights take them from a bootstrap.
    """
    at, first, cause, weight = by_time(time, cause, weight)
    if not len(at):
        return Incidence(at, np.zeros(0), np.zeros(0))
    left = tail_sums(weight, first)
    any_cause = np.add.reduceat(weight * (cause != 0), first)
    this = np.add.reduceat(weight * (cause == of), first)
    before = np.concatenate(([1.0], np.cumprod(1 - any_cause / left)[:-1]))
    share = np.cumsum(before * this / left)
    return Incidence(at, share, np.sqrt(incidence_variance(left, any_cause, this, before, share)))


def incidence_variance(left: Floats, any_cause: Floats, this: Floats, before: Floats, share: Floats) -> Floats:
    """The delta method's three sums, each spelled out in powers of F(t) so that they are running sums."""
    stays = left * (left - any_cause)
    a = np.divide(any_cause, stays, out=np.zeros_like(left), where=stays > 0)
    b = before * this / left**2
    c = before**2 * this * (left - this) / left**3
    squared = share**2 * np.cumsum(a) - 2 * share * np.cumsum(a * share) + np.cumsum(a * share**2)
    crossed = share * np.cumsum(b) - np.cumsum(b * share)
    return np.asarray(np.maximum(0.0, squared + np.cumsum(c) - 2 * crossed))


@dataclass(frozen=True)
class Mean:
    """A restricted mean survival time and its standard error, in the unit of time."""

    value: float
    error: float


def restricted_mean(curve: Curve, horizon: float) -> Mean:
    """The area under the curve up to the horizon (Royston and Parmar, BMC Med Res Methodol 2013;13:152)."""
    inside = curve.time < horizon
    edges = np.concatenate(([0.0], curve.time[inside], [horizon]))
    height = np.concatenate(([1.0], curve.survival[inside]))
    pieces = height * np.diff(edges)
    beyond = np.cumsum(pieces[::-1])[::-1][1:]
    increments = np.diff(np.concatenate(([0.0], curve.spread[inside])))
    return Mean(float(pieces.sum()), float(np.sqrt(np.sum(beyond**2 * np.where(beyond > 0, increments, 0.0)))))


def time_lost(time: Floats, cause: Integers, horizon: float, of: int = 1, weight: Floats | None = None) -> Mean:
    """How much of the time up to the horizon is lost to cause `of` on average: the area under its cumulative incidence
    (Andersen, Statist Med 2013;32:5278). Without other causes it is the horizon less the restricted mean.

    The error is the delta method's in the hazards of all causes, each time's multinomial; with weights the persons of
    a time are as many as theirs are worth, as in `kaplan_meier`.
    """
    at, first, cause, weight = by_time(time, cause, weight)
    if not len(at):
        return Mean(0.0, 0.0)
    left, squared = tail_sums(weight, first), tail_sums(weight**2, first)
    this, other = (
        np.add.reduceat(weight * of_cause, first) for of_cause in (cause == of, (cause != 0) & (cause != of))
    )
    one, rest = (np.divide(happened, left, out=np.zeros_like(left), where=left > 0) for happened in (this, other))
    stays = 1 - one - rest
    before = np.concatenate(([1.0], np.cumprod(stays)[:-1]))
    ahead = np.maximum(0.0, horizon - at)
    lost = before * one * ahead
    later = np.cumsum(lost[::-1])[::-1] - lost
    # One more with a cause takes away what those still without it would have lost later.
    by_other = -np.divide(later, stays, out=np.zeros_like(later), where=stays > 1e-12)
    by_this = np.where(ahead > 0, ahead * before + by_other, 0.0)
    effective = np.divide(left**2, squared, out=np.ones_like(left), where=squared > 0)
    variance = (by_this**2 * one + by_other**2 * rest - (by_this * one + by_other * rest) ** 2) / effective
    return Mean(float(lost.sum()), float(np.sqrt(max(0.0, variance.sum()))))


@dataclass(frozen=True)
class LogRank:
    chi_squared: float
    p: float


def log_rank(time: Floats, happened: Integers, group: Integers) -> LogRank:
    """Mantel's test that two groups have one curve (group is 0 or 1 for each of n persons)."""
    time, happened = follow_up(time, happened)
    order = np.argsort(time, kind="stable")
    time, happened, group = time[order], happened[order] != 0, np.asarray(group)[order] != 0
    _, first = np.unique(time, return_index=True)
    left, left_in = tail_sums(np.ones(len(time)), first), tail_sums(group.astype(float), first)
    died, died_in = np.add.reduceat(happened, first, dtype=float), np.add.reduceat(happened & group, first, dtype=float)
    expected = died * left_in / left
    spare = np.maximum(left - 1, 1)
    variance = np.sum(expected * (1 - left_in / left) * (left - died) / spare)
    chi_squared = float((died_in.sum() - expected.sum()) ** 2 / variance) if variance > 0 else 0.0
    return LogRank(chi_squared, normal.beyond(chi_squared))


def step(time: Floats, value: Floats, times: Floats | list[float], before: float) -> Floats:
    """A step function's value at each of the times; `before` ahead of its first step."""
    place = np.searchsorted(time, np.asarray(times, dtype=float), side="right")
    return np.asarray(np.concatenate(([before], value))[place])


def first_at_most(time: Floats, value: Floats, bound: float) -> float:
    reached = np.flatnonzero(value <= bound + 1e-12)
    return float(time[reached[0]]) if len(reached) else float("inf")


def log_log_limits(share: Floats, relative: Floats, level: float) -> tuple[Floats, Floats]:
    """Limits of a share from its relative standard error; exactly the share where it is 0 or 1."""
    z = normal.half_width(level)
    inner = (share > 0) & (share < 1)
    safe = np.where(inner, share, 0.5)
    width = np.where(inner, z * relative / -np.log(safe), 0.0)
    # Beside a share of hardly anybody a limit is anything.
    with np.errstate(over="ignore"):
        return np.where(inner, safe ** np.exp(width), share), np.where(inner, safe ** np.exp(-width), share)


def by_time(time: Floats, ended: Integers, weight: Floats | None) -> tuple[Floats, Integers, Integers, Floats]:
    """The k distinct times of n persons, where each begins among them in the order of their times, and in that order
    how each ended and what each weighs. InputError as `follow_up` and `weights_of`."""
    time, ended = follow_up(time, ended)
    weight = weights_of(weight, len(time))
    order = np.argsort(time, kind="stable")
    at, first = np.unique(time[order], return_index=True)
    return at, first, ended[order], weight[order]


def tail_sums(weight: Floats, first: Integers) -> Floats:
    """For each group of a sorted array that begins at `first`: the sum from there to the end."""
    return np.cumsum(weight[::-1])[::-1][first]

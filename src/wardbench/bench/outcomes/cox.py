"""Cox's proportional hazards regression with weights, ties by Efron, robust errors, and a test of proportionality.

Ours because the regression of the statistics library takes no weights and has no robust errors, which every weighted
comparison needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import special

from wardbench.bench.outcomes.arrays import Floats, Integers, follow_up, weights_of
from wardbench.core.errors import InputError

STEPS = 50
CONVERGED = 1e-8
"""A step this small, in standard deviations of the covariates, is the last."""


@dataclass(frozen=True)
class Cox:
    """A fitted model of p covariates: log hazard ratios, their covariance (p, p), and the log likelihoods."""

    coefficients: Floats
    covariance: Floats
    """From the information matrix."""
    robust: Floats
    """Lin and Wei's sandwich (JASA 1989;84:1074), by cluster where clusters were given."""
    log_likelihood: float
    without: float
    """The log likelihood with all coefficients at zero."""
    proportional_p: Floats
    """For each covariate, Grambsch and Therneau's test on ranks of time (Biometrika 1994;81:515)."""
    people: Sorted = field(repr=False)

    @cached_property
    def concordance(self) -> float:
        """Harrell's C; it takes longer than the fit, and few ask for it."""
        return concordance(self.people, self.coefficients)

    @property
    def errors(self) -> Floats:
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def robust_errors(self) -> Floats:
        return np.asarray(np.sqrt(np.diag(self.robust)))


@dataclass(frozen=True)
class Sorted:
    """Persons by time, and one entry for each outcome: where its risk set begins, its tie group, its rank in it."""

    x: Floats
    weight: Floats
    died: Integers
    begins: Integers
    """For each tied group of outcomes: the first row still at risk."""
    group: Integers
    """For each outcome: its group."""
    share: Floats
    """For each outcome: l/d, the part of the tied outcomes that Efron takes out of the risk set."""
    rows: Integers
    """For each outcome: its row."""
    order: Integers
    time: Floats


def cox(
    time: Floats,
    happened: Integers,
    covariates: Floats,
    weight: Floats | None = None,
    cluster: Integers | None = None,
) -> Cox:
    """Fit to n persons with covariates (n, p). InputError where nobody had the outcome or covariates tell nothing."""
    people = arrange(time, happened, covariates, weight)
    if not len(people.rows):
        raise InputError("Nobody had the outcome, so that no hazards can be compared.")
    without = derivatives(people, np.zeros(people.x.shape[1]))[0]
    beta, value, information = climb(people)
    covariance: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
    influence = score_residuals(people, beta) * people.weight[:, None] @ covariance
    return Cox(
        beta,
        covariance,
        sandwich(influence, None if cluster is None else np.asarray(cluster)[people.order]),
        value,
        without,
        proportionality(people, beta, covariance),
        people,
    )


def climb(people: Sorted) -> tuple[Floats, float, Floats]:
    """Newton's steps, halved where they would lead down: coefficients, log likelihood, information."""
    beta = np.zeros(people.x.shape[1])
    scale = np.sqrt(np.average(people.x**2, axis=0, weights=people.weight))
    value, gradient, information = derivatives(people, beta)
    if np.any(scale == 0) or np.linalg.matrix_rank(information) < len(beta):
        raise InputError("The covariates cannot be told apart: one is constant or follows from others.")
    for _ in range(STEPS):
        try:
            change = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        new = derivatives(people, beta + change)
        while not np.isfinite(new[0]) or new[0] < value - CONVERGED * abs(value):
            change = change / 2
            if np.max(np.abs(change * scale)) < CONVERGED:
                break
            new = derivatives(people, beta + change)
        beta, (value, gradient, information) = beta + change, new
        if np.max(np.abs(change * scale)) < CONVERGED:
            return beta, value, information
    raise InputError("The hazards could not be estimated: the covariates separate who had the outcome.")


def arrange(time: Floats, happened: Integers, covariates: Floats, weight: Floats | None) -> Sorted:
    time, happened = follow_up(time, happened)
    x = np.asarray(covariates, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if len(x) != len(time) or not np.all(np.isfinite(x)):
        raise InputError("There must be one row of covariates for each person, without missing values.")
    weight = weights_of(weight, len(time))
    kept = weight > 0
    order = np.flatnonzero(kept)[np.lexsort((1 - (happened[kept] != 0), time[kept]))]
    time, x, weight, died = time[order], x[order], weight[order], happened[order] != 0
    x = x - np.average(x, axis=0, weights=weight) if len(x) else x
    rows = np.flatnonzero(died)
    _, first, group, size = np.unique(time[rows], return_index=True, return_inverse=True, return_counts=True)
    begins = np.searchsorted(time, time[rows[first]], side="left") if len(rows) else rows
    rank = np.arange(len(rows)) - first[group]
    return Sorted(x, weight, died, begins, group, rank / size[group], rows, order, time)


def risk_sets(people: Sorted, beta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """For each outcome, Efron's sums over its risk set of risk and of risk times x (e, p), and its shared weight."""
    risk = people.weight * np.exp(people.x @ beta)
    risk_x = risk[:, None] * people.x
    s0 = np.cumsum(risk[::-1])[::-1][people.begins]
    s1 = np.cumsum(risk_x[::-1], axis=0)[::-1][people.begins]
    groups = len(people.begins)
    tied0 = np.bincount(people.group, risk[people.rows], groups)
    tied1 = summed(people.group, risk_x[people.rows], groups)
    size = np.bincount(people.group, minlength=groups)
    shared = (np.bincount(people.group, people.weight[people.rows], groups) / size)[people.group]
    g, part = people.group, people.share
    return s0[g] - part * tied0[g], s1[g] - part[:, None] * tied1[g], shared, risk


def derivatives(people: Sorted, beta: Floats) -> tuple[float, Floats, Floats]:
    """The log partial likelihood, its gradient (p) and the information (p, p)."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        s0, s1, shared, risk = risk_sets(people, beta)
        value = float(np.sum(people.weight[people.rows] * (people.x[people.rows] @ beta)) - np.sum(shared * np.log(s0)))
        mean = s1 / s0[:, None]
        gradient = people.weight[people.rows] @ people.x[people.rows] - shared @ mean
        # The second moments: each person's x x' enters as often as risk sets hold it.
        rate = shared / s0
        groups = len(people.begins)
        held = np.zeros(len(risk) + 1)
        np.add.at(held, people.begins, np.bincount(people.group, rate, groups))
        times = np.cumsum(held[:-1])
        taken = np.bincount(people.group, rate * people.share, groups)
        times[people.rows] -= taken[people.group]
        second = people.x.T @ (people.x * (risk * times)[:, None])
        information = second - (mean * shared[:, None]).T @ mean
    return value, np.asarray(gradient), information


def score_residuals(people: Sorted, beta: Floats) -> Floats:
    """Each person's (n, p) part in the score, after Therneau and Grambsch 2000, 4.6 with Efron's ties."""
    s0, s1, shared, _ = risk_sets(people, beta)
    rate, mean = shared / s0, s1 / s0[:, None]
    groups, g = len(people.begins), people.group
    lived = np.searchsorted(people.time[people.begins], people.time, side="right")
    a = np.concatenate(([0.0], np.cumsum(np.bincount(g, rate, groups))))
    b = np.concatenate((np.zeros((1, people.x.shape[1])), np.cumsum(summed(g, rate[:, None] * mean, groups), axis=0)))
    hazard, pulled = a[lived], b[lived]
    hazard[people.rows] -= np.bincount(g, rate * people.share, groups)[g]
    pulled[people.rows] -= summed(g, (rate * people.share)[:, None] * mean, groups)[g]
    risk = np.exp(people.x @ beta)
    residual = -risk[:, None] * (people.x * hazard[:, None] - pulled)
    size = np.bincount(g, minlength=groups)
    average = summed(g, mean, groups) / size[:, None]
    residual[people.rows] += people.x[people.rows] - average[g]
    return residual


def sandwich(influence: Floats, cluster: Integers | None) -> Floats:
    if cluster is not None:
        names, place = np.unique(cluster, return_inverse=True)
        influence = summed(place, influence, len(names))
    return influence.T @ influence


def proportionality(people: Sorted, beta: Floats, covariance: Floats) -> Floats:
    """p of each covariate: do its scaled Schoenfeld residuals change with the rank of time?"""
    s0, s1, _, _ = risk_sets(people, beta)
    residual = people.x[people.rows] - s1 / s0[:, None]
    scaled = residual @ covariance * len(people.rows)
    rank = people.group - people.group.mean()
    spread = np.sum(rank.astype(float) ** 2)
    if spread == 0:
        return np.ones(people.x.shape[1])
    chi_squared = (rank @ scaled) ** 2 / (len(people.rows) * np.diag(covariance) * spread)
    return np.asarray(special.chdtrc(1, chi_squared))


def concordance(people: Sorted, beta: Floats) -> float:
    """Harrell's C: among pairs whose order is known, the share where the higher risk came first, ties as a half.

    Counted with a tree of ranks in O(n log n); weights are not asked.
    """
    score = np.unique(people.x @ beta, return_inverse=True)[1]
    size = int(score.max()) + 1
    tree = [0] * (size + 1)
    seen = 0
    right = tied = pairs = 0

    def below(place: int) -> int:
        total = 0
        while place > 0:
            total += tree[place]
            place -= place & -place
        return total

    ends = len(score)
    while ends > 0:
        begins = int(np.searchsorted(people.time, people.time[ends - 1], side="left"))
        here = range(begins, ends)
        # Censored at this time outlived the outcomes at this time.
        for row in (r for r in here if not people.died[r]):
            add(tree, int(score[row]) + 1)
            seen += 1
        for row in (r for r in here if people.died[r]):
            lower, up_to = below(int(score[row])), below(int(score[row]) + 1)
            right, tied, pairs = right + lower, tied + up_to - lower, pairs + seen
        for row in (r for r in here if people.died[r]):
            add(tree, int(score[row]) + 1)
            seen += 1
        ends = begins
    return (right + tied / 2) / pairs if pairs else 0.5


def add(tree: list[int], place: int) -> None:
    while place < len(tree):
        tree[place] += 1
        place += place & -place


def summed(group: Integers, value: Floats, groups: int) -> Floats:
    """Sums of rows (e, p) by group (groups, p)."""
    return np.stack([np.bincount(group, column, groups) for column in value.T], axis=1)

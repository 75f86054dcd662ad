"""Logistic regression on the columns of a sparse matrix, with a lasso's penalty or hardly any.

The models are scikit-learn's (`LogisticRegression`), which is the reference in the tests; it takes as long to load as
all fits of a report take to make. These are Newton's steps from the sums of products of the columns: persons are many
and the columns of one fit a few hundred at most, so that what is left to do for a step is small. A lasso's step is
sought one column after the other (Friedman, Hastie and Tibshirani, J Stat Softw 2010;33:1), and the fit begins at that
of the penalty before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers

if TYPE_CHECKING:
    from scipy import sparse

EXACT = 1e-6
"""How much may still pull in the fit with hardly any penalty."""
STEPS = 100
SWEEPS = 1000
NEARER = 4
"""The curvature is worked out again where a step led less than so many times nearer."""
BLOCK = 4096
"""Persons whose columns are unpacked at a time."""
LEAST = 1e-10
"""A person's part in the information is at least so much, however sure the fit is of them."""


@dataclass(frozen=True)
class Fit:
    """The columns that a fit chose, what each adds to the logit, and the intercept."""

    chosen: Integers
    coefficients: Floats
    intercept: float

    def predicted(self, covariates: sparse.csc_array) -> Floats:
        return probability(covariates[:, self.chosen] @ self.coefficients + self.intercept)


def probability(logit: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-logit)))


def lasso(
    covariates: sparse.csc_array, arm: Integers, kept: Integers, penalty: float, tolerance: float, begin: Fit
) -> Fit:
    """The fit of the kept columns; the penalty is of the sum over persons, and what chooses columns is the pull of each
    against it: known to `tolerance` of the penalty. The intercept is free."""
    at = np.zeros(len(kept) + 1)
    place = np.searchsorted(kept, begin.chosen)
    there = np.isin(begin.chosen, kept)
    at[place[there]], at[-1] = begin.coefficients[there], begin.intercept
    held = np.append(np.full(len(kept), penalty), 0.0)
    found = climb(covariates[:, kept], arm, held, 0.0, at, tolerance * penalty)
    chosen = np.flatnonzero(found[:-1])
    return Fit(kept[chosen], found[chosen], float(found[-1]))


def ridge(covariates: sparse.csc_array, arm: Integers, penalty: float, begin: Fit) -> Fit:
    """The fit of the columns that `begin` chose, with a penalty of half the sum of their squares."""
    at = np.append(begin.coefficients, begin.intercept)
    found = climb(covariates[:, begin.chosen], arm, np.zeros(len(at)), penalty, at, EXACT)
    return Fit(begin.chosen, found[:-1], float(found[-1]))


def climb(columns: Any, arm: Integers, held: Floats, shrunk: float, at: Floats, tolerance: float) -> Floats:
    """Coefficients of the columns, and the intercept behind them, at which nothing pulls by more than `tolerance`.

    `held` is the L1 penalty of each, `shrunk` the quadratic one of all columns. Steps are halved where they lead down.
    """
    from scipy import sparse

    by_column = sparse.hstack([columns, sparse.csc_array(np.ones((len(arm), 1)))], format="csc")
    by_row = by_column.tocsr()
    curve = np.append(np.full(len(at) - 1, shrunk), 0.0)

    def judged(coefficients: Floats) -> tuple[float, Floats]:
        logit = by_row @ coefficients
        small = np.exp(-np.abs(logit))
        cost = np.sum(np.maximum(logit, 0) + np.log(1 + small)) - np.sum(logit * arm)
        value = float(cost + held @ np.abs(coefficients) + curve @ coefficients**2 / 2)
        return value, np.where(logit > 0, 1, small) / (1 + small)

    value, share = judged(at)
    before = 0.0
    for _ in range(STEPS):
        pull = by_column.T @ (arm - share) - curve * at
        missed = worst(pull, at, held)
        if missed <= tolerance:
            break
        if missed > before / NEARER:
            information = products(by_row, np.maximum(share * (1 - share), LEAST)) + np.diag(curve)
        before = missed
        change = step(information, pull, at, held, max(tolerance, missed / 10) / 2)
        new = judged(at + change)
        while not new[0] <= value + 1e-12 * abs(value) and np.abs(change).max() > 1e-12:
            change = change / 2
            new = judged(at + change)
        at, (value, share) = at + change, new
    return at


def products(by_row: sparse.csr_array, weight: Floats) -> Floats:
    """The weighted sums of the products of every two columns."""
    found = np.zeros((by_row.shape[1],) * 2)
    for begin in range(0, len(weight), BLOCK):
        rows = by_row[begin : begin + BLOCK]
        found += rows.T @ (rows.toarray() * weight[begin : begin + BLOCK, np.newaxis])
    return found


def times(information: Floats, change: Floats) -> Floats:
    """By how much a change lessens each pull. Not by the library of linear algebra: for so little its threads wait for
    one another longer than they work, the more so where folds are fitted side by side."""
    return np.asarray((information * change).sum(axis=1))


def worst(pull: Floats, at: Floats, held: Floats) -> float:
    """By how much the conditions of a summit are missed."""
    return float(np.max(np.where(at != 0, np.abs(pull - held * np.sign(at)), np.maximum(np.abs(pull) - held, 0))))


def step(information: Floats, pull: Floats, at: Floats, held: Floats, tolerance: float) -> Floats:
    """The change that leads to the summit of the parabola with this slope and curvature, the penalty taken away.

    Down one column after the other until it is known which of them are chosen, on which side; then all at once.
    """
    new = at
    for _ in range(SWEEPS):
        new = swept(information, pull - times(information, new - at), new, held)
        change = solved(information, pull, at, held, np.sign(new))
        if change is not None and worst(pull - times(information, change), at + change, held) <= tolerance:
            return change
        if worst(pull - times(information, new - at), new, held) <= tolerance:
            break
    return new - at


def swept(information: Floats, pull: Floats, at: Floats, held: Floats) -> Floats:
    """Each column's own summit in turn, given those before it."""
    new, left = at.tolist(), pull.copy()
    for place, (row, curved, penalty) in enumerate(
        zip(information, information.diagonal().tolist(), held.tolist(), strict=True)
    ):
        if not curved:
            continue
        aim = curved * new[place] + float(left[place])
        size = abs(aim) - penalty
        now = math.copysign(size / curved, aim) if size > 0 else 0.0
        if now != new[place]:
            left -= (now - new[place]) * row
            new[place] = now
    return np.array(new)


def solved(information: Floats, pull: Floats, at: Floats, held: Floats, side: Floats) -> Floats | None:
    """The change to the summit of those columns that have a side, the others being nothing; None where a column that is
    penalised would change its side."""
    on = np.flatnonzero(side)
    change = np.where(side == 0, -at, 0.0)
    slope = (pull - times(information, change) - held * side)[on]
    try:
        change[on] = np.linalg.solve(information[np.ix_(on, on)], slope)
    except np.linalg.LinAlgError:
        return None
    return change if np.all((np.sign(at + change) == side) | (held == 0)) else None

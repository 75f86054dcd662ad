"""Propensity scores: L1 logistic regression over all covariates, its penalty chosen by cross-validation.

An unpenalised fit of thousands of covariates tells the arms apart by chance (facts of one campus: equipoise 0.54 where
a penalised fit of the same data had 0.998), so the penalty is never left to the reader. Penalties go from the one at
which nothing is chosen downwards, and no further than it gets worse. Each fit (`logistic`) begins at the one before, is
of those covariates alone that pull hard enough, and is then checked for all others (Tibshirani and others, J R Stat Soc
B 2012;74:245).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.logistic import Fit, lasso, ridge

if TYPE_CHECKING:
    from scipy import sparse

STEP = 0.75
"""Each penalty is so much of the one before."""
STEPS = 20
WORSE = 2
"""After so many penalties in a row that are worse than the best, weaker ones are not tried."""
FOLDS = 3
MOST_FOR_CHOICE = 20_000
"""Persons on whom the penalty is chosen; the fit itself is of everybody."""
ROUGHLY, EXACTLY = 1e-2, 1e-4
"""Tolerances of the fits that choose the penalty and of the one that uses it, in parts of the penalty."""
EDGE = 1e-6
PER_COVARIATE = 10
FREELY = 1e-3
"""The penalty of the second fit: it only keeps covariates apart that are the same."""
SLACK = 1.05
"""A covariate that was left out may pull by so much more than the penalty: the fits are not exact themselves."""


def propensity_scores(covariates: Any, treated: Integers, seed: int = 1) -> Floats:
    """The probability of treatment of n persons given covariates (n, p). The same input gives the same scores.

    The penalised fit chooses covariates and shrinks what they do; those that it chose are fitted again almost freely
    (the relaxed lasso of Meinshausen, Comp Stat Data Anal 2007;52:374), as far as there are `PER_COVARIATE` persons of
    the smaller arm for each. Everybody's share where none is chosen. The seed decides who is in which fold.
    """
    from scipy import sparse

    arm = np.asarray(treated).astype(int)
    by_column = sparse.csc_array(covariates)
    if by_column.shape[1] == 0:
        return np.full(len(arm), arm.mean())
    steps, fits = choose(by_column, arm, seed)
    fit, pull = start(by_column, arm)
    penalty = float(pull.max(initial=0.0)) * STEP**steps
    if steps and penalty > 0:
        likely = np.unique(np.concatenate([one.chosen for one in fits]))
        fit, _ = checked(by_column, arm, likely, penalty, EXACTLY, fits[0])
    if not len(fit.chosen):
        return np.full(len(arm), arm.mean())
    if len(fit.chosen) > min(arm.sum(), len(arm) - arm.sum()) / PER_COVARIATE:
        return np.clip(fit.predicted(by_column), EDGE, 1 - EDGE)
    return np.clip(ridge(by_column, arm, FREELY, fit).predicted(by_column), EDGE, 1 - EDGE)


def choose(covariates: sparse.csc_array, arm: Integers, seed: int) -> tuple[int, list[Fit]]:
    """How many steps down the path the likelihood of persons who were not fitted is best, that of chance included; and
    the fits there."""
    random = np.random.default_rng(seed)
    order = np.sort(random.permutation(len(arm))[:MOST_FOR_CHOICE])
    fold = random.permutation(len(order)) % FOLDS
    some, arm = covariates[order], arm[order]

    def judged(left_out: int) -> tuple[Floats, list[Fit]]:
        learn, judge = some[fold != left_out], some[fold == left_out]
        found, best, fits = np.full(STEPS + 1, -np.inf), 0, []
        for step, fit in enumerate(path(learn, arm[fold != left_out])):
            share = fit.predicted(judge)
            found[step] = np.sum(np.log(np.where(arm[fold == left_out] == 1, share, 1 - share) + EDGE))
            fits.append(fit)
            best = step if found[step] > found[best] else best
            if step - best >= WORSE:
                break
        return found, fits

    with ThreadPoolExecutor(2) as workers:
        folds = list(workers.map(judged, range(FOLDS)))
    steps = int(np.argmax(np.sum([found for found, _ in folds], axis=0)))
    return steps, [fits[min(steps, len(fits) - 1)] for _, fits in folds]


def start(covariates: sparse.csc_array, arm: Integers) -> tuple[Fit, Floats]:
    """The fit that chooses nothing, and how hard each covariate pulls at it: the derivative of the likelihood."""
    share = float(np.mean(arm))
    fit = Fit(np.zeros(0, dtype=np.int64), np.zeros(0), float(np.log(share / (1 - share))))
    return fit, np.abs(covariates.T @ (arm - share))


def path(covariates: sparse.csc_array, arm: Integers) -> Iterator[Fit]:
    """The fits of the path: of nothing chosen, and then each with a penalty a step weaker."""
    fit, pull = start(covariates, arm)
    penalty = float(pull.max(initial=0.0))
    yield fit
    for _ in range(STEPS if penalty > 0 else 0):
        penalty *= STEP
        kept = np.union1d(np.flatnonzero(pull > penalty), fit.chosen)
        fit, pull = checked(covariates, arm, kept, penalty, ROUGHLY, fit)
        yield fit


def checked(
    covariates: sparse.csc_array, arm: Integers, kept: Integers, penalty: float, tolerance: float, begin: Fit
) -> tuple[Fit, Floats]:
    """The fit of all covariates, sought from `begin` on among `kept` and whatever turns out to be missed; and how hard
    each pulls at it."""
    fit = begin
    while True:
        fit = lasso(covariates, arm, kept, penalty, tolerance, fit)
        pull = np.abs(covariates.T @ (arm - fit.predicted(covariates)))
        missed = np.setdiff1d(np.flatnonzero(pull > penalty * SLACK), kept)
        if not len(missed):
            return fit, pull
        kept = np.union1d(kept, missed)

"""Propensity scores: L1 logistic regression over all covariates, its penalty chosen by cross-validation.

An unpenalised fit of thousands of covariates tells the arms apart by chance (facts of one campus: equipoise 0.54 where
a penalised fit of the same data had 0.998), so the penalty is never left to the reader. The fits are scikit-learn's;
ours is the path: penalties from the one at which nothing is chosen downwards, each fit of those covariates alone that
pull hard enough and then checked for all others (Tibshirani and others, J R Stat Soc B 2012;74:245), and no further
than it gets worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers

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
ROUGHLY, EXACTLY = 1e-2, 1e-3
"""Tolerances of the fits that choose the penalty and of the one that uses it."""
EDGE = 1e-6
PER_COVARIATE = 10
FREELY = 1e3
"""The inverse penalty of the second fit: it only keeps covariates apart that are the same."""
SLACK = 1.05
"""A covariate that was left out may pull by so much more than the penalty: the fits are not exact themselves."""


def propensity_scores(covariates: Any, treated: Integers, seed: int = 1) -> Floats:
    """The probability of treatment of n persons given covariates (n, p), as `propensity_model` has it."""
    return scores_of(propensity_model(covariates, treated, seed), covariates, treated)


def scores_of(model: Fit, covariates: Any, treated: Integers) -> Floats:
    """The probabilities that a model gives; everybody's share where it chose nothing."""
    from scipy import sparse

    if not len(model.chosen):
        return np.full(len(treated), np.asarray(treated).astype(int).mean())
    return np.asarray(np.clip(model.predicted(sparse.csc_array(covariates)), EDGE, 1 - EDGE))


def propensity_model(covariates: Any, treated: Integers, seed: int = 1) -> Fit:
    """The model of treatment of n persons given covariates (n, p). The same input gives the same model.

    The penalised fit chooses covariates and shrinks what they do; those that it chose are fitted again almost freely
    (the relaxed lasso of Meinshausen, Comp Stat Data Anal 2007;52:374), as far as there are `PER_COVARIATE` persons of
    the smaller arm for each. The seed decides who is in which fold.
    """
    from scipy import sparse

    arm = np.asarray(treated).astype(int)
    by_column = sparse.csc_array(covariates)
    nothing, pull = start(by_column, arm)
    if by_column.shape[1] == 0:
        return nothing
    steps, likely = choose(by_column, arm, seed)
    penalty = float(pull.max(initial=0.0)) * STEP**steps
    fit = checked(by_column, arm, likely, penalty, EXACTLY)[0] if steps and penalty > 0 else nothing
    if not len(fit.chosen) or len(fit.chosen) > min(arm.sum(), len(arm) - arm.sum()) / PER_COVARIATE:
        return fit
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=FREELY, max_iter=1000, tol=1e-8).fit(by_column[:, fit.chosen], arm)
    return Fit(fit.chosen, model.coef_[0], float(model.intercept_[0]))


@dataclass(frozen=True)
class Fit:
    """A penalised fit: the columns it chose, what each adds to the logit, and the intercept."""

    chosen: Integers
    coefficients: Floats
    intercept: float

    def predicted(self, covariates: sparse.csc_array) -> Floats:
        logit = covariates[:, self.chosen] @ self.coefficients + self.intercept
        return np.asarray(1 / (1 + np.exp(-logit)))


def choose(covariates: sparse.csc_array, arm: Integers, seed: int) -> tuple[int, Integers]:
    """How many steps down the path the likelihood of persons who were not fitted is best, that of chance included; and
    the covariates that any fit there chose."""
    random = np.random.default_rng(seed)
    order = np.sort(random.permutation(len(arm))[:MOST_FOR_CHOICE])
    fold = random.permutation(len(order)) % FOLDS
    some, arm = covariates[order], arm[order]

    def judged(left_out: int) -> tuple[Floats, list[Integers]]:
        learn, judge = some[fold != left_out], some[fold == left_out]
        found, best, chosen = np.full(STEPS + 1, -np.inf), 0, []
        for step, fit in enumerate(path(learn, arm[fold != left_out])):
            share = fit.predicted(judge)
            found[step] = np.sum(np.log(np.where(arm[fold == left_out] == 1, share, 1 - share) + EDGE))
            chosen.append(fit.chosen)
            best = step if found[step] > found[best] else best
            if step - best >= WORSE:
                break
        return found, chosen

    with ThreadPoolExecutor(2) as workers:
        folds = list(workers.map(judged, range(FOLDS)))
    steps = int(np.argmax(np.sum([found for found, _ in folds], axis=0)))
    return steps, np.unique(np.concatenate([chosen[min(steps, len(chosen) - 1)] for _, chosen in folds]))


def start(covariates: sparse.csc_array, arm: Integers) -> tuple[Fit, Floats]:
    """The fit that chooses nothing, and how hard each covariate pulls at it: the derivative of the likelihood."""
    # A fold may have nobody of an arm that has hardly anybody.
    share = float(np.clip(np.mean(arm), EDGE, 1 - EDGE))
    fit = Fit(np.zeros(0, dtype=np.int64), np.zeros(0), float(np.log(share / (1 - share))))
    return fit, np.abs(covariates.T @ (arm - share))


def path(covariates: sparse.csc_array, arm: Integers) -> Iterator[Fit]:
    """The fits of the path: of nothing chosen, and then each with a penalty a step weaker."""
    fit, pull = start(covariates, arm)
    penalty = float(pull.max(initial=0.0))
    yield fit
    for _ in range(STEPS if penalty > 0 and 0 < arm.sum() < len(arm) else 0):
        penalty *= STEP
        fit, pull = checked(covariates, arm, np.union1d(np.flatnonzero(pull > penalty), fit.chosen), penalty, ROUGHLY)
        yield fit


def checked(
    covariates: sparse.csc_array, arm: Integers, kept: Integers, penalty: float, tolerance: float
) -> tuple[Fit, Floats]:
    """The fit of all covariates, sought among `kept` and whatever turns out to be missed; and how each pulls at it."""
    while True:
        fit = fitted(covariates, arm, kept, 1 / penalty, tolerance)
        pull = np.abs(covariates.T @ (arm - fit.predicted(covariates)))
        missed = np.setdiff1d(np.flatnonzero(pull > penalty * SLACK), kept)
        if not len(missed):
            return fit, pull
        kept = np.union1d(kept, missed)


def fitted(covariates: sparse.csc_array, arm: Integers, kept: Integers, strength: float, tolerance: float) -> Fit:
    """The L1 fit of the kept columns; `strength` is the inverse penalty of the sum over persons."""
    from sklearn.linear_model import LogisticRegression

    if not len(kept):
        return start(covariates, arm)[0]
    model = LogisticRegression(
        C=strength, l1_ratio=1, solver="liblinear", random_state=0, tol=tolerance, max_iter=200, intercept_scaling=10.0
    ).fit(covariates[:, kept], arm)
    nonzero = np.flatnonzero(model.coef_[0])
    return Fit(kept[nonzero], model.coef_[0][nonzero], float(model.intercept_[0]))

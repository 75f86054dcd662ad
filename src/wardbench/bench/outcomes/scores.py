"""Propensity scores: L1 logistic regression over all covariates, its penalty chosen by cross-validation.

An unpenalised fit of thousands of covariates tells the arms apart by chance (facts of one campus: equipoise 0.54 where
a penalised fit of the same data had 0.998), so the penalty is never left to the reader.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from wardbench.bench.outcomes.arrays import Floats, Integers

GRID = tuple(float(strength) for strength in np.geomspace(0.003, 1.0, 6))
"""Inverse penalties that are tried, from strong to weak."""
FOLDS = 3
MOST_FOR_CHOICE = 20_000
"""Persons on whom the penalty is chosen; the fit itself is of everybody."""
EDGE = 1e-6
PER_COVARIATE = 10
FREELY = 1e3
"""The inverse penalty of the second fit: it only keeps covariates apart that are the same."""


def propensity_scores(covariates: Any, treated: Integers, seed: int = 1) -> Floats:
    """The probability of treatment of n persons given covariates (n, p). The same input gives the same scores.

    The penalised fit chooses covariates and shrinks what they do; those that it chose are fitted again almost freely
    (the relaxed lasso of Meinshausen, Comp Stat Data Anal 2007;52:374), as far as there are `PER_COVARIATE` persons of
    the smaller arm for each. Everybody's share where none is chosen. The seed decides who is in which fold.
    """
    arm = np.asarray(treated).astype(int)
    if covariates.shape[1] == 0:
        return np.full(len(arm), arm.mean())
    model = fitted(covariates, arm, choose(covariates.tocsr(), arm, seed))
    chosen = np.flatnonzero(model.coef_[0])
    if 0 < len(chosen) <= min(arm.sum(), len(arm) - arm.sum()) / PER_COVARIATE:
        covariates = covariates[:, chosen]
        model = LogisticRegression(C=FREELY, max_iter=1000, tol=1e-8).fit(covariates, arm)
    return np.asarray(np.clip(model.predict_proba(covariates)[:, 1], EDGE, 1 - EDGE))


def choose(covariates: Any, arm: Integers, seed: int) -> float:
    """The inverse penalty with the best likelihood of persons who were not fitted, a likelihood of chance included."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(arm))[:MOST_FOR_CHOICE]
    fold = np.arange(len(order)) % FOLDS
    likelihood = np.zeros(len(GRID))
    for left_out in range(FOLDS):
        learn, judge = order[fold != left_out], order[fold == left_out]
        for place, strength in enumerate(GRID):
            share = fitted(covariates[learn], arm[learn], strength * len(arm) / len(learn)).predict_proba(
                covariates[judge]
            )[:, 1]
            likelihood[place] += np.sum(np.log(np.where(arm[judge] == 1, share, 1 - share) + EDGE))
    return GRID[int(likelihood.argmax())]


def fitted(covariates: Any, arm: Integers, strength: float) -> LogisticRegression:
    model = LogisticRegression(
        C=strength, l1_ratio=1, solver="liblinear", random_state=0, tol=1e-3, max_iter=200, intercept_scaling=10.0
    )
    return model.fit(covariates, arm)

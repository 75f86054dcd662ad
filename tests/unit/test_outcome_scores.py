"""The path of penalised fits keeps to the conditions of a lasso, and to scikit-learn's fit of all at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from wardbench.bench.outcomes.scores import EXACTLY, STEP, checked, choose, path, propensity_scores, start


def arms(seed: int, n: int = 1500, p: int = 120) -> tuple[sparse.csc_array, np.ndarray]:
    """The first three covariates decide; the fourth is the first again."""
    chance = np.random.default_rng(seed)
    values = (chance.random((n, p)) < chance.uniform(0.02, 0.4, p)).astype(float)
    values[:, 3] = values[:, 0]
    arm = chance.random(n) < 1 / (1 + np.exp(0.4 - values[:, :3] @ np.array([1.2, -0.9, 0.7])))
    return sparse.csc_array(values), arm.astype(int)


@pytest.mark.parametrize("step", [2, 6, 10])
def test_each_fit_keeps_to_the_conditions_of_a_lasso(step: int) -> None:
    values, arm = arms(step)
    nothing, pull = start(values, arm)
    penalty = float(pull.max()) * STEP**step
    fit, _ = checked(values, arm, nothing.chosen, penalty, EXACTLY)
    slope = values.T @ (arm - fit.predicted(values))
    assert len(fit.chosen) > 0
    assert slope[fit.chosen] == pytest.approx(penalty * np.sign(fit.coefficients), rel=0.06)
    assert np.abs(slope).max() < penalty * 1.06
    whole = LogisticRegression(C=1 / penalty, l1_ratio=1, solver="saga", tol=1e-7, max_iter=5000).fit(values, arm)
    assert fit.predicted(values) == pytest.approx(whole.predict_proba(values)[:, 1], abs=0.01)


def test_the_penalty_is_chosen_by_persons_who_were_not_fitted() -> None:
    values, arm = arms(1)
    steps, chosen = choose(values, arm, 1)
    assert 3 <= steps < 16
    assert {1, 2} <= set(chosen.tolist()) and {0, 3} & set(chosen.tolist())
    assert len(chosen) < 60
    truth = 1 / (1 + np.exp(0.4 - values[:, :3] @ np.array([1.2, -0.9, 0.7])))
    assert np.abs(propensity_scores(values, arm) - truth).mean() < 0.12


def test_nothing_is_chosen_where_nothing_tells() -> None:
    values, _ = arms(2)
    arm = np.random.default_rng(5).integers(0, 2, 1500)
    spread = propensity_scores(values, arm)
    assert spread.std() < 0.03
    constant = sparse.csc_array(np.zeros((50, 4)))
    assert np.all(propensity_scores(constant, arm[:50]) == arm[:50].mean())
    assert len(list(path(constant, arm[:50]))) == 1

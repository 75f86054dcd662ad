"""The fits are scikit-learn's, and the path of penalised ones keeps to the conditions of a lasso."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from wardbench.bench.outcomes.logistic import Fit, lasso, ridge
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
    fit, _ = checked(values, arm, nothing.chosen, penalty, EXACTLY, nothing)
    slope = values.T @ (arm - fit.predicted(values))
    assert len(fit.chosen) > 0
    assert slope[fit.chosen] == pytest.approx(penalty * np.sign(fit.coefficients), rel=0.06)
    assert np.abs(slope).max() < penalty * 1.06
    whole = LogisticRegression(C=1 / penalty, l1_ratio=1, solver="saga", tol=1e-7, max_iter=5000).fit(values, arm)
    assert fit.predicted(values) == pytest.approx(whole.predict_proba(values)[:, 1], abs=0.01)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_fits_are_those_of_the_library(seed: int) -> None:
    values, arm = arms(seed)
    penalty = 12.0
    fit = lasso(values, arm, np.arange(120), penalty, 1e-6, start(values, arm)[0])
    assert 5 < len(fit.chosen) < 100
    slope = values.T @ (arm - fit.predicted(values))
    assert slope[fit.chosen] == pytest.approx(penalty * np.sign(fit.coefficients), rel=1e-5)
    assert np.abs(slope).max() < penalty * 1.00001
    assert np.sum(arm - fit.predicted(values)) == pytest.approx(0, abs=1e-4)
    freely = ridge(values, arm, 0.001, fit)
    model = LogisticRegression(C=1000, max_iter=5000, tol=1e-9).fit(values[:, fit.chosen], arm)
    assert freely.predicted(values) == pytest.approx(model.predict_proba(values[:, fit.chosen])[:, 1], abs=1e-5)


def test_arms_that_a_covariate_tells_apart_have_a_fit() -> None:
    values, _ = arms(3)
    arm = (values[:, [5]].toarray().ravel() > 0).astype(int)
    score = propensity_scores(values, arm)
    assert score[arm == 1].min() > 0.99 and score[arm == 0].max() < 0.01
    assert np.all((score > 0) & (score < 1))


def test_where_a_fit_begins_does_not_matter() -> None:
    values, arm = arms(4)
    nothing, pull = start(values, arm)
    penalty = float(pull.max()) * STEP**8
    far = Fit(np.arange(60), np.where(np.arange(60) % 2, 3.0, -3.0), 5.0)
    found = [lasso(values, arm, np.arange(120), penalty, 1e-6, begin) for begin in (nothing, far)]
    assert found[0].predicted(values) == pytest.approx(found[1].predicted(values), abs=1e-6)


def test_the_penalty_is_chosen_by_persons_who_were_not_fitted() -> None:
    values, arm = arms(1)
    steps, fits = choose(values, arm, 1)
    chosen = {int(place) for fit in fits for place in fit.chosen}
    assert 3 <= steps < 16
    assert {1, 2} <= chosen and {0, 3} & chosen
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

"""Average effects of a treatment on a number: weighted, standardised, doubly robust, and by g-estimation.

Each takes n persons: the outcome, the arm (1 treated, 0 not), and what it adjusts for. Standard fits are the
statistics library's; errors come from influence functions or robust covariances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm

from wardbench.bench.outcomes import normal
from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.weighting import checked


@dataclass(frozen=True)
class Effect:
    """A difference between the arms' means, with its standard error."""

    treated: float
    untreated: float
    error: float

    @property
    def difference(self) -> float:
        return self.treated - self.untreated

    def limits(self, level: float = 0.95) -> tuple[float, float]:
        half = normal.half_width(level) * self.error
        return self.difference - half, self.difference + half


def weighted(outcome: Floats, treated: Integers, weight: Floats) -> Effect:
    """The difference of weighted means with a robust error, as a marginal structural model has it."""
    outcome, arm, weight = np.asarray(outcome, dtype=float), np.asarray(treated) != 0, np.asarray(weight, dtype=float)
    means, variance = [], 0.0
    for among in (arm, ~arm):
        w = weight[among] / weight[among].sum()
        mean = float(w @ outcome[among])
        means.append(mean)
        variance += float(np.sum((w * (outcome[among] - mean)) ** 2))
    return Effect(means[0], means[1], float(np.sqrt(variance)))


def propensity(covariates: Floats, treated: Integers) -> Floats:
    """Probabilities from plain logistic regression on (n, p) covariates; an intercept is added."""
    fit = sm.Logit(np.asarray(treated, dtype=float), sm.add_constant(covariates, has_constant="add")).fit(disp=0)
    return np.asarray(fit.predict())


def standardised(outcome: Floats, under_treatment: Floats, under_none: Floats, design: Floats) -> Effect:
    """Means of the predictions of a linear model with everybody treated and with nobody treated.

    `design` (n, q) is the model's matrix as observed, the other two are the same with the arm set; the error is the
    delta method's with a robust covariance, the persons taken as given.
    """
    fit = sm.OLS(np.asarray(outcome, dtype=float), design).fit(cov_type="HC1")
    treated, untreated = under_treatment.mean(axis=0), under_none.mean(axis=0)
    apart = treated - untreated
    error = float(np.sqrt(apart @ fit.cov_params() @ apart))
    return Effect(float(treated @ fit.params), float(untreated @ fit.params), error)


def doubly_robust(
    outcome: Floats, treated: Integers, score: Floats, under_treatment: Floats, under_none: Floats, design: Floats
) -> Effect:
    """The same predictions, mended by inverse probability: right where either model is (Robins, Rotnitzky and Zhao,
    JASA 1994;89:846); the error is the influence function's."""
    score, arm = checked(score, treated)
    outcome = np.asarray(outcome, dtype=float)
    parameters = sm.OLS(outcome, design).fit().params
    parts = []
    for among, probability, matrix in ((arm, score, under_treatment), (~arm, 1 - score, under_none)):
        predicted = matrix @ parameters
        parts.append(predicted + among / probability * (outcome - predicted))
    error = float(np.std(parts[0] - parts[1], ddof=1) / np.sqrt(len(outcome)))
    return Effect(float(parts[0].mean()), float(parts[1].mean()), error)


def g_estimate(outcome: Floats, treated: Integers, covariates: Floats, weight: Floats | None = None) -> float:
    """The effect of a structural nested mean model without interactions: the one that, taken away from the outcome,
    leaves nothing of it in who was treated (Robins 1989). `weight` corrects for those lost, where some were."""
    design = sm.add_constant(covariates, has_constant="add")
    arm, outcome = np.asarray(treated, dtype=float), np.asarray(outcome, dtype=float)
    weight = np.ones(len(arm)) if weight is None else np.asarray(weight, dtype=float)
    score = sm.GLM(arm, design, family=sm.families.Binomial(), freq_weights=weight).fit().predict()
    spare = weight * (arm - score)
    return float(spare @ outcome / (spare @ arm))

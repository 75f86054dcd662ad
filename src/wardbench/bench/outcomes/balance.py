"""Are the arms alike? Standardised mean differences and the overlap of propensity scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers, weights_of

LIMIT = 0.1
"""A standardised mean difference beyond this is an imbalance (Austin, Statist Med 2009;28:3083)."""
EITHER = (0.3, 0.7)
"""Preference scores between these: both treatments were thought of (Walker and others, Comp Eff Res 2013;3:11)."""


def standardised_differences(covariates: Any, treated: Integers, weight: Floats | None = None) -> Floats:
    """For each of p covariates (n, p), dense or sparse: difference of means over the unweighted pooled deviation.

    The deviation is always of the persons before weighting, so that a difference can be compared before and after
    (Stuart 2010). 0 where the covariate is the same for all; infinite where it tells the arms apart entirely.
    """
    return before_and_after(covariates, treated, weights_of(weight, len(treated)))[1]


def before_and_after(covariates: Any, treated: Integers, weight: Floats) -> tuple[Floats, Floats]:
    """The standardised differences without weights and with them, all sums in one pass over what is stored."""
    treated = np.asarray(treated) != 0
    columns = np.stack([treated, ~treated, weight * treated, weight * ~treated], axis=1)
    total = columns.sum(axis=0)
    if not total.all():
        nothing = np.zeros(covariates.shape[1])
        return nothing, nothing
    mean = np.asarray(covariates.T @ columns) / total
    square = mean[:, :2]
    if isinstance(covariates, np.ndarray):
        square = np.asarray((covariates**2).T @ columns[:, :2]) / total[:2]
    elif not np.all(covariates.data == 1):
        square = np.asarray(covariates.multiply(covariates).T @ columns[:, :2]) / total[:2]
    variance = np.maximum(0.0, square - mean[:, :2] ** 2) / np.maximum(1 - 1 / total[:2], 1e-12)
    spread = np.sqrt(variance.sum(axis=1) / 2)
    found = []
    for difference in (mean[:, 0] - mean[:, 1], mean[:, 2] - mean[:, 3]):
        alike = np.isclose(difference, 0, atol=1e-12)
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append(np.where(alike, 0.0, difference / spread))
    return found[0], found[1]


def preference(score: Floats, treated: Integers) -> Floats:
    """The propensity score with the treatments' shares taken out: 0.5 is as likely as in this hospital at large."""
    share = float(np.mean(np.asarray(treated) != 0))
    odds = np.asarray(score) / (1 - np.asarray(score)) / (share / (1 - share))
    return np.asarray(odds / (1 + odds))


def equipoise(score: Floats, treated: Integers) -> float:
    """The share of persons whose preference score lies between 0.3 and 0.7."""
    preferred = preference(score, treated)
    return float(np.mean((preferred >= EITHER[0]) & (preferred <= EITHER[1])))


def discrimination(score: Floats, treated: Integers) -> float:
    """The area under the ROC curve: how well the score tells the arms apart (0.5 not at all)."""
    treated = np.asarray(treated) != 0
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n, m = int(treated.sum()), int((~treated).sum())
    return float((rank[treated].sum() - n * (n + 1) / 2) / (n * m))

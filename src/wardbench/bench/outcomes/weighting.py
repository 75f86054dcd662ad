"""Weights that make two arms alike, and what they cost."""

from __future__ import annotations

import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.core.errors import InputError

SHARES = (0.01, 0.99)
"""Stabilised weights beyond these percentiles are set to them."""


def inverse_probability(score: Floats, treated: Integers, stabilised: bool = True, trim: bool = False) -> Floats:
    """Weights for everybody's average effect (Robins, Hernán and Brumback, Epidemiology 2000;11:550).

    `score` is each person's probability of treatment, strictly between 0 and 1.
    """
    score, treated = checked(score, treated)
    weight = np.where(treated, 1 / score, 1 / (1 - score))
    if stabilised:
        share = treated.mean()
        weight = weight * np.where(treated, share, 1 - share)
    return np.clip(weight, *np.quantile(weight, SHARES)) if trim else weight


def overlap(score: Floats, treated: Integers) -> Floats:
    """Weights for those who might have had either (Li, Morgan and Zaslavsky, JASA 2018;113:390); each arm sums to 1."""
    score, treated = checked(score, treated)
    weight = np.where(treated, 1 - score, score)
    for arm in (treated, ~treated):
        weight[arm] /= weight[arm].sum()
    return weight


def effective_size(weight: Floats) -> float:
    """Kish's effective number of persons, (sum w)² / sum w²."""
    squares = float(np.sum(np.asarray(weight) ** 2))
    return float(np.sum(weight)) ** 2 / squares if squares else 0.0


def checked(score: Floats, treated: Integers) -> tuple[Floats, Integers]:
    score, treated = np.asarray(score, dtype=float), np.asarray(treated) != 0
    if score.shape != treated.shape or not np.all((score > 0) & (score < 1)):
        raise InputError("Each propensity score must lie strictly between 0 and 1.")
    if not treated.any() or treated.all():
        raise InputError("Both arms need somebody.")
    return score, treated

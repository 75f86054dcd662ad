"""How the arms are made alike: pairs, overlap weights, or inverse probability of treatment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes import weighting
from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.matching import UNMATCHED, match
from wardbench.bench.outcomes.protocol import Adjustment

WHOM = {
    "matching": "those treated for whom somebody alike was found",
    "overlap": "those who might have had either treatment",
    "iptw": "everybody who had either treatment",
}
"""Whom the effect is about, by the way of adjusting."""


@dataclass(frozen=True)
class Adjusted:
    """The weight of each of n persons (0 is left out) and the set they stand in, for errors that respect pairs."""

    weight: Floats
    cluster: Integers


def adjust(way: Adjustment, score: Floats, treated: Integers, ratio: int = 1) -> Adjusted:
    """Weights with a sum of about the persons they stand for; in a matched set comparators share the weight of one."""
    arm = np.asarray(treated) != 0
    own = np.arange(len(arm))
    if way == "overlap":
        weight = weighting.overlap(score, arm)
        return Adjusted(weight * weighting.effective_size(weight) / weight.sum(), own)
    if way == "iptw":
        return Adjusted(weighting.inverse_probability(score, arm, trim=True), own)
    sets = match(np.log(score / (1 - score)), arm, ratio)
    matched = sets != UNMATCHED
    comparators = np.bincount(sets[matched & ~arm], minlength=sets.max() + 1)
    weight = np.zeros(len(arm))
    weight[matched & arm] = 1
    weight[matched & ~arm] = 1 / comparators[sets[matched & ~arm]]
    return Adjusted(weight, np.where(matched, sets, len(arm) + own))

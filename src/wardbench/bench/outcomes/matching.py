"""Pairs of treated and comparators who were about as likely to be treated."""

from __future__ import annotations

import heapq

import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.core.errors import InputError

CALIPER = 0.2
"""In standard deviations of the logit of the propensity score (Austin, Pharm Stat 2011;10:150)."""
UNMATCHED = -1


def match(logit: Floats, treated: Integers, ratio: int = 1, caliper: float = CALIPER) -> Integers:
    """The matched set of each of n persons, numbered from 0, or -1: closest pairs first, without replacement.

    In each of `ratio` rounds every treated person may take one more comparator, so that sets have one treated and one
    to `ratio` comparators. Deterministic: ties go to whoever stands first among the persons.
    """
    logit, treated = np.asarray(logit, dtype=float), np.asarray(treated) != 0
    if logit.shape != treated.shape or not np.all(np.isfinite(logit)):
        raise InputError("There must be one finite logit for each person.")
    if ratio < 1:
        raise InputError("The matching ratio must be at least 1.")
    sets = np.full(len(logit), UNMATCHED, dtype=np.int64)
    if not treated.any() or treated.all():
        return sets
    number = 0
    width = caliper * float(np.std(logit, ddof=1))
    for turn in range(ratio):
        # After the first turn, a treated person without a partner has none within the caliper.
        free = np.flatnonzero(treated != (sets == UNMATCHED)) if turn else np.arange(len(logit))
        pairs = free[np.array(closest(logit[free], treated[free], width), dtype=np.int64).reshape(-1, 2)]
        order = np.argsort(~treated[pairs], axis=1, kind="stable")
        case, control = np.take_along_axis(pairs, order, axis=1).T
        new = case[sets[case] == UNMATCHED]
        sets[new] = number + np.arange(len(new))
        number += len(new)
        sets[control] = sets[case]
    return sets


def closest(logit: Floats, treated: Integers, width: float) -> list[tuple[int, int]]:
    """Greedy pairs across the arms, closest first, none wider than `width`.

    The closest pair left is always of neighbours in the order of the score, so a list of neighbours and a heap find
    the same pairs as all n x m distances would, in O(n log n).
    """
    order = np.argsort(logit, kind="stable")
    scores, arms = logit[order], treated[order]
    gaps = np.diff(scores)
    near = np.flatnonzero((arms[1:] != arms[:-1]) & (gaps <= width))
    heap = list(zip(gaps[near].tolist(), near.tolist(), (near + 1).tolist(), strict=True))
    heapq.heapify(heap)
    score, arm, place = scores.tolist(), arms.tolist(), order.tolist()
    n = len(score)
    before, after = list(range(-1, n - 1)), [*range(1, n), -1]
    free = [True] * n
    pairs = []
    while heap:
        distance, left, right = heapq.heappop(heap)
        if distance > width:
            break
        if not (free[left] and free[right]):
            continue
        free[left] = free[right] = False
        pairs.append((place[left], place[right]))
        low, high = before[left], after[right]
        if low >= 0:
            after[low] = high
        if high >= 0:
            before[high] = low
        if low >= 0 and high >= 0 and arm[low] != arm[high]:
            heapq.heappush(heap, (score[high] - score[low], low, high))
    return pairs

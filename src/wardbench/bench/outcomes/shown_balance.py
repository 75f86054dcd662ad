"""What may be shown of how alike the arms are: every covariate as a point, those furthest apart by name, and the
overlap of what treatment was likely."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from wardbench.bench.outcomes.analysis import Analysis
from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.balance import preference
from wardbench.bench.outcomes.covariates import Matrix
from wardbench.bench.outcomes.weighting import effective_size
from wardbench.core.disclosure import NEARLY_ALL, Rules, percent

TOP = 30
"""So many covariates, those furthest apart before or after, are named."""
FURTHEST = 9.0
"""Differences beyond this, infinite ones among them, are shown as this."""
EDGES = (0.05, 0.1, 0.2, 0.5)
"""Between these absolute differences covariates are counted."""


@dataclass(frozen=True)
class CovariateRow:
    label: str
    target: str
    comparator: str
    before: float
    after: float


@dataclass(frozen=True)
class Spot:
    """Absolute differences, rounded to hundredths, and how many covariates have them."""

    before: float
    after: float
    covariates: int


@dataclass(frozen=True)
class BandRow:
    """Covariates with a difference of this size before adjustment: how many have which after it."""

    before: str
    after: tuple[int, ...]


@dataclass(frozen=True)
class ReleasedBalance:
    """`judged` covariates; `spots` are of those that enough persons had, the `rare` others are counted in `bands`."""

    judged: int
    rare: int
    spots: tuple[Spot, ...]
    bands: tuple[BandRow, ...]
    rows: tuple[CovariateRow, ...]


@dataclass(frozen=True)
class PreferenceBin:
    """Between which preference scores, and the share of each arm there."""

    low: float
    high: float
    target: float
    comparator: float


def released_balance(analysis: Analysis, rules: Rules) -> ReleasedBalance:
    """Every covariate's difference; by name only what enough persons of both arms had."""
    comparison, treated, matrix = analysis.comparison, analysis.subjects.treated, analysis.matrix
    if matrix is None or comparison is None or not matrix.columns:
        return ReleasedBalance(0, 0, (), (), ())
    arms = (treated, ~treated)
    counts = [np.asarray(of.astype(float) @ matrix.values).ravel().round().astype(int) for of in arms]
    before, after = (np.clip(found, -FURTHEST, FURTHEST) for found in (comparison.arms.before, comparison.arms.after))
    enough = np.array([rules.listed(int(count)) for count in counts[0] + counts[1]])
    pairs = np.abs(np.column_stack([before, after])).round(2)
    places, many = np.unique(pairs[enough], axis=0, return_counts=True)
    return ReleasedBalance(
        len(matrix.columns),
        int(np.count_nonzero(~enough)),
        tuple(Spot(float(x), float(y), int(n)) for (x, y), n in zip(places, many, strict=True)),
        _bands(np.abs(before), np.abs(after)),
        _named(matrix, counts, before, after, [int(of.sum()) for of in arms], rules),
    )


def band_names() -> tuple[str, ...]:
    """The sizes of differences between which covariates are counted."""
    pairs = pairwise(EDGES)
    return (f"up to {EDGES[0]:g}", *(f"{low:g} to {high:g}" for low, high in pairs), f"above {EDGES[-1]:g}")


def _bands(before: Floats, after: Floats) -> tuple[BandRow, ...]:
    names, rows = band_names(), np.searchsorted(EDGES, before, side="left")
    columns = np.searchsorted(EDGES, after, side="left")
    return tuple(
        BandRow(name, tuple(np.bincount(columns[rows == number], minlength=len(names)).tolist()))
        for number, name in enumerate(names)
    )


def _named(
    matrix: Matrix, counts: list[Integers], before: Floats, after: Floats, sizes: list[int], rules: Rules
) -> tuple[CovariateRow, ...]:
    furthest = np.maximum(np.abs(before), np.abs(after))
    rows: list[CovariateRow] = []
    for place in np.lexsort((-(counts[0] + counts[1]), -furthest)):
        have = [int(count[place]) for count in counts]
        if not all(rules.listed(number) for number in have):
            continue
        target, comparator = (
            percent(rules.part(number, size), rules.total(size), decimals=rules.percent_decimals)
            for number, size in zip(have, sizes, strict=True)
        )
        values = (round(float(one[place]), 2) for one in (before, after))
        rows.append(CovariateRow(matrix.columns[place].label, target, comparator, *values))
        if len(rows) == TOP:
            break
    return tuple(rows)


def preferences(analysis: Analysis, rules: Rules) -> tuple[PreferenceBin, ...]:
    """Shares of each arm by tenths of the preference score; what few persons have stands as none."""
    if analysis.comparison is None:
        return ()
    treated = analysis.subjects.treated
    place = np.minimum((preference(analysis.comparison.arms.score, treated) * 10).astype(int), 9)
    columns = []
    for arm in (treated, ~treated):
        counts, whole = np.bincount(place[arm], minlength=10), int(arm.sum())
        shown = [rules.part(int(count), whole) for count in counts]
        total = rules.total(whole).value or 1.0
        columns.append([1.0 if one is NEARLY_ALL else (one.value or 0.0) / total for one in shown])
    return tuple(
        PreferenceBin(n / 10, (n + 1) / 10, round(min(1.0, a), 2), round(min(1.0, b), 2))
        for n, (a, b) in enumerate(zip(*columns, strict=True))
    )


def effective(analysis: Analysis, rules: Rules) -> tuple[str, str]:
    """The effective numbers of persons after adjustment, of target and comparator; empty where nothing is compared."""
    if analysis.comparison is None:
        return ("", "")
    weight, treated = analysis.comparison.arms.adjusted.weight, analysis.subjects.treated
    target, comparator = (rules.total(int(effective_size(weight[arm]))).text for arm in (treated, ~treated))
    return target, comparator

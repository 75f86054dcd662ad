"""May an indirect reference interval be used? Five things are judged, each with a light and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy import special

from wardbench.core.disclosure import Quantiles
from wardbench.ward.benchmark.indirect import Floats, Model, bins, forward
from wardbench.ward.benchmark.resampling import Draws
from wardbench.ward.benchmark.results import NO_DAY, Integers

LIGHTS = ("fit", "care", "unfit")
WORDS = {"fit": "Fit for use", "care": "Use with care", "unfit": "Not fit for use", "none": "Not judged"}
MANY = 5000
FEW_IN_A_YEAR = 200
EPOCH = date(1970, 1, 1)

ILL = (0.2, 0.4)
"""Shares of results that are not of the healthy: beyond these, care, and not fit."""
APART = (0.05, 0.10)
"""Shares of the middle half in which model and results differ, beyond what chance explains."""
WIDE = (0.2, 0.4)
"""Width of a limit's interval over that of the reference interval; CLSI EP28-A3c asks for less than 0.2."""
MOVED = (0.25, 0.375)
"""How far a year's median lies from that of all, in standard deviations: desirable and minimum bias against the spread
between persons (Fraser and others, Ann Clin Biochem 1997;34:8)."""


@dataclass(frozen=True)
class Judged:
    """One thing that was judged: what, its figure (None where it could not be), its light, and what that means.

    `persons` stand behind it.
    """

    name: str
    value: float | None
    persons: int
    percent: bool
    light: str
    meaning: str


@dataclass(frozen=True)
class Year:
    """The results inside the interval of one calendar year."""

    year: int
    values: Quantiles


def judge(values: Floats, days: Integers, model: Model, draws: Draws) -> tuple[tuple[Judged, ...], tuple[Year, ...]]:
    """Everything about one group of n results, and its years."""
    n = len(values)
    low, high = model.limits()
    ill = share_of_the_ill(values, model)
    apart = disagreement(values, model)
    lower, upper = draws.interval()
    wide = max(lower[1] - lower[0], upper[1] - upper[0]) / (high - low)
    years = by_year(values, days, model)
    moved = drift(values, days, model)
    judged = (
        Judged(
            "Enough results", float(n), n, False, "fit" if n >= MANY else "care",
            "A firm base." if n >= MANY else f"It can be done; from {MANY:,} results on the limits are firmer.",
        ),
        Judged("Results that are not of the healthy", ill, n, True, light(ill, ILL), _said(ill, ILL, _ILL)),
        Judged("Model against results", apart, n, True, light(apart, APART), _said(apart, APART, _APART)),
        Judged("How far a limit may move", wide, n, True, light(wide, WIDE), _said(wide, WIDE, _WIDE)),
        Judged("Drift over the years", moved, n, False, light(moved, MOVED), _said(moved, MOVED, _MOVED)),
    )  # fmt: skip
    return judged, years


def light(value: float | None, limits: tuple[float, float]) -> str:
    if value is None:
        return "none"
    return LIGHTS[sum(value > limit for limit in limits)]


def worst(judged: tuple[Judged, ...]) -> str:
    """The light of the whole: the worst of all that were judged."""
    return max((one.light for one in judged if one.light != "none"), key=LIGHTS.index)


def share_of_the_ill(values: Floats, model: Model) -> float:
    """The share of all results that the model does not take for those of the healthy."""
    edges = bins(values)
    inside = np.count_nonzero((values >= edges[0]) & (values <= edges[-1]))
    return float(np.clip(1 - model.share * inside / len(values), 0, 1))


def disagreement(values: Floats, model: Model) -> float:
    """By how much the counts of the bins in the model's middle half differ from what it expects, as a share of them,
    less what chance alone makes of it (a mean absolute deviation of sqrt(2 n / pi) a bin)."""
    edges = bins(values)
    counts = np.histogram(values, edges)[0].astype(float)
    z = (forward(edges, model.power) - model.mean) / model.deviation
    expected = model.share * counts.sum() * np.diff(special.ndtr(z))
    middle = (np.abs(z[1:]) < 0.6745) & (np.abs(z[:-1]) < 0.6745)
    if expected[middle].sum() == 0:
        return 0.0
    apart = np.abs(counts - expected)[middle].sum() - np.sqrt(2 * expected[middle] / np.pi).sum()
    return float(max(0.0, apart) / expected[middle].sum())


def by_year(values: Floats, days: Integers, model: Model) -> tuple[Year, ...]:
    """Median and quartiles of the results inside the interval, by calendar year, of years with 200 or more."""
    return tuple(
        Year(year, Quantiles(len(kept), *(float(q) for q in np.quantile(kept, (0.25, 0.5, 0.75)))))
        for year, kept in _years(values, days, model)
    )


def drift(values: Floats, days: Integers, model: Model) -> float | None:
    """The farthest that a year's median lies from that of all years, in the model's standard deviations; None where
    there are not two years with 200 results or more."""
    years = _years(values, days, model)
    if len(years) < 2:
        return None
    middle = np.median(forward(np.concatenate([kept for _, kept in years]), model.power))
    apart = [abs(float(np.median(forward(kept, model.power)) - middle)) for _, kept in years]
    return max(apart) / model.deviation


def _years(values: Floats, days: Integers, model: Model) -> list[tuple[int, Floats]]:
    low, high = model.limits()
    inside = (values >= low) & (values <= high) & (days != NO_DAY)
    year = np.array([(EPOCH + timedelta(int(day))).year for day in np.unique(days[inside])], dtype=int)
    place = np.searchsorted(np.unique(days[inside]), days[inside])
    of = year[place] if len(year) else np.zeros(0, dtype=int)
    kept = [(int(each), values[inside][of == each]) for each in np.unique(of)]
    return [(each, found) for each, found in kept if len(found) >= FEW_IN_A_YEAR]


def _said(value: float | None, limits: tuple[float, float], words: tuple[str, str, str, str]) -> str:
    return words[3] if value is None else words[LIGHTS.index(light(value, limits))]


_ILL = (
    "Few enough results are of others for the healthy to be told apart.",
    "Many results are not of the healthy, who can be told apart less surely.",
    "So many results are not of the healthy that what looks like these may be others.",
    "",
)
_APART = (
    "The model says what was measured.",
    "The model and the results differ: there may be two groups in one, such as devices or sexes.",
    "The model does not describe these results.",
    "",
)
_WIDE = (
    "Other patients would give nearly the same limits.",
    "Other patients could give somewhat different limits.",
    "Other patients could give quite different limits.",
    "",
)
_MOVED = (
    "The years are alike.",
    "A year differs: was a method or a device changed?",
    "A year differs so much that one interval cannot be right for all.",
    "There are not two years with 200 results or more.",
)

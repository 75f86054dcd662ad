"""What may be shown of what happened: curves on a grid of days, and shares and means by each horizon.

A curve takes a step only where at least `fewest` persons of that arm had the event since its last step, and it ends
where fewer are still followed, so that no step stands for a few. A curve that never takes one is not told: drawn, it
would say that nobody had the event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes.analysis import Analysis
from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.shown_effects import EffectRow
from wardbench.bench.outcomes.subjects import CAUSE, OTHER_CAUSE, causes
from wardbench.bench.outcomes.survival import aalen_johansen, kaplan_meier, restricted_mean, time_lost
from wardbench.core.disclosure import Figure, Rules

POINTS = 12


@dataclass(frozen=True)
class CurvePoint:
    """`low` and `high` are None where nobody or everybody had it: of that no interval is told."""

    day: int
    share: float
    low: float | None
    high: float | None
    at_risk: Figure


@dataclass(frozen=True)
class ReleasedCurve:
    """The share with the event by each day of the grid, as far as it may be shown; the first is day 0.

    Where there is no point, `withheld` says why in the words of a clause.
    """

    name: str
    points: tuple[CurvePoint, ...]
    withheld: str = ""


def days_of(analysis: Analysis) -> Integers:
    last = analysis.question.protocol.horizons[-1]
    evenly = np.round(np.linspace(0, last, POINTS + 1)[1:]).astype(int)
    return np.unique(np.concatenate([evenly, analysis.question.protocol.horizons]))


def curve(
    name: str,
    days: Floats,
    ended: Integers,
    weight: Floats,
    grid: Integers,
    rules: Rules,
    *,
    of: int = CAUSE,
    whole: int | None = None,
) -> ReleasedCurve:
    """The cumulative incidence of the outcome, death before it competing, on the grid; of that death with `of`.

    `whole` is how many the arm has where the persons are a part of it.
    """
    cause = causes(ended)
    incidence = aalen_johansen(days, cause, of=of, weight=weight)
    low, high = incidence.band()
    events_shown, persons, at = 0, len(days), 0
    few = "nobody was" if rules.fewest <= 1 else f"fewer than {rules.fewest} persons were"
    if persons < rules.fewest:
        return ReleasedCurve(name, (), f"{few} followed")
    points = [CurvePoint(0, 0.0, None, None, rules.total(persons) if whole is None else rules.part(persons, whole))]
    for day in grid:
        left = int(np.count_nonzero(days >= day))
        events = int(np.count_nonzero((days <= day) & (cause == of)))
        if left < rules.fewest:
            break
        if events - events_shown >= rules.fewest:
            events_shown, at = events, int(day)
        place = int(np.searchsorted(incidence.time, at, side="right")) - 1
        share = 0.0 if place < 0 or at == 0 else float(incidence.share[place])
        limits: tuple[float | None, float | None] = (None, None)
        if 0 < share < 1:
            limits = (round(float(low[place]), 3), round(float(high[place]), 3))
        points.append(CurvePoint(int(day), round(share, 3), *limits, rules.part(left, persons)))
    last = points[-1].day
    if not last:
        return ReleasedCurve(name, (), f"{few} followed to day {grid[0]}")
    if not at and rules.fewest > 1:
        return ReleasedCurve(name, (), f"fewer than {rules.fewest} persons had it by day {last}")
    return ReleasedCurve(name, tuple(points))


def summary(
    analysis: Analysis, curves: tuple[ReleasedCurve, ...], groups: dict[str, Integers], rules: Rules
) -> tuple[EffectRow, ...]:
    """Shares by each horizon as the released curves have them, who died of something else first, restricted means.

    A share that its curve last told before the horizon is said to be that or more. A horizon that a curve does not
    reach, and whatever fewer than enough persons stand behind, is left out.
    """
    subjects = analysis.subjects
    return tuple(
        row
        for shown in curves
        for horizon in analysis.question.protocol.horizons
        for of in [groups[shown.name]]
        if np.count_nonzero(subjects.days[of] >= horizon) >= rules.fewest
        for row in _by(horizon, shown, subjects.days[of], causes(subjects.ended[of]), rules)
    )


def _by(horizon: int, shown: ReleasedCurve, days: Floats, cause: Integers, rules: Rules) -> Iterator[EffectRow]:
    told = [point for point in shown.points if point.day <= horizon]
    share, low, high = (told[-1].share, told[-1].low, told[-1].high) if told else (0.0, None, None)
    here = days <= horizon
    first = ""
    if rules.listed(int(np.count_nonzero(here & (cause == OTHER_CAUSE)))):
        first = f"{100 * aalen_johansen(days, cause, of=OTHER_CAUSE).at([horizon])[0]:.0f} in 100 died without it"
    name = f"{shown.name}: outcome by day {horizon}"
    # A curve in steps lies below what happened since its last step, whether or not anything did.
    step = next((point.day for point in told if point.share == share), 0)
    since = ""
    if rules.fewest > 1 and step < horizon:
        since = f"in steps of {rules.fewest} outcomes, the last by day {step}: fewer than that had it since"
    if since and not share:
        yield EffectRow(name, f"fewer than {rules.fewest} persons", "", first)
    else:
        interval = "" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"
        more = " or more" if since else ""
        yield EffectRow(name, f"{100 * share:.1f} in 100{more}", interval, "; ".join(filter(None, (since, first))))
    outcomes = int(np.count_nonzero(here & (cause == CAUSE)))
    if rules.listed(outcomes) and rules.listed(len(days) - outcomes):
        competing = bool((cause == OTHER_CAUSE).any())
        mean = (
            time_lost(days, cause, horizon)
            if competing
            else restricted_mean(kaplan_meier(days, cause == CAUSE), horizon)
        )
        half = 1.96 * mean.error
        yield EffectRow(
            f"{shown.name}: days {'lost to' if competing else 'without'} it by day {horizon}",
            f"{mean.value:.0f} days",
            f"{max(0.0, mean.value - half):.0f} to {min(float(horizon), mean.value + half):.0f}",
            "on average (restricted mean time lost); who died first has no more days to lose"
            if competing
            else "on average (restricted mean)",
        )

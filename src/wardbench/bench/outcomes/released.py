"""What of an analysis may be shown: every figure through disclosure control, curves and tables included.

A curve is released on a grid of days. It takes a step only where at least `fewest` persons of that arm had the outcome
since its last step, and it ends where fewer are still followed, so that no step stands for a few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes.adjustment import WHOM
from wardbench.bench.outcomes.analysis import Analysis, outcome_in_words
from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.balance import preference
from wardbench.bench.outcomes.comparison import Comparison, parts
from wardbench.bench.outcomes.described import ReleasedDescription, released_description
from wardbench.bench.outcomes.diagnostics import PROPORTIONAL
from wardbench.bench.outcomes.subjects import DEATH, FREE, OUTCOME
from wardbench.bench.outcomes.survival import aalen_johansen, kaplan_meier, restricted_mean
from wardbench.bench.outcomes.weighting import effective_size
from wardbench.core.disclosure import NEARLY_ALL, Figure, Rules, percent
from wardbench.core.disclosure.figures import significant

POINTS = 12
TOP = 15


@dataclass(frozen=True)
class StepRow:
    name: str
    target: Figure
    comparator: Figure


@dataclass(frozen=True)
class CurvePoint:
    day: int
    share: float
    low: float
    high: float
    at_risk: Figure


@dataclass(frozen=True)
class ReleasedCurve:
    """The share with the outcome by each day of the grid, as far as it may be shown."""

    name: str
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class CovariateRow:
    label: str
    target: str
    comparator: str
    before: float
    after: float


@dataclass(frozen=True)
class GateRow:
    name: str
    value: str
    limit: str
    passed: bool
    note: str = ""


@dataclass(frozen=True)
class EffectRow:
    """One estimate in words of the reader: what, the value, its interval."""

    name: str
    value: str
    interval: str
    note: str = ""


@dataclass(frozen=True)
class PreferenceBin:
    """Between which preference scores, and the share of each arm there."""

    low: float
    high: float
    target: float
    comparator: float


@dataclass(frozen=True)
class ReleasedOutcomes:
    """All that a page may show."""

    mode: str
    label: str
    notes: tuple[str, ...]
    target: Figure
    comparator: Figure
    attrition: tuple[StepRow, ...]
    curves: tuple[ReleasedCurve, ...]
    weighted_curves: tuple[ReleasedCurve, ...]
    covariates: tuple[CovariateRow, ...]
    covariates_judged: int
    description: ReleasedDescription
    summary: tuple[EffectRow, ...]
    """What happened, by horizon and arm, without any adjustment."""
    gates: tuple[GateRow, ...]
    refusals: tuple[str, ...]
    effects: tuple[EffectRow, ...]
    variants: tuple[EffectRow, ...]
    controls: int
    whom: str
    headline: str
    """The difference by the last horizon in a sentence; empty where there is none to tell."""
    answerable: bool
    compared: bool
    """Whether the protocol asks for a comparison at all."""
    preference: tuple[PreferenceBin, ...]
    effective: tuple[str, str]
    """The effective numbers of persons after adjustment, of target and comparator; empty where nothing is compared."""


def release(analysis: Analysis, rules: Rules) -> ReleasedOutcomes:
    """Take an analysis through the rules of a mode."""
    subjects, comparison = analysis.subjects, analysis.comparison
    chains = [rules.chain([getattr(step, arm) for step in subjects.attrition]) for arm in ("target", "comparator")]
    steps = tuple(
        StepRow(step.name, target, comparator)
        for step, target, comparator in zip(subjects.attrition, *chains, strict=True)
    )
    grid = days_of(analysis)
    curves = tuple(
        curve(name, subjects.days[of], subjects.ended[of], np.ones(int(of.sum())), grid, rules)
        for name, of in (("Target", subjects.treated), ("Comparator", ~subjects.treated))
        if of.any()
    )
    weighted: tuple[ReleasedCurve, ...] = ()
    if comparison is not None and comparison.estimates is not None:
        weighted = tuple(
            curve(name, *arm, grid, rules)
            for name, arm in zip(("Target", "Comparator"), parts(subjects, comparison.arms.adjusted), strict=True)
        )
    return ReleasedOutcomes(
        mode=rules.mode,
        label=rules.label,
        notes=rules.notes,
        target=rules.total(int(subjects.treated.sum())),
        comparator=rules.total(int((~subjects.treated).sum())),
        attrition=steps,
        curves=curves,
        weighted_curves=weighted,
        covariates=covariates(analysis, rules),
        covariates_judged=0 if analysis.matrix is None else len(analysis.matrix.columns),
        description=released_description(analysis.description, rules),
        summary=summary(analysis, curves, rules),
        gates=gates(comparison, rules),
        refusals=refusals(analysis),
        effects=effects(comparison),
        variants=variants(analysis),
        controls=0 if comparison is None else len(comparison.controls),
        whom=WHOM[analysis.question.protocol.adjustment],
        headline=headline(analysis),
        answerable=comparison is not None and comparison.estimates is not None,
        compared=analysis.question.comparator is not None,
        preference=preferences(analysis, rules),
        effective=effective(analysis, rules),
    )


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
    if analysis.comparison is None:
        return ("", "")
    weight, treated = analysis.comparison.arms.adjusted.weight, analysis.subjects.treated
    target, comparator = (rules.total(int(effective_size(weight[arm]))).text for arm in (treated, ~treated))
    return target, comparator


def days_of(analysis: Analysis) -> Integers:
    last = analysis.question.protocol.horizons[-1]
    evenly = np.round(np.linspace(0, last, POINTS + 1)[1:]).astype(int)
    return np.unique(np.concatenate([evenly, analysis.question.protocol.horizons]))


def curve(name: str, days: Floats, ended: Integers, weight: Floats, grid: Integers, rules: Rules) -> ReleasedCurve:
    """The cumulative incidence of the outcome, death before it competing, on the grid."""
    cause = np.where(ended == OUTCOME, 1, np.where(ended == DEATH, 2, FREE))
    incidence = aalen_johansen(days, cause, weight=weight)
    low, high = incidence.band()
    points = []
    outcomes_shown, persons, at = 0, len(days), 0
    for day in grid:
        left = int(np.count_nonzero(days >= day))
        outcomes = int(np.count_nonzero((days <= day) & (ended == OUTCOME)))
        if min(left, persons) < rules.fewest:
            break
        if outcomes - outcomes_shown >= rules.fewest:
            outcomes_shown, at = outcomes, int(day)
        place = int(np.searchsorted(incidence.time, at, side="right")) - 1
        values = (0.0, 0.0, 0.0) if place < 0 or at == 0 else (incidence.share[place], low[place], high[place])
        share, under, over = (round(float(value), 3) for value in values)
        points.append(CurvePoint(int(day), share, under, over, rules.part(left, persons)))
    return ReleasedCurve(name, tuple(points))


def summary(analysis: Analysis, curves: tuple[ReleasedCurve, ...], rules: Rules) -> tuple[EffectRow, ...]:
    """Shares by each horizon as the released curves have them, who died of something else first, restricted means.

    A horizon that a curve does not reach, and whatever fewer than enough persons stand behind, is left out.
    """
    subjects, rows = analysis.subjects, []
    for shown in curves:
        of = subjects.treated if shown.name == "Target" else ~subjects.treated
        days, ended = subjects.days[of], subjects.ended[of]
        cause = np.where(ended == OUTCOME, 1, np.where(ended == DEATH, 2, FREE))
        for horizon in analysis.question.protocol.horizons:
            at = [point for point in shown.points if point.day <= horizon]
            if not at or shown.points[-1].day < horizon:
                continue
            value, low, high = (100 * one for one in (at[-1].share, at[-1].low, at[-1].high))
            here = days <= horizon
            first = ""
            if rules.listed(int(np.count_nonzero(here & (ended == DEATH)))):
                share = 100 * aalen_johansen(days, cause, of=2).at([horizon])[0]
                first = f"{share:.0f} in 100 died without it"
            name, interval = f"{shown.name}: outcome by day {horizon}", f"{low:.1f} to {high:.1f}"
            rows.append(EffectRow(name, f"{value:.1f} in 100", interval, first))
            outcomes = int(np.count_nonzero(here & (ended == OUTCOME)))
            if rules.listed(outcomes) and rules.listed(len(days) - outcomes):
                mean = restricted_mean(kaplan_meier(days, ended == OUTCOME), horizon)
                half = 1.96 * mean.error
                rows.append(
                    EffectRow(
                        f"{shown.name}: days without it by day {horizon}",
                        f"{mean.value:.0f} days",
                        f"{mean.value - half:.0f} to {mean.value + half:.0f}",
                        "on average (restricted mean), as if nobody died of something else first"
                        if (ended == DEATH).any()
                        else "on average (restricted mean)",
                    )
                )
    return tuple(rows)


def covariates(analysis: Analysis, rules: Rules) -> tuple[CovariateRow, ...]:
    """Those that differed most before adjustment, and are common enough to be named."""
    comparison, subjects, matrix = analysis.comparison, analysis.subjects, analysis.matrix
    if matrix is None or comparison is None or not matrix.columns:
        return ()
    sizes = [int(subjects.treated.sum()), int((~subjects.treated).sum())]
    counts = [np.asarray(of.astype(float) @ matrix.values).ravel() for of in (subjects.treated, ~subjects.treated)]
    before, after = comparison.arms.before, comparison.arms.after
    rank = np.lexsort((-(counts[0] + counts[1]), -np.abs(before)))
    rows: list[CovariateRow] = []
    for place in rank:
        have = [round(float(count[place])) for count in counts]
        present = [number for number, size in zip(have, sizes, strict=True) if size]
        if not all(rules.listed(number) for number in present) or len(rows) == TOP:
            continue
        target, comparator = (
            percent(rules.part(number, size), rules.total(size), decimals=rules.percent_decimals)
            for number, size in zip(have, sizes, strict=True)
        )
        rows.append(
            CovariateRow(
                matrix.columns[place].label,
                target,
                comparator,
                round(float(np.clip(before[place], -9, 9)), 2),
                round(float(np.clip(after[place], -9, 9)), 2),
            )
        )
    return tuple(rows)


def gates(comparison: Comparison | None, rules: Rules) -> tuple[GateRow, ...]:
    if comparison is None:
        return ()
    rows = []
    for gate in comparison.gates:
        counted = gate.name in ("Outcomes", "Persons in the smaller arm")
        value = rules.total(int(gate.value)).text if counted else significant(gate.value, 2).text
        rows.append(GateRow(gate.name, value, f"{gate.limit:g}", gate.passed, gate.note))
    return tuple(rows)


def refusals(analysis: Analysis) -> tuple[str, ...]:
    if analysis.question.comparator is None:
        return ("the protocol has no comparator: this report describes, and compares nothing",)
    if analysis.comparison is None:
        return ("there is nobody to compare in one of the arms",)
    return analysis.comparison.refusals


def effects(comparison: Comparison | None) -> tuple[EffectRow, ...]:
    if comparison is None or comparison.estimates is None:
        return ()
    found, rows = comparison.estimates, []
    for risk in found.risks:
        low, high = (risk.difference + side * 1.96 * risk.error for side in (-1, 1))
        needed = risk.number_needed
        crosses = low < 0 < high
        side = "fewer" if risk.difference < 0 else "more"
        rows.append(
            EffectRow(
                f"Risk difference by day {risk.day}",
                f"{100 * risk.difference:+.1f} in 100",
                f"{100 * low:+.1f} to {100 * high:+.1f}",
                "the interval holds none at all, so no number needed to treat is given"
                if crosses
                else f"one outcome {side} for every {np.ceil(needed):.0f} treated",
            )
        )
    mean = found.mean_difference
    rows.append(
        EffectRow(
            f"Days without the outcome by day {found.risks[-1].day}",
            f"{mean.value:+.0f} days",
            f"{mean.value - 1.96 * mean.error:+.0f} to {mean.value + 1.96 * mean.error:+.0f}",
        )
    )
    if found.proportional_p < PROPORTIONAL:
        rows.append(EffectRow("Hazard ratio", "not shown", "", _proportional(found.proportional_p)))
        return tuple(rows)
    value, low, high = found.hazard_ratio.limits()
    rows.append(
        EffectRow("Hazard ratio", f"{value:.2f}", f"{low:.2f} to {high:.2f}", _proportional(found.proportional_p))
    )
    if found.calibrated is not None:
        value, low, high = found.calibrated
        rows.append(
            EffectRow(
                "Hazard ratio, calibrated by negative controls",
                f"{value:.2f}",
                f"{low:.2f} to {high:.2f}",
                f"calibrated p {found.calibrated_p:.2g}",
            )
        )
    rows.append(
        EffectRow(
            "E-value",
            f"{found.e_value:.2f}",
            f"{found.e_value_of_limit:.2f} for the limit nearer to 1",
            "how strong something unmeasured would have to be, with both, to explain this away",
        )
    )
    return tuple(rows)


def headline(analysis: Analysis) -> str:
    """Shares of the two arms by the last horizon side by side, whichever of them is larger."""
    comparison = analysis.comparison
    if comparison is None or comparison.estimates is None:
        return ""
    risk = comparison.estimates.risks[-1]
    low, high = sorted(100 * abs(risk.difference + side * 1.96 * risk.error) for side in (-1, 1))
    shares = (
        f"by day {risk.day}, {100 * risk.target:.1f} in 100 of the target and {100 * risk.comparator:.1f} in 100 of "
        f"the comparator had the outcome ({outcome_in_words(analysis.question)})"
    )
    if abs(risk.difference) <= 1.96 * risk.error:
        chance = 1.96 * risk.error
        interval = f"{100 * (chance - risk.difference):.1f} fewer to {100 * (chance + risk.difference):.1f} more in 100"
        return f"{shares}; the difference may be chance (95% interval {interval})."
    more = "fewer" if risk.difference < 0 else "more"
    return f"{shares}: {100 * abs(risk.difference):.1f} {more} (95% interval {low:.1f} to {high:.1f} {more})."


def _proportional(p: float) -> str:
    if p < PROPORTIONAL:
        return f"hazards are not proportional (p {p:.2g}): one ratio would mislead, read the risks by day"
    if p < 0.05:
        return f"hazards may not be proportional (p {p:.2g}): read the risks by day beside it"
    return f"no sign against proportional hazards (p {p:.2g})"


def variants(analysis: Analysis) -> tuple[EffectRow, ...]:
    rows: list[EffectRow] = []
    for variant in analysis.variants:
        found = variant.comparison.estimates
        if found is None:
            rows.append(EffectRow(variant.name, "not answerable", "", "; ".join(variant.comparison.refusals)))
        else:
            risk = found.risks[-1]
            low, high = (100 * (risk.difference + side * 1.96 * risk.error) for side in (-1, 1))
            note = f"by day {risk.day}: {100 * risk.difference:+.1f} in 100 ({low:+.1f} to {high:+.1f})"
            value, low, high = found.hazard_ratio.limits()
            shown = (f"{value:.2f}", f"{low:.2f} to {high:.2f}")
            if found.proportional_p < PROPORTIONAL:
                shown = ("not shown", "")
            rows.append(EffectRow(variant.name, *shown, note))
    return tuple(rows)

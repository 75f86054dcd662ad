"""What may be shown of an effect: each estimate in words of the reader, and the same question asked in other ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes.analysis import Analysis, outcome_in_words
from wardbench.bench.outcomes.comparison import Comparison, Estimates, Risk
from wardbench.bench.outcomes.diagnostics import PROPORTIONAL
from wardbench.core.disclosure import Rules

COMMON_WORDS = " (the outcome is common: of the ratio of risks that the ratio of hazards comes to)"


@dataclass(frozen=True)
class EffectRow:
    """One estimate in words of the reader: what, the value, its interval."""

    name: str
    value: str
    interval: str
    note: str = ""


def may_be_told(comparison: Comparison, rules: Rules) -> bool:
    """Whether so many of either arm had the outcome that a ratio does not give away how few they were."""
    return comparison.estimates is not None and min(comparison.estimates.outcomes) >= rules.fewest


def untold(risk: Risk, rules: Rules, later: Risk | None = None) -> str:
    """Why a share by a day is not told, as a clause; empty where it is. `later` is the next one that is told:
    two shares are steps of a curve, and few may not stand between them."""
    few = "nobody" if rules.fewest <= 1 else f"fewer than {rules.fewest} persons"
    if min(risk.followed) < rules.fewest:
        return f"{few} of one of the arms {'was' if few == 'nobody' else 'were'} followed so long"
    if min(risk.outcomes) < rules.fewest:
        return f"{few} of one of the arms had it by then"
    if min(risk.without) < rules.fewest:
        return f"all of one of the arms{'' if rules.fewest <= 1 else ', or nearly all,'} had it by then"
    if later is not None and rules.fewest > 1:
        between = min(after - before for after, before in zip(later.outcomes, risk.outcomes, strict=True))
        if between < rules.fewest:
            return f"{few} of one of the arms had it from then to day {later.day}"
    return ""


def risks_told(found: Estimates, rules: Rules) -> tuple[tuple[Risk, str], ...]:
    """Each risk, in the order of days, and why it is not told; of two that stand too near the later one is."""
    rows: list[tuple[Risk, str]] = []
    later: Risk | None = None
    for risk in reversed(found.risks):
        why = untold(risk, rules, later)
        rows.insert(0, (risk, why))
        if not why:
            later = risk
    return tuple(rows)


def last_told(found: Estimates, rules: Rules) -> Risk | None:
    return next((risk for risk, why in reversed(risks_told(found, rules)) if not why), None)


def effects(comparison: Comparison | None, rules: Rules) -> tuple[EffectRow, ...]:
    if comparison is None or comparison.estimates is None:
        return ()
    found, rows = comparison.estimates, []
    told = risks_told(found, rules)
    for risk, why in told:
        if why:
            rows.append(EffectRow(f"Risk difference by day {risk.day}", "not shown", "", why))
            continue
        low, high = (risk.difference + side * 1.96 * risk.error for side in (-1, 1))
        needed = risk.number_needed
        crosses = low < 0 < high or risk.difference == 0
        side = "fewer" if risk.difference < 0 else "more"
        rows.append(
            EffectRow(
                f"Risk difference by day {risk.day}",
                f"{100 * risk.difference:+.1f} in 100",
                f"{100 * low:+.1f} to {100 * high:+.1f}",
                "the interval holds 0: no number needed to treat"
                if crosses
                else f"one outcome {side} for every {np.ceil(needed):.0f} treated ({_needed(low, high)})",
            )
        )
    rows.append(_days(found, rules))
    if found.proportional_p < PROPORTIONAL:
        rows.append(EffectRow("Hazard ratio", "not shown", "", proportional(found.proportional_p)))
        return tuple(rows)
    value, low, high = found.hazard_ratio.limits()
    of_cause = "; of the outcome alone (cause-specific), who died first is followed no longer" * found.competing
    note = f"{proportional(found.proportional_p)}{of_cause}"
    rows.append(EffectRow("Hazard ratio", f"{value:.2f}", f"{low:.2f} to {high:.2f}", note))
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
            "",
            "how strong something unrecorded would have to be, with both, to explain this; "
            f"{found.e_value_of_limit:.2f} for the limit nearer to 1{COMMON_WORDS if found.common else ''}",
        )
    )
    return tuple(rows)


def _days(found: Estimates, rules: Rules) -> EffectRow:
    """The difference in days by the last horizon of which a share is told: where hardly anybody is followed any more,
    a mean is of a curve that is carried forward."""
    last = last_told(found, rules)
    risk, why = risks_told(found, rules)[-1]
    name = f"Days {'lost to' if found.competing else 'without'} the outcome by day {(last or risk).day}"
    if last is None:
        return EffectRow(name, "not shown", "", why)
    mean = found.means[found.risks.index(last)]
    return EffectRow(
        name,
        f"{mean.value:+.0f} days",
        f"{mean.value - 1.96 * mean.error:+.0f} to {mean.value + 1.96 * mean.error:+.0f}",
        "on average (restricted mean time lost); who died first has no more days to lose"
        if found.competing
        else "on average (difference of restricted means)",
    )


def _needed(low: float, high: float) -> str:
    """The 95% interval of a number needed to treat, of limits of the difference on one side of 0 (Altman, BMJ
    1998;317:1309); a limit of 0 is without end."""
    least, most = sorted(abs(limit) for limit in (low, high))
    far = f"to {np.ceil(1 / least):.0f}" if least > 0 else "and more"
    return f"95% interval {np.ceil(1 / most):.0f} {far}"


def headline(analysis: Analysis, rules: Rules) -> str:
    """Shares of the two arms by the last horizon that may be told side by side, whichever of them is larger."""
    comparison, question = analysis.comparison, analysis.question
    if comparison is None or comparison.estimates is None or question.comparator is None:
        return ""
    risk = last_told(comparison.estimates, rules)
    if risk is None:
        return without_shares(comparison.estimates)
    low, high = sorted(100 * abs(risk.difference + side * 1.96 * risk.error) for side in (-1, 1))
    shares = (
        f"by day {risk.day}, {100 * risk.target:.1f} in 100 of the target (“{question.target.name}”) and "
        f"{100 * risk.comparator:.1f} in 100 of the comparator (“{question.comparator.name}”) had the outcome "
        f"({outcome_in_words(question)})"
    )
    if abs(risk.difference) <= 1.96 * risk.error:
        chance = 1.96 * risk.error
        interval = f"{100 * (chance - risk.difference):.1f} fewer to {100 * (chance + risk.difference):.1f} more in 100"
        return f"{shares}; the difference may be chance (95% interval {interval})."
    more = "fewer" if risk.difference < 0 else "more"
    return f"{shares}: {100 * abs(risk.difference):.1f} {more} (95% interval {low:.1f} to {high:.1f} {more})."


def without_shares(found: Estimates) -> str:
    """The headline where no share by a day is told."""
    why = "too few persons had the outcome, or were followed so long, for shares by a day to be told"
    if found.proportional_p < PROPORTIONAL:
        return f"{why}, and one ratio for the whole time would mislead."
    value, low, high = found.hazard_ratio.limits()
    return f"{why}; the hazard ratio is {value:.2f} (95% interval {low:.2f} to {high:.2f})."


def proportional(p: float) -> str:
    if p < PROPORTIONAL:
        return f"hazards are not proportional (p {p:.2g}): one ratio would mislead, read the risks by day"
    if p < 0.05:
        return f"hazards may not be proportional (p {p:.2g}): read the risks by day beside it"
    return f"no sign against proportional hazards (p {p:.2g})"

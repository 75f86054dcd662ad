"""What may be shown of an effect: each estimate in words of the reader, and the same question asked in other ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes.analysis import Analysis, outcome_in_words
from wardbench.bench.outcomes.comparison import Comparison
from wardbench.bench.outcomes.diagnostics import PROPORTIONAL

COMMON_WORDS = " (the outcome is common: of the ratio of risks that the ratio of hazards comes to)"


@dataclass(frozen=True)
class EffectRow:
    """One estimate in words of the reader: what, the value, its interval."""

    name: str
    value: str
    interval: str
    note: str = ""


def effects(comparison: Comparison | None) -> tuple[EffectRow, ...]:
    if comparison is None or comparison.estimates is None:
        return ()
    found, rows = comparison.estimates, []
    for risk in found.risks:
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
    mean = found.mean_difference
    rows.append(
        EffectRow(
            f"Days {'lost to' if found.competing else 'without'} the outcome by day {found.risks[-1].day}",
            f"{mean.value:+.0f} days",
            f"{mean.value - 1.96 * mean.error:+.0f} to {mean.value + 1.96 * mean.error:+.0f}",
            "on average (restricted mean time lost); who died first has no more days to lose"
            if found.competing
            else "on average (difference of restricted means)",
        )
    )
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


def _needed(low: float, high: float) -> str:
    """The 95% interval of a number needed to treat, of limits of the difference on one side of 0 (Altman, BMJ
    1998;317:1309); a limit of 0 is without end."""
    least, most = sorted(abs(limit) for limit in (low, high))
    far = f"to {np.ceil(1 / least):.0f}" if least > 0 else "and more"
    return f"95% interval {np.ceil(1 / most):.0f} {far}"


def headline(analysis: Analysis) -> str:
    """Shares of the two arms by the last horizon side by side, whichever of them is larger."""
    comparison, question = analysis.comparison, analysis.question
    if comparison is None or comparison.estimates is None or question.comparator is None:
        return ""
    risk = comparison.estimates.risks[-1]
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


def proportional(p: float) -> str:
    if p < PROPORTIONAL:
        return f"hazards are not proportional (p {p:.2g}): one ratio would mislead, read the risks by day"
    if p < 0.05:
        return f"hazards may not be proportional (p {p:.2g}): read the risks by day beside it"
    return f"no sign against proportional hazards (p {p:.2g})"

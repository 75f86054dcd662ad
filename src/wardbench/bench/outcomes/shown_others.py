"""What may be shown of the same question asked in other ways, and of subgroups."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from wardbench.bench.outcomes.analysis import Analysis
from wardbench.bench.outcomes.comparison import Comparison
from wardbench.bench.outcomes.diagnostics import PROPORTIONAL
from wardbench.bench.outcomes.shown_effects import EffectRow, last_told, may_be_told
from wardbench.bench.outcomes.subgroups import INTERACTION, Group, Subgroups
from wardbench.core.disclosure import Figure, Rules
from wardbench.core.disclosure.figures import NEARLY_ALL


@dataclass(frozen=True)
class ForestRow:
    """A hazard ratio with its limits, to be drawn."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class SubgroupRow:
    """A subgroup: by what, who, how many, the hazard ratio, and what it shrinks to or why it is not shown."""

    by: str
    name: str
    persons: Figure
    outcomes: Figure
    value: str
    interval: str
    note: str


def asked_ways(analysis: Analysis) -> Iterator[tuple[str, Comparison]]:
    """The comparison itself, then the others."""
    if analysis.comparison is not None and analysis.comparison.estimates is not None:
        yield f"as asked ({analysis.question.protocol.adjustment})", analysis.comparison
        for one in analysis.variants:
            yield one.name, one.comparison


def variants(analysis: Analysis, rules: Rules) -> tuple[EffectRow, ...]:
    rows: list[EffectRow] = []
    for name, comparison in asked_ways(analysis):
        found = comparison.estimates
        if found is None:
            rows.append(EffectRow(name, "not answerable", "", "; ".join(comparison.refusals)))
            continue
        if not may_be_told(comparison, rules):
            few = f"fewer than {rules.fewest} persons" if rules.fewest > 1 else "nobody"
            rows.append(EffectRow(name, "not shown", "", f"{few} of one of the arms had the outcome"))
            continue
        risk, note = last_told(found, rules), "no share by a day is told of so few"
        if risk is not None:
            low, high = (100 * (risk.difference + side * 1.96 * risk.error) for side in (-1, 1))
            note = f"by day {risk.day}: {100 * risk.difference:+.1f} in 100 ({low:+.1f} to {high:+.1f})"
        value, low, high = found.hazard_ratio.limits()
        shown = (f"{value:.2f}", f"{low:.2f} to {high:.2f}")
        if found.proportional_p < PROPORTIONAL:
            shown = ("not shown", "")
        elif found.calibrated is not None:
            value, low, high = found.calibrated
            note += f"; calibrated ratio {value:.2f} ({low:.2f} to {high:.2f})"
        rows.append(EffectRow(name, *shown, note))
    return tuple(rows)


def forest(analysis: Analysis, rules: Rules) -> tuple[ForestRow, ...]:
    """The hazard ratios that are shown, of the ways of asking and of subgroups."""
    rows = [
        ForestRow(name, *(round(one, 2) for one in comparison.estimates.hazard_ratio.limits()))
        for name, comparison in asked_ways(analysis)
        if comparison.estimates is not None
        and comparison.estimates.proportional_p >= PROPORTIONAL
        and may_be_told(comparison, rules)
    ]
    if rows:
        rows += [
            ForestRow(f"{of.name}: {one.name}", *(round(value, 2) for value in one.ratio.limits()))
            for of in analysis.subgroups
            for one in of.groups
            if one.ratio is not None
        ]
    return tuple(rows)


def subgroup_rows(analysis: Analysis, rules: Rules) -> tuple[SubgroupRow, ...]:
    """Nothing where one ratio for the whole time is not shown."""
    comparison = analysis.comparison
    if comparison is None or comparison.estimates is None or comparison.estimates.proportional_p < PROPORTIONAL:
        return ()
    return tuple(_row(of, one, rules) for of in analysis.subgroups for one in of.groups)


def _row(of: Subgroups, one: Group, rules: Rules) -> SubgroupRow:
    persons, outcomes = (sum(getattr(group, what) for group in of.groups) for what in ("persons", "outcomes"))
    who, what = rules.part(one.persons, persons), rules.part(one.outcomes, outcomes)
    # "Nearly all" beside a subgroup would be read as nearly all of the subgroup.
    if who == NEARLY_ALL:
        who = Figure(None, f"{who.text} persons")
    if what == NEARLY_ALL:
        what = Figure(None, f"{what.text} outcomes")
    if one.ratio is None:
        return SubgroupRow(of.name, one.name, who, what, "not shown", "", one.why)
    value, low, high = one.ratio.limits()
    note = ""
    if of.p is not None:
        differs = "it seems to differ" if of.p < INTERACTION else "no sign that it differs"
        note = f"{differs} (interaction, p {of.p:.2g}); with the others in mind {math.exp(one.shrunk):.2f}"
    return SubgroupRow(of.name, one.name, who, what, f"{value:.2f}", f"{low:.2f} to {high:.2f}", note)

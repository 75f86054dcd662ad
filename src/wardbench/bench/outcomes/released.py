"""What of an analysis may be shown: every figure through disclosure control, curves and tables included."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from wardbench.bench.outcomes.adjustment import WHOM
from wardbench.bench.outcomes.analysis import Analysis
from wardbench.bench.outcomes.arrays import Integers
from wardbench.bench.outcomes.comparison import Comparison, parts
from wardbench.bench.outcomes.described import ReleasedDescription, released_description
from wardbench.bench.outcomes.diagnostics import OF_AN_ARM, PROPORTIONAL, of_an_arm
from wardbench.bench.outcomes.sensitivity import WITHOUT
from wardbench.bench.outcomes.shown_balance import (
    PreferenceBin,
    ReleasedBalance,
    effective,
    preferences,
    released_balance,
)
from wardbench.bench.outcomes.shown_curves import ReleasedCurve, curve, days_of, summary
from wardbench.bench.outcomes.shown_effects import EffectRow, effects, headline, may_be_told
from wardbench.bench.outcomes.shown_others import ForestRow, SubgroupRow, forest, subgroup_rows, variants
from wardbench.bench.outcomes.strength import Strength, strength
from wardbench.bench.outcomes.subgroups import INTERACTION
from wardbench.bench.outcomes.subjects import CAUSE, OTHER_CAUSE
from wardbench.core.disclosure import Figure, Rules
from wardbench.core.disclosure.figures import significant

COUNTED = ("Outcomes", "Persons in the smaller arm", OF_AN_ARM)
"""Gates that judge a number of persons."""
LEAST = 0.0001
"""What is found below this is said to be: the chance of an impossible beginning has fifty zeros."""


@dataclass(frozen=True)
class StepRow:
    name: str
    target: Figure
    comparator: Figure


@dataclass(frozen=True)
class GateRow:
    """One diagnostic; `limit` says "at least" or "at most", `remedy` what could make it pass."""

    name: str
    value: str
    limit: str
    passed: bool
    note: str = ""
    reason: str = ""
    remedy: str = ""


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
    deaths: tuple[ReleasedCurve, ...]
    """Death before the outcome, of whom `curves` are; empty where too few died so."""
    weighted_curves: tuple[ReleasedCurve, ...]
    balance: ReleasedBalance
    description: ReleasedDescription
    summary: tuple[EffectRow, ...]
    """What happened, by horizon and arm, without any adjustment."""
    gates: tuple[GateRow, ...]
    refusals: tuple[str, ...]
    effects: tuple[EffectRow, ...]
    variants: tuple[EffectRow, ...]
    """The comparison itself first, then the same question in other ways."""
    forest: tuple[ForestRow, ...]
    subgroups: tuple[SubgroupRow, ...]
    controls: int
    whom: str
    headline: str
    """The difference by the last horizon in a sentence; empty where there is none to tell."""
    answerable: bool
    compared: bool
    """Whether the protocol asks for a comparison at all."""
    strength: Strength | None
    """How far the estimates may be trusted; None where there are none."""
    preference: tuple[PreferenceBin, ...]
    effective: tuple[str, str]
    """The effective numbers of persons after adjustment, of target and comparator; empty where nothing is compared."""


def release(analysis: Analysis, rules: Rules) -> ReleasedOutcomes:
    """Take an analysis through the rules of a mode."""
    subjects = analysis.subjects
    if min(subjects.treated.sum(), (~subjects.treated).sum()) < rules.fewest:
        # That an arm is empty would be told by what is not judged, were a small one judged.
        analysis = replace(analysis, comparison=None, matrix=None)
    analysis = enough_to_tell(analysis, rules)
    comparison = analysis.comparison
    chains = [rules.chain([getattr(step, arm) for step in subjects.attrition]) for arm in ("target", "comparator")]
    steps = tuple(
        StepRow(step.name, target, comparator)
        for step, target, comparator in zip(subjects.attrition, *chains, strict=True)
    )
    grid = days_of(analysis)
    answerable = comparison is not None and comparison.estimates is not None
    groups = arms_shown(analysis, answerable)
    curves, deaths = (
        tuple(
            curve(name, subjects.days[of], subjects.ended[of], np.ones(int(of.sum())), grid, rules, of=event)
            for name, of in groups
        )
        for event in (CAUSE, OTHER_CAUSE)
    )
    weighted: tuple[ReleasedCurve, ...] = ()
    if comparison is not None and answerable:
        weighted = tuple(
            curve(name, *arm, grid, rules, whole=int(np.count_nonzero(subjects.treated == treated)))
            for name, treated, arm in zip(
                ("Target", "Comparator"), (True, False), parts(subjects, comparison.arms.adjusted), strict=True
            )
        )
    return ReleasedOutcomes(
        mode=rules.mode,
        label=rules.label,
        notes=rules.notes,
        target=rules.total(int(subjects.treated.sum())),
        comparator=rules.total(int((~subjects.treated).sum())),
        attrition=steps,
        curves=curves,
        deaths=tuple(one for one in deaths if any(point.share for point in one.points)),
        weighted_curves=weighted,
        balance=released_balance(analysis, rules),
        description=released_description(analysis.description, rules),
        summary=summary(analysis, curves, dict(groups), rules),
        gates=gates(comparison, rules),
        refusals=refusals(analysis, rules),
        effects=effects(comparison, rules),
        variants=variants(analysis, rules),
        forest=forest(analysis, rules),
        subgroups=subgroup_rows(analysis, rules),
        controls=0 if comparison is None else len(comparison.controls),
        whom=WHOM[analysis.question.protocol.adjustment],
        headline=headline(analysis, rules),
        answerable=answerable,
        compared=analysis.question.comparator is not None,
        strength=trusted(analysis, rules),
        preference=preferences(analysis, rules),
        effective=effective(analysis, rules),
    )


def enough_to_tell(analysis: Analysis, rules: Rules) -> Analysis:
    """The analysis, its estimates locked where so few of an arm had the outcome that they may not be told: a ratio, its
    interval and a share by a day each give their number away."""
    comparison = analysis.comparison
    if comparison is None or comparison.estimates is None or may_be_told(comparison, rules):
        return analysis
    gates = tuple(
        of_an_arm(int(gate.value), rules.fewest) if gate.name == OF_AN_ARM else gate for gate in comparison.gates
    )
    return replace(analysis, comparison=replace(comparison, gates=gates, estimates=None), variants=(), subgroups=())


def arms_shown(analysis: Analysis, answerable: bool) -> list[tuple[str, Integers]]:
    """Whose outcomes are shown as recorded: each arm's where the arms may be compared, else everybody's together.

    Two arms drawn beside each other are a comparison, the worst of all, whatever is written below them.
    """
    treated = analysis.subjects.treated
    if analysis.question.comparator is None:
        return [("Target", treated)] if treated.any() else []
    if answerable:
        return [("Target", treated), ("Comparator", ~treated)]
    return [("Both arms together", np.ones(len(treated), dtype=bool))] if len(treated) else []


def gates(comparison: Comparison | None, rules: Rules) -> tuple[GateRow, ...]:
    if comparison is None:
        return ()
    rows = []
    for gate in comparison.gates:
        if gate.name in COUNTED:
            value = rules.total(int(gate.value)).text
        elif gate.persons is not None and gate.persons < rules.fewest and rules.fewest > 1:
            value = f"{rules.total(gate.persons).text} persons"
        elif 0 < gate.value < LEAST:
            value = f"below {LEAST:f}".rstrip("0")
        else:
            value = significant(gate.value, 2).text if math.isfinite(gate.value) else "beyond any"
        why = ("", "") if gate.passed else (gate.reason, gate.remedy)
        rows.append(GateRow(gate.name, value, f"{gate.sense} {gate.limit:g}", gate.passed, gate.note, *why))
    if comparison.estimates is not None:
        p = comparison.estimates.proportional_p
        note = "" if p >= PROPORTIONAL else "no hazard ratio is shown"
        rows.append(
            GateRow("Proportional hazards (p of the test)", f"{p:.2g}", f"at least {PROPORTIONAL:g}", not note, note)
        )
    return tuple(rows)


def refusals(analysis: Analysis, rules: Rules) -> tuple[str, ...]:
    if analysis.question.comparator is None:
        return ("the protocol has no comparator: this report describes, and compares nothing",)
    if analysis.comparison is None:
        return tuple(emptied(analysis, rules))
    return analysis.comparison.refusals


def emptied(analysis: Analysis, rules: Rules) -> Iterator[str]:
    """For each arm that hardly anybody is left in, at which step that came about."""
    few = "nobody" if rules.fewest <= 1 else f"fewer than {rules.fewest} persons"
    for arm in ("target", "comparator"):
        steps = analysis.subjects.attrition
        if getattr(steps[-1], arm) < rules.fewest:
            step = next(step for step in steps if getattr(step, arm) < rules.fewest)
            where = "in its cohort" if step is steps[0] else f"left after the step “{step.name}”"
            yield f"{few} of the {arm} {'is' if few == 'nobody' else 'are'} {where}"


def trusted(analysis: Analysis, rules: Rules) -> Strength | None:
    if analysis.comparison is None or analysis.comparison.estimates is None:
        return None
    others = [(one.name, one.comparison) for one in analysis.variants if one.name != WITHOUT]
    differs = [one.name.lower() for one in analysis.subgroups if one.p is not None and one.p < INTERACTION]
    return strength(analysis.comparison, others, differs, rules)

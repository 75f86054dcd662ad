"""How far an estimate may be trusted, and what would change it: doubts that follow from what was found, each by a rule.

An association in one hospital's records is never more than that; the grade says how many of the doubts that could be
looked into are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wardbench.bench.outcomes.calibration import FEWEST
from wardbench.bench.outcomes.comparison import Comparison, Estimates, Risk
from wardbench.bench.outcomes.diagnostics import BY_CHANCE, PROPORTIONAL
from wardbench.bench.outcomes.shown_effects import last_told
from wardbench.core.disclosure import Rules

USEFUL_RATIO = 2.0
"""A smallest detectable ratio beyond this misses what most treatments do."""
WEAK_E_VALUE = 1.5
WIDER = 1.25
"""An error so much larger is that of fewer persons."""
GRADES = ("as strong as the records of one hospital allow", "limited", "weak")
MANY = 3
"""So many doubts make it weak."""


@dataclass(frozen=True)
class Doubt:
    """What speaks against reading much into an estimate, and what would settle it."""

    why: str
    change: str


@dataclass(frozen=True)
class Strength:
    grade: str
    doubts: tuple[Doubt, ...]


def strength(
    comparison: Comparison, others: Sequence[tuple[str, Comparison]], differs_by: Sequence[str], rules: Rules
) -> Strength:
    """`others` are the same question asked in other ways, `differs_by` the subgroups in which the effect differs,
    `rules` those by which shares are told: a doubt is about what a reader is told."""
    doubts = (*_of_main(comparison, rules), *_of_others(comparison, others, rules), *_of_groups(differs_by))
    return Strength(GRADES[0 if not doubts else 2 if len(doubts) >= MANY else 1], doubts)


def uncertain(found: Estimates, risk: Risk | None) -> bool:
    """Whether the interval of a difference by a day holds none; without a day, that of the ratio."""
    if risk is None:
        return abs(found.hazard_ratio.log) <= 1.96 * found.hazard_ratio.error
    return abs(risk.difference) <= 1.96 * risk.error


def _of_main(comparison: Comparison, rules: Rules) -> Iterator[Doubt]:
    found = comparison.estimates
    if found is None:
        return
    if uncertain(found, last_told(found, rules)):
        yield Doubt("chance alone could explain the difference", "more patients, or a longer follow-up")
    elif found.proportional_p >= PROPORTIONAL:
        if found.calibrated is not None and found.calibrated[1] <= 1 <= found.calibrated[2]:
            yield Doubt(
                "the systematic error that the negative controls show could explain the difference",
                "records of what decides between the treatments",
            )
        if found.e_value_of_limit < WEAK_E_VALUE:
            yield Doubt(
                f"something unrecorded that makes both the treatment and the outcome {found.e_value_of_limit:.1f} "
                "times as likely could explain the difference",
                "records of what decides between the treatments, or a trial",
            )
    if len(comparison.controls) < FEWEST:
        yield Doubt(
            f"fewer than {FEWEST} negative controls held an estimate, so that systematic error was not measured",
            "outcomes in the protocol that neither treatment can change",
        )
    beyond = [f"{gate.name[0].lower()}{gate.name[1:]}" for gate in comparison.gates if gate.note]
    if beyond:
        yield Doubt(f"above the limit, though {BY_CHANCE}: {' and '.join(beyond)}", "more patients")
    for gate in comparison.gates:
        if gate.name == "Smallest ratio that would be found" and gate.value > USEFUL_RATIO:
            yield Doubt(f"a ratio below {gate.value:.1f} would probably have been missed", "more patients")


def _of_others(main: Comparison, others: Sequence[tuple[str, Comparison]], rules: Rules) -> Iterator[Doubt]:
    """Held beside one another by the last day of which the main answer tells a share."""
    if main.estimates is None:
        return
    risk = last_told(main.estimates, rules)
    chance = uncertain(main.estimates, risk)
    away, locked = [], []
    for name, other in others:
        if other.estimates is None:
            locked.append(name)
            continue
        here, there = _beside(main.estimates, other.estimates, risk)
        # Among fewer persons an interval is wider and holds none more easily, which is no other answer.
        as_sure = there[1] <= WIDER * here[1] and (abs(there[0]) <= 1.96 * there[1]) != chance
        if abs(there[0] - here[0]) > 1.96 * there[1] or as_sure:
            away.append(name)
    if away:
        yield Doubt(f"asked in other ways it comes out differently ({', '.join(away)})", "a look at why")
    if locked:
        yield Doubt(f"asked in other ways it cannot be answered ({', '.join(locked)})", "more patients")


def _beside(main: Estimates, other: Estimates, risk: Risk | None) -> tuple[tuple[float, float], tuple[float, float]]:
    """A difference with its error, here and there: of shares by the day of `risk` where some are followed to it there
    too, else of the logarithms of ratios."""
    there = next((one for one in other.risks if risk is not None and one.day == risk.day and min(one.followed)), None)
    if risk is None or there is None:
        return (main.hazard_ratio.log, main.hazard_ratio.error), (other.hazard_ratio.log, other.hazard_ratio.error)
    return (risk.difference, risk.error), (there.difference, there.error)


def _of_groups(names: Sequence[str]) -> Iterator[Doubt]:
    if names:
        yield Doubt(f"it seems to differ between patients ({', '.join(names)})", "a protocol for each of these groups")

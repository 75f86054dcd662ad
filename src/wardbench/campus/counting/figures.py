"""What a page may show of a definition that was counted, after disclosure control."""

from __future__ import annotations

from dataclasses import dataclass, field

from wardbench.campus.counting.purposes import Whom
from wardbench.campus.counting.rules import Mode
from wardbench.cohorts import Look
from wardbench.core.disclosure import Figure, Rules


@dataclass(frozen=True)
class RuleShown:
    """What a page may show of a rule: who satisfies it alone, who is left after it, who there would be without it, and
    how many more that is (`cost`). `bar` is the share of the entry that is left, in percent."""

    name: str
    alone: Figure
    left: Figure
    cost: Figure
    without: Figure
    bar: int
    empties: bool


@dataclass(frozen=True)
class Shown:
    """What a page may show of a definition. `left_out` says how many persons stand in no count of this purpose, in
    whichever cohort they would be."""

    mode: Mode
    persons: Figure
    entry: Figure
    rules: tuple[RuleShown, ...]
    snapshot_version: str
    milliseconds: int = field(compare=False)
    left_out: Figure | None = None


def shown(mode: Mode, found: Look, rules: Rules, of: Whom) -> Shown:
    """What was found, through the rules of disclosure of a mode."""
    steps = rules.chain([found.entry.persons, *(rule.left.persons for rule in found.rules)])
    most = max(found.entry.persons, 1)
    told = tuple(
        RuleShown(
            name=rule.name,
            alone=rules.part(rule.persons.satisfying, found.entry.persons),
            left=left,
            cost=rules.total(rule.without - found.persons),
            without=rules.total(rule.without),
            bar=round(100 * rule.left.persons / most) if left.value is not None else 0,
            empties=found.emptied_by == number,
        )
        for number, (rule, left) in enumerate(zip(found.rules, steps[1:], strict=True))
    )
    return Shown(
        mode,
        rules.total(found.persons),
        steps[0],
        told,
        found.snapshot_version,
        round(1000 * found.seconds),
        of.left_out if of.but.ids else None,
    )

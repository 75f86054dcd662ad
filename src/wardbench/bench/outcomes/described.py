"""What of a description may be shown: who the patients are, what was done, and laboratory values over time."""

from __future__ import annotations

from dataclasses import dataclass

from wardbench.bench.outcomes.description import Description
from wardbench.bench.outcomes.pathways import Pathways
from wardbench.bench.outcomes.similar import Similar
from wardbench.bench.outcomes.trajectories import Trajectory
from wardbench.core.disclosure import Figure, Rules, percent

TOP = 15
KINDS = {"condition_occurrence": "Condition", "drug_exposure": "Drug", "procedure_occurrence": "Procedure"}
MONTH = 30.4375


@dataclass(frozen=True)
class WhoRow:
    """A sex, an age, or something recorded in the year up to time zero; `others` is empty where it is not told."""

    kind: str
    name: str
    persons: Figure
    share: str
    others: str


@dataclass(frozen=True)
class PathRow:
    """One order in which drugs were started."""

    steps: tuple[str, ...]
    persons: Figure
    share: str


@dataclass(frozen=True)
class WindowRow:
    """Values in a window: from and to which month after time zero, how many persons, median and quartiles."""

    first: int
    last: int
    when: str
    persons: Figure
    low: Figure
    median: Figure
    high: Figure


@dataclass(frozen=True)
class TrajectoryRow:
    name: str
    unit: str
    windows: tuple[WindowRow, ...]


@dataclass(frozen=True)
class ReleasedDescription:
    """All that may be shown of a description. `others` is how many persons of the hospital the shares stand beside.

    `paths` is empty where no order may be listed.
    """

    persons: Figure
    others: Figure
    who: tuple[WhoRow, ...]
    drugs: tuple[str, ...]
    paths: tuple[PathRow, ...]
    trajectories: tuple[TrajectoryRow, ...]


def released_description(found: Description, rules: Rules) -> ReleasedDescription:
    """Take a description through the rules of a mode."""
    whole = rules.total(found.similar.patients)
    return ReleasedDescription(
        whole,
        rules.total(found.similar.others),
        (
            *shared_out("Sex", found.similar.sexes, whole, rules),
            *shared_out("Age", found.similar.ages, whole, rules),
            *recorded_before(found.similar, whole, rules),
        ),
        drugs(found.pathways, rules),
        paths(found.pathways, whole, rules),
        trajectories(found.trajectories, found.similar.patients, rules),
    )


def shared_out(kind: str, cells: tuple[tuple[str, int], ...], whole: Figure, rules: Rules) -> tuple[WhoRow, ...]:
    """Categories that make up everybody, small ones with a neighbour."""
    rows = []
    for group in rules.partition([count for _, count in cells]):
        names = [cells[place][0] for place in group.members]
        name = names[0] if len(names) == 1 else f"{names[0]} or {names[-1]}" if kind == "Sex" else _together(names)
        share = percent(group.count, whole, decimals=rules.percent_decimals)
        rows.append(WhoRow(kind, name, group.count, share, ""))
    return tuple(rows)


def _together(names: list[str]) -> str:
    """Bands that follow each other as one."""
    if not all(" to " in name for name in names):
        return ", ".join(names)
    return f"{names[0].split(' to ')[0]} to {names[-1].split(' to ')[1]}"


def recorded_before(found: Similar, whole: Figure, rules: Rules) -> tuple[WhoRow, ...]:
    rows: list[WhoRow] = []
    for had in found.had:
        if len(rows) == TOP or not rules.listed(had.patients):
            break
        persons = rules.part(had.patients, found.patients)
        share = percent(persons, whole, decimals=rules.percent_decimals)
        enough = rules.listed(had.others) and rules.listed(found.others - had.others)
        others = f"{100 * had.share:.{rules.percent_decimals}f}%" if enough else ""
        rows.append(WhoRow(KINDS[had.table], had.name, persons, share or persons.text, others))
    return tuple(rows)


def drugs(found: Pathways, rules: Rules) -> tuple[str, ...]:
    """Drugs that enough persons started to be named."""
    return tuple(name for name, persons in zip(found.drugs, found.started, strict=True) if rules.listed(persons))


def paths(found: Pathways, whole: Figure, rules: Rules) -> tuple[PathRow, ...]:
    """Sequences that enough persons had; all others as one, which enough persons stand behind too. Nothing where no
    sequence is left to be named: that everybody had another one says nothing."""
    shown = [(steps, count) for steps, count in found.sequences if rules.listed(count)][:TOP]
    rest = found.persons - sum(count for _, count in shown)
    while rest and shown and not rules.listed(rest):
        rest += shown.pop()[1]
    if not shown:
        return ()
    cells = [count for _, count in shown] + ([rest] if rest else [])
    names = [steps or ("none of these drugs started",) for steps, _ in shown] + [("another order",)]
    rows = []
    for group in rules.partition(cells):
        steps = names[group.members[0]] if len(group.members) == 1 else ("any order",)
        rows.append(PathRow(steps, group.count, percent(group.count, whole, decimals=rules.percent_decimals)))
    return tuple(rows)


def trajectories(found: tuple[Trajectory, ...], whole: int, rules: Rules) -> tuple[TrajectoryRow, ...]:
    """Analytes of which a median may be told; what few were measured of is not named either."""
    rows = (trajectory(one, whole, rules) for one in found)
    return tuple(row for row in rows if any(window.median.value is not None for window in row.windows))


def trajectory(found: Trajectory, whole: int, rules: Rules) -> TrajectoryRow:
    rows = []
    for window in found.windows:
        spread = rules.quantiles(window.values, whole)
        count = rules.part(window.values.persons, whole)
        when = months(window.first, window.last)
        rows.append(WindowRow(window.first, window.last, when, count, spread.q25, spread.median, spread.q75))
    return TrajectoryRow(found.name, found.unit, tuple(rows))


def months(first: int, last: int) -> str:
    """A window in words."""
    if first == last == 0:
        return "at time zero"
    begin, end = (round(abs(day) / MONTH) for day in ((first - 1, last) if first > 0 else (first, last + 1)))
    return f"{begin} to {end} months before" if first < 0 else f"month {begin} to {end}"

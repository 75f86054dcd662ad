"""Table 1: a study beside the hospital's patients with the same definition, after disclosure control.

Standardised differences are worked out from what is shown, so that they say no more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wardbench.core.disclosure import Figure, Quantiles, Rules, percent
from wardbench.core.store import Snapshot
from wardbench.ward.benchmark.aggregates import YES, Aggregates
from wardbench.ward.benchmark.charts import dotted
from wardbench.ward.benchmark.described import Described, Description, describe
from wardbench.ward.benchmark.page import Cell, Made, Report, Section, Table, made_of, told
from wardbench.ward.benchmark.summaries import (
    ALIKE,
    Levels,
    Numbers,
    Summary,
    centre_and_spread,
    difference_of_levels,
    difference_of_means,
    difference_of_shares,
)
from wardbench.ward.cohorts import Cohort

LITERATURE = (
    "Austin PC. Balance diagnostics for comparing the distribution of baseline covariates. Statist Med 2009;28:3083.",
    "Yang D, Dalton JE. A unified approach to measuring the effect size between two groups. SAS Global Forum 2012;335.",
    "Wan X and others. Estimating the sample mean and standard deviation. BMC Med Res Methodol 2014;14:135.",
)
NOBODY = Figure(None, "")
REST = "other or not recorded"


@dataclass(frozen=True)
class Side:
    """One group: its size as it is and as it is shown, and the rules for its figures."""

    persons: int
    shown: Figure
    rules: Rules


@dataclass(frozen=True)
class Line:
    """A line of the table: study, hospital, and how far apart."""

    label: str
    study: str
    hospital: str
    difference: Figure


def beside(
    snapshot: Snapshot, study: Cohort | Aggregates, hospital: Cohort, rules: Rules, command: str, *, days: int
) -> Report:
    """A study, as a cohort or as aggregates, beside the hospital's patients; what was recorded counts for `days`.

    NotFoundError or InputError as `describe`.
    """
    definitions = [(f"Hospital: “{hospital.name}”", hospital.plan_hash)]
    if isinstance(study, Aggregates):
        files = [study.file]
        *sides, lines = table_of_aggregates(study, describe(snapshot, [hospital], study.variables, days=days), rules)
    else:
        files = []
        definitions.insert(0, (f"Study: “{study.name}”", study.plan_hash))
        *sides, lines = table_of_cohorts(describe(snapshot, [study, hospital], days=days), rules)
    made = made_of(command, "", snapshot=snapshot, files=files, definitions=definitions)
    title, given = f"{study.name} beside {hospital.name}", isinstance(study, Aggregates)
    return table1_report(title, (sides[0], sides[1]), lines, rules, made, days=days, given=given)


def table_of_aggregates(study: Aggregates, hospital: Description, rules: Rules) -> tuple[Side, Side, tuple[Line, ...]]:
    """The aggregates that a researcher gave beside the hospital's patients, described by the same variables."""
    sides = _side(study.persons, rules), _side(hospital.persons[0], rules)
    lines = [
        line
        for variable in hospital.variables
        for line in _lines(variable.label, (study.variables[variable.name], variable.groups[0]), sides)
    ]
    return (*sides, tuple(lines))


def table_of_cohorts(both: Description, rules: Rules) -> tuple[Side, Side, tuple[Line, ...]]:
    """A cohort beside the hospital's other patients; what fewer have than may be listed is left out."""
    sides = _side(both.persons[0], rules), _side(both.persons[1], rules)
    lines = [
        line
        for variable in both.variables
        if _may_be_listed(variable, rules)
        for line in _lines(variable.label, (variable.groups[0], variable.groups[1]), sides)
    ]
    return (*sides, tuple(lines))


def _side(persons: int, rules: Rules) -> Side:
    return Side(persons, rules.total(persons), rules)


def _may_be_listed(variable: Described, rules: Rules) -> bool:
    if variable.name in ("age", "sex"):
        return True
    counts = [group.n if isinstance(group, Numbers) else group.of(YES) or 0 for group in variable.groups]
    return all(rules.listed(count) for count in counts)


def _lines(label: str, groups: tuple[Summary, Summary], sides: tuple[Side, Side]) -> list[Line]:
    first, second = groups
    if isinstance(first, Numbers) and isinstance(second, Numbers):
        shown = [_of_numbers(group, side) for group, side in zip((first, second), sides, strict=True)]
        values = [centre for _, centre in shown]
        apart = difference_of_means(values[0], values[1]) if values[0] and values[1] else None
        return [Line(label, shown[0][0], shown[1][0], _difference(apart))]
    assert isinstance(first, Levels) and isinstance(second, Levels)
    if first.of(YES) is not None:
        counts = [_part(group.of(YES) or 0, side) for group, side in zip((first, second), sides, strict=True)]
        shares = [_share(count, side) for count, side in zip(counts, sides, strict=True)]
        apart = None if shares[0] is None or shares[1] is None else difference_of_shares(shares[0], shares[1])
        texts = [_counted(count, side) for count, side in zip(counts, sides, strict=True)]
        return [Line(label, texts[0], texts[1], _difference(apart))]
    return _of_levels(label, (first, second), sides)


def _of_levels(label: str, groups: tuple[Levels, Levels], sides: tuple[Side, Side]) -> list[Line]:
    """One line for each level, the difference of all of them with the first; what has none is a level of its own."""
    names = [name for name, _ in groups[0].counts]
    shown = []
    for group, side in zip(groups, sides, strict=True):
        counts = [group.of(name) or 0 for name in names]
        rest = side.persons - sum(counts)
        cells = [*counts, rest] if rest else counts
        figures = [Figure(None, "not shown")] * len(cells)
        for each in side.rules.partition(cells):
            if len(each.members) == 1:
                figures[each.members[0]] = each.count
        shown.append(figures)
    values = [[figure.value for figure in figures] for figures in shown]
    apart = None
    if all(value is not None for figures in values for value in figures):
        longest = max(map(len, values))
        filled = [[float(value or 0) for value in figures] + [0.0] * (longest - len(figures)) for figures in values]
        if all(sum(figures) for figures in filled):
            apart = difference_of_levels(*([value / sum(figures) for value in figures] for figures in filled))
    if any(len(figures) > len(names) for figures in shown):
        names = [*names, REST]
        for figures, side in zip(shown, sides, strict=True):
            figures += [side.rules.part(0, side.persons)] * (len(names) - len(figures))
    return [
        Line(
            f"{label}: {name}",
            _counted(shown[0][place], sides[0]),
            _counted(shown[1][place], sides[1]),
            _difference(apart) if place == 0 else NOBODY,
        )
        for place, name in enumerate(names)
    ]


def _part(count: int, side: Side) -> Figure:
    return side.rules.part(count, side.persons)


def _share(count: Figure, side: Side) -> float | None:
    if count.value is None or not side.shown.value:
        return None
    return min(1.0, count.value / side.shown.value)


def _counted(count: Figure, side: Side) -> str:
    share = percent(count, side.shown)
    return f"{count.text} ({share})" if share else count.text


def _of_numbers(group: Numbers, side: Side) -> tuple[str, tuple[float, float] | None]:
    """The text of a variable of numbers, and its mean and deviation, all as shown."""
    rules, known = side.rules, Quantiles(group.n, group.q25, group.median, group.q75)
    mean, sd = (rules.estimate(value, group.n) for value in (group.mean, group.sd))
    spread = rules.quantiles(known, side.persons)
    parts = []
    if mean.value is not None:
        parts.append(f"{mean.text} (SD {sd.text})" if sd.value is not None else mean.text)
    if spread.median.value is not None:
        quartiles = f" [{spread.q25.text} to {spread.q75.text}]" if spread.q25.value is not None else ""
        parts.append(f"median {spread.median.text}{quartiles}")
    count = _part(group.n, side)
    if count.value is not None and count.value != side.shown.value:
        parts.append(f"in {count.text}")
    centre = centre_and_spread(mean.value, sd.value, spread.median.value, spread.q25.value, spread.q75.value)
    return "; ".join(parts) or "not shown", centre


def _difference(value: float | None) -> Figure:
    return NOBODY if value is None else Figure(round(value, 2) + 0.0, f"{round(value, 2) + 0.0:.2f}")


def table1_report(
    title: str, sides: tuple[Side, Side], lines: Sequence[Line], rules: Rules, made: Made, *, days: int, given: bool
) -> Report:
    """The page. `given` says that the study's figures came as aggregates."""
    apart = sorted(
        (line for line in lines if line.difference.value is not None and abs(line.difference.value) > ALIKE),
        key=lambda line: -abs(line.difference.value or 0),
    )
    compared = sum(line.difference.value is not None for line in lines)
    other = (
        "the hospital's patients with that definition"
        if given
        else "the hospital's other patients with that definition"
    )
    if not compared:
        verdict = f"Nothing can be compared with {other}: too few persons, or no variable that is known of both."
    elif apart:
        most = ", ".join(f"{line.label} ({line.difference.text})" for line in apart[:3])
        verdict = (
            f"The study differs from {other} in {len(apart)} of {compared} variables by more than {ALIKE}. "
            f"Most: {most}."
        )
    else:
        verdict = f"In all of {compared} variables the study is like {other}: no difference is beyond {ALIKE}."
    counts: tuple[Cell, ...] = ("Persons", sides[0].shown, sides[1].shown, "")
    rows = (counts, *((line.label, line.study, line.hospital, line.difference) for line in lines))
    table = Table(
        "Study and hospital", ("Variable", "Study", "Hospital", "Standardised difference"), rows, False, frozenset({3})
    )
    drawn = [(line.label, line.difference.value) for line in lines if line.difference.value is not None]
    charts = (dotted(drawn, "Standardised differences, study less hospital", ALIKE),) if drawn else ()
    words = (
        "Positive: higher or commoner in the study. Of sex it is the distance of all levels, without a sign.",
        "It does not grow with the number of persons, as a p-value does: beyond 0.1 groups are taken to differ.",
    )
    return Report(
        title,
        "Benchmark: Table 1",
        verdict,
        "care" if apart or not compared else "fit",
        (Section("Table 1", (), (), (table,)), Section("How far apart", words, charts)),
        _methods(sides, made, days, given, rules),
        made=made,
        cited=LITERATURE,
        **told(rules),
    )


def _methods(sides: tuple[Side, Side], made: Made, days: int, given: bool, rules: Rules) -> str:
    study = (
        f"Aggregates of a study of {sides[0].shown.text} persons were set beside"
        if given
        else f"A cohort of {sides[0].shown.text} persons was set beside the other"
    )
    protected = "" if rules.mode == "exact" else " Differences were worked out from the figures as released."
    return (
        f"{study} {sides[1].shown.text} patients of {made.source} with the same definition (snapshot "
        f"{made.snapshot_version}), each described at the start of the first membership: age, sex, what was recorded "
        f"in the {days} days up to it, and the latest value of each measurement in that time. Groups were compared by "
        "standardised differences (means and shares: Austin 2009; levels: Yang and Dalton 2012; from quartiles where "
        f"means were not given: Wan and others 2014).{protected} Wardbench {made.wardbench}."
    )

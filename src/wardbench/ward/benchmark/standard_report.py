"""The page of standardised rates and ratios, worked out from what may be shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from wardbench.core.disclosure import Rules
from wardbench.core.disclosure.figures import significant
from wardbench.core.errors import InputError
from wardbench.ward.benchmark.charts import Plot
from wardbench.ward.benchmark.page import Cell, Made, Report, Section, Table, told
from wardbench.ward.benchmark.standardise import Estimate, Floats, direct_rate, expected_events, ratio, with_chance_of
from wardbench.ward.benchmark.strata_counts import Counts, Standard

LITERATURE = (
    "Fay MP, Feuer EJ. Confidence intervals for directly standardized rates. Statist Med 1997;16:791.",
    "Breslow NE, Day NE. Statistical Methods in Cancer Research II. IARC 1987.",
    "Garwood F. Fiducial limits for the Poisson distribution. Biometrika 1936;28:437.",
)
PER = 1000


def standard_report(
    groups: Sequence[Counts], standard: Standard, rules: Rules, made: Made, *, unit: str, title: str
) -> Report:
    """`unit` says of what populations are. InputError as `expected_events` where a stratum has nobody in the
    standard."""
    rows: list[tuple[Cell, ...]] = []
    ratios: list[tuple[str, Estimate]] = []
    wider: dict[str, Estimate] = {}
    weights = np.array([figure.value or 0.0 for figure in standard.population])
    known = np.array([figure.value or 0.0 for figure in standard.events])
    for counts in groups:
        events, population = (np.array(column) for column in standard.group(counts))
        observed = rules.total(int(events.sum()))
        expected = expected_events(population, known, weights)
        found = None if observed.value is None else ratio(observed.value, expected)
        if found is not None:
            ratios.append((counts.name, found))
            with_chance = with_chance_of(found, expected, population, known, weights)
            if with_chance is not None:
                wider[counts.name] = with_chance
        rows.append(
            (
                counts.name,
                observed,
                significant(expected, 4),
                _estimate(found, 1),
                _direct(events, population, weights, rules),
            )
        )
    return Report(
        title,
        "Benchmark: standardised rates",
        _verdict(ratios, wider),
        "care" if any(not each.low <= 1 <= each.high for _, each in ratios) else "fit" if ratios else "unfit",
        (_ratios(rows, ratios, wider, unit), _strata(standard, unit)),
        _methods(standard, made, unit),
        made=made,
        cited=LITERATURE,
        **told(rules),
    )


def _estimate(found: Estimate | None, per: float) -> str:
    if found is None:
        return "not shown"
    value, low, high = (significant(per * number, 3).text for number in (found.value, found.low, found.high))
    return f"{value} ({low} to {high})"


def _direct(events: Floats, population: Floats, weights: Floats, rules: Rules) -> str:
    """The direct rate, worked out from events as they may be shown: strata of a study with few stand together, as those
    of the standard do."""
    groups = rules.partition([int(count) for count in events])
    shown = [group.count.value for group in groups]
    if any(count is None for count in shown):
        return "not shown"
    people, standard = (
        np.array([column[list(group.members)].sum() for group in groups]) for column in (population, weights)
    )
    try:
        return _estimate(direct_rate(np.array(shown, dtype=float), people, standard), PER)
    except InputError:
        # Ages that the study does not have leave the ratio, which does not need them.
        return "none: strata without anybody"


def _verdict(ratios: list[tuple[str, Estimate]], wider: dict[str, Estimate]) -> str:
    if not ratios:
        return "There are too few events to tell a ratio in this mode."
    parts = []
    for name, found in ratios[:4]:
        text = _estimate(found, 1)
        if found.low > 1:
            parts.append(f"{name} has more events than expected at the standard's rates: a ratio of {text}.")
        elif found.high < 1:
            parts.append(f"{name} has fewer events than expected at the standard's rates: a ratio of {text}.")
        else:
            parts.append(f"{name} has about as many events as expected at the standard's rates: a ratio of {text}.")
        other = wider.get(name)
        if other is not None and other.low <= 1 <= other.high and not found.low <= 1 <= found.high:
            parts.append(
                "The standard has few events itself, and the chance in these may explain that: with it the interval is "
                f"{_between(other)}."
            )
    return " ".join(parts)


def _between(found: Estimate) -> str:
    return " to ".join(significant(end, 3).text for end in (found.low, found.high))


def _ratios(
    rows: list[tuple[Cell, ...]], ratios: list[tuple[str, Estimate]], wider: dict[str, Estimate], unit: str
) -> Section:
    columns = (
        "Group",
        "Observed",
        "Expected",
        "Ratio (95% interval)",
        f"Direct rate per {PER:,} {unit} (95% interval)",
    )
    table = Table("Indirectly and directly standardised", columns, tuple(rows), numeric=frozenset({1, 2, 3, 4}))
    charts: tuple[Markup, ...] = ()
    if len(ratios) > 1:
        top = 1.1 * max(each.high for _, each in ratios)
        plot = Plot(
            "Ratio of observed to expected, by group",
            (0.5, len(ratios) + 0.5),
            (0.0, top),
            "Group, in the order of the table",
            "Ratio",
        )
        plot.level(1.0, "limit", "as expected")
        for place, (_, each) in enumerate(ratios, 1):
            plot.line([(place, each.low), (place, each.high)], "model")
            plot.dots([(place, each.value)], "in" if each.low <= 1 <= each.high else "out")
        charts = (plot.markup,)
    words = (
        "Expected is what would have happened at the standard's rates. The direct rate is what the standard would have "
        "at the group's rates; strata of a group with few events stand together in it.",
        "Intervals of ratios take what is expected for known."
        + "".join(
            f" The standard has few events itself: with the chance in these, the interval of {name} is about "
            f"{_between(found)}."
            for name, found in wider.items()
        ),
    )
    return Section("Ratios and rates", words, charts, (table,))


def _strata(standard: Standard, unit: str) -> Section:
    rows = []
    for members, events, population in zip(standard.members, standard.events, standard.population, strict=True):
        rate: Cell = ""
        if events.value is not None and population.value:
            rate = significant(PER * events.value / population.value, 3)
        rows.append((" and ".join(members), events, population, rate))
    columns = ("Stratum", "Events", unit[0].upper() + unit[1:], f"Rate per {PER:,}")
    words = ("Strata with few events stand together.",) if any(len(members) > 1 for members in standard.members) else ()
    return Section(
        "The standard", words, (), (Table("Rates of the standard", columns, tuple(rows), numeric=frozenset({1, 2, 3})),)
    )


def _methods(standard: Standard, made: Made, unit: str) -> str:
    source = f"{made.source}, snapshot {made.snapshot_version}" if made.snapshot_version else "the standard's file"
    return (
        f"Events were compared with those of a standard ({source}) in {len(standard.members)} strata. Ratios are "
        "observed over expected events with exact Poisson limits (Garwood 1936); direct rates have gamma limits (Fay "
        f"and Feuer 1997). Rates are per {PER:,} {unit}. Wardbench {made.wardbench}."
    )

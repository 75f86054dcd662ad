"""A researcher's values of an analyte placed on the hospital's distribution, by sex and band of age.

The hospital's side is a table of percentiles after disclosure control; values are placed between these alone.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import stats

from wardbench.core.disclosure import Figure, Rules, percent
from wardbench.core.errors import InputError
from wardbench.core.results import written_whole
from wardbench.ward.benchmark.charts import Plot
from wardbench.ward.benchmark.page import Cell, Made, Report, Section, Table, told
from wardbench.ward.benchmark.results import Results, strata_of

PERCENTILES = (2.5, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5)
GROUPS = ("sex", "age")
"""A value is placed among persons alike in these."""
UNLIKELY = 0.01
FLAGS = {"low": "below the 2.5th percentile", "high": "above the 97.5th percentile"}


@dataclass(frozen=True)
class Reference:
    """The hospital's percentiles in a group; those that may not be shown have no value."""

    name: str
    persons: Figure
    percentiles: tuple[Figure, ...]

    @property
    def known(self) -> list[tuple[float, float]]:
        """(value, percentile), rising."""
        return [(f.value, p) for f, p in zip(self.percentiles, PERCENTILES, strict=True) if f.value is not None]


@dataclass(frozen=True)
class Placed:
    """One of the researcher's values: its group, the percentiles it lies between (None where beyond what is known), and
    its flag: low, high or empty."""

    value: float
    group: str
    above: float | None
    below: float | None
    flag: str

    @property
    def band(self) -> str:
        if self.above is None and self.below is None:
            return "no percentile known"
        if self.above is None:
            return f"below {self.below:g}"
        return f"above {self.above:g}" if self.below is None else f"{self.above:g} to {self.below:g}"


def references(results: Results, by: Sequence[str], ages: Sequence[int], rules: Rules) -> dict[str, Reference]:
    """The hospital's percentiles (one result of each person) of everybody and of each group. Groups are shown as
    `partition` lets them stand alone."""
    strata = strata_of(results, by, ages)
    alone = {
        group.members[0]: group.count
        for group in rules.partition([len(stratum.places) for stratum in strata[1:]])
        if len(group.members) == 1
    }
    found = {strata[0].name: _reference(strata[0].name, results.value, rules.total(len(results)), rules)}
    for place, stratum in enumerate(strata[1:]):
        if place in alone and alone[place].value is not None:
            found[stratum.name] = _reference(stratum.name, results.value[stratum.places], alone[place], rules)
    return found


def _reference(
    name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], persons: Figure, rules: Rules
) -> Reference:
    quantiles = np.quantile(values, np.array(PERCENTILES) / 100)
    beyond = [int(min(np.count_nonzero(values <= q), np.count_nonzero(values >= q))) for q in quantiles]
    return Reference(name, persons, tuple(rules.ordered(float(q), n) for q, n in zip(quantiles, beyond, strict=True)))


def place(given: Results, hospital: dict[str, Reference], by: Sequence[str], ages: Sequence[int]) -> tuple[Placed, ...]:
    """Each of the researcher's values among the percentiles of its group, or of everybody where its group has none."""
    group_of = {int(at): stratum.name for stratum in strata_of(given, by, ages)[1:] for at in stratum.places}
    placed = []
    for at, value in enumerate(given.value.tolist()):
        reference = hospital.get(group_of.get(at, "Everybody"), hospital["Everybody"])
        known = reference.known
        above = max((percentile for edge, percentile in known if value >= edge), default=None)
        below = min((percentile for edge, percentile in known if value < edge), default=None)
        flag = "low" if below == PERCENTILES[0] else "high" if above == PERCENTILES[-1] else ""
        placed.append(Placed(value, reference.name, above, below, flag))
    return tuple(placed)


def on_hospital(
    given: Results, hospital: Results, ages: Sequence[int], rules: Rules, made: Made
) -> tuple[tuple[Placed, ...], Report]:
    """A researcher's values placed by sex and band of age on the hospital's results (one of each person), and the page
    of it. InputError where the hospital has no result, or as `strata_of`."""
    if not len(hospital):
        raise InputError(f"{hospital.analyte}: nobody has a result in {hospital.unit}.")
    known = references(hospital, GROUPS, ages, rules)
    placed = place(given, known, GROUPS, ages)
    return placed, assay_report(given, hospital, known, placed, rules, made)


def write_placed(placed: Sequence[Placed], path: Path) -> None:
    """The values in their order as CSV, with group, percentiles and flag. As `check_place` where it cannot be."""
    with written_whole(path) as draft, draft.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["value", "group", "percentile", "flag"])
        writer.writerows([f"{one.value:.10g}", one.group, one.band, one.flag] for one in placed)


def assay_report(
    given: Results, hospital: Results, known: dict[str, Reference], placed: Sequence[Placed], rules: Rules, made: Made
) -> Report:
    """The page: how the values lie, and the hospital's percentiles."""
    n, many = len(placed), rules.total(len(placed))
    flagged = {flag: rules.part(sum(one.flag == flag for one in placed), n) for flag in FLAGS}
    middle = rules.estimate(sum(_middle(one) for one in placed) / n, n)
    apart = middle.value is not None and not 40 <= middle.value <= 60
    often = _often([figure.value or 0 for figure in flagged.values()], many.value or n)
    return Report(
        f"{hospital.analyte}: {given.source.removeprefix('the results in ')} on the hospital's distribution",
        "Benchmark: assay",
        _verdict(many, flagged, middle, often),
        "care" if apart or often else "fit",
        (_lie(placed, rules), _percentiles(known, hospital.unit)),
        _methods(given, many, hospital, made),
        made=made,
        **told(rules),
    )


def _often(flagged: Sequence[float], many: float) -> bool:
    """Whether more than a tenth lie beyond one end, or beyond both together more than chance makes of one in twenty."""
    chance = float(stats.binom.sf(sum(flagged) - 1, round(many), 0.05))
    return any(10 * count > many for count in flagged) or chance < UNLIKELY


def _middle(one: Placed) -> float:
    """The middle of the band of percentiles that a value lies in."""
    return ((one.above or 0.0) + (100.0 if one.below is None else one.below)) / 2


def _verdict(many: Figure, flagged: dict[str, Figure], middle: Figure, often: bool) -> str:
    if middle.value is None:
        return "There are too few values to say in this mode how they lie."
    where = (
        ("lie about the hospital's middle, and many far from it" if often else "lie about where the hospital's do")
        if 40 <= middle.value <= 60
        else f"lie {'higher' if middle.value > 60 else 'lower'} than the hospital's"
    )
    low, high = (percent(flagged[flag], many) or flagged[flag].text for flag in FLAGS)
    return (
        f"The {many.text} values {where}: on average at percentile {middle.value:.0f}. Below the 2.5th are {low} "
        f"and above the 97.5th {high}; 2.5% of each would be, were they like the hospital's patients."
    )


def _lie(placed: Sequence[Placed], rules: Rules) -> Section:
    edges = (0.0, *PERCENTILES, 100.0)
    bands = list(pairwise(edges))
    n, many = len(placed), rules.total(len(placed))
    counts = [sum(low <= _middle(one) < high for one in placed) for low, high in bands]
    rows: list[tuple[Cell, ...]] = []
    bars = []
    for group in rules.partition(counts):
        low, high = bands[group.members[0]][0], bands[group.members[-1]][1]
        share = percent(group.count, many, decimals=rules.percent_decimals)
        rows.append((f"{low:g} to {high:g}", group.count, share, f"{high - low:.1f}%"))
        if group.count.value is not None and many.value:
            bars.append((low, high, 100 * group.count.value / many.value / (high - low)))
    plot = Plot(
        "How many times as many values as expected, by the hospital's percentiles", (0.0, 100.0),
        (0.0, 1.15 * max([1.2, *(height for _, _, height in bars)])), "Percentile of the hospital's patients",
        "Times as many as expected",
    )  # fmt: skip
    plot.bars(bars)
    plot.level(1.0, "limit", "as expected")
    columns = ("Percentiles", "Values", "Share", "Expected")
    table = Table("Values by percentile", columns, tuple(rows), True, frozenset({1, 2, 3}))
    lines = tuple((FLAGS[flag], rules.part(sum(one.flag == flag for one in placed), n)) for flag in FLAGS)
    flags = Table("Flags", ("Flag", "Values"), lines, numeric=frozenset({1}))
    words = ("Each value was placed in the hospital's patients of the same sex and band of age.",)
    return Section("Where the values lie", words, (plot.markup,), (table, flags))


def _percentiles(known: dict[str, Reference], unit: str) -> Section:
    rows: tuple[tuple[Cell, ...], ...] = tuple((one.name, one.persons, *one.percentiles) for one in known.values())
    columns = ("Group", "Persons", *(f"{p:g}" for p in PERCENTILES))
    table = Table(f"The hospital's percentiles, in {unit}", columns, rows, numeric=frozenset(range(1, len(columns))))
    words = ("One result of each person, ill or healthy: this is no reference interval.",)
    return Section("The hospital's distribution", words, (), (table,))


def _methods(given: Results, many: Figure, hospital: Results, made: Made) -> str:
    return (
        f"{many.text} values ({given.source}) were placed among the percentiles of {hospital.analyte} in "
        f"{hospital.unit}, of {hospital.source} of {made.source} (snapshot {made.snapshot_version}), the first result "
        f"of each person, within sex and band of age. Wardbench {made.wardbench}."
    )

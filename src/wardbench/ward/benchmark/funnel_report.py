"""Units on a funnel: read from a file or followed in a store, judged, and shown after disclosure control."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from wardbench.core.disclosure import Figure, Rules
from wardbench.core.disclosure.figures import significant
from wardbench.core.errors import InputError
from wardbench.ward.benchmark.case_mix import discrimination, expected_probabilities
from wardbench.ward.benchmark.charts import Plot
from wardbench.ward.benchmark.followed import Flags, Followed
from wardbench.ward.benchmark.funnel import LEVELS, WAYS, Floats, Funnel, Kind, Way, funnel
from wardbench.ward.benchmark.lines import File, Source, read_lines
from wardbench.ward.benchmark.page import Cell, Made, Report, Section, Table, told
from wardbench.ward.benchmark.strata_counts import AGES, stratum_of

ADJUSTMENTS = ("none", "age-sex", "case-mix")
MOST_NAMED = 5
LITERATURE = (
    "Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statist Med 2005;24:1185.",
    "Spiegelhalter DJ. Handling over-dispersion of performance indicators. Qual Saf Health Care 2005;14:347.",
)
LITERATURE_OF: dict[Way, str] = {
    "cqc": "Spiegelhalter D, Sherlaw-Johnson C, Bardsley M and others. Statistical methods for healthcare regulation: "
    "rating, screening and surveillance. J R Stat Soc A 2012;175:1. doi:10.1111/j.1467-985X.2011.01010.x",
    "shmi": "NHS England (before, NHS Digital). Summary Hospital-level Mortality Indicator (SHMI), deaths associated "
    "with hospitalisation, England: methodology specification.",
}


@dataclass(frozen=True)
class Units:
    """k units with what was observed and the size, `persons` of each (None where only what was expected is known), in
    words how sizes came about, and of what is expected of persons the sum of their squared probabilities."""

    names: tuple[str, ...]
    kind: Kind
    observed: Floats
    size: Floats
    persons: Floats | None
    adjusted: str
    source: str
    squares: Floats | None = None

    @property
    def without(self) -> Floats | None:
        """Persons without the event."""
        return None if self.persons is None else self.persons - self.observed


def read_units(path: Source) -> tuple[Units, File]:
    """A file with the columns unit, observed, and n (of how many), expected, or both. InputError naming file, line,
    column."""
    file = read_lines(path)
    unit, observed = file.column("unit") or "", file.column("observed") or ""
    n, expected = file.column("n", required=False), file.column("expected", required=False)
    sizes = [column for column in (n, expected) if column is not None]
    if not sizes:
        raise InputError(f"{path}: line 1: besides unit and observed there is a column n, a column expected, or both.")
    rows: dict[str, list[float]] = {}
    for line in file.lines:
        name, events = line.text(unit), line.count_of(observed)
        if not name or name in rows:
            raise line.fault(unit, "empty, or named before.")
        if events is None:
            raise line.fault(observed, "empty.")
        rows[name] = [events]
        for column in sizes:
            size = line.number_of(column)
            if size is None or size <= 0 or (column == n and events > size):
                raise line.fault(column, "not above 0, or fewer than were observed.")
            rows[name].append(size)
        if len(sizes) == 2 and rows[name][2] > rows[name][1]:
            raise line.fault(sizes[1], "more than there are persons.")
    columns = [np.array(each, dtype=float) for each in zip(*rows.values(), strict=True)]
    events_of, sizes_of = columns[0], columns[-1]
    persons = None if n is None else columns[1]
    # Persons of whom only the number is known are taken for alike, which chance moves the most.
    squares = sizes_of**2 / persons if persons is not None and expected is not None else None
    kind: Kind = "ratio" if expected else "proportion"
    words = "beside what the file expects" if expected else "without adjustment"
    return Units(tuple(rows), kind, events_of, sizes_of, persons, words, f"the units in {path.name}", squares), file


def units_of(persons: Followed, adjust: str, *, seed: int = 1) -> tuple[Units, float | None]:
    """Units of persons who were followed to the event or the last day, and how well the case mix tells them apart.
    InputError for an unknown adjustment, or where nobody has a unit."""
    if adjust not in ADJUSTMENTS:
        raise InputError(f"--adjust: {adjust!r} is none of {', '.join(ADJUSTMENTS)}.")
    used = persons.of_units
    if not used.any():
        raise InputError("Nobody was followed to the end and seen by a unit on the first day.")
    names, place = np.unique(persons.unit[used], return_inverse=True)
    event = persons.event[used]
    observed = np.bincount(place, event).astype(float)
    many = np.bincount(place).astype(float)
    if adjust == "none":
        return Units(tuple(names.tolist()), "proportion", observed, many, many, "without adjustment", ""), None
    if adjust == "age-sex":
        probability, words = _by_age_and_sex(persons, used), "by sex and age"
    else:
        probability, words = expected_probabilities(_some(persons, used), seed=seed), "by a model of the case mix"
    area = discrimination(probability, event) if event.any() and not event.all() else None
    expected = np.maximum(np.bincount(place, probability), 1e-9)
    squares = np.bincount(place, probability**2).astype(float)
    return Units(tuple(names.tolist()), "ratio", observed, expected, many, words, "", squares), area


def _some(persons: Followed, used: Flags) -> Followed:
    return Followed(
        persons.person[used],
        persons.unit[used],
        persons.sex[used],
        persons.age[used],
        persons.years[used],
        persons.event[used],
        persons.whole[used],
        persons.diagnoses[used],
        persons.names,
    )


def _by_age_and_sex(persons: Followed, used: Flags) -> Floats:
    """The share with the event among all of the same sex and band of age; of all where either is unknown."""
    kept = _some(persons, used)
    whole = float(kept.event.mean())
    starts = (0, *AGES)
    band = np.searchsorted(AGES, np.nan_to_num(kept.age), side="right")
    strata = np.array(
        [
            stratum_of(sex, starts[at]) if sex and not unknown else ""
            for sex, at, unknown in zip(kept.sex.tolist(), band.tolist(), np.isnan(kept.age).tolist(), strict=True)
        ]
    )
    _, place = np.unique(strata, return_inverse=True)
    shares = np.bincount(place, kept.event) / np.bincount(place)
    return np.asarray(np.where(strata == "", whole, shares[place]))


def funnel_report(
    units: Units,
    rules: Rules,
    made: Made,
    *,
    title: str,
    what: str,
    area: float | None = None,
    left_out: str = "",
    way: Way = "cqc",
) -> Report:
    """`left_out` says in a sentence whose outcome is not counted. A unit of which too few had or had not the event is
    judged, and not shown; nor is another one where it would be the only one."""
    found = funnel(units.kind, units.observed, units.size, squares=units.squares, way=way)
    seen = _seen(units, rules)
    beyond = {level: found.outside(level) for level in LEVELS}
    low, high = beyond[LEVELS[0]], beyond[LEVELS[1]]
    order = sorted(np.flatnonzero(seen).tolist(), key=lambda place: _natural(units.names[place]))
    shown = [_dot(units, found, beyond, place, rules) for place in order]
    outside, unsure = (
        sorted((units.names[place] for place in np.flatnonzero(seen & which)), key=_natural)
        for which in (high, low & ~high)
    )
    sections = (
        Section(
            "Funnel",
            (*_words(units, found, seen, area), *([left_out] if left_out else [])),
            (_chart(units, found, shown, title),),
            (_table(units, [dot.cells for dot in shown]),),
        ),
        Section("Is it chance alone?", _dispersion(found)),
    )
    return Report(
        title,
        "Benchmark: funnel plot",
        _verdict(found, outside, unsure, int(np.count_nonzero(seen)), what),
        "care" if outside else "fit",
        sections,
        _methods(units, found, made, what, left_out),
        made=made,
        cited=(*LITERATURE, LITERATURE_OF[way]),
        **told(rules),
    )


def _seen(units: Units, rules: Rules) -> Flags:
    if rules.fewest <= 1:
        return np.ones(len(units.names), bool)
    seen = units.observed >= rules.fewest
    if units.without is not None:
        seen &= units.without >= rules.fewest
    if np.count_nonzero(~seen) == 1 and seen.any():
        seen[np.flatnonzero(seen)[np.argmin(units.observed[seen])]] = False
    return np.asarray(seen)


@dataclass(frozen=True)
class Dot:
    """A unit as it may be shown: the cells of its line, and where it lies on the chart by these figures alone."""

    cells: tuple[Cell, ...]
    size: float
    value: float
    outside: bool


def _dot(units: Units, found: Funnel, beyond: dict[float, Flags], place: int, rules: Rules) -> Dot:
    size = float(units.size[place])
    first, second = (rules.total(round(float(column[place]))) for column in (units.observed, units.size))
    events, many = first.value or 0.0, second.value or 1.0
    middle: Cell = second
    if units.kind == "proportion":
        value, text = events / many, f"{significant(100 * events / many, 3).text}%"
    else:
        many, middle = size, significant(size, 4)
        value, text = events / size, significant(events / size, 3).text
    standing = _standing(found, beyond, place)
    # Worked out from the size as it is shown, so that they tell nothing more of it.
    shown = np.array([middle.value if isinstance(middle, Figure) and middle.value else many])
    limits = [_span(units.kind, *found.limits(shown, level, found.common[[place]])) for level in LEVELS]
    cells = (units.names[place], first, middle, text, *limits, standing)
    return Dot(cells, many, value, standing.startswith("outside 99.8%"))


def _span(kind: Kind, low: Floats, high: Floats) -> str:
    """The limits of one unit in words."""
    scale, sign = (100, "%") if kind == "proportion" else (1, "")
    return " to ".join(f"{significant(scale * float(edge[0]), 3).text}{sign}" for edge in (low, high))


def _standing(found: Funnel, beyond: dict[float, Flags], place: int) -> str:
    """Where a unit lies, in words, where it is known which lie `beyond` the limits of each level."""
    for level, words in ((LEVELS[1], "outside 99.8%"), (LEVELS[0], "outside 95%")):
        if beyond[level][place]:
            return f"{words}, {'above' if found.value[place] > found.target else 'below'}"
    return "inside"


def _table(units: Units, rows: list[tuple[Cell, ...]]) -> Table:
    size = "Of persons" if units.kind == "proportion" else "Expected"
    columns = ("Unit", "Observed", size, "Value", "95% limits", "99.8% limits", "Limits")
    return Table("Units", columns, tuple(rows), numeric=frozenset({1, 2, 3, 4, 5}))


def _chart(units: Units, found: Funnel, shown: Sequence[Dot], title: str) -> Markup:
    scale = 100 if units.kind == "proportion" else 1
    largest = 1.08 * max((dot.size for dot in shown), default=float(found.size.mean()))
    smallest = 0.5 * min((dot.size for dot in shown), default=1.0)
    sizes = np.linspace(max(1.0, smallest), largest, 160)
    bands = [found.limits(sizes, level) for level in LEVELS]
    highest = max([float(bands[1][1][10:].max()), *(dot.value for dot in shown)])
    labels = {"proportion": ("Persons", "Share with the event, %"), "ratio": ("Expected events", "Observed / expected")}
    # Lines can be drawn for one case mix alone; each unit is judged by its own.
    lines = "" if units.squares is None else " (lines: limits of a unit of average patients)"
    plot = Plot(f"{title}{lines}", (0.0, largest), (0.0, 1.08 * scale * highest), *labels[units.kind])
    plot.level(scale * found.target, "axis", "all units")
    for edges, kind in zip(bands, ("outer", "second"), strict=True):
        for edge in edges:
            heights = np.minimum(scale * edge, plot.y[1])
            plot.line(list(zip(sizes.tolist(), heights.tolist(), strict=True)), kind)
    for (_, edge), level in zip(bands, LEVELS, strict=True):
        plot.words(largest, float(min(scale * edge[-1], plot.y[1])), f"{100 * level:g}%")
    for kind, outside in (("in", False), ("out", True)):
        plot.dots([(dot.size, scale * dot.value) for dot in shown if dot.outside is outside], kind)
    return plot.markup


def _natural(name: str) -> list[tuple[int, str]]:
    """An order in which ward 2 comes before ward 10."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", name)]


def _words(units: Units, found: Funnel, seen: Flags, area: float | None) -> tuple[str, ...]:
    target = f"{100 * found.target:.3g}%" if units.kind == "proportion" else f"{found.target:.3g}"
    words = [
        f"Each dot is a unit, {units.adjusted}. All units together: {target}. Of units like the whole, 1 in 20 lies "
        f"outside the inner lines (95%) and 1 in 500 outside the outer ones (99.8%) {_chance(found)}. A unit outside "
        "is not proven to be better or worse: it is where to look first, at the data, the patients, then the care."
    ]
    if units.squares is not None:
        words.append(
            "The lines are those of a unit of average patients; each unit is judged by how sure events were in its "
            "own, by limits that stand in the table."
        )
    hidden = int(np.count_nonzero(~np.asarray(seen, bool)))
    if hidden:
        words.append("Units of which too few had the event, or had not, are judged with the others and not shown.")
    if area is not None:
        words.append(
            "How well the adjustment tells who has the event from who has not: the area under its ROC curve is "
            f"{area:.2f}."
        )
    return tuple(words)


def _dispersion(found: Funnel) -> tuple[str, ...]:
    what = "Winsorised" if found.way == "cqc" else "truncated"
    phi = (
        f"The mean square of the {what} scores is {found.dispersion:.2f}, where chance alone makes it 1 at most. How "
        f"much units vary is estimated on {_scale(found)}, {WAYS[found.way]}; the option "
        "--dispersion of the command, and the form on the campus, ask for another way."
    )
    if not found.dispersed:
        law = "binomial" if found.binomial else "Poisson"
        return (phi, f"Units do not vary more than chance lets them: the limits are exact ({law}).")
    return (
        phi,
        f"Units vary more than chance lets them (a standard deviation of {np.sqrt(found.between):.3g} between units on "
        f"{_scale(found)}), for reasons that no adjustment reached. The limits are widened by that, so that a unit "
        "outside differs from units of its kind.",
    )


def _scale(found: Funnel) -> str:
    if found.kind == "proportion":
        return "the scale of the arc sine of the root"
    return "the logarithmic scale" if found.way == "shmi" else "the scale of the root"


def _verdict(found: Funnel, outside: list[str], unsure: list[str], seen: int, what: str) -> str:
    """`outside` are beyond the limits of 99.8%, `unsure` between those and the limits of 95%."""
    if not seen:
        return "There are too few events in any unit to show one in this mode."
    if not outside and not unsure:
        return f"No unit that may be shown stands out in {what}: all {seen} lie inside the limits of 95%."
    first = f"No unit that may be shown stands out in {what}: all {seen} lie inside the limits of 99.8%."
    if outside:
        first = (
            f"Of {seen} units that may be shown, {len(outside)} {'stands' if len(outside) == 1 else 'stand'} out in "
            f"{what} (outside the limits of 99.8%): {_named(outside)}."
        )
    if not unsure:
        return f"{first} No other lies outside the limits of 95%."
    more = "more " if outside else ""
    return (
        f"{first} Outside the limits of 95%, but not of 99.8%, {'lies' if len(unsure) == 1 else 'lie'} {len(unsure)} "
        f"{more}({_named(unsure)}), which by itself says little: of units like the whole, 1 in 20 lies outside the "
        f"limits of 95% {_chance(found)}, of {seen} about {seen / 20:.2g}."
    )


def _chance(found: Funnel) -> str:
    """What alone puts a unit outside that is like the others."""
    return "by chance and by what units of their kind vary" if found.dispersed else "by chance alone"


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _methods(units: Units, found: Funnel, made: Made, what: str, left_out: str) -> str:
    law = "binomial" if found.binomial else "Poisson"
    trimmed = "Winsorised" if found.way == "cqc" else "truncated"
    limits = (
        f"exact {law} limits"
        if not found.dispersed
        else f"{law} limits widened by additive random effects (phi {found.dispersion:.2f} on {_scale(found)}, "
        f"scores {trimmed} by 10%, the way of the {found.way.upper()})"
    )
    model = (
        " Expected events are from a logistic model of age, sex and diagnoses of the year before, cross-fitted in five."
        if "model" in units.adjusted
        else ""
    )
    source = f"{made.source}, snapshot {made.snapshot_version}" if made.snapshot_version else units.source
    return (
        f"{len(units.names)} units ({source}) were compared in {what}, {units.adjusted}, on a funnel plot with "
        f"{limits} at 95% and 99.8% (Spiegelhalter 2005).{model}{' ' if left_out else ''}{left_out} "
        f"Wardbench {made.wardbench}."
    )

"""The page of reference intervals, after disclosure control."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup
from scipy import special

from wardbench.core.disclosure import Figure, Rules
from wardbench.ward.benchmark.charts import Plot, nice
from wardbench.ward.benchmark.direct import Direct, DirectLimit
from wardbench.ward.benchmark.fitness import WORDS, Judged, share_of_the_ill
from wardbench.ward.benchmark.indirect import FEWEST, Floats, Model, forward, rounding
from wardbench.ward.benchmark.intervals import Group, Indirect, Intervals
from wardbench.ward.benchmark.page import Cell, Made, Report, Section, Table, between, share, told

CHOSEN = {"first": "the first result", "last": "the last result", "random": "one result, drawn at random,"}
LITERATURE = (
    "Ammer T and others. refineR: a novel algorithm for reference interval estimation from real-world data. "
    "Sci Rep 2021;11:16023.",
    "Hoffmann G and others. Determination of reference limits: reflimR. J Lab Med 2024;48:61.",
    "CLSI EP28-A3c. Defining, establishing, and verifying reference intervals in the clinical laboratory. 2010.",
)


@dataclass(frozen=True)
class Shown:
    """The limits of a group as they may be shown."""

    lower: Figure
    lower_interval: str
    upper: Figure
    upper_interval: str


def intervals_report(found: Intervals, rules: Rules, made: Made) -> Report:
    """All that the page says. A group, such as a device, that too few persons are of is not named."""
    everybody = found.groups[0]
    persons = _persons(found, rules)
    listed = [place for place, group in enumerate(found.groups) if place == 0 or rules.listed(group.persons)]
    found, persons = replace(found, groups=tuple(found.groups[place] for place in listed)), [persons[n] for n in listed]
    rows = [_row(found, group, rules) for group in found.groups]
    sections = [
        Section("Limits", _limits_words(found), (), (_limits_table(found, rows, persons),)),
        *(_section(found, group, row, rules) for group, row in zip(found.groups, rows, strict=True) if group.indirect),
    ]
    if found.compared:
        sections.insert(1, _comparison(found, rows, rules))
    sections.append(_taken(found, rules))
    # Direct limits are not judged by a light: they stand by themselves.
    light = everybody.indirect.light if everybody.indirect else "" if everybody.direct else "unfit"
    return Report(
        f"Reference intervals: {found.results.analyte}",
        "Benchmark: reference intervals",
        _verdict(found, everybody, rows[0], rules),
        light,
        tuple(sections),
        methods(found, rows[0], persons[0], made),
        made=made,
        cited=LITERATURE,
        **told(rules),
    )


def _row(found: Intervals, group: Group, rules: Rules) -> Shown | None:
    if group.indirect is None:
        return None
    low, high = group.indirect.model.limits()
    lower, upper = group.indirect.draws.interval()
    shown = [rules.estimate(value, group.persons) for value in (low, high, *lower, *upper)]
    return Shown(shown[0], between(shown[2], shown[3]), shown[1], between(shown[4], shown[5]))


def _persons(found: Intervals, rules: Rules) -> list[Figure]:
    """Persons by group. A group that would have to stand with its neighbours is not shown by itself."""
    cells = [group.persons for group in found.groups[1:]]
    alone = {each.members[0]: each.count for each in rules.partition(cells) if len(each.members) == 1}
    hidden = Figure(None, "not shown")
    return [rules.total(found.groups[0].persons), *(alone.get(place, hidden) for place in range(len(cells)))]


def _verdict(found: Intervals, everybody: Group, row: Shown | None, rules: Rules) -> str:
    unit = found.results.unit
    if everybody.indirect is None or row is None:
        results = "routine results" if everybody.direct else "results"
        first = (
            f"No reference interval can be told from these {results}: {everybody.reason}. It takes {FEWEST:,} persons "
            "or more, one result of each."
        )
        return first if everybody.direct is None else f"{first} {_told_directly(everybody.direct, unit, rules)}"
    verdict = f"{WORDS[everybody.indirect.light]}. Of the healthy, 95% have {row.lower.text} to {row.upper.text} {unit}"
    problems = [one.meaning for one in everybody.indirect.judged if one.light in ("care", "unfit")]
    groups = " Groups differ: look at the limits of each." if _differ(found) else ""
    return f"{verdict}, as the routine results let it be seen. {' '.join(problems)}{groups}".strip()


def _told_directly(direct: Direct, unit: str, rules: Rules) -> str:
    """The limits of the healthy, as far as they may be shown."""
    limits = {"lower": _direct(direct.lower, rules)[0], "upper": _direct(direct.upper, rules)[0]}
    shown = [name for name, limit in limits.items() if limit.value is not None]
    healthy = f"{rules.total(direct.persons).text} persons who were healthy by a definition"
    if len(shown) == 2:
        between_them = f"{limits['lower'].text} to {limits['upper'].text}"
        return f"The direct limits can be told, of {healthy}: 95% of them have {between_them} {unit}."
    if shown:
        (name,) = shown
        return f"Of the direct limits, of {healthy}, the {name} one may be shown: {limits[name].text} {unit}."
    return f"There are direct limits, of {healthy}, but fewer than {rules.fewest} lie beyond them: they are not shown."


def _differ(found: Intervals) -> bool:
    """Whether a limit of a group lies outside the interval of the same limit of everybody, and theirs outside its: one
    alone is what chance makes of a small group."""
    whole = found.groups[0].indirect
    if whole is None:
        return False
    return any(
        not low <= limit <= high and not group_low <= limit_of_all <= group_high
        for group in found.groups[1:]
        if group.indirect is not None
        for limit, limit_of_all, (low, high), (group_low, group_high) in zip(
            group.indirect.model.limits(),
            whole.model.limits(),
            whole.draws.interval(),
            group.indirect.draws.interval(),
            strict=True,
        )
    )


def _limits_words(found: Intervals) -> tuple[str, ...]:
    unit, rule = found.results.unit, CHOSEN[found.choice]
    words = [f"In {unit}. {rule[0].upper()}{rule[1:]} of each person counts."]
    if not found.results.named_persons:
        words.append("The file does not name persons, so that each line counts as one.")
    if len(found.groups) == 1 and found.by:
        words.append(f"By {', '.join(found.by)} everybody is in one group.")
    return tuple(words)


def _limits_table(found: Intervals, rows: list[Shown | None], persons: list[Figure]) -> Table:
    unit = found.results.unit
    body: list[tuple[Cell, ...]] = []
    for group, row, count in zip(found.groups, rows, persons, strict=True):
        if group.indirect is None or row is None:
            body.append((group.name, count, "", "", "", "", f"None: {group.reason}"))
        else:
            light = WORDS[group.indirect.light]
            body.append((group.name, count, row.lower, row.lower_interval, row.upper, row.upper_interval, light))
    columns = ("Group", "Persons", "Lower limit", "95% interval", "Upper limit", "95% interval", "Fitness")
    return Table(f"Indirect reference limits in {unit}", columns, tuple(body), numeric=frozenset({1, 2, 3, 4, 5}))


def _section(found: Intervals, group: Group, row: Shown | None, rules: Rules) -> Section:
    indirect = group.indirect
    assert indirect is not None and row is not None
    unit = found.results.unit
    bars, table = _histogram(group, indirect.model, row, rules, unit)
    judged = tuple((one.name, _found(one, rules), WORDS[one.light], one.meaning) for one in indirect.judged)
    tables = [
        table,
        Table("Fitness", ("What is judged", "Found", "Light", "What that means"), judged, False, frozenset({1})),
    ]
    if indirect.years:
        tables.append(_years(indirect, rules, unit))
    words = (f"{WORDS[indirect.light]}.", f"{row.lower.text} to {row.upper.text} {unit}.")
    return Section(group.name, words, (bars,), tuple(tables), indirect.light)


def _found(one: Judged, rules: Rules) -> Cell:
    if one.value is None:
        return ""
    if one.value == one.persons:
        return "as above" if rules.fewest > 1 else rules.total(one.persons)
    return share(one.value, rules, one.persons) if one.percent else rules.estimate(one.value, one.persons)


def _years(indirect: Indirect, rules: Rules, unit: str) -> Table:
    rows = []
    for year in indirect.years:
        spread = rules.quantiles(year.values)
        rows.append((str(year.year), rules.total(year.values.persons), spread.median, between(spread.q25, spread.q75)))
    columns = ("Year", "Persons", "Median", "Quartiles")
    return Table(f"Results inside the interval, by year, in {unit}", columns, tuple(rows), numeric=frozenset({1, 2, 3}))


def _histogram(group: Group, model: Model, row: Shown, rules: Rules, unit: str) -> tuple[Markup, Table]:
    """Counts in round bins about the limits as they are shown, with what the model expects; both tails stand open."""
    low, high = row.lower.value, row.upper.value
    if low is None or high is None or not high > low:
        return Markup(""), Table("", (), (), True)
    edges = round_edges(low, high, rounding(group.values))
    counts = np.histogram(group.values, np.concatenate([[-np.inf], edges, [np.inf]]))[0]
    expected = _expected(model, edges, group)
    rows: list[tuple[Cell, ...]] = []
    bars, points = [], []
    for each in rules.partition([int(n) for n in counts]):
        first, last = each.members[0], each.members[-1]
        healthy = rules.total(round(float(expected[list(each.members)].sum())))
        rows.append((_span(edges, first, last), each.count, healthy))
        if first == 0 or last == len(edges) or each.count.value is None:
            continue
        left, right, many = float(edges[first - 1]), float(edges[last]), last - first + 1
        bars.append((left, right, each.count.value / many))
        points.append(((left + right) / 2, (healthy.value or 0.0) / many))
    top = 1.2 * max([height for _, _, height in bars] + [y for _, y in points] + [1.0])
    plot = Plot(
        f"{group.name}: results (bars), and what the model takes for the healthy (line)",
        (float(edges[0]), float(edges[-1])),
        (0.0, top),
        unit,
        f"Persons in each {edges[1] - edges[0]:.4g} {unit}",
    )
    plot.bars(bars)
    plot.line(points, "model")
    plot.upright(low, f"lower limit {row.lower.text}", "limit")
    plot.upright(high, f"upper limit {row.upper.text}", "limit", row=1)
    columns = (f"Results in {unit}", "Persons", "Healthy, by the model")
    return plot.markup, Table(f"{group.name}: results and model", columns, tuple(rows), True, frozenset({1, 2}))


def round_edges(low: float, high: float, rounded: float) -> Floats:
    """Edges of some forty bins of a round width from below the lower limit to above the upper one. Where results were
    rounded, each bin holds as many of the values that are left: edges lie halfway between these."""
    step = nice((high - low) / 24)
    if rounded:
        step = rounded * max(1, round(step / rounded))
    first = max(0, int(np.floor((low - 0.4 * (high - low)) / step)))
    last = int(np.ceil((high + 0.7 * (high - low)) / step))
    edges = np.arange(first, last + 1) * step - rounded / 2
    return np.asarray(edges[edges >= 0], dtype=np.float64)


def _expected(model: Model, edges: Floats, group: Group) -> Floats:
    """How many of the healthy the model expects below, in each bin, and above."""
    inside = np.maximum(edges, 1e-12)
    reached = special.ndtr((forward(inside, model.power) - model.mean) / model.deviation)
    healthy = (1 - share_of_the_ill(group.values, model)) * group.persons
    return np.asarray(healthy * np.diff(np.concatenate([[0.0], reached, [1.0]])))


def _span(edges: Floats, first: int, last: int) -> str:
    if first == 0 and last == len(edges):
        return "all"
    if first == 0:
        return f"below {edges[last]:.4g}"
    if last == len(edges):
        return f"{edges[first - 1]:.4g} and over"
    return f"{edges[first - 1]:.4g} to {edges[last]:.4g}"


def _comparison(found: Intervals, rows: list[Shown | None], rules: Rules) -> Section:
    """Beside the indirect limits those of the healthy group, taken directly."""
    body: list[tuple[Cell, ...]] = []
    for group, row in zip(found.groups, rows, strict=True):
        direct = group.direct
        if direct is None:
            few = Figure(None, "fewer than 120 healthy persons")
            body.append((group.name, few, "", "", "", "", ""))
            continue
        lower, upper = _direct(direct.lower, rules), _direct(direct.upper, rules)
        inside = _agreement(row, lower, upper)
        body.append(
            (
                group.name,
                rules.total(direct.persons),
                lower[0],
                between(*lower[1:]),
                upper[0],
                between(*upper[1:]),
                inside,
            )
        )
    words = (
        "Direct limits are the 2.5th and 97.5th percentile of persons who were healthy by a definition.",
        "In a mode that protects small numbers, a percentile is not shown unless ten persons lie beyond it.",
    )[: 1 if rules.fewest <= 1 else 2]
    columns = (
        "Group",
        "Healthy persons",
        "Lower limit",
        "95% interval",
        "Upper limit",
        "95% interval",
        "Indirect limits",
    )
    table = Table(
        f"Direct reference limits in {found.results.unit}", columns, tuple(body), numeric=frozenset({1, 2, 3, 4, 5})
    )
    return Section("Beside direct limits", words, (), (table,))


def _direct(limit: DirectLimit, rules: Rules) -> tuple[Figure, Figure, Figure]:
    low, high = limit.interval or (None, None)
    beyond = limit.beyond_interval
    return rules.ordered(limit.value, limit.beyond), rules.ordered(low, beyond), rules.ordered(high, beyond)


def _agreement(row: Shown | None, lower: tuple[Figure, ...], upper: tuple[Figure, ...]) -> str:
    if row is None:
        return ""
    parts = []
    for name, limit, (_, low, high) in (("lower", row.lower, lower), ("upper", row.upper, upper)):
        if limit.value is not None and low.value is not None and high.value is not None:
            inside = low.value <= limit.value <= high.value
            parts.append(f"{name} {'inside' if inside else 'outside'} the direct interval")
    return ", ".join(parts)


def _taken(found: Intervals, rules: Rules) -> Section:
    rows: list[tuple[Cell, ...]] = [("Persons, one result of each", rules.total(len(found.results)))]
    if rules.shows_events:
        rows.append(("Results that could be used", rules.total(found.recorded)))
        rows += [(f"Left out: {why}", rules.total(count)) for why, count in found.results.left_out if count]
    return Section(
        "What was taken", (), (), (Table("Results", ("What", "Number"), tuple(rows), numeric=frozenset({1})),)
    )


def methods(found: Intervals, row: Shown | None, persons: Figure, made: Made) -> str:
    """A paragraph to paste."""
    results = found.results
    data = f"snapshot {made.snapshot_version}" if made.snapshot_version else f"file {made.files[0][0]}"
    by = f" by {', '.join(found.by)}" if found.by else ""
    limits = f" In all persons the limits were {row.lower.text} to {row.upper.text} {results.unit}." if row else ""
    direct = (
        " Direct limits were the 2.5th and 97.5th percentile of a predefined healthy group by ranks, with intervals "
        "from the binomial distribution (CLSI EP28-A3c)."
        if found.compared
        else ""
    )
    return (
        f"Reference intervals of {results.analyte} were estimated{by} from {results.source} ({data}), "
        f"{CHOSEN[found.choice]} of each of {persons.text} persons, by an indirect method: the main peak was found by "
        "iterated box plots on the logarithmic scale (Hoffmann and others 2024), and the normal distribution after a "
        "Box-Cox transformation was chosen whose expected counts explain most of the histogram (after refineR, Ammer "
        f"and others 2021). Intervals of the limits are percentiles of {found.draws} bootstrap draws (seed "
        f"{found.seed}) over persons, bins and cost.{limits}{direct} Wardbench {made.wardbench}."
    )

"""The page of a method comparison, of pairs that a researcher brings."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from wardbench.core.disclosure import Rules
from wardbench.core.disclosure.figures import significant
from wardbench.core.errors import InputError
from wardbench.ward.benchmark.charts import Plot
from wardbench.ward.benchmark.lines import File, Source, read_lines
from wardbench.ward.benchmark.methods import Agreement, Floats, Line, bland_altman, passing_bablok
from wardbench.ward.benchmark.page import Made, Report, Section, Table, told

LITERATURE = (
    "Passing H, Bablok W. A new biometrical procedure for testing the equality of measurements from two analytical "
    "methods. J Clin Chem Clin Biochem 1983;21:709.",
    "Bland JM, Altman DG. Statistical methods for assessing agreement between two methods of clinical measurement. "
    "Lancet 1986;327:307.",
    "Carkeet A. Exact parametric confidence intervals for Bland-Altman limits of agreement. Optom Vis Sci 2015;92:e71.",
)
UNLIKELY = 0.05


def read_pairs(path: Source, x: str, y: str) -> tuple[Floats, Floats, int, File]:
    """The pairs in two columns of a file, and how many lines had one of them only. InputError names line and column."""
    file = read_lines(path)
    first, second = file.column(x) or x, file.column(y) or y
    if first == second:
        raise InputError("--x, --y: name two columns.")
    pairs = [(line.number_of(first), line.number_of(second)) for line in file.lines]
    whole = [(a, b) for a, b in pairs if a is not None and b is not None]
    values = np.array(whole, dtype=float).reshape(-1, 2)
    return values[:, 0], values[:, 1], len(pairs) - len(whole), file


def begun(name: str) -> str:
    """A method's name as a sentence or a title begins with it: a leading article has a capital."""
    return f"The {name[4:]}" if name[:4].lower() == "the " else name


def within(name: str) -> str:
    """A method's name in the middle of a sentence."""
    return f"the {name[4:]}" if name[:4].lower() == "the " else name


def methods_report(
    pairs: tuple[Floats, Floats], names: tuple[str, str], unit: str, left_out: int, rules: Rules, made: Made
) -> Report:
    """The page; single pairs are drawn in mode `exact` alone. InputError as the two methods of comparison."""
    x, y = pairs
    line, agreement = passing_bablok(x, y), bland_altman(x, y)
    seen = rules.fewest <= 1
    return Report(
        f"{begun(names[1])} against {within(names[0])}",
        "Benchmark: method comparison",
        _verdict(line, agreement, names, unit),
        "fit" if _alike(line) and _level(agreement) and line.linear >= UNLIKELY else "care",
        (
            _regression(x, y, line, names, unit, seen),
            _agreement(x, y, agreement, names, unit, seen),
            Section("What was taken", _taken(len(x), left_out, seen)),
        ),
        _methods(len(x), line, agreement, names, unit, made),
        made=made,
        cited=LITERATURE,
        **told(rules),
    )


def _alike(line: Line) -> bool:
    """Whether the intervals hold a slope of 1 and an intercept of 0."""
    slope, intercept = line.slope_interval, line.intercept_interval
    return slope[0] <= 1 <= slope[1] and intercept[0] <= 0 <= intercept[1]


def _level(agreement: Agreement) -> bool:
    """Whether the interval of the mean difference holds 0."""
    return agreement.bias_interval[0] <= 0 <= agreement.bias_interval[1]


def _verdict(line: Line, agreement: Agreement, names: tuple[str, str], unit: str) -> str:
    if line.linear < UNLIKELY:
        start = "The two methods are not linearly related: compare them over a shorter range."
    elif _alike(line) and not _level(agreement):
        start = "The two methods differ on average; so few pairs do not tell whether by a constant or in proportion."
    elif _alike(line):
        start = "No constant and no proportional difference between the two methods is seen."
    else:
        kinds = [
            word
            for word, interval, value in (
                ("a proportional", line.slope_interval, 1),
                ("a constant", line.intercept_interval, 0),
            )
            if not interval[0] <= value <= interval[1]
        ]
        start = f"The two methods differ: {' and '.join(kinds)} difference."
    low, high, bias = (_text(value) for value in (agreement.lower, agreement.upper, abs(agreement.bias)))
    side = "less" if agreement.bias < 0 else "more"
    return (
        f"{start} {begun(names[1])} reads {bias} {unit} {side} than {within(names[0])} on average; of "
        f"single differences 95% lie between {low} and {high} {unit}."
    )


def _regression(x: Floats, y: Floats, line: Line, names: tuple[str, str], unit: str, seen: bool) -> Section:
    rows = (
        ("Slope (proportional)", _text(line.slope), _interval(line.slope_interval), "1"),
        (f"Intercept (constant), {unit}", _text(line.intercept), _interval(line.intercept_interval), "0"),
        ("Cusum test of linearity", _text(line.cusum), f"probability {line.linear:.2f}", "above 0.05"),
    )
    table = Table(
        "Passing and Bablok's regression", ("What", "Found", "95% interval", "If alike"), rows, False, frozenset({1, 2})
    )
    across = _ends(x)
    ends = [(at, line.intercept + line.slope * at) for at in across]
    up = _ends(np.concatenate([y, [height for _, height in ends]]))
    plot = Plot(
        f"{begun(names[1])} over {within(names[0])}",
        across,
        up,
        f"{begun(names[0])}, {unit}",
        f"{begun(names[1])}, {unit}",
    )
    same = max(across[0], up[0]), min(across[1], up[1])
    plot.line([(at, at) for at in same if same[0] < same[1]], "outer")
    plot.line(ends, "model")
    if seen:
        plot.dots(list(zip(x.tolist(), y.tolist(), strict=True)), "in")
    words = ("The full line is the regression, the dotted one where both methods read the same.",)
    tables = (_pairs(x, y, names, unit), table) if seen else (table,)
    return Section("Do they read the same?", words, (plot.markup,), tables)


def _pairs(x: Floats, y: Floats, names: tuple[str, str], unit: str) -> Table:
    """The pairs of both charts."""
    columns = ("Pair", *(f"{begun(name)}, {unit}" for name in names), "Difference")
    rows = tuple(
        (str(n), *(f"{value:.6g}" for value in (a, b, b - a)))
        for n, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True), 1)
    )
    return Table("Pairs", columns, rows, True, frozenset({1, 2, 3}))


def _agreement(x: Floats, y: Floats, found: Agreement, names: tuple[str, str], unit: str, seen: bool) -> Section:
    rows = (
        (f"Bias, {unit}", _text(found.bias), _interval(found.bias_interval)),
        (f"Lower limit of agreement, {unit}", _text(found.lower), _interval(found.lower_interval)),
        (f"Upper limit of agreement, {unit}", _text(found.upper), _interval(found.upper_interval)),
        ("Trend of the difference, for each unit", _text(found.trend), _interval(found.trend_interval)),
    )
    table = Table("Bland and Altman's limits", ("What", "Found", "95% interval"), rows, False, frozenset({1, 2}))
    return Section(
        "How far apart single results are", _trend(found), (_differences(x, y, found, names, unit, seen),), (table,)
    )


def _trend(found: Agreement) -> tuple[str, ...]:
    if found.trend_probability < UNLIKELY:
        return (
            "The difference changes with the value, so that one pair of limits is not right for all: look at it by "
            "range, or as a ratio.",
        )
    return ("The difference does not change with the value as far as these pairs tell.",)


def _differences(x: Floats, y: Floats, found: Agreement, names: tuple[str, str], unit: str, seen: bool) -> Markup:
    middle, apart = (x + y) / 2, y - x
    reach = 1.15 * max(
        *(abs(end) for end in (*found.lower_interval, *found.upper_interval)), float(np.abs(apart).max()) * seen
    )
    plot = Plot(
        f"Difference over mean of {within(names[0])} and {within(names[1])}",
        _ends(middle),
        (-reach, reach),
        f"Mean of both, {unit}",
        f"{begun(names[1])} less {within(names[0])}, {unit}",
    )
    plot.level(0.0, "axis")
    plot.level(found.bias, "given", f"bias {_text(found.bias)}")
    plot.level(found.lower, "limit", f"lower limit {_text(found.lower)}")
    plot.level(found.upper, "limit", f"upper limit {_text(found.upper)}")
    if seen:
        plot.dots(list(zip(middle.tolist(), apart.tolist(), strict=True)), "in")
    return plot.markup


def _ends(values: Floats) -> tuple[float, float]:
    """Round ends of an axis: of single values none is told by where it ends."""
    low, high = float(values.min()), float(values.max())
    step = 10.0 ** np.floor(np.log10(max(high - low, 1e-12)))
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step)


def _taken(pairs: int, left_out: int, seen: bool) -> tuple[str, ...]:
    words = [f"{pairs:,} pairs were compared." if seen else "The pairs and their number are left out in this mode."]
    if left_out and seen:
        words.append(f"{left_out:,} lines with a value of one method alone were left out.")
    return tuple(words)


def _methods(n: int, line: Line, agreement: Agreement, names: tuple[str, str], unit: str, made: Made) -> str:
    return (
        f"{begun(names[1])} was compared with {within(names[0])} by Passing-Bablok regression (slope "
        f"{_text(line.slope)}, 95% interval {_interval(line.slope_interval)}; intercept {_text(line.intercept)}, "
        f"{_interval(line.intercept_interval)}; Cusum test of linearity p = {line.linear:.2f}) and by Bland-Altman "
        f"limits of agreement with exact intervals (bias {_text(agreement.bias)} {unit}, limits "
        f"{_text(agreement.lower)} to {_text(agreement.upper)} {unit}). Wardbench {made.wardbench}."
    )


def _text(value: float) -> str:
    return significant(value, 3).text


def _interval(ends: tuple[float, float]) -> str:
    return f"{_text(ends[0])} to {_text(ends[1])}"

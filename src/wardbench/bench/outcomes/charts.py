"""Charts as SVG, made from what was released: each stands beside a table with the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wardbench.core.page import escape

Place = Callable[[float, float], tuple[float, float]]

WIDTH, HEIGHT = 640, 340
NAMES = 0.82
"""From this part of the days on stand the names of lines."""
NEXT = 15
"""Between the heights of two names."""
LONGEST = 44
"""Letters of a name beside a chart."""
APART = 26
"""Between two numbers of persons in a row."""
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 16, 48


@dataclass(frozen=True)
class Line:
    """A step function to draw; `low` and `high` are its limits at the same places."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    left: Sequence[str] = ()
    """How many are still followed, in words, at the same places."""


def steps(lines: Sequence[Line], title: str, x_label: str, y_label: str, last: float) -> str:
    """Step functions with bands from day 0 to `last`, shares from 0 to what they need; below, who is still followed."""
    followed = [line for line in lines if line.left]
    height = HEIGHT + (22 + 16 * len(followed) if followed else 0)
    top = quartered(max((value for line in lines for value in line.high), default=1.0))
    ticks = days_to_name(last)

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + x / last * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM)

    drawn = [
        _frame(title, height),
        *_axes(x_label, y_label, [(day, f"{day:.0f}") for day in ticks], top, at),
    ]
    heights = _heights_of_names(lines, last, at)
    for number, line in enumerate(lines):
        upper, lower = _corners(line.x, line.high, last), _corners(line.x, line.low, last)
        band = " ".join(_point(at(*corner)) for corner in [*upper, *reversed(lower)])
        path = " ".join(_point(at(*corner)) for corner in _corners(line.x, line.y, last))
        drawn.append(f'<polygon class="band arm-{number}" points="{band}"/>')
        drawn.append(f'<polyline class="line arm-{number}" points="{path}"/>')
        x, y = at(last, 0)[0], heights[number]
        drawn.append(f'<text class="name arm-{number}" x="{x - 4:.1f}" y="{y:.1f}">{escape(line.name)}</text>')
    if followed:
        drawn.append(f'<text class="label" x="{LEFT}" y="{HEIGHT + 12}">Still followed</text>')
    for number, line in enumerate(followed):
        arm, y = f"arm-{lines.index(line)}", HEIGHT + 28 + 16 * number
        at_first = f": {line.left[0]}" if line.x[0] == 0 else ""
        drawn.append(f'<text class="count first {arm}" x="{LEFT}" y="{y}">{escape(line.name + at_first)}</text>')
        for day in ticks[1:]:
            known = [text for at_day, text in zip(line.x, line.left, strict=True) if at_day <= day + 0.5]
            if known and line.x[-1] >= day - 0.5:
                text = known[-1]
                drawn.append(f'<text class="count {arm}" x="{at(day, 0)[0]:.1f}" y="{y}">{escape(text)}</text>')
    return "".join([*drawn, "</svg>"])


def _heights_of_names(lines: Sequence[Line], last: float, at: Place) -> list[float]:
    """Where the name of each line stands at the right end: above the line that ends highest, below the others, as
    far as there is room above the axis; no name stands on another, or in the way of a step of its own line."""
    taken: list[float] = []
    ends = [line.y[-1] if line.y else 0.0 for line in lines]
    for number, line in enumerate(lines):
        begins = NAMES * last
        steps = list(zip(line.x, line.y, strict=True))
        under = [next((y for x, y in reversed(steps) if x <= begins), 0.0), *(y for x, y in steps if x > begins)]
        above = at(0, max(under))[1] - 9
        below = at(0, min(under))[1] + 18
        height = above if number == ends.index(max(ends)) or below > HEIGHT - BOTTOM - 4 else below
        while any(abs(height - other) < NEXT for other in taken):
            height -= NEXT
        taken.append(height)
    return taken


@dataclass(frozen=True)
class Course:
    """Values over time to draw: from and to which day, quartiles and median; None where one is not shown."""

    first: Sequence[int]
    last: Sequence[int]
    low: Sequence[float | None]
    middle: Sequence[float | None]
    high: Sequence[float | None]
    measured: Sequence[str]
    """Persons in each window, in few letters."""


def course(values: Course, title: str, y_label: str) -> str:
    """Medians as points with their quartiles, in the middle of each window."""
    known = [value for value in (*values.low, *values.middle, *values.high) if value is not None]
    if not known:
        return ""
    levels = round_levels(min(known), max(known))
    bottom, top = levels[0], levels[-1]
    begins, ends = values.first[0], values.last[-1]
    height, foot = 232, 72

    def at(x: float, y: float) -> tuple[float, float]:
        across = (x - begins) / (ends - begins) * (WIDTH - LEFT - RIGHT)
        return LEFT + across, height - foot - (y - bottom) / (top - bottom) * (height - TOP - foot)

    drawn = [_frame(title, height)]
    for y in levels:
        x, place = at(begins, y)
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" y2="{place:.1f}"/>')
        drawn.append(f'<text class="tick left" x="{x - 6:.1f}" y="{place + 4:.1f}">{short(y)}</text>')
    for day in (begins, *days_to_name(ends)):
        x, _ = at(day, bottom)
        drawn.append(f'<text class="tick" x="{x:.1f}" y="{height - foot + 18}">{day:.0f}</text>')
    zero, _ = at(0, bottom)
    drawn.append(f'<line class="axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="{TOP}" y2="{height - foot}"/>')
    drawn.append(
        f'<text class="tick" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{height - foot + 34}">Days since time zero</text>'
    )
    drawn.append(f'<text class="label" x="{LEFT}" y="{TOP - 4}">{escape(y_label)}</text>')
    drawn.append(f'<text class="label" x="{LEFT}" y="{height - 20}">Persons measured</text>')
    taken = -math.inf
    for first, last, measured in zip(values.first, values.last, values.measured, strict=True):
        x, _ = at((first + last) / 2, bottom)
        # Where two windows lie close, as at time zero, the table alone has the second.
        if x - taken >= APART:
            taken = x
            drawn.append(f'<text class="tick" x="{x:.1f}" y="{height - 6}">{escape(measured)}</text>')
    rows = zip(values.first, values.last, values.low, values.middle, values.high, strict=True)
    for first, last, low, middle, high in rows:
        if middle is None:
            continue
        x, y = at((first + last) / 2, middle)
        if low is not None and high is not None:
            tips = f'y1="{at(0, low)[1]:.1f}" y2="{at(0, high)[1]:.1f}"'
            drawn.append(f'<line class="quartiles" x1="{x:.1f}" x2="{x:.1f}" {tips}/>')
        drawn.append(f'<circle class="after" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
    return "".join([*drawn, "</svg>"])


def round_levels(low: float, high: float) -> list[float]:
    """Round numbers, three to six of them evenly apart, the first at or below `low` and the last at or above `high`."""
    wide = high - low or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(wide / 3))
    for step in (one * power for one in (1, 2, 2.5, 5, 10, 20)):
        begins, ends = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        ends = max(ends, begins + 2)
        if ends - begins <= 5:
            break
    return [round(step * n, 12) for n in range(begins, ends + 1)]


def days_to_name(last: float) -> list[float]:
    """Days to name along an axis from 0: whole years where the end is one, else quarters."""
    years = last / 365
    if years == int(years) and years >= 2:
        apart = -(-int(years) // 5)
        return [365.0 * year for year in range(0, int(years) + 1, apart)]
    return [last * n / 4 for n in range(5)]


def quartered(value: float) -> float:
    """The end of an axis whose quarters are round, for what reaches up to `value`."""
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value * (1 - 1e-9))


def scatter(spots: Sequence[tuple[float, float]], title: str, limit: float) -> str:
    """How far apart each covariate was before (across) and is after adjustment (up), as one dot; the limit is dashed,
    and on the thin line nothing changed."""
    ends = quartered(max([2 * limit, *(x for x, _ in spots)])), quartered(max([2 * limit, *(y for _, y in spots)]))

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = x / ends[0] * (WIDTH - LEFT - RIGHT), y / ends[1] * (HEIGHT - TOP - BOTTOM)
        return LEFT + across, HEIGHT - BOTTOM - up

    drawn = [_frame(title)]
    for n in range(5):
        (x, y), foot = at(ends[0] * n / 4, ends[1] * n / 4), HEIGHT - BOTTOM
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text class="tick left" x="{LEFT - 6}" y="{y + 4:.1f}">{ends[1] * n / 4:.3g}</text>')
        drawn.append(f'<text class="tick" x="{x:.1f}" y="{foot + 18}">{ends[0] * n / 4:.3g}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    drawn.append(f'<text class="tick" x="{middle}" y="{HEIGHT - 8}">Before adjustment (standard deviations)</text>')
    drawn.append(f'<text class="label" x="{LEFT}" y="{TOP - 4}">After adjustment</text>')
    same = at(min(ends), min(ends))
    drawn.append(f'<line class="axis" x1="{LEFT}" y1="{HEIGHT - BOTTOM}" x2="{same[0]:.1f}" y2="{same[1]:.1f}"/>')
    y = at(0, limit)[1]
    drawn.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    # A line of no length with round ends is a dot: thousands of them are a few kilobytes.
    places = dict.fromkeys(_at_whole(at(*spot)) for spot in spots)
    drawn.append(f'<path class="dots" d="{"".join(f"M{place}h0" for place in places)}"/>')
    return "".join([*drawn, "</svg>"])


def _at_whole(place: tuple[float, float]) -> str:
    return f"{place[0]:.0f} {place[1]:.0f}"


def bars(names: Sequence[str], groups: Sequence[Sequence[float]], title: str, x_label: str, y_label: str) -> str:
    """Bars side by side: one group of shares for each arm, from 0 to 1 along the axis."""
    top = quartered(max((value for group in groups for value in group), default=1.0))

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM)

    drawn = [_frame(title), *_axes(x_label, y_label, [(n / 5, f"{n / 5:.1f}") for n in range(6)], top, at)]
    many = max(map(len, groups))
    for arm, group in enumerate(groups):
        for place, value in enumerate(group):
            x, y = at((place + 0.08 + 0.42 * arm) / many, value)
            wide, tall = 0.42 / many * (WIDTH - LEFT - RIGHT), at(0, 0)[1] - y
            size = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}"'
            drawn.append(f'<rect class="share arm-{arm}" {size}/>')
        y = TOP + 14 + 16 * arm
        drawn.append(f'<text class="name arm-{arm}" x="{WIDTH - RIGHT - 4}" y="{y}">{escape(names[arm])}</text>')
    return "".join([*drawn, "</svg>"])


def love(rows: Sequence[tuple[str, float, float]], title: str, limit: float) -> str:
    """Standardised differences before (open) and after (full), one line for each covariate."""
    height = 46 + 18 * len(rows)
    reach = quartered(max([limit * 2, *(max(abs(before), abs(after)) for _, before, after in rows)]))
    left = 300
    right = 2 * RIGHT

    def x(value: float) -> float:
        return left + (value + reach) / (2 * reach) * (WIDTH - left - right)

    drawn = [_frame(title, height)]
    for value in (-limit, 0.0, limit):
        kind, place = "axis" if value == 0 else "limit", f"{x(value):.1f}"
        drawn.append(f'<line class="{kind}" x1="{place}" x2="{place}" y1="4" y2="{height - 38}"/>')
    for value in (-reach, -reach / 2, 0, reach / 2, reach):
        drawn.append(f'<text class="tick" x="{x(value):.1f}" y="{height - 22}">{value:g}</text>')
    drawn.append(f'<text class="tick" x="{x(0):.1f}" y="{height - 6}">Standardised difference</text>')
    for number, (name, before, after) in enumerate(rows):
        y = 14 + 18 * number
        drawn.append(f'<text class="row" x="{left - 8}" y="{y + 4}">{escape(shortened(name, LONGEST))}</text>')
        drawn.append(f'<line class="link" x1="{x(before):.1f}" x2="{x(after):.1f}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<circle class="before" cx="{x(before):.1f}" cy="{y}" r="4"/>')
        drawn.append(f'<circle class="after" cx="{x(after):.1f}" cy="{y}" r="4"/>')
    return "".join([*drawn, "</svg>"])


def forest(rows: Sequence[tuple[str, float, float, float]], title: str) -> str:
    """Ratios with their limits on a logarithmic axis, one line for each; the first, which is the answer, is marked."""
    height, left, right = 44 + 20 * len(rows), 300, 2 * RIGHT
    reach = max(2.0, *(max(high, 1 / low) for _, _, low, high in rows))
    ends = next((end for end in (2.0, 4.0, 8.0, 16.0) if reach <= end), 16.0)

    def x(value: float) -> float:
        across = math.log(min(max(value, 1 / ends), ends)) / math.log(ends)
        return left + (across + 1) / 2 * (WIDTH - left - right)

    drawn = [_frame(title, height)]
    drawn.append(f'<line class="axis" x1="{x(1):.1f}" x2="{x(1):.1f}" y1="4" y2="{height - 36}"/>')
    for value in (1 / ends, 1 / math.sqrt(ends), 1.0, math.sqrt(ends), ends):
        drawn.append(f'<text class="tick" x="{x(value):.1f}" y="{height - 22}">{value:.2g}</text>')
    drawn.append(f'<text class="tick" x="{x(1):.1f}" y="{height - 6}">Hazard ratio</text>')
    for number, (name, value, low, high) in enumerate(rows):
        y = 14 + 20 * number
        drawn.append(f'<text class="row" x="{left - 8}" y="{y + 4}">{escape(shortened(name, LONGEST))}</text>')
        drawn.append(f'<line class="quartiles" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y}" y2="{y}"/>')
        kind = "before" if number else "after"
        drawn.append(f'<circle class="{kind}" cx="{x(value):.1f}" cy="{y}" r="4"/>')
    return "".join([*drawn, "</svg>"])


def shortened(name: str, most: int) -> str:
    """A name of so many letters at most: left out is what stands before its last parts, by which those alike differ."""
    if len(name) <= most:
        return name
    begins = name.find(", ", len(name) - 3 * most // 4)
    end = name[begins:] if begins >= 0 else ""
    return f"{name[: most - 1 - len(end)]}…{end}"


def short(value: float) -> str:
    """A number for an axis: three digits, thousands as they are read."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _frame(title: str, height: int = HEIGHT) -> str:
    words = escape(title).replace('"', "&quot;")
    box = f"0 0 {WIDTH} {height}"
    return f'<svg class="figure" viewBox="{box}" role="img" aria-label="{words}"><title>{words}</title>'


def _axes(x_label: str, y_label: str, ticks: list[tuple[float, str]], top: float, at: Place) -> list[str]:
    drawn = []
    for n in range(5):
        x, y = at(0, top * n / 4)
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text class="tick left" x="{x - 6:.1f}" y="{y + 4:.1f}">{100 * top * n / 4:.3g}%</text>')
    for value, text in ticks:
        x, y = at(value, 0)
        drawn.append(f'<text class="tick" x="{x:.1f}" y="{y + 18:.1f}">{text}</text>')
    drawn.append(f'<text class="tick" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}">{escape(x_label)}</text>')
    drawn.append(f'<text class="label" x="{LEFT}" y="{TOP - 4}">{escape(y_label)}</text>')
    return drawn


def _corners(x: Sequence[float], y: Sequence[float], last: float) -> list[tuple[float, float]]:
    found, height = [(0.0, 0.0)], 0.0
    for place, value in zip(x, y, strict=True):
        found += [(place, height), (place, value)]
        height = value
    return [*found, (last, height)]


def _point(at: tuple[float, float]) -> str:
    return f"{at[0]:.1f},{at[1]:.1f}"

"""Charts as SVG, made from what was released: each stands beside a table with the same numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from wardbench.core.page import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 18, 26, 52
Point = tuple[float, float]


@dataclass
class Plot:
    """A frame with two axes, onto which marks are drawn in the data's own units; `markup` is the whole of it."""

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str
    y_label: str
    log_y: bool = False
    marks: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> Point:
        """A place in the picture, held inside the frame."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        low, high, y = (math.log(v) for v in (*self.y, max(y, self.y[0]))) if self.log_y else (*self.y, y)
        up = (y - low) / (high - low)
        across, up = min(max(across, -0.02), 1.02), min(max(up, -0.02), 1.02)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def bars(self, bars: Iterable[tuple[float, float, float]]) -> None:
        """Bars from one x to another, from the bottom up to a height."""
        for low, high, height in bars:
            (x1, y1), (x2, y2) = self.at(low, height), self.at(high, self.y[0])
            self.marks.append(
                f'<rect class="column" x="{x1:.1f}" y="{y1:.1f}" width="{max(x2 - x1 - 0.8, 0.5):.1f}" '
                f'height="{max(y2 - y1, 0):.1f}"/>'
            )

    def line(self, points: Sequence[Point], kind: str) -> None:
        if len(points) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*point) for point in points))
            self.marks.append(f'<polyline class="line {kind}" points="{path}"/>')

    def dots(self, points: Iterable[Point], kind: str) -> None:
        for point in points:
            x, y = self.at(*point)
            self.marks.append(f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>')

    def upright(self, x: float, name: str, kind: str, *, row: int = 0) -> None:
        """A line from bottom to top with its name at the top, on the side that has room."""
        place, _ = self.at(x, self.y[0])
        self.marks.append(f'<line class="{kind}" x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        left = place > WIDTH * 0.6
        anchor, gap = ("end", -5) if left else ("start", 5)
        self.marks.append(
            f'<text class="mark" text-anchor="{anchor}" x="{place + gap:.1f}" y="{TOP + 12 + 15 * row}">'
            f"{escape(name)}</text>"
        )

    def level(self, y: float, kind: str, name: str = "") -> None:
        """A line from left to right, its name above its right end."""
        _, place = self.at(self.x[0], y)
        self.marks.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" y2="{place:.1f}"/>')
        if name:
            self.words(self.x[1], y, name)

    def words(self, x: float, y: float, text: str) -> None:
        place, height = self.at(x, y)
        self.marks.append(
            f'<text class="mark" text-anchor="end" x="{place - 3:.1f}" y="{height - 4:.1f}">{escape(text)}</text>'
        )

    @property
    def markup(self) -> Markup:
        drawn = []
        for value in ticks(*self.y, log=self.log_y):
            x, y = self.at(self.x[0], value)
            drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            drawn.append(f'<text class="tick left" x="{x - 7:.1f}" y="{y + 4:.1f}">{number(value)}</text>')
        for value in ticks(*self.x):
            x, y = self.at(value, self.y[0])
            drawn.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{y + 4:.1f}"/>')
            drawn.append(f'<text class="tick" x="{x:.1f}" y="{y + 18:.1f}">{number(value)}</text>')
        base = HEIGHT - BOTTOM
        drawn.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{base}" y2="{base}"/>')
        middle = (LEFT + WIDTH - RIGHT) / 2
        drawn.append(f'<text class="tick" x="{middle}" y="{HEIGHT - 10}">{escape(self.x_label)}</text>')
        drawn.append(f'<text class="label" x="8" y="{TOP - 10}">{escape(self.y_label)}</text>')
        return framed(self.title, HEIGHT, [*drawn, *self.marks])


def framed(title: str, height: int, drawn: Sequence[str]) -> Markup:
    """A picture below its title, which can be moved from side to side where it does not fit."""
    words = escape(title).replace('"', "&quot;")
    return Markup(
        f'<figure><figcaption>{words}</figcaption><div class="plot" tabindex="0" role="group" '
        f'aria-label="Chart: {words}"><svg class="figure" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{words}"><title>{words}</title>{"".join(drawn)}</svg></div></figure>'
    )


def ticks(low: float, high: float, *, log: bool = False) -> list[float]:
    """Four to eight round numbers from `low` to `high`; on a scale of ratios powers of two."""
    if log:
        first, last = math.ceil(math.log2(low) - 1e-9), math.floor(math.log2(high) + 1e-9)
        return [2.0**power for power in range(first, last + 1)]
    step = nice((high - low) / 6)
    return [step * n for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def nice(value: float) -> float:
    """The least of 1, 2, 2.5, 5 times a power of ten that is not below `value`."""
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= value * (1 - 1e-9))


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def dotted(rows: Sequence[tuple[str, float]], title: str, limit: float) -> Markup:
    """A dot for each row on one scale, with lines at 0 and at the limits on both sides."""
    height, left = 46 + 20 * len(rows), 300
    reach = nice(max([limit * 2, *(abs(value) for _, value in rows)]))

    def x(value: float) -> float:
        return left + (value + reach) / (2 * reach) * (WIDTH - left - RIGHT)

    drawn = []
    for value in (-reach, -limit, 0.0, limit, reach):
        kind = "limit" if abs(value) == limit else "axis" if value == 0 else "grid"
        place = f"{x(value):.1f}"
        drawn.append(f'<line class="{kind}" x1="{place}" x2="{place}" y1="4" y2="{height - 38}"/>')
        if value == 0 or (abs(value) == limit) == (reach <= 4 * limit):
            drawn.append(f'<text class="tick" x="{place}" y="{height - 22}">{value:g}</text>')
    drawn.append(f'<text class="tick" x="{x(0):.1f}" y="{height - 6}">Standardised difference</text>')
    for line, (name, value) in enumerate(rows):
        y = 16 + 20 * line
        shown = name if len(name) <= 38 else name[:37] + "…"
        kind = "out" if abs(value) > limit else "in"
        drawn.append(f'<text class="row" x="{left - 8}" y="{y + 4}">{escape(shown)}</text>')
        drawn.append(f'<line class="grid" x1="{left}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<circle class="dot {kind}" cx="{x(value):.1f}" cy="{y}" r="4.5"/>')
    return framed(title, height, drawn)

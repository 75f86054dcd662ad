"""A timeline as marks on lanes: where each stands, as numbers that a template puts into an SVG."""

from __future__ import annotations

from dataclasses import dataclass

from wardbench.ward.patients import TimedEvent, Timeline

WIDTH, LEFT, RIGHT = 1000, 130, 15
LANE, TOP = 34, 24
YEAR = 365
MOST_TICKS = 12


@dataclass(frozen=True)
class Mark:
    """One event: a dot, or with `length` a bar; `number` is its row in the table."""

    event: TimedEvent
    number: int
    x: float
    y: float
    length: float


@dataclass(frozen=True)
class Lane:
    name: str
    y: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True)
class Drawing:
    """All lanes; `zero` is where day 0 stands."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    zero: float
    width: int
    height: int


def drawing(found: Timeline, *, dates: bool) -> Drawing | None:
    """The lanes of a timeline; None where there are no events. `dates` labels the ticks by year instead of by day."""
    if not found.events or found.zero is None:
        return None
    first = min(event.day for event in found.events)
    last = max(event.end_day or event.day for event in found.events)
    span = max(last - first, 1)

    def x(day: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day - first) / span, 1)

    numbers = {id(event): number for number, event in enumerate(found.events, start=1)}
    lanes = []
    for place, (name, events) in enumerate(found.lanes):
        y = TOP + LANE * place + LANE / 2
        marks = []
        # What counts is drawn last, so that nothing lies on it.
        for event in sorted(events, key=lambda event: bool(event.entry or event.rules)):
            length = round(x(event.end_day) - x(event.day), 1) if event.end_day else 0
            marks.append(Mark(event, numbers[id(event)], x(event.day), y, length))
        lanes.append(Lane(name, y, tuple(marks)))
    step = YEAR * max(1, -(-span // (YEAR * MOST_TICKS)))
    days = range(-(-first // step) * step, last + 1, step)
    year = found.zero.year
    ticks = (Tick(x(day), str(year + round(day / YEAR)) if dates else f"{day:+d}" if day else "0") for day in days)
    return Drawing(tuple(lanes), tuple(ticks), x(0), WIDTH, TOP + LANE * len(lanes) + 4)

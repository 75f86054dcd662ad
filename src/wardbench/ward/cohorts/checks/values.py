"""Ranges, days and windows that say nothing or something impossible, one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from wardbench.ward.cohorts.checks.finding import Checked, Finding
from wardbench.ward.cohorts.definition.criteria import CorrelatedCriteria, Criterion
from wardbench.ward.cohorts.definition.shapes import DateRange, NumericRange, Occurrence, Period, Window
from wardbench.ward.cohorts.paths import parts

OLDEST = 120
_AGES = ("Age", "AgeAtStart", "AgeAtEnd")
_LENGTHS = ("EraLength", "PeriodLength", "VisitLength", "VisitDetailLength")


def findings(checked: Checked) -> Iterator[Finding]:
    for path, part in parts(checked.definition.expression):
        match part:
            case NumericRange() | DateRange():
                yield from _range(path, part)
            case Period(start_date=start, end_date=end) if start is not None and end is not None and start > end:
                yield Finding("critical", "range", path, f"The period ends on {end}, before it starts on {start}.")
            case Occurrence(type=2, count=0):
                sentence = "At least 0 is always so: the criterion asks for nothing."
                yield Finding("warning", "always", f"{path}.Count", sentence)
            case CorrelatedCriteria():
                for key, window in (("StartWindow", part.start_window), ("EndWindow", part.end_window)):
                    if window is not None:
                        yield from _window(f"{path}.{key}", window, within=not part.ignore_observation_period)
                yield from _both_windows(path, part)
                yield from _death(path, part)


def _range(path: str, part: NumericRange | DateRange) -> Iterator[Finding]:
    low, high = part.value, part.extent
    if part.op.endswith("bt") and high is not None and low > high:  # type: ignore[operator]
        what = "nothing lies between them" if part.op == "bt" else "everything lies outside them"
        yield Finding("critical", "range", path, f"The lower bound {low} is above the upper bound {high}: {what}.")
        return
    key = path.rpartition(".")[2]
    if isinstance(part, DateRange) or key not in (*_AGES, *_LENGTHS):
        return
    value = part.value
    what = "age" if key in _AGES else "length"
    if (part.op == "lt" and value <= 0) or (part.op in ("lte", "eq") and value < 0):
        yield Finding("critical", "range", path, f"No {what} is below 0.")
    elif (part.op == "gte" and value <= 0) or (part.op in ("gt", "!eq") and value < 0):
        yield Finding("warning", "always", path, f"Every {what} is 0 or more: the attribute asks for nothing.")
    elif key in _AGES and part.op in ("gt", "gte", "eq", "bt") and value > OLDEST:
        yield Finding("warning", "range", path, f"An age of {value} years or more is nobody's.")


def _window(path: str, window: Window, *, within: bool) -> Iterator[Finding]:
    start, end = window.start, window.end
    if start.days is not None and end.days is not None and start.coeff * start.days > end.coeff * end.days:
        sentence = (
            f"The window begins {_said(start.coeff * start.days)} and ends {_said(end.coeff * end.days)}, "
            "which is earlier: no day lies in it."
        )
        yield Finding("critical", "window", path, sentence)
    if (start.days is None and start.coeff == 1) or (end.days is None and end.coeff == -1):
        side, wrong = ("begins", "after") if start.days is None and start.coeff == 1 else ("ends", "before")
        edge = "last" if wrong == "after" else "first"
        is_read = f"means the {edge} day of observation alone" if within else "bounds nothing"
        sentence = f"The window {side} at “all days {wrong}”, which {is_read}; a number of days is meant."
        yield Finding("warning", "window", path, sentence)


def _both_windows(path: str, criteria: CorrelatedCriteria) -> Iterator[Finding]:
    """An event that has to end before it may start."""
    start, end = criteria.start_window, criteria.end_window
    if end is None or start.use_event_end or end.use_event_end is False:
        return
    if bool(start.use_index_end) != bool(end.use_index_end) or start.start.days is None or end.end.days is None:
        return
    starts, ends = start.start.coeff * start.start.days, end.end.coeff * end.end.days
    if starts > ends:
        sentence = f"The event is to start {_said(starts)} or later and to end {_said(ends)} or earlier."
        yield Finding("critical", "window", path, sentence)


def _death(path: str, criteria: CorrelatedCriteria) -> Iterator[Finding]:
    end = criteria.start_window.end
    wanted = criteria.occurrence.type == 2 or (criteria.occurrence.type == 0 and criteria.occurrence.count > 0)
    if criteria.criteria.only[0] == "death" and wanted and end.days and end.coeff == -1:
        yield Finding("warning", "death", path, "A death is asked for before the event that it is asked about.")


def _said(days: int) -> str:
    if days == 0:
        return "on the day itself"
    return f"{abs(days)} day{'' if abs(days) == 1 else 's'} {'before' if days < 0 else 'after'}"


def describes_nothing(criterion: Criterion) -> bool:
    """Whether a criterion asks for nothing at all, so that any record of its kind will do."""
    asked = (getattr(criterion, name) for name in criterion.__struct_fields__)
    return all(value is None or value is False or value == () or value == [] for value in asked)

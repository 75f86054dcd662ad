"""What is compared: numbers, days, coded values; and windows of days around a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from wardbench.core.errors import InputError

JSON = Mapping[str, Any]
OPERATORS = ("gt", "gte", "lt", "lte", "eq", "bt")
"""Greater, greater or equal, less, less or equal, equal, between."""
MOST_DAYS = 36_500


@dataclass(frozen=True)
class Number:
    """A condition on a number: `op` one of `OPERATORS`; `extent` is the upper end of between."""

    op: str
    value: float
    extent: float | None = None

    def __post_init__(self) -> None:
        _check_operator(self.op, self.extent is not None)
        if self.extent is not None and self.extent < self.value:
            raise InputError("between: the second number is the larger one.")

    def json(self, *, whole: bool = False) -> dict[str, Any]:
        def shown(value: float) -> float | int:
            return int(value) if whole or value == int(value) else value

        said: dict[str, Any] = {"Value": shown(self.value), "Op": self.op}
        if self.extent is not None:
            said["Extent"] = shown(self.extent)
        return said

    @classmethod
    def read(cls, given: Any) -> Number | None:
        if not _is_comparison(given):
            return None
        value, op, extent = given.get("Value"), given["Op"], given.get("Extent")
        if not is_number(value) or not (extent is None or is_number(extent)):
            return None
        if op == "bt":
            return None if extent is None or extent < value else cls(op, value, extent)
        return cls(op, value)


@dataclass(frozen=True)
class Day:
    """A condition on a calendar day: `op` one of `OPERATORS`; `extent` is the last day of between."""

    op: str
    value: date
    extent: date | None = None

    def __post_init__(self) -> None:
        _check_operator(self.op, self.extent is not None)
        if self.extent is not None and self.extent < self.value:
            raise InputError("between: the second day is the later one.")

    def json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"Value": self.value.isoformat(), "Op": self.op}
        if self.extent is not None:
            said["Extent"] = self.extent.isoformat()
        return said

    @classmethod
    def read(cls, given: Any) -> Day | None:
        if not _is_comparison(given):
            return None
        value, op, extent = _day(given.get("Value")), given["Op"], _day(given.get("Extent"))
        if value is None:
            return None
        if op == "bt":
            return None if extent is None or extent < value else cls(op, value, extent)
        return cls(op, value)


@dataclass(frozen=True)
class Coded:
    """A concept that a coded value may be, such as a unit."""

    concept_id: int
    name: str = ""
    code: str = ""
    vocabulary: str = ""

    def json(self) -> dict[str, Any]:
        return {
            "CONCEPT_ID": self.concept_id,
            "CONCEPT_NAME": self.name,
            "CONCEPT_CODE": self.code,
            "VOCABULARY_ID": self.vocabulary,
        }

    @classmethod
    def read_all(cls, given: Any) -> tuple[Coded, ...] | None:
        """All of a list; None where it is no list of concepts, or names none."""
        if not isinstance(given, list) or not given or not all(isinstance(one, Mapping) for one in given):
            return None
        if not all(isinstance(one.get("CONCEPT_ID"), int) for one in given):
            return None
        texts = ("CONCEPT_NAME", "CONCEPT_CODE", "VOCABULARY_ID")
        found = [cls(one["CONCEPT_ID"], *(str(one.get(key) or "") for key in texts)) for one in given]
        return tuple({one.concept_id: one for one in found}.values())


@dataclass(frozen=True)
class Bound:
    """One end of a window: `days` before (negative) or after (positive) the entry; None for any time.

    `side` says which end of time None is: -1 any time before, 1 any time after.
    """

    days: int | None
    side: int

    def __post_init__(self) -> None:
        if self.days is not None and abs(self.days) > MOST_DAYS:
            raise InputError("days: {most} at most.", most=MOST_DAYS)

    def json(self) -> dict[str, Any]:
        if self.days is None:
            return {"Coeff": self.side}
        coefficient = -1 if self.days < 0 or (self.days == 0 and self.side < 0) else 1
        return {"Days": abs(self.days), "Coeff": coefficient}

    @classmethod
    def read(cls, given: Any) -> Bound | None:
        if not isinstance(given, Mapping) or not set(given) <= {"Days", "Coeff"} or given.get("Coeff") not in (-1, 1):
            return None
        days, side = given.get("Days"), given["Coeff"]
        if days is None:
            return cls(None, side)
        if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= MOST_DAYS:
            return None
        return cls(days * side, side)


ANY_BEFORE, ANY_AFTER = Bound(None, -1), Bound(None, 1)


@dataclass(frozen=True)
class Window:
    """From `start` to `end`, in days from the day on which the entry begins, or with `from_end` ends.

    What has to lie in it is the day on which an event begins, or with `of_end` ends.
    """

    start: Bound = ANY_BEFORE
    end: Bound = field(default_factory=lambda: Bound(0, 1))
    of_end: bool = False
    from_end: bool = False

    def json(self) -> dict[str, Any]:
        return {
            "Start": self.start.json(),
            "End": self.end.json(),
            "UseEventEnd": self.of_end,
            "UseIndexEnd": self.from_end,
        }

    @classmethod
    def read(cls, given: Any, *, of_end: bool) -> Window | None:
        """`of_end` is what is meant where nothing is said: ATLAS's second window is of the end."""
        known = {"Start", "End", "UseEventEnd", "UseIndexEnd"}
        if not isinstance(given, Mapping) or not set(given) <= known:
            return None
        start, end = Bound.read(telling(given.get("Start"))), Bound.read(telling(given.get("End")))
        switches = given.get("UseEventEnd"), given.get("UseIndexEnd")
        if start is None or end is None or not all(is_switch(one) for one in switches):
            return None
        return cls(start, end, of_end if switches[0] is None else switches[0], bool(switches[1]))


def telling(given: Any) -> Any:
    """What is said, without the much that ATLAS writes and that says nothing."""
    if not isinstance(given, Mapping):
        return given
    return {key: value for key, value in given.items() if value is not None and value is not False and value != []}


def is_switch(given: Any) -> bool:
    return given is None or isinstance(given, bool)


def is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _is_comparison(given: Any) -> bool:
    return (
        isinstance(given, Mapping)
        and set(given) <= {"Value", "Op", "Extent"}
        and isinstance(given.get("Op"), str)
        and given["Op"] in OPERATORS
    )


def _check_operator(op: str, has_extent: bool) -> None:
    if op not in OPERATORS:
        raise InputError("operator: {given} is none of {known}.", given=repr(op), known=", ".join(OPERATORS))
    if (op == "bt") != has_extent:
        raise InputError("between needs two values, and nothing else does.")


def _day(given: Any) -> date | None:
    try:
        return date.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None

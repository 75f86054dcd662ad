"""Public holidays as data: the same day each year, so many days after Easter, or one date. No Django here."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterable
from typing import Annotated

import msgspec


class Holiday(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day on which nothing falls due. One of three says which: `day` is month and day as 07-21, `easter` how many
    days after Easter Sunday (before it where it is negative), `date` a day of one year as 2026-07-20.

    `name` is what it is called, `source` the law or decision that makes it a holiday.
    """

    name: str
    source: str
    day: Annotated[str, msgspec.Meta(pattern=r"^\d\d-\d\d$")] = ""
    easter: int | None = None
    date: datetime.date | None = None

    @property
    def fault(self) -> str:
        """What is wrong with it; nothing where it says one day."""
        if sum((bool(self.day), self.easter is not None, self.date is not None)) != 1:
            return "one of day, easter and date"
        try:
            self.in_year(2000)
        except ValueError:
            return f"{self.day} is no day of a year"
        return ""

    @property
    def when(self) -> str:
        """Which day it is, for the manual."""
        if self.easter is not None:
            return f"Easter Sunday {self.easter:+d}"
        if self.date is not None:
            return self.date.isoformat()
        month, day = (int(part) for part in self.day.split("-"))
        return f"{day} {calendar.month_name[month]}"

    def in_year(self, year: int) -> datetime.date | None:
        """The day in a year; None where it has none, as 29 February in most."""
        if self.easter is not None:
            return easter(year) + datetime.timedelta(days=self.easter)
        if self.date is not None:
            return self.date if self.date.year == year else None
        month, day = (int(part) for part in self.day.split("-"))
        if (month, day) == (2, 29) and not calendar.isleap(year):
            return None
        return datetime.date(year, month, day)


def easter(year: int) -> datetime.date:
    """Easter Sunday of the Gregorian calendar, by the algorithm of Meeus, Jones and Butcher (J. Meeus, Astronomical
    Algorithms, chapter 8)."""
    golden = year % 19
    century, in_century = divmod(year, 100)
    skipped, left = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - skipped - moon + 15) % 30
    fourth, rest = divmod(in_century, 4)
    to_sunday = (32 + 2 * left + 2 * fourth - epact - rest) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return datetime.date(year, month, day + 1)


def working_day(day: datetime.date, holidays: Iterable[Holiday]) -> datetime.date:
    """`day`, or the first after it that is neither of a weekend nor a holiday."""
    known = tuple(holidays)
    free = {one.in_year(year) for one in known for year in (day.year, day.year + 1)}
    while day.weekday() >= 5 or day in free:
        day += datetime.timedelta(days=1)
    return day

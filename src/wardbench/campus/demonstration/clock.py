"""The clock of the demonstration: it begins some days ago and goes on to now, as what is done takes time.

Every service reads the time where Django has it, so that what is written down while this clock runs stands in the
record in the order in which it happened, with the days between that a figure is worked out of later.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone


class Clock:
    """Some time behind the true one. It is for the process that makes a demonstration, and for nothing else."""

    def __init__(self, behind: datetime.timedelta) -> None:
        self._true, self._behind = timezone.now, behind

    def now(self) -> datetime.datetime:
        return self._true() - self._behind

    def wait(self, *, days: float = 0, hours: float = 0) -> None:
        """Let time pass, though never beyond now."""
        passed = datetime.timedelta(days=days, hours=hours)
        self._behind = max(datetime.timedelta(0), self._behind - passed)


@contextmanager
def beginning(days: float) -> Iterator[Clock]:
    """The clock of the campus, `days` ago at first, for as long as the block lasts."""
    true, clock = timezone.now, Clock(datetime.timedelta(days=days))
    timezone.now = clock.now
    try:
        yield clock
    finally:
        timezone.now = true

"""What other applications know of a patient, for the timeline that the care team sees: functions that they add."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """Something that is known of a patient and stands in no record of care, in the reader's language."""

    day: datetime.date
    what: str
    value: str
    source: str


Tell = Callable[[int], Sequence[Known]]
_told: list[Tell] = []


def beside_patients(function: Tell) -> Tell:
    """Let a function say what is known of a patient, by number; it is asked once the look is on the record."""
    _told.append(function)
    return function


def known_of(patient: int) -> list[Known]:
    """All of it, the oldest first."""
    return sorted((one for function in _told for one in function(patient)), key=lambda one: one.day)

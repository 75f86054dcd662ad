"""What other applications know of a patient, for the timeline that the care team sees: functions that they add."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wardbench.campus.people.rules import Actor


@dataclass(frozen=True)
class Known:
    """Something that is known of a patient and stands in no record of care, in the reader's language."""

    day: datetime.date
    what: str
    value: str
    source: str


@dataclass(frozen=True)
class Held:
    """A thing of a patient that is kept somewhere, with the page on which the care team can do something about it."""

    what: str
    said: str
    address: str
    act: str


Tell = Callable[[int], Sequence[Known]]
Hold = Callable[[Actor, int], Sequence[Held]]
_told: list[Tell] = []
_held: list[Hold] = []


def held_of_patients(function: Hold) -> Hold:
    """Let a function say what is kept of a patient, by number; it is asked once the look is on the record."""
    _held.append(function)
    return function


def held_of(actor: Actor, patient: int) -> list[Held]:
    return [one for function in _held for one in function(actor, patient)]


def beside_patients(function: Tell) -> Tell:
    """Let a function say what is known of a patient, by number; it is asked once the look is on the record."""
    _told.append(function)
    return function


def known_of(patient: int) -> list[Known]:
    """All of it, the oldest first."""
    return sorted((one for function in _told for one in function(patient)), key=lambda one: one.day)

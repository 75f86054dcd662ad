"""What other applications know of a specimen, a donor or an excursion, for their pages: functions that they add, giving
lines; and what they do when an excursion is found or judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wardbench.campus.biobank.desk import Line
from wardbench.campus.biobank.models import Donor, Excursion, Specimen
from wardbench.campus.people.rules import Actor

Tell = Callable[[Actor, Specimen], Sequence[Line]]
TellOfDonor = Callable[[Actor, Donor], Sequence[Line]]
TellOfExcursion = Callable[[Actor, Excursion], Sequence[Line]]
Hear = Callable[[Excursion, Actor], None]
_told: list[Tell] = []
_of_donors: list[TellOfDonor] = []
_of_excursions: list[TellOfExcursion] = []
_hearing: list[Hear] = []


def beside_specimens(function: Tell) -> Tell:
    """Let a function say what came back about a specimen, or one that it was made of or that was made of it."""
    _told.append(function)
    return function


def lines_beside(actor: Actor, specimen: Specimen) -> list[Line]:
    return [line for function in _told for line in function(actor, specimen)]


def beside_donors(function: TellOfDonor) -> TellOfDonor:
    """Let a function say what became of a donor's answers."""
    _of_donors.append(function)
    return function


def lines_of_donor(actor: Actor, donor: Donor) -> list[Line]:
    return [line for function in _of_donors for line in function(actor, donor)]


def beside_excursions(function: TellOfExcursion) -> TellOfExcursion:
    """Let a function say who has what an excursion touched."""
    _of_excursions.append(function)
    return function


def lines_of_excursion(actor: Actor, excursion: Excursion) -> list[Line]:
    return [line for function in _of_excursions for line in function(actor, excursion)]


def on_excursion(function: Hear) -> Hear:
    """Let a function hear of each excursion that is found, goes on or is judged, within the verb that does it."""
    _hearing.append(function)
    return function


def heard(excursion: Excursion, by: Actor) -> None:
    for function in _hearing:
        function(excursion, by)

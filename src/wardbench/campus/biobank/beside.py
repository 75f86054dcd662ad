"""What other applications know of a specimen or a donor, for their pages: functions that they add, giving lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wardbench.campus.biobank.desk import Line
from wardbench.campus.biobank.models import Donor, Specimen
from wardbench.campus.people.rules import Actor

Tell = Callable[[Actor, Specimen], Sequence[Line]]
TellOfDonor = Callable[[Actor, Donor], Sequence[Line]]
_told: list[Tell] = []
_of_donors: list[TellOfDonor] = []


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

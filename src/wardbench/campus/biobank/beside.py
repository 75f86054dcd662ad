"""What other applications know of a specimen, for its page: functions that they add, each giving lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wardbench.campus.biobank.desk import Line
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people.rules import Actor

Tell = Callable[[Actor, Specimen], Sequence[Line]]
_told: list[Tell] = []


def beside_specimens(function: Tell) -> Tell:
    """Let a function say what came back about a specimen, or one that it was made of or that was made of it."""
    _told.append(function)
    return function


def lines_beside(actor: Actor, specimen: Specimen) -> list[Line]:
    return [line for function in _told for line in function(actor, specimen)]

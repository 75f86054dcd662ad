"""The manager's desk: cards that each part of the biobank adds, and what the figures on top say.

A module that has something for the desk calls `card` with a function, and stands in `DESK` of its application.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wardbench.campus.people.rules import Actor


@dataclass(frozen=True)
class Line:
    """A line of a card, already in the reader's language; `tone` one of good, bad, wait or empty."""

    title: str
    address: str = ""
    said: str = ""
    tag: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Card:
    """Something to look at or to begin with; `empty` teaches what would stand here."""

    title: str
    lines: Sequence[Line]
    empty: str
    address: str = ""
    step: str = ""
    step_address: str = ""


Make = Callable[[Actor], Card | None]
_cards: list[tuple[int, Make]] = []


def card(order: int) -> Callable[[Make], Make]:
    """Let a function make a card, or None for whom it is not; smallest `order` first. Places 10, excursions 20,
    moves 30, visits 40, imports 50, collections 60, requests 70, withdrawals 80, registers 90."""

    def decorate(function: Make) -> Make:
        _cards.append((order, function))
        return function

    return decorate


def cards_for(actor: Actor) -> list[Card]:
    """The cards of the desk that are for `actor`."""
    made = (make(actor) for _order, make in sorted(_cards, key=lambda one: one[0]))
    return [one for one in made if one is not None]

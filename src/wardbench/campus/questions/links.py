"""How a question shows the studies that work on it, of which it knows the ids alone.

Studies stand above questions, so they say themselves how one is shown: `resolve_studies_by`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wardbench.campus.people.rules import Actor


@dataclass(frozen=True)
class StudyLink:
    """A study as a question shows it; `address` is empty where the reader may know of the study and not open it."""

    study: uuid.UUID
    title: str
    address: str


Resolver = Callable[[Actor, Sequence[uuid.UUID]], Sequence[StudyLink]]
"""Whoever reads, the ids of studies; those of them that the reader may know of."""

_resolvers: list[Resolver] = []


def resolve_studies_by(resolver: Resolver) -> None:
    """Let `resolver` say how studies are shown; the last one counts."""
    _resolvers[:] = [resolver]


def study_links(actor: Actor, studies: Sequence[uuid.UUID]) -> list[StudyLink]:
    return list(_resolvers[0](actor, studies)) if _resolvers and studies else []


@dataclass(frozen=True)
class CameBack:
    """What came back from a study that works, or worked, on a question. `address` is empty where the reader may not
    open it, `reference` where an answer cannot name it, since it is no publication."""

    title: str
    said: str
    address: str
    reference: str = ""


CameBackTeller = Callable[[Actor, Sequence[uuid.UUID]], Sequence[CameBack]]
_came_back: list[CameBackTeller] = []


def came_back_by(teller: CameBackTeller) -> None:
    """Let `teller` say what came back from studies; the last one counts."""
    _came_back[:] = [teller]


def came_back(actor: Actor, studies: Sequence[uuid.UUID]) -> list[CameBack]:
    """What came back from these studies, the newest first, as `actor` may know of it."""
    return list(_came_back[0](actor, studies)) if _came_back and studies else []


TakeUpAddress = Callable[[uuid.UUID], str]
_take_up: list[TakeUpAddress] = []


def take_up_at(address: TakeUpAddress) -> None:
    """Let `address` say where a study begins that takes up a question; the last one counts."""
    _take_up[:] = [address]


def take_up_address(question: uuid.UUID) -> str:
    """Where to take the question up into a study, empty where there are no studies."""
    return _take_up[0](question) if _take_up else ""

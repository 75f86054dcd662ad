"""The home page's parts: what waits for somebody, and what is theirs. Each application adds its own.

An application has a module `home` with functions under `@waiting` and `@panel`; the shell imports these modules when
it starts. This module knows no application but people.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wardbench.campus.people.rules import Actor


@dataclass(frozen=True)
class Task:
    """Something that cannot go on before this person has acted: the verb first ("Vote on S12345")."""

    what: str
    line: str
    address: str
    since: datetime.date | None = None
    due: datetime.date | None = None

    def overdue(self, today: datetime.date) -> bool:
        return self.due is not None and self.due < today


@dataclass(frozen=True)
class Entry:
    """One line of a panel; `tag` is its state in a word, `tone` one of good, bad, wait or empty."""

    title: str
    line: str
    address: str
    tag: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Panel:
    """Something of the person's own ("My questions"), already in their language.

    Where there are no entries yet, `empty` teaches what would stand here and `step` leads to making the first.
    """

    key: str
    title: str
    entries: tuple[Entry, ...]
    empty: str
    step: str = ""
    step_address: str = ""
    all_address: str = ""


Waiting = Callable[[Actor], Sequence[Task]]
MakePanel = Callable[[Actor], Panel | None]

_waiting: list[Waiting] = []
_panels: list[tuple[int, MakePanel]] = []


def waiting(function: Waiting) -> Waiting:
    """Let `function` say what waits for somebody."""
    _waiting.append(function)
    return function


def panel(order: int) -> Callable[[MakePanel], MakePanel]:
    """Let a function make a panel of the home page, or None for whom it is not; smallest `order` first.

    News 10, studies 20, questions 30, cohorts 40.
    """

    def decorate(function: MakePanel) -> MakePanel:
        _panels.append((order, function))
        return function

    return decorate


def waiting_for(actor: Actor) -> list[Task]:
    """Everything that waits for `actor`: what is due first comes first, then what has waited longest."""
    tasks = [task for function in _waiting for task in function(actor)]
    never = datetime.date.max
    return sorted(tasks, key=lambda task: (task.due or never, task.since or never, task.what))


def panels_for(actor: Actor) -> list[Panel]:
    made = (function(actor) for _, function in sorted(_panels, key=lambda pair: pair[0]))
    return [one for one in made if one is not None]

"""The home page's parts: what waits for somebody, and what is theirs. Each application adds its own.

An application has a module `home` with functions under `@waiting`, `@panel` and `@part`; the shell imports these
modules when it starts. This module knows no application but people.
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


@dataclass(frozen=True)
class Part:
    """Tasks and panels that come of the same reading."""

    tasks: Sequence[Task]
    panels: Sequence[Panel | None]


Waiting = Callable[[Actor], Sequence[Task]]
MakePanel = Callable[[Actor], Panel | None]

MakePart = Callable[[Actor], Part]

_waiting: list[Waiting] = []
_panels: list[tuple[int, MakePanel]] = []
_parts: list[tuple[int, MakePart]] = []


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


def part(order: int) -> Callable[[MakePart], MakePart]:
    """Let a function make tasks and panels together, where they are about the same things."""

    def decorate(function: MakePart) -> MakePart:
        _parts.append((order, function))
        return function

    return decorate


def page_of(actor: Actor) -> tuple[list[Task], list[Panel]]:
    """Everything that waits for `actor`, what is due first and then what has waited longest before the rest, and the
    panels in their order."""
    parts = [(order, function(actor)) for order, function in _parts]
    tasks = [task for function in _waiting for task in function(actor)] + [
        task for _, one in parts for task in one.tasks
    ]
    never = datetime.date.max
    tasks.sort(key=lambda task: (task.due or never, task.since or never, task.what))
    panels = [(order, function(actor)) for order, function in _panels] + [
        (order, panel) for order, one in parts for panel in one.panels
    ]
    return tasks, [one for _, one in sorted(panels, key=lambda pair: pair[0]) if one is not None]

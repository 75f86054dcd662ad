"""One search over everything: each application says how its own things are found, and keeps its own rules.

An application has a module `home` in which it calls `provide`; the shell imports these modules when it starts. So this
module knows no application but people, whose `Actor` asks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wardbench.campus.people.rules import Actor

SHORTEST = 2
"""Letters before a search begins: one letter finds everything and tells nothing."""


@dataclass(frozen=True)
class Hit:
    """Something found: its name, one line about it, and where it is."""

    title: str
    line: str
    address: str


Find = Callable[[Actor, str, int], Sequence[Hit]]
"""What a provider is: whoever asks, the text, how many hits at most; only what the actor may see, best first."""


@dataclass(frozen=True)
class Kind:
    """One kind of things: `title` is a sentence of the catalogues ("Questions")."""

    key: str
    title: str
    find: Find
    order: int


@dataclass(frozen=True)
class Group:
    """What was found of one kind; `more` where there are more hits than are shown."""

    kind: Kind
    hits: tuple[Hit, ...]
    more: bool


_kinds: dict[str, Kind] = {}


def provide(key: str, title: str, find: Find, *, order: int) -> None:
    """Let `find` answer for one kind of things. Kinds are shown by `order`, smallest first."""
    _kinds[key] = Kind(key, title, find, order)


def kinds() -> tuple[Kind, ...]:
    return tuple(sorted(_kinds.values(), key=lambda kind: kind.order))


def search(actor: Actor, text: str, *, only: str = "", limit: int = 5) -> list[Group]:
    """What `actor` may see that has to do with `text`, by kind; kinds of which nothing was found are left out."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(text) < SHORTEST:
        return []
    groups = []
    for kind in kinds():
        if only in ("", kind.key) and (hits := tuple(kind.find(actor, text, limit + 1))):
            groups.append(Group(kind, hits[:limit], len(hits) > limit))
    return groups

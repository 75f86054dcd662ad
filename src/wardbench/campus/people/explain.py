"""Why can somebody see something? Each application says how its own things are found and by which rules they are seen.

An application has a module `explained` in which it calls `explain`; this one knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wardbench.campus.people.rules import Actor, Verdict


@dataclass(frozen=True)
class Choice:
    """Something that can be asked about: its id, as text, and its name."""

    id: str
    name: str


@dataclass(frozen=True)
class Answer:
    """One right on a thing: what it is called (a sentence of the catalogues), and the verdict."""

    title: str
    verdict: Verdict


Find = Callable[[Actor, str], Sequence[Choice]]
"""Things that whoever asks may know of, by a few words or by their id; best first."""
Answers = Callable[[Actor, str], Sequence[Answer]]
"""What an actor may do with the thing of this id, the first of them seeing it; empty where there is no such thing."""


@dataclass(frozen=True)
class Kind:
    """One kind of things; `title` is a sentence of the catalogues ("Question")."""

    key: str
    title: str
    find: Find
    answers: Answers


_kinds: dict[str, Kind] = {}
_rights: list[tuple[str, Callable[[Actor], Verdict]]] = []


def explain(key: str, title: str, *, find: Find, answers: Answers) -> None:
    """Let rights on one kind of things be asked about."""
    _kinds[key] = Kind(key, title, find, answers)


def explain_rights(rights: Sequence[tuple[str, Callable[[Actor], Verdict]]]) -> None:
    """Add rights that are about no single thing: a title each, and its rule."""
    _rights.extend(one for one in rights if one not in _rights)


def kinds() -> tuple[Kind, ...]:
    return tuple(_kinds.values())


def found(by: Actor, key: str, text: str, ids: Sequence[str]) -> tuple[Kind | None, Sequence[Choice]]:
    """What kind of thing a text names, and which it may be. An address names a thing by the first of its `ids` that is
    one: a document's page is its study's. Of an address the kind need not be said."""
    asked = [one for one in kinds() if one.key == key or (ids and not key)]
    for kind in asked:
        for one in ids:
            if choices := kind.find(by, one):
                return kind, choices
    if not key or not asked:
        return None, []
    return asked[0], [] if ids else asked[0].find(by, text)


def rights() -> tuple[tuple[str, Callable[[Actor], Verdict]], ...]:
    """Every right that is about no single thing: its title and its rule."""
    return tuple(_rights)


def rights_of(actor: Actor) -> list[Answer]:
    """What somebody may do in general."""
    return [Answer(title, rule(actor)) for title, rule in _rights]

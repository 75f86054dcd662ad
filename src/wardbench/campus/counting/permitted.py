"""Which studies let somebody count exactly now. Studies say so; this module knows none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wardbench.campus.people.rules import Actor, Verdict


@dataclass(frozen=True)
class Permitted:
    """A study under whose permit somebody may count: its reference, and what the permit says now of a cohort by its
    content hash."""

    study: str
    covers: Callable[[str], Verdict]


Source = Callable[[Actor], Sequence[Permitted]]
_sources: list[Source] = []


def permitted_by(source: Source) -> Source:
    """Let `source` say which studies let somebody count."""
    _sources.append(source)
    return source


def permitted_for(actor: Actor) -> list[Permitted]:
    """The studies in which somebody may count some cohort exactly now."""
    return [one for source in _sources for one in source(actor)]

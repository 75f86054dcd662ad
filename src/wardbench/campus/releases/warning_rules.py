"""Who answers a warning about specimens that had been outside their temperatures. No Django here."""

from __future__ import annotations

from dataclasses import dataclass

from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, no, yes


@dataclass(frozen=True)
class Facts:
    """`team` are the people of the study that was told, ids as text; `seen` whether it said that it knows."""

    team: frozenset[str]
    seen: bool = False


def may_answer(actor: Actor, facts: Facts) -> Verdict:
    """Saying that a study knows, and what it means for its work."""
    if not actor.id or not actor.roles or actor.id not in facts.team:
        return no(gettext_noop("The people of the study that has the specimens answer this."))
    if facts.seen:
        return no(gettext_noop("Your study has said that it knows."))
    return yes(gettext_noop("Your study has these specimens."))

"""Who works with whom, so that a partner reaches those they work with and nobody else.

What people work on together stands above this application: its own modules say it, by `work_together_by`.
"""

from __future__ import annotations

from collections.abc import Callable

from wardbench.campus.people import rules
from wardbench.campus.people.rules import Actor, Verdict

Teller = Callable[[Actor, str], bool]
"""Whether somebody works with the person of this id."""

_tellers: list[Teller] = []


def work_together_by(teller: Teller) -> None:
    """Let `teller` say of two people whether they work together; one that does is enough."""
    if teller not in _tellers:
        _tellers.append(teller)


def may_see(actor: Actor, person: str) -> Verdict:
    """Whether somebody may see a profile; what they work on together is looked up where it decides alone."""
    seen = rules.may_see_person(actor, person)
    if seen or not rules.is_partner_alone(actor):
        return seen
    return rules.may_see_person(actor, person, together=any(tell(actor, person) for tell in _tellers))

"""Who may say what came back from a study, and who may see it. No Django here."""

from __future__ import annotations

from dataclasses import dataclass

from wardbench.campus.biobank.rules import KEEPERS
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, no, yes


@dataclass(frozen=True)
class Facts:
    """What the rules ask: who works on the study (ids as text), whether it ever received specimens, and whether it ever
    had a permit."""

    team: frozenset[str]
    received: bool = True
    permitted: bool = False


def may_see_finding(actor: Actor, facts: Facts) -> Verdict:
    """What came back about specimens, by their labels: the study's team, the biobank, the board and data stewards."""
    if actor.id and actor.roles and actor.id in facts.team:
        return yes(gettext_noop("You work on the study."))
    if actor.has(*KEEPERS, Role.BIOBANK_BOARD, Role.DATA_STEWARD):
        return yes(gettext_noop("The biobank, its board and data stewards see what came back about specimens."))
    return no(gettext_noop("This is for the team of the study and for the biobank."))


def may_retract_finding(actor: Actor, facts: Facts) -> Verdict:
    """Saying that what came back is wrong: the study's team, and the biobank, which others ask about its tubes."""
    if actor.id and actor.roles and actor.id in facts.team:
        return yes(gettext_noop("You work on the study."))
    if actor.has(*KEEPERS):
        return yes(gettext_noop("You look after the biobank."))
    return no(gettext_noop("This is for the team of the study and for the biobank."))


def may_add_finding(actor: Actor, facts: Facts) -> Verdict:
    """Saying what came back: the team of a study that received specimens, or that had a permit; of data alone, what it
    published."""
    if not (actor.id and actor.roles and actor.id in facts.team):
        return no(gettext_noop("This is for the team of the study."))
    if not facts.received and not facts.permitted:
        return no(gettext_noop("The study has had no permit yet, under which something could come back."))
    return yes(gettext_noop("You work on the study."))

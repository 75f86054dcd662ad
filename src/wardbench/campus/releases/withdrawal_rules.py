"""What a withdrawal can be, what it reaches, how each of these can end, and whose turn it is. No Django here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.biobank.rules import HERE, KEEPERS
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Title, Verdict, no, yes


class Kind(StrEnum):
    """What somebody does not allow any more."""

    WHOLE = "whole"
    TIERS = "tiers"
    DATA = "data"


KINDS = {
    Kind.WHOLE: gettext_noop("Everything is taken back"),
    Kind.TIERS: gettext_noop("Some uses are taken back"),
    Kind.DATA: gettext_noop("Opt-out of the reuse of data"),
}


class Wish(StrEnum):
    """What is to become of the material where everything is taken back."""

    DESTROY = "destroy"
    KEEP = "keep"


WISHES = {
    Wish.DESTROY: gettext_noop("Destroy what is left"),
    Wish.KEEP: gettext_noop("Keep what is left, for care alone"),
}


class Reached(StrEnum):
    """What a task is about: a specimen itself, its use by a study, an extract of data, a finding that came back."""

    SPECIMEN = "specimen"
    USE = "use"
    EXTRACT = "extract"
    FINDING = "finding"


REACHED = {
    Reached.SPECIMEN: gettext_noop("Specimen"),
    Reached.USE: gettext_noop("Use by a study"),
    Reached.EXTRACT: gettext_noop("Extract of data"),
    Reached.FINDING: gettext_noop("What came back from a study"),
}


class Outcome(StrEnum):
    """How it ended with one of them."""

    DESTROYED = "destroyed"
    RETURNED = "returned"
    DELETED = "deleted"
    REPLACED = "replaced"
    STOPPED = "stopped"
    KEPT = "kept"
    IMPOSSIBLE = "impossible"
    GONE = "gone"


OUTCOMES = {
    Outcome.DESTROYED: gettext_noop("Destroyed"),
    Outcome.RETURNED: gettext_noop("Returned"),
    Outcome.DELETED: gettext_noop("Deleted"),
    Outcome.REPLACED: gettext_noop("Replaced by one without this person"),
    Outcome.STOPPED: gettext_noop("The use was stopped"),
    Outcome.KEPT: gettext_noop("Kept, for the reason given"),
    Outcome.IMPOSSIBLE: gettext_noop("Not possible any more"),
    Outcome.GONE: gettext_noop("There was nothing left of it"),
}


class Where(StrEnum):
    """Where the thing is now: in the biobank, on its way, with whoever asked for it, missing, or nowhere any more."""

    HERE = "here"
    TRAVELLING = "travelling"
    AWAY = "away"
    MISSING = "missing"
    ENDED = "ended"


def where_of(status: TubeStatus, *, on_its_way: bool = False) -> Where:
    """Where a specimen is; `on_its_way` that a parcel brings it back."""
    if status in HERE:
        return Where.HERE
    if status is TubeStatus.SHIPPED or on_its_way:
        return Where.TRAVELLING
    return {TubeStatus.AWAY: Where.AWAY, TubeStatus.MISSING: Where.MISSING}.get(status, Where.ENDED)


ANSWERS: Mapping[tuple[Reached, Where], tuple[Outcome, ...]] = {
    (Reached.SPECIMEN, Where.HERE): (Outcome.DESTROYED, Outcome.KEPT),
    (Reached.SPECIMEN, Where.AWAY): (Outcome.DESTROYED, Outcome.IMPOSSIBLE),
    (Reached.SPECIMEN, Where.MISSING): (Outcome.IMPOSSIBLE,),
    (Reached.USE, Where.AWAY): (Outcome.STOPPED, Outcome.DESTROYED, Outcome.IMPOSSIBLE),
    (Reached.USE, Where.MISSING): (Outcome.IMPOSSIBLE,),
    (Reached.EXTRACT, Where.AWAY): (Outcome.DELETED, Outcome.REPLACED, Outcome.IMPOSSIBLE),
    (Reached.FINDING, Where.AWAY): (Outcome.DELETED, Outcome.KEPT),
}
"""How a task can be answered by somebody. All else is seen by the application: what was used up, came back or was
destroyed by an act of its own."""

TOGETHER = ANSWERS[Reached.SPECIMEN, Where.HERE]
"""How the biobank answers for several specimens that it has at once."""
BANKS = frozenset({Where.HERE, Where.MISSING})
"""Where it is the biobank's turn."""
IN_PLACE = (*KEEPERS, Role.DATA_PROTECTION, Role.DATA_STEWARD)
"""Who may answer in place of whoever has a thing, so that nothing waits for somebody who is gone."""


@dataclass(frozen=True)
class Facts:
    """What the rules ask of a task: `holders` are the people of the study that has the thing, ids as text."""

    kind: Reached
    where: Where
    holders: frozenset[str] = frozenset()
    done: bool = False


def is_turn(actor: Actor, facts: Facts) -> bool:
    """Whether somebody's home page says that this waits for them."""
    if facts.done or ((facts.kind, facts.where) not in ANSWERS and facts.where is not Where.TRAVELLING):
        return False
    return actor.has(*KEEPERS) if facts.where in BANKS else actor.id in facts.holders


def may_see_task(actor: Actor, facts: Facts) -> Verdict:
    """One task, without whose it is: for whoever has the thing, and those who see to withdrawals."""
    if actor.id and actor.roles and actor.id in facts.holders:
        return yes(gettext_noop("Your study has it."))
    if actor.has(*IN_PLACE):
        return yes(gettext_noop("You see to it that withdrawals reach everything."))
    return no(gettext_noop("This is for whoever has it, and for those who see to withdrawals."))


def may_answer(actor: Actor, facts: Facts) -> Verdict:
    """Whether somebody may say how it ended with a thing."""
    seen = may_see_task(actor, facts)
    if not seen:
        return seen
    if facts.done:
        return no(gettext_noop("This was answered already."))
    if (facts.kind, facts.where) not in ANSWERS:
        return no(NOT_NOW[facts.where])
    if facts.where in BANKS and not actor.has(*KEEPERS):
        return no(gettext_noop("This needs the role {role}."), role=Title(*KEEPERS))
    return seen


def may_answer_together(actor: Actor) -> Verdict:
    """Whether somebody may say how it ended with several specimens in the biobank at once."""
    if actor.has(*KEEPERS):
        return yes(gettext_noop("You see to it that withdrawals reach everything."))
    return no(gettext_noop("This needs the role {role}."), role=Title(*KEEPERS))


NOT_NOW = {
    Where.HERE: gettext_noop("The biobank has it again; nothing is used by a study any more."),
    Where.TRAVELLING: gettext_noop("It is on its way; say first what arrived."),
    Where.AWAY: gettext_noop("It is with a recipient."),
    Where.MISSING: gettext_noop("It is missing."),
    Where.ENDED: gettext_noop("There is nothing left of it."),
}

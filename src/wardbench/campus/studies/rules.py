"""Who may do what to a study, when, and why. No Django here.

`TABLE` says which part of a study may do which verb in which status; buttons, tests and the diagram of the manual come
from it. Parts are worked out from facts (`parts`), whose turn it is from the path (`standing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Title, Verdict, no, yes
from wardbench.campus.studies.standing import STATUSES, Status, Turn


class Verb(StrEnum):
    """What can be done to a study."""

    EDIT = "edit"
    SUBMIT = "submit"
    ASK = "ask"
    ANSWER = "answer"
    VOTE = "vote"
    AMEND = "amend"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    REVOKE = "revoke"


class Part(StrEnum):
    """What somebody is to a study."""

    INVESTIGATOR = "investigator"
    MEMBER = "member"
    TURN = "turn"
    BODY = "body"
    OVERSEER = "overseer"
    CAMPUS = "campus"


PARTS = {
    Part.INVESTIGATOR: gettext_noop("the principal investigator"),
    Part.MEMBER: gettext_noop("the study's team"),
    Part.TURN: gettext_noop("the body whose turn it is"),
    Part.BODY: gettext_noop("a body on the study's path"),
    Part.OVERSEER: gettext_noop("the trial centre or the data protection officer"),
    Part.CAMPUS: gettext_noop("everybody on the campus"),
}

_OWN = frozenset({Part.INVESTIGATOR})
_TEAM = frozenset({Part.INVESTIGATOR, Part.MEMBER})
_TURN = frozenset({Part.TURN})
_OVERSEERS = frozenset({Part.OVERSEER})

TABLE: Mapping[Status, Mapping[Verb, frozenset[Part]]] = {
    Status.DRAFT: {Verb.EDIT: _TEAM, Verb.SUBMIT: _OWN, Verb.WITHDRAW: _OWN},
    Status.SUBMITTED: {Verb.VOTE: _TURN, Verb.ASK: _TURN, Verb.AMEND: _OWN, Verb.WITHDRAW: _OWN},
    Status.ASKED: {
        Verb.VOTE: _TURN,
        Verb.ASK: _TURN,
        Verb.ANSWER: _TEAM,
        Verb.AMEND: _OWN,
        Verb.WITHDRAW: _OWN,
    },
    Status.APPROVED: {Verb.AMEND: _OWN, Verb.WITHDRAW: _OWN, Verb.CLOSE: _OWN, Verb.REVOKE: _OVERSEERS},
    Status.REFUSED: {Verb.AMEND: _OWN, Verb.WITHDRAW: _OWN},
    Status.WITHDRAWN: {},
    Status.CLOSED: {},
}

OVERSEERS = frozenset({Role.TRIAL_CENTRE, Role.DATA_PROTECTION})
REGISTRARS = (Role.PHYSICIAN, Role.COORDINATOR, Role.RESEARCHER, Role.LECTURER, Role.STUDENT)
"""Roles that may register a study. A student's is answered for by its principal investigator."""


@dataclass(frozen=True)
class Facts:
    """What the rules ask of a study; ids as text. `bodies` are the roles of the steps that it needs."""

    investigator: str
    members: frozenset[str]
    status: Status
    turns: tuple[Turn, ...] = ()
    bodies: frozenset[Role] = frozenset()
    public: bool = False
    programmes: frozenset[str] = frozenset()


def parts(actor: Actor, study: Facts) -> frozenset[Part]:
    """What somebody is to a study. Nobody who works on a study is a body that decides on it."""
    if not actor.id:
        return frozenset()
    own = {Part.INVESTIGATOR} if actor.id == study.investigator else set()
    if actor.id in study.members:
        own.add(Part.MEMBER)
    if own:
        return frozenset(own | {Part.CAMPUS})
    found = {Part.CAMPUS} if actor.roles - {Role.PARTNER} else set()
    if study.status is not Status.DRAFT:
        if actor.has(*OVERSEERS):
            found.add(Part.OVERSEER)
        if _in_a_body(actor, study):
            found.add(Part.BODY)
        if any(is_turn_of(actor, turn) for turn in study.turns):
            found.add(Part.TURN)
    return frozenset(found)


def _in_a_body(actor: Actor, study: Facts) -> bool:
    """Physicians decide for their care programmes alone, so that being one is not yet being of a body."""
    if actor.has(*(study.bodies - {Role.PHYSICIAN})):
        return True
    return Role.PHYSICIAN in study.bodies and bool(actor.units(Role.PHYSICIAN) & study.programmes)


def is_turn_of(actor: Actor, turn: Turn) -> bool:
    """Whether a turn is that of somebody's body; for a care programme's, of somebody who works in it."""
    if turn.role is None or not actor.has(turn.role):
        return False
    return not turn.units or bool(actor.units(turn.role) & turn.units)


def may_register(actor: Actor) -> Verdict:
    if actor.has(*REGISTRARS):
        return yes(gettext_noop("People who treat, do research, teach or study may register a study."))
    return no(gettext_noop("This needs the role {role}."), role=Title(*REGISTRARS))


def may(actor: Actor, verb: Verb, study: Facts) -> Verdict:
    """Whether somebody may do something to a study now. Who may not see it learns nothing of its status."""
    seen = may_see(actor, study)
    if not seen:
        return seen
    allowed = TABLE[study.status].get(verb)
    if allowed is None:
        return no(gettext_noop("This cannot be done while the study is: {status}."), status=STATUSES[study.status])
    held = parts(actor, study) & allowed
    if held:
        return yes(gettext_noop("You are {part}."), part=PARTS[min(held, key=list(Part).index)])
    if verb in (Verb.VOTE, Verb.ASK) and {Part.INVESTIGATOR, Part.MEMBER} & parts(actor, study):
        return no(gettext_noop("Nobody decides on a study that they work on."))
    return no(gettext_noop("This is for {part}."), part=PARTS[min(allowed, key=list(Part).index)])


def may_see(actor: Actor, study: Facts) -> Verdict:
    """The whole study: for those who work on it, decide on it, or watch over it."""
    held = parts(actor, study)
    for part in (Part.INVESTIGATOR, Part.MEMBER, Part.TURN, Part.BODY, Part.OVERSEER):
        if part in held:
            return yes(gettext_noop("You are {part}."), part=PARTS[part])
    if actor.has(Role.DATA_STEWARD) and study.status is not Status.DRAFT:
        return yes(gettext_noop("Data stewards see every study that was submitted."))
    return no(gettext_noop("A study is seen by those who work on it, decide on it or watch over it."))


def may_see_line(actor: Actor, study: Facts) -> Verdict:
    """Its public line: reference, title, investigator, status."""
    if may_see(actor, study):
        return may_see(actor, study)
    if study.public and study.status is not Status.DRAFT and Part.CAMPUS in parts(actor, study):
        return yes(gettext_noop("Its investigator lets everybody on the campus know of it."))
    return no(gettext_noop("A study is seen by those who work on it, decide on it or watch over it."))

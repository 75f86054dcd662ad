"""What becomes of a question, and who may do what with it. No Django here.

`MOVES` is the state machine as data: from which status an action leads where. `WHO` says by whom. Buttons, the checks
of the services, the tests and the picture in the manual come from these two tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import CARE, RESEARCH, Role, gettext_noop
from wardbench.campus.people.rules import Actor, Title, Verdict, is_signed_in, no, yes


class Side(StrEnum):
    """Where a question comes from."""

    WARD = "ward"
    BENCH = "bench"


SIDES = {
    Side.WARD: gettext_noop("From the ward"),
    Side.BENCH: gettext_noop("From the bench"),
}


class Status(StrEnum):
    OPEN = "open"
    TAKEN_UP = "taken_up"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"


STATUSES = {
    Status.OPEN: gettext_noop("Open"),
    Status.TAKEN_UP: gettext_noop("Taken up"),
    Status.ANSWERED: gettext_noop("Answered"),
    Status.CLOSED: gettext_noop("Closed"),
    Status.REOPENED: gettext_noop("Reopened"),
}

UNANSWERED = (Status.OPEN, Status.REOPENED, Status.TAKEN_UP)
"""What stands in the ledger of unanswered needs."""


class Action(StrEnum):
    TAKE_UP = "take_up"
    GIVE_BACK = "give_back"
    ANSWER = "answer"
    CLOSE = "close"
    REOPEN = "reopen"


ACTIONS = {
    Action.TAKE_UP: gettext_noop("Take up into a study"),
    Action.GIVE_BACK: gettext_noop("Give back"),
    Action.ANSWER: gettext_noop("Answer the question"),
    Action.CLOSE: gettext_noop("Close the question"),
    Action.REOPEN: gettext_noop("Reopen"),
}

DONE = {
    Action.TAKE_UP: gettext_noop("Taken up into a study"),
    Action.GIVE_BACK: gettext_noop("Given back: no study works on it any more"),
    Action.ANSWER: gettext_noop("Answered"),
    Action.CLOSE: gettext_noop("Closed"),
    Action.REOPEN: gettext_noop("Reopened"),
}
"""What a question's history says."""

MOVES: dict[tuple[Status, Action], Status] = {
    (Status.OPEN, Action.TAKE_UP): Status.TAKEN_UP,
    (Status.OPEN, Action.ANSWER): Status.ANSWERED,
    (Status.OPEN, Action.CLOSE): Status.CLOSED,
    # A second study may take up what a first is already working on.
    (Status.TAKEN_UP, Action.TAKE_UP): Status.TAKEN_UP,
    (Status.TAKEN_UP, Action.GIVE_BACK): Status.REOPENED,
    (Status.TAKEN_UP, Action.ANSWER): Status.ANSWERED,
    (Status.TAKEN_UP, Action.CLOSE): Status.CLOSED,
    (Status.ANSWERED, Action.CLOSE): Status.CLOSED,
    (Status.ANSWERED, Action.REOPEN): Status.REOPENED,
    (Status.CLOSED, Action.REOPEN): Status.REOPENED,
    (Status.REOPENED, Action.TAKE_UP): Status.TAKEN_UP,
    (Status.REOPENED, Action.ANSWER): Status.ANSWERED,
    (Status.REOPENED, Action.CLOSE): Status.CLOSED,
}
"""Where an action leads from a status; what is not here cannot be done."""

ASKER = "asker"
"""In `WHO`: whoever raised the question, whatever their role."""

WHO: dict[Action, frozenset[str]] = {
    Action.TAKE_UP: frozenset(RESEARCH),
    Action.GIVE_BACK: frozenset({*RESEARCH, Role.DATA_STEWARD}),
    Action.ANSWER: frozenset({*RESEARCH, Role.BIOBANK_MANAGER, Role.DATA_STEWARD}),
    Action.CLOSE: frozenset({ASKER, Role.DATA_STEWARD}),
    Action.REOPEN: frozenset({ASKER, Role.DATA_STEWARD}),
}

FROM_THE_BENCH = frozenset(
    {
        Role.RESEARCHER,
        Role.LECTURER,
        Role.STUDENT,
        Role.PHYSICIAN,
        Role.BIOBANK_MANAGER,
        Role.TECHNOLOGY_TRANSFER,
    }
)
"""Roles that may raise a question from the bench; from the ward, those who treat patients."""

MINUTES_TO_EDIT = 15

FEASIBILITY = "feasibility"
SHARED_MODES = (FEASIBILITY,)
"""Modes of counting whose figures may be shown to everybody who reads a question: protected, whoever looks.

Exact figures are for the eyes of whoever counted. Those of the synthetic twin are shown as such and rank nothing.
"""
SANDBOX = "sandbox"


@dataclass(frozen=True)
class Facts:
    """What the rules need to know of a question."""

    asker: str
    status: Status
    open_to_partners: bool


def is_partner_only(actor: Actor) -> bool:
    """Whether all that somebody is here is a partner."""
    return bool(actor.roles) and actor.roles <= {Role.PARTNER}


def may_see_questions(actor: Actor) -> Verdict:
    """The list at all; which questions stand in it, `may_see` says."""
    if not actor.id:
        return is_signed_in(actor)
    if is_partner_only(actor):
        return yes(gettext_noop("Partners see the questions that the technology-transfer office opened to them."))
    if actor.roles:
        return yes(gettext_noop("Everybody who works on the campus can read its questions."))
    return no(gettext_noop("You have no role on the campus yet; ask an administrator."))


def may_see(actor: Actor, question: Facts) -> Verdict:
    if is_partner_only(actor) and not question.open_to_partners:
        return no(gettext_noop("This question is not open to partners."))
    return may_see_questions(actor)


def may_raise(actor: Actor, side: Side) -> Verdict:
    """Raising a question: from the ward whoever treats, from the bench whoever researches, teaches or learns."""
    if not actor.id:
        return is_signed_in(actor)
    if not actor.roles:
        return no(gettext_noop("You have no role on the campus yet; ask an administrator."))
    roles = CARE if side is Side.WARD else FROM_THE_BENCH
    for role in sorted(actor.roles):
        if role in roles:
            return yes(gettext_noop("You hold the role {role}."), role=Title(role))
    if is_partner_only(actor):
        return no(
            gettext_noop("Partners bring their questions to the technology-transfer office, which raises them here.")
        )
    if side is Side.WARD and actor.has(*FROM_THE_BENCH):
        return no(gettext_noop("Questions from the ward come from those who treat patients; raise it from the bench."))
    if side is Side.BENCH and actor.has(*CARE):
        return no(gettext_noop("Questions from the bench come from those who do research; raise it from the ward."))
    return no(
        gettext_noop("Questions come from those who treat, research, teach or learn. You can follow and discuss.")
    )


def may_raise_any(actor: Actor) -> Verdict:
    """Raising a question from either side."""
    verdicts = [may_raise(actor, side) for side in Side]
    return next((verdict for verdict in verdicts if verdict), verdicts[-1])


def may_edit(actor: Actor, question: Facts) -> Verdict:
    """Changing the words of a question: its asker, as long as nobody works on it."""
    if not actor.id or actor.id != question.asker:
        return no(gettext_noop("Only whoever raised the question can change it."))
    if question.status not in (Status.OPEN, Status.REOPENED):
        return no(gettext_noop("The question can be changed until a study takes it up or somebody answers it."))
    return yes(gettext_noop("You raised this question."))


def may_put_cohort(actor: Actor, question: Facts) -> Verdict:
    """Saying which patients a question is about, by a cohort: its asker, or whoever could work on it."""
    seen = may_see(actor, question)
    if not seen:
        return seen
    if question.status not in UNANSWERED:
        return no(_NOT_NOW[question.status])
    if actor.id == question.asker:
        return yes(gettext_noop("You raised this question."))
    roles = sorted(RESEARCH)
    for role in roles:
        if actor.has(role):
            return yes(gettext_noop("You hold the role {role}."), role=Title(role))
    return no(gettext_noop("This is for whoever raised the question, or for the role {role}."), role=Title(*roles))


def may_follow(actor: Actor, question: Facts) -> Verdict:
    """Whoever may see a question may hear what becomes of it."""
    return may_see(actor, question)


def may_discuss(actor: Actor, question: Facts) -> Verdict:
    """The discussion is of the campus among itself; reading it and taking part in it are one right."""
    if is_partner_only(actor):
        return no(
            gettext_noop("The discussion is for the people of the campus; write to the technology-transfer office.")
        )
    return may_see(actor, question)


def may_edit_comment(actor: Actor, author: str, minutes: float, *, hidden: bool) -> Verdict:
    """One's own words, for a quarter of an hour: afterwards others have answered them."""
    if not actor.id or actor.id != author:
        return no(gettext_noop("Only who wrote a comment can change it."))
    if hidden:
        return no(gettext_noop("This comment was hidden by a data steward."))
    if minutes > MINUTES_TO_EDIT:
        return no(gettext_noop("A comment can be changed for {minutes} minutes."), minutes=MINUTES_TO_EDIT)
    return yes(gettext_noop("You wrote this less than {minutes} minutes ago."), minutes=MINUTES_TO_EDIT)


def may_hide_comment(actor: Actor) -> Verdict:
    """Hiding what should not have been written; it stays on the record, and the page says why it is hidden."""
    if actor.has(Role.DATA_STEWARD):
        return yes(gettext_noop("You hold the role {role}."), role=Title(Role.DATA_STEWARD))
    return no(gettext_noop("This needs the role {role}."), role=Title(Role.DATA_STEWARD))


def may_open_to_partners(actor: Actor) -> Verdict:
    """Whoever knows what is worth protecting first decides what companies see."""
    if actor.has(Role.TECHNOLOGY_TRANSFER):
        return yes(gettext_noop("You hold the role {role}."), role=Title(Role.TECHNOLOGY_TRANSFER))
    return no(
        gettext_noop("Only {role} opens a question to partners: an idea may need protecting first."),
        role=Title(Role.TECHNOLOGY_TRANSFER),
    )


def may_move(actor: Actor, action: Action, question: Facts) -> Verdict:
    """Whether the question's status allows the action, and the actor's part in it does."""
    seen = may_see(actor, question)
    if not seen:
        return seen
    if (question.status, action) not in MOVES:
        return no(_NOT_NOW[question.status])
    who = WHO[action]
    if ASKER in who and actor.id == question.asker:
        return yes(gettext_noop("You raised this question."))
    roles = [Role(role) for role in sorted(who - {ASKER})]
    for role in roles:
        if actor.has(role):
            return yes(gettext_noop("You hold the role {role}."), role=Title(role))
    if ASKER in who:
        return no(gettext_noop("This is for whoever raised the question, or for the role {role}."), role=Title(*roles))
    return no(gettext_noop("This needs the role {role}."), role=Title(*roles))


_NOT_NOW = {
    Status.OPEN: gettext_noop("The question is open: it has not been answered or closed yet."),
    Status.TAKEN_UP: gettext_noop("The question is taken up by a study."),
    Status.ANSWERED: gettext_noop("The question is answered; reopen it first."),
    Status.CLOSED: gettext_noop("The question is closed; reopen it first."),
    Status.REOPENED: gettext_noop("The question is open again: it has not been taken up or answered since."),
}


def actions_for(actor: Actor, question: Facts) -> list[tuple[Action, Verdict]]:
    """What could be done with the question now, and whether `actor` may: the buttons of its page."""
    return [(action, may_move(actor, action, question)) for action in Action if (question.status, action) in MOVES]


EXPLAINED = (
    (gettext_noop("Read the questions of the campus"), may_see_questions),
    (gettext_noop("Raise a question"), may_raise_any),
    (gettext_noop("Open a question to partners"), may_open_to_partners),
    (gettext_noop("Hide a comment that should not have been written"), may_hide_comment),
)
"""What the page that explains rights shows."""

"""Who may do what to a study, when, and why. No Django here.

`TABLE` says which part of a study may do which verb in which status; buttons, tests and the diagram of the manual come
from it. Parts are worked out from facts (`parts`), whose turn it is from the path (`standing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Title, Verdict, is_partner_alone, is_signed_in, no, yes
from wardbench.campus.studies.standing import Status, Turn


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
    SUSPEND = "suspend"
    RESUME = "resume"
    RENEW = "renew"
    HAND_OVER = "hand_over"
    TAKE_ON = "take_on"
    TAKE_BACK = "take_back"
    DECLARE = "declare"


ACTIONS = {
    Verb.EDIT: gettext_noop("Change the registration"),
    Verb.SUBMIT: gettext_noop("Submit"),
    Verb.ASK: gettext_noop("Ask the applicant"),
    Verb.ANSWER: gettext_noop("Answer a question"),
    Verb.VOTE: gettext_noop("Vote or decide"),
    Verb.AMEND: gettext_noop("Amend what was submitted"),
    Verb.WITHDRAW: gettext_noop("Withdraw the study"),
    Verb.CLOSE: gettext_noop("Close the study: it is done"),
    Verb.REVOKE: gettext_noop("Revoke the permit"),
    Verb.SUSPEND: gettext_noop("Suspend the permit"),
    Verb.RESUME: gettext_noop("Let the permit hold again"),
    Verb.RENEW: gettext_noop("Ask for the permit to be renewed"),
    Verb.HAND_OVER: gettext_noop("Name another principal investigator"),
    Verb.TAKE_ON: gettext_noop("Take the study on as its principal investigator"),
    Verb.TAKE_BACK: gettext_noop("Take back a question to the applicant"),
    Verb.DECLARE: gettext_noop("Declare a conflict of interest after having voted"),
}

HINTS = {
    Verb.WITHDRAW: gettext_noop("Nothing can be done with it any more, and its permits end at once."),
    Verb.CLOSE: gettext_noop("Its permits end. Say what came of it."),
    Verb.REVOKE: gettext_noop("It ends at once, whatever is under way."),
    Verb.SUSPEND: gettext_noop("Nothing can be done under it until it holds again."),
    Verb.RENEW: gettext_noop("Some bodies decide again. A permit that holds goes on until its end."),
    Verb.DECLARE: gettext_noop(
        "What you said counts no more. Steps that were decided with your vote are decided again without you, and until "
        "then the permit that they made is suspended. Your reason stands on the record, for those who decide and those "
        "who watch over studies."
    ),
}

DONE_BY_PAGE = (Verb.WITHDRAW, Verb.CLOSE, Verb.RENEW, Verb.SUSPEND, Verb.RESUME, Verb.REVOKE, Verb.DECLARE)
"""What is done to the whole study, with a reason, on a page of its own."""


class Part(StrEnum):
    """What somebody is to a study."""

    INVESTIGATOR = "investigator"
    MEMBER = "member"
    TURN = "turn"
    BODY = "body"
    ASKER = "asker"
    VOTER = "voter"
    OVERSEER = "overseer"
    CAMPUS = "campus"


YOU_ARE = {
    Part.INVESTIGATOR: gettext_noop("You are the principal investigator."),
    Part.MEMBER: gettext_noop("You are a member of the team of the study."),
    Part.TURN: gettext_noop("It is the turn of a body that you belong to."),
    Part.BODY: gettext_noop("You belong to a body that decides, or has decided, on the study."),
    Part.ASKER: gettext_noop("Your body asked a question that waits for its answer."),
    Part.VOTER: gettext_noop("You have voted on the study."),
    Part.OVERSEER: gettext_noop("The trial centre and the data protection officer watch over every study."),
}
FOR = {
    Part.INVESTIGATOR: gettext_noop("This is for the principal investigator."),
    Part.MEMBER: gettext_noop("This is for the team of the study."),
    Part.TURN: gettext_noop("This is for the body whose turn it is."),
    Part.ASKER: gettext_noop("This is for the body that asked."),
    Part.VOTER: gettext_noop("This is for whoever has voted on the study."),
    Part.OVERSEER: gettext_noop("This is for the trial centre or the data protection officer."),
}
NOT_NOW = {
    Status.DRAFT: gettext_noop("This can be done once the study is submitted."),
    Status.SUBMITTED: gettext_noop("This cannot be done while the study is with the bodies that decide."),
    Status.ASKED: gettext_noop("This cannot be done while a question waits for the applicant."),
    Status.APPROVED: gettext_noop("The study is approved; amend it to change what it says."),
    Status.REFUSED: gettext_noop("The study was refused; it can be amended or withdrawn."),
    Status.EXPIRED: gettext_noop("A question was not answered in time; answer it, amend the study or withdraw it."),
    Status.WITHDRAWN: gettext_noop("The study was withdrawn."),
    Status.CLOSED: gettext_noop("The study is closed."),
}

FOR_ANOTHER = gettext_noop("You have spoken on this study for another body; nobody decides on a study for two bodies.")

ASKED_BEFORE = gettext_noop(
    "Your body asked the applicant something; it decides once that is answered, or once the question is taken back."
)

ON_A_PERMIT = frozenset({Verb.REVOKE, Verb.SUSPEND, Verb.RESUME})
"""What overseers do to a permit, for as long as it holds and wherever the study stands, as while it is renewed."""

ONLY_WHERE = {
    Verb.CLOSE: gettext_noop("A study that is not approved now is closed where it has had a permit."),
    Verb.HAND_OVER: gettext_noop(
        "The trial centre and the data protection officer name another principal investigator where the present one "
        "holds no role any more in which one may lead a study, or has not taken the study on yet; of drafts too, which "
        "they see for as long as nobody else could hand them over."
    ),
    Verb.TAKE_ON: gettext_noop("A study is taken on by whom somebody named its principal investigator."),
}
"""What `TABLE` allows under a condition alone (`doers`)."""

_OWN = frozenset({Part.INVESTIGATOR})
_TEAM = frozenset({Part.INVESTIGATOR, Part.MEMBER})
_TURN = frozenset({Part.TURN})
_OVERSEERS = frozenset({Part.OVERSEER})
_HANDS_OVER = _OWN | _OVERSEERS
_ASKER = frozenset({Part.ASKER})
_VOTER = frozenset({Part.VOTER})

TABLE: Mapping[Status, Mapping[Verb, frozenset[Part]]] = {
    Status.DRAFT: {Verb.EDIT: _TEAM, Verb.SUBMIT: _OWN, Verb.WITHDRAW: _OWN, Verb.HAND_OVER: _HANDS_OVER},
    Status.SUBMITTED: {
        Verb.VOTE: _TURN,
        Verb.ASK: _TURN,
        Verb.AMEND: _OWN,
        Verb.WITHDRAW: _OWN,
        Verb.CLOSE: _OWN,
        Verb.HAND_OVER: _HANDS_OVER,
        Verb.TAKE_ON: _OWN,
        Verb.DECLARE: _VOTER,
    },
    Status.ASKED: {
        Verb.VOTE: _TURN,
        Verb.ASK: _TURN,
        Verb.TAKE_BACK: _ASKER,
        Verb.DECLARE: _VOTER,
        Verb.ANSWER: _TEAM,
        Verb.AMEND: _OWN,
        Verb.WITHDRAW: _OWN,
        Verb.CLOSE: _OWN,
        Verb.HAND_OVER: _HANDS_OVER,
        Verb.TAKE_ON: _OWN,
    },
    Status.APPROVED: {
        Verb.AMEND: _OWN,
        Verb.WITHDRAW: _OWN,
        Verb.CLOSE: _OWN,
        Verb.RENEW: _OWN,
        Verb.REVOKE: _OVERSEERS,
        Verb.SUSPEND: _OVERSEERS,
        Verb.RESUME: _OVERSEERS,
        Verb.HAND_OVER: _HANDS_OVER,
        Verb.DECLARE: _VOTER,
    },
    Status.EXPIRED: {
        Verb.ANSWER: _TEAM,
        Verb.TAKE_BACK: _ASKER,
        Verb.DECLARE: _VOTER,
        Verb.AMEND: _OWN,
        Verb.WITHDRAW: _OWN,
        Verb.CLOSE: _OWN,
        Verb.HAND_OVER: _HANDS_OVER,
        Verb.TAKE_ON: _OWN,
    },
    Status.REFUSED: {
        Verb.DECLARE: _VOTER,
        Verb.AMEND: _OWN,
        Verb.WITHDRAW: _OWN,
        Verb.CLOSE: _OWN,
        Verb.HAND_OVER: _HANDS_OVER,
        Verb.TAKE_ON: _OWN,
    },
    Status.WITHDRAWN: {},
    Status.CLOSED: {},
}

OVERSEERS = frozenset({Role.TRIAL_CENTRE, Role.DATA_PROTECTION})
REGISTRARS = (Role.PHYSICIAN, Role.COORDINATOR, Role.RESEARCHER, Role.LECTURER, Role.STUDENT)
"""Roles that may register a study. A student's is answered for by its principal investigator."""
LEADERS = tuple(role for role in REGISTRARS if role is not Role.STUDENT)
"""Roles in which one may lead a study."""


@dataclass(frozen=True)
class Facts:
    """What the rules ask of a study; ids as text. `bodies` are the roles of the steps that it has reached, `voters` who
    has spoken on it, `partners` the organisations that take part, `conflicted` who declared a conflict of interest,
    `former` who worked on it when it was submitted or amended and does not now, and `permit` whether one is there that
    was not revoked; `begun` whether there ever was one. `orphaned` is a study whose investigator holds no role any more
    in which one may lead it, `untaken` one whose investigator was named and has not taken it on yet; `asked` are the
    bodies whose questions wait for an answer, as the turns that they would have. `elsewhere` are steps and persons who
    have spoken for another body (`standing.spoken_elsewhere`)."""

    investigator: str
    members: frozenset[str]
    status: Status
    turns: tuple[Turn, ...] = ()
    bodies: frozenset[Role] = frozenset()
    public: bool = False
    programmes: frozenset[str] = frozenset()
    voters: frozenset[str] = frozenset()
    partners: frozenset[str] = frozenset()
    conflicted: frozenset[str] = frozenset()
    former: frozenset[str] = frozenset()
    permit: bool = False
    begun: bool = False
    orphaned: bool = False
    untaken: bool = False
    asked: tuple[Turn, ...] = ()
    elsewhere: frozenset[tuple[str, str]] = frozenset()


def parts(actor: Actor, study: Facts) -> frozenset[Part]:
    """What somebody is to a study. Nobody who works on a study is a body that decides on it, whoever holds no role on
    the campus any more is nothing to it, whatever they were, and whoever holds none in which one may lead it is of its
    team alone, though it names them as its principal investigator."""
    if not actor.id or not actor.roles:
        return frozenset()
    own = set()
    if actor.id == study.investigator:
        own.add(Part.INVESTIGATOR if _may_lead(actor, study) else Part.MEMBER)
    if actor.id in study.members:
        own.add(Part.MEMBER)
    if own:
        return frozenset(own | {Part.CAMPUS})
    found = {Part.CAMPUS} if actor.roles - {Role.PARTNER} else set()
    if actor.has(*OVERSEERS) and (study.status is not Status.DRAFT or study.orphaned):
        found.add(Part.OVERSEER)
    if study.status is not Status.DRAFT:
        if _in_a_body(actor, study):
            found.add(Part.BODY)
        if actor.id not in study.conflicted | study.former:
            if any(has_turn(actor, study, turn) for turn in study.turns):
                found.add(Part.TURN)
            if any(has_turn(actor, study, turn) for turn in study.asked):
                found.add(Part.ASKER)
        if actor.id in study.voters - study.conflicted:
            found.add(Part.VOTER)
    return frozenset(found)


def _may_lead(actor: Actor, study: Facts) -> bool:
    return actor.has(*(REGISTRARS if study.status is Status.DRAFT else LEADERS))


def _in_a_body(actor: Actor, study: Facts) -> bool:
    """Physicians decide for their care programmes alone, so that being one is not yet being of a body."""
    if actor.id in study.voters or actor.has(*(study.bodies - {Role.PHYSICIAN})):
        return True
    return Role.PHYSICIAN in study.bodies and bool(actor.units(Role.PHYSICIAN) & study.programmes)


def is_turn_of(actor: Actor, turn: Turn) -> bool:
    """Whether a turn is that of somebody's body; for a care programme's, of somebody who works in it."""
    if turn.role is None or not actor.has(turn.role):
        return False
    return not turn.units or bool(actor.units(turn.role) & turn.units)


def has_turn(actor: Actor, study: Facts, turn: Turn) -> bool:
    """Whether it is somebody's own turn: that of their body, and they have not spoken on the study for another."""
    return is_turn_of(actor, turn) and (turn.step, actor.id) not in study.elsewhere


def spoke_for_another(actor: Actor, study: Facts, step: str) -> bool:
    """Whether it would be somebody's turn on a step, had they not spoken on the study for another body."""
    return (step, actor.id) in study.elsewhere and any(
        one.step == step and is_turn_of(actor, one) for one in study.turns
    )


def may_register(actor: Actor) -> Verdict:
    if actor.has(*REGISTRARS):
        return yes(gettext_noop("People who treat, do research, teach or study may register a study."))
    return no(gettext_noop("This needs the role {role}."), role=Title(*REGISTRARS))


def may_see_studies(actor: Actor) -> Verdict:
    """The list at all; which studies stand in it, `may_see_line` says."""
    if not actor.id:
        return is_signed_in(actor)
    if not actor.roles:
        return no(gettext_noop("You have no role on the campus yet; ask an administrator."))
    if is_partner_alone(actor):
        return yes(gettext_noop("Partners see the studies that they take part in, and no others."))
    return yes(gettext_noop("Everybody on the campus sees the studies that are open to it, and their own."))


def doers(verb: Verb, study: Facts) -> frozenset[Part]:
    """Which parts may do something to a study as it stands now; none where nobody may."""
    allowed = TABLE[study.status].get(verb, frozenset[Part]())
    if verb in ON_A_PERMIT and study.permit:
        return _OVERSEERS
    if verb is Verb.CLOSE and study.status is not Status.APPROVED and not study.begun:
        return frozenset()
    if verb is Verb.TAKE_ON and not study.untaken:
        return frozenset()
    if verb is Verb.HAND_OVER and not (study.orphaned or study.untaken):
        return allowed - _OVERSEERS
    return allowed


def may(actor: Actor, verb: Verb, study: Facts) -> Verdict:
    """Whether somebody may do something to a study now. Who may not see it learns nothing of its status."""
    seen = may_see(actor, study)
    if not seen:
        return seen
    allowed = doers(verb, study)
    if not allowed and verb is Verb.TAKE_ON and verb in TABLE[study.status]:
        return no(gettext_noop("The principal investigator has taken the study on already."))
    if not allowed:
        return no(NOT_NOW[study.status])
    held = parts(actor, study) & allowed
    if held:
        return yes(YOU_ARE[min(held, key=list(Part).index)])
    if verb in (Verb.VOTE, Verb.ASK) and {Part.INVESTIGATOR, Part.MEMBER} & parts(actor, study):
        return no(gettext_noop("Nobody decides on a study that they work on."))
    if verb in (Verb.VOTE, Verb.ASK) and actor.id in study.former:
        return no(gettext_noop("You worked on this study when it was submitted; nobody decides on their own work."))
    if verb in (Verb.VOTE, Verb.ASK, Verb.TAKE_BACK, Verb.DECLARE) and actor.id in study.conflicted:
        return no(gettext_noop("You declared a conflict of interest in this study."))
    if verb in (Verb.VOTE, Verb.ASK) and Part.ASKER in parts(actor, study):
        return no(ASKED_BEFORE)
    if verb in (Verb.VOTE, Verb.ASK) and any(spoke_for_another(actor, study, one.step) for one in study.turns):
        return no(FOR_ANOTHER)
    if verb is Verb.HAND_OVER and Part.OVERSEER in allowed:
        return no(FOR[Part.OVERSEER])
    if verb is Verb.HAND_OVER and Part.OVERSEER in parts(actor, study):
        return no(gettext_noop("This is for the principal investigator, who holds a role in which one may lead it."))
    return _not_for(actor, study, allowed)


def _not_for(actor: Actor, study: Facts, allowed: Iterable[Part]) -> Verdict:
    """For whom something is that is not for somebody."""
    part = min(allowed, key=list(Part).index)
    if part is Part.INVESTIGATOR and actor.id == study.investigator:
        return no(gettext_noop("Nobody answers for the study: its principal investigator may lead none any more."))
    return no(FOR[part])


def may_decide(actor: Actor, study: Facts, step: str) -> Verdict:
    """Deciding on one step, or asking the applicant for its body: for its body's members who have not spoken on the
    study for another body, unless the path lets these two share people."""
    if may_see(actor, study) and spoke_for_another(actor, study, step) and actor.id not in study.conflicted:
        return no(FOR_ANOTHER)
    return may(actor, Verb.VOTE, study)


def works_on(actor: Actor, study: Facts) -> bool:
    """Whether somebody answers for a study or is of its team."""
    return bool(parts(actor, study) & _TEAM)


def may_answer_later(actor: Actor, study: Facts) -> bool:
    """Whether a question that waits is answered by somebody once it is the turn of its step."""
    return study.status is Status.SUBMITTED and bool(parts(actor, study) & TABLE[Status.ASKED][Verb.ANSWER])


def may_take_back(actor: Actor, study: Facts, step: str, asker: Actor) -> Verdict:
    """Taking back a question on `step` before it is answered: for the body that asked it. A care programme takes back
    its own, and those of colleagues who work in none any more."""
    found = may(actor, Verb.TAKE_BACK, study)
    if not found:
        return found
    turn = next((one for one in study.asked if one.step == step and is_turn_of(actor, one)), None)
    if turn is None or turn.role is None:
        return no(gettext_noop("Another body asked this question."))
    its = asker.units(turn.role) if turn.units else frozenset[str]()
    if its and actor.id != asker.id and not its & actor.units(turn.role):
        return no(gettext_noop("Another care programme asked this question."))
    return found


def may_add_document(actor: Actor, study: Facts) -> Verdict:
    """The team may add documents until the study is approved: an answer often is one."""
    seen = may_see(actor, study)
    if not seen:
        return seen
    if study.status not in (Status.DRAFT, Status.SUBMITTED, Status.ASKED, Status.EXPIRED, Status.REFUSED):
        return no(NOT_NOW[study.status])
    held = parts(actor, study) & _TEAM
    return yes(YOU_ARE[min(held, key=list(Part).index)]) if held else no(FOR[Part.MEMBER])


def may_remove_member(actor: Actor, study: Facts) -> Verdict:
    """Whoever leaves is taken off the team whatever the status: it only ever takes rights away."""
    if study.status is Status.DRAFT:
        return may(actor, Verb.EDIT, study)
    seen = may_see(actor, study)
    if not seen:
        return seen
    held = parts(actor, study) & (_OWN | _OVERSEERS)
    return yes(YOU_ARE[min(held, key=list(Part).index)]) if held else _not_for(actor, study, _OWN)


def may_see(actor: Actor, study: Facts) -> Verdict:
    """The whole study: for those who work on it, decide on it, or watch over it."""
    held = parts(actor, study)
    for part in (Part.INVESTIGATOR, Part.MEMBER, Part.TURN, Part.BODY, Part.OVERSEER):
        if part in held:
            return yes(YOU_ARE[part])
    if actor.has(Role.DATA_STEWARD) and study.status is not Status.DRAFT:
        return yes(gettext_noop("Data stewards see every study that was submitted."))
    return no(gettext_noop("A study is seen by those who work on it, decide on it or watch over it."))


def may_see_line(actor: Actor, study: Facts) -> Verdict:
    """Its public line: reference, title, investigator, status."""
    seen = may_see(actor, study)
    if seen:
        return seen
    if study.status is not Status.DRAFT and study.partners & {a.organisation for a in actor.affiliations}:
        return yes(gettext_noop("Your organisation takes part in it."))
    if study.public and study.status is not Status.DRAFT and Part.CAMPUS in parts(actor, study):
        return yes(gettext_noop("Its investigator lets everybody on the campus know of it."))
    return no(gettext_noop("A study is seen by those who work on it, decide on it or watch over it."))

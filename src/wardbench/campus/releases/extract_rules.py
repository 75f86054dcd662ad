"""How an extract of data goes its way: asked for by a study's team, reviewed by a data steward, made, downloaded, and
recalled. No Django here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Title, Verdict, no, yes


class Status(StrEnum):
    """Where an extract stands."""

    ASKED = "asked"
    APPROVED = "approved"
    DELIVERED = "delivered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    RECALLED = "recalled"


STATUSES = {
    Status.ASKED: gettext_noop("Waits for review"),
    Status.APPROVED: gettext_noop("Being made"),
    Status.DELIVERED: gettext_noop("Ready to download"),
    Status.REFUSED: gettext_noop("Refused"),
    Status.WITHDRAWN: gettext_noop("Taken back"),
    Status.FAILED: gettext_noop("Could not be made"),
    Status.RECALLED: gettext_noop("Recalled"),
}


class Act(StrEnum):
    """What somebody can do with an extract."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    DOWNLOAD = "download"
    RECALL = "recall"


ACTS = {
    Act.APPROVE: gettext_noop("Let it be made"),
    Act.REFUSE: gettext_noop("Refuse it"),
    Act.WITHDRAW: gettext_noop("Take it back"),
    Act.DOWNLOAD: gettext_noop("Download it"),
    Act.RECALL: gettext_noop("Recall it"),
}


class Part(StrEnum):
    """What somebody is to an extract."""

    TEAM = "team"
    REVIEWER = "reviewer"


TABLE: Mapping[Status, Mapping[Act, Part]] = {
    Status.ASKED: {Act.APPROVE: Part.REVIEWER, Act.REFUSE: Part.REVIEWER, Act.WITHDRAW: Part.TEAM},
    Status.APPROVED: {Act.WITHDRAW: Part.TEAM},
    Status.DELIVERED: {Act.DOWNLOAD: Part.TEAM, Act.RECALL: Part.REVIEWER},
    Status.REFUSED: {},
    Status.WITHDRAWN: {},
    Status.FAILED: {},
    Status.RECALLED: {},
}
"""Who may do what in which status; making it is the application's own."""

REVIEWERS = (Role.DATA_STEWARD,)
"""Who says whether an extract is made."""

NOT_NOW = {
    Status.ASKED: gettext_noop("A data steward has not reviewed it yet."),
    Status.APPROVED: gettext_noop("It is being made."),
    Status.DELIVERED: gettext_noop("It is ready to download."),
    Status.REFUSED: gettext_noop("A data steward has refused it."),
    Status.WITHDRAWN: gettext_noop("It was taken back."),
    Status.FAILED: gettext_noop("It could not be made."),
    Status.RECALLED: gettext_noop("It was recalled, and its files are gone."),
}


@dataclass(frozen=True)
class Facts:
    """What the rules ask of an extract: ids as text; `team` are all who work on its study."""

    status: Status
    team: frozenset[str]


def may_ask(actor: Actor, team: frozenset[str]) -> Verdict:
    """Asking for an extract: the team of the study; its permit is asked besides."""
    if actor.id and actor.id in team:
        return yes(gettext_noop("You work on the study."))
    return no(gettext_noop("This is for the team of the study."))


def may_see_extract(actor: Actor, facts: Facts) -> Verdict:
    """What is in an extract and what became of it, not its data: the team, data stewards and data protection."""
    if actor.id and actor.id in facts.team:
        return yes(gettext_noop("You work on the study."))
    if actor.has(Role.DATA_STEWARD, Role.DATA_PROTECTION):
        return yes(gettext_noop("Data stewards and data protection see every extract."))
    return no(gettext_noop("The extracts of a study are for its team, data stewards and data protection."))


def may_act(actor: Actor, act: Act, facts: Facts) -> Verdict:
    """Whether somebody may do something with an extract now. Nobody reviews what is their own."""
    seen = may_see_extract(actor, facts)
    if not seen:
        return seen
    part = TABLE[facts.status].get(act)
    if part is None:
        return no(NOT_NOW[facts.status])
    if part is Part.TEAM:
        return may_ask(actor, facts.team)
    if actor.id in facts.team:
        return no(gettext_noop("Nobody reviews the data of a study that they work on."))
    allowed = REVIEWERS if act is not Act.RECALL else (*REVIEWERS, Role.DATA_PROTECTION)
    if actor.has(*allowed):
        return seen
    return no(gettext_noop("This needs the role {role}."), role=Title(*allowed))

"""Who may let a result of a study leave, and when. No Django here.

`TABLE` says which part may do what with a request in which status; buttons and tests come from it. Whether the permit
allows it is asked each time besides (`permits.check`): this says who, the permit says whether still.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Title, Verdict, no, yes


class Kind(StrEnum):
    """The tables that can leave."""

    COUNTS = "counts"
    ATTRITION = "attrition"
    AGE_SEX = "age_sex"


KINDS = {
    Kind.COUNTS: gettext_noop("Number of persons in each cohort of the permit"),
    Kind.ATTRITION: gettext_noop("Attrition: how many are left after each rule"),
    Kind.AGE_SEX: gettext_noop("Persons by age and sex"),
}


class Status(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


STATUSES = {
    Status.ASKED: gettext_noop("Waits for a data steward"),
    Status.APPROVED: gettext_noop("May leave"),
    Status.REFUSED: gettext_noop("Does not leave"),
    Status.WITHDRAWN: gettext_noop("Taken back"),
}


class Act(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    DOWNLOAD = "download"


class Part(StrEnum):
    """What somebody is to a request."""

    TEAM = "team"
    REVIEWER = "reviewer"


TABLE: Mapping[Status, Mapping[Act, Part]] = {
    Status.ASKED: {Act.APPROVE: Part.REVIEWER, Act.REFUSE: Part.REVIEWER, Act.WITHDRAW: Part.TEAM},
    Status.APPROVED: {Act.DOWNLOAD: Part.TEAM},
    Status.REFUSED: {},
    Status.WITHDRAWN: {},
}

NOT_NOW = {
    Status.ASKED: gettext_noop("This can be done once a data steward has approved it."),
    Status.APPROVED: gettext_noop("A data steward has approved it already."),
    Status.REFUSED: gettext_noop("A data steward has refused it; ask again for another table."),
    Status.WITHDRAWN: gettext_noop("It was taken back."),
}


@dataclass(frozen=True)
class Facts:
    """What the rules ask of a request: ids as text. `team` are all who work on the study, its investigator too;
    `former` who did when it was submitted or amended."""

    status: Status
    asker: str
    team: frozenset[str]
    former: frozenset[str] = frozenset()


def may_ask(actor: Actor, team: frozenset[str]) -> Verdict:
    """Asking for a table: the team of the study, under its permit."""
    if actor.id and actor.id in team:
        return yes(gettext_noop("You work on the study."))
    return no(gettext_noop("This is for the team of the study."))


def may_see(actor: Actor, facts: Facts) -> Verdict:
    """The table that would leave: the team, and those who review. Nobody else, though they may see the study."""
    if actor.id and actor.id in facts.team:
        return yes(gettext_noop("You work on the study."))
    if actor.has(Role.DATA_STEWARD):
        return yes(gettext_noop("Data stewards review what leaves."))
    return no(gettext_noop("The results of a study are for its team and for data stewards."))


def may(actor: Actor, act: Act, facts: Facts) -> Verdict:
    """Whether somebody may do something with a request now. Nobody reviews what is their own."""
    seen = may_see(actor, facts)
    if not seen:
        return seen
    part = TABLE[facts.status].get(act)
    if part is None:
        return no(NOT_NOW[facts.status])
    own = actor.id in facts.team | facts.former or actor.id == facts.asker
    if part is Part.TEAM:
        return may_ask(actor, facts.team)
    if own:
        return no(gettext_noop("Nobody reviews the results of a study that they work on."))
    if actor.has(Role.DATA_STEWARD):
        return yes(gettext_noop("Data stewards review what leaves."))
    return no(gettext_noop("This needs the role {role}."), role=Title(Role.DATA_STEWARD))

"""Where a study stands on its path: worked out from its facts and the decisions so far. No Django here.

Nothing of this is stored, so that it cannot be wrong: change the facts, the path or a decision, and it follows.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.studies.facts import FACTS, Fact
from wardbench.campus.studies.holidays import working_day
from wardbench.campus.studies.path import Path, Step


class State(StrEnum):
    """Where one step stands."""

    NOT_NEEDED = "not_needed"
    WAITING = "waiting"
    OPEN = "open"
    ASKED = "asked"
    APPROVED = "approved"
    CONDITIONS = "conditions"
    REFUSED = "refused"
    EXPIRED = "expired"


STATES = {
    State.NOT_NEEDED: gettext_noop("Not needed"),
    State.WAITING: gettext_noop("Waits for others"),
    State.OPEN: gettext_noop("Being decided"),
    State.ASKED: gettext_noop("A question to the applicant"),
    State.APPROVED: gettext_noop("Approved"),
    State.CONDITIONS: gettext_noop("Approved with conditions"),
    State.REFUSED: gettext_noop("Refused"),
    State.EXPIRED: gettext_noop("No answer came in time"),
}
DECIDED = frozenset({State.APPROVED, State.CONDITIONS, State.REFUSED})
PASSED = frozenset({State.NOT_NEEDED, State.APPROVED, State.CONDITIONS})


class Answer(StrEnum):
    """What a vote or a decision says."""

    APPROVE = "approve"
    CONDITIONS = "conditions"
    REFUSE = "refuse"


ANSWERS = {
    Answer.APPROVE: gettext_noop("Approve"),
    Answer.CONDITIONS: gettext_noop("Approve with conditions"),
    Answer.REFUSE: gettext_noop("Refuse"),
}


class Status(StrEnum):
    """Where the study stands as a whole."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


STATUSES = {
    Status.DRAFT: gettext_noop("Draft"),
    Status.SUBMITTED: gettext_noop("With the bodies that decide"),
    Status.ASKED: gettext_noop("A question waits for the applicant"),
    Status.APPROVED: gettext_noop("Approved"),
    Status.REFUSED: gettext_noop("Refused"),
    Status.EXPIRED: gettext_noop("Expired: a question was not answered in time"),
    Status.WITHDRAWN: gettext_noop("Withdrawn"),
    Status.CLOSED: gettext_noop("Closed"),
}


@dataclass(frozen=True)
class Vote:
    """What one member said on a step; `answer` is None for one who stepped out because of a conflict of interest.

    `unit` is the care programme for which they spoke, where a step asks one of each.
    """

    step: str
    person: str
    answer: Answer | None
    at: datetime.datetime
    unit: str = ""


@dataclass(frozen=True)
class Question:
    """A question back to the applicant, answered or not."""

    step: str
    answered: bool
    at: datetime.datetime


@dataclass(frozen=True)
class Case:
    """What decides where a study stands. Votes are those that hold: an amendment takes back some. `today` is asked only
    where a question has waited too long for its answer; `reopened` is when steps last had something new before them,
    `untaken` since when a principal investigator is named who has not taken the study on: until then nobody decides.
    `approved` is whether its path was completed and nothing was amended or taken back since; that stands, whatever the
    path has come to ask for meanwhile."""

    facts: frozenset[Fact]
    votes: Sequence[Vote] = ()
    questions: Sequence[Question] = ()
    care_programmes: frozenset[str] = frozenset()
    submitted: datetime.datetime | None = None
    withdrawn: bool = False
    closed: bool = False
    today: datetime.date | None = None
    reopened: Mapping[str, datetime.datetime] = field(default_factory=dict)
    untaken: datetime.datetime | None = None
    approved: bool = False


@dataclass(frozen=True)
class Stand:
    """Where one step stands: since when it is open, until when it is expected. `later` where it is not needed since the
    study was approved before the path asked for it."""

    step: Step
    state: State
    since: datetime.datetime | None = None
    due: datetime.date | None = None
    waits_for: tuple[str, ...] = ()
    missing_votes: int = 0
    missing_programmes: frozenset[str] = frozenset()
    later: bool = False


def standing(path: Path, case: Case) -> tuple[Stand, ...]:
    """Where each step of the path stands, in the path's order."""
    found: dict[str, Stand] = {}
    for step in path.steps:
        found[step.id] = _stand(step, case, found, path)
    return tuple(found.values())


def _stand(step: Step, case: Case, before: Mapping[str, Stand], path: Path) -> Stand:
    if step.when and not case.facts & set(step.when):
        return Stand(step, State.NOT_NEEDED)
    if case.submitted is None:
        return Stand(step, State.WAITING)
    votes = _counting(step, case)
    if case.approved and not votes:
        return Stand(step, State.NOT_NEEDED, later=True)
    missing, programmes = (0, frozenset[str]()) if case.approved else _missing(step, votes, case.care_programmes)
    refused = [vote for vote in votes if vote.answer is Answer.REFUSE]
    held_up = tuple(one for one in step.after if before[one].state not in PASSED)
    since = max(
        [
            case.submitted,
            case.reopened.get(step.id, case.submitted),
            *(ended for one in step.after if (ended := _ended(before[one])) is not None),
        ]
    )
    if refused and (missing == 0 or step.votes == 1 or step.of_care_programmes):
        return Stand(step, State.REFUSED, max(vote.at for vote in refused))
    if held_up:
        return Stand(step, State.WAITING, waits_for=held_up)
    if missing == 0 and not programmes:
        conditions = any(vote.answer is Answer.CONDITIONS for vote in votes)
        ended = max((vote.at for vote in votes), default=since)
        return Stand(step, State.CONDITIONS if conditions else State.APPROVED, ended)
    due = _due(since, step.days, path)
    asked = [one for one in case.questions if one.step == step.id and not one.answered]
    if asked:
        # While the step waited for others the applicant could not answer; those days are not counted against them.
        last = _due(max(since, min(one.at for one in asked)), path.answer_days, path)
        late = case.today is not None and case.today > last
        state = State.EXPIRED if late else State.ASKED
        return Stand(step, state, max(one.at for one in asked), last, (), missing, programmes)
    return Stand(step, State.OPEN, since, due, (), missing, programmes)


def _counting(step: Step, case: Case) -> list[Vote]:
    """The last vote of each member (for each care programme) on a step; who stepped out has none."""
    last: dict[tuple[str, str], Vote] = {}
    for vote in sorted(case.votes, key=lambda one: one.at):
        if vote.step == step.id:
            last[vote.person, vote.unit if step.of_care_programmes else ""] = vote
    return [vote for vote in last.values() if vote.answer is not None]


def _missing(step: Step, votes: Iterable[Vote], programmes: frozenset[str]) -> tuple[int, frozenset[str]]:
    given = list(votes)
    if step.of_care_programmes and programmes:
        left = programmes - {vote.unit for vote in given}
        return len(left), left
    return max(0, step.votes - len(given)), frozenset()


def _ended(stand: Stand) -> datetime.datetime | None:
    return stand.since if stand.state in (State.APPROVED, State.CONDITIONS) else None


def _due(since: datetime.datetime, days: int, path: Path) -> datetime.date:
    """So many days of the calendar later; on the next working day where that is none."""
    return working_day((since + datetime.timedelta(days=days)).date(), path.holidays)


def status(path: Path, case: Case) -> Status:
    """Where the study stands as a whole."""
    if case.withdrawn:
        return Status.WITHDRAWN
    if case.closed:
        return Status.CLOSED
    if case.submitted is None:
        return Status.DRAFT
    states = {stand.state for stand in standing(path, case)}
    if State.REFUSED in states:
        return Status.REFUSED
    if State.EXPIRED in states:
        return Status.EXPIRED
    if states <= PASSED and case.untaken is None:
        return Status.APPROVED
    return Status.ASKED if State.ASKED in states else Status.SUBMITTED


@dataclass(frozen=True)
class Turn:
    """Whose turn it is: a role (and where one matters, units), or the applicant, about which step.

    `takes_on` where it is the principal investigator alone, who was named and has to take the study on.
    """

    step: str
    role: Role | None
    units: frozenset[str]
    since: datetime.datetime | None
    due: datetime.date | None
    takes_on: bool = False


def turns(path: Path, case: Case) -> tuple[Turn, ...]:
    """Everybody who can go on: the one value behind inbox, page and mail. `role` None is the applicant."""
    now = status(path, case)
    if case.untaken is not None and now not in (Status.DRAFT, Status.WITHDRAWN, Status.CLOSED):
        due = _due(case.untaken, path.answer_days, path)
        return (Turn("", None, frozenset(), case.untaken, due, takes_on=True),)
    if now in (Status.DRAFT, Status.REFUSED):
        return (Turn("", None, frozenset(), None, None),) if now is Status.DRAFT else ()
    if now not in (Status.SUBMITTED, Status.ASKED, Status.EXPIRED):
        return ()
    found = []
    for stand in standing(path, case):
        if stand.state is State.OPEN and now is not Status.EXPIRED:
            found.append(Turn(stand.step.id, stand.step.role, stand.missing_programmes, stand.since, stand.due))
        elif stand.state in (State.ASKED, State.EXPIRED):
            found.append(Turn(stand.step.id, None, frozenset(), stand.since, stand.due))
    return tuple(found)


def spoken_elsewhere(path: Path, case: Case, stands: Iterable[Stand]) -> frozenset[tuple[str, str]]:
    """Steps, and persons who do not decide on them because a vote of theirs holds for another body of the study.

    `stands` is what `standing` says of the case. What was said on a step that is not needed binds nobody.
    """
    needed = {one.step.id for one in stands if one.state is not State.NOT_NEEDED}
    spoke = {(vote.step, vote.person) for vote in case.votes if vote.answer is not None and vote.step in needed}
    return frozenset((step, person) for step in needed for held, person in spoke if path.apart(step, held))


def why_needed(step: Step, facts: frozenset[Fact]) -> tuple[str, ...]:
    """The facts that make a step necessary, or whose absence makes it unnecessary, as sentences of the catalogues."""
    held = facts & set(step.when)
    return tuple(FACTS[fact] for fact in step.when if fact in (held or set(step.when)))

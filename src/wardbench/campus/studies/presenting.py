"""What the page of a study shows of its path: each step in words, with its days, its reasons and who is to act."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from wardbench.campus.people import queries as people
from wardbench.campus.people.models import Unit
from wardbench.campus.people.roles import TITLES, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import queries, rules
from wardbench.campus.studies.facts import Fact
from wardbench.campus.studies.models import Vote
from wardbench.campus.studies.path import Path, Words
from wardbench.campus.studies.standing import DECIDED, STATES, STATUSES, Stand, State, Status, Turn, why_needed
from wardbench.campus.studies.standings import Standing, Stood, turns_of
from wardbench.campus.studies.vocabulary import DOCUMENT_KINDS

TONES = {
    State.APPROVED: "good",
    State.CONDITIONS: "good",
    State.REFUSED: "bad",
    State.EXPIRED: "bad",
    State.OPEN: "wait",
    State.ASKED: "wait",
}
STATUS_TONES = {
    Status.SUBMITTED: "wait",
    Status.ASKED: "wait",
    Status.APPROVED: "good",
    Status.REFUSED: "bad",
    Status.EXPIRED: "bad",
}


NO_PERMIT = gettext_noop("Approved, and no permit holds")
SUSPENDED = gettext_noop("Approved, and the permit is suspended")


def status_of(here: Stood) -> tuple[str, str]:
    """What a study's status is called, as a sentence of the catalogues, and its tone. An approved study whose permit
    was revoked, is suspended or has ended does not look like one under which something may be done."""
    if here.status is Status.APPROVED:
        if not here.permits:
            return NO_PERMIT, "bad"
        if any(here.permits):
            return SUSPENDED, "bad"
    return STATUSES[here.status], STATUS_TONES.get(here.status, "")


@dataclass(frozen=True)
class Row:
    """One step of a path. `days` is what is expected, from past cases or the path's own number; `votes` those that the
    reader may see, `elsewhere` whether it would be the reader's turn, had they not spoken for another body, and
    `later` whether the path came to ask for it after the study was approved."""

    id: str
    title: str
    about: str
    state: State
    state_title: str
    tone: str
    who: str
    since: datetime.datetime | None
    due: datetime.date | None
    days: int
    from_past: bool
    why: tuple[str, ...]
    waits_for: tuple[str, ...]
    votes: tuple[Vote, ...]
    missing_votes: int
    missing_programmes: tuple[str, ...]
    can_vote: int | None
    mine: bool
    elsewhere: bool
    later: bool
    documents: tuple[str, ...]

    @property
    def needed(self) -> bool:
        return self.state is not State.NOT_NEEDED

    @property
    def decided(self) -> bool:
        return self.state in DECIDED

    @property
    def quorum_lost(self) -> bool:
        """Whether fewer people are left than votes are missing."""
        return self.state is State.OPEN and self.can_vote is not None and self.can_vote < self.missing_votes


@dataclass(frozen=True)
class Whose:
    """Somebody who can go on with a study: what they are called, on which step, since and until when.

    `mine` where it is the reader, `answers` where a question has to be answered.
    """

    who: str
    step: str
    title: str
    since: datetime.datetime | None
    due: datetime.date | None
    late: bool
    mine: bool = False
    answers: bool = False


def words(given: Words) -> str:
    return given.in_language(get_language() or "en")


def rows(here: Standing, by: Actor, today: datetime.date) -> list[Row]:
    """The steps of a study's path for a reader, in the path's order."""
    days = queries.expected_days(here.path)
    given: dict[str, list[Vote]] = {}
    for vote in queries.votes_of(here.study):
        given.setdefault(vote.step, []).append(vote)
    decides = rules.parts(by, here.facts) & {rules.Part.TURN, rules.Part.BODY, rules.Part.OVERSEER}
    return [
        _row(here, stand, by, days[stand.step.id], given.get(stand.step.id, []), bool(decides)) for stand in here.steps
    ]


def _row(here: Standing, stand: Stand, by: Actor, days: tuple[int, bool], votes: Sequence[Vote], decides: bool) -> Row:
    step, titles = stand.step, here.path.by_id
    programmes = {str(unit.id): unit.name for unit in here.study.programmes.all()}
    turn = next((one for one in here.turns if one.step == step.id and one.role is not None), None)
    return Row(
        id=step.id,
        title=words(step.title),
        about=words(step.about),
        state=stand.state,
        state_title=gettext(STATES[stand.state]),
        tone=TONES.get(stand.state, ""),
        who=gettext(TITLES[step.role]),
        since=stand.since if stand.state is not State.WAITING else None,
        due=stand.due,
        days=days[0],
        from_past=days[1],
        why=tuple(gettext(one) for one in why_needed(step, here.study.asked.facts)),
        waits_for=tuple(words(titles[one].title) for one in stand.waits_for),
        votes=_votes_for(votes, stand, decides),
        missing_votes=stand.missing_votes,
        missing_programmes=tuple(sorted(programmes.get(one, "") for one in stand.missing_programmes)),
        can_vote=_can_vote(here, stand, votes) if stand.state is State.OPEN else None,
        mine=turn is not None and turn in turns_of(by, here),
        elsewhere=rules.spoke_for_another(by, here.facts, step.id),
        later=stand.later,
        documents=step.documents_of(here.study.asked.facts),
    )


def _votes_for(votes: Sequence[Vote], stand: Stand, decides: bool) -> tuple[Vote, ...]:
    """Those that a reader sees. Why somebody has an interest is for those who decide or watch over studies."""
    if not decides and stand.state not in DECIDED:
        return ()
    if not decides:
        for vote in votes:
            vote.reason = vote.reason if vote.answer else ""
    return tuple(votes)


def _can_vote(here: Standing, stand: Stand, votes: Sequence[Vote]) -> int:
    """How many of the votes that are missing could still come: from nobody who works or worked on the study, stepped
    out, or voted; of care programmes, those in which somebody is left to speak."""
    out = {here.facts.investigator, *here.facts.members, *here.facts.former, *here.facts.conflicted}
    out |= {person for step, person in here.facts.elsewhere if step == stand.step.id}
    if stand.missing_programmes:
        of_each = (people.holders(stand.step.role, unit=uuid.UUID(unit)) for unit in stand.missing_programmes)
        return sum(any(str(one.id) not in out for one in them) for them in of_each)
    out |= {str(vote.person_id) for vote in votes if not vote.void}
    return sum(str(one.id) not in out for one in people.holders(stand.step.role))


def gives_up(here: Standing, step: str, by: Actor) -> list[str]:
    """What else of a study somebody could decide, had they not spoken on this step: the titles of these steps."""
    open_to = [
        Turn(
            one.step.id,
            one.step.role,
            here.facts.programmes if one.step.of_care_programmes else frozenset(),
            None,
            None,
        )
        for one in here.steps
        if one.state not in (*DECIDED, State.NOT_NEEDED) and here.path.apart(step, one.step.id)
    ]
    return [words(here.path.by_id[one.step].title) for one in open_to if rules.has_turn(by, here.facts, one)]


def names_of(those: Iterable[Standing]) -> dict[str, str]:
    """What the care programmes are called whose turn it is in some studies, by their ids, with one question at most."""
    units = {unit for here in those for turn in here.turns for unit in turn.units}
    return (
        {str(one): name for one, name in Unit.objects.filter(id__in=units).values_list("id", "name")} if units else {}
    )


def whose_turn(
    here: Standing, today: datetime.date, by: Actor | None = None, names: Mapping[str, str] | None = None
) -> list[Whose]:
    """Everybody who can go on, for people: the same value as in the inbox and the mails. `names` are those of the
    programmes (`names_of`), where many studies are shown."""
    found = []
    own = turns_of(by, here) if by is not None else []
    names = names_of([here]) if names is None else names
    for turn in here.turns:
        step = here.path.by_id.get(turn.step)
        found.append(
            Whose(
                who=_who(turn, names),
                step=turn.step,
                title=words(step.title) if step else "",
                since=turn.since,
                due=turn.due,
                late=turn.due is not None and turn.due < today,
                mine=turn in own,
                answers=turn.role is None and step is not None,
            )
        )
    return found


def _who(turn: Turn, names: Mapping[str, str]) -> str:
    if turn.takes_on:
        return gettext(gettext_noop("the principal investigator"))
    if turn.role is None:
        return gettext(gettext_noop("the applicant"))
    title = gettext(TITLES[turn.role])
    units = ", ".join(sorted(names.get(unit, "") for unit in turn.units))
    return f"{title} ({units})" if units else title


@dataclass(frozen=True)
class Expected:
    """One step of a path before there is a study."""

    title: str
    about: str
    needed: bool
    who: str
    days: int
    from_past: bool
    after: tuple[str, ...]
    why: tuple[str, ...]
    documents: tuple[str, ...]
    starts: int
    ends: int


def expected(path: Path, facts: frozenset[Fact]) -> tuple[list[Expected], int]:
    """The whole path for a study with these facts, and the days it takes where every body takes what is expected.

    Steps that do not wait for one another run at the same time.
    """
    days = queries.expected_days(path)
    found: list[Expected] = []
    ends: dict[str, int] = {}
    for step in path.steps:
        needed = not step.when or bool(facts & set(step.when))
        starts = max((ends[one] for one in step.after), default=0)
        ends[step.id] = starts + (days[step.id][0] if needed else 0)
        found.append(
            Expected(
                words(step.title),
                words(step.about),
                needed,
                gettext(TITLES[step.role]),
                *days[step.id],
                tuple(words(path.by_id[one].title) for one in step.after),
                tuple(gettext(one) for one in why_needed(step, facts)),
                tuple(gettext(DOCUMENT_KINDS[one]) for one in step.documents_of(facts)) if needed else (),
                starts,
                ends[step.id],
            )
        )
    return found, max(ends.values())

"""Where studies stand: worked out from what was said about each, and kept in this process for as long as it holds.

Every verb on a study counts its `revision` up in the same transaction, so what was worked out for a revision, a path
and a day stays true. Inside a transaction, which may see what nobody else will ever see, nothing is kept.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import overload

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import leading, rules, standing
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.path import Path, path_of
from wardbench.campus.studies.standing import DECIDED, Answer, Case, Stand, State, Status, Turn

REACHED = DECIDED | {State.OPEN, State.ASKED, State.EXPIRED}
"""Steps whose body has had the study before it; those that still wait for others have not."""

AT_ONCE = 500
"""Studies that are read together where many have to be worked out."""


@dataclass(frozen=True, kw_only=True)
class Stood:
    """Where a study stands, without its words. `voted` are the steps and persons (as text) of votes that hold,
    `permits` whether each permit that was not revoked and whose end has not come is suspended."""

    path: Path
    status: Status
    steps: tuple[Stand, ...]
    turns: tuple[Turn, ...]
    facts: rules.Facts
    submitted: datetime.datetime | None
    voted: frozenset[tuple[str, str]]
    permits: tuple[bool, ...]


@dataclass(frozen=True, kw_only=True)
class Standing(Stood):
    """A study and where it stands: everything that pages, rules and mails ask, worked out once."""

    study: Study


def approval_path() -> Path:
    """The path of this campus."""
    return path_of(settings.CAMPUS_FOLDER)


def whole() -> QuerySet[Study]:
    """Studies with everything that says where they stand."""
    related = ("votes", "askings", "programmes", "members", "partners", "permits", "submissions")
    return Study.objects.select_related("investigator").prefetch_related(*related)


def stands(study: Study) -> Standing:
    """Where a study stands now."""
    now = _work_out(study)
    return _with(study, orphaned(now) if leading.is_orphaned(study) else now)


def orphaned(here: Stood) -> Stood:
    """The same of a study whose investigator may lead none any more. This follows from roles, of which the study's
    revision says nothing, so that it is never kept."""
    return replace(here, facts=replace(here.facts, orphaned=True))


def stood(found: QuerySet[Study]) -> dict[uuid.UUID, Stood]:
    """Where each of the studies found stands now, in their order, by their ids."""
    path, today, may_keep = approval_path(), timezone.localdate(), not connection.in_atomic_block
    revisions = dict(found.values_list("id", "revision"))
    now: dict[uuid.UUID, Stood] = {}
    for study_id, revision in revisions.items() if may_keep else ():
        kept = _kept.get(study_id)
        if kept is not None and kept[:2] == (revision, today) and kept[2].path is path:
            now[study_id] = kept[2]
    left = [study_id for study_id in revisions if study_id not in now]
    for first in range(0, len(left), AT_ONCE):
        # The row is read before what was said about it: at worst something newer is kept for a revision that is over.
        for study in whole().filter(id__in=left[first : first + AT_ONCE]):
            now[study.id] = _work_out(study)
            if may_keep:
                _kept[study.id] = (study.revision, today, now[study.id])
    return {study_id: now[study_id] for study_id in revisions if study_id in now}


def turns_of(by: Actor, here: Stood) -> list[Turn]:
    """Those turns of a study that are somebody's own: what inbox, list and page call theirs."""
    parts = rules.parts(by, here.facts) if here.turns else frozenset()
    own = bool(parts & {rules.Part.INVESTIGATOR, rules.Part.MEMBER})
    return [
        turn
        for turn in here.turns
        if (own if turn.role is None else rules.Part.TURN in parts and rules.has_turn(by, here.facts, turn))
        and (rules.Part.INVESTIGATOR in parts or not turn.takes_on)
        # A member of a body who has spoken waits for the others; who speaks for a care programme may for the next one.
        and (turn.role is None or turn.units or (turn.step, by.id) not in here.voted)
    ]


_kept: dict[uuid.UUID, tuple[int, datetime.date, Stood]] = {}


class Found(Sequence[Standing]):
    """Studies that were found, in order. Their words are read for the part that is looked at."""

    def __init__(self, those: Mapping[uuid.UUID, Stood]) -> None:
        self.those, self.ids = those, list(those)

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, part: int) -> Standing: ...
    @overload
    def __getitem__(self, part: slice) -> list[Standing]: ...
    def __getitem__(self, part: int | slice) -> Standing | list[Standing]:
        if isinstance(part, slice):
            return self._read(self.ids[part])
        return self._read([self.ids[part]])[0]

    def __iter__(self) -> Iterator[Standing]:
        return iter(self._read(self.ids))

    def _read(self, ids: Iterable[uuid.UUID]) -> list[Standing]:
        wanted = list(ids)
        rows: dict[uuid.UUID, Study] = {}
        for first in range(0, len(wanted), AT_ONCE):
            some = wanted[first : first + AT_ONCE]
            rows |= Study.objects.select_related("investigator").in_bulk(some)
        return [_with(rows[one], self.those[one]) for one in wanted]


def _with(study: Study, now: Stood) -> Standing:
    return Standing(study=study, **{field.name: getattr(now, field.name) for field in fields(Stood)})


def _work_out(study: Study) -> Stood:
    path, case = approval_path(), case_of(study)
    steps, now, turns = standing.standing(path, case), standing.status(path, case), standing.turns(path, case)
    investigator, members = str(study.investigator_id), frozenset(str(one.person_id) for one in study.members.all())
    facts = rules.Facts(
        investigator=investigator,
        members=members,
        status=now,
        turns=turns,
        bodies=frozenset(stand.step.role for stand in steps if stand.state in REACHED),
        public=study.public,
        programmes=case.care_programmes,
        voters=frozenset(str(vote.person_id) for vote in study.votes.all()),
        partners=frozenset(str(one.id) for one in study.partners.all()),
        conflicted=frozenset(str(vote.person_id) for vote in study.votes.all() if not vote.answer),
        former=_worked(study) - {investigator, *members},
        permit=any(permit.revoked is None for permit in study.permits.all()),
        begun=bool(study.permits.all()),
        untaken=case.untaken is not None,
        elsewhere=standing.spoken_elsewhere(path, case, steps),
        asked=tuple(
            Turn(stand.step.id, stand.step.role, stand.missing_programmes, stand.since, stand.due)
            for stand in steps
            if stand.state in (State.ASKED, State.EXPIRED)
        ),
    )
    voted = frozenset((vote.step, str(vote.person_id)) for vote in study.votes.all() if not vote.void)
    permits = tuple(
        permit.suspended is not None
        for permit in study.permits.all()
        if permit.revoked is None and permit.until >= timezone.localdate()
    )
    return Stood(
        path=path, status=now, steps=steps, turns=turns, facts=facts, submitted=case.submitted, voted=voted,
        permits=permits,
    )  # fmt: skip


def _worked(study: Study) -> frozenset[str]:
    """Everybody who has worked on what was submitted, as each submission names them."""
    said = [submission.content for submission in study.submissions.all()]
    return frozenset(
        who for one in said for who in (one["investigator"], *(member for member, _work in one["members"]))
    )


def case_of(study: Study) -> Case:
    """What decides where a study stands."""
    votes = [
        standing.Vote(
            vote.step,
            str(vote.person_id),
            Answer(vote.answer) if vote.answer else None,
            vote.at,
            str(vote.unit_id or ""),
        )
        for vote in study.votes.all()
        if not vote.void
    ]
    askings = [
        standing.Question(one.step, one.answered is not None, one.at)
        for one in study.askings.all()
        if one.taken_back is None
    ]
    return Case(
        study.asked.facts,
        votes,
        askings,
        frozenset(str(unit.id) for unit in study.programmes.all()),
        study.submitted,
        study.withdrawn is not None,
        study.closed is not None,
        timezone.localdate(),
        _reopened(study),
        study.named if study.named and not study.taken_on else None,
        _approved(study),
    )


def _approved(study: Study) -> bool:
    """Whether the path was completed, which makes a permit, and nothing was amended or taken back since. Of votes taken
    back before their time was kept those count on whose step none holds."""
    made = max((one.made for one in study.permits.all()), default=None)
    if made is None or any(one.at >= made for one in study.submissions.all()):
        return False
    held = {vote.step for vote in study.votes.all() if not vote.void}
    void = [vote for vote in study.votes.all() if vote.void]
    return not any(vote.voided >= made if vote.voided else vote.step not in held for vote in void)


def _reopened(study: Study) -> dict[str, datetime.datetime]:
    """When steps last had something new before them: an amendment that they judge, an answer, votes taken back, or an
    investigator who took the study on."""
    steps = approval_path().steps
    new = [
        (step.id, one.at)
        for one in study.submissions.all()
        for step in steps
        if one.section and one.section in step.sees
    ]
    new += [(one.step, one.answered) for one in study.askings.all() if one.answered is not None]
    if study.taken_on is not None:
        new += [(step.id, study.taken_on) for step in steps if Section.TEAM in step.sees]
    new += [(vote.step, vote.voided) for vote in study.votes.all() if vote.voided is not None]
    return dict(sorted(new, key=lambda one: one[1]))

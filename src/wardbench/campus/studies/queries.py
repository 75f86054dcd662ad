"""Reading studies: where one stands, whose turn it is, those somebody may see."""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import rules, standing
from wardbench.campus.studies.completeness import Filled
from wardbench.campus.studies.facts import Data
from wardbench.campus.studies.models import Study, Vote
from wardbench.campus.studies.path import Path, path_of
from wardbench.campus.studies.purpose import is_purpose
from wardbench.campus.studies.standing import DECIDED, Answer, Case, Stand, State, Status, Turn
from wardbench.core.errors import NotFoundError

ENOUGH_CASES = 5
"""Past cases from which on their median is a better guess than the path's own number of days."""


REACHED = DECIDED | {State.OPEN, State.ASKED, State.EXPIRED}
"""Steps whose body has had the study before it; those that still wait for others have not."""


@dataclass(frozen=True)
class Filter:
    """What to look for in the list of studies; empty means everything."""

    text: str = ""
    status: str = ""
    kind: str = ""
    whose: str = ""


@dataclass(frozen=True)
class Standing:
    """Where a study stands: everything that pages, rules and mails ask, worked out once."""

    study: Study
    path: Path
    status: Status
    steps: tuple[Stand, ...]
    turns: tuple[Turn, ...]
    facts: rules.Facts


def approval_path() -> Path:
    """The path of this campus."""
    return path_of(settings.CAMPUS_FOLDER)


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
    askings = [standing.Question(one.step, one.answered is not None, one.at) for one in study.askings.all()]
    return Case(
        study.asked.facts,
        votes,
        askings,
        frozenset(str(unit.id) for unit in study.programmes.all()),
        study.submitted,
        study.withdrawn is not None,
        study.closed is not None,
        timezone.localdate(),
    )


def stands(study: Study) -> Standing:
    """Where a study stands now."""
    path, case = approval_path(), case_of(study)
    steps, now, turns = standing.standing(path, case), standing.status(path, case), standing.turns(path, case)
    facts = rules.Facts(
        investigator=str(study.investigator_id),
        members=frozenset(str(member.person_id) for member in study.members.all()),
        status=now,
        turns=turns,
        bodies=frozenset(stand.step.role for stand in steps if stand.state in REACHED),
        public=study.public,
        programmes=case.care_programmes,
        voters=frozenset(str(vote.person_id) for vote in study.votes.all()),
        partners=frozenset(str(one.id) for one in study.partners.all()),
    )
    return Standing(study, path, now, steps, turns, facts)


def _whole() -> QuerySet[Study]:
    related = ("votes", "askings", "programmes", "members", "partners")
    return Study.objects.select_related("investigator").prefetch_related(*related)


def study(study_id: uuid.UUID, *, by: Actor) -> Standing:
    """One that somebody may see, and where it stands. NotFoundError for any other, as if it were not there."""
    found = _whole().filter(id=study_id).first()
    if found is not None:
        here = stands(found)
        if rules.may_see(by, here.facts):
            return here
    raise NotFoundError(_("There is no such study, or it is not for you to see."))


def line(study_id: uuid.UUID, *, by: Actor) -> Standing:
    """One that somebody may know of, if only by its public line; NotFoundError for any other."""
    found = _whole().filter(id=study_id).first()
    if found is not None:
        here = stands(found)
        if rules.may_see_line(by, here.facts):
            return here
    raise NotFoundError(_("There is no such study, or it is not for you to see."))


def lines_of(by: Actor, ids: Iterable[uuid.UUID]) -> list[Standing]:
    """Those of the studies with these ids that somebody may know of."""
    found = map(stands, _whole().filter(id__in=list(ids)))
    return [one for one in found if rules.may_see_line(by, one.facts)]


def find(by: Actor, asked: Filter) -> list[Standing]:
    """The studies that somebody may know of and that match, newest first."""
    found = visible(by, asked.text)
    if asked.status:
        found = [one for one in found if one.status == asked.status]
    if asked.kind:
        found = [one for one in found if one.study.kind == asked.kind]
    if asked.whose == "mine":
        own = {rules.Part.INVESTIGATOR, rules.Part.MEMBER}
        found = [one for one in found if rules.parts(by, one.facts) & own]
    elif asked.whose == "turn":
        waits = {one.study.id for one, _turn in waiting(by)}
        found = [one for one in found if one.study.id in waits]
    return found


def visible(by: Actor, text: str = "") -> list[Standing]:
    """The studies that somebody may see, newest first; those of the campus by their public line."""
    return [one for one in _all(text) if rules.may_see_line(by, one.facts)]


def mine(by: Actor) -> list[Standing]:
    """The studies that somebody works on."""
    own = {rules.Part.INVESTIGATOR, rules.Part.MEMBER}
    return [one for one in _all() if rules.parts(by, one.facts) & own]


def _all(text: str = "") -> Iterable[Standing]:
    found = _whole()
    if text:
        found = found.filter(title__icontains=text) | found.filter(reference__istartswith=text)
    return map(stands, found.distinct())


def waiting(by: Actor) -> list[tuple[Standing, Turn]]:
    """What cannot go on before this person has acted: their body's steps, and questions to their own studies."""
    found = []
    for one in _all():
        parts = rules.parts(by, one.facts)
        for turn in one.turns:
            own = turn.role is None and parts & {rules.Part.INVESTIGATOR, rules.Part.MEMBER}
            body = turn.role is not None and rules.Part.TURN in parts and rules.is_turn_of(by, turn)
            if own or (body and not _has_voted(by, one.study, turn)):
                found.append((one, turn))
    return found


def _has_voted(by: Actor, study: Study, turn: Turn) -> bool:
    """Whether somebody has said what they had to say on a step (a care programme's counts by itself)."""
    if turn.units:
        return False
    return any(vote.step == turn.step and str(vote.person_id) == by.id and not vote.void for vote in study.votes.all())


def expected_days(path: Path) -> dict[str, tuple[int, bool]]:
    """For each step its days from open to decided: the median of past cases and True where there are enough of them,
    else the path's own number and False.
    """
    took: dict[str, list[int]] = {}
    for study in _whole().exclude(submitted=None):
        case = case_of(study)
        by_id = {stand.step.id: stand for stand in standing.standing(path, case)}
        for stand in by_id.values():
            if stand.state in (State.APPROVED, State.CONDITIONS) and stand.since and case.submitted:
                before = [by_id[one].since for one in stand.step.after if by_id[one].state is not State.NOT_NEEDED]
                began = max([case.submitted, *(since for since in before if since)])
                took.setdefault(stand.step.id, []).append((stand.since - began).days)
    return {
        step.id: (round(statistics.median(took[step.id])), True)
        if len(took.get(step.id, ())) >= ENOUGH_CASES
        else (step.days, False)
        for step in path.steps
    }


def votes_of(study: Study) -> list[Vote]:
    return list(study.votes.select_related("person", "unit"))


def filled(study: Study) -> Filled:
    """What a registration says so far."""
    return Filled(
        facts=study.asked.facts,
        summary=study.summary,
        sponsor=study.sponsor,
        data=Data(study.data),
        data_wanted=study.data_wanted,
        cohorts=study.cohorts.count(),
        material_wanted=len(study.material_wanted),
        programmes=study.programmes.count(),
        retention=study.retention,
        fate=study.fate,
        party=study.party,
        purpose=is_purpose(study.purpose),
        documents=frozenset(study.documents.filter(withdrawn_at=None).values_list("kind", flat=True)),
        student_leads=not holders(*set(rules.REGISTRARS) - {Role.STUDENT}).filter(id=study.investigator_id).exists(),
    )


def content_of(study: Study) -> dict[str, object]:
    """What a study says, as its submissions keep it."""
    names = [
        "reference",
        "title",
        "kind",
        "summary",
        "sponsor",
        "ethics_reference",
        "material",
        "material_wanted",
        "consent",
        "leaves",
        "arrives",
        "party",
        "retention",
        "fate",
        "data",
        "data_wanted",
        "tables",
        "purpose",
    ]
    return {
        **{name: getattr(study, name) for name in names},
        "since": study.since.isoformat() if study.since else "",
        "until": study.until.isoformat() if study.until else "",
        "investigator": str(study.investigator_id),
        "members": sorted([str(one.person_id), one.work] for one in study.members.all()),
        "programmes": sorted(str(unit.id) for unit in study.programmes.all()),
        "departments": sorted(str(unit.id) for unit in study.departments.all()),
        "partners": sorted(str(one.id) for one in study.partners.all()),
        "cohorts": sorted(study.cohorts.values_list("hash", flat=True)),
        "documents": sorted(study.documents.filter(withdrawn_at=None).values_list("digest", flat=True)),
    }

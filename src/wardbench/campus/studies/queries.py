"""Reading studies: where one stands, whose turn it is, those somebody may see."""

from __future__ import annotations

import datetime
import statistics
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, Actor, Verdict
from wardbench.campus.studies import leading, rules
from wardbench.campus.studies.completeness import Filled
from wardbench.campus.studies.facts import Data, Kind
from wardbench.campus.studies.models import Member, Study, Vote
from wardbench.campus.studies.path import Path
from wardbench.campus.studies.purpose import is_purpose
from wardbench.campus.studies.standing import State, Turn
from wardbench.campus.studies.standings import Found, Standing, Stood, orphaned, stands, stood, turns_of, whole
from wardbench.core.errors import NotFoundError

ENOUGH_CASES = 5
"""Past cases from which on their median is a better guess than the path's own number of days."""


@dataclass(frozen=True)
class Filter:
    """What to look for in the list of studies; empty means everything."""

    text: str = ""
    status: str = ""
    kind: str = ""
    whose: str = ""


def study(study_id: uuid.UUID, *, by: Actor) -> Standing:
    """One that somebody may see, and where it stands. NotFoundError for any other, as if it were not there."""
    return _one(Q(id=study_id), by, rules.may_see)


def standing_of(study_id: uuid.UUID) -> Standing:
    """Where a study stands, for whoever has just done something to it and may see it no more."""
    return stands(whole().get(id=study_id))


def numbered(reference: str, *, by: Actor) -> Standing:
    """As `study`, by its reference number."""
    return _one(Q(reference=reference), by, rules.may_see)


def line(study_id: uuid.UUID, *, by: Actor) -> Standing:
    """One that somebody may know of, if only by its public line; NotFoundError for any other."""
    return _one(Q(id=study_id), by, rules.may_see_line)


def _one(named: Q, by: Actor, may: Callable[[Actor, rules.Facts], Verdict]) -> Standing:
    found = whole().filter(named).first()
    if found is not None:
        here = stands(found)
        if may(by, here.facts):
            return here
    raise NotFoundError(_("There is no such study, or it is not for you to see."))


def lines_of(by: Actor, ids: Iterable[uuid.UUID]) -> Sequence[Standing]:
    """Those of the studies with these ids that somebody may know of."""
    return _lines(by, Study.objects.filter(id__in=list(ids)))


def find(by: Actor, asked: Filter) -> Sequence[Standing]:
    """The studies that somebody may know of and that match, newest first."""
    found = _named(asked.text)
    if asked.kind:
        found = found.filter(kind=asked.kind)
    if asked.whose == "mine":
        found = _own(by, found)
    elif asked.whose == "turn":
        found = found.filter(id__in={one.study.id for one, _turn in waiting(by)})
    return _lines(by, found, asked.status)


def visible(by: Actor, text: str = "") -> Sequence[Standing]:
    """The studies that somebody may see, newest first; those of the campus by their public line."""
    return _lines(by, _named(text))


def worked_on(by: Actor) -> list[uuid.UUID]:
    """The studies that somebody works on, by id alone; none of somebody whose roles have all ended."""
    if by is SYSTEM or not by.roles:
        return []
    return list(_own(by, Study.objects.order_by()).values_list("id", flat=True))


def waiting(by: Actor) -> list[tuple[Standing, Turn]]:
    """What cannot go on before this person has acted: their body's steps, and questions to their own studies."""
    now = stood(_open())
    waits = _waits(by, now)
    return [(one, turn) for one in Found({one: now[one] for one in waits}) for turn in waits[one.study.id]]


def at_hand(by: Actor, most: int) -> tuple[list[tuple[Standing, Turn]], list[Standing]]:
    """What is `waiting` for somebody and the first of the studies that they work on, read together."""
    now = stood(_open() | _own(by, Study.objects.all()))
    waits = _waits(by, now)
    own = [one for one, here in now.items() if _works_on(by, here) and rules.may_see_line(by, here.facts)][:most]
    found = {one.study.id: one for one in Found({one: now[one] for one in dict.fromkeys((*waits, *own))})}
    return [(found[one], turn) for one, turns in waits.items() for turn in turns], [found[one] for one in own]


def orphans(by: Actor) -> list[Study]:
    """The studies for which another principal investigator has to be named, where `by` watches over them: those that
    nobody answers for any more, and those that are `untaken`."""
    if not by.has(*rules.OVERSEERS):
        return []
    found = leading.orphans(_open()).select_related("investigator").prefetch_related("members").order_by("registered")
    there = {one.id: one for one in found} | untaken(timezone.localdate())
    return [
        one
        for one in there.values()
        if by.id not in {str(one.investigator_id), *(str(member.person_id) for member in one.members.all())}
    ]


def untaken(today: datetime.date) -> dict[uuid.UUID, Study]:
    """The studies that whoever was named their principal investigator has not taken on in time, by their ids."""
    named = _open().filter(named__isnull=False, taken_on=None).exclude(submitted=None)
    late = [
        study_id
        for study_id, here in stood(named).items()
        if any(turn.takes_on and turn.due is not None and turn.due < today for turn in here.turns)
    ]
    return {one.id: one for one in named.filter(id__in=late).prefetch_related("members").order_by("registered")}


def _open() -> QuerySet[Study]:
    return Study.objects.filter(withdrawn=None, closed=None)


def _works_on(by: Actor, here: Stood) -> bool:
    return bool(by.id) and (by.id == here.facts.investigator or by.id in here.facts.members)


def _waits(by: Actor, now: Mapping[uuid.UUID, Stood]) -> dict[uuid.UUID, list[Turn]]:
    return {study_id: turns for study_id, here in now.items() if (turns := turns_of(by, here))}


def _lines(by: Actor, found: QuerySet[Study], status: str = "") -> Found:
    now = stood(found)
    if by.has(*rules.OVERSEERS):
        now |= {one: orphaned(now[one]) for one in leading.ids_of_orphans(found) if one in now}
    seen = {
        study_id: here
        for study_id, here in now.items()
        if (not status or here.status == status) and rules.may_see_line(by, here.facts)
    }
    return Found(seen)


def _named(text: str) -> QuerySet[Study]:
    return (
        Study.objects.filter(Q(title__icontains=text) | Q(reference__istartswith=text)) if text else Study.objects.all()
    )


def _own(by: Actor, found: QuerySet[Study]) -> QuerySet[Study]:
    joined = Member.objects.filter(person_id=by.id).order_by().values("study")
    return found.filter(Q(investigator_id=by.id) | Q(id__in=joined)) if by.id else found.none()


def expected_days(path: Path) -> dict[str, tuple[int, bool]]:
    """For each step its days from open to decided: the median of past cases and True where there are enough of them,
    else the path's own number and False. Days are the calendar's; what was decided on its first day took one.
    """
    took: dict[str, list[int]] = {}
    for here in stood(Study.objects.exclude(submitted=None)).values():
        by_id = {stand.step.id: stand for stand in here.steps}
        for stand in here.steps:
            if stand.state in (State.APPROVED, State.CONDITIONS) and stand.since and here.submitted:
                before = [by_id[one].since for one in stand.step.after if by_id[one].state is not State.NOT_NEEDED]
                began = max([here.submitted, *(since for since in before if since)])
                days = (timezone.localdate(stand.since) - timezone.localdate(began)).days
                took.setdefault(stand.step.id, []).append(max(1, days))
    return {
        step.id: (round(statistics.median(took[step.id])), True)
        if len(took.get(step.id, ())) >= ENOUGH_CASES
        else (step.days, False)
        for step in path.steps
    }


def votes_of(study: Study) -> list[Vote]:
    return list(study.votes.select_related("person", "unit"))


def work_together(actor: Actor, person: str) -> bool:
    """Whether two people work on one study, as its investigator or in its team."""

    def of(one: str) -> Q:
        return Q(investigator_id=one) | Q(members__person_id=one)

    return Study.objects.filter(of(actor.id)).filter(of(person)).exists()


def has_a_student(study: Study) -> bool:
    """Whether a student works on it: by what is said of them, or by their role."""
    team = [one.person_id for one in study.members.all()]
    by_word = study.members.filter(work="student").exists()
    return by_word or holders(Role.STUDENT).filter(id__in=[study.investigator_id, *team]).exists()


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
        consent=bool(study.consent),
        case_report=study.kind == Kind.CASE_REPORT,
        student_missing=study.kind == Kind.THESIS and not has_a_student(study),
        documents=frozenset(study.documents.filter(withdrawn_at=None).values_list("kind", flat=True)),
        student_leads=not holders(*rules.LEADERS).filter(id=study.investigator_id).exists(),
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
        "public",
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

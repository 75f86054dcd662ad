"""Asking whether somebody may see a patient, and reading who looked in an emergency."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.access import rules
from wardbench.campus.access.models import Answering, CareRelation, EmergencyAccess
from wardbench.campus.access.rules import REASONS, STATUSES, Facts, Reason, Status
from wardbench.campus.people import queries as people
from wardbench.campus.people.models import Affiliation, Person, Unit
from wardbench.campus.people.roles import CARE
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.core.errors import NotFoundError


def may_see_patient(actor: Actor, patient: int) -> Verdict:
    """Whether `actor` may see the rows of one patient, and why. Whoever shows them also records that they were read."""
    if not actor.has(*CARE):
        return rules.may_see_patient(actor, ())
    treating = {str(unit) for unit in treating_units(patient)}
    verdict = rules.may_see_patient(actor, treating)
    return verdict if verdict else rules.may_see_patient(actor, treating, open_until(actor, patient))


@dataclass(frozen=True)
class Sees:
    """Somebody who can see a patient's record now, and the verdict that says why."""

    person: Person
    verdict: Verdict


def who_sees(patient: int) -> list[Sees]:
    """Everybody who can see the record of a patient now, by name: the teams that treat them, and who opened it in an
    emergency."""
    held = Affiliation.objects.filter(people.current(), unit__in=treating_units(patient), role__in=sorted(CARE))
    opened = EmergencyAccess.objects.filter(patient=patient, status=Status.ACTIVE, until__gt=timezone.now())
    either = Q(id__in=held.values("person")) | Q(id__in=opened.values("person"))
    found = [Sees(one, may_see_patient(people.actor_of(one), patient)) for one in Person.objects.filter(either)]
    return sorted((one for one in found if one.verdict), key=lambda one: one.person.name)


def current(day: datetime.date | None = None) -> Q:
    """The relations that hold on `day`, today by default."""
    day = day or timezone.localdate()
    return Q(since__lte=day) & (Q(until=None) | Q(until__gte=day))


def treating_units(patient: int) -> list[uuid.UUID]:
    """The units that treat a patient today."""
    return list(CareRelation.objects.filter(current(), patient=patient).values_list("unit", flat=True))


def units_treating(patients: Collection[int]) -> dict[uuid.UUID, set[int]]:
    """The units that treat some of these patients today, and which of them each treats."""
    found: dict[uuid.UUID, set[int]] = {}
    ids = sorted(patients)
    for at in range(0, len(ids), 500):
        some = CareRelation.objects.filter(current(), patient__in=ids[at : at + 500])
        for unit, patient in some.values_list("unit", "patient"):
            found.setdefault(unit, set()).add(patient)
    return found


def patients_of(actor: Actor) -> list[int]:
    """The patients whom the teams of somebody treat today, by number."""
    units = actor.units(*sorted(CARE))
    found = CareRelation.objects.filter(current(), unit__in=[uuid.UUID(one) for one in units])
    return list(found.values_list("patient", flat=True).distinct().order_by("patient"))


def open_until(actor: Actor, patient: int) -> datetime.datetime | None:
    """Until when somebody has opened the record of a patient in an emergency, in the campus's time."""
    found = _open_now(actor).filter(patient=patient).order_by("-until").first()
    return timezone.localtime(found.until) if found else None


@dataclass(frozen=True)
class Answer:
    """What a unit that answers for an emergency access says of it: `needed` is None, and the rest empty, until then."""

    organisation: uuid.UUID
    unit: uuid.UUID | None
    name: str
    needed: bool | None
    words: str
    who: str
    said: datetime.datetime | None

    @property
    def places(self) -> frozenset[str]:
        """The ids of what is led by those who may speak for it."""
        return frozenset({str(self.organisation), *([str(self.unit)] if self.unit else [])})


@dataclass(frozen=True)
class Access:
    """An emergency access as it is shown; `reason` and `standing` are sentences of the catalogues. `answers` is not for
    whoever opened it."""

    id: uuid.UUID
    patient: int
    person: str
    who: str
    reason: str
    words: str
    opened: datetime.datetime
    until: datetime.datetime
    due: datetime.datetime
    status: Status
    finding: str
    reviewer: str
    answers: tuple[Answer, ...]

    @property
    def places(self) -> frozenset[str]:
        return frozenset[str]().union(*(one.places for one in self.answers))

    @property
    def facts(self) -> Facts:
        unsaid = (one.places for one in self.answers if one.needed is None)
        return Facts(self.status, self.person, self.places, frozenset[str]().union(*unsaid))

    @property
    def standing(self) -> str:
        return STATUSES[self.status]

    @property
    def overdue(self) -> bool:
        """Whether it should have been judged by now."""
        return self.status in (Status.ACTIVE, Status.ENDED) and self.due < timezone.now()


@dataclass(frozen=True)
class Open:
    """What the banner says of an emergency access that is open now."""

    id: uuid.UUID
    patient: int
    until: datetime.datetime


def open_accesses(actor: Actor) -> list[Open]:
    """What somebody has open in an emergency now: the banner on each of their pages, so that it reads no more."""
    if not actor.has(*CARE):
        return []
    return [Open(*row) for row in _open_now(actor).values_list("id", "patient", "until")]


def accesses(actor: Actor, *, waiting: bool = False) -> list[Access]:
    """All emergency accesses for those who watch over them; for everybody else one's own and those that the units which
    one leads answer for. Newest first."""
    found = _with_all()
    if not rules.may_review(actor):
        heads = [uuid.UUID(one) for one in actor.heads]
        answered = Answering.objects.filter(Q(unit__in=heads) | Q(organisation__in=heads))
        found = found.filter(Q(person__in=_ids(actor)) | Q(id__in=answered.values("access")))
    if waiting:
        found = found.filter(status__in=(Status.ACTIVE, Status.ENDED))
    return [_shown(one) for one in found[:500]]


def access(actor: Actor, access_id: uuid.UUID) -> Access:
    """One emergency access; NotFoundError where there is none, or none that this actor may know of."""
    shown = whatever_access(access_id)
    if not rules.may_see_access(actor, shown.person, shown.places):
        raise NotFoundError(_("There is no such emergency access."))
    return shown


def whatever_access(access_id: uuid.UUID | str) -> Access:
    """One emergency access, whoever asks: ask `rules.may_see_access` before it is shown. NotFoundError where there is
    none."""
    try:
        found = _with_all().filter(id=access_id).first()
    except ValidationError:
        found = None
    if found is None:
        raise NotFoundError(_("There is no such emergency access."))
    return _shown(found)


def units_of_care() -> QuerySet[Unit]:
    """The units that treat somebody today, or in which somebody treats patients."""
    treats = CareRelation.objects.filter(current(), unit=OuterRef("id"))
    works = Affiliation.objects.filter(
        people.current(), unit=OuterRef("id"), role__in=sorted(CARE), person__is_active=True
    )
    return Unit.objects.filter(Q(Exists(treats)) | Q(Exists(works)))


def _with_all() -> QuerySet[EmergencyAccess]:
    answering = Answering.objects.select_related("organisation", "unit", "speaker")
    found = EmergencyAccess.objects.select_related("person", "reviewer")
    return found.prefetch_related(Prefetch("answering", answering))


def _ids(actor: Actor) -> list[uuid.UUID]:
    """The person behind an actor; none behind nobody and the application itself."""
    try:
        return [uuid.UUID(actor.id)]
    except ValueError:
        return []


def _open_now(actor: Actor) -> QuerySet[EmergencyAccess]:
    return EmergencyAccess.objects.filter(person__in=_ids(actor), status=Status.ACTIVE, until__gt=timezone.now())


def _shown(one: EmergencyAccess) -> Access:
    status = Status(one.status)
    if status is Status.ACTIVE and one.until <= timezone.now():
        status = Status.ENDED
    return Access(
        id=one.id,
        patient=one.patient,
        person=str(one.person_id),
        who=one.person.name,
        reason=REASONS[Reason(one.reason)],
        words=one.words,
        opened=one.opened,
        until=one.until,
        due=one.opened + rules.REVIEW_WITHIN,
        status=status,
        finding=one.finding,
        reviewer=one.reviewer.name if one.reviewer else "",
        answers=tuple(
            Answer(
                each.organisation_id,
                each.unit_id,
                str(each.unit or each.organisation),
                each.needed,
                each.words,
                each.speaker.name if each.speaker else "",
                each.said,
            )
            for each in one.answering.all()
        ),
    )

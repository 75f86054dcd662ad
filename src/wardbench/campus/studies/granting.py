"""The verbs on permits: suspend, let hold again, revoke, renew, use; and what the passing of time asks for."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.studies import leading, permits, queries, rules, standings
from wardbench.campus.studies.models import Asking, Permit, PermitUse, Reminder, Study
from wardbench.campus.studies.moves import again, allowed, decide_again, move, needs_reason, page_of, team, tell_turns
from wardbench.campus.studies.permits import SOON, Wanted
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standing import State, Status
from wardbench.campus.studies.standings import Standing
from wardbench.core.errors import BusyError, InputError, NotFoundError

INVESTIGATOR = "investigator"
"""What stands for a step where it is said that nobody answers for a study."""
TAKING_ON = "taking_on"
"""The same where it was not taken on in time."""


@verb("studies.revoke")
def revoke(study_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Revoke what a study may do, at once. BusyError where it has no permit that holds."""
    here = allowed(study_id, Verb.REVOKE, by)
    reason = needs_reason(reason)
    if not permits.end_all(here.study, reason=reason):
        raise BusyError(_("This study has no permit that holds."))
    move(here, by, "studies.revoke", reason=reason)
    _tell(here, gettext_noop("The permit of study {reference} was revoked."), by)


@verb("studies.suspend")
def suspend(study_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Let nothing be done under a permit until it holds again. BusyError where none holds."""
    here = allowed(study_id, Verb.SUSPEND, by)
    reason = needs_reason(reason)
    holding = Permit.objects.filter(Q(suspended=None) | Q(resting=True), study=here.study, revoked=None)
    if not holding.update(suspended=timezone.now(), why_suspended=reason, resting=False):
        raise BusyError(_("This study has no permit that holds."))
    move(here, by, "studies.suspend", reason=reason)
    _tell(here, gettext_noop("The permit of study {reference} is suspended."), by)


@verb("studies.resume")
def resume(study_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Let a suspended permit hold again. BusyError where none is suspended."""
    here = allowed(study_id, Verb.RESUME, by)
    reason = needs_reason(reason)
    held = Permit.objects.filter(study=here.study, revoked=None, suspended__isnull=False)
    if not held.update(suspended=None, why_suspended="", resting=False):
        raise BusyError(_("No permit of this study is suspended."))
    move(here, by, "studies.resume", reason=reason)
    _tell(here, gettext_noop("The permit of study {reference} holds again."), by)


@verb("studies.renew")
def renew(study_id: uuid.UUID, reason: str, *, by: Actor) -> list[str]:
    """Ask for a permit to be renewed: the steps that `renews` names decide again. Their ids.

    The present permit holds until its end; the new one takes its place. BusyError where it is too soon.
    """
    here = allowed(study_id, Verb.RENEW, by)
    reason = needs_reason(reason)
    if not (soon := permits.ends_soon(here.study)):
        raise BusyError(str(soon))
    steps = [step.id for step in here.path.steps if step.renews] or [here.path.steps[0].id]
    decide_again(here.study, steps)
    move(here, by, "studies.renew", steps=steps, reason=reason)
    if again(here.study.id).status is Status.APPROVED:
        raise InputError(_("No step of this study's path decides on a renewal; amend the study instead."))
    tell_turns(here.study, by)
    return steps


@verb("studies.use")
def use(permit_id: uuid.UUID, wanted: Wanted, *, by: Actor) -> PermitUse:
    """Use a permit, and write down what is taken. ForbiddenError with the reason where it does not allow it.

    Two at the same moment cannot together take more than is allowed: one of them gets BusyError.
    """
    permit = Permit.objects.select_related("study__investigator").filter(id=permit_id).first()
    if permit is None:
        raise NotFoundError(_("There is no such permit."))
    if wanted.amount < 0 or (wanted.use is permits.Use.MATERIAL and not wanted.amount > 0):
        raise InputError(_("amount: say how much is taken."))
    permits.check(permit, by, wanted).require()
    if (
        Permit.objects.filter(id=permit.id, uses=permit.uses, revoked=None, suspended=None).update(uses=F("uses") + 1)
        != 1
    ):
        raise BusyError(_("Somebody used this permit at the same moment; try again."))
    made = PermitUse.objects.create(
        permit=permit, kind=wanted.use.value, material=wanted.material, amount=wanted.amount, by_id=by.id
    )
    detail = {"use": wanted.use.value, "material": wanted.material, "amount": wanted.amount, "cohort": wanted.cohort}
    record("studies.use", "permit", permit.id, by=by, study=permit.study.reference, **detail)
    return made


@verb("studies.give_back")
def give_back(permit_id: uuid.UUID, material: str, amount: float, *, by: Actor) -> PermitUse:
    """Write down that so much of what was taken under a permit came back. InputError for more than was taken."""
    permit = Permit.objects.select_related("study").filter(id=permit_id).first()
    if permit is None:
        raise NotFoundError(_("There is no such permit."))
    if not 0 < amount <= permits.used_of(permit, material) + 1e-9:
        raise InputError(_("amount: no more can come back than was taken."))
    made = PermitUse.objects.create(
        permit=permit, kind=permits.Use.MATERIAL.value, material=material, amount=-amount, by_id=by.id
    )
    detail = {"material": material, "amount": amount}
    record("studies.give_back", "permit", permit.id, by=by, study=permit.study.reference, **detail)
    return made


def carry_out_due(now: datetime.datetime) -> int:
    """Tell, once each, of steps that are overdue, of questions that were not answered in time and of permits that end;
    how many."""
    today = timezone.localdate(now)
    told = sum(_remind(late, by=SYSTEM) for late in _overdue(today))
    told += sum(_orphaned(one, by=SYSTEM) for one in _untold())
    told += sum(_untaken(one, by=SYSTEM) for one in _late_to_take_on(today))
    waits = Asking.objects.filter(answered=None, taken_back=None, told_expired=None)
    open_ = waits.filter(study__withdrawn=None, study__closed=None)
    for study_id in sorted(set(open_.values_list("study", flat=True))):
        late = [stand.step.id for stand in again(study_id).steps if stand.state is State.EXPIRED]
        if open_.filter(study=study_id, step__in=late).exists():
            told += _expire(study_id, late, by=SYSTEM)
    soon = today + datetime.timedelta(days=SOON)
    holding = Permit.objects.filter(revoked=None)
    for permit in holding.filter(until__lt=today, told_ended=None):
        told += _end(permit, "told_ended", gettext_noop("The permit of study {reference} has ended."), by=SYSTEM)
    for permit in holding.filter(until__range=(today, soon), told_soon=None):
        sentence = gettext_noop("The permit of study {reference} ends on {day}; it can be renewed.")
        told += _end(permit, "told_soon", sentence, by=SYSTEM)
    return told


@dataclass(frozen=True)
class _Overdue:
    """A step that a body should have decided by now."""

    study: uuid.UUID
    step: str
    since: datetime.datetime
    due: datetime.date


def _overdue(today: datetime.date) -> list[_Overdue]:
    """The turns of bodies that were due before today and of which nobody was reminded yet."""
    now = standings.stood(Study.objects.filter(withdrawn=None, closed=None).exclude(submitted=None))
    late = [
        _Overdue(study_id, turn.step, turn.since, turn.due)
        for study_id, here in now.items()
        for turn in here.turns
        if turn.role is not None and turn.since is not None and turn.due is not None and turn.due < today
    ]
    reminded = Reminder.objects.filter(study__in={one.study for one in late}).values_list("study", "step", "since")
    known = set(reminded)
    return [one for one in late if (one.study, one.step, one.since) not in known]


@verb("studies.remind")
def _remind(late: _Overdue, *, by: Actor) -> int:
    study, day = again(late.study).study, late.due.isoformat()
    _reminder, made = Reminder.objects.get_or_create(study=study, step=late.step, since=late.since)
    record("studies.remind", "study", study.id, by=by, study=study.reference, step=late.step, due=day, told=made)
    if made:
        sentence = gettext_noop("Study {reference} was due on {day} and still waits for your decision: {step}.")
        tell_turns(study, by, only=[late.step], sentence=sentence, day=day)
    return int(made)


def _untold() -> list[Study]:
    """The studies that nobody answers for any more and of which nobody was told yet."""
    found = list(leading.orphans(Study.objects.filter(withdrawn=None, closed=None)).order_by("registered"))
    told = Reminder.objects.filter(step=INVESTIGATOR, study__in=[one.id for one in found])
    known = set(told.values_list("study", "since"))
    return [one for one in found if (one.id, one.named or one.registered) not in known]


@verb("studies.orphaned")
def _orphaned(study: Study, *, by: Actor) -> int:
    """Tell those who watch over studies, once for each investigator, that nobody answers for one any more."""
    _reminder, made = Reminder.objects.get_or_create(
        study=study, step=INVESTIGATOR, since=study.named or study.registered
    )
    record("studies.orphaned", "study", study.id, by=by, study=study.reference, told=made)
    if made:
        sentence = gettext_noop("Nobody answers for study {reference} any more; name another principal investigator.")
        people = [one.id for one in holders(*rules.OVERSEERS)]
        notify(people, sentence, page_of(study), by=by, reference=study.reference)
    return int(made)


def _late_to_take_on(today: datetime.date) -> list[Study]:
    """The studies that were not taken on in time, and of which nobody was told yet."""
    late = queries.untaken(today)
    known = set(Reminder.objects.filter(step=TAKING_ON, study__in=list(late)).values_list("study", "since"))
    return [one for one in late.values() if (one.id, one.named) not in known]


@verb("studies.untaken")
def _untaken(study: Study, *, by: Actor) -> int:
    """Tell those who watch over studies, once for each who was named, that they have not taken one on in time."""
    since = study.named or study.registered
    _reminder, made = Reminder.objects.get_or_create(study=study, step=TAKING_ON, since=since)
    record("studies.untaken", "study", study.id, by=by, study=study.reference, told=made)
    if made:
        sentence = gettext_noop(
            "The principal investigator who was named for study {reference} has not taken it on in time; ask them, or "
            "name another."
        )
        people = [one.id for one in holders(*rules.OVERSEERS)]
        notify(people, sentence, page_of(study), by=by, reference=study.reference)
    return int(made)


@verb("studies.expire")
def _expire(study_id: uuid.UUID, steps: list[str], *, by: Actor) -> int:
    """Tell once of a study that has expired, however many of its questions were not answered in time."""
    waits = Asking.objects.filter(study=study_id, step__in=steps, answered=None, taken_back=None)
    unanswered = waits.filter(told_expired=None)
    told = int(unanswered.update(told_expired=timezone.now()) > 0)
    here = again(study_id)
    record("studies.expire", "study", here.study.id, by=by, study=here.study.reference, steps=steps, told=told)
    if told:
        _tell(here, gettext_noop("Study {reference} has expired: a question was not answered in time."), by)
    return told


@verb("studies.permit_ends")
def _end(permit: Permit, field: str, sentence: str, *, by: Actor) -> int:
    claimed = Permit.objects.filter(id=permit.id, **{field: None}).update(**{field: timezone.now()})
    here = again(permit.study_id)
    detail = {"until": permit.until.isoformat(), "stage": field, "told": claimed}
    record("studies.permit_ends", "permit", permit.id, by=by, study=here.study.reference, **detail)
    if claimed:
        _tell(here, sentence, by, day=permit.until.isoformat())
    return claimed


def _tell(here: Standing, sentence: str, by: Actor, **values: str) -> None:
    notify(team(here), sentence, page_of(here.study), by=by, reference=here.study.reference, **values)

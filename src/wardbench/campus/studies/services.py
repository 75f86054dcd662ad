"""The verbs on studies. Votes and questions are only ever added; where a study stands follows from them.

Every verb but `register` raises the study's `revision` by compare-and-set, so that of two at the same moment one is
carried out and the other sees what happened.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.models import Unit
from wardbench.campus.people.queries import holders
from wardbench.campus.people.queries import person as person_by_id
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import permits, queries, rules
from wardbench.campus.studies.completeness import missing
from wardbench.campus.studies.facts import Kind, Section
from wardbench.campus.studies.models import Asking, AttachedCohort, Counter, Member, Study, Vote
from wardbench.campus.studies.queries import Standing, case_of, stands
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standing import Answer, Status
from wardbench.core.errors import BusyError, InputError

FIELDS: Mapping[Section, tuple[str, ...]] = {
    Section.ABOUT: ("title", "kind", "summary", "sponsor", "public"),
    Section.MATERIAL: ("material", "material_wanted", "leaves", "arrives", "party", "retention", "fate"),
    Section.DATA: ("data", "data_wanted"),
    Section.PURPOSE: ("purpose",),
}
"""What can be changed in a section by its fields; the team, cohorts and documents have verbs of their own."""


@verb("studies.register")
def register(title: str, kind: str, *, by: Actor, question: uuid.UUID | None = None) -> Study:
    """Register a study and draw its reference number: S and five digits or more, one after the other, without gaps."""
    rules.may_register(by).require()
    if not title.strip():
        raise InputError(_("title: give the study a title."))
    if kind not in list(Kind):
        raise InputError(_("kind: choose one of the kinds of studies."))
    study = Study.objects.create(
        reference=f"S{_next_number()}",
        title=title.strip()[:300],
        kind=kind,
        investigator_id=by.id,
        question=question,
    )
    record("studies.register", "study", study.id, by=by, study=study.reference, reference=study.reference)
    return study


def _next_number() -> int:
    """The next number. The row is locked until the study is there, so that a number is never drawn for nothing."""
    Counter.objects.get_or_create(id=1)
    Counter.objects.filter(id=1).update(last=F("last") + 1)
    return Counter.objects.get(id=1).last


@verb("studies.edit")
def edit(study_id: uuid.UUID, section: Section, values: Mapping[str, Any], *, by: Actor) -> Study:
    """Change what a section of a draft says. InputError for a field that the section does not have."""
    here = _allowed(study_id, Verb.EDIT, by)
    _write(here.study, section, values)
    _move(here, by, "studies.edit", section=section.value)
    return here.study


@verb("studies.team")
def set_team(study_id: uuid.UUID, people: Mapping[uuid.UUID, str], *, by: Actor) -> None:
    """Who works on a draft, and what each does there."""
    here = _allowed(study_id, Verb.EDIT, by)
    found = {person_id: person_by_id(person_id) for person_id in people if str(person_id) != by.id}
    Member.objects.filter(study=here.study).delete()
    Member.objects.bulk_create(
        Member(study=here.study, person=one, work=people[person_id][:100]) for person_id, one in found.items()
    )
    _move(here, by, "studies.team", members=len(found))
    sentence = gettext_noop("{who} added you to the team of study {reference}.")
    notify(found, sentence, _page(here.study), by=by, who=by.name, reference=here.study.reference)


@verb("studies.hand_over")
def hand_over(study_id: uuid.UUID, investigator: uuid.UUID, *, by: Actor) -> None:
    """Name another principal investigator of a draft; whoever was it stays in the team."""
    here = _allowed(study_id, Verb.SUBMIT, by)
    to = person_by_id(investigator)
    if not holders(*set(rules.REGISTRARS) - {Role.STUDENT}).filter(id=to.id).exists():
        raise InputError(_("investigator: {name} has no role in which one may lead a study.").format(name=to.name))
    Member.objects.filter(study=here.study, person=to).delete()
    Member.objects.get_or_create(study=here.study, person_id=by.id)
    Study.objects.filter(id=here.study.id).update(investigator=to)
    _move(here, by, "studies.hand_over", to=str(to.id))
    sentence = gettext_noop("{who} made you principal investigator of study {reference}.")
    notify([to.id], sentence, _page(here.study), by=by, who=by.name, reference=here.study.reference)


@verb("studies.programmes")
def set_programmes(study_id: uuid.UUID, units: Iterable[Unit], *, by: Actor) -> None:
    """Whose patients a draft concerns: care programmes, each of which then has a say in secondary use."""
    here = _allowed(study_id, Verb.EDIT, by)
    chosen = list(units)
    for unit in chosen:
        if unit.kind != Unit.Kind.CARE_PROGRAMME:
            raise InputError(_("programmes: {name} is not a care programme.").format(name=unit.name))
    here.study.programmes.set(chosen)
    _move(here, by, "studies.programmes", programmes=[str(unit.id) for unit in chosen])


@verb("studies.attach_cohort")
def attach_cohort(study_id: uuid.UUID, version: uuid.UUID, content: str, name: str, *, by: Actor) -> None:
    """Attach a version of a cohort by its content hash; once is enough."""
    here = _allowed(study_id, Verb.EDIT, by)
    AttachedCohort.objects.get_or_create(
        study=here.study, hash=content, defaults={"version": version, "name": name[:200]}
    )
    _move(here, by, "studies.attach_cohort", hash=content)


@verb("studies.detach_cohort")
def detach_cohort(study_id: uuid.UUID, content: str, *, by: Actor) -> None:
    here = _allowed(study_id, Verb.EDIT, by)
    if not AttachedCohort.objects.filter(study=here.study, hash=content).delete()[0]:
        raise BusyError(_("This cohort is not attached any more."))
    _move(here, by, "studies.detach_cohort", hash=content)


@verb("studies.submit")
def submit(study_id: uuid.UUID, *, by: Actor) -> None:
    """Hand a draft to the bodies that decide. InputError with the first thing that is missing."""
    here = _allowed(study_id, Verb.SUBMIT, by)
    lacking = missing(here.path, queries.filled(here.study))
    if lacking:
        raise InputError(_(lacking[0].sentence))
    Study.objects.filter(id=here.study.id).update(submitted=timezone.now())
    _move(here, by, "studies.submit")
    _tell_turns(here.study, by)


@verb("studies.vote")
def vote(
    study_id: uuid.UUID,
    step: str,
    answer: str,
    *,
    by: Actor,
    reason: str = "",
    unit: uuid.UUID | None = None,
) -> None:
    """Say what one's body says on a step; where it has one member, or the last one votes, that decides it.

    `answer` is approve, conditions or refuse, or empty to step out because of a conflict of interest. All but approve
    need a reason. A vote can be changed until the step is decided. `unit` says for which care programme.
    """
    here = _allowed(study_id, Verb.VOTE, by)
    turn = next((one for one in here.turns if one.step == step and rules.is_turn_of(by, one)), None)
    if turn is None:
        raise BusyError(_("It is not your turn on this step; load the page again."))
    if answer and answer not in list(Answer):
        raise InputError(_("answer: approve, conditions, refuse, or nothing for a conflict of interest."))
    if answer != Answer.APPROVE and not reason.strip():
        raise InputError(_("reason: say why."))
    if turn.units and (unit is None or str(unit) not in turn.units & by.units(turn.role or Role.PHYSICIAN)):
        raise InputError(_("unit: say for which care programme of yours you speak."))
    Vote.objects.create(
        study=here.study,
        step=step,
        person_id=by.id,
        unit_id=unit if turn.units else None,
        answer=answer,
        reason=reason.strip(),
        at=timezone.now(),
    )
    _move(here, by, "studies.vote", step=step, answer=answer or "conflict_of_interest")
    _after_decision(here, by)


@verb("studies.ask")
def ask(study_id: uuid.UUID, step: str, text: str, *, by: Actor) -> None:
    """Ask the applicant something; the step waits for the answer."""
    here = _allowed(study_id, Verb.ASK, by)
    if not any(one.step == step and rules.is_turn_of(by, one) for one in here.turns):
        raise BusyError(_("It is not your turn on this step; load the page again."))
    if not text.strip():
        raise InputError(_("text: write the question."))
    Asking.objects.create(study=here.study, step=step, by_id=by.id, text=text.strip(), at=timezone.now())
    _move(here, by, "studies.ask", step=step)
    sentence = gettext_noop("A question about study {reference} waits for your answer.")
    notify(_team(here), sentence, _page(here.study), by=by, reference=here.study.reference)


@verb("studies.answer")
def answer_question(study_id: uuid.UUID, asking: uuid.UUID, text: str, *, by: Actor) -> None:
    """Answer a question; the step goes on. BusyError where somebody answered it already."""
    here = _allowed(study_id, Verb.ANSWER, by)
    if not text.strip():
        raise InputError(_("text: write the answer."))
    own = Asking.objects.filter(id=asking, study=here.study, answered=None)
    if own.update(answer=text.strip(), answered_by=by.id, answered=timezone.now()) != 1:
        raise BusyError(_("This question was answered already."))
    _move(here, by, "studies.answer", asking=str(asking))
    asked = Asking.objects.get(id=asking)
    sentence = gettext_noop("Your question about study {reference} was answered.")
    notify([asked.by_id], sentence, _page(here.study), by=by, reference=here.study.reference)


@verb("studies.amend")
def amend(study_id: uuid.UUID, section: Section, values: Mapping[str, Any], reason: str, *, by: Actor) -> list[str]:
    """Change a section of a study that was submitted; the steps that judge it decide again. Their ids.

    A permit that was given on other words ends.
    """
    here = _allowed(study_id, Verb.AMEND, by)
    if not reason.strip():
        raise InputError(_("reason: say what changes and why."))
    _write(here.study, section, values)
    again = [step.id for step in here.path.steps if section in step.sees]
    Vote.objects.filter(study=here.study, step__in=again, void=False).update(void=True)
    permits.end_all(here.study, reason=_("The study was amended."))
    _move(here, by, "studies.amend", section=section.value, again=again)
    _tell_turns(here.study, by)
    return again


@verb("studies.withdraw")
def withdraw(study_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Take a study back; nothing can be done with it any more, and its permits end."""
    here = _allowed(study_id, Verb.WITHDRAW, by)
    if not reason.strip():
        raise InputError(_("reason: say why."))
    Study.objects.filter(id=here.study.id).update(withdrawn=timezone.now())
    permits.end_all(here.study, reason=_("The study was withdrawn."))
    _move(here, by, "studies.withdraw")


@verb("studies.close")
def close(study_id: uuid.UUID, *, by: Actor) -> None:
    """Say that a study is over; its permits end."""
    here = _allowed(study_id, Verb.CLOSE, by)
    Study.objects.filter(id=here.study.id).update(closed=timezone.now())
    permits.end_all(here.study, reason=_("The study was closed."))
    _move(here, by, "studies.close")


@verb("studies.revoke")
def revoke(study_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Revoke what a study may do, at once. BusyError where it has no permit that holds."""
    here = _allowed(study_id, Verb.REVOKE, by)
    if not reason.strip():
        raise InputError(_("reason: say why."))
    if not permits.end_all(here.study, reason=reason.strip()):
        raise BusyError(_("This study has no permit that holds."))
    _move(here, by, "studies.revoke")
    sentence = gettext_noop("The permit of study {reference} was revoked.")
    notify(_team(here), sentence, _page(here.study), by=by, reference=here.study.reference)


def _allowed(study_id: uuid.UUID, what: Verb, by: Actor) -> Standing:
    """The study and where it stands; refused by the same sentence that the button shows."""
    here = queries.study(study_id, by=by)
    rules.may(by, what, here.facts).require()
    return here


def _write(study: Study, section: Section, values: Mapping[str, Any]) -> None:
    known = FIELDS.get(section, ())
    for name in values:
        if name not in known:
            raise InputError(_("{name}: this section has no such field.").format(name=name))
    if "title" in values and not str(values["title"]).strip():
        raise InputError(_("title: give the study a title."))
    for name, value in values.items():
        setattr(study, name, value)
    try:
        study.clean_fields(exclude={field.name for field in Study._meta.get_fields()} - set(values))
    except ValidationError as error:
        name, faults = next(iter(error.message_dict.items()))
        raise InputError(f"{name}: {faults[0]}") from None
    study.save(update_fields=list(values))


def _move(here: Standing, by: Actor, what: str, **detail: Any) -> None:
    """The study moves on from the revision that was looked at, and the record tells of it."""
    moved = Study.objects.filter(id=here.study.id, revision=here.study.revision)
    if moved.update(revision=F("revision") + 1) != 1:
        raise BusyError(_("Somebody changed this study at the same moment; load the page again."))
    record(what, "study", here.study.id, by=by, study=here.study.reference, **detail)


def _after_decision(before: Standing, by: Actor) -> None:
    """What follows from a vote: a permit, a refusal, or the next body's turn."""
    study = Study.objects.get(id=before.study.id)
    now = stands(study)
    if now.status is Status.APPROVED and before.status is not Status.APPROVED:
        permits.give(study, case_of(study), now, by=by)
        sentence = gettext_noop("Study {reference} was approved.")
        notify(_team(now), sentence, _page(study), by=by, reference=study.reference)
    elif now.status is Status.REFUSED:
        sentence = gettext_noop("Study {reference} was refused.")
        notify(_team(now), sentence, _page(study), by=by, reference=study.reference)
    else:
        were = {one.step for one in before.turns}
        _tell_turns(study, by, only=[one.step for one in now.turns if one.step not in were])


def _tell_turns(study: Study, by: Actor, only: Iterable[str] | None = None) -> None:
    """Tell everybody whose turn has come."""
    now = stands(Study.objects.get(id=study.id))
    wanted = None if only is None else set(only)
    for turn in now.turns:
        if turn.role is None or (wanted is not None and turn.step not in wanted):
            continue
        people = [person.id for unit in turn.units or ("",) for person in holders(turn.role, unit=_uuid(unit))]
        own = {str(study.investigator_id), *now.facts.members}
        sentence = gettext_noop("Study {reference} waits for your decision.")
        notify([p for p in people if str(p) not in own], sentence, _page(study), by=by, reference=study.reference)


def _uuid(unit: str) -> uuid.UUID | None:
    return uuid.UUID(unit) if unit else None


def _team(here: Standing) -> set[str]:
    return {here.facts.investigator, *here.facts.members}


def _page(study: Study) -> str:
    return f"/studies/{study.id}/"

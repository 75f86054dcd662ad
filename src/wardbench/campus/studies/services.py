"""The verbs on a registration: register, fill in, submit, amend, withdraw, close.

Where a study stands follows from what was said. Every verb but `register` raises the study's `revision` by
compare-and-set (`moves`), so that of two at the same moment one is carried out and the other sees what happened.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.models import Organisation, Unit
from wardbench.campus.people.queries import holders
from wardbench.campus.people.queries import person as person_by_id
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.people.security_log import log_malware
from wardbench.campus.questions import queries as questions
from wardbench.campus.questions import services as question_services
from wardbench.campus.questions.identifiers import identifier_in
from wardbench.campus.studies import documents, permits, queries, rules
from wardbench.campus.studies.completeness import missing
from wardbench.campus.studies.facts import Kind, Section
from wardbench.campus.studies.models import AttachedCohort, Counter, Decision, Document, Member, Study, Submission, Vote
from wardbench.campus.studies.moves import allowed, move, needs_reason, page_of, settle, tell_turns
from wardbench.campus.studies.path import DOCUMENTS
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.scanning import MalwareError
from wardbench.campus.studies.standing import State
from wardbench.campus.studies.standings import Standing
from wardbench.campus.studies.vocabulary import TABLES
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.core.miabis import MATERIALS

FIELDS: Mapping[Section, tuple[str, ...]] = {
    Section.ABOUT: ("title", "kind", "summary", "sponsor", "public", "ethics_reference"),
    Section.MATERIAL: ("material", "material_wanted", "consent", "leaves", "arrives", "party", "retention", "fate"),
    Section.DATA: ("data", "data_wanted", "tables", "since", "until"),
    Section.PURPOSE: ("purpose",),
}
"""What can be changed in a section by its fields; the team, cohorts and documents have verbs of their own."""


@verb("studies.register")
def register(title: str, kind: str, *, by: Actor, question: uuid.UUID | None = None) -> Study:
    """Register a study and draw its reference number: S and five digits or more, one after the other, without gaps.

    With `question` the study takes up that question. InputError where the title is empty or the kind unknown.
    """
    rules.may_register(by).require()
    if not title.strip():
        raise InputError(_("title: give the study a title."))
    if kind not in list(Kind):
        raise InputError(_("kind: choose one of the kinds of studies."))
    study = Study.objects.create(
        reference=f"S{_next_number()}",
        title=_plain("title", title)[:300],
        kind=kind,
        investigator_id=by.id,
        question=question,
    )
    if question is not None:
        question_services.take_up(questions.question(by, question), study.id, by=by)
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
    here = allowed(study_id, Verb.EDIT, by)
    _write(here.study, section, values)
    move(here, by, "studies.edit", section=section.value)
    return here.study


@verb("studies.add_member")
def add_member(study_id: uuid.UUID, person: uuid.UUID, work: str, *, by: Actor) -> None:
    """Let somebody work on a draft; BusyError where they do already."""
    here = allowed(study_id, Verb.EDIT, by)
    found = person_by_id(person)
    if found.id == here.study.investigator_id:
        raise BusyError(_("The principal investigator belongs to the team already."))
    __, made = Member.objects.update_or_create(study=here.study, person=found, defaults={"work": work[:100]})
    move(here, by, "studies.add_member", person=str(found.id))
    if made:
        sentence = gettext_noop("{who} added you to the team of study {reference}.")
        notify([found.id], sentence, page_of(here.study), by=by, who=by.name, reference=here.study.reference)


@verb("studies.remove_member")
def remove_member(study_id: uuid.UUID, person: uuid.UUID, *, by: Actor) -> None:
    """Take somebody off the team, at any time: who left uses no permit. BusyError where they are not of it."""
    here = queries.study(study_id, by=by)
    rules.may_remove_member(by, here.facts).require()
    if not Member.objects.filter(study=here.study, person_id=person).delete()[0]:
        raise BusyError(_("They do not belong to the team any more."))
    move(here, by, "studies.remove_member", person=str(person))


@verb("studies.hand_over")
def hand_over(study_id: uuid.UUID, investigator: uuid.UUID, *, by: Actor) -> None:
    """Name another principal investigator of a draft; whoever was it stays in the team."""
    here = allowed(study_id, Verb.SUBMIT, by)
    to = person_by_id(investigator)
    if not holders(*set(rules.REGISTRARS) - {Role.STUDENT}).filter(id=to.id).exists():
        raise InputError(_("investigator: {name} has no role in which one may lead a study.").format(name=to.name))
    Member.objects.filter(study=here.study, person=to).delete()
    Member.objects.get_or_create(study=here.study, person_id=by.id)
    Study.objects.filter(id=here.study.id).update(investigator=to)
    move(here, by, "studies.hand_over", to=str(to.id))
    sentence = gettext_noop("{who} made you principal investigator of study {reference}.")
    notify([to.id], sentence, page_of(here.study), by=by, who=by.name, reference=here.study.reference)


@verb("studies.units")
def set_units(
    study_id: uuid.UUID,
    programmes: Iterable[object],
    departments: Iterable[object] = (),
    partners: Iterable[object] = (),
    *,
    by: Actor,
) -> None:
    """Whose patients a draft concerns (care programmes have a say in secondary use), and who takes part; by ids."""
    here = allowed(study_id, Verb.EDIT, by)
    here.study.programmes.set(_units("programmes", programmes, Unit.Kind.CARE_PROGRAMME))
    here.study.departments.set(_units("departments", departments, Unit.Kind.DEPARTMENT))
    wanted = [str(one) for one in partners]
    found = Organisation.objects.filter(id__in=wanted, kind=Organisation.Kind.PARTNER)
    if len(found) != len(set(wanted)):
        raise InputError(_("partners: choose partner companies from the list."))
    here.study.partners.set(found)
    move(here, by, "studies.units")


def _units(field: str, ids: Iterable[object], kind: str) -> list[Unit]:
    wanted = {str(one) for one in ids}
    found = list(Unit.objects.filter(id__in=wanted, kind=kind))
    if len(found) != len(wanted):
        raise InputError(_("{field}: choose from the list.").format(field=field))
    return found


@verb("studies.attach_cohort")
def attach_cohort(study_id: uuid.UUID, version: uuid.UUID, *, by: Actor) -> None:
    """Attach a version of a cohort by its content hash; NotFoundError where `by` may not see that cohort."""
    here = allowed(study_id, Verb.EDIT, by)
    found = cohorts.version(version)
    cohorts.seen(found.cohort_id, by)
    name = f"{found.cohort.name} ({found.number})"[:200]
    AttachedCohort.objects.get_or_create(
        study=here.study, hash=found.hash, defaults={"version": found.id, "name": name}
    )
    move(here, by, "studies.attach_cohort", hash=found.hash)


@verb("studies.detach_cohort")
def detach_cohort(study_id: uuid.UUID, content: str, *, by: Actor) -> None:
    """Take a cohort off a draft, by its content hash; BusyError where it is not attached."""
    here = allowed(study_id, Verb.EDIT, by)
    if not AttachedCohort.objects.filter(study=here.study, hash=content).delete()[0]:
        raise BusyError(_("This cohort is not attached any more."))
    move(here, by, "studies.detach_cohort", hash=content)


@verb("studies.add_document")
def add_document(study_id: uuid.UUID, kind: str, name: str, content: Iterable[bytes], *, by: Actor) -> Document:
    """Add a document, or the next version of one of the same kind and name. What already is the last version stays it.

    Once the study was submitted, the steps that see documents and have not refused decide again on what there is now.
    The file is whole on the disk before its row is there; InputError or UnsupportedError where it is not kept.
    """
    here = queries.study(study_id, by=by)
    rules.may_add_document(by, here.facts).require()
    if kind not in DOCUMENTS:
        raise InputError(_("kind: choose one of the kinds of documents."))
    try:
        kept = documents.keep(settings.DOCUMENTS, name, content, settings.SCANNER)
    except MalwareError as error:
        log_malware(by, error.found)
        raise
    same = Document.objects.filter(study=here.study, kind=kind, name=kept.name)
    last = same.order_by("-number").first()
    if last is not None and last.digest == kept.digest and last.withdrawn_at is None:
        record("studies.add_document", "study", here.study.id, by=by, study=here.study.reference, again=kept.digest)
        return last
    made = Document.objects.create(
        study=here.study,
        kind=kind,
        name=kept.name,
        number=(same.aggregate(last=Max("number"))["last"] or 0) + 1,
        digest=kept.digest,
        size=kept.size,
        media_type=kept.media_type,
        by_id=by.id,
    )
    again = _seen_again(here) if here.study.submitted else []
    move(here, by, "studies.add_document", sort=kind, number=made.number, digest=kept.digest, again=again)
    if here.study.submitted:
        _keep_submission(here.study, Section.DOCUMENTS.value, made.name, by)
    if again:
        tell_turns(here.study, by, only=again)
    return made


def _seen_again(here: Standing) -> list[str]:
    """Take back what was said by steps that see documents, but for a refusal, which only an amendment answers."""
    seeing = [
        stand.step.id
        for stand in here.steps
        if Section.DOCUMENTS in stand.step.sees and stand.state is not State.REFUSED
    ]
    votes = Vote.objects.filter(study=here.study, step__in=seeing, void=False)
    again = sorted(set(votes.values_list("step", flat=True)))
    votes.update(void=True)
    Decision.objects.filter(study=here.study, step__in=again, void=False).update(void=True)
    return again


@verb("studies.withdraw_document")
def withdraw_document(study_id: uuid.UUID, document: uuid.UUID, *, by: Actor) -> None:
    """Take a document off a draft. It stays in the store, as does its row, for the record."""
    here = allowed(study_id, Verb.EDIT, by)
    held = Document.objects.filter(id=document, study=here.study, withdrawn_at=None)
    if held.update(withdrawn_at=timezone.now()) != 1:
        raise BusyError(_("This document was taken off already."))
    move(here, by, "studies.withdraw_document", document=str(document))


@verb("studies.submit")
def submit(study_id: uuid.UUID, *, by: Actor) -> None:
    """Hand a draft to the bodies that decide. InputError with the first thing that is missing."""
    here = allowed(study_id, Verb.SUBMIT, by)
    lacking = missing(here.path, queries.filled(here.study))
    if lacking:
        raise InputError(_(lacking[0].sentence))
    Study.objects.filter(id=here.study.id).update(submitted=timezone.now())
    _keep_submission(here.study, "", "", by)
    move(here, by, "studies.submit")
    tell_turns(here.study, by)


@verb("studies.amend")
def amend(study_id: uuid.UUID, section: Section, values: Mapping[str, Any], reason: str, *, by: Actor) -> list[str]:
    """Change a section of a study that was submitted; the steps that judge it decide again. Their ids.

    A permit that was given on other words ends. InputError where the study would lack something afterwards.
    """
    here = allowed(study_id, Verb.AMEND, by)
    reason = needs_reason(reason, _("reason: say what changes and why."))
    _write(here.study, section, values)
    lacking = missing(here.path, queries.filled(here.study))
    if lacking:
        raise InputError(_(lacking[0].sentence))
    again = [step.id for step in here.path.steps if section in step.sees]
    Vote.objects.filter(study=here.study, step__in=again, void=False).update(void=True)
    Decision.objects.filter(study=here.study, step__in=again, void=False).update(void=True)
    permits.end_all(here.study, reason=_("The study was amended."))
    _keep_submission(here.study, section.value, reason, by)
    move(here, by, "studies.amend", section=section.value, again=again, reason=reason)
    settle(here, by, amended=True)
    return again


@verb("studies.withdraw")
def withdraw(study_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Take a study back; nothing can be done with it any more, and its permits end."""
    here = allowed(study_id, Verb.WITHDRAW, by)
    reason = needs_reason(reason)
    Study.objects.filter(id=here.study.id).update(withdrawn=timezone.now())
    permits.end_all(here.study, reason=_("The study was withdrawn."))
    move(here, by, "studies.withdraw", reason=reason)
    _give_back(here, reason, by)
    sentence = gettext_noop("Study {reference} was withdrawn.")
    notify(here.facts.voters, sentence, page_of(here.study), by=by, reference=here.study.reference)


@verb("studies.close")
def close(study_id: uuid.UUID, reason: str = "", *, by: Actor) -> None:
    """Say that a study is over, and what came of it; its permits end."""
    here = allowed(study_id, Verb.CLOSE, by)
    Study.objects.filter(id=here.study.id).update(closed=timezone.now())
    permits.end_all(here.study, reason=_("The study was closed."))
    move(here, by, "studies.close", reason=reason.strip())
    _give_back(here, reason.strip() or _("The study was closed."), by)


def _give_back(here: Standing, reason: str, by: Actor) -> None:
    """A question that the study had taken up is open again, where it still has it."""
    if here.study.question is None:
        return
    try:
        question = questions.question(by, here.study.question)
        question_services.give_back(question, here.study.id, why=reason[:500], by=SYSTEM)
    except (BusyError, NotFoundError):  # it was given back already, or is gone
        return


def _keep_submission(study: Study, section: str, reason: str, by: Actor) -> None:
    content = queries.content_of(Study.objects.get(id=study.id))
    Submission.objects.create(
        study=study,
        number=study.submissions.count() + 1,
        section=section,
        reason=reason,
        content=content,
        hash=permits.hash_of(content),
        by_id=by.id,
        at=timezone.now(),
    )


def _plain(field: str, text: str) -> str:
    """`text` as it is kept, without characters that no database keeps. InputError where it could name a patient."""
    text = "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cf"))
    if sentence := identifier_in(text):
        raise InputError(_("%(field)s: %(fault)s") % {"field": field, "fault": _(sentence)})
    return text.strip()


def _write(study: Study, section: Section, values: Mapping[str, Any]) -> None:
    known = FIELDS.get(section, ())
    for name in values:
        if name not in known:
            raise InputError(_("{name}: this section has no such field.").format(name=name))
    if "title" in values and not str(values["title"]).strip():
        raise InputError(_("title: give the study a title."))
    for one in values.get("material_wanted", ()):
        if one.get("type") not in MATERIALS:
            raise InputError(_("material_wanted: choose a type of specimen from the list."))
        if not one.get("amount", 0) > 0 or not one.get("donors", 0) > 0:
            raise InputError(_("material_wanted: say how much of it, and of how many donors."))
    if not set(values.get("tables", ())) <= set(TABLES):
        raise InputError(_("tables: choose from the list."))
    for name, value in values.items():
        setattr(study, name, _plain(name, value) if isinstance(value, str) else value)
    try:
        study.clean_fields(exclude={field.name for field in Study._meta.get_fields()} - set(values))
    except ValidationError as error:
        field, faults = next(iter(error.message_dict.items()))
        raise InputError(_("%(field)s: %(fault)s") % {"field": field, "fault": faults[0]}) from None
    study.save(update_fields=list(values))

"""The verbs on a registration until it is submitted, and what the team may do with people and papers at any time.

Where a study stands follows from what was said. Every verb but `register` raises the study's `revision` by
compare-and-set (`moves`), so that of two at the same moment one is carried out and the other sees what happened.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import person as person_by_id
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import queries as questions
from wardbench.campus.questions import services as question_services
from wardbench.campus.studies import queries, rules, writing
from wardbench.campus.studies.completeness import missing
from wardbench.campus.studies.facts import Kind, Section
from wardbench.campus.studies.models import Counter, Document, Member, Study
from wardbench.campus.studies.moves import allowed, decide_again, move, page_of, tell_turns
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standing import State
from wardbench.core.errors import BusyError, InputError

JOINED = gettext_noop("{who} added you to the team of study {reference}.")


@verb("studies.register")
def register(title: str, kind: str, *, by: Actor, question: uuid.UUID | None = None) -> Study:
    """Register a study and draw its reference number: S and five digits or more, one after the other, without gaps.

    With `question` the study takes up that question. InputError where the title is empty or the kind unknown.
    """
    rules.may_register(by).require()
    title = writing.plain("title", title)
    if not title:
        raise InputError(_("title: give the study a title."))
    if kind not in list(Kind):
        raise InputError(_("kind: choose one of the kinds of studies."))
    study = Study.objects.create(
        reference=f"S{_next_number()}",
        title=title[:300],
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
    writing.write_fields(here.study, section, values)
    move(here, by, "studies.edit", section=section.value)
    return here.study


@verb("studies.add_member")
def add_member(study_id: uuid.UUID, person: uuid.UUID, work: str, *, by: Actor) -> None:
    """Let somebody work on a draft; BusyError for the investigator, who does already."""
    here = allowed(study_id, Verb.EDIT, by)
    found = person_by_id(person)
    made = writing.write_member(here.study, found, work)
    move(here, by, "studies.add_member", person=str(found.id))
    if made:
        notify([found.id], JOINED, page_of(here.study), by=by, who=by.name, reference=here.study.reference)


@verb("studies.remove_member")
def remove_member(study_id: uuid.UUID, person: uuid.UUID, *, by: Actor) -> None:
    """Take somebody off the team, at any time: who left uses no permit. BusyError where they are not of it."""
    here = queries.study(study_id, by=by)
    rules.may_remove_member(by, here.facts).require()
    if not Member.objects.filter(study=here.study, person_id=person).delete()[0]:
        raise BusyError(_("They do not belong to the team any more."))
    move(here, by, "studies.remove_member", person=str(person))


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
    writing.write_units(here.study, programmes, departments, partners)
    move(here, by, "studies.units")


@verb("studies.attach_cohort")
def attach_cohort(study_id: uuid.UUID, version: uuid.UUID, *, by: Actor) -> None:
    """Attach a version of a cohort by its content hash; NotFoundError where `by` may not see that cohort."""
    here = allowed(study_id, Verb.EDIT, by)
    move(here, by, "studies.attach_cohort", hash=writing.attach(here.study, version, by))


@verb("studies.detach_cohort")
def detach_cohort(study_id: uuid.UUID, content: str, *, by: Actor) -> None:
    """Take a cohort off a draft, by its content hash; BusyError where it is not attached."""
    here = allowed(study_id, Verb.EDIT, by)
    writing.detach(here.study, content)
    move(here, by, "studies.detach_cohort", hash=content)


@verb("studies.add_document")
def add_document(study_id: uuid.UUID, kind: str, name: str, content: Iterable[bytes], *, by: Actor) -> Document:
    """Add a document, or the next version of one of the same kind and name, until the study is approved.

    Once the study was submitted, the steps that see documents and have not refused decide again on what there is now.
    InputError or UnsupportedError where the file is not kept.
    """
    here = queries.study(study_id, by=by)
    rules.may_add_document(by, here.facts).require()
    made, new = writing.write_document(here.study, kind, name, content, by)
    if not new:
        record("studies.add_document", "study", here.study.id, by=by, study=here.study.reference, again=made.digest)
        return made
    may_look_again = [one.step for one in here.steps if one.state is not State.REFUSED]
    seeing = [step.id for step in may_look_again if Section.DOCUMENTS in step.sees]
    again = decide_again(here.study, seeing) if here.study.submitted else []
    move(here, by, "studies.add_document", sort=kind, number=made.number, digest=made.digest, again=again)
    if here.study.submitted:
        writing.keep_submission(here.study, Section.DOCUMENTS.value, made.name, by)
    if again:
        tell_turns(here.study, by, only=again)
    return made


@verb("studies.withdraw_document")
def withdraw_document(study_id: uuid.UUID, document: uuid.UUID, *, by: Actor) -> None:
    """Take a document off a draft. It stays in the store, as does its row, for the record."""
    here = allowed(study_id, Verb.EDIT, by)
    writing.take_off(here.study, document)
    move(here, by, "studies.withdraw_document", document=str(document))


@verb("studies.submit")
def submit(study_id: uuid.UUID, *, by: Actor) -> None:
    """Hand a draft to the bodies that decide. InputError with the first thing that is missing."""
    here = allowed(study_id, Verb.SUBMIT, by)
    lacking = missing(here.path, queries.filled(here.study))
    if lacking:
        raise InputError(_(lacking[0].sentence))
    Study.objects.filter(id=here.study.id).update(submitted=timezone.now())
    writing.keep_submission(here.study, "", "", by)
    move(here, by, "studies.submit")
    tell_turns(here.study, by)

"""What the verbs on a registration write, before and after it is submitted: its fields, people, units and papers.

Each of these checks what it is given and writes; whether somebody may, and what follows, the verbs say.
"""

from __future__ import annotations

import datetime
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.people.models import Organisation, Person, Unit
from wardbench.campus.people.queries import holders
from wardbench.campus.people.rules import Actor
from wardbench.campus.people.security_log import log_malware
from wardbench.campus.questions.identifiers import identifier_in
from wardbench.campus.studies import documents, permits, queries, rules
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import AttachedCohort, Document, Member, Study, Submission
from wardbench.campus.studies.path import DOCUMENTS
from wardbench.campus.studies.scanning import MalwareError
from wardbench.campus.studies.vocabulary import TABLES
from wardbench.core.errors import BusyError, InputError
from wardbench.core.miabis import MATERIALS

FIELDS: Mapping[Section, tuple[str, ...]] = {
    Section.ABOUT: ("title", "kind", "summary", "sponsor", "public", "ethics_reference"),
    Section.MATERIAL: ("material", "material_wanted", "consent", "leaves", "arrives", "party", "retention", "fate"),
    Section.DATA: ("data", "data_wanted", "tables", "since", "until"),
    Section.PURPOSE: ("purpose",),
}
"""What can be changed in a section by its fields; people, units, cohorts and documents are lists."""


def plain(field: str, text: str) -> str:
    """`text` as it is kept, without characters that no database keeps. InputError where it could name a patient."""
    text = "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cf"))
    if sentence := identifier_in(text):
        raise InputError(_("%(field)s: %(fault)s") % {"field": field, "fault": _(sentence)})
    return text.strip()


def write_fields(study: Study, section: Section, values: Mapping[str, Any]) -> None:
    """Write what a section says. InputError for a field that the section does not have, or a value that is none."""
    known = FIELDS.get(section, ())
    for name in values:
        if name not in known:
            raise InputError(_("{name}: this section has no such field.").format(name=name))
    if "title" in values and not plain("title", str(values["title"])):
        raise InputError(_("title: give the study a title."))
    for one in values.get("material_wanted", ()):
        if one.get("type") not in MATERIALS:
            raise InputError(_("material_wanted: choose a type of specimen from the list."))
        if not one.get("amount", 0) > 0 or not one.get("donors", 0) > 0:
            raise InputError(_("material_wanted: say how much of it, and of how many donors."))
    if not set(values.get("tables", ())) <= set(TABLES):
        raise InputError(_("tables: choose from the list."))
    for name, value in values.items():
        setattr(study, name, plain(name, value) if isinstance(value, str) else value)
    try:
        study.clean_fields(exclude={field.name for field in Study._meta.get_fields()} - set(values))
    except ValidationError as error:
        field, faults = next(iter(error.message_dict.items()))
        raise InputError(_("%(field)s: %(fault)s") % {"field": field, "fault": faults[0]}) from None
    study.save(update_fields=list(values))


def write_member(study: Study, person: Person, work: str, *, joined: datetime.datetime | None = None) -> bool:
    """Put somebody on the team, or change what they do in it; whether they are new. BusyError for the investigator."""
    if person.id == study.investigator_id:
        raise BusyError(_("The principal investigator belongs to the team already."))
    said = {"work": work[:100]}
    __, made = Member.objects.update_or_create(
        study=study, person=person, defaults=said, create_defaults={**said, "joined": joined}
    )
    return made


def write_investigator(study: Study, to: Person, *, stays: bool = True) -> None:
    """Let somebody else answer for a study; whoever did `stays` in the team. InputError where they may not lead one."""
    if not holders(*rules.LEADERS).filter(id=to.id).exists():
        raise InputError(_("investigator: {name} has no role in which one may lead a study.").format(name=to.name))
    if to.id == study.investigator_id:
        raise BusyError(_("The principal investigator belongs to the team already."))
    Member.objects.filter(study=study, person=to).delete()
    if stays:
        Member.objects.get_or_create(study=study, person_id=study.investigator_id)
    Study.objects.filter(id=study.id).update(investigator=to)


def write_units(
    study: Study, programmes: Iterable[object], departments: Iterable[object], partners: Iterable[object]
) -> None:
    """Write whose patients a study concerns and who takes part, by ids. InputError where one is not in the lists."""
    study.programmes.set(_units("programmes", programmes, Unit.Kind.CARE_PROGRAMME))
    study.departments.set(_units("departments", departments, Unit.Kind.DEPARTMENT))
    wanted = {str(one) for one in partners}
    found = Organisation.objects.filter(id__in=wanted, kind=Organisation.Kind.PARTNER)
    if len(found) != len(wanted):
        raise InputError(_("partners: choose partner companies from the list."))
    study.partners.set(found)


def _units(field: str, ids: Iterable[object], kind: str) -> list[Unit]:
    wanted = {str(one) for one in ids}
    found = list(Unit.objects.filter(id__in=wanted, kind=kind))
    if len(found) != len(wanted):
        raise InputError(_("{field}: choose from the list.").format(field=field))
    return found


def attach(study: Study, version: uuid.UUID, by: Actor) -> str:
    """Attach a version of a cohort; its content hash. NotFoundError where `by` may not see that cohort."""
    found = cohorts.version(version)
    cohorts.seen(found.cohort_id, by)
    name = f"{found.cohort.name} ({found.number})"[:200]
    AttachedCohort.objects.get_or_create(study=study, hash=found.hash, defaults={"version": found.id, "name": name})
    return found.hash


def detach(study: Study, content: str) -> None:
    """Take a cohort off, by its content hash; BusyError where it is not attached."""
    if not AttachedCohort.objects.filter(study=study, hash=content).delete()[0]:
        raise BusyError(_("This cohort is not attached any more."))


def write_document(study: Study, kind: str, name: str, content: Iterable[bytes], by: Actor) -> tuple[Document, bool]:
    """Keep a document, and whether it is new: what already is the last version of its kind and name stays it.

    The file is whole on the disk before its row is there; InputError or UnsupportedError where it is not kept.
    """
    if kind not in DOCUMENTS:
        raise InputError(_("kind: choose one of the kinds of documents."))
    try:
        kept = documents.keep(settings.DOCUMENTS, name, content, settings.SCANNER)
    except MalwareError as error:
        log_malware(by, error.found)
        raise
    same = Document.objects.filter(study=study, kind=kind, name=kept.name)
    last = same.order_by("-number").first()
    if last is not None and last.digest == kept.digest and last.withdrawn_at is None:
        return last, False
    made = Document.objects.create(
        study=study,
        kind=kind,
        name=kept.name,
        number=(same.aggregate(last=Max("number"))["last"] or 0) + 1,
        digest=kept.digest,
        size=kept.size,
        media_type=kept.media_type,
        by_id=by.id,
    )
    return made, True


def take_off(study: Study, document: uuid.UUID) -> None:
    """Take a document off. It stays in the store, as does its row, for the record. BusyError where it was already."""
    held = Document.objects.filter(id=document, study=study, withdrawn_at=None)
    if held.update(withdrawn_at=timezone.now()) != 1:
        raise BusyError(_("This document was taken off already."))


def keep_submission(study: Study, section: str, reason: str, by: Actor) -> None:
    """Keep what a study says now under a hash, as its next submission."""
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

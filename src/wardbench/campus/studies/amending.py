"""The verbs that change what was submitted: fields, people, units, cohorts and documents, each with its reason.

The steps that judge the section decide again, the submission is kept under a hash, and a permit on other words ends.
Somebody who joins the team changes no word of the permit: it goes on for those whom it names, and the one that follows
names them too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import person as person_by_id
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import permits, queries, writing
from wardbench.campus.studies.completeness import missing
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Study, Vote
from wardbench.campus.studies.moves import allowed, decide_again, move, needs_reason, page_of, settle_amended
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.services import JOINED
from wardbench.campus.studies.standing import Status
from wardbench.campus.studies.standings import Standing
from wardbench.core.errors import InputError


@dataclass(frozen=True)
class _Amendment:
    """An amendment under way: where the study stood, and what it said."""

    here: Standing
    section: Section
    reason: str
    by: Actor
    before: Mapping[str, object]


@verb("studies.amend")
def amend(study_id: uuid.UUID, section: Section, values: Mapping[str, Any], reason: str, *, by: Actor) -> list[str]:
    """Change the fields of a section; the steps that judge it decide again. Their ids.

    InputError where nothing changes, or the study would lack something afterwards; the same for the verbs below.
    """
    begun = _begin(study_id, section, reason, by)
    writing.write_fields(begun.here.study, section, values)
    return _finish(begun, "studies.amend")


@verb("studies.amend_data")
def amend_data(
    study_id: uuid.UUID,
    values: Mapping[str, Any],
    reason: str,
    *,
    by: Actor,
    attach: Iterable[uuid.UUID] = (),
    detach: Iterable[str] = (),
) -> list[str]:
    """Change which data are asked for: the fields, and the cohorts by version and by content hash."""
    begun = _begin(study_id, Section.DATA, reason, by)
    writing.write_fields(begun.here.study, Section.DATA, values)
    off = list(detach)
    for content in off:
        writing.detach(begun.here.study, content)
    on = [writing.attach(begun.here.study, version, by) for version in attach]
    return _finish(begun, "studies.amend_data", attached=on, detached=off)


@verb("studies.amend_units")
def amend_units(
    study_id: uuid.UUID,
    programmes: Iterable[object],
    departments: Iterable[object],
    partners: Iterable[object],
    reason: str,
    *,
    by: Actor,
) -> list[str]:
    """Change whose patients a study concerns and who takes part, by ids."""
    begun = _begin(study_id, Section.UNITS, reason, by)
    writing.write_units(begun.here.study, programmes, departments, partners)
    return _finish(begun, "studies.amend_units")


@verb("studies.amend_documents")
def amend_documents(
    study_id: uuid.UUID,
    reason: str,
    *,
    by: Actor,
    add: Sequence[tuple[str, str, Iterable[bytes]]] = (),
    take_off: Iterable[uuid.UUID] = (),
) -> list[str]:
    """Add documents (kind, name, content) or their next versions, and take others off."""
    begun = _begin(study_id, Section.DOCUMENTS, reason, by)
    off = [str(document) for document in take_off]
    for document in off:
        writing.take_off(begun.here.study, uuid.UUID(document))
    made = [writing.write_document(begun.here.study, *one, by)[0] for one in add]
    return _finish(begun, "studies.amend_documents", added=[one.digest for one in made], taken_off=off)


@verb("studies.amend_team")
def amend_team(
    study_id: uuid.UUID,
    reason: str,
    *,
    by: Actor,
    join: Mapping[uuid.UUID, str] | None = None,
) -> list[str]:
    """Let people join (by id, with what they do). Who leaves needs no amendment, nor does another investigator
    (`handing`).

    Whoever joins uses no permit that was made before. Steps on which a newcomer has voted decide again, since nobody
    decides on their own.
    """
    begun = _begin(study_id, Section.TEAM, reason, by)
    study, wanted = begun.here.study, join or {}
    new = []
    for person, work in wanted.items():
        found = person_by_id(person)
        if writing.write_member(study, found, work, joined=timezone.now()):
            new.append(found.id)
    spoke = Vote.objects.filter(study=study, person__in=new, void=False).values_list("step", flat=True)
    joined = [str(one) for one in wanted]
    again = _finish(begun, "studies.amend_team", also=set(spoke), goes_on=True, join=joined)
    notify(new, JOINED, page_of(study), by=by, who=by.name, reference=study.reference)
    return again


def _begin(study_id: uuid.UUID, section: Section, reason: str, by: Actor) -> _Amendment:
    here = allowed(study_id, Verb.AMEND, by)
    reason = needs_reason(reason, _("reason: say what changes and why."))
    return _Amendment(here, section, reason, by, queries.content_of(Study.objects.get(id=study_id)))


def _finish(
    begun: _Amendment, what: str, *, also: Iterable[str] = (), goes_on: bool = False, **detail: Any
) -> list[str]:
    """What follows from an amendment whose words are written. With `goes_on` the permit holds until the next one."""
    here, by = begun.here, begun.by
    study = Study.objects.get(id=here.study.id)
    # What was refused may be put before those who refused again, with a reason alone.
    if here.status is not Status.REFUSED and queries.content_of(study) == begun.before:
        raise InputError(_("Nothing changes; say what is different from what was submitted."))
    lacking = missing(here.path, queries.filled(study))
    if lacking:
        raise InputError(_(lacking[0].sentence))
    again = [step.id for step in here.path.steps if begun.section in step.sees or step.id in set(also)]
    decide_again(study, again)
    holding = permits.holding(study)
    if not goes_on:
        permits.end_all(study, reason=gettext_noop("The study was amended."))
    writing.keep_submission(study, begun.section.value, begun.reason, by)
    move(here, by, what, section=begun.section.value, again=again, reason=begun.reason, **detail)
    settle_amended(here, by, again, holding)
    return again

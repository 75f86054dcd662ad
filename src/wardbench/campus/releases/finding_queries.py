"""Reading what came back: of a study, one of them, about a specimen and its kin, about a patient."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.biobank import descent
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import finding_rules
from wardbench.campus.releases.finding_rules import Facts
from wardbench.campus.releases.models import Finding, FindingSpecimen, RequestLine
from wardbench.campus.releases.request_queries import team_of
from wardbench.campus.releases.rules import WITH_RECIPIENT, LineStatus
from wardbench.campus.studies.models import Study
from wardbench.core.errors import NotFoundError

RECEIVED = (*WITH_RECIPIENT, LineStatus.RETURNED, LineStatus.DESTROYED, LineStatus.USED_UP)
"""Lines of what a study has or had."""


def facts_of(study: Study) -> Facts:
    had = RequestLine.objects.filter(request__study=study, status__in=RECEIVED).exists()
    return Facts(team_of(study), had, study.permits.exists())


def study(study_id: uuid.UUID, *, by: Actor) -> Study:
    """A study whose findings somebody may see; NotFoundError for any other."""
    found = Study.objects.select_related("investigator").filter(id=study_id).first()
    if found is None or not finding_rules.may_see_finding(by, Facts(team_of(found))):
        raise NotFoundError(_("There is no such study, or it is not for you to see."))
    return found


def received(study: Study) -> dict[str, Specimen]:
    """The specimens that a study has or had, by label; without those of a blinded panel that is not open."""
    lines = RequestLine.objects.filter(request__study=study, status__in=RECEIVED)
    lines = lines.filter(Q(place=None) | ~Q(place__panel__opened=None))
    return {one.specimen.label: one.specimen for one in lines.select_related("specimen__collection")}


def of_study(study: Study) -> QuerySet[Finding]:
    return Finding.objects.filter(study=study).select_related("by", "corrected_by").prefetch_related("specimens")


def published(study: Study) -> QuerySet[Finding]:
    """The publications of a study that stand, the newest first."""
    found = of_study(study).filter(kind=Finding.Kind.PUBLICATION, retracted=None)
    return found.order_by(F("year").desc(nulls_last=True), "-at")


def finding(finding_id: uuid.UUID, *, by: Actor) -> Finding:
    """One of them; NotFoundError for whom it is not."""
    found = (
        Finding.objects.select_related("study__investigator", "by", "retracted_by", "corrects", "corrected_by")
        .filter(id=finding_id)
        .first()
    )
    if found is None or not finding_rules.may_see_finding(by, Facts(team_of(found.study))):
        raise NotFoundError(_("There is no such finding, or it is not for you to see."))
    return found


def to_correct(of: Study, text: str, *, by: Actor) -> Finding | None:
    """The finding of a study that an address names by its id, None where it names none; NotFoundError for any other."""
    if not text:
        return None
    try:
        found = finding(uuid.UUID(text), by=by)
    except ValueError:
        found = None
    if found is None or found.study_id != of.id:
        raise NotFoundError(_("There is no such finding, or it is not for you to see."))
    return found


def values_of(found: Finding) -> QuerySet[FindingSpecimen]:
    return found.specimens.select_related("specimen").order_by("specimen__label", "analyte")


def about(specimen: Specimen) -> Sequence[FindingSpecimen]:
    """What came back about a specimen, all that it was made of, and all that was made of it."""
    one = specimen.id
    kin = {one, *descent.made_of([one])[one], *descent.made_from([one])[one]}
    found = FindingSpecimen.objects.filter(specimen__in=kin).select_related("finding__study", "specimen")
    return list(found.order_by("-finding__at", "specimen__label", "analyte"))

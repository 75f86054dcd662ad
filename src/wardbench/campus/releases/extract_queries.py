"""Reading extracts: those of a study, one with its rules' facts, what waits for review."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.releases import extract_rules
from wardbench.campus.releases.extract_rules import Act, Facts, Status
from wardbench.campus.releases.models import Extract
from wardbench.campus.releases.request_queries import team_of
from wardbench.campus.studies.models import Study
from wardbench.core.errors import NotFoundError

RELATED = ("study__investigator", "permit__study__investigator", "by", "reviewed_by")


def facts_of(one: Extract) -> Facts:
    return Facts(Status(one.status), team_of(one.study))


def extract(extract_id: uuid.UUID, *, by: Actor) -> Extract:
    """One extract; NotFoundError for whom it is not."""
    found = Extract.objects.select_related(*RELATED).filter(id=extract_id).first()
    if found is None or not extract_rules.may_see_extract(by, facts_of(found)):
        raise NotFoundError(_("There is no such extract, or it is not for you to see."))
    return found


def study(study_id: uuid.UUID, *, by: Actor) -> Study:
    """The study whose extracts somebody may see; NotFoundError for any other."""
    found = Study.objects.select_related("investigator").filter(id=study_id).first()
    if found is None or not extract_rules.may_see_extract(by, Facts(Status.ASKED, team_of(found))):
        raise NotFoundError(_("There is no such study, or it is not for you to see."))
    return found


def may_ask(one: Study, by: Actor) -> Verdict:
    """Whether somebody works on a study, and so may ask for extracts of it."""
    return extract_rules.may_ask(by, team_of(one))


def of_study(one: Study) -> QuerySet[Extract]:
    return Extract.objects.filter(study=one).select_related("by", "study")


def waiting(by: Actor) -> list[Extract]:
    """What waits for somebody's review."""
    if not by.has(*extract_rules.REVIEWERS):
        return []
    found = Extract.objects.filter(status=Status.ASKED).select_related(*RELATED)
    return [one for one in found if extract_rules.may_act(by, Act.APPROVE, facts_of(one))]

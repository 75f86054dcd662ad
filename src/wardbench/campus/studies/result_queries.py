"""Reading the results that left a study, or were asked to."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _

from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import moves, queries, result_rules, standings
from wardbench.campus.studies.models import Permit, Result, Study
from wardbench.campus.studies.result_rules import Act, Facts, Status
from wardbench.campus.studies.standings import Standing
from wardbench.core.errors import NotFoundError


def permit_of(study: Study) -> Permit | None:
    """The permit that counts now: the newest."""
    return Permit.objects.select_related("study__investigator").filter(study=study).first()


def facts_of(found: Result, here: Standing) -> Facts:
    return Facts(Status(found.status), str(found.by_id), frozenset(moves.team(here)), here.facts.former)


def results(here: Standing, *, by: Actor) -> Sequence[Result]:
    """What was asked to leave a study, newest first; nothing for those who may not see it."""
    probe = Facts(Status.ASKED, "", frozenset(moves.team(here)))
    if not result_rules.may_see(by, probe):
        return []
    return list(here.study.results.select_related("by", "reviewer", "permit"))


def result(study_id: uuid.UUID, result_id: uuid.UUID, *, by: Actor) -> tuple[Result, Standing]:
    """One that somebody may see, and where its study stands; NotFoundError for any other."""
    here = queries.study(study_id, by=by)
    found = here.study.results.select_related("by", "reviewer", "permit", "study").filter(id=result_id).first()
    if found is None or not result_rules.may_see(by, facts_of(found, here)):
        raise NotFoundError(_("There is no such result, or it is not for you to see."))
    return found, here


def allowed(study_id: uuid.UUID, result_id: uuid.UUID, act: Act, *, by: Actor) -> tuple[Result, Standing]:
    """One with which somebody may do something now. NotFoundError, or ForbiddenError with the reason."""
    found, here = result(study_id, result_id, by=by)
    result_rules.may(by, act, facts_of(found, here)).require()
    return found, here


def before(found: Result) -> Sequence[Result]:
    """What may already have left the same study, for who reviews `found` to compare it with."""
    approved = Result.objects.filter(study=found.study_id, status=Status.APPROVED).exclude(id=found.id)
    return list(approved.select_related("by"))


def waiting(by: Actor) -> Sequence[Result]:
    """What waits for somebody's review: nothing of the studies that they work on."""
    if not by.has(Role.DATA_STEWARD):
        return []
    asked = Result.objects.filter(status=Status.ASKED).select_related("study", "by").order_by("at")
    return [one for one in asked if result_rules.may(by, Act.APPROVE, facts_of(one, standings.stands(one.study)))]

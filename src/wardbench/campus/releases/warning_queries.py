"""Reading warnings about specimens that had been outside their temperatures."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.biobank.models import Excursion, Specimen
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import request_queries, rules
from wardbench.campus.releases.models import Request, Warned
from wardbench.campus.releases.request_queries import team_of
from wardbench.campus.releases.warning_rules import Facts
from wardbench.core.errors import NotFoundError

RELATED = ("excursion__equipment__container", "request__study", "seen_by")


def warned(warned_id: uuid.UUID, *, by: Actor) -> tuple[Warned, Facts]:
    """One with what its rules ask; NotFoundError for whom its request is not."""
    found = Warned.objects.select_related(*RELATED).filter(id=warned_id).first()
    if found is None or not rules.may_see(by, request_queries.facts_of(found.request)):
        raise NotFoundError(_("There is no such warning, or it is not for you to see."))
    return found, facts_of(found)


def facts_of(one: Warned) -> Facts:
    return Facts(team_of(one.request.study), one.seen is not None)


def of_request(of: Request) -> list[Warned]:
    """Of what a request's study was told, the newest first, with the lines."""
    found = Warned.objects.filter(request=of).select_related(*RELATED)
    return list(found.prefetch_related("lines__specimen"))


def waiting(own: Sequence[uuid.UUID]) -> list[Warned]:
    """Those that the people of some studies have not answered."""
    if not own:
        return []
    found = Warned.objects.filter(seen=None, request__study__in=own)
    return list(found.select_related("request__study")) if found.exists() else []


def unanswered() -> QuerySet[Warned]:
    """Those that no study has answered, the oldest first."""
    return Warned.objects.filter(seen=None).select_related(*RELATED).order_by("told")


def of_excursion(excursion: Excursion) -> list[Warned]:
    """Who was told of an excursion."""
    return list(Warned.objects.filter(excursion=excursion).select_related(*RELATED).order_by("request__reference"))


def of_specimen(specimen: Specimen) -> list[Warned]:
    return list(Warned.objects.filter(lines__specimen=specimen).select_related(*RELATED))

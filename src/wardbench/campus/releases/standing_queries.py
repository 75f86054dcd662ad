"""Reading criteria that stand, and what was found for them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.http import QueryDict
from django.utils.translation import gettext as _

from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import standing, standing_matching
from wardbench.campus.releases.models import Standing, StandingMatch
from wardbench.campus.releases.standing import DROPPED, FOUND, criteria_of
from wardbench.campus.samples import addresses, looking
from wardbench.campus.samples.looking import Scope
from wardbench.campus.samples.rules import Mode
from wardbench.campus.studies.permits import holding
from wardbench.campus.studies.queries import worked_on
from wardbench.ward.samples import Range, name_of


@dataclass(frozen=True)
class Match:
    """Something that was found: a visit of a donor on a day, or a specimen; `good` whether it can be given now."""

    match: StandingMatch
    good: bool
    open: bool


def standings(by: Actor, own: Sequence[uuid.UUID] | None = None) -> list[Standing]:
    """The criteria of somebody's studies, those that look still first; `found` and `specimens` count what came. `own`
    are the studies that they work on, where one knows."""
    own = worked_on(by) if own is None else own
    there = Standing.objects.filter(study__in=own)
    if not own or not there.exists():  # most people have none, and every home page asks
        return []
    read = list(there.select_related("study"))
    came = StandingMatch.objects.filter(standing__in=[one.id for one in read]).exclude(state=DROPPED).order_by()
    counted = came.values_list("standing_id").annotate(found=Count("id"), specimens=Count("specimen"))
    counts = {one: (found, specimens) for one, found, specimens in counted}
    for one in read:
        one.found, one.specimens = counts.get(one.id, (0, 0))  # type: ignore[attr-defined]
    return sorted(read, key=lambda one: one.ended is not None)


def matches(one: Standing, by: Actor) -> list[Match]:
    """What was found for criteria, newest first, without what was dropped."""
    found = StandingMatch.objects.filter(standing=one).exclude(state=DROPPED)
    found = found.select_related(
        "specimen__collection", "specimen__box", "visit__enrolment__donor", "visit__planned",
        "visit__enrolment__protocol__collection",
    )  # fmt: skip
    lines = list(found)
    good = standing_matching.still_good(lines, scope_of(one, by))
    return [Match(line, good.get(line.id, True), line.state == FOUND) for line in lines]


def scope_of(one: Standing, by: Actor) -> Scope | None:
    """The scope of the study's permit for whoever asks, where it holds."""
    return next((scope for scope in looking.scopes(by) if scope.study == one.study.reference), None)


def said(one: Standing, by: Actor, scope: Scope | None) -> str:
    """What is looked for, in words."""
    kept = criteria_of(one)
    words = QueryDict(mutable=True)
    for facet, choice in kept.standing.query.chosen:
        values = sorted(name_of(part) if isinstance(part, Range) else part for part in choice)
        words.setlist(facet, values)
    if kept.window is not None:
        words["cohort"] = kept.window.cohort
        words.update({name: str(day) for name, day in (("first", kept.first), ("last", kept.last)) if day is not None})
    return addresses.said(addresses.read(words), by, scope or Scope(Mode.STUDY))


def limits(one: Standing) -> tuple[int, str]:
    """How many the permit allows, and until when."""
    permit = holding(one.study) or one.permit
    return standing.most_wanted(permit, criteria_of(one).standing.query), permit.until.isoformat()


def specimens(one: Standing, by: Actor) -> Sequence[uuid.UUID]:
    """The specimens that were found and can be given now."""
    found = matches(one, by)
    return [line.match.specimen_id for line in found if line.good and line.match.specimen_id is not None]


def new_words(count: int, specimens_found: int, wanted: int) -> str:
    """How far criteria are, in a line."""
    return _("{found} found, {specimens} of them specimens, of {wanted}").format(
        found=count, specimens=specimens_found, wanted=wanted
    )

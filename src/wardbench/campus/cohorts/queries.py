"""Reading cohorts: those somebody may see, a version by its id or content, and the draft of somebody.

What is asked of elsewhere (questions, studies) is `version` and `versions_of`; whether somebody may see what a study or
a question refers to is for these to say.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.cohorts import rules
from wardbench.campus.cohorts.models import Cohort, Draft, Share, Step, Version
from wardbench.campus.cohorts.rules import Access, Standing
from wardbench.campus.counting.rules import may_see_figure
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.core.errors import BusyError, NotFoundError
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.editing import Working, new_definition


@dataclass(frozen=True)
class Seen:
    """A cohort as somebody sees it: what they are to it, and why they see it."""

    cohort: Cohort
    access: Access
    standing: Standing
    verdict: Verdict
    by: Actor

    def may(self, action: str) -> Verdict:
        return rules.may(self.by, action, self.access)

    @cached_property
    def may_edit(self) -> Verdict:
        return self.may("edit")


@dataclass(frozen=True)
class Desk:
    """What somebody has before them: the definition under work, and where it stands in their draft.

    `revision` is 0 and `draft` None where nothing was changed since version `based_on` (0: there is none yet).
    """

    working: Working
    based_on: int
    revision: int = 0
    can_undo: bool = False
    can_redo: bool = False
    draft: Draft | None = None


def key(by: Actor) -> uuid.UUID:
    """The key of a person in the database; for whoever is none, one that nobody has."""
    try:
        return uuid.UUID(by.id)
    except ValueError:
        return uuid.UUID(int=0)


def access_of(cohort: Cohort) -> Access:
    shares = list(cohort.shares.all())

    def ids(field: str, *, edit: bool) -> frozenset[str]:
        found = (getattr(share, field) for share in shares if share.may_edit is edit)
        return frozenset(str(one) for one in found if one)

    everybody = [share for share in shares if not share.person_id and not share.unit_id]
    return Access(
        owner=str(cohort.owner_id),
        status=cohort.status,
        readers=ids("person_id", edit=False),
        editors=ids("person_id", edit=True),
        units=ids("unit_id", edit=False),
        editing_units=ids("unit_id", edit=True),
        everybody=bool(everybody),
        everybody_edits=any(share.may_edit for share in everybody),
    )


def seen(cohort_id: object, by: Actor) -> Seen:
    """The cohort of this id; NotFoundError where there is none, or none that `by` may see."""
    try:
        cohort = Cohort.objects.select_related("owner").prefetch_related("shares").get(id=cohort_id)  # type: ignore[misc]
    except (Cohort.DoesNotExist, ValidationError):
        raise NotFoundError(_("There is no such cohort.")) from None
    access = access_of(cohort)
    standing, verdict = rules.standing(by, access)
    if not verdict:
        raise NotFoundError(_("There is no such cohort."))
    return Seen(cohort, access, standing, verdict, by)


def visible(by: Actor) -> QuerySet[Cohort]:
    """The cohorts that `by` may see, those changed last first, each with its `last` version (a list of one or none)."""
    shared = Q(person_id=key(by))
    units = [a.unit for a in by.affiliations if a.unit]
    if units:
        shared |= Q(unit__in=units)
    if rules.works_here(by):
        shared |= Q(person=None, unit=None)
    with_me = Share.objects.filter(shared, cohort=OuterRef("id"))
    newest = Version.objects.filter(cohort=OuterRef("cohort")).order_by("-number").values("number")[:1]
    # A definition may be large, and lists do not show it.
    last = Prefetch("versions", Version.objects.filter(number=newest).defer("definition"), to_attr="last")
    own = Q(owner_id=key(by)) | Exists(with_me) if by.roles else Q(pk__in=[])
    found = Cohort.objects.filter(own).select_related("owner")
    return found.prefetch_related(last)


def find(by: Actor, text: str = "", *, whose: str = "", archived: bool = False) -> QuerySet[Cohort]:
    """Those of `visible` with `text` in name or purpose; `whose` is empty, "mine" or "shared"."""
    found = visible(by).filter(status=rules.ARCHIVED if archived else rules.OPEN)
    for word in text.split():
        found = found.filter(Q(name__icontains=word) | Q(about__icontains=word))
    if whose == "mine":
        found = found.filter(owner_id=key(by))
    elif whose == "shared":
        found = found.exclude(owner_id=key(by))
    return found


def with_versions(by: Actor) -> QuerySet[Cohort]:
    """Those of `visible` that are open and have a version, by name."""
    return find(by).filter(Exists(Version.objects.filter(cohort=OuterRef("id")))).order_by("name", "id")


def figure_of(version: Version, by: Actor) -> str:
    """The figure that was shown when a version was saved; empty where `by` may not see it, or there was none."""
    return version.figure if may_see_figure(by, version.mode) else ""


def difference(before: Version | None, after: Version, by: Actor) -> float | None:
    """The change in n where both were counted alike on the same data, so that it comes from the definition alone, and
    `by` may see both figures."""
    if before is None or before.value is None or after.value is None or not after.mode:
        return None
    if not may_see_figure(by, before.mode) or not may_see_figure(by, after.mode):
        return None
    alike = (before.mode, before.snapshot) == (after.mode, after.snapshot)
    return after.value - before.value if alike else None


def shares_of(cohort: Cohort) -> list[Share]:
    return list(Share.objects.filter(cohort=cohort).select_related("person", "unit"))


def versions(cohort: Cohort) -> QuerySet[Version]:
    """All versions, newest first."""
    return cohort.versions.select_related("author")


def latest(cohort: Cohort) -> Version | None:
    return versions(cohort).first()


def newest() -> Version | None:
    """The version that was saved last, whoever asks."""
    return Version.objects.select_related("cohort").order_by("-at", "-id").first()


def version_of(cohort: Cohort, number: int) -> Version:
    """One version by its number; NotFoundError where there is none."""
    found = versions(cohort).filter(number=number).first()
    if found is None:
        raise NotFoundError(_("There is no such version of this cohort."))
    return found


def version(version_id: object) -> Version:
    """The version of this id, whoever asks; NotFoundError where there is none."""
    try:
        return Version.objects.select_related("cohort", "author").get(id=version_id)  # type: ignore[misc]
    except (Version.DoesNotExist, ValidationError):
        raise NotFoundError(_("There is no such version of a cohort.")) from None


def ids_of_versions(cohort_id: object) -> QuerySet[Version, uuid.UUID]:
    """The ids of all versions of a cohort, whoever asks; to be asked about within another query."""
    return Version.objects.filter(cohort=cohort_id).values_list("id", flat=True).order_by()  # type: ignore[misc]


def of_content(content_hash: str, by: Actor) -> list[uuid.UUID]:
    """The cohorts that `by` may see of which some version says this."""
    told = Version.objects.filter(hash=content_hash).values("cohort").order_by()
    return list(visible(by).filter(id__in=told).order_by().values_list("id", flat=True))


def versions_of(content_hash: str) -> QuerySet[Version]:
    """The versions with this content, whoever asks, oldest first: the same definition may be in several cohorts."""
    return Version.objects.filter(hash=content_hash).select_related("cohort", "author").order_by("at", "id")


def definition_of(version: Version) -> Definition:
    """What a version says, as the engine takes it, under its cohort's name."""
    return Working(version.expression).definition(version.cohort.name)


def desk(cohort: Cohort, by: Actor) -> Desk:
    """What `by` has before them: their draft, or the latest version, or an empty definition."""
    draft = draft_of(cohort, by)
    if draft is None:
        last = latest(cohort)
        working = Working(last.expression) if last else new_definition()
        return Desk(working, last.number if last else 0)
    numbers = list(Step.objects.filter(draft=draft).order_by("number").values_list("number", flat=True))
    step = Step.objects.get(draft=draft, number=draft.position)
    return Desk(
        Working.read(json.loads(step.working)),
        draft.based_on,
        draft.revision,
        can_undo=draft.position > numbers[0],
        can_redo=draft.position < numbers[-1],
        draft=draft,
    )


def went_on() -> BusyError:
    """A draft is no longer where somebody saw it."""
    return BusyError(_("This draft was changed in another window; load the page again to go on from there."))


def draft_of(cohort: Cohort, by: Actor) -> Draft | None:
    """What somebody changed of a cohort and has not saved."""
    return Draft.objects.filter(cohort=cohort, person_id=key(by)).first()


def changed_by(by: Actor) -> set[uuid.UUID]:
    """The cohorts of which somebody has changes that are not saved, by id."""
    return set(Draft.objects.filter(person_id=key(by)).values_list("cohort_id", flat=True))


def drafts_of(by: Actor) -> dict[uuid.UUID, Draft]:
    """The drafts that somebody has not saved, by cohort."""
    return {draft.cohort_id: draft for draft in Draft.objects.filter(person_id=key(by))}

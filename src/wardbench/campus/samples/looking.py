"""Looking for specimens: the query within what somebody may see, its counts, its list. Each look is recorded."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import consents, descent, terms
from wardbench.campus.biobank.models import Collection, Specimen
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.counting import sessions
from wardbench.campus.counting.purposes import whom
from wardbench.campus.counting.rules import Purpose
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.samples import current, rules
from wardbench.campus.samples.rules import Mode
from wardbench.campus.studies import permits
from wardbench.campus.studies.material import use_of
from wardbench.campus.studies.models import AttachedCohort, Permit
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.core.consent import Tier
from wardbench.core.duo import Outcome
from wardbench.core.errors import InputError, NotFoundError
from wardbench.ward.samples import (
    CATEGORIES,
    RANGES,
    Choice,
    Facets,
    Found,
    Giving,
    Patients,
    Query,
    facets,
    find,
    range_of,
    to_json,
)

MOST = 50_000
"""How many specimens are taken from a search at once."""
SHOWN = ("label", "material", "collected", "thaws", "collection__code", "donor__code")
"""What a look reads of the specimens that it lists."""


@dataclass(frozen=True)
class Scope:
    """Within what somebody looks: everything, or what a permit covers of the collections that allow its purpose.

    `named` are the permit's words for `materials`. Of collections by name, `refused` are not open and `judged` are open
    where the biobank judges it, each with the sentence that says so.
    """

    mode: Mode
    permit: Permit | None = None
    named: frozenset[str] = frozenset()
    materials: frozenset[str] = frozenset()
    collections: frozenset[str] = frozenset()
    refused: Sequence[tuple[str, str]] = ()
    judged: Sequence[tuple[str, str]] = ()
    need: frozenset[Tier] = frozenset({Tier.STORAGE, Tier.RESEARCH})

    @property
    def study(self) -> str:
        return self.permit.content["study"] if self.permit else ""


def scopes(actor: Actor) -> list[Scope]:
    """The scopes that are open to somebody now, the widest first; none where they browse the cube alone."""
    found = []
    if rules.may_find_all(actor):
        found.append(Scope(Mode.STEWARDSHIP))
    return found + [scope for permit in _permits(actor) if (scope := _of_permit(permit, actor)) is not None]


def _permits(actor: Actor) -> list[Permit]:
    if not actor.id or actor.id == "system":
        return []
    own = Q(study__investigator_id=actor.id) | Q(study__members__person_id=actor.id)
    held = Permit.objects.select_related("study__investigator").filter(
        own, revoked=None, suspended=None, until__gte=timezone.localdate()
    )
    return list({permit.study_id: permit for permit in held.order_by("made").distinct()}.values())


def _of_permit(permit: Permit, actor: Actor) -> Scope | None:
    """What a permit opens: None where it covers no material, or does not name whoever asks."""
    named = {one["type"] for one in permit.content["material"]}
    allowed = [one for one in sorted(named) if permits.check(permit, actor, Wanted(Use.MATERIAL, material=one))]
    if not allowed:
        return None
    use = use_of(permit)
    open_to, refused, judged = [], [], []
    for one in Collection.objects.all():
        outcome, why = terms.of_purpose(one, use.purpose)
        if outcome is Outcome.REFUSED or not one.permission.get("use"):
            refused.append((one.name, why))
            continue
        open_to.append(one.code)
        if outcome is Outcome.PERSON:
            judged.append((one.name, why))
    materials = frozenset(terms.materials_called(allowed))
    return Scope(
        Mode.STUDY, permit, frozenset(allowed), materials, frozenset(open_to), tuple(refused), tuple(judged), use.need
    )


@dataclass(frozen=True)
class Window:
    """A cohort of the permit, and the days around somebody's entry into it on which material was taken."""

    cohort: str
    first: int | None = None
    last: int | None = None

    @property
    def turned(self) -> bool:
        """Whether it ends before it begins."""
        return self.first is not None and self.last is not None and self.first > self.last


def within(scope: Scope, query: Query) -> Query:
    """`query` narrowed to what `scope` covers; a choice outside it selects nothing."""
    if scope.permit is None:
        return query
    chosen = dict(query.chosen)
    for facet, covered in (("material", scope.materials), ("collection", scope.collections)):
        wanted = chosen.get(facet, covered)
        assert isinstance(wanted, frozenset)
        # An empty choice is none at all: what is covered by nothing is named by a word that no specimen has.
        chosen[facet] = frozenset(wanted & covered) or frozenset({"none"})
    giving = query.giving or Giving()
    return Query.of(chosen, patients=query.patients, giving=replace(giving, need=scope.need | giving.need))


@dataclass(frozen=True)
class Assayed:
    """That something was measured: of the specimen itself (`label` is empty), of what was made of it, or (`before`) of
    what it was made of; `what`, and how many things `more`. Never a value."""

    label: str
    what: str
    more: int
    before: bool


@dataclass(frozen=True)
class Looked:
    """What a look gives: counts in every facet, a page of the list (`SHOWN` of each specimen), when the index was made,
    and what was assayed of the specimens of the page and of their kin."""

    facets: Facets
    found: Found
    specimens: Sequence[Specimen]
    query: Query
    at: datetime.datetime
    assayed: Mapping[uuid.UUID, Sequence[Assayed]]


@verb("samples.look")
def look(
    scope: Scope, query: Query, *, by: Actor, window: Window | None = None, page: int = 0, size: int = 50
) -> Looked:
    """Counts and a page of specimens within a scope; exact, and on the record.

    ForbiddenError where the scope is not theirs any more; NotFoundError for a cohort that the permit does not cover.
    """
    index, at = current.index()
    asked = _up_to_now(_asked(scope, query, window, by), at)
    counted = _covered(scope, facets(index, asked))
    listed = find(index, asked, offset=page * size, limit=size)
    ids = [uuid.UUID(one) for one in listed.rows.column("specimen").to_pylist()]
    shown = Specimen.objects.select_related("collection", "donor").only(*SHOWN)
    there = shown.in_bulk(ids)
    listed_now = [there[one] for one in ids if one in there]
    _record("samples.look", scope, asked, window, index.version, by)
    return Looked(counted, listed, listed_now, asked, at, _assayed(listed_now))


def _assayed(listed: Sequence[Specimen]) -> Mapping[uuid.UUID, Sequence[Assayed]]:
    """What was assayed of each of these: itself first, then all that was made of it and all that it was made of."""
    ids = [one.id for one in listed]
    made, origins = descent.made_of(ids), descent.made_from(ids)
    kin = {one: {one, *made[one], *origins[one]} for one in ids}
    said: dict[uuid.UUID, list[tuple[str, str]]] = {}
    related = Specimen.objects.filter(
        id__in=set().union(*kin.values()), findings__isnull=False, findings__finding__retracted=None
    )
    for one, label, what in related.order_by("label", "findings__analyte").values_list(
        "id", "label", "findings__analyte"
    ):
        said.setdefault(one, []).append((label, what))
    found: dict[uuid.UUID, Sequence[Assayed]] = {}
    for one in ids:
        others = sorted(kin[one] & set(said) - {one}, key=lambda other: said[other][0])
        found[one] = [
            Assayed("" if other == one else said[other][0][0], said[other][0][1], len(said[other]) - 1,
                    other in origins[one])
            for other in ([one] if one in said else []) + others
        ]  # fmt: skip
    return found


@verb("samples.list")
def rows(scope: Scope, query: Query, *, by: Actor, window: Window | None = None) -> pa.Table:
    """Every specimen within a scope that a query selects, with the columns of `ward.samples.SCHEMA`; on the record.

    ForbiddenError and NotFoundError as in `look`; InputError where there are more than `MOST`.
    """
    index, at = current.index()
    asked = _up_to_now(_asked(scope, query, window, by), at)
    found = find(index, asked, limit=MOST)
    if found.total > MOST:
        raise InputError(gettext_noop("These are more than {most} specimens; narrow the search."), most=f"{MOST:,}")
    _record("samples.list", scope, asked, window, index.version, by, specimens=found.total)
    return found.rows


def names(scope: Scope, query: Query, *, whom: Actor, window: Window | None = None) -> list[uuid.UUID]:
    """The specimens within a scope that a query selects for somebody who is not here now; the caller puts what it does
    with them on the record."""
    index, _at = current.index()
    found = find(index, _asked(scope, query, window, whom), limit=MOST)
    return [uuid.UUID(one) for one in found.rows.column("specimen").to_pylist()]


def _asked(scope: Scope, query: Query, window: Window | None, by: Actor) -> Query:
    """The query within what is theirs now. Whom a record selects allowed the use of the record."""
    still(scope, by).require()
    asked = narrowed(scope, query, window)
    return asked if window is None else asked.but(patients=patients_of(scope, window, by))


def narrowed(scope: Scope, query: Query, window: Window | None) -> Query:
    """`query` within a scope, without whom it is about; where that is a cohort, donors allow the use of the record."""
    if window is not None:
        giving = query.giving or Giving()
        query = query.but(giving=replace(giving, need=giving.need | {Tier.CLINICAL_DATA}))
    return within(scope, query)


def _up_to_now(asked: Query, at: datetime.datetime) -> Query:
    """Without what donors took back since the index was made."""
    if asked.giving is None:
        return asked
    gone = consents.forbidden_since(at, asked.giving.need)
    return asked.but(giving=replace(asked.giving, withdrawn=frozenset(map(str, gone)))) if gone else asked


def _record(what: str, scope: Scope, asked: Query, window: Window | None, version: str, by: Actor, **more: Any) -> None:
    detail: dict[str, Any] = {"query": to_json(asked.but(patients=None)).decode(), "version": version, **more}
    if window is not None:
        detail["window"] = [window.cohort, window.first, window.last]
    record(what, "index", version, by=by, study=scope.study, mode=scope.mode.value, **detail)


def _covered(scope: Scope, counted: Facets) -> Facets:
    """Without the values of a facet that the scope does not cover: each facet counts without its own choice."""
    if scope.permit is None:
        return counted
    covered = {"material": scope.materials, "collection": scope.collections}
    values = {
        facet: {value: counts for value, counts in found.items() if facet not in covered or value in covered[facet]}
        for facet, found in counted.values.items()
    }
    return replace(counted, values=values)


def still(scope: Scope, by: Actor) -> Verdict:
    """The scope is worked out again at every look: what ended in between opens nothing."""
    if scope.permit is None:
        return rules.may_find_all(by)
    permit = Permit.objects.select_related("study__investigator").get(id=scope.permit.id)
    return permits.check(permit, by, Wanted(Use.MATERIAL, material=min(scope.named)))


def patients_of(scope: Scope, window: Window, by: Actor) -> Patients:
    """The persons of a cohort of the permit, each with their day of entry; NotFoundError, ForbiddenError or InputError
    where the permit does not cover it, or the window is none."""
    permit = scope.permit
    attached = (
        AttachedCohort.objects.filter(study=permit.study) if permit is not None else AttachedCohort.objects.none()
    )
    one = attached.filter(hash=window.cohort).first()
    if permit is None or one is None:
        raise NotFoundError(_("The study has no such cohort."))
    if window.turned:
        raise InputError(gettext_noop("days: the window ends before it begins."))
    permits.check(permit, by, Wanted(Use.COUNT, cohort=one.hash)).require()
    persons, days = sessions.members(whom(Purpose.RESEARCH), cohorts.definition_of(cohorts.version(one.version)))
    return Patients(np.asarray(persons, np.int64), np.asarray(days, np.int32), window.first, window.last)


def cohorts_of(scope: Scope) -> list[tuple[str, str]]:
    """The cohorts that a scope may narrow to: content hash and name. None where its permit covers no data."""
    if scope.permit is None or scope.permit.content["data"] == "none":
        return []
    covered = AttachedCohort.objects.filter(study=scope.permit.study, hash__in=scope.permit.content["cohorts"])
    return list(covered.values_list("hash", "name"))


def query_of(words: Mapping[str, Sequence[str]], *, most_thaws: int | None, reserved: bool) -> Query:
    """A query from choices by facet, each value as a facet names it; InputError for a facet that there is not."""
    chosen: dict[str, Choice] = {}
    for facet, values in words.items():
        if not values:
            continue
        if facet in CATEGORIES:
            chosen[facet] = frozenset(values)
        elif facet in RANGES:
            try:
                chosen[facet] = tuple(range_of(value) for value in values)
            except ValueError:
                raise InputError(gettext_noop("{facet}: this is no range."), facet=facet) from None
        else:
            raise InputError(gettext_noop("{facet}: there is no such facet."), facet=facet)
    return Query.of(chosen, giving=Giving(most_thaws=most_thaws, reserved=reserved))

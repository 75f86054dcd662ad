"""Reading single specimens: one with all that belongs to it, the list by words."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank import consents, custody, descent, places, rules
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.models import CustodyEvent, PoolPart, Specimen
from wardbench.campus.biobank.rules import Status
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.core.consent import Basis, Given
from wardbench.core.errors import NotFoundError


@dataclass(frozen=True)
class Happened:
    """An event of a specimen; `left` is how much there was after it where that is another amount than before, `labels`
    what was made of it, or what it was made of."""

    event: CustodyEvent
    left: str
    labels: Sequence[str]


@dataclass(frozen=True)
class Shown:
    """What the page of a specimen says."""

    specimen: Specimen
    where: str
    amount: str
    first_amount: str
    given: Given | None
    events: Sequence[Happened]
    children: Sequence[Specimen]
    parts: Sequence[PoolPart]
    pools: Sequence[PoolPart]
    broken: int | None
    """The first event that does not fit the chain, None where it is whole."""


def specimen(specimen_id: uuid.UUID, *, by: Actor) -> Specimen:
    """A specimen; NotFoundError where there is none, ForbiddenError for whom the inventory is not."""
    rules.may_see_inventory(by).require()
    found = (
        Specimen.objects.select_related("collection__biobank", "donor", "parent", "box", "visit")
        .filter(id=specimen_id)
        .first()
    )
    if found is None:
        raise NotFoundError(_("There is no such specimen."))
    return found


def shown(one: Specimen) -> Shown:
    """Everything that belongs to a specimen."""
    events = list(one.custody.select_related("by").order_by("number"))
    return Shown(
        one,
        places.Words().of(one.box, one.place),
        amount_words(one.amount, one.unit),
        amount_words(one.first_amount, one.unit),
        _given(one),
        _happened(one, events)[::-1],
        list(one.children.order_by("label").only("label")),
        list(PoolPart.objects.filter(pool=one).select_related("specimen").only("pool", "specimen__label")),
        list(PoolPart.objects.filter(specimen=one).select_related("pool").only("specimen", "pool__label")),
        custody.verify(one, events),
    )


def _given(one: Specimen) -> Given | None:
    """What its donor allows; of a pool what all of them do. None where somebody is not known."""
    donors = sorted(descent.sources_of([one.id])[one.id])
    stands = consents.given(donors, [one.collection])
    said = [stands[donor, one.collection_id] for donor in donors]
    if len(said) < 2:
        return said[0] if said else None
    withdrawn = any(each.withdrawn for each in said)
    return Given(Basis.WRITTEN, frozenset.intersection(*(each.tiers for each in said)), withdrawn=withdrawn)


def _happened(one: Specimen, events: Sequence[CustodyEvent]) -> list[Happened]:
    made, before = [], None
    for event in events:
        labels = event.detail.get("made") or event.detail.get("of") or []
        left = amount_words(event.amount, one.unit) if event.amount != before else ""
        made.append(Happened(event, left, [labels] if isinstance(labels, str) else labels))
        before = event.amount
    return made


def amount_words(amount: int | None, unit: str) -> str:
    """An amount as people read it, "" where nobody knows."""
    return str(Amount(amount, unit)) if amount is not None and unit else ""


LISTED = ("label", "material", "status", "reserved", "donor__code", "collection__code")
"""What a list reads of each specimen."""


def find(text: str, *, by: Actor) -> QuerySet[Specimen]:
    """Specimens whose label, name elsewhere or donor's code begins with `text`; all where it is empty. `LISTED` of
    each."""
    rules.may_see_inventory(by).require()
    found = Specimen.objects.select_related("collection", "donor").only(*LISTED)
    if text:
        found = found.filter(
            Q(label__istartswith=text) | Q(external__istartswith=text) | Q(donor__code__istartswith=text)
        )
    return found.order_by("label")


def may_label(one: Specimen, by: Actor) -> Verdict:
    """Whether somebody may print the label of a specimen."""
    return rules.may_print_label(by, Status(one.status), visited=one.visit_id is not None)


def to_label(ids: Sequence[uuid.UUID], *, by: Actor) -> list[Specimen]:
    """Specimens by their ids whose labels are to be printed, in the order of their labels; those that are not there
    are left out. ForbiddenError where one of them is not for `by` to label."""
    if not rules.may_collect(by):
        rules.may_see_inventory(by).require()
    found = list(Specimen.objects.select_related("collection", "donor").filter(id__in=ids).order_by("label"))
    for one in found:
        may_label(one, by).require()
    return found


def of_visit(visit_id: uuid.UUID, *, by: Actor) -> list[Specimen]:
    """The specimens of a visit that `by` may label, in the order of their labels."""
    if not rules.may_collect(by):
        rules.may_see_inventory(by).require()
    found = Specimen.objects.select_related("collection", "donor").filter(visit=visit_id).order_by("label")
    return [one for one in found if may_label(one, by)]


def of_box(container_id: uuid.UUID, *, by: Actor) -> list[Specimen]:
    """The specimens of a box, by position."""
    rules.may_see_inventory(by).require()
    found = Specimen.objects.select_related("collection", "donor").filter(box=container_id)
    return list(found.order_by("place", "label"))


def recent(days: int = 70) -> QuerySet[Specimen]:
    """Specimens taken lately and what was made of them, with their visits: what the delays of wards are worked out of.
    An aliquot tells what its parent does."""
    since = timezone.now() - datetime.timedelta(days=days)
    taken = Specimen.objects.filter(collected__gte=since).exclude(kind=Specimen.Kind.ALIQUOT, parent__isnull=False)
    read = ("collected", "tube", "material", "parent_id", "preanalytics", "visit__place")
    return taken.order_by().select_related("visit").only(*read)

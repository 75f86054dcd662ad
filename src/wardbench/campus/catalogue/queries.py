"""Reading the catalogue: published collections, as pages show them and as standards describe them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from wardbench.campus.biobank import rules as biobank
from wardbench.campus.biobank.models import Biobank, Collection
from wardbench.campus.catalogue import described
from wardbench.campus.catalogue.released import Figures, figures
from wardbench.campus.people.rules import Actor
from wardbench.campus.samples import current
from wardbench.core.errors import NotFoundError
from wardbench.core.miabis import AGGREGATES, aggregate
from wardbench.ward.samples.exchange.core3 import described as in_miabis
from wardbench.ward.samples.exchange.dcat import AccessBody, Described, catalogue, dataset, missing
from wardbench.ward.samples.exchange.inventory import Extent
from wardbench.ward.samples.exchange.rdf import Node


@dataclass(frozen=True)
class Shown:
    """A published collection, and what was released of it; `planned` are the materials that its protocols take."""

    collection: Collection
    figures: Figures
    planned: tuple[str, ...] = ()

    @property
    def extent(self) -> Extent:
        """What it holds, as it may be told: by what was released, and by what it says that it takes."""
        found = self.figures.extent
        return replace(found, materials=tuple(dict.fromkeys((*found.materials, *self.planned))))

    @property
    def kinds(self) -> list[str]:
        """MIABIS's aggregate sample types of what is in it."""
        return list(dict.fromkeys(aggregate(code) for code in self.extent.materials))

    @property
    def titles(self) -> list[str]:
        """The same in words of the catalogues."""
        return [AGGREGATES[kind] for kind in self.kinds]


@dataclass(frozen=True)
class Asked:
    """What the catalogue is narrowed to; empty: everything."""

    text: str = ""
    kind: str = ""
    use: str = ""


def _published() -> QuerySet[Collection]:
    found = Collection.objects.exclude(published=None).select_related("biobank", "biobank__organisation")
    return found.prefetch_related("protocols__visits__planned")


def _shown(one: Collection, cube: dict[str, Any] | None) -> Shown:
    taken = (
        planned.material
        for protocol in one.protocols.all()
        for visit in protocol.visits.all()
        for planned in visit.planned.all()
        if protocol.ended is None
    )
    return Shown(one, figures(cube, one.code), tuple(dict.fromkeys(taken)))


def find(asked: Asked, *, by: Actor) -> list[Shown]:
    """The collections that are published and fit, by name."""
    biobank.may_see_catalogue(by).require()
    cube = current.released()
    found = [_shown(one, cube) for one in _published()]
    return [one for one in found if _fits(one, asked)]


def _fits(one: Shown, asked: Asked) -> bool:
    collection = one.collection
    said = [
        collection.name, collection.code, collection.acronym, collection.description, collection.purpose,
        collection.biobank.name, *map(str, collection.diseases), *map(str, collection.permission.get("diseases", ())),
    ]  # fmt: skip
    text = "\n".join(said).casefold()
    return (
        all(word in text for word in asked.text.casefold().split())
        and (not asked.kind or asked.kind in one.kinds)
        and (not asked.use or asked.use == collection.permission.get("use"))
    )


def one(collection_id: uuid.UUID, *, by: Actor) -> Shown:
    """A published collection; NotFoundError for every other, as if there were none."""
    biobank.may_see_catalogue(by).require()
    found = _published().filter(id=collection_id).first()
    if found is None:
        raise NotFoundError(_("There is no such collection in the catalogue."))
    return _shown(found, current.released())


def answering(shown: Shown, *, by: Actor) -> list[str]:
    """Who answers for a collection, for people of the campus; others write to the biobank."""
    if not by.id:
        return []
    return [one.person.name for one in shown.collection.responsible.select_related("person")]


def miabis(shown: Sequence[Shown]) -> dict[str, object]:
    """Collections, their biobanks, and the campus as their network, in MIABIS Core 3.0."""
    banks: dict[str, Biobank] = {one.collection.biobank.code: one.collection.biobank for one in shown}
    told = [(described.collection_of(one.collection), one.extent) for one in shown]
    return in_miabis(settings.CAMPUS.name, [described.biobank_of(bank) for bank in banks.values()], told)


def record(shown: Shown) -> tuple[Node, list[str]]:
    """A collection in HealthDCAT-AP, and what the profile asks for that nobody said."""
    made = dataset(_described(shown), _body(), miabis=_address(shown) + MIABIS)
    return made, missing(made)


def records(shown: Sequence[Shown]) -> list[Node]:
    """The catalogue in HealthDCAT-AP."""
    page = settings.CAMPUS.address + reverse("catalogue")
    return catalogue(settings.CAMPUS.name, page, [_described(one) for one in shown], _body(), MIABIS)


MIABIS = "miabis.json"
"""Follows the address of a collection's page."""


def _address(shown: Shown) -> str:
    return f"{settings.CAMPUS.address}{reverse('catalogue_collection', args=[shown.collection.id])}"


def _described(shown: Shown) -> Described:
    one = shown.collection
    issued = one.published.isoformat() if one.published else ""
    collection, bank = described.collection_of(one), described.biobank_of(one.biobank)
    return Described(collection, bank, shown.extent, _address(shown), issued)


def _body() -> AccessBody:
    said = settings.CAMPUS.catalogue
    return AccessBody(said.access_body, said.access_body_email)

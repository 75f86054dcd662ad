"""Reading places: what stands where, how full it is, what lies in a box, what was moved lately."""

from __future__ import annotations

import datetime
import os
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank import places, rules
from wardbench.campus.biobank.models import Container, Equipment, Excursion, Relocation, Specimen
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import NotFoundError
from wardbench.core.miabis import TEMPERATURES

COLD = ("freezer", "tank")


@dataclass(frozen=True)
class Filled:
    """A container and how full it is: specimens inside at any depth, positions of its boxes (None: any number fits)."""

    container: Container
    specimens: int
    positions: int | None
    closed: bool = False

    @property
    def free(self) -> int | None:
        return None if self.positions is None else self.positions - self.specimens

    @property
    def percent(self) -> int:
        return round(100 * self.specimens / self.positions) if self.positions else 0


def container(container_id: uuid.UUID, *, by: Actor) -> Container:
    """A container; NotFoundError where there is none, ForbiddenError for whom the inventory is not."""
    rules.may_see_inventory(by).require()
    found = Container.objects.select_related("parent", "equipment").filter(id=container_id).first()
    if found is None:
        raise NotFoundError(_("There is no such place."))
    return found


def to_label(container_id: uuid.UUID, *, by: Actor) -> list[Container]:
    """A place and those that stand in it, whose barcodes are printed; NotFoundError where there is none."""
    rules.may_see_inventory(by).require()
    here = Container.objects.filter(id=container_id).first()
    if here is None:
        raise NotFoundError(_("There is no such place."))
    return [here, *here.inside.filter(closed=None).order_by("place", "name")]


def by_barcode(text: str) -> Container | None:
    """The container with this barcode, or of this name where only one has it, or at the end of such a path of names:
    Freezer 1 / Rack 2."""
    found = Container.objects.filter(barcode=text.strip()).first()
    if found is not None:
        return found
    *before, name = [part.strip().casefold() for part in text.split("/")]
    named = Container.objects.filter(name__iexact=name, closed=None)
    if before:
        inside = named.filter(parent__name__iexact=before[-1])
        found_in = [one for one in inside if [each.name.casefold() for each in above(one)][-len(before) :] == before]
    else:
        found_in = list(named[:2])
    return found_in[0] if len(found_in) == 1 else None


def above(one: Container) -> list[Container]:
    """The containers that `one` stands in, from the site down."""
    ids = [uuid.UUID(part) for part in one.path.split("/") if part][:-1]
    found = Container.objects.in_bulk(ids)
    return [found[part] for part in ids if part in found]


def filled(parents: QuerySet[Container]) -> list[Filled]:
    """How full each of some containers is, with three queries whatever is in them."""
    shown = list(parents.order_by("place", "name"))
    if not shown:
        return []
    held: dict[uuid.UUID, int] = defaultdict(int)
    room: dict[uuid.UUID, int] = defaultdict(int)
    unbounded: set[uuid.UUID] = set()
    paths = {one.path: one.id for one in shown}

    lengths = {len(path) for path in paths}

    def shown_of(path: str) -> uuid.UUID | None:
        return next((paths[path[:size]] for size in lengths if path[:size] in paths), None)

    # What they have in common: of a freezer's page, only what is inside that freezer is counted.
    common = os.path.commonpath(list(paths))
    below = Container.objects.filter(path__startswith=f"{common}/") if common else Container.objects.all()
    specimens = Specimen.objects.filter(box__in=below.values("id")) if common else Specimen.objects.exclude(box=None)
    counts = dict(specimens.order_by().values_list("box_id").annotate(n=Count("id")))
    inner = set(below.exclude(parent=None).values_list("parent_id", flat=True))
    rows = below.values_list("id", "path", "rows", "columns", "kind", "closed")
    for one_id, path, high, wide, kind, closed in rows:
        if (found := shown_of(path)) is None:
            continue
        held[found] += counts.get(one_id, 0)
        if closed is not None or one_id in inner or kind not in ("box", "plate"):
            continue
        if high and wide:
            room[found] += high * wide
        else:
            unbounded.add(found)
    return [
        Filled(
            one, held[one.id], None if one.id in unbounded or not room[one.id] else room[one.id], one.closed is not None
        )
        for one in shown
    ]


@dataclass(frozen=True)
class Cell:
    """A position of a box map; `specimen` is what lies there."""

    place: int
    label: str
    specimen: Specimen | None


@dataclass(frozen=True)
class Row:
    """A row of a box map with what it is called."""

    label: str
    cells: tuple[Cell, ...]


def box_map(box: Container) -> list[Row]:
    """What lies in each position of a box; nothing for a container without positions."""
    if not box.rows or not box.columns:
        return []
    there = {one.place: one for one in contents(box)}
    letter = box.labels == Container.Labels.LETTER_NUMBER
    return [
        Row(
            places.letters(row) if letter else str(row * box.columns + 1),
            tuple(
                Cell(place, places.label(box, place), there.get(place))
                for place in range(row * box.columns, (row + 1) * box.columns)
            ),
        )
        for row in range(box.rows)
    ]


def contents(box: Container) -> QuerySet[Specimen]:
    """The specimens in a container itself, by position."""
    return Specimen.objects.filter(box=box).select_related("collection", "donor").order_by("place", "label")


@dataclass(frozen=True)
class Inner:
    """A position of a container for containers, and what stands in it."""

    place: int
    label: str
    filled: Filled | None


def standing_in(one: Container) -> list[Inner]:
    """What stands in a container, position by position where it has some, with how full each is."""
    inside = filled(Container.objects.filter(parent=one, closed=None))
    if one.positions is None:
        return [Inner(at, "", each) for at, each in enumerate(inside)]
    at_place = {each.container.place: each for each in inside}
    return [Inner(place, places.label(one, place), at_place.get(place)) for place in range(one.positions)]


def sites() -> list[Filled]:
    """The places that stand in no other."""
    return filled(Container.objects.filter(parent=None))


def cold_places() -> list[Filled]:
    """Freezers and tanks in use, with how full they are."""
    return filled(Container.objects.filter(kind__in=COLD, closed=None))


@dataclass(frozen=True)
class Move:
    """Something that was moved at once, newest first; whether it can still be undone is found out on trying."""

    batch: uuid.UUID
    what: str
    count: int
    who: str
    at: datetime.datetime


def recent_moves(most: int = 10) -> list[Move]:
    """What was moved lately: containers by their relocations."""
    found = Relocation.objects.select_related("container", "by").order_by("-at")[:most]
    return [
        Move(one.batch, one.container.name, one.specimens, one.by.name if one.by else "Wardbench", one.at)
        for one in found
    ]


def open_excursions() -> QuerySet[Excursion]:
    """Times outside the temperatures that nobody has judged."""
    return Excursion.objects.filter(judged="").select_related("equipment__container")


def excursion(excursion_id: uuid.UUID, *, by: Actor) -> Excursion:
    rules.may_see_inventory(by).require()
    found = Excursion.objects.select_related("equipment__container", "by").filter(id=excursion_id).first()
    if found is None:
        raise NotFoundError(_("There is no such excursion."))
    return found


def machine(one: Container) -> Equipment | None:
    """The machine that keeps a container, or what it stands in, cold."""
    ids = [uuid.UUID(part) for part in one.path.split("/") if part]
    found = {each.container_id: each for each in Equipment.objects.filter(container__in=ids)}
    return next((found[part] for part in reversed(ids) if part in found), None)


def temperature(one: Container) -> str:
    """How cold a place is kept, in MIABIS's words: its own temperature, or that around it; "" where nobody said."""
    kept = next((each.temperature for each in (one, *reversed(above(one))) if each.temperature), "")
    return TEMPERATURES.get(kept, "")


def specimen_by_label(text: str) -> Specimen | None:
    """A specimen by its label, or by its name elsewhere; in whatever case it is written, where only one has it."""
    text = text.strip()
    if not text:
        return None
    for asked in ({"label": text}, {"label__iexact": text}, {"external": text}, {"external__iexact": text}):
        named = list(Specimen.objects.select_related("box", "collection").filter(**asked)[:2])
        if named:
            return named[0] if len(named) == 1 else None
    return None


def scanned(texts: Sequence[str]) -> dict[str, Specimen]:
    """The specimens whose labels were read, by what was read: in any letter case where only one can be meant. What is
    no label is left out."""
    found = {one.label: one for one in Specimen.objects.filter(label__in=texts)}
    others = {text for text in texts if text not in found}
    alike: dict[str, list[Specimen]] = defaultdict(list)
    if others:
        for one in Specimen.objects.alias(upper=Upper("label")).filter(upper__in={text.upper() for text in others}):
            alike[one.label.upper()].append(one)
    return found | {text: alike[text.upper()][0] for text in others if len(alike[text.upper()]) == 1}


def services_due(days: int = 30) -> QuerySet[Equipment]:
    """Machines whose service is due within some days, or was."""
    until = timezone.localdate() + datetime.timedelta(days=days)
    return Equipment.objects.filter(service_due__lte=until).select_related("container").order_by("service_due")

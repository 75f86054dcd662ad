"""The verbs on places: add and change containers, put specimens into them, move tubes, boxes and racks, and undo it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import custody, places
from wardbench.campus.biobank.curating import checked, keeps
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.models import Container, Relocation, Specimen
from wardbench.campus.biobank.rules import Act, Status
from wardbench.campus.biobank.storage_queries import scanned as scanned_labels
from wardbench.campus.biobank.tubes import may
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.errors import BusyError, InputError, NotFoundError

DEEPEST = 12
"""How deep containers may stand in one another; a path has room for 13."""
MOST_AT_ONCE = 20_000
"""How many tubes are moved in one transaction: a freezer's worth, in a few seconds."""


@verb("biobank.add_container")
def add_container(
    name: str, kind: str, barcode: str, parent: Container | None = None, *, by: Actor, **attributes: Any
) -> Container:
    """Add a container, inside `parent` where it is given; InputError where its position, name or barcode is taken."""
    keeps(by)
    _hold([parent])
    container = made(name, kind, barcode, parent, attributes)
    checked(container)
    container.save()
    record("biobank.add_container", "container", container.id, by=by, sort=kind)
    return container


def made(name: str, kind: str, barcode: str, parent: Container | None, attributes: Mapping[str, Any]) -> Container:
    """A container that is not saved yet, with its path."""
    container = Container(name=name.strip(), kind=kind, barcode=barcode.strip(), parent=parent, **attributes)
    _fits(container, parent, container.place)
    container.path = f"{parent.path if parent is not None else ''}{container.id.hex}/"
    return container


def _fits(container: Container, parent: Container | None, place: int | None, but: Collection[uuid.UUID] = ()) -> None:
    """Whether a container can stand there, `but` those that leave at once: InputError or BusyError where not."""
    if parent is None:
        return
    if parent.closed is not None:
        raise InputError(_("parent: {parent} is closed.").format(parent=parent.name))
    if container.closed is not None:
        raise InputError(_("{box} is closed.").format(box=container.name))
    if parent.path.startswith(container.path) and container.path:
        raise InputError(_("parent: {name} cannot stand inside itself.").format(name=container.name))
    depth = max((path.count("/") for path in _inside(container).values_list("path", flat=True)), default=1) - max(
        container.path.count("/") - 1, 0
    )
    if parent.path.count("/") + depth > DEEPEST + 1:
        raise InputError(_("parent: containers stand in one another too deep."))
    there = Container.objects.filter(parent=parent).exclude(id__in=[container.id, *but])
    if there.filter(name=container.name).exists():
        said = _("{parent} has another place called {name}; change one of the two names first.")
        raise InputError(said.format(parent=parent.name, name=container.name))
    if parent.positions is None:
        if place is not None:
            raise InputError(_("place: {parent} has no positions.").format(parent=parent.name))
        return
    if place is None or not 0 <= place < parent.positions:
        raise InputError(_("place: say in which position of {parent} it stands.").format(parent=parent.name))
    if there.filter(place=place).exists():
        raise BusyError(_("place: another container stands in this position."))


def _inside(container: Container) -> Any:
    """A container and all that stand in it."""
    return Container.objects.filter(path__startswith=container.path) if container.path else Container.objects.none()


@verb("biobank.change_container")
def change_container(container: Container, values: Mapping[str, Any], *, by: Actor) -> Container:
    """Change the name, temperature, materials, labels or size of a container.

    BusyError where it was changed since it was read; InputError where a position that goes is taken.
    """
    keeps(by)
    unknown = set(values) - {"name", "barcode", "temperature", "materials", "labels", "rows", "columns"}
    if unknown:
        raise InputError(_("{name}: a container has no such field.").format(name=sorted(unknown)[0]))
    sized = (container.rows, container.columns)
    for name, value in values.items():
        setattr(container, name, value)
    checked(container)
    if (container.rows, container.columns) != sized and (container.specimens.exists() or container.inside.exists()):
        raise InputError(_("rows: take out what is in {box} before its size is changed.").format(box=container.name))
    _moved_on(container, **{name: getattr(container, name) for name in values})
    record("biobank.change_container", "container", container.id, by=by, fields=sorted(values))
    return container


def _moved_on(container: Container, **values: Any) -> None:
    held = Container.objects.filter(id=container.id, revision=container.revision)
    if held.update(revision=F("revision") + 1, **values) != 1:
        raise BusyError(_("Somebody changed {box} at the same moment; load the page again.").format(box=container.name))
    container.revision += 1


@verb("biobank.close_container")
def close_container(container: Container, *, by: Actor) -> None:
    """Take a container out of use. BusyError while anything is in it."""
    keeps(by)
    if container.specimens.exists() or container.inside.filter(closed=None).exists():
        raise BusyError(_("{box} is not empty.").format(box=container.name))
    _moved_on(container, closed=timezone.now(), place=None)
    record("biobank.close_container", "container", container.id, by=by)


@dataclass(frozen=True)
class Put:
    """A specimen and where it goes; `place` is None where the container has no positions."""

    specimen: Specimen
    box: Container
    place: int | None = None


@verb("biobank.put")
def put(puts: Sequence[Put], *, by: Actor) -> uuid.UUID:
    """Put specimens into storage, or move those that are there already; all or none. The batch, to undo it by."""
    if not puts:
        raise InputError(_("Say which specimens go where."))
    changes = []
    for one in puts:
        act = Act.MOVE if one.specimen.status == Status.STORED else Act.STORE
        may(by, act, one.specimen)
        changes.append(Change(one.specimen, act, one.box, one.place))
    batch = custody.carry_out(changes, by=by)
    record("biobank.put", "batch", batch, by=by, specimens=len(puts))
    return batch


@verb("biobank.fill")
def fill(specimens: Sequence[Specimen], box: Container, *, by: Actor, start: int = 0) -> uuid.UUID:
    """Put specimens into the free positions of a box from `start` on. BusyError where there are too few."""
    if box.positions is None:
        return put([Put(one, box) for one in specimens], by=by)
    taken = set(Specimen.objects.filter(box=box).values_list("place", flat=True))
    free = [place for place in range(start, box.positions) if place not in taken]
    if len(free) < len(specimens):
        said = _("{box} has {free} free positions from there on, and {count} specimens go in.")
        raise BusyError(said.format(box=box.name, free=len(free), count=len(specimens)))
    return put([Put(one, box, place) for one, place in zip(specimens, free, strict=False)], by=by)


@verb("biobank.take_out")
def take_out(specimens: Sequence[Specimen], why: str = "", *, by: Actor) -> uuid.UUID:
    """Take specimens out of storage; the batch."""
    for one in specimens:
        may(by, Act.TAKE_OUT, one)
    detail = {"why": why.strip()[:500]} if why.strip() else {}
    batch = custody.carry_out([Change(one, Act.TAKE_OUT, detail=detail) for one in specimens], by=by)
    record("biobank.take_out", "batch", batch, by=by, specimens=len(specimens))
    return batch


@verb("biobank.move_container")
def move_container(
    container: Container, parent: Container | None, place: int | None = None, *, by: Actor
) -> Relocation:
    """Move a container with everything in it; each of its tubes gets an event. Undone by `undo` with the batch."""
    keeps(by)
    _fits(container, parent, place)
    moved = _relocate([(container, parent, place)], by=by)[0]
    record("biobank.move_container", "container", container.id, by=by, specimens=moved.specimens)
    return moved


@verb("biobank.swap_containers")
def swap_containers(one: Container, other: Container, *, by: Actor) -> uuid.UUID:
    """Let two containers change places, with everything in them; the batch."""
    keeps(by)
    if one != other and (one.path.startswith(other.path) or other.path.startswith(one.path)):
        raise InputError(_("One of them stands inside the other."))
    if one.kind != other.kind:
        raise InputError(_("Only containers of one kind can change places."))
    if one == other:
        raise InputError(_("It cannot change places with itself."))
    if other.closed is not None:
        raise InputError(_("{box} is closed.").format(box=other.name))
    goes = [(one, other.parent, other.place), (other, one.parent, one.place)]
    for container, parent, place in goes:
        _fits(container, parent, place, but=[one.id, other.id])
    moved = _relocate(goes, by=by)
    record("biobank.swap_containers", "container", one.id, by=by, other=str(other.id))
    return moved[0].batch


def _relocate(
    goes: Iterable[tuple[Container, Container | None, int | None]], *, by: Actor, batch: uuid.UUID | None = None
) -> list[Relocation]:
    """Move containers at once: all leave their positions before any arrives."""
    goes, batch, moved = list(goes), batch or uuid.uuid4(), []
    _hold([one for container, parent, _place in goes for one in (container, parent)])
    tubes: list[Specimen] = []
    for container, _parent, _place in goes:
        tubes += _tubes(container)
    if len(tubes) > MOST_AT_ONCE:
        said = _("There are {count} specimens in it; move at most {most} at once, rack by rack.")
        raise InputError(said.format(count=len(tubes), most=MOST_AT_ONCE))
    were = {container.id: (container.parent, container.place) for container, _parent, _place in goes}
    for container, _parent, _place in goes:
        _moved_on(container, place=None, parent=None)
    for container, parent, place in goes:
        old, new = container.path, f"{parent.path if parent is not None else ''}{container.id.hex}/"
        try:
            Container.objects.filter(id=container.id).update(parent=parent, place=place)
        except IntegrityError:
            raise BusyError(_("place: another container stands in this position.")) from None
        # Its own path and those of all in it: the part before it is exchanged.
        inside = Container.objects.filter(path__startswith=old)
        inside.update(path=Concat(Value(new), Substr("path", len(old) + 1)))
        before, at = were[container.id]
        container.parent, container.place, container.path = parent, place, new
        moved.append(
            Relocation(
                container=container,
                from_parent=before,
                from_place=at,
                to_parent=parent,
                to_place=place,
                batch=batch,
                by_id=None if by is SYSTEM else uuid.UUID(by.id),
            )
        )
    if tubes:
        boxes = Container.objects.in_bulk({tube.box_id for tube in tubes})
        detail = {"moved": "container"}
        changes = [Change(one, Act.MOVE, boxes[one.box_id], one.place, detail=detail) for one in tubes if one.box_id]
        custody.carry_out(changes, by=by, batch=batch)
    for relocation in moved:
        relocation.specimens = len(_tubes_of(relocation.container, tubes))
        relocation.save()
    return moved


def _hold(places: Iterable[Container | None]) -> None:
    """Hold containers and all that they stand in until this is done, in one order for everybody, and refuse where one
    stands elsewhere than was read: what is inside is found by the path, and a wrong one would lose it."""
    known = {one.id: one for one in places if one is not None}
    ids = {uuid.UUID(part) for one in known.values() for part in one.path.split("/") if part}
    rows = Container.objects.select_for_update().filter(id__in=ids).order_by("id")
    now = dict(rows.values_list("id", "path"))
    for one in known.values():
        if now.get(one.id) != one.path:
            raise BusyError(_("Somebody moved {box} at the same moment; load the page again.").format(box=one.name))


def _tubes(container: Container) -> list[Specimen]:
    return list(Specimen.objects.filter(box__path__startswith=container.path).order_by("id"))


def _tubes_of(container: Container, tubes: Iterable[Specimen]) -> list[Specimen]:
    inside = set(Container.objects.filter(path__startswith=container.path).values_list("id", flat=True))
    return [tube for tube in tubes if tube.box_id in inside]


@verb("biobank.undo")
def undo(batch: uuid.UUID, *, by: Actor) -> int:
    """Bring back what was moved at once: tubes, or containers with all in them. How many specimens.

    BusyError where something else happened to one of them since; NotFoundError where nothing has this batch.
    """
    keeps(by)
    moved = list(Relocation.objects.filter(batch=batch).select_related("container", "from_parent", "to_parent"))
    if not moved:
        if not custody.known(batch):
            raise NotFoundError(_("Nothing was moved under this number."))
        count = custody.undo(batch, by=by)
    else:
        for one in moved:
            if (one.container.parent_id, one.container.place) != (one.to_parent_id, one.to_place):
                raise BusyError(_("{box} was moved again since.").format(box=one.container.name))
        back = [(one.container, one.from_parent, one.from_place) for one in moved]
        moving = {one.container.id for one in moved}
        for container, parent, place in back:
            if parent is not None:
                parent.refresh_from_db()
            container.refresh_from_db()
            # Since then its old place may have been closed, made smaller, filled, or moved into it.
            _fits(container, parent, place, but=moving)
        count = sum(one.specimens for one in _relocate(back, by=by))
    record("biobank.undo", "batch", batch, by=by, specimens=count)
    return count


@verb("biobank.lose")
def lose(specimens: Sequence[Specimen], why: str, *, by: Actor) -> uuid.UUID:
    """Say that specimens are not where they should be. InputError without a reason."""
    for one in specimens:
        may(by, Act.LOSE, one)
    batch = custody.carry_out([Change(one, Act.LOSE, detail={"why": _reason(why)}) for one in specimens], by=by)
    record("biobank.lose", "batch", batch, by=by, specimens=len(specimens))
    return batch


@verb("biobank.find")
def find(
    specimen: Specimen, box: Container | None = None, place: int | None = None, *, by: Actor, why: str = ""
) -> uuid.UUID:
    """Say that a missing specimen was found, and where it is put where that is known."""
    may(by, Act.FIND, specimen)
    detail = {"why": why.strip()[:500]} if why.strip() else {}
    batch = custody.carry_out([Change(specimen, Act.FIND, detail=detail)], by=by)
    if box is not None:
        custody.carry_out([Change(specimen, Act.STORE, box, place)], by=by, batch=batch)
    record("biobank.find", "specimen", specimen.id, by=by)
    return batch


@dataclass(frozen=True)
class Difference:
    """What a check of a box found: what should be in a position (or nothing), and what was scanned there."""

    place: int
    expected: str
    scanned: str


@verb("biobank.check_box")
def check_box(box: Container, scanned: Mapping[int, str], *, by: Actor) -> list[Difference]:
    """Hold what was scanned in a box (labels by position) against the inventory. Nothing is changed but the record."""
    keeps(by)
    held = Specimen.objects.filter(box=box).values_list("place", "label")
    expected = {place: label for place, label in held if place is not None}
    known = scanned_labels(sorted(set(scanned.values()) - set(expected.values()) - {""}))
    read = {place: known[label].label if label in known else label for place, label in scanned.items()}
    found = [
        Difference(place, expected.get(place, ""), read.get(place, ""))
        for place in sorted({*expected, *read})
        if expected.get(place, "") != read.get(place, "")
    ]
    record("biobank.check_box", "container", box.id, by=by, positions=len(scanned), differences=len(found))
    return found


def where(box: Container, place: int | None) -> str:
    """A position in words, from the site down."""
    return places.Words().of(box, place)


def _reason(why: str) -> str:
    if not why.strip():
        raise InputError(_("reason: say why."))
    return why.strip()[:500]

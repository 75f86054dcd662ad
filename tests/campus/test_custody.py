"""The custody chain: where a specimen is, what happened to it, and what the database itself refuses."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from campus.cast import Cast, make_cast
from wardbench.campus.audit import guards
from wardbench.campus.biobank import custody, places
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.models import Biobank, Collection, Container, CustodyEvent, Specimen
from wardbench.campus.biobank.rules import Act, Status
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import BusyError, InputError

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def by(cast: Cast) -> Actor:
    return cast.actor("biobank_manager")


def box(name: str = "Box 1", parent: Container | None = None) -> Container:
    made = Container(name=name, barcode=name, kind="box", parent=parent, rows=2, columns=3)
    made.path = f"{parent.path if parent else ''}{made.id.hex}/"
    made.save()
    return made


def collection(cast: Cast) -> Collection:
    bank = Biobank.objects.create(code="B", name="Biobank", organisation=cast.hospital)
    return Collection.objects.create(biobank=bank, code="C", name="Collection")


@pytest.fixture
def tubes(cast: Cast, by: Actor) -> list[Specimen]:
    """Three tubes in the first positions of a box."""
    held = box()
    of = collection(cast)
    made = [
        Specimen(label=f"T{n}", collection=of, material="Plasma", amount=1_000_000, unit="ml", box=held, place=n)
        for n in range(3)
    ]
    with transaction.atomic():
        custody.enter(made, Act.REGISTER, by=by)
    return list(Specimen.objects.order_by("label"))


def act(tube: Specimen, what: Act, by: Actor, **where: object) -> uuid.UUID:
    with transaction.atomic():
        return custody.carry_out([Change(tube, what, **where)], by=by)  # type: ignore[arg-type]


def test_what_is_entered_is_stored_with_two_events_each(tubes: list[Specimen]) -> None:
    assert [(tube.status, places.label(tube.box, tube.place)) for tube in tubes if tube.box] == [
        ("stored", "A1"),
        ("stored", "A2"),
        ("stored", "A3"),
    ]
    events = list(CustodyEvent.objects.filter(specimen=tubes[0]).values_list("number", "act", "place"))
    assert events == [(1, "register", ""), (2, "store", "Box 1: A1")]
    assert custody.verify(tubes[0]) is None


def test_tubes_change_places_at_once_and_back(tubes: list[Specimen], by: Actor) -> None:
    first, second, _ = tubes
    with transaction.atomic():
        changes = [Change(first, Act.MOVE, first.box, 1), Change(second, Act.MOVE, second.box, 0)]
        batch = custody.carry_out(changes, by=by)
    assert [Specimen.objects.get(id=tube.id).place for tube in tubes] == [1, 0, 2]
    with transaction.atomic():
        assert custody.undo(batch, by=by) == 2
    assert [Specimen.objects.get(id=tube.id).place for tube in tubes] == [0, 1, 2]
    assert all(custody.verify(Specimen.objects.get(id=tube.id)) is None for tube in tubes)


def test_a_position_that_is_taken_is_refused_by_name(tubes: list[Specimen], by: Actor) -> None:
    with pytest.raises(BusyError, match="Position A2 of Box 1 holds specimen T1"):
        act(tubes[0], Act.MOVE, by, box=tubes[0].box, place=1)
    assert Specimen.objects.get(label="T0").place == 0


def test_the_database_refuses_two_tubes_in_one_position(tubes: list[Specimen]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Specimen.objects.filter(label="T0").update(place=1)


def test_what_changed_since_it_was_read_is_refused(tubes: list[Specimen], by: Actor) -> None:
    stale = Specimen.objects.get(label="T0")
    act(tubes[0], Act.TAKE_OUT, by)
    with pytest.raises(BusyError, match="Somebody changed specimen T0"):
        act(stale, Act.TAKE_OUT, by)


def test_an_act_that_the_status_does_not_allow_is_refused(tubes: list[Specimen], by: Actor) -> None:
    act(tubes[0], Act.TAKE_OUT, by)
    with pytest.raises(BusyError, match="T0: The specimen is out of storage"):
        act(tubes[0], Act.TAKE_OUT, by)


def test_a_box_takes_what_it_has_places_for(tubes: list[Specimen], by: Actor) -> None:
    other = box("Box 2")
    Container.objects.filter(id=other.id).update(materials=["DNA"])
    other.refresh_from_db()
    for place, match in ((6, "no position"), (None, "say which"), (0, "other materials")):
        with pytest.raises(InputError, match=match):
            act(Specimen.objects.get(label="T0"), Act.MOVE, by, box=other, place=place)


def test_what_is_used_up_is_nowhere_and_nothing_happens_to_it_any_more(tubes: list[Specimen], by: Actor) -> None:
    act(tubes[0], Act.USE, by, values={"amount": 400_000})
    assert (tubes[0].status, tubes[0].place) == (Status.STORED, 0)
    act(tubes[0], Act.USE, by, values={"amount": 0})
    now = Specimen.objects.get(label="T0")
    assert (now.status, now.box, now.amount) == (Status.USED_UP, None, 0)
    with pytest.raises(BusyError, match="used up"):
        act(now, Act.THAW, by)


def test_a_changed_event_breaks_the_chain(tubes: list[Specimen], by: Actor) -> None:
    act(tubes[0], Act.THAW, by)
    assert Specimen.objects.get(label="T0").thaws == 1
    guards.remove(connection, guards.CUSTODY)
    CustodyEvent.objects.filter(specimen=tubes[0], number=2).update(place="elsewhere")
    guards.install(connection, guards.CUSTODY)
    assert custody.verify(tubes[0]) == 2


@pytest.mark.parametrize("change", ["UPDATE biobank_custodyevent SET place = 'x'", "DELETE FROM biobank_custodyevent"])
def test_the_database_refuses_to_change_an_event(tubes: list[Specimen], by: Actor, change: str) -> None:
    act(tubes[0], Act.THAW, by)
    assert guards.installed(connection, guards.CUSTODY)
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert custody.verify(tubes[0]) is None


def test_many_are_added_as_bulk_create_would(cast: Cast, by: Actor) -> None:
    """The statement that adds many rows writes of every field what Django writes."""
    of, held = collection(cast), box()
    made = [
        Specimen(
            label=f"B{n}", collection=of, material="DNA", amount=n or None, unit="µg" if n else "", box=held, place=n,
            collected=timezone.now() if n else None, preanalytics={"spun": "2024-01-31"} if n else {}, retained=bool(n),
        )
        for n in range(2)
    ]  # fmt: skip
    with transaction.atomic():
        custody.enter(made, Act.REGISTER, by=by, detail={"source": "é"})
    for one in made:
        kept = Specimen.objects.get(id=one.id)
        fields = [field.attname for field in Specimen._meta.concrete_fields]
        said = {name: getattr(one, name) for name in fields if name != "made"}
        assert {name: getattr(kept, name) for name in fields if name != "made"} == said
        assert timezone.now() - kept.made < datetime.timedelta(minutes=5)
        assert kept.custody.get(number=1).detail == {"source": "é"} and custody.verify(kept) is None


def test_a_label_or_position_that_is_taken_is_refused_when_many_are_added(tubes: list[Specimen], by: Actor) -> None:
    first = tubes[0]
    of = {"collection": first.collection, "material": "Plasma"}
    for one, said in (
        (Specimen(label="T0", **of), "label"),
        (Specimen(label="N", box=first.box, place=first.place, **of), "holds specimen T0"),
    ):
        with pytest.raises((InputError, BusyError), match=said), transaction.atomic():
            custody.enter([one], Act.REGISTER, by=by)
    assert Specimen.objects.count() == 3

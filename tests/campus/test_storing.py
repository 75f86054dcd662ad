"""Places: tubes, boxes and racks that move, and what brings them back."""

from __future__ import annotations

import datetime
import random
import re
import threading
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import custody, equipment, places, storage_queries, storing, tubes
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import Container, CustodyEvent, Excursion, Relocation, Specimen
from wardbench.campus.biobank.rules import Act, Status
from wardbench.campus.biobank.storage_forms import ReadingsForm
from wardbench.campus.biobank.storing import Put
from wardbench.campus.biobank.tubes import Part
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.core.errors import BusyError, InputError, NotFoundError

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def freezer() -> Container:
    return things.freezer()


def words(tube: Specimen) -> str:
    now = things.again(tube)
    return storing.where(now.box, now.place) if now.box else ""


def test_a_rack_moves_with_its_tubes_and_comes_back(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    other = things.freezer("Other", racks=3)
    tubes = things.tubes(cast, 3, things.box("Freezer Rack 1 Box 2"))
    moved = storing.move_container(things.box("Freezer Rack 1"), other_free(other), 2, by=by)
    assert moved.specimens == 3
    assert words(tubes[0]) == "Other / Freezer Rack 1 / Freezer Rack 1 Box 2: A1"
    last = CustodyEvent.objects.filter(specimen=tubes[0]).last()
    assert last is not None and last.act == "move" and last.inside.startswith(other.path)
    assert storing.undo(moved.batch, by=by) == 3
    assert words(tubes[0]) == "Freezer / Freezer Rack 1 / Freezer Rack 1 Box 2: A1"
    assert all(custody.verify(things.again(tube)) is None for tube in tubes)


def other_free(other: Container) -> Container:
    """`other` with its last position free."""
    Container.objects.filter(path__startswith=Container.objects.get(name="Other Rack 3").path).update(place=None)
    rack = Container.objects.get(name="Other Rack 3")
    Container.objects.filter(parent=rack).delete()
    rack.delete()
    return other


def test_racks_change_places(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    first, second = things.box("Freezer Rack 1"), things.box("Freezer Rack 2")
    tubes = things.tubes(cast, 2, things.box("Freezer Rack 1 Box 1"))
    batch = storing.swap_containers(first, second, by=by)
    assert [Container.objects.get(id=one.id).place for one in (first, second)] == [1, 0]
    storing.undo(batch, by=by)
    assert [Container.objects.get(id=one.id).place for one in (first, second)] == [0, 1]
    assert words(tubes[1]).endswith("Freezer Rack 1 Box 1: A2")


def test_what_moved_since_is_not_undone(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    tube = things.tubes(cast, 1, things.box("Freezer Rack 1 Box 1"))[0]
    batch = storing.put([Put(tube, things.box("Freezer Rack 1 Box 2"), 0)], by=by)
    storing.take_out([things.again(tube)], "To look at it", by=by)
    with pytest.raises(BusyError, match="Something else happened"):
        storing.undo(batch, by=by)
    with pytest.raises(NotFoundError):
        storing.undo(uuid.uuid4(), by=by)


def test_a_move_is_undone_only_where_its_old_place_still_takes_it(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    rack, other = things.box("Freezer Rack 1"), things.box("Freezer Rack 2")
    crate = storing.add_container("Crate", "drawer", "Crate", other, by=SYSTEM) if other.positions is None else None
    assert crate is None
    hall = storing.add_container("Hall", "room", "Hall", by=SYSTEM)
    shelf = storing.add_container("Shelf", "shelf", "Shelf", hall, by=SYSTEM)
    moved = storing.move_container(rack, shelf, by=by)
    back = storing.move_container(things.box("Freezer Rack 1"), things.box("Hall"), by=by)
    # The shelf is put into what stood on it: to undo the move would make each stand in the other.
    Container.objects.filter(name="Freezer Rack 1").update(rows=None, columns=None)
    Container.objects.filter(parent__name="Freezer Rack 1").update(place=None)
    storing.move_container(things.box("Shelf"), things.box("Freezer Rack 1"), by=by)
    with pytest.raises(InputError, match="inside itself"):
        storing.undo(back.batch, by=by)
    # The freezer was made smaller while the rack was away.
    second = storing.move_container(things.box("Freezer Rack 2"), things.box("Hall"), by=by)
    storing.change_container(things.box("Freezer"), {"rows": 1}, by=by)
    with pytest.raises(InputError, match="in which position"):
        storing.undo(second.batch, by=by)
    with pytest.raises(BusyError, match="moved again since"):
        storing.undo(moved.batch, by=by)


def test_what_was_read_before_somebody_moved_it_is_not_used(cast: Cast, freezer: Container) -> None:
    """What is inside is found by the path: a rack that is put where a freezer stood a moment ago would be lost."""
    by = cast.actor("biobank_manager")
    hall = storing.add_container("Hall", "room", "Hall", by=SYSTEM)
    cold = storing.add_container("Cold", "freezer", "Cold", by=SYSTEM)
    stale, box = Container.objects.get(id=cold.id), things.box("Freezer Rack 1 Box 1")
    storing.move_container(cold, hall, by=by)
    with pytest.raises(BusyError, match="at the same moment"):
        storing.move_container(things.box("Freezer Rack 1"), stale, by=by)
    with pytest.raises(BusyError, match="at the same moment"):
        storing.add_container("Drawer", "drawer", "Drawer", stale, by=by)
    storing.move_container(things.box("Freezer Rack 1"), things.box("Hall"), by=by)
    with pytest.raises(BusyError, match="at the same moment"):
        storing.move_container(box, things.box("Cold"), by=by)
    for one in Container.objects.select_related("parent"):
        assert one.path == f"{one.parent.path if one.parent else ''}{one.id.hex}/", one.name


def test_names_and_closed_places_are_said(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    things.freezer("Other")
    Container.objects.filter(name="Other Rack 1").update(name="Freezer Rack 1")
    storing.close_container(things.box("Freezer Rack 2 Box 2"), by=by)
    twin = Container.objects.get(barcode="Other Rack 1")
    third = storing.add_container("Third", "freezer", "Third", by=SYSTEM)
    storing.move_container(twin, third, by=by)
    rack = Container.objects.get(barcode="Freezer Rack 1")
    with pytest.raises(InputError, match="another place called Freezer Rack 1"):
        storing.move_container(rack, things.box("Third"), by=by)
    with pytest.raises(InputError, match="is closed"):
        storing.swap_containers(things.box("Freezer Rack 1 Box 1"), things.box("Freezer Rack 2 Box 2"), by=by)
    with pytest.raises(InputError, match="is closed"):
        storing.move_container(things.box("Freezer Rack 2 Box 2"), things.box("Third"), by=by)
    with pytest.raises(InputError, match="with itself"):
        storing.swap_containers(rack, Container.objects.get(id=rack.id), by=by)


def test_a_place_is_changed_on_its_page(cast: Cast, freezer: Container) -> None:
    manager = cast.client("biobank_manager")
    box = things.box("Freezer Rack 1 Box 1")
    here = f"/biobank/places/{box.id}/"
    assert f"{here}change/".encode() in manager.get(here).content
    form = {"name": "Plasma 1", "barcode": box.barcode, "rows": 2, "columns": 3, "labels": "1", "temperature": ""}
    assert manager.post(f"{here}change/", form).status_code == 302
    box.refresh_from_db()
    assert (box.name, box.labels, box.rows, box.revision) == ("Plasma 1", "1", 2, 1)
    things.tubes(cast, 1, box)
    for wrong in ({"rows": 9}, {"rows": "", "columns": 3}, {"barcode": "Freezer"}, {"name": "Freezer Rack 1 Box 2"}):
        answer = manager.post(f"{here}change/", {**form, **wrong})
        assert answer.status_code == 200 and b"nhsuk-error" in answer.content, wrong
    assert cast.client("data_steward").get(f"{here}change/").status_code == 403
    assert cast.client("researcher").get(f"{here}change/").status_code == 403


def test_a_container_cannot_stand_in_itself_or_in_a_taken_position(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    rack = things.box("Freezer Rack 1")
    with pytest.raises(InputError, match="inside itself"):
        storing.move_container(rack, things.box("Freezer Rack 1 Box 1"), 0, by=by)
    with pytest.raises(BusyError, match="another container"):
        storing.move_container(rack, freezer, 1, by=by)
    with pytest.raises(InputError, match="in which position"):
        storing.move_container(rack, freezer, None, by=by)
    with pytest.raises(BusyError, match="not empty"):
        storing.close_container(rack, by=by)


def test_a_box_is_filled_from_its_free_positions(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    box = things.box("Freezer Rack 1 Box 1")
    things.tubes(cast, 2, box)
    more = things.tubes(cast, 4, prefix="M")
    storing.fill(more, box, by=by)
    assert [things.again(one).place for one in more] == [2, 3, 4, 5]
    with pytest.raises(BusyError, match="0 free positions"):
        storing.fill(things.tubes(cast, 1, prefix="X"), box, by=by)


def test_a_check_of_a_box_says_what_differs_and_changes_nothing(cast: Cast, freezer: Container) -> None:
    box = things.box("Freezer Rack 1 Box 1")
    things.tubes(cast, 3, box)
    found = storing.check_box(box, {0: "T0", 1: "T2", 4: "Z9"}, by=cast.actor("biobank_manager"))
    assert [(one.place, one.expected, one.scanned) for one in found] == [
        (1, "T1", "T2"),
        (2, "T2", ""),
        (4, "", "Z9"),
    ]
    assert things.again(Specimen.objects.get(label="T1")).place == 1
    assert not storing.check_box(box, {0: "t0", 1: "T1", 2: "t2"}, by=cast.actor("biobank_manager"))


@pytest.mark.parametrize("role", sorted(Role))
def test_who_keeps_the_inventory(cast: Cast, freezer: Container, role: Role) -> None:
    tube = things.tubes(cast, 1, things.box("Freezer Rack 1 Box 1"))[0]
    by = cast.actor(role)
    events = Event.objects.count()
    if role is Role.BIOBANK_MANAGER:
        storing.take_out([tube], by=by)
        assert Event.objects.count() == events + 1
    else:
        with pytest.raises(ForbiddenError):
            storing.take_out([tube], by=by)
        with pytest.raises(ForbiddenError):
            storing.move_container(things.box("Freezer Rack 1"), None, by=by)
        assert Event.objects.count() == events and things.again(tube).status == Status.STORED


def test_what_is_missing_is_found_and_put_away(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    box = things.box("Freezer Rack 1 Box 1")
    tube = things.tubes(cast, 1, box)[0]
    storing.lose([tube], "Not in its position", by=by)
    assert things.again(tube).status == Status.MISSING and words(tube) == ""
    storing.find(things.again(tube), box, 5, by=by)
    assert words(tube).endswith(": B3")


def at(hour: int) -> datetime.datetime:
    return timezone.now() + datetime.timedelta(hours=hour)


def test_an_excursion_touches_who_was_there_then(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    machine = equipment.add_equipment(freezer, -8600, -6000, by=by)
    stayed, left, came, away = things.tubes(cast, 4, things.box("Freezer Rack 1 Box 1"))
    elsewhere = storing.add_container("Bench", "drawer", "Bench", by=SYSTEM)
    storing.put([Put(away, elsewhere)], by=by)
    storing.put([Put(came, elsewhere)], by=by)
    began, ended = at(2), at(4)
    with_time = [(at(1), -8000), (began, -5500), (at(3), -3000), (ended, -7900)]
    found = equipment.add_readings(machine, with_time, by=by)
    assert [(one.began, one.ended, one.highest) for one in found] == [(began, ended, -3000)]
    _at(left, Act.TAKE_OUT, at(3), by)
    _at(came, Act.MOVE, at(3), by, things.box("Freezer Rack 2 Box 1"), 0)
    assert [one.specimen.label for one in equipment.touched(found[0])] == [one.label for one in (stayed, left, came)]
    equipment.judge(found[0], "thawed", "The log of the controller.", by=by)
    assert [things.again(one).thaws for one in (stayed, left, came, away)] == [1, 1, 1, 0]
    with pytest.raises(BusyError, match="judged this already"):
        equipment.judge(found[0], "kept", "Again", by=by)


def test_the_desk_tells_times_of_the_clock_on_the_wall(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    machine = equipment.add_equipment(freezer, -8600, -6000, by=by)
    morning = datetime.datetime(2026, 1, 31, 6, 15, tzinfo=datetime.UTC)
    later = morning + datetime.timedelta(minutes=10)
    equipment.add_readings(machine, [(morning, -5500), (later, -7900)], by=by)
    storing.move_container(things.box("Freezer Rack 1 Box 1"), None, by=by)
    Relocation.objects.update(at=later)
    desk = cast.client("biobank_manager").get("/biobank/").content.decode()
    assert "31 January 2026, 07:15" in desk and "31 January 2026, 07:25" in desk and ", 06:" not in desk


def _at(tube: Specimen, act: Act, when: datetime.datetime, by: object, *where: object) -> None:
    from django.db import transaction

    with transaction.atomic():
        custody.carry_out([custody.Change(things.again(tube), act, *where)], by=by, at=when)  # type: ignore[arg-type]


def test_an_excursion_that_goes_on_is_one(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    machine = equipment.add_equipment(freezer, -8600, -6000, by=by)
    assert len(equipment.add_readings(machine, [(at(1), -5000)], by=by)) == 1
    assert equipment.add_readings(machine, [(at(1), -5000), (at(2), -4000)], by=by) == []
    assert equipment.add_readings(machine, [(at(3), -8000)], by=by) == []
    one = machine.excursions.get()
    assert one.highest == -4000 and one.ended is not None
    assert len(equipment.add_readings(machine, [(at(5), -9000)], by=by)) == 1


def test_an_excursion_that_grows_is_judged_anew_and_thaws_once(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    machine = equipment.add_equipment(freezer, -8600, -6000, by=by)
    tube = things.tubes(cast, 1, things.box("Freezer Rack 1 Box 1"))[0]
    (one,) = equipment.add_readings(machine, [(at(1), -5900), (at(2), -7000)], by=by)
    equipment.judge(one, "thawed", "It was short.", by=by)
    # The logger's own file comes later, and tells of much more.
    grown = equipment.add_readings(machine, [(at(1) + datetime.timedelta(minutes=30), 2000)], by=by)
    assert [each.id for each in grown] == [one.id]
    one.refresh_from_db()
    assert (one.judged, one.words, one.by, one.highest) == ("", "", None, 2000)
    equipment.judge(one, "thawed", "The whole file.", by=by)
    assert things.again(tube).thaws == 1
    assert equipment.add_readings(machine, [(at(1) + datetime.timedelta(minutes=30), 2000)], by=by) == []
    one.refresh_from_db()
    assert one.judged == "thawed", "what was known already changes nothing"


def shown_on(client: Client, page: str) -> str:
    (found,) = re.findall('name="shown" value="([0-9a-f]{32})"', client.get(page).content.decode())
    return str(found)


def test_what_is_judged_is_what_the_page_showed(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    machine = equipment.add_equipment(freezer, -8600, -6000, by=by)
    first, late = things.tubes(cast, 2, things.box("Freezer Rack 1 Box 1"))
    tubes.thaw([late], by=by)
    bench = storing.add_container("Bench", "drawer", "Bench", by=SYSTEM)
    _at(late, Act.MOVE, at(-9), by, bench, None)
    (one,) = equipment.add_readings(machine, [(at(1), -5900), (at(4), -7000)], by=by)
    manager, here = cast.client("biobank_manager"), f"/biobank/places/excursions/{one.id}/"
    given = {"judged": "thawed", "words": "The log.", "shown": shown_on(manager, here)}
    _at(late, Act.MOVE, at(2), by, things.box("Freezer Rack 2 Box 1"), 0)
    refused = manager.post(here, given)
    assert b"More is known of it by now" in refused.content and things.again(first).thaws == 0
    assert late.label.encode() in refused.content, "the list below is the new one"
    # What came in grew the time itself, and the list is as long as it was.
    given["shown"] = shown_on(manager, here)
    assert given["shown"].encode() in refused.content, "the form takes the list that it stands above"
    equipment.add_readings(machine, [(at(3), 2000)], by=by)
    assert b"More is known of it by now" in manager.post(here, given).content
    assert not Excursion.objects.get().judged
    given["shown"] = shown_on(manager, here)
    assert manager.post(here, given).status_code == 302
    assert [things.again(tube).thaws for tube in (first, late)] == [1, 2]


def test_excursions_follow_from_the_readings_in_whatever_order_these_come(cast: Cast, freezer: Container) -> None:
    machine = equipment.add_equipment(freezer, -8600, -6000, by=SYSTEM)
    start = timezone.now().replace(microsecond=0)
    values = [-7000, -5000, -5000, -7000, -4000, -5000, -7000, -7000, -5000]
    readings = [(start + datetime.timedelta(minutes=n), value) for n, value in enumerate(values)]
    whole = [(1, 3, -5000), (4, 6, -4000), (8, None, -5000)]
    for seed in range(12):
        Excursion.objects.all().delete()
        machine.readings.all().delete()
        order = random.Random(seed)
        mixed = order.sample(readings, len(readings))
        while mixed:
            some = order.randint(1, 4)
            equipment.add_readings(machine, mixed[:some], by=SYSTEM)
            mixed = mixed[some:]
        found = [
            (*(None if at is None else (at - start).seconds // 60 for at in (one.began, one.ended)), one.highest)
            for one in machine.excursions.order_by("began")
        ]
        assert found == whole, seed


def test_a_tube_thaws_once_where_two_machines_were_warm_at_once(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    inner = things.box("Freezer Rack 1 Box 1").parent
    assert inner is not None
    machines = [equipment.add_equipment(one, -8600, -6000, by=by) for one in (freezer, inner)]
    tube, beside = things.tubes(cast, 1, things.box("Freezer Rack 1 Box 1"))[0], things.box("Freezer Rack 2 Box 1")
    (other,) = things.tubes(cast, 1, beside, prefix="O")
    for machine in machines:
        (one,) = equipment.add_readings(machine, [(at(1), -2000), (at(2), -7000)], by=by)
        equipment.judge(one, "thawed", "The power was off.", by=by)
    assert [things.again(one).thaws for one in (tube, other)] == [1, 1]
    (one,) = equipment.add_readings(machines[0], [(at(5), -2000), (at(6), -7000)], by=by)
    equipment.judge(one, "thawed", "Again.", by=by)
    assert [things.again(one).thaws for one in (tube, other)] == [2, 2], "another time is another thaw"


def test_what_was_made_of_it_meanwhile_thawed_as_often(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    machine = equipment.add_equipment(freezer, -8600, -6000, by=by)
    tube = things.tubes(cast, 1, things.box("Freezer Rack 1 Box 1"))[0]

    def made(label: str) -> Specimen:
        return tubes.aliquot(things.again(tube), [Part(label, amount_of("0.1", "ml"))], by=by)[0]

    before, began = made("BEFORE"), timezone.now()
    since = made("SINCE")
    grandchild = tubes.aliquot(things.again(since), [Part("GRAND", amount_of("0.05", "ml"))], by=by)[0]
    (one,) = equipment.add_readings(machine, [(began, -2000), (at(1), -7000)], by=by)
    equipment.judge(one, "thawed", "The log.", by=by)
    after = made("AFTER")
    every = (tube, before, since, grandchild, after)
    assert [things.again(one).thaws for one in every] == [1, 0, 1, 1, 1]
    equipment.add_readings(machine, [(at(1) - datetime.timedelta(minutes=9), -1000)], by=by)
    equipment.judge(Excursion.objects.get(), "thawed", "It was warmer.", by=by)
    assert [things.again(one).thaws for one in every] == [1, 0, 1, 1, 1], "AFTER has it of its parent"


def test_what_an_excursion_spoiled_is_destroyed_at_once(cast: Cast, freezer: Container) -> None:
    by = cast.actor("biobank_manager")
    machine = equipment.add_equipment(freezer, -8600, -6000, by=by)
    free, kept, promised = things.tubes(cast, 3, things.box("Freezer Rack 1 Box 1"))
    Specimen.objects.filter(id=promised.id).update(reserved=uuid.uuid4())
    (one,) = equipment.add_readings(machine, [(at(1), 2000), (at(2), -7000)], by=by)
    with pytest.raises(BusyError, match="another by now"):
        equipment.destroy_touched(one, equipment.as_shown(one, [free, kept]), by=by)
    manager, here = cast.client("biobank_manager"), f"/biobank/places/excursions/{one.id}/"
    assert b"More is known" in manager.post(here, {"judged": "destroy", "words": "All was liquid."}).content
    given = {"judged": "destroy", "words": "All was liquid.", "shown": shown_on(manager, here)}
    assert manager.post(here, given).status_code == 302
    page = manager.get(here).content.decode()
    assert "2 specimens are destroyed" in page and "left out there first" in page
    (listed,) = re.findall('name="destroy" value="([0-9a-f]{32})"', page)
    Specimen.objects.filter(id=kept.id).update(reserved=uuid.uuid4())
    Specimen.objects.filter(id=promised.id).update(reserved=None)
    manager.post(here, {"destroy": listed})
    assert things.again(free).status == "stored", "as many, and others than were on the page"
    Specimen.objects.filter(id=kept.id).update(reserved=None)
    Specimen.objects.filter(id=promised.id).update(reserved=uuid.uuid4())
    assert cast.client("data_steward").post(here, {"destroy": listed}).status_code in (302, 403)
    assert things.again(free).status == "stored"
    manager.post(here, {"destroy": listed})
    assert [things.again(each).status for each in (free, kept, promised)] == ["disposed", "disposed", "stored"]
    event = things.again(free).custody.get(act="dispose")
    assert "outside its temperatures" in event.detail["why"] and "All was liquid." in event.detail["why"]


@pytest.mark.parametrize(("text", "place"), [("a1", 0), ("A3", 2), ("B-2", 4), ("b03", 5), ("4", 3)])
def test_positions_by_name(freezer: Container, text: str, place: int) -> None:
    box = things.box("Freezer Rack 1 Box 1")
    assert places.place_of(box, text) == place
    assert places.place_of(box, places.label(box, place)) == place


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-31 14:00, -79,5",
        "2199-01-31 14:00, -79.5",
        "2026-01-31 14:00, inf",
        "0001-01-01 00:00, -70",
        "2026-01-31 14:00, " + "9" * 140_000,
    ],
)
def test_temperatures_that_cannot_be_kept_are_refused(line: str) -> None:
    assert not ReadingsForm({"readings": f"time, value\n{line}\n"}).is_valid()


def test_temperatures_are_read_with_the_day_first_too() -> None:
    form = ReadingsForm(
        {"readings": "Tijd;°C\n31/01/2026 9:05;-79,5\n01.02.2026 14:00:30;-80\n2026-02-01 15:00;-81,25\n"}
    )
    assert form.is_valid(), form.errors
    local = [(timezone.localtime(at).isoformat()[:19], value) for at, value in form.cleaned_data["readings"]]
    assert local == [
        ("2026-01-31T09:05:00", -7950),
        ("2026-02-01T14:00:30", -8000),
        ("2026-02-01T15:00:00", -8125),
    ]
    for wrong in ("31/13/2026 14:00;-79", "31/01/2026 25:00;-79", "31/01/26 14:00;-79"):
        assert not ReadingsForm({"readings": f"{wrong}\n2026-02-01 15:00;-81\n"}).is_valid(), wrong


@pytest.mark.parametrize("text", ["", "C1", "A4", "0", "7", "A0", "ZZZ1", "-1", "1.5", "A1A1"])
def test_positions_that_are_none(freezer: Container, text: str) -> None:
    with pytest.raises(InputError):
        places.place_of(things.box("Freezer Rack 1 Box 1"), text)


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_instant_put_one_tube_into_a_position() -> None:
    cast = make_cast()
    things.freezer()
    by = cast.actor("biobank_manager")
    box = things.box("Freezer Rack 1 Box 1")
    waiting = things.tubes(cast, 6)
    ready, done, refused = threading.Barrier(len(waiting)), [], []

    def act(tube: Specimen) -> None:
        try:
            ready.wait()
            storing.put([Put(tube, box, 0)], by=by)
            done.append(tube.label)
        except BusyError:
            refused.append(tube.label)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(tube,)) for tube in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1 and len(refused) == 5
    assert list(Specimen.objects.filter(box=box).values_list("label", flat=True)) == done
    assert all(custody.verify(tube) is None for tube in Specimen.objects.all())


def test_a_place_is_found_by_barcode_by_a_name_of_its_own_or_by_a_path(cast: Cast, freezer: Container) -> None:
    things.freezer("Other")
    for one in Container.objects.exclude(kind="freezer"):
        _freezer, _space, name = one.name.rpartition(" Rack " if one.kind == "rack" else " Box ")
        Container.objects.filter(id=one.id).update(name=f"{one.kind.capitalize()} {name}")
    box = Container.objects.get(barcode="Other Rack 1 Box 2")
    for text in ("Other Rack 1 Box 2", "Other / Rack 1 / Box 2", " other/rack 1 /BOX 2"):
        assert storage_queries.by_barcode(text) == box, text
    assert storage_queries.by_barcode("Other") == Container.objects.get(barcode="Other")
    for text in ("", "/", "Rack 1", "Box 2", "Rack 1 / Box 2", "Other / Box 2", "Nowhere / Rack 1 / Box 2"):
        assert storage_queries.by_barcode(text) is None, text
    page = cast.client("biobank_manager").post(f"/biobank/places/{box.id}/move/", {"to": "Rack 1"}).content.decode()
    assert "write the path" in page

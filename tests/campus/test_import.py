"""Importing specimens: every row that can be entered is, once; the rest comes back with its reasons."""

from __future__ import annotations

import re
import threading
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from campus import biobank_things as things
from campus.cast import Cast
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import custody, storing
from wardbench.campus.biobank.imports import files, looking, queries, reading, services, shown, words, work
from wardbench.campus.biobank.imports.facts import looked_at
from wardbench.campus.biobank.imports.matching import proposed
from wardbench.campus.biobank.models import Container, Donor, Import, ImportFile, ImportTable, Remembered, Specimen
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor, ForbiddenError
from wardbench.core import workbook
from wardbench.core.errors import BusyError, InputError

pytestmark = pytest.mark.django_db
FAMILY = (
    "Label;Material;Donor;Sex;Amount;Taken at;Box;Position;Parent;Thaws\n"
    "A1;plasma;D1;f;1,5 ml;31/01/2024;Freezer Rack 1 Box 1;A1;;2\n"
    "A2;;;;0.5 ml;;Freezer Rack 1 Box 1;A2;A1;\n"
    "A3;DNA;;;0;;;;A1;\n"
)


@pytest.fixture
def by(cast: Cast) -> Actor:
    return cast.actor("biobank_manager")


def taken_in(cast: Cast, by: Actor, text: str, **options: Any) -> Import:
    one = services.take_in(things.collection(cast), "tubes.csv", text.encode(), by=by)
    if options:
        services.match(one, one.matching, options, by=by)
    return one


def entered(one: Import, by: Actor) -> Import:
    work.let_go(one, shown.good_rows(one), by=by)
    return again(one)


def again(one: Import) -> Import:
    return Import.objects.select_related("collection", "by", "table").get(id=one.id)


def in_the_background() -> None:
    """Carry out what is queued."""
    while (queued := DBTaskResult.objects.ready().first()) is not None:
        queued.claim("test")
        queued.task.call(*queued.args_kwargs["args"])
        queued.set_successful(None)


def many(count: int, prefix: str = "L") -> str:
    return "Label;Material\n" + "".join(f"{prefix}{n:05};Serum\n" for n in range(count))


def test_a_family_of_tubes_is_entered_with_its_chain(cast: Cast, by: Actor) -> None:
    things.freezer()
    one = entered(taken_in(cast, by, FAMILY, new_donors=True), by)
    assert (one.status, one.done) == ("done", 3) and not ImportTable.objects.exists()
    found = {each.label: each for each in Specimen.objects.select_related("donor", "box", "parent")}
    assert found["A2"].parent == found["A1"] and found["A2"].kind == "aliquot"
    assert {each.donor and each.donor.code for each in found.values()} == {"D1"}
    assert Donor.objects.get().sex == "Female"
    assert (found["A1"].amount, found["A1"].unit, found["A1"].thaws, found["A1"].place) == (1_500_000, "ml", 2, 0)
    assert found["A1"].collected and timezone.localtime(found["A1"].collected).date().isoformat() == "2024-01-31"
    assert (found["A3"].status, found["A3"].box) == ("used_up", None)
    for each in found.values():
        assert custody.verify(each) is None
        assert {event.batch for event in each.custody.all()} == {one.id}
    told = Event.objects.get(verb="biobank.start_import")
    assert told.detail["sha256"] == one.digest and told.detail["rows"] == 3


def test_the_same_file_twice_enters_nothing_twice(cast: Cast, by: Actor) -> None:
    things.freezer()
    entered(taken_in(cast, by, FAMILY, new_donors=True), by)
    second = taken_in(cast, by, FAMILY, new_donors=True)
    checked = looked_at(second)[2]
    assert not checked.good and {fault.cause for fault in checked.faults if fault.field == "label"} == {"there"}
    with pytest.raises(InputError):
        services.start(second, 0, by=by)
    assert Specimen.objects.count() == 3


def test_good_rows_go_in_and_the_rest_is_mended_and_follows(cast: Cast, by: Actor) -> None:
    text = "Label;Material;Amount\nA;plasm;1 ml\nB;Serum;1 ml\nC;plasm;x\nD;Serum;2 ml\n"
    one = entered(taken_in(cast, by, text), by)
    assert (one.status, one.done, Specimen.objects.count()) == ("rest", 2, 2)
    services.replace(one, 1, {"plasm": "Plasma"}, by=by)
    services.mend(one, {(4, 2): "3 ml"}, by=by)
    look = shown.look(again(one))
    assert (look.good, look.kept_back, look.ours) == (2, 0, 2)
    one = entered(again(one), by)
    assert (one.status, one.done) == ("done", 4)
    assert Specimen.objects.get(label="C").amount == 3_000_000 and Specimen.objects.get(label="A").material == "Plasma"


def test_the_rest_comes_back_as_it_was_mended_with_its_reasons_and_can_be_read_again(cast: Cast, by: Actor) -> None:
    one = taken_in(cast, by, "Label;Material;Remark\n=A;Serum;@x\nB;potion;\nC;Serum;\n")
    services.replace(one, 1, {"potion": "lotion"}, by=by)
    headers, rows = shown.rest(again(one))
    rows = list(rows)
    assert headers == ["Label", "Material", "Remark", "reasons"]
    assert [row[:2] for row in rows] == [["=A", "Serum"], ["B", "lotion"]] and "No material is called so." in rows[1][3]
    text = files.write_csv(headers, rows).decode()
    assert "'=A" in text and "'@x" in text
    assert reading.read(text.encode()).rows == (("=A", "Serum", "@x"), ("B", "lotion", ""))
    (sheet,) = workbook.read_workbook(workbook.write_workbook("S", [headers, *rows]))
    assert files.read_sheet(sheet).rows[0] == ("=A", "Serum", "@x")


def test_what_columns_mean_is_remembered_and_makes_the_template(cast: Cast, by: Actor) -> None:
    one = taken_in(cast, by, "Kode;Sort\nA;Serum\n")
    assert one.matching == ["", ""] and services.lacking(one) == ["label", "material"]
    services.match(one, ["label", "material"], {}, by=by)
    assert shown.look(again(one)).good == 1
    assert taken_in(cast, by, "Sort;kode\nSerum;B\n").matching == ["material", "label"]
    headers, explained = queries.template(things.collection(cast))
    assert headers[:2] == ["Kode", "Sort"] and explained[0].startswith("#") and "Label" not in headers
    # The template reads as what it says, and its explanation is no row.
    table = reading.read(files.write_csv(headers, [explained, ["T1", "Serum", *[""] * (len(headers) - 2)]]))
    remembered = dict(Remembered.objects.values_list("header", "field"))
    assert len(table.rows) == 1 and all(proposed(table, remembered))
    other = things.collection(cast, "C2")
    assert services.take_in(other, "x.csv", b"Kode;Sort\nA;B\n", by=by).matching == ["", ""]


@pytest.mark.parametrize(
    ("meanings", "options"),
    [
        (["label", "label"], {}),
        (["label"], {}),
        (["label", "colour"], {}),
        (["label", "material"], {"material": "Potion"}),
        (["label", "material"], {"boxes": {"rows": 0, "columns": 9}}),
        (["label", "material"], {"boxes": {"rows": 9, "columns": 9, "parent": str(uuid.uuid4())}}),
    ],
)
def test_what_cannot_be_meant_is_refused(cast: Cast, by: Actor, meanings: list[str], options: dict[str, Any]) -> None:
    one = taken_in(cast, by, "Kode;Sort\nA;Serum\n")
    with pytest.raises(InputError):
        services.match(one, meanings, options, by=by)


def test_new_boxes_stand_where_they_are_said_to(cast: Cast, by: Actor) -> None:
    things.freezer(boxes=3)
    rack = things.box("Freezer Rack 1")
    taken = Container.objects.filter(parent=rack)[0]
    taken.delete()
    text = "Label;Material;Box;Position\nA;Serum;N1;A1\nB;Serum;N1;I9\nC;Serum;N2;A1\n"
    boxes = {"rows": 9, "columns": 9, "labels": "A1", "parent": str(rack.id)}
    one = taken_in(cast, by, text, boxes=boxes)
    look = shown.look(one)
    assert [reason.cause for reason in look.reasons] == ["room"] and look.new_boxes == 1
    one = entered(one, by)
    made = Container.objects.get(name="N1")
    assert (made.parent, made.place, made.positions) == (rack, 0, 81)
    assert set(Specimen.objects.values_list("label", "box__name", "place")) == {("A", "N1", 0), ("B", "N1", 80)}


def test_a_process_that_ends_leaves_whole_parts_and_another_goes_on(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PART", 3)
    one = taken_in(cast, by, many(10))
    services.start(one, 10, by=by)
    real, parts = services.enter_part, []

    def killed(*args: Any, **kwargs: Any) -> None:
        if len(parts) == 2:
            raise KeyboardInterrupt
        parts.append(1)
        real(*args, **kwargs)

    monkeypatch.setattr(services, "enter_part", killed)
    with pytest.raises(KeyboardInterrupt):
        work.carry_on(one.id)
    assert (again(one).done, Specimen.objects.count(), again(one).status) == (6, 6, "running")
    monkeypatch.setattr(services, "enter_part", real)
    work.carry_out_due()
    in_the_background()
    assert again(one).done == 6, "it may be at work still"
    work.carry_out_due(timezone.now() + work.SILENT * 2)
    in_the_background()
    assert (again(one).done, Specimen.objects.count(), again(one).status) == (10, 10, "done")


def test_a_part_is_entered_whole_or_not_at_all(cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    one = taken_in(
        cast, by, FAMILY.replace("Freezer Rack 1 Box 1", "N1"), new_donors=True, boxes={"rows": 2, "columns": 2}
    )
    services.start(one, 3, by=by)
    monkeypatch.setattr(custody, "carry_out", lambda *args, **kwargs: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        work.carry_on(one.id)
    assert not Specimen.objects.exists() and not Donor.objects.exists() and not Container.objects.exists()
    assert again(one).done == 0


def test_what_was_taken_meanwhile_is_kept_back_and_the_others_go_in(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PART", 2)
    one = taken_in(cast, by, many(5))
    services.start(one, 5, by=by)
    real = services.enter_part
    once: list[int] = []

    def meanwhile(*args: Any, **kwargs: Any) -> None:
        if not once:
            once.append(1)
            things.tubes(cast, 1, prefix="L0000", donor=None)
        real(*args, **kwargs)

    monkeypatch.setattr(services, "enter_part", meanwhile)
    work.carry_on(one.id)
    one = again(one)
    assert (one.status, one.done, one.why) == ("rest", 4, "")
    assert [reason.cause for reason in shown.look(one).reasons] == ["there"]


def test_of_two_processes_one_enters(cast: Cast, by: Actor) -> None:
    one = taken_in(cast, by, many(4))
    services.start(one, 4, by=by)
    first, second = again(one), again(one)
    _t, _c, checked, known = looked_at(first)
    services.enter_part(first, checked.good[:2], checked, known, {}, by=by)
    with pytest.raises(services.ElsewhereError):
        services.enter_part(second, checked.good[:2], checked, known, {}, by=by)
    assert Specimen.objects.count() == 2


def test_who_lost_the_right_enters_nothing_more(cast: Cast, by: Actor) -> None:
    one = taken_in(cast, by, many(3))
    services.start(one, 3, by=by)
    cast.people["biobank_manager"].affiliations.all().delete()
    work.carry_on(one.id)
    one = again(one)
    assert (one.status, one.done) == ("rest", 0) and one.why and not Specimen.objects.exists()


@pytest.mark.parametrize("status", list(Import.Status))
@pytest.mark.parametrize("act", ["match", "mend", "replace", "start", "drop"])
def test_an_import_is_changed_only_while_it_is_open(cast: Cast, by: Actor, status: str, act: str) -> None:
    one = taken_in(cast, by, many(2))
    Import.objects.filter(id=one.id).update(status=status)
    one = again(one)
    acts: dict[str, Any] = {
        "match": lambda: services.match(one, ["label", "material"], {}, by=by),
        "mend": lambda: services.mend(one, {(2, 0): "X"}, by=by),
        "replace": lambda: services.replace(one, 0, {"L00000": "Y"}, by=by),
        "start": lambda: services.start(one, 2, by=by),
        "drop": lambda: services.drop(one, by=by),
    }
    if status in services.OPEN or (status, act) == ("reading", "drop"):
        acts[act]()
    else:
        with pytest.raises(BusyError):
            acts[act]()


def test_of_two_who_change_an_import_one_does(cast: Cast, by: Actor) -> None:
    one = taken_in(cast, by, many(2))
    other = again(one)
    services.mend(one, {(2, 0): "X"}, by=by)
    with pytest.raises(BusyError):
        services.mend(other, {(2, 0): "Y"}, by=by)


@pytest.mark.parametrize("cells", [{(99, 0): "x"}, {(2, 9): "x"}, {(2, 0): "x" * 3000}])
def test_cells_that_are_not_there_are_refused(cast: Cast, by: Actor, cells: dict[tuple[int, int], str]) -> None:
    with pytest.raises(InputError):
        services.mend(taken_in(cast, by, many(2)), cells, by=by)


def test_what_is_put_aside_is_forgotten_also_by_itself_after_long(cast: Cast, by: Actor) -> None:
    one = taken_in(cast, by, many(2))
    services.drop(one, by=by)
    assert again_status(one) == "dropped" and not ImportTable.objects.exists()
    two = taken_in(cast, by, many(2))
    work.carry_out_due(timezone.now() + work.KEPT * 2)
    assert again_status(two) == "dropped"


def again_status(one: Import) -> str:
    return str(Import.objects.values_list("status", flat=True).get(id=one.id))


@pytest.mark.parametrize("key", list(Role))
def test_who_keeps_the_inventory_imports_and_who_sees_it_looks(cast: Cast, by: Actor, key: str) -> None:
    one = taken_in(cast, by, "Label;Material\nA;potion\n")
    client = cast.client(key)
    keeps = key == Role.BIOBANK_MANAGER
    sees = key in (Role.BIOBANK_MANAGER, Role.BIOBANK_BOARD, Role.DATA_STEWARD)
    assert client.get("/biobank/imports/").status_code == (200 if sees else 403)
    page = client.get(f"/biobank/imports/{one.id}/")
    assert page.status_code == (200 if sees else 403)
    if sees:
        assert ("Keep and check again" in page.content.decode()) is keeps
    for path in ("match/", "mend/", "replace/", "start/", "check/", "stop/", "drop/", "donors/"):
        answer = client.post(f"/biobank/imports/{one.id}/{path}", {"place": "0"})
        assert (
            (answer.status_code == 302 and "imports" in answer.url and not keeps) or keeps or answer.status_code == 403
        )
    if not keeps:
        assert again_status(one) == "draft" and again(one).mends == []
        assert client.get(f"/biobank/imports/{one.id}/rest.csv").status_code == 403
        with pytest.raises(ForbiddenError):
            services.take_in(things.collection(cast), "x.csv", b"label\nA\n", by=cast.actor(key))


def test_the_way_of_a_manager_through_the_pages(cast: Cast, by: Actor) -> None:
    client, collection = cast.client("biobank_manager"), things.collection(cast)
    things.donor("D1")
    text = "Label;Material;Donor;Amount\nA1;plasm;D1;1 ml\nA2;Serum;D9;x\nA3;Serum;;1 ml\n"
    file = SimpleUploadedFile("../freezer <7>.csv", text.encode())
    answer = client.post("/biobank/imports/", {"collection": str(collection.id), "file": file})
    page = client.get(answer.url).content.decode()
    assert "freezer &lt;7&gt;.csv" in page and "1 row is good." in page and "No material is called so." in page
    assert re.search(r'name="place" value="1"', page)
    client.post(f"{answer.url}replace/", {"place": "1", "before": "plasm", "text": "Plasma"})
    client.post(f"{answer.url}donors/")
    client.post(f"{answer.url}mend/", {"cell-3-3": "2 ml", "was-3-3": "x", "cell-2-0": "A1", "was-2-0": "A1"})
    page = client.get(answer.url).content.decode()
    assert "3 rows are good." in page and "1 donor is added with them." in page
    assert client.post(f"{answer.url}start/", {"good": "2"}).status_code == 302 and not Specimen.objects.exists()
    client.post(f"{answer.url}start/", {"good": "3"})
    assert (
        Specimen.objects.count() == 3 and "3 specimens are in the inventory." in client.get(answer.url).content.decode()
    )
    assert client.get(f"{answer.url}progress/").headers["HX-Refresh"] == "true"
    for ending in ("csv", "xlsx"):
        assert client.get(f"/biobank/imports/template/{collection.id}.{ending}").status_code == 200
    assert "freezer" in client.get("/biobank/imports/").content.decode()


def test_a_file_that_cannot_be_read_is_said_beside_its_field(cast: Cast, by: Actor) -> None:
    client, collection = cast.client("biobank_manager"), things.collection(cast)
    page = client.post(
        "/biobank/imports/", {"collection": str(collection.id), "file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04")}
    )
    assert page.status_code == 200 and "damaged" in page.content.decode() and not Import.objects.exists()


def test_a_large_import_is_left_to_the_background_and_shows_how_far_it_is(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 2)
    one = taken_in(cast, by, many(3))
    work.let_go(one, 3, by=by)
    client = cast.client("biobank_manager")
    page = client.get(f"/biobank/imports/{one.id}/").content.decode()
    assert "0 of 3 rows are entered." in page and 'hx-trigger="every 2s"' in page
    (queued,) = DBTaskResult.objects.all()
    work.enter_rows.call(*queued.args_kwargs["args"])
    assert again_status(one) == "done"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_moment_enter_each_row_once(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PART", 5)
    one = taken_in(cast, by, many(40))
    services.start(one, 40, by=by)
    faults: list[BaseException] = []

    def carry() -> None:
        try:
            work.carry_on(one.id)
        except BaseException as error:  # told by the test
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=carry) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    if again_status(one) == "running":
        work.carry_on(one.id)
    assert (again_status(one), Import.objects.get().done, Specimen.objects.count()) == ("done", 40, 40)


def test_a_freezers_sheet_becomes_places_and_specimens_in_them(cast: Cast, by: Actor) -> None:
    freezer = storing.add_container("Freezer 3", "freezer", "F3", by=by)
    text = "Box 7;1;2\nA;S1;\nB;S1;S3\n\nBox 8;1;2\nA;S4;S5\nB;;\n"
    client, collection = cast.client("biobank_manager"), things.collection(cast)
    file = SimpleUploadedFile("freezer 3.csv", text.replace(";", ",").encode())
    answer = client.post("/biobank/imports/", {"collection": str(collection.id), "file": file})
    page = client.get(answer.url).content.decode()
    assert "2 boxes were found" in page and "app-box__kept" in page and "No column is said to be: Material." in page
    one = Import.objects.get()
    assert one.kind == "map"
    meanings = {f"column-{place}": field for place, field in enumerate(one.matching)}
    given = {"material": "Serum", "new_boxes": "on", "rows": "9", "columns": "9", "labels": "A1", "into": "F3"}
    assert client.post(f"{answer.url}match/", {**meanings, **given}).status_code == 302
    one = again(one)
    assert [(reason.cause, reason.rows) for reason in shown.look(one).reasons] == [("twice", 2)]
    services.mend(one, {(2, 0): "S2"}, by=by)
    services.replace(one, 1, {"Box 8": "Box 88"}, by=by)
    client.post(f"{answer.url}start/", {"good": "5"})
    found = set(Specimen.objects.values_list("label", "box__name", "place"))
    assert found == {
        ("S1", "Box 7", 0),
        ("S2", "Box 7", 2),
        ("S3", "Box 7", 3),
        ("S4", "Box 88", 0),
        ("S5", "Box 88", 1),
    }
    boxes = Container.objects.filter(parent=freezer)
    assert {(box.name, box.rows, box.columns) for box in boxes} == {("Box 7", 2, 2), ("Box 88", 2, 2)}
    assert again_status(one) == "done"


def laid_by(cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch, data: bytes) -> Import:
    """A file that is read and checked in the background, however small."""
    monkeypatch.setattr(looking, "READ_AT_ONCE", 10)
    monkeypatch.setattr(Import, "LARGE", 2)
    return looking.take_in(things.collection(cast), "all.csv", data, by=by)


def test_a_large_file_is_read_checked_and_entered_without_a_request(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    text = many(6).replace("L00004;Serum", "L00004;potion")
    real, looks = looking.looked_at, []
    monkeypatch.setattr(looking, "looked_at", lambda one: (looks.append(one.revision), real(one))[1])
    one = laid_by(cast, by, monkeypatch, text.encode())
    client, address = cast.client("biobank_manager"), f"/biobank/imports/{one.id}/"
    assert again_status(one) == "reading" and not ImportTable.objects.exists()
    page = client.get(address).content.decode()
    assert "The file is being read." in page and 'hx-trigger="every 2s"' in page
    assert "HX-Refresh" not in client.get(f"{address}progress/").headers
    in_the_background()
    assert again_status(one) == "draft" and not ImportFile.objects.exists()
    for _again in range(3):
        page = client.get(address).content.decode()
        assert "5 rows are good." in page and "No material is called so." in page and "Checked on" in page
    assert client.get(f"{address}progress/").headers["HX-Refresh"] == "true"
    rest = b"".join(client.get(f"{address}rest.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "L00004;potion;Material: No material is called so." in rest and rest.count("\n") == 2
    client.post(f"{address}mend/", {"cell-6-1": "Plasma", "was-6-1": "potion"})
    page = client.get(address).content.decode()
    assert "6 rows are being checked." in page and client.get(f"{address}rest.csv").status_code == 302
    client.post(f"{address}start/", {"good": "5"})
    assert again_status(one) == "draft", "nobody enters what was not checked"
    in_the_background()
    assert "6 rows are good." in client.get(address).content.decode()
    client.post(f"{address}start/", {"good": "6"})
    assert (again_status(one), Specimen.objects.count()) == ("running", 0)
    assert looks == [1, 2], "no request checks the rows"
    in_the_background()
    assert (again_status(one), Specimen.objects.count()) == ("done", 6)


def test_a_large_file_of_which_nothing_can_be_made_says_so(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = laid_by(cast, by, monkeypatch, b"Label;Label\n" + b"A;B\n" * 9)
    in_the_background()
    page = cast.client("biobank_manager").get(f"/biobank/imports/{one.id}/").content.decode()
    assert again_status(one) == "dropped" and "Two columns are called" in page and not ImportFile.objects.exists()


def test_what_is_put_aside_while_it_is_read_stays_aside(cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    one = laid_by(cast, by, monkeypatch, many(4).encode())
    real = reading.read

    def meanwhile(*args: Any) -> Any:
        services.drop(again_bare(one), by=by)
        return real(*args)

    monkeypatch.setattr(reading, "read", meanwhile)
    in_the_background()
    assert again_status(one) == "dropped" and not ImportFile.objects.exists() and not ImportTable.objects.exists()


def again_bare(one: Import) -> Import:
    return Import.objects.get(id=one.id)


def test_a_report_of_what_was_changed_meanwhile_is_made_again(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = laid_by(cast, by, monkeypatch, many(4).encode())
    real, looks = looking.looked_at, []

    def meanwhile(held: Import) -> Any:
        found = real(held)
        if not looks:
            services.mend(again(held), {(2, 1): "potion"}, by=by)
        looks.append(1)
        return found

    monkeypatch.setattr(looking, "looked_at", meanwhile)
    in_the_background()
    assert len(looks) == 2 and shown.good_rows(again(one)) == 3


def test_another_file_is_looked_at_between_the_parts_of_a_long_import(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PART", 2)
    long = taken_in(cast, by, many(6))
    services.start(long, 6, by=by)
    other = laid_by(cast, by, monkeypatch, many(4, "M").encode())
    real = services.enter_part

    def watched(*args: Any, **kwargs: Any) -> None:
        if again(long).done:
            assert again_status(other) == "draft" and not looking.is_due(other)
        real(*args, **kwargs)

    monkeypatch.setattr(services, "enter_part", watched)
    work.enter_rows.call(str(long.id))
    assert again_status(long) == "done" and not looking.is_due(other)


def test_an_import_that_is_stopped_keeps_its_parts_and_can_be_let_go_again(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PART", 2)
    one = laid_by(cast, by, monkeypatch, many(7).encode())
    in_the_background()
    work.let_go(again(one), 7, by=by)
    client, real = cast.client("biobank_manager"), services.enter_part

    def stopped(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        if again(one).done == 4:
            client.post(f"/biobank/imports/{one.id}/stop/")

    monkeypatch.setattr(services, "enter_part", stopped)
    in_the_background()
    assert (again_status(one), again(one).done, Specimen.objects.count()) == ("rest", 4, 4)
    page = client.get(f"/biobank/imports/{one.id}/").content.decode()
    assert "3 rows are good." in page and "4 rows were entered." in page
    monkeypatch.setattr(services, "enter_part", real)
    client.post(f"/biobank/imports/{one.id}/start/", {"good": "3"})
    in_the_background()
    assert (again_status(one), Specimen.objects.count()) == ("done", 7)
    with pytest.raises(BusyError):
        services.stop(again_bare(one), by=by)


def test_whatever_was_under_way_is_taken_up_when_the_background_starts(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    unread = laid_by(cast, by, monkeypatch, many(4).encode())
    DBTaskResult.objects.all().delete()
    work.carry_out_due()
    assert not DBTaskResult.objects.exists(), "it may be at work still"
    work.take_up()
    in_the_background()
    assert not looking.is_due(unread)
    looking.ask_anew(again(unread))
    DBTaskResult.objects.all().delete()
    work.take_up()
    in_the_background()
    assert not looking.is_due(unread) and shown.good_rows(again(unread)) == 4


def test_a_page_of_one_reason_shows_its_rows_whether_the_report_was_kept_or_not(
    cast: Cast, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Label;Material;Amount\nA;Serum;x\nB;potion;1 ml\nC;Serum;1 ml\nD;potion;x\n"
    small = taken_in(cast, by, text)
    services.replace(small, 2, {"x": "y"}, by=by)
    live = [shown.look(again(small), *of) for of in (("", ""), ("amount", "number"), ("material", "material"))]
    monkeypatch.setattr(Import, "LARGE", 2)
    looking.ask(again(small))
    in_the_background()
    kept = [shown.look(again(small), *of) for of in (("", ""), ("amount", "number"), ("material", "material"))]
    for one, other in zip(live, kept, strict=True):
        assert (one.rows, one.reasons, one.first_good) == (other.rows, other.reasons, other.first_good)
        assert one.checked is None and other.checked is not None
    assert [row.line for row in kept[1].rows] == [2, 5] and kept[1].rows[0].cells[2].text == "y"
    assert [row[:3] for row in shown.rest(again(small))[1]] == [
        ["A", "Serum", "y"], ["B", "potion", "1 ml"], ["D", "potion", "y"]
    ]  # fmt: skip


HANDLED = (
    "Label;Type;Parent;Taken at;Tube type;Spun Event#Date and Time;It waited until the centrifuge;RCF;Spin minutes;"
    "Frozen Event#Date and Time;It waited after the centrifuge;SPREC storage;Freeze/Thaw Cycles;Storage temperature;"
    "Box;Position\n"
    "P1;plasma;;31/01/2024 10:00;PED;31/01/2024 11:30;RT;2000;10;31/01/2024 12:00;4 °C;A;2;-80;N1;A1\n"
    "P2;;P1;;;;;;;;;;;-80 °C;N1;A2\n"
    "P3;plasma;;31/01/2024;PED;31/01/2024 11:30;RT;2000;10;;;;;;;\n"
    "P4;plasma;;31/01/2024 10:00;PED;31/01/2024 09:30;RT;2000;10;;;;;;;\n"
    "P5;;P4;;;;;;;;;;;;;\n"
    "P6;plasma;;31/01/2024 10:00;PED;31/01/2024;RT;;;;;;;;;\n"
    "P7;plasma;;31/01/2024 10:00;ABC;31/01/2024 11:30;RT;;;;;;;;;\n"
    "P8;plasma;;31/01/2024 10:00;PED;31/01/2024 11:30;RT;;10;;;;;;;\n"
    "P9;plasma;;;;;;;;;;Ä;;;;\n"
    "P10;plasma;;;;;;;;;;;;-50;;\n"
    "P11;plasma;;;;;;;;;;;;-20;N1;A3\n"
    "P12;plasma;;;;;;;;;;;;-20;Freezer Rack 1 Box 1;A1\n"
    "P13;plasma;;;;;;;;;;;;-20;;\n"
)


def test_how_a_tube_was_handled_comes_in_with_it(cast: Cast, by: Actor) -> None:
    things.freezer()
    Container.objects.filter(name="Box 1").update(temperature="-60to-85")
    assert "" not in taken_in(cast, by, HANDLED).matching
    one = taken_in(cast, by, HANDLED, boxes={"rows": 9, "columns": 9})
    _table, _columns, checked, _known = looked_at(again(one))
    labels = checked.values["label"]
    assert {(labels[each.row], each.field, each.cause) for each in checked.faults} == {
        ("P4", "spun", "backwards"),
        ("P5", "parent", "parent_fault"),
        ("P6", "spun", "no_time"),
        ("P7", "tube", "sprec"),
        ("P8", "g", "no_g"),
        ("P9", "storage", "sprec"),
        ("P10", "temperature", "temperature"),
        ("P11", "temperature", "temperature_both"),
        ("P12", "temperature", "temperature_other"),
    }
    assert "The storage temperature of 1 row is not kept" in " ".join(shown.look(again(one)).told)
    one = entered(again(one), by)
    first, second, third = (Specimen.objects.get(label=label) for label in ("P1", "P2", "P3"))
    assert first.sprec == "PL1-PED-A-B-N-A-A" and first.thaws == 2
    assert first.preanalytics["spins"] == [[2000, False, True, 10]] and first.preanalytics["kept_cold"] is True
    assert second.sprec == first.sprec and second.preanalytics == first.preanalytics, "an aliquot of it"
    assert third.sprec.split("-")[2] == "X", "of a day alone nobody knows the hour"
    assert Container.objects.get(name="N1").temperature == "-60to-85"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("-80", "-60to-85"), ("\u221280 °C", "-60to-85"), ("-20C", "-18to-35"), ("4", "2to10"), ("20,5 °C", "RT"),
        ("-150", "below-135"), ("-196", "LNliquid"), ("LN2", "LNliquid"), ("temperature-60to-85", "-60to-85"),
        ("Vloeibare stikstof", "LNliquid"), ("-50", ""), ("80", ""), ("cold", ""), ("-60to-85", "-60to-85"),
    ],
)  # fmt: skip
def test_a_storage_temperature_is_known_in_words_and_degrees(said: str, code: str) -> None:
    assert words.temperature(said) == code

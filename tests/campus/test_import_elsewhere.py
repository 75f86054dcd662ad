"""Files as OpenSpecimen exports them, and legacy sheets with totals, headings and notes between their rows.

The two files beside this one have the columns of OpenSpecimen's records for specimens and for participants, visits and
specimens at once, in their order; what stands in them is invented.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast
from campus.test_import import again, entered
from wardbench.campus.biobank.imports import files, matching, notes, parsing, reading, services, shown, unread
from wardbench.campus.biobank.imports.facts import looked_at
from wardbench.campus.biobank.imports.fields import meant
from wardbench.campus.biobank.imports.unread import Why
from wardbench.campus.biobank.models import Donor, Import, ImportTable, Specimen
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import InputError
from wardbench.core.workbook import Sheet

HERE = Path(__file__).parent
SPECIMENS, MASTER = (HERE / f"openspecimen_{name}.csv" for name in ("specimens", "master"))
WHO = ("Zoltana", "Quixley", "zq@example.org", "560817", "123456", "0470", "Venstrick", "17-08", "12-30")


@pytest.fixture
def by(cast: Cast) -> Actor:
    return cast.actor("biobank_manager")


def taken_in(cast: Cast, by: Actor, data: bytes, **options: object) -> Import:
    one = services.take_in(things.collection(cast), "export.csv", data, by=by)
    services.match(one, one.matching, {**one.options, **options}, by=by)
    return again(one)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (
            SPECIMENS,
            {
                "Specimen Label": "label", "Barcode": "external", "Class": "class", "Type": "material",
                "Lineage": "kind", "Parent Specimen Label": "parent", "Anatomic Site": "site",
                "Collection Status": "status", "Activity Status": "status", "Initial Quantity": "first_amount",
                "Available Quantity": "amount", "Concentration": "concentration", "Freeze/Thaw Cycles": "thaws",
                "Location#Container": "box", "Location#Row": "row", "Location#Column": "column",
                "Location#Position": "position", "Collection Event#Date and Time": "collected",
            },
        ),
        (
            MASTER,
            {
                "PPID": "donor", "Gender": "sex", "Date Of Birth": "birth_year", "Specimen Label": "label",
                "Barcode": "external", "Class": "class", "Type": "material", "Lineage": "kind",
                "Parent Specimen Label": "parent", "Anatomic Site": "site", "Collection Status": "status",
                "Initial Quantity": "first_amount", "Available Quantity": "amount",
                "Concentration": "concentration", "Freeze/Thaw Cycles": "thaws", "Container": "box", "Row": "row",
                "Column": "column", "Position": "position", "Collection Date": "collected",
            },
        ),
    ],
)  # fmt: skip
def test_every_column_is_entered_or_it_is_said_why_not(path: Path, fields: dict[str, str]) -> None:
    table = reading.read(path.read_bytes())
    found = dict(zip(table.headers, matching.proposed(table, {}), strict=True))
    assert {header: field for header, field in found.items() if field} == fields
    reasons = {header: unread.why(header) for header, field in found.items() if not field}
    assert Why.OTHER not in reasons.values()
    forms = [header for header, reason in reasons.items() if reason is Why.FORMS]
    assert forms == [header for header in table.headers if header.startswith("Liquid Handling#")]
    assert unread.is_elsewhere(table.headers)


def test_an_export_of_specimens_comes_in(cast: Cast, by: Actor) -> None:
    boxes = {"rows": 9, "columns": 9}
    one = taken_in(cast, by, SPECIMENS.read_bytes(), boxes=boxes)
    look = shown.look(one)
    assert {(reason.cause, reason.rows) for reason in look.reasons} == {("never", 2)}
    told = " ".join([*look.told, *look.of_columns])
    for said in ("enrolments and visits", "CP Short Title", "Collection Event#Procedure", "Liquid Handling#Haemolysis",
                 "no donors", "month before the day", "were not kept"):  # fmt: skip
        assert said in told, said
    client = cast.client("biobank_manager")
    page = client.get(f"/biobank/imports/{one.id}/").content.decode()
    assert "Leave these 2 rows out" in page and "example.org" not in page
    client.post(f"/biobank/imports/{one.id}/rows/", {"cause": "never", "what": "out"})
    page = client.get(f"/biobank/imports/{one.id}/").content.decode()
    assert "2 rows are left out: It was never taken" in page and "Why rows are kept back" not in page
    one = entered(again(one), by)
    assert (one.status, one.done) == ("done", 6) and not ImportTable.objects.exists(), "what is left out is no rest"
    found = {each.label: each for each in Specimen.objects.select_related("box", "parent")}
    aliquot, block, tissue = found["CB7-P1-1"], found["CB7-B1"], found["CB7-T1"]
    assert aliquot.parent == found["CB7-P1"] and aliquot.external == "8800103" and aliquot.thaws == 1
    assert (aliquot.amount, aliquot.unit) == (250_000, "ml")
    assert aliquot.place == 9 + 2, "by row and column, however the other system counts"
    assert (block.amount, block.unit, block.site) == (1, "blocks", "C18.7")
    assert (tissue.amount, tissue.unit) == (120_000_000, "g") and tissue.place == 1
    assert (
        tissue.collected is not None and timezone.localtime(tissue.collected).strftime("%m-%d %H:%M") == "04-21 13:20"
    )
    blood = found["CB7-WB"]
    assert blood.status == "used_up" and blood.collected is not None and blood.collected.month == 3
    assert found["CB10-D1"].material == "DNA" and found["CB10-D1"].unit == "µg"


def test_an_export_with_participants_comes_in_without_who_they_are(cast: Cast, by: Actor) -> None:
    client, collection = cast.client("biobank_manager"), things.collection(cast)
    file = SimpleUploadedFile("master.csv", MASTER.read_bytes())
    here = client.post("/biobank/imports/", {"collection": str(collection.id), "file": file})["Location"]
    one = Import.objects.select_related("table").get()
    page = client.get(here).content.decode()
    kept = str(files.unpacked(bytes(one.table.content)))
    assert not [word for word in WHO if word in page or word in kept]
    assert "First Name" in page and "a donor is a code here" in page and "the year alone" in page
    given = {f"column-{place}": field for place, field in enumerate(one.matching)}
    options = {"new_donors": "on", "new_boxes": "on", "rows": "9", "columns": "9", "labels": "A1"}
    client.post(f"{here}match/", {**given, **options})
    one = entered(again(one), by)
    assert (one.status, one.done) == ("done", 3), shown.look(again(one)).reasons
    assert set(Donor.objects.values_list("code", "sex", "birth_year")) == {
        ("LB-0001", "Female", 1956), ("LB-0002", "Male", 1949),
    }  # fmt: skip
    last = Specimen.objects.get(label="LB2-S")
    assert last.place == 2 * 9 + 8 and last.collected is not None
    assert timezone.localtime(last.collected).date() == datetime.date(2021, 3, 25), "the day first, as the column tells"


def test_a_date_that_can_be_read_both_ways_is_read_as_said(cast: Cast, by: Actor) -> None:
    data = b"PPID,Specimen Label,Type,Collection Date\n,A1,Serum,03-04-2022\n"
    one = taken_in(cast, by, data)
    assert "Whether the day or the month stands first" in " ".join(shown.look(one).told)
    assert looked_at(one)[2].values["collected"][0].month == 4
    with pytest.raises(InputError, match="dates"):
        services.match(one, one.matching, {"dates": "year"}, by=by)
    services.match(one, one.matching, {"dates": "month"}, by=by)
    assert looked_at(again(one))[2].values["collected"][0].month == 3
    assert "Whether the day" not in " ".join(shown.look(again(one)).told)


def test_an_amount_that_can_be_read_both_ways_is_kept_back_until_it_is_said(cast: Cast, by: Actor) -> None:
    one = taken_in(cast, by, b"Specimen Label,Type,Quantity,Unit\nA1,Serum,1.250,ul\nA2,Serum,2,ul\n")
    assert [(reason.cause, reason.rows) for reason in shown.look(one).reasons] == [("either", 1)]
    page = cast.client("biobank_manager").get(reverse("import", args=[one.id])).content.decode()
    assert "Say what the sign stands for" in page
    with pytest.raises(InputError, match="numbers"):
        services.match(one, one.matching, {"numbers": "both"}, by=by)
    for said, amount in (("thousands", 1_250_000), ("decimals", 1_250)):
        services.match(again(one), one.matching, {"numbers": said}, by=by)
        assert looked_at(again(one))[2].values["amount"][0] == amount and not shown.look(again(one)).reasons


def test_a_column_of_dates_that_does_not_tell_is_read_as_the_others() -> None:
    orders = [
        parsing.dates_order(cells) for cells in (["01-31-2024"], ["31-01-2024"], ["02-03-2024"], ["2024-01-31", ""])
    ]
    assert orders == ["month", "day", "", "-"]


@pytest.mark.parametrize(
    "text",
    ["31 Jan 2024", "31-jan-2024", "Jan 31, 2024", "31 janvier 2024", "31 januari 2024", "January 31 2024 00:00"],
)
def test_a_month_may_be_a_word(text: str) -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    assert parsing.moment(text, datetime.UTC, now) == datetime.datetime(2024, 1, 31, tzinfo=datetime.UTC)
    with pytest.raises(parsing.WrongError):
        parsing.moment("31 jui 2024", datetime.UTC, now)


@pytest.mark.parametrize(
    ("header", "field"),
    [("Specimen#Specimen Label", "label"), ("Participant#PPID", "donor"), ("Container Position#Row", "row"),
     ("Container Details#Container Name", "box"), ("Received Event#Container", ""), ("Visit#Name", ""),
     ("Collection Event#Container", ""), ("Some form#Type", "")],
)  # fmt: skip
def test_a_record_before_a_header_says_what_it_is_of(header: str, field: str) -> None:
    assert meant(header) == field


LEGACY = (
    "Label;Material;Amount;Box;Position;Date;By;Note\n"
    "Doos 1;;;;;;;\n"
    "S1;Plasma;1 ml;;;01/02/2020;jp;\n"
    "S2;Plasma;1 ml;;;01/02/2020;jp;\n"
    "Total box 1: 2;;;;;;;\n"
    ";;;;;;;\n"
    "Label;Material;Amount;Box;Position;Date;By;Note\n"
    "S3;Serum;1 ml;;;01/02/2020;jp;left over\n"
    "Subtotal;;1 ml;;;;;\n"
    "S4;;;;;;;\n"
    "Total RNA 1;RNA;1 ml;;;01/02/2020;jp;\n"
    "Opmerking: doos 2 is zoek;;;;;;;\n"
)


def test_rows_between_that_are_no_specimens_are_one_reason(cast: Cast, by: Actor) -> None:
    one = taken_in(cast, by, LEGACY.encode(), material="Serum")
    look = shown.look(one)
    assert "Left out, because they name the columns once more: lines 7." in look.told
    (reason,) = look.reasons
    assert (reason.cause, reason.rows, reason.can_leave) == ("note", 4, True)
    assert {text for text, _count in reason.texts} == {
        "Doos 1", "Total box 1: 2", "Subtotal", "Opmerking: doos 2 is zoek",
    }  # fmt: skip
    assert look.good == 5, "S4 looks like a label; what begins with Total and is full is a row"
    services.sort_out(one, "note", "out", by=by)
    look = shown.look(again(one))
    assert not look.reasons and [(left.cause, left.rows) for left in look.left_out] == [("note", 4)]
    services.sort_out(again(one), "note", "back", by=by)
    assert shown.look(again(one)).kept_back == 4
    services.sort_out(again(one), "note", "rows", by=by)
    look = shown.look(again(one))
    assert look.good == 9, "whoever says that they are specimens has them as rows, with what fills in"
    services.match(again(one), one.matching, {"material": ""}, by=by)
    assert again(one).options["notes_are_rows"] is True, "what was said of rows outlives what is said of columns"
    services.sort_out(again(one), "note", "out", by=by)
    assert len(list(shown.rest(again(one))[1])) == shown.look(again(one)).kept_back == 1, "S4 has no material now"


def test_a_note_whose_cells_are_mended_is_a_row(cast: Cast, by: Actor) -> None:
    one = taken_in(cast, by, LEGACY.encode())
    services.mend(one, {(2, 0): "S0", (2, 1): "Plasma"}, by=by)
    assert "S0" in [each.label for each in shown.look(again(one)).first_good]


@pytest.mark.parametrize(("cause", "what"), [("twice", "out"), ("never", "rows"), ("note", "x"), ("", "")])
def test_nothing_else_is_left_out(cast: Cast, by: Actor, cause: str, what: str) -> None:
    one = taken_in(cast, by, LEGACY.encode())
    with pytest.raises(InputError):
        services.sort_out(one, cause, what, by=by)
    assert again(one).options == one.options


def test_merged_headings_and_what_stands_beside_a_sheet(cast: Cast, by: Actor) -> None:
    rows = (
        ("Label", "Material", "Amount", "Date"),
        ("Box 7 of the old freezer", "", "", ""),
        ("S1", "Plasma", "1 ml", "2020-01-02", "", "broken cap"),
        ("S2", "Plasma", "1 ml", "2020-01-02"),
        ("label", "MATERIAL", "Amount", ""),
    )
    table = files.read_sheet(Sheet("1", rows, ((1, 0, 1, 3),)))
    assert table.notes == (0,) and [row[0] for row in table.rows][1:] == ["S1", "S2"]
    told = " ".join(table.told)
    assert "beside the columns: something in lines 3." in told and "once more: lines 5." in told


def test_a_narrow_list_has_no_notes() -> None:
    assert files.read_csv(b"Label;Material\nBox 3;\nS1;Plasma\n").notes == ()
    assert notes.found_in([], 0) == [] and notes.lines_said(range(12)).endswith("10 …".replace("10", "9"))


def test_a_header_is_not_repeated_by_a_tube_of_that_name() -> None:
    headers = ["label", "material", "amount", "box"]
    assert notes.is_repeated(["Label", "Material", "", "Box"], headers)
    assert not notes.is_repeated(["Label", "", "", ""], headers)
    assert not notes.is_repeated(["Label", "Plasma", "Amount", "Box"], headers)

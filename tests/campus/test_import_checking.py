"""What a file is read as, and what is wrong with which of its rows: no database is asked."""

from __future__ import annotations

import datetime
import inspect
import io
import time
import uuid
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardbench.campus.biobank.imports import boxes, checking, files, handled, matching, parsing, reading, spots, words
from wardbench.campus.biobank.imports.causes import CAUSES
from wardbench.campus.biobank.imports.checking import Checked, Filling, Known, Parent, check, groups
from wardbench.campus.biobank.imports.fields import FIELDS, meant, unit_in
from wardbench.campus.biobank.imports.spots import NewBoxes, Spots
from wardbench.campus.biobank.models import Container
from wardbench.core import workbook
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS

HERE, ELSEWHERE = uuid.uuid4(), uuid.uuid4()
NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)


def container(name: str, parent: Container | None = None, **more: object) -> Container:
    made = Container(name=name, barcode=more.pop("barcode", f"#{name}"), kind="box", parent=parent, **more)
    made.path = f"{parent.path if parent else ''}{made.id.hex}/"
    return made


FREEZER, OTHER = container("Freezer 1"), container("Freezer 2")
BOX = container("Box 1", FREEZER, rows=2, columns=3, barcode="BC1")
PLACES = [
    FREEZER,
    OTHER,
    BOX,
    container("Box 1", OTHER, rows=2, columns=3),
    container("Counting", OTHER, rows=2, columns=3, labels="1"),
    container("Shut", OTHER, rows=2, columns=3, closed=NOW),
    container("For DNA", OTHER, rows=2, columns=3, materials=["DNA"]),
    container("Loose", OTHER),
]
KNOWN = Known(
    HERE,
    NOW,
    datetime.timezone(datetime.timedelta(hours=1)),
    labels={"OLD", "P1", "P2"},
    parents={
        "P1": Parent(uuid.uuid4(), HERE, "D1", "WholeBlood", NOW, True, 2),
        "P2": Parent(uuid.uuid4(), ELSEWHERE, "", "WholeBlood", None, False),
        "POOL": Parent(uuid.uuid4(), HERE, "", "Serum", None, False),
    },
    donors={"D1": ("Female", 1960), "D2": ("", None)},
    spots=Spots(PLACES),
    taken={(BOX.id, 5)},
)


def looked(text: str, known: Known = KNOWN, **filling: object) -> tuple[Checked, files.Table]:
    table = reading.read(text.encode())
    meanings = matching.proposed(table, {})
    fields = matching.by_field(matching.mended(table, []), meanings)
    # Places are looked up anew, as for every check.
    known = replace(known, spots=Spots(PLACES, known.spots._new))
    return check(fields, len(table.rows), known, Filling(**filling)), table  # type: ignore[arg-type]


def causes(row: str, header: str = "", **filling: object) -> set[tuple[str, str]]:
    """What is wrong with a row of a label, serum and what `row` says."""
    found, _table = looked(f"label;material;{header}\nT1;Serum;{row}\n", **filling)
    return {(fault.field, fault.cause) for fault in found.faults}


@pytest.mark.parametrize(
    ("header", "row", "field", "cause"),
    [
        ("donor", "D9", "donor", "donor"),
        ("donor;sex", "D1;male", "donor", "donor_differs"),
        ("donor;year of birth", "D1;1961", "donor", "donor_differs"),
        ("donor;taken at", "D1;1950-01-01", "collected", "ancient"),
        ("sex", "often", "sex", "sex"),
        ("year of birth", "19", "birth_year", "year"),
        ("taken at", "31/02/2024", "collected", "date"),
        ("taken at", "01/02/24", "collected", "date"),
        ("taken at", "2024-01-31 25:00", "collected", "date"),
        ("taken at", "43831", "collected", "serial"),
        ("taken at", "12/2019", "collected", "no_day"),
        ("taken at", "2019-12", "collected", "no_day"),
        ("taken at", "Dec 2019", "collected", "no_day"),
        ("taken at", "13/2019", "collected", "date"),
        ("taken at", "2026-06-02", "collected", "future"),
        ("taken at", "1899-12-31", "collected", "ancient"),
        ("amount", "1.5", "amount", "no_unit"),
        ("amount", "much", "amount", "number"),
        ("amount", "-1 ml", "amount", "below"),
        ("amount", "1e300 ml", "amount", "large"),
        ("amount", "0.0000001 ml", "amount", "fine"),
        ("amount;unit", "1;barrel", "unit", "unit"),
        ("amount;unit", "1 ml;mg", "amount", "unit"),
        ("amount", "12 mg", "amount", "unit_material"),
        ("amount;unit", "3;cells", "amount", "unit_material"),
        ("amount;unit", "5;pieces", "amount", "unit_material"),
        ("amount;initial quantity", ";12 mg", "first_amount", "unit_material"),
        ("unit", "mg", "unit", "unit_material"),
        ("amount;initial quantity", "2 ml;1 ml", "amount", "more"),
        ("thaws", "1.5", "thaws", "whole"),
        ("thaws", "-1", "thaws", "whole"),
        ("lineage", "cousin", "kind", "kind"),
        ("lineage;parent", "New;P1", "kind", "kind_parent"),
        ("lineage;parent", "aliquot;P1", "kind", "kind_material"),
        ("parent", "nobody", "parent", "parent"),
        ("parent", "P2", "parent", "parent_collection"),
        ("parent;donor", "P1;D2", "parent", "parent_donor"),
        ("parent;donor", "POOL;D1", "parent", "parent_donor"),
        ("parent", "T1", "parent", "parent_loop"),
        ("status", "hm", "status", "status"),
        ("status", "missed", "status", "never"),
        ("status;box;position", "used up;BC1;A1", "box", "gone_place"),
        ("box;position", "nowhere;A1", "box", "box"),
        ("box;position", "Box 1;A1", "box", "boxes"),
        ("box;position", "Shut;A1", "box", "box_closed"),
        ("box;position", "For DNA;A1", "box", "box_material"),
        ("box", "BC1", "position", "no_position"),
        ("position", "A1", "box", "no_box"),
        ("box;position", "BC1;C1", "position", "position"),
        ("box;position", "BC1;7", "position", "position"),
        ("box;position", "Loose;A1", "position", "position"),
        ("box;position", "BC1;B3", "position", "taken"),
        ("external", "=1+1", "external", "formula"),
        ("diagnosis", "C18.7 and many more", "diagnosis", "long"),
        ("concentration", "5\u200bng", "concentration", "unseen"),
        ("concentration", '"5\nng"', "concentration", "unseen"),
    ],
)
def test_each_fault_has_its_cause(header: str, row: str, field: str, cause: str) -> None:
    assert causes(row, header) == {(field, cause)}


@pytest.mark.parametrize(
    ("row", "cause"),
    [(";Serum", "empty"), ("@A;Serum", "formula"), ("OLD;Serum", "there"), ("T;potion", "material"), ("T;", "empty")],
)
def test_label_and_material_are_needed(row: str, cause: str) -> None:
    found, _table = looked(f"label;material\n{row}\n")
    assert [fault.cause for fault in found.faults] == [cause] and not found.good


def test_a_unit_fits_the_material_wherever_the_two_come_from() -> None:
    """Material of what it was made of or filled in; a unit filled in or of a class; one fault beside others."""
    found, _table = looked("label;lineage;parent;amount\nA;aliquot;P1;3 mg\nB;aliquot;P1;3 ml\n")
    assert [(fault.row, fault.field, fault.cause) for fault in found.faults] == [(0, "amount", "unit_material")]
    found, _table = looked("label;material;amount\nA;Serum;1\nB;TissueFixed;1\nC;DNA;1\n", unit="ml")
    assert [(fault.row, fault.cause) for fault in found.faults] == [(1, "unit_material")]
    found, _table = looked("label;amount\nA;1 mg\nB;1 ml\n", material="Serum")
    assert [(fault.row, fault.cause) for fault in found.faults] == [(0, "unit_material")] and list(found.good) == [1]
    found, _table = looked("label;material;amount;donor\nA;Serum;1 mg;nobody\n")
    assert {fault.cause for fault in found.faults} == {"unit_material", "donor"}
    found, _table = looked("label;material;amount\nA;Serum;2 tubes\nB;TissueFixed;2 blocks\nC;Serum;\n")
    assert not found.faults and len(found.good) == 3


def test_every_cause_has_a_sentence_and_is_used() -> None:
    source = "".join(inspect.getsource(module) for module in (checking, handled, parsing, spots))
    assert all(f'"{cause}"' in source for cause in CAUSES)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("1.5", "1.5"), ("1,5", "1.5"), ("1.250,5", "1250.5"), ("1,250.5", "1250.5"), ("1'250.5", "1250.5"),
        ("1,250", "1.250"), ("1e-3", "0.001"), ("0", "0"),
    ],
)  # fmt: skip
def test_numbers_are_exact_as_they_are_written_here_and_elsewhere(text: str, means: str) -> None:
    assert str(parsing.amount(text)[0]) == means
    assert parsing.amount(f"{text} ml")[1] == parsing.amount(f"{text}ml")[1] == "ml"


@pytest.mark.parametrize("text", ["2024-01-31", "31/01/2024", "31-1-2024", "31.01.2024", "2024-01-31 00:00:00"])
def test_days_begin_where_the_hospital_is(text: str) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=1))
    assert parsing.moment(text, zone, NOW) == datetime.datetime(2024, 1, 30, 23, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    "text", ["31/01/2024 14:30", "2024-01-31T14:30:00", "2024-01-31 2:30 PM", "2024-01-31T15:30+02:00"]
)
def test_a_time_is_kept(text: str) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=1))
    assert parsing.moment(text, zone, NOW) == datetime.datetime(2024, 1, 31, 13, 30, tzinfo=datetime.UTC)


def test_american_dates_are_known_by_the_column() -> None:
    found, _table = looked("label;material;taken at\nA;Serum;01/31/2024\nB;Serum;02/03/2024\n")
    assert found.months_first and not found.faults
    assert [moment.month for moment in found.values["collected"]] == [1, 3 - 1]
    found, _table = looked("label;material;taken at\nA;Serum;01/31/2024\nB;Serum;31/01/2024\n")
    assert [fault.row for fault in found.faults] == [0]


def test_what_is_made_of_another_takes_after_it_and_goes_after_it() -> None:
    text = "label;material;parent;donor;taken at\nC;DNA;B;;\nB;;A;;\nA;Whole blood;;D1;2024-01-01\nX;;P1;;\n"
    found, _table = looked(text)
    assert not found.faults and list(found.good) == [2, 1, 3, 0]
    assert found.values["kind"] == ["derivative", "aliquot", "primary", "aliquot"]
    assert found.values["donor"] == ["D1"] * 4
    assert found.values["material"] == ["DNA", "WholeBlood", "WholeBlood", "WholeBlood"]
    assert found.values["collected"][0] == found.values["collected"][2]
    assert found.values["retained"] == [False, False, False, True]


def test_a_fault_keeps_back_all_that_was_made_of_it() -> None:
    found, _table = looked("label;material;parent\nA;potion;\nB;Serum;A\nC;Serum;B\nD;Serum;\n")
    assert [(fault.row, fault.cause) for fault in found.faults] == [
        (0, "material"),
        (1, "parent_fault"),
        (2, "parent_fault"),
    ]
    assert list(found.good) == [3]


def test_loops_of_any_length_are_found() -> None:
    rows = [f"T{n};Serum;T{(n + 1) % 2000}" for n in range(2000)]
    found, _table = looked("label;material;parent\n" + "\n".join([*rows, "U;Serum;T1", "V;Serum;"]))
    assert len(found.good) == 1
    assert {fault.cause for fault in found.faults} == {"parent_loop", "parent_fault"}


def test_two_rows_of_one_label_are_both_kept_back_unless_they_say_the_same() -> None:
    found, _table = looked("label;material\nA;Serum\nA;Plasma\nB;DNA\nB;DNA\n")
    assert [(fault.row, fault.cause) for fault in found.faults] == [(0, "twice"), (1, "twice"), (3, "twice")]
    assert list(found.good) == [2]


def test_two_rows_of_one_position_are_both_kept_back() -> None:
    found, _table = looked("label;material;box;position\nA;Serum;BC1;A1\nB;Serum;Freezer 1 / Box 1;1\nC;Serum;BC1;A2\n")
    assert [(fault.row, fault.cause) for fault in found.faults] == [(0, "both"), (1, "both")]


@pytest.mark.parametrize("text", ["BC1", "Freezer 1/Box 1", "freezer 1 > box 1", "Freezer 1\\Box 1"])
def test_a_box_is_known_by_barcode_and_path(text: str) -> None:
    found = Spots(PLACES).find(text)
    assert not isinstance(found, str) and found.id == BOX.id


def test_rows_and_columns_may_stand_apart() -> None:
    found, _table = looked("label;material;container;row;column\nA;Serum;BC1;B;2\nB;Serum;BC1;1;3\nC;Serum;BC1;2;A\n")
    assert not found.faults and found.values["place"] == [4, 2, 3]


def test_new_boxes_are_shared_and_run_out_of_room() -> None:
    new = replace(KNOWN, spots=Spots(PLACES, NewBoxes(2, 2, free=1)))
    found, _table = looked(
        "label;material;box;position\nA;Serum;N 1;A1\nB;Serum;n  1;A2\nC;Serum;N 2;A1\nD;Serum;N 1;C1\n", new
    )
    assert found.values["box"][0] is found.values["box"][1]
    assert [(fault.row, fault.cause) for fault in found.faults] == [(2, "room"), (3, "position")]


def test_an_openspecimen_export_is_understood() -> None:
    header = (
        "Identifier,CP Short Title,Visit Name,Specimen Label,Class,Type,Lineage,Parent Specimen Label,PPID,"
        "Initial Quantity,Available Quantity,Location#Container,Location#Row,Location#Column,Location#Position,"
        "Collection Status,Activity Status,Collection Event#Date and Time,Freeze/Thaw Cycles,Comments"
    )
    rows = [
        "11,CP1,V1,S1,Fluid,Whole Blood,New,,D1,5,0,,,,,Collected,Closed,01-31-2024 10:15,0,",
        "12,CP1,V1,S1_1,Fluid,Whole Blood,Aliquot,S1,D1,1.5,1.25,BC1,A,2,2,Collected,Active,,1,",
        "13,CP1,V1,S1_D,Molecular,DNA,Derived,S1,D1,40,40,BC1,B,1,4,Collected,Active,,,",
        "14,CP1,V2,S2,Fluid,Serum,New,,D1,,,,,,,Pending,Active,,,",
    ]
    found, table = looked("\n".join([header, *rows]))
    assert [(fault.row, fault.cause) for fault in found.faults] == [(3, "never")]
    assert found.months_first and list(found.good) == [0, 1, 2]
    assert found.values["amount"][:3] == [0, 1_250_000, 40_000]
    assert found.values["unit"][:3] == ["ml", "ml", "µg"]
    assert found.values["place"][:3] == [None, 1, 3]
    assert found.values["thaws"][:3] == [0, 1, 0]
    assert "external" in matching.proposed(table, {})


def test_no_site_is_no_site() -> None:
    found, _table = looked("label;material;anatomic site\nA;Serum;Not Specified\nB;Serum;C18.0\nC;Serum;=C18\n")
    assert found.values["site"] == ["", "C18.0", None]
    assert [(fault.row, fault.cause) for fault in found.faults] == [(2, "formula")]


def test_headers_of_every_field_are_its_own_and_remembered_ones_come_first() -> None:
    for name, field in FIELDS.items():
        for header in field.headers:
            assert meant(header) == name, header
    table = reading.read(b"Code;Sort;Label;label of tube;Status;Other status\nA;B;C;D;;\n")
    assert matching.proposed(table, {}) == ["", "", "label", "", "status", ""]
    assert matching.proposed(table, {"code": "label", "sort": "material"})[:3] == ["label", "material", ""]


def test_headers_are_known_in_every_language_of_the_campus() -> None:
    for header, field in {
        "Materiaal": "material",
        "Matériel": "material",
        "Afnamedatum": "collected",
        "Boîte": "box",
    }.items():
        assert meant(header) == field


def test_materials_are_known_by_code_title_and_the_words_of_the_field() -> None:
    assert all(words.material(code) == words.material(title) == code for code, title in MATERIALS.items())
    for said, code in {
        "EDTA-plasma": "Plasma",
        "ADN": "DNA",
        "122575003": "Urine",
        "tissue-ffpe": "TissueFixed",
    }.items():
        assert words.material(said) == code
    assert words.material("weefsel") == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator_and_encoding(encoding: str, separator: str) -> None:
    text = separator.join(["Label", "Material", "Unit"]) + "\r\n" + separator.join(["É1", "Sérum", "µl"]) + "\r\n"
    table = reading.read(text.encode(encoding))
    assert table.rows == (("É1", "Sérum", "µl"),) and table.headers == ("Label", "Material", "Unit")
    assert bool(table.told) is (encoding == "cp1252")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"label;material\n", "no rows"),
        (b"label;material\nA;Serum;more\n", "more cells"),
        (b"label;Label\nA;B\n", "Two columns"),
        (b"\x00\x01", "not a text"),
        (b'label\n"A\n', "never closed"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "before 2007"),
        (b"PK\x03\x04nothing", "damaged"),
        (b";".join(b"c%d" % n for n in range(251)) + b"\nA\n", "more than 250 columns"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        reading.read(data)


def test_explanations_and_reasons_are_not_read() -> None:
    table = reading.read(b"label;reasons;material\n# explained;;\nA;because;Serum\n;;\n")
    assert table.headers == ("label", "material") and table.rows == (("A", "Serum"),) and table.lines == (3,)


def sheet_xml(cells: str) -> bytes:
    """A workbook with a sheet of these cells."""
    made = workbook.write_workbook("S", [["label", "material"], ["A", "Serum"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if "sheet1" in part.filename:
                content = content.replace(b"</sheetData>", cells.encode() + b"</sheetData>")
            new.writestr(part.filename, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ('<row r="3"><c r="XFD3"><v>1</v></c></row>', "beyond row"),
        ('<row r="1048576"><c r="A1048576"><v>1</v></c></row>', "beyond row"),
        ("<row r='1048576'/>", "beyond row"),
        ('<row r="3"><c r = "xfd3"><v>1</v></c></row>', "beyond row"),
        ('<row r="3">' + " " * ((1 << 20) - 600) + "<c r" + " " * 1000 + '= "XFD3"><v>1</v></c></row>', "beyond row"),
        ("<row>" + "<c><v>1</v></c>" * 105 + "</row>", "beyond row"),
        ('<x:row xmlns:x="y">' + "<x:c/>" * 105 + "</x:row>", "beyond row"),
        ("<row><c><v>1</v></c></row>" * 200_000, "beyond row"),
    ],
)
def test_cells_far_out_do_not_fill_the_memory(cells: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        reading.read(sheet_xml(cells))


@pytest.mark.parametrize("place", ["worksheets/sheet1.dat", "elsewhere/one.xml"])
def test_a_sheet_is_one_wherever_it_lies(place: str) -> None:
    made = sheet_xml('<row r="3"><c r="XFD3"><v>1</v></c></row>')
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            name = part.filename.replace("worksheets/sheet1.xml", place)
            new.writestr(name, old.read(part).replace(b"worksheets/sheet1.xml", place.encode()))
    with pytest.raises(InputError, match="beyond row"):
        reading.read(out.getvalue())


def test_a_wide_row_in_its_own_right_is_read() -> None:
    wide = ["label", *(f"c{n}" for n in range(99))]
    made = workbook.write_workbook("S", [wide, *([f"{n}", *["x"] * 99] for n in range(2_000))])
    assert len(reading.read(made).rows) == 2_000


def test_merging_everything_again_and_again_takes_no_time() -> None:
    sheet = workbook.Sheet("S", (("label", "donor"), *(("A", ""),) * 1_000), ((0, 0, 1_000, 1),) * 1_000)
    with pytest.raises(InputError, match="damaged"):
        files.read_sheet(sheet)


def test_a_bomb_is_not_unpacked_whatever_size_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_UNPACKED", 2_000_000)
    bomb = bytearray(sheet_xml("<!--" + "0" * 5_000_000 + "-->"))
    with pytest.raises(InputError, match="unpacks to more"):
        reading.read(bytes(bomb))
    with zipfile.ZipFile(io.BytesIO(bytes(bomb))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = bytes(bomb).replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    with pytest.raises(InputError, match=r"unpacks to more|damaged"):
        reading.read(lying)


def test_a_formula_has_its_last_value_and_dates_are_days() -> None:
    cells = (
        '<row r="3"><c r="A3" t="str"><f>1+1</f><v>B</v></c><c r="B3"><f>1/3</f><v>0.30000000000000004</v></c></row>'
    )
    assert reading.read(sheet_xml(cells)).rows[1] == ("B", "0.3")


def test_a_sheet_that_is_merged_over_and_over_is_refused() -> None:
    rows = (("label", "material"), ("T1", "Serum"), ("T2", "Serum"))
    assert files.read_sheet(workbook.Sheet("x", rows, ((1, 1, 2, 1),))).rows[1] == ("T2", "Serum")
    with pytest.raises(InputError, match="damaged"):
        files.read_sheet(workbook.Sheet("x", rows, ((1, 0, 2, 1),) * 100_000))


def test_merged_cells_all_have_the_text_of_the_first() -> None:
    sheet = workbook.Sheet("S", (("label", "donor"), ("A", "D1"), ("B", ""), ("C", "D2")), ((1, 1, 2, 1),))
    assert files.read_sheet(sheet).rows == (("A", "D1"), ("B", "D1"), ("C", "D2"))
    assert files.read_sheet(sheet).told


@given(st.lists(st.lists(st.text(max_size=5), min_size=3, max_size=3), min_size=1, max_size=5))
def test_what_is_written_back_is_never_calculated_and_reads_the_same(rows: list[list[str]]) -> None:
    clean = [[" ".join(cell.split()) for cell in row] for row in rows]
    printable = [[cell if cell.isprintable() else "x" for cell in row] for row in clean]
    back = workbook.read_workbook(workbook.write_workbook("S", [["a", "b", "c"], *printable]))
    assert [list(row) for row in back[0].rows[1 : len(rows) + 1]] == list(printable)[: len(back[0].rows) - 1]
    text = files.write_csv(["a", "b", "c"], printable).decode()
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in text.splitlines() for cell in line.split(";"))


def test_a_table_is_kept_as_it_is() -> None:
    table = files.Table(("a", "b"), (2, 7), (("1", ""), ("é", "x")), ("said",), {"Box": (9, 9, "A1")}, "map")
    assert files.unpacked(files.packed(table)) == table


def test_mends_are_made_in_their_order() -> None:
    table = files.Table(("a", "b"), (2, 3), (("x", "1"), ("x", "2")))
    mends = [["all", 0, "x", "y"], ["cell", 3, 0, "z"], ["all", 0, "z", "w"]]
    assert matching.mended(table, mends) == [["y", "w"], ["1", "2"]]


def test_reasons_are_counted_by_rows_and_texts() -> None:
    found, _table = looked("label;material\n" + "".join(f"A{n};{'potion' if n % 3 else 'ink'}\n" for n in range(9)))
    (group,) = groups(found.faults)
    assert (group.rows, group.texts, group.more) == (9, [("potion", 6), ("ink", 3)], 0)


def test_a_hundred_thousand_rows_take_seconds() -> None:
    rows = [f"L{n};Plasma;1,5;ml;01/02/2020 10:30;Doos {n // 81};{n % 81 + 1}" for n in range(20_000)]
    began = time.process_time()
    new = replace(KNOWN, spots=Spots((), NewBoxes(9, 9)))
    found, _table = looked("\n".join(["label;material;amount;unit;taken at;box;position", *rows]), new)
    assert len(found.good) == 20_000
    # A fifth of it in a generous fifth of the time.
    assert time.process_time() - began < 4


FREEZER_SHEET = """\
Freezer 3;;;;;;;;
;;;;;;;;
Box 7;;;;;Box 8 (2019);;;
;1;2;3;;;1;2;
A;S1;S2;-;;A;S7;leeg;
B;;"S3
Plasma
2 ml";x;;B;S8;S9;
;;;;;;;;
;;;;;;;;
Box 9;1;2;;;;;;
A;S10;;;;;;;
B;;S11;;;;;;
C;S12;S13;;;;;;
"""


def test_a_freezers_sheet_becomes_boxes() -> None:
    table = reading.read(FREEZER_SHEET.encode())
    assert table.kind == "map" and table.headers[:3] == ("Label", "Box", "Position") and len(table.headers) == 5
    assert table.sizes == {"Box 7": (2, 3, "A1"), "Box 8 (2019)": (2, 2, "A1"), "Box 9": (3, 2, "A1")}
    assert [row[:3] for row in table.rows] == [
        ("S1", "Box 7", "A1"),
        ("S2", "Box 7", "A2"),
        ("S3", "Box 7", "B2"),
        ("S7", "Box 8 (2019)", "A1"),
        ("S8", "Box 8 (2019)", "B1"),
        ("S9", "Box 8 (2019)", "B2"),
        ("S10", "Box 9", "A1"),
        ("S11", "Box 9", "B2"),
        ("S12", "Box 9", "C1"),
        ("S13", "Box 9", "C2"),
    ]
    assert table.rows[2][3:] == ("Plasma", "2 ml")
    assert matching.proposed(table, {})[:3] == ["label", "box", "position"]


def test_boxes_of_one_name_on_several_sheets_are_told_apart() -> None:
    rows = (("Box", "1", "2"), ("A", "X1", "X2"), ("B", "X3", "X4"))
    table = boxes.table_of(
        [workbook.Sheet("Rack 1", rows), workbook.Sheet("Rack 2", rows), workbook.Sheet("Notes", (("a",),))]
    )
    assert table is not None and list(table.sizes) == ["Rack 1 Box", "Rack 2 Box"] and len(table.rows) == 8


@pytest.mark.parametrize(
    "text", ["Label;Material\n1;2\nA;B\n", "1;2\nA;B\n", "z;1;2\n;x;y\n", "a;b\n1;2\n", "z;1;2\nA;x\n"]
)
def test_what_is_no_grid_is_a_list(text: str) -> None:
    table = reading.read(text.encode())
    assert table.kind == "sheet"


@given(
    st.integers(2, 5), st.integers(2, 5), st.integers(0, 3), st.integers(0, 3),
    st.lists(st.booleans(), min_size=25, max_size=25),
)  # fmt: skip
def test_every_tube_of_a_drawn_box_is_found_where_it_is_drawn(
    high: int, wide: int, top: int, left: int, full: list[bool]
) -> None:
    drawn: list[tuple[str, ...]] = [()] * top
    drawn.append((*[""] * left, "The box", *map(str, range(1, wide + 1))))
    expected = set()
    for row in range(high):
        cells = [f"T{row}-{column}" if full[row * 5 + column] else "" for column in range(wide)]
        expected |= {(cell, f"{chr(65 + row)}{column + 1}") for column, cell in enumerate(cells) if cell}
        drawn.append((*[""] * left, chr(65 + row), *cells))
    (grid,) = boxes.grids(workbook.Sheet("S", tuple(drawn)))
    assert (grid.name, grid.rows, grid.columns) == ("The box", high, wide)
    if expected:
        table = boxes.table_of([workbook.Sheet("S", tuple(drawn))])
        assert table is not None and {(row[0], row[2]) for row in table.rows} == expected


TITLED = "Inventory of freezer 2 (kept by Jan);;;;\n;;;;\nStaal nr.;Soort materiaal;Afname;Volume (µL);Afkomstig van\n"


def test_a_title_above_the_headers_is_left_out_and_said() -> None:
    table = reading.read((TITLED + "S1;Serum;31/01/2024;1.250,5;\n").encode())
    assert table.headers[0] == "Staal nr." and table.rows == (("S1", "Serum", "31/01/2024", "1.250,5", ""),)
    assert table.lines == (4,) and ["line 3" in said for said in table.told] == [True]
    assert matching.proposed(table, {}) == ["label", "material", "collected", "amount", "parent"]


@pytest.mark.parametrize(
    "foot", ["Totaal:;;12", ";Total;12", "TOTAL : 12 tubes;;", "Totaal aantal stalen: 2;;", "Nombre total;;"]
)
def test_what_adds_up_the_rows_at_the_foot_is_left_out_and_said(foot: str) -> None:
    table = files.read_csv(f"Label;Material;Amount\nS1;Plasma;1 ml\nS2;Plasma;1 ml\n\n{foot}\n".encode())
    assert [row[0] for row in table.rows] == ["S1", "S2"] and table.lines == (2, 3)
    assert table.told == ("Line 5 adds up what stands above it, and was left out.",)


@pytest.mark.parametrize("row", ["Total-1;Plasma;1 ml", "Summit;Plasma;1 ml", "S3;total RNA;1 ml", ";total RNA;1 ml"])
def test_what_only_looks_like_a_total_is_a_row(row: str) -> None:
    table = files.read_csv(f"Label;Material;Amount\nS1;Plasma;1 ml\n{row}\n".encode())
    assert len(table.rows) == 2 and not table.told
    above = files.read_csv(f"Label;Material;Amount\nTotal;Plasma;1 ml\n{row}\n".encode())
    assert len(above.rows) == 2, "only at the foot"


def test_a_title_above_headers_of_which_none_is_known() -> None:
    table = reading.read("Liste 2019, Köln\n\nRöhrchen;Art;Wo;Menge\nS1;Serum;Box 1;1,5\n".encode())
    assert table.headers == ("Röhrchen", "Art", "Wo", "Menge") and table.rows == (("S1", "Serum", "Box 1", "1,5"),)


def test_a_title_in_merged_cells_is_none_of_the_headers() -> None:
    rows = (("Freezer 2", "", ""), ("Label", "Material", "Donor"), ("S1", "Serum", "D1"))
    table = files.read_workbook((workbook.Sheet("Blad1", rows, merged=((0, 0, 0, 2),)),))
    assert table.headers == ("Label", "Material", "Donor") and table.rows == (("S1", "Serum", "D1"),)


def test_the_first_line_names_the_columns_where_it_says_enough_or_nothing_does() -> None:
    known = reading.read(b"Label;Material;x;y\nBox;Position;Donor;Sex\n")
    assert known.headers == ("Label", "Material", "x", "y") and not known.told
    unknown = reading.read(b"one;two\nthree;four\n")
    assert unknown.headers == ("one", "two") and not unknown.told


@pytest.mark.parametrize(
    ("header", "field", "unit"),
    [
        ("Volume (µL)", "amount", "µl"),
        ("volume_ul", "amount", "µl"),
        ("Hoeveelheid [ml]", "amount", "ml"),
        ("Quantité en ml", "amount", "ml"),
        ("Initial volume (ml)", "first_amount", "ml"),
        ("Volume", "amount", ""),
        ("Volume unit", "unit", ""),
        ("Material (ml)", "", ""),
        ("Volume (of old)", "", ""),
    ],
)
def test_a_header_may_name_the_unit(header: str, field: str, unit: str) -> None:
    assert (meant(header), unit_in(header)) == (field, unit)


def test_units_that_headers_name_count_where_they_agree() -> None:
    def named(headers: str) -> str:
        table = reading.read(f"Label;Material;{headers}\nS1;Serum;1;2\n".encode())
        return matching.unit_named(table, matching.proposed(table, {}))

    assert named("Volume (µl);Initial volume (µl)") == "µl"
    assert named("Volume (µl);Initial volume (ml)") == "" == named("Volume (µl);Initial volume")


@pytest.mark.parametrize("code", ["Janssens Piet", "Piet  JANSSENS 7", "Peeters, An", "85.07.30-033.28"])
def test_a_new_donors_code_is_no_name_and_no_national_number(code: str) -> None:
    said = f"Label;Material;Donor\nS1;Serum;{code}\n"
    assert [fault.cause for fault in looked(said, new_donors=True)[0].faults] == ["donor_told"]
    there = replace(KNOWN, donors={**KNOWN.donors, code: ("", None)})
    assert not looked(said, there)[0].faults


@pytest.mark.parametrize("code", ["D 17", "D-NEW-1", "LV 2024 003", "piet", "0042"])
def test_codes_of_many_kinds_pass(code: str) -> None:
    assert not looked(f"Label;Material;Donor\nS1;Serum;{code}\n", new_donors=True)[0].faults


def test_a_column_tells_what_stands_between_thousands() -> None:
    """2.000 beside 1,5 is two thousand, 2,000 beside 1.5 too; where nothing tells, it is asked."""

    def litres(*cells: str) -> tuple[list[object], str]:
        rows = "".join(f"T{n};Serum;{cell}\n" for n, cell in enumerate(cells))
        found, _table = looked(f"Staal nr.;materiaal;Vol. (µl)\n{rows}", unit="µl")
        assert not found.faults
        return [value // 1000 for value in found.values["amount"]], found.thousands

    assert litres("1,5", "2.000", "0.250") == ([1, 2, 0], ""), "both signs are decimals here"
    assert litres("1,5", "2.000") == ([1, 2000], ".")
    assert litres("1.5", "2,000", "1,250,000") == ([1, 2000, 1_250_000], ",")
    assert litres("1.250,5", "2.000") == ([1250, 2000], ".")
    assert litres("1.250.000", "2.000") == ([1_250_000, 2000], ".")
    assert litres("2,000,000", "1,250") == ([2_000_000, 1250], ",")


@pytest.mark.parametrize("cells", [("2.000", "1500"), ("2,000",), ("2.000", "1,500"), ("2.000 µl", "5")])
def test_what_is_a_thousand_or_one_is_asked(cells: tuple[str, ...]) -> None:
    rows = "".join(f"T{n};Serum;{cell}\n" for n, cell in enumerate(cells))
    said = f"Staal nr.;materiaal;Vol. (µl)\n{rows}"
    found, _table = looked(said, unit="µl")
    assert {(fault.field, fault.cause) for fault in found.faults} == {("amount", "either")} and "either" in CAUSES
    for numbers, first in (("decimals", 2_000), ("thousands", 2_000_000)):
        found, _table = looked(said, unit="µl", numbers=numbers)
        assert not found.faults and found.values["amount"][0] == first and not found.thousands


def test_what_was_made_of_something_thawed_as_often_where_the_file_does_not_say() -> None:
    text = (
        "Label;Parent;Material;Thaws;Collected\n"
        "A;P1;Whole blood;;\nB;A;Whole blood;;\nC;P1;Whole blood;0;\nD;C;Whole blood;;\nE;P1;Whole blood;often;\n"
    )
    checked, _table = looked(text)
    assert list(checked.values["thaws"])[:4] == [2, 2, 0, 0]
    assert [fault.cause for fault in checked.faults if fault.row == 4], "a count that cannot be read is not made up"

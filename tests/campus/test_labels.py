"""Labels on paper: each lies where the sheet has it, nothing leaves it, and printers read no text as a command."""

from __future__ import annotations

import re

import pytest

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from wardbench.campus.biobank import label_sheets, labels
from wardbench.campus.biobank.label_sheets import DOTS, PAGE, PRINTERS, SHEETS, Chosen
from wardbench.campus.biobank.labels import saying
from wardbench.campus.people.roles import Role

LONGEST = "W" * 64
HOSTILE = 'A_B^XZ~C|\\@<b>&"'


@pytest.mark.parametrize("code", SHEETS)
def test_the_labels_of_a_sheet_lie_on_the_paper_and_not_on_one_another(code: str) -> None:
    sheet = SHEETS[code]
    assert sheet.number == int(code) and sheet.across >= sheet.width and sheet.down >= sheet.height
    for number in (0, sheet.columns - 1, sheet.number - 1):
        x, y = sheet.place(number)
        assert x >= 0 and y >= 0 and x + sheet.width <= PAGE[0] and y + sheet.height <= PAGE[1]
    first, last = sheet.place(0), sheet.place(sheet.number - 1)
    assert first[0] == pytest.approx(PAGE[0] - last[0] - sheet.width), "as much on the right as on the left"
    assert first[1] == pytest.approx(PAGE[1] - last[1] - sheet.height)


def test_labels_begin_where_the_sheet_is_free_and_go_on_on_the_next() -> None:
    some = [saying(f"T{n}", ("Plasma",)) for n in range(70)]
    pages = label_sheets.pages(some, Chosen(sheet="65", first=64, right=1.5, down=-0.5))
    assert [page.count("<g ") for page in pages] == [2, 65, 3]
    x, y = SHEETS["65"].place(63)
    assert f"translate({x + 1.5:.2f} {y - 0.5:.2f})" in pages[0] and ">T0<" in pages[0] and ">T2<" in pages[1]
    assert all('width="210mm" height="297mm" viewBox="0 0 210 297"' in page for page in pages)
    assert label_sheets.pages([], Chosen()) == []


@pytest.mark.parametrize("code", SHEETS)
def test_what_is_drawn_stays_on_its_label(code: str) -> None:
    sheet = SHEETS[code]
    (page,) = label_sheets.pages([saying(LONGEST, ("WholeBlood", "COLLECTION", "2026-01-31"))], Chosen(sheet=code))
    texts = re.findall(r'<text x="([0-9.]+)" y="([0-9.]+)" font-size="([0-9.]+)"[^>]*>([^<]*)<', page)
    assert len(texts) == 4
    for x, y, size, line in texts:
        assert float(x) + len(line) * float(size) * label_sheets.GLYPH <= sheet.width
        assert 0 < float(y) <= sheet.height
    found = re.search(r'<svg x="([0-9.]+)" y="([0-9.]+)" width="([0-9.]+)" height="([0-9.]+)"', page)
    assert found is not None
    left, top, side, high = map(float, found.groups())
    assert side == high and top + side <= sheet.height and left + side <= float(texts[0][0])


def test_what_a_label_says_is_text_on_a_sheet() -> None:
    (page,) = label_sheets.pages([saying("T", (HOSTILE,))], Chosen())
    assert "<b>" not in page and "&lt;b&gt;&amp;" in page


@pytest.mark.parametrize("size", PRINTERS)
@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize("text", ["SR000023", "1234567890" * 6, LONGEST, HOSTILE, "É" * 30])
def test_a_printed_label_is_whole(size: str, dots: str, text: str) -> None:
    width, height = PRINTERS[size]
    per = DOTS[dots]
    written = labels.zpl_of([saying(text, ("Plasma", "DIAB", "2026-01-31"), drawn=False)], width=width, height=height,
                            dots=per)  # fmt: skip
    assert written.startswith("^XA") and written.endswith("^XZ\n") and written.count("^XA") == written.count("^XZ") == 1
    left, top, module, escape = re.search(r"\^FO(\d+),(\d+)\^BXN,(\d+),200,,,,(.)\^FH_", written).groups()  # type: ignore[union-attr]
    ends = int(left) + labels.modules(text) * int(module)
    assert escape not in text and int(top) + labels.modules(text) * int(module) <= height * per
    fields = re.findall(r"\^FO(\d+),(\d+)\^A0N,(\d+),(\d+)\^FH_\^FD(.*)\^FS", written)
    assert len(fields) == 4 and all(
        int(x) > ends and int(y) + int(high) <= height * per for x, y, high, _w, _t in fields
    )
    assert re.sub(r"_([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), fields[0][4]) == text
    assert not re.search(r"[\^~]", fields[0][4])


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("123456", 10),
        ("SR0023", 12),
        ("SR000023", 12),
        ("SR0000234", 14),
        ("A" * 12, 16),
        ("A" * 36, 24),
        ("é" * 11, 26),
    ],
)
def test_the_size_of_a_data_matrix(text: str, side: int) -> None:
    assert labels.modules(text) == side


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def cast(self) -> Cast:
        made = make_cast()
        things.freezer()
        things.tubes(made, 2, things.box("Freezer Rack 1 Box 1"))
        return made

    def test_a_sheet_is_chosen_and_what_is_none_is_told(self, cast: Cast) -> None:
        client, box = cast.client("biobank_manager"), things.box("Freezer Rack 1 Box 1")
        address = f"/biobank/specimens/labels/?box={box.id}"
        assert client.get(address).content.decode().count('class="app-a4"') == 1
        page = client.get(f"{address}&sheet=189&first=189").content.decode()
        assert page.count('class="app-a4"') == 2 and f'name="box" value="{box.id}"' in page
        for wrong in ("first=190&sheet=189", "first=0", "sheet=7", "right=99", "right=nan", "printer=x", "dots=1"):
            told = client.get(f"{address}&{wrong}")
            assert told.status_code == 200 and "error" in told.content.decode(), wrong
        assert "^PW400^LL200" in client.get(f"{address}&as=zpl&printer=50x25&dots=203").content.decode()

    def test_places_have_barcodes_to_print(self, cast: Cast) -> None:
        rack = things.box("Freezer Rack 1")
        address = f"/biobank/specimens/labels/?place={rack.id}"
        page = cast.client("biobank_manager").get(address).content.decode()
        assert page.count("<g ") == 3 and "Freezer Rack 1 Box 2" in page
        assert cast.client(Role.RESEARCHER).get(address).status_code == 403
        assert cast.client("biobank_manager").get("/biobank/specimens/labels/?place=x").status_code == 404

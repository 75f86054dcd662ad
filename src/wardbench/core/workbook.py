"""Workbooks (XLSX) as rows of text: read without trusting them, and written so that nothing in them is calculated.

A workbook is an archive of XML. Before it is given to calamine, which holds a sheet as a full rectangle, each part is
unpacked once and counted, and cells that lie so far out that the rectangle would not fit are looked for.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import python_calamine as calamine

from wardbench.core.errors import InputError

MOST_UNPACKED = 600_000_000
"""Bytes of all parts of a workbook once they are unpacked."""
MOST_PARTS = 2_000
MOST_ROWS = 200_000
MOST_COLUMNS = 104
"""The columns A to CZ."""
_PIECE = 1 << 20
_SENT = 1 << 16
_OVERLAP = 64
_SPACES = re.compile(rb"\s{2,}")
_ROW, _CELL = (re.compile(rb"<(?:[^<>\s/:]+:)?%s(?=[\s/>])" % name) for name in (b"row", b"c"))
_FAR = re.compile(rb"\sr\s*=\s*[\"'](?:[A-Z]{0,3}(?:[2-9]\d{5}|\d{7,})|(?:[A-Z]{3,}|[D-Z][A-Z])\d)", re.IGNORECASE)
"""A row or cell beyond `MOST_ROWS` or `MOST_COLUMNS`."""
_LETTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return sentence


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, and its rows from the first on, as texts. `merged` are ranges of which only the first cell
    has a text: (first row, first column, last row, last column), from 0."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    merged: tuple[tuple[int, int, int, int], ...] = ()


def is_workbook(data: bytes) -> bool:
    """Whether `data` begins as an archive does."""
    return data.startswith(b"PK\x03\x04")


def read_workbook(data: bytes) -> tuple[Sheet, ...]:
    """The sheets that hold anything, hidden ones too. InputError for what is no XLSX, unpacks to too much or is locked.

    A formula is never calculated: its cell has the value that was last saved. Days are written 2026-01-31, days with a
    time 2026-01-31 14:30, numbers with the fifteen digits that a spreadsheet has.
    """
    _check(data)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = []
        for meta in book.sheets_metadata:
            if meta.typ == calamine.SheetTypeEnum.WorkSheet:
                sheet = book.get_sheet_by_name(meta.name)
                rows = tuple(tuple(map(_text, row)) for row in sheet.to_python(skip_empty_area=False))
                if any(any(row) for row in rows):
                    ranges = sheet.merged_cell_ranges or ()
                    found.append(Sheet(meta.name, rows, tuple((*first, *last) for first, last in ranges)))
        return tuple(found)
    except (calamine.CalamineError, OSError, ValueError):
        raise InputError(gettext_noop("file: the workbook is damaged; open it and save it anew.")) from None


def _check(data: bytes) -> None:
    """InputError unless every part of the archive unpacks to what can be held."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.NameToInfo:
                raise InputError(gettext_noop("file: this is no XLSX workbook; save it as XLSX or CSV."))
            if len(parts) > MOST_PARTS:
                raise InputError(gettext_noop("file: the workbook unpacks to more than can be read; save it as CSV."))
            room = MOST_UNPACKED
            for part in parts:
                if part.flag_bits & 1:
                    raise InputError(gettext_noop("file: the workbook is locked with a password; save it without."))
                room = _unpacked(archive, part, room)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error, KeyError, ValueError):
        raise InputError(gettext_noop("file: the workbook is damaged; open it and save it anew.")) from None


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, room: int) -> int:
    """What is left of `room` after a part, whatever size it says to have. Any part may be a sheet, by any name."""
    part.file_size = 1 << 62
    rest, counted = b"", _Counted()
    with archive.open(part) as file:
        while piece := file.read(_PIECE):
            room -= len(piece)
            if room < 0:
                raise InputError(gettext_noop("file: the workbook unpacks to more than can be read; save it as CSV."))
            # However wide an attribute is written, what is told of it fits into the overlap.
            whole = _SPACES.sub(b" ", rest + piece)
            end = max(whole.rfind(b"<"), 0)
            if _FAR.search(whole) or counted.too_many(whole[:end]):
                raise InputError(
                    gettext_noop(
                        "file: a sheet has cells beyond row {rows} or column CZ; remove what lies there, or save it as"
                        " CSV."
                    ),
                    rows=f"{MOST_ROWS:,}",
                )
            rest = whole[end:] if len(whole) - end < _PIECE else whole[-_OVERLAP:]
    return room


class _Counted:
    """How many rows a sheet has, and how many cells each: both may stand there without a place of their own."""

    def __init__(self) -> None:
        self.begun, self.rows, self.cells = False, 0, 0

    def too_many(self, text: bytes) -> bool:
        """Whether there are too many, with what comes next: whole elements of a part."""
        self.begun = self.begun or b"sheetData" in text
        if not self.begun:
            return False
        for number, row in enumerate(_ROW.split(text)):
            if number:
                self.rows, self.cells = self.rows + 1, 0
            self.cells += len(_CELL.findall(row))
            if self.cells > MOST_COLUMNS:
                return True
        return self.rows > MOST_ROWS


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return format(value, ".15g") if not value.is_integer() or abs(value) >= 1e15 else str(int(value))
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d}" if value.time() == datetime.time() else f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)


_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATION = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>'
    "</Relationships>"
)
_BOOK = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


def write_workbook(name: str, rows: Iterable[Sequence[str]]) -> bytes:
    """A workbook of one sheet in which every cell is a text, so that no spreadsheet calculates it."""
    return b"".join(workbook_pieces(name, rows))


def workbook_pieces(name: str, rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """What `write_workbook` writes, piece by piece, so that a long one is never held whole.

    Without the sizes beyond 4 GB of the format (zip64), which Excel does not read where a file is written in one go.
    """
    out = _Written()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATION.format(kind="officeDocument", target="xl/workbook.xml"))
        archive.writestr(
            "xl/_rels/workbook.xml.rels", _RELATION.format(kind="worksheet", target="worksheets/sheet1.xml")
        )
        title = re.sub(r"[\\/*?:\[\]]", " ", name)[:31].strip() or "1"
        archive.writestr("xl/workbook.xml", _BOOK.format(name=escape(title, {'"': "&quot;"})))
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for piece in _sheet(rows):
                sheet.write(piece.encode())
                if out.size >= _SENT:
                    yield out.taken()
    yield out.taken()


class _Written(io.RawIOBase):
    """Where a workbook is written that is sent before it ends: it cannot be gone back in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self.size += len(part)
        return len(part)

    def taken(self) -> bytes:
        """What was written since the last time."""
        made, self._parts, self.size = b"".join(self._parts), [], 0
        return made


def _sheet(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    for row in rows:
        cells = "".join(
            f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_LETTERS.sub("", cell))}</t></is></c>'
            for cell in row
        )
        yield f"<row>{cells}</row>"
    yield "</sheetData></worksheet>"

"""From a file to a table of texts, and back: CSV with any separator and encoding, XLSX, FHIR. No database here."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, TypeVar

import pyarrow as pa
from django.utils.translation import gettext as _

from wardbench.campus.biobank.imports import notes, unread
from wardbench.campus.biobank.imports.fields import REASONS, meant
from wardbench.campus.biobank.imports.notes import lines_said
from wardbench.campus.people.sheet import as_western, folded, is_broken, lines_of, text_of, without_separator
from wardbench.core import workbook
from wardbench.core.errors import InputError
from wardbench.core.spreadsheet import BOM, defused, plain
from wardbench.core.workbook import Sheet

T = TypeVar("T")
MOST_BYTES = 200_000_000
MOST_WORKBOOK = 50_000_000
MOST_ROWS = 1_000_000
MOST_COLUMNS = 250
LONGEST_CELL = 2_000
PIECE = 2_000
"""Rows that are written at once."""
SEPARATORS = ",;\t|"
COMMENT = "#"
"""A row whose first cell begins with this is an explanation, and is not read."""
TITLES = 12
"""So many rows may stand above the headers: a title, who keeps the list, since when."""
TOP = 20_000
"""Letters of a line in which a separator is looked for."""
TOTAL = re.compile(
    r"(grand |general |sub-?|eind|nombre |aantal |algemeen )?(total|totals|totaal|totaux|sum|som|somme)"
    r"( (général|general|generaal|number|aantal|nombre)\b[^:=]*)?\s*([:=].*)?",
    re.IGNORECASE,
)
"""What the first filled cell of a row says that adds up those above it, as "Totaal: 12"."""
SOME = 2
"""A row with so many known headers names the columns, whatever stands above it."""


@dataclass(frozen=True)
class Table:
    """A table: its headers, and for each row the line of the file that it starts on and a text for each header.

    `told` says what was made of the file, in sentences; `sizes` how large each box of a freezer's sheet is: rows,
    columns, and how its positions are called. `notes` are the places of rows that look like no specimen.
    """

    headers: tuple[str, ...]
    lines: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    told: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[int, int, str]] = field(default_factory=dict)
    kind: str = "sheet"
    notes: tuple[int, ...] = ()


def sheets_of(data: bytes) -> tuple[Sheet, ...]:
    """The sheets of a workbook that hold anything. InputError where there are none, or it cannot be read."""
    if len(data) > MOST_WORKBOOK:
        raise InputError(_("The file is larger than %(most)d MB; split it.") % {"most": MOST_WORKBOOK // 1_000_000})
    sheets = workbook.read_workbook(data)
    if not sheets:
        raise InputError(_("The file is empty; start from the template."))
    return sheets


def read_workbook(sheets: Sequence[Sheet], name: str = "") -> Table:
    """The sheet of this name as a table, or that of which most columns are known. InputError where there is none."""
    wanted = next((one for one in sheets if one.name.casefold() == name.strip().casefold()), None)
    if name.strip() and wanted is None:
        names = ", ".join(one.name for one in sheets)[:200]
        raise InputError(_("The workbook has no sheet of this name; it has: %(names)s.") % {"names": names})
    wanted = wanted or max(sheets, key=lambda one: max(map(_known, _first(one.rows)), default=0))
    table = read_sheet(wanted)
    others = ", ".join(one.name for one in sheets if one is not wanted)[:200]
    if not others:
        return table
    said = _("Only the sheet “%(name)s” was read. There are also: %(others)s.")
    said %= {"name": wanted.name, "others": others}
    return replace(table, told=(*table.told, said))


def csv_sheet(data: bytes, most: int = MOST_ROWS) -> Sheet:
    """A CSV file as a sheet, without looking for headers; of its lines the first, and `most` after it."""
    text = without_separator(text_of(data, MOST_BYTES))
    text = _decoded(text)
    separator = max(SEPARATORS, key=text[:20_000].count) if most else _separator(text)
    return Sheet("", tuple(tuple(map(_clean, cells)) for _line, cells in lines_of(text, separator, most)))


def headers_known(sheet: Sheet) -> int:
    """How many columns of a sheet are known by its first row."""
    return max(map(_known, _first(sheet.rows, 1)), default=0)


def _first(rows: Iterable[Sequence[str]], most: int = TITLES + 1) -> Iterator[Sequence[str]]:
    """The first rows that are no explanations, of which one names the columns."""
    return islice((row for row in rows if any(row) and not row[0].startswith(COMMENT)), most)


def _known(row: Sequence[str]) -> int:
    return len({found for cell in row if (found := meant(cell))})


def _named_by(rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """Which row names the columns: the first one, unless it says nothing that is known and one soon below it does.

    Where none says anything known, a first row of one cell is a title, and the next with several names them.
    """
    known = [_known(cells) for _line, cells in rows[: TITLES + 1]]
    best = max(range(len(known)), key=known.__getitem__)
    if known[0] < SOME <= known[best]:
        return best
    if known[best]:
        return 0
    several = (place for place in range(len(known)) if sum(map(bool, rows[place][1])) >= SOME)
    return next(several, 0) if sum(map(bool, rows[0][1])) < SOME else 0


def read_csv(data: bytes) -> Table:
    """A CSV file as a table, with the headers of its first line."""
    text = without_separator(text_of(data, MOST_BYTES))
    told = (
        (_("It is not UTF-8 and was read as Windows-1252; look at letters with accents."),) if is_broken(text) else ()
    )
    text = _decoded(text)
    lines = lines_of(text, _separator(text), MOST_ROWS)
    rows = [(line, [_clean(cell) for cell in cells]) for line, cells in lines]
    return table_of(rows, told)


def read_sheet(sheet: Sheet) -> Table:
    """A sheet of a workbook as a table; merged cells all have the text of the first."""
    rows = [(number, list(cells)) for number, cells in enumerate(_spread(sheet), 1) if any(cells)]
    told = (_("Merged cells were read as if each held the same text."),) if sheet.merged else ()
    return table_of(rows, told, beside=True)


def _spread(sheet: Sheet) -> Iterable[Sequence[str]]:
    """The rows of a sheet with the text of merged cells in each of them. InputError where a cell is merged twice, which
    no program writes: a file could name the whole sheet a million times."""
    if not sheet.merged:
        return sheet.rows
    rows = [list(row) for row in sheet.rows]
    room = sum(map(len, rows)) + len(rows)
    for top, left, bottom, right in sheet.merged:
        if top < len(rows) and left < len(rows[top]):
            said = rows[top][left]
            for row in rows[top : bottom + 1]:
                room -= max(1, len(row[left : right + 1]))
                if room < 0:
                    raise InputError(_("file: the workbook is damaged; open it and save it anew."))
                row[left : right + 1] = [said or cell for cell in row[left : right + 1]]
    return rows


def table_of(rows: Sequence[tuple[int, Sequence[str]]], told: Iterable[str] = (), *, beside: bool = False) -> Table:
    """A table of numbered rows, of which the first that is no explanation or title names the columns.

    InputError where there are no rows, too many, too many columns, or two columns of one name; where cells stand beside
    the columns, unless `beside` says that they may, as in a sheet: then they are left out.
    """
    rows = [(line, cells) for line, cells in rows if not (cells and cells[0].startswith(COMMENT))]
    if not rows:
        raise InputError(_("The file is empty; start from the template."))
    if above := _named_by(rows):
        rows = rows[above:]
        said = _("The columns are named in line %(line)d; what stands above it was left out.") % {"line": rows[0][0]}
        told = (*told, said)
    if len(rows) > MOST_ROWS + 1:
        raise InputError(_("The file has more than %(most)d rows; split it.") % {"most": MOST_ROWS})
    headers = _headers(rows[0][1])
    keep = [place for place, header in enumerate(headers) if folded(header) not in REASONS]
    dropped = [place for place in keep if unread.says_who(headers[place])]
    keep = [place for place in keep if place not in dropped]
    lines, found, left = _rows(rows[1:], headers, keep, beside=beside)
    added_up = []
    while len(found) > 1 and TOTAL.fullmatch(next(filter(None, found[-1]), "")):
        found.pop()
        added_up.append(lines.pop())
    if added_up:
        said = _("Line %(line)d adds up what stands above it, and was left out.")
        told = (*told, *(said % {"line": line} for line in reversed(added_up)))
    if not found:
        raise InputError(_("The file has headers and no rows."))
    if dropped:
        names = ", ".join(headers[place] for place in dropped)[:500]
        told = (*told, _(unread.SAID[unread.Why.WHO]).format(names=names))
    kept = tuple(headers[place][:100] for place in keep)
    label = next((place for place, header in enumerate(kept) if meant(header) == "label"), 0)
    return Table(
        kept, tuple(lines), tuple(found), (*told, *left), notes=tuple(notes.found_in(found, label)) if keep else ()
    )


def _headers(cells: Sequence[str]) -> list[str]:
    """The headers of a table. InputError where there are too many, or two of one name."""
    headers = ["".join(filter(str.isprintable, " ".join(cell.split()))) for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    if len(headers) > MOST_COLUMNS:
        raise InputError(
            _("The file has more than %(most)d columns; keep those that are meant.") % {"most": MOST_COLUMNS}
        )
    twice = [header for header, count in Counter(map(folded, filter(None, headers))).items() if count > 1]
    if twice:
        raise InputError(
            _("Two columns are called “%(name)s”; give one of them another name.") % {"name": twice[0][:60]}
        )
    return headers


def _rows(
    rows: Sequence[tuple[int, Sequence[str]]], headers: Sequence[str], keep: Sequence[int], *, beside: bool
) -> tuple[list[int], list[tuple[str, ...]], list[str]]:
    """The lines and cells of the rows of a table, and in sentences what was left out of them."""
    width, named = len(headers), [folded(header) for header in headers]
    births = frozenset(place for place in keep if unread.is_birth(headers[place]))
    lines, found = [], []
    repeated, outside = [], []
    for line, cells in rows:
        if len(cells) < width:
            cells = (*cells, *[""] * (width - len(cells)))
        elif any(cells[width:]):
            if not beside:
                raise _too_wide(line)
            outside.append(line)
        if notes.is_repeated(cells[:width], named):
            repeated.append(line)
        elif any(cells[place] for place in keep):
            lines.append(line)
            if births:
                cells = [unread.year_of(cell) if place in births else cell for place, cell in enumerate(cells)]
            found.append(tuple(cells[place][:LONGEST_CELL] for place in keep))
    told = []
    if repeated:
        said = _("Left out, because they name the columns once more: lines %(lines)s.")
        told.append(said % {"lines": lines_said(repeated)})
    if outside:
        said = _("Left out, because it stands beside the columns: something in lines %(lines)s.")
        told.append(said % {"lines": lines_said(outside)})
    if births:
        told.append(_("Of days of birth the year alone was kept."))
    return lines, found, told


def _too_wide(line: int) -> InputError:
    said = _("Line %(line)d has more cells than there are columns; is a separator missing its quotation marks?")
    return InputError(said % {"line": line})


def _clean(cell: str) -> str:
    cell = cell.strip()
    return plain(cell) if cell.startswith("'") else cell


def _decoded(text: str) -> str:
    return as_western(text) if is_broken(text) else text


def _separator(text: str) -> str:
    """The one that gives the most headers that are known; among equals the one that most of the first lines have, and
    most of."""
    lines = (line[:TOP] for line in text.splitlines() if line.strip() and not line.startswith(COMMENT))
    first = list(islice(lines, TITLES + 1)) or [""]
    said = {one: max(_known([cell.strip('"') for cell in line.split(one)]) for line in first) for one in SEPARATORS}
    counts = {one: [line.count(one) for line in first] for one in SEPARATORS}
    return max(SEPARATORS, key=lambda one: (said[one], sum(map(bool, counts[one])), sum(counts[one])))


def packed(table: Table) -> bytes:
    """A table as it is kept: columns of texts, compressed."""
    columns: dict[str, Any] = {"line": pa.array(table.lines, pa.int32())}
    for place in range(len(table.headers)):
        columns[f"c{place}"] = pa.array([row[place] for row in table.rows], pa.string())
    about = {"headers": table.headers, "told": table.told, "sizes": table.sizes, "kind": table.kind,
             "notes": table.notes}  # fmt: skip
    made = pa.table(columns).replace_schema_metadata({"wardbench": json.dumps(about)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, made.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(made)
    return bytes(sink.getvalue())


@dataclass(frozen=True)
class Kept:
    """A table as `packed` wrote it, of which rows are read as they are wanted."""

    content: pa.Table
    notes: Mapping[str, Any]

    @property
    def told(self) -> Sequence[str]:
        return tuple(self.notes["told"])

    @property
    def lines(self) -> Sequence[int]:
        """The line of the file that each row starts on."""
        return tuple(self.content.column("line").to_pylist())

    def some(self, places: Sequence[int]) -> Table:
        """The rows at these places alone."""
        return self._table(self.content.take(pa.array(places, pa.int64())))

    def whole(self) -> Table:
        return replace(self._table(self.content), notes=tuple(self.notes.get("notes", ())))

    def _table(self, made: pa.Table) -> Table:
        notes = self.notes
        columns = [made.column(f"c{place}").to_pylist() for place in range(len(notes["headers"]))]
        sizes = {name: (high, wide, labels) for name, (high, wide, labels) in notes["sizes"].items()}
        rows = tuple(zip(*columns, strict=True))
        lines = tuple(made.column("line").to_pylist())
        return Table(tuple(notes["headers"]), lines, rows, tuple(notes["told"]), sizes, notes["kind"])


def opened(data: bytes) -> Kept:
    """The table that `packed` was given, unread."""
    made = pa.ipc.open_stream(data).read_all()
    return Kept(made, json.loads(made.schema.metadata[b"wardbench"]))


def unpacked(data: bytes) -> Table:
    """The table that `packed` was given."""
    return opened(data).whole()


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV that a spreadsheet opens without harm: what it would calculate becomes a text."""
    return b"".join(csv_pieces(headers, rows))


def csv_pieces(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """What `write_csv` writes, piece by piece."""
    mark = BOM
    for piece in pieces(chain([headers], rows), PIECE):
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
        writer.writerows([defused(cell) for cell in row] for row in piece)
        yield (mark + out.getvalue()).encode()
        mark = ""


def pieces(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """`values` in lists of `size`, the last of which may be shorter."""
    waiting = iter(values)
    while piece := list(islice(waiting, size)):
        yield piece

"""Reading a CSV file of people: encoding, separator and headers as spreadsheets write them. No database here."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wardbench.core.errors import InputError
from wardbench.core.spreadsheet import BOM, defused, plain

MOST_BYTES = 4_000_000
MOST_ROWS = 20_000
SEPARATORS = ",;\t"

HEADERS: dict[str, tuple[str, ...]] = {
    "email": (
        "email", "e-mail address", "mail", "e-mailadres", "mailadres", "adresse e-mail", "courriel",
        "adresse électronique",
    ),
    "name": ("name", "full name", "naam", "volledige naam", "nom", "nom complet"),
    "title": ("title", "job title", "titel", "functie", "functietitel", "titre", "fonction"),
    "language": ("language", "taal", "langue"),
    "orcid": ("orcid", "orcid id"),
    "expertise": ("expertise", "topics", "deskundigheid", "domaines d'expertise"),
    "role": ("role", "rol", "rôle"),
    "organisation": ("organisation", "organization", "organisatie", "instelling", "établissement"),
    "unit": (
        "unit", "department", "care programme", "afdeling", "dienst", "zorgprogramma", "unité", "service",
        "département",
        "programme de soins",
    ),
    "since": ("since", "from", "start date", "sinds", "vanaf", "begindatum", "startdatum", "depuis", "date de début"),
    "until": ("until", "to", "end date", "tot", "tot en met", "einddatum", "jusqu'au", "date de fin"),
    "leads": ("leads", "head", "leidt", "hoofd", "dirige", "chef"),
    "reasons": ("reasons", "redenen", "raisons"),
}  # fmt: skip
"""Each column and what it is called in English, Dutch and French; `reasons` is what `rest` adds, and is not read."""

NEEDED = ("email", "name")


@dataclass(frozen=True)
class Row:
    """One row: its number as a spreadsheet shows it, its cells as they stand, and by column."""

    line: int
    cells: tuple[str, ...]
    values: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """A file: its headers as they stand, those we know by column, those we do not, and its rows."""

    separator: str
    headers: tuple[str, ...]
    known: dict[str, str]
    unknown: tuple[str, ...]
    rows: tuple[Row, ...]


def folded(text: str) -> str:
    """`text` for comparing names as people write them: no case, no accents, single spaces, no punctuation."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalnum() else " " for c in apart if not unicodedata.combining(c))
    return " ".join(kept.split())


_COLUMNS = {folded(said): column for column, names in HEADERS.items() for said in names}
_COLUMNS |= {said.replace(" ", ""): column for said, column in _COLUMNS.items()}


def _column(header: str) -> str:
    """The column that a header means; empty where it is none of ours."""
    said = folded(header)
    return _COLUMNS.get(said) or _COLUMNS.get(said.replace(" ", ""), "")


def read_sheet(data: bytes) -> Sheet:
    """Read a file; InputError where nothing can be made of it as a whole. Bytes that are not UTF-8 stay in their cell
    (as surrogates), so that the other rows can be used."""
    text = without_separator(text_of(data, MOST_BYTES))
    separator = _separator(text)
    lines = lines_of(text, separator, MOST_ROWS)
    if not lines:
        raise InputError(_("The file is empty; start from the template."))
    if len(lines) > MOST_ROWS + 1:
        raise InputError(_("The file has more than %(most)d rows; split it.") % {"most": MOST_ROWS})
    headers = tuple(cell.strip() for cell in lines[0][1])
    columns = [_column(header) for header in headers]
    known: dict[str, str] = {}
    for header, column in zip(headers, columns, strict=True):
        if column in known:
            names = {"first": known[column], "second": header}
            raise InputError(_("The columns %(first)s and %(second)s mean the same; keep one.") % names)
        if column:
            known[column] = header
    missing = [column for column in NEEDED if column not in known]
    if missing:
        raise InputError(
            _("There is no column %(missing)s. The first line of the file has to name the columns, as in the template.")
            % {"missing": ", ".join(missing)}
        )
    rows = tuple(_row(number, cells, columns) for number, cells in lines[1:])
    if not rows:
        raise InputError(_("The file has headers and no rows."))
    unknown = tuple(h for h, c in zip(headers, columns, strict=True) if not c and h)
    return Sheet(separator, headers, known, unknown, rows)


def write_rest(sheet: Sheet, reasons: dict[int, list[str]]) -> str:
    """The rows that have reasons, as they stood, with a column that says why they were not taken."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sheet.separator)
    keep = [place for place, header in enumerate(sheet.headers) if _column(header) != "reasons"]
    writer.writerow([*(defused(sheet.headers[place]) for place in keep), _("reasons")])
    for row in sheet.rows:
        if row.line in reasons:
            cells = [defused(_shown(row.cells[place])) if place < len(row.cells) else "" for place in keep]
            more = [defused(_shown(cell)) for cell in row.cells[len(sheet.headers) :]]
            writer.writerow([*cells, defused(" ".join(reasons[row.line])), *more])
    return BOM + out.getvalue()


def template() -> str:
    """A file to start from."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column for column in HEADERS if column != "reasons"])
    person = ["an.peeters@hospital.example", "An Peeters", "Nephrologist", "nl", "", "diabetic nephropathy; dialysis"]
    writer.writerow([*person, "physician", "Hospital", "Nephrology", "2026-01-01", "", "head"])
    return BOM + out.getvalue()


def text_of(data: bytes, most: int) -> str:
    """A file of at most `most` bytes as text; bytes that are not UTF-8 stay as surrogates. InputError for what is no
    text."""
    if len(data) > most:
        raise InputError(_("The file is larger than %(most)d MB; split it.") % {"most": most // 1_000_000})
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(_("This is a workbook. In your spreadsheet, save it as CSV (UTF-8) and choose that file."))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise InputError(_("The file says that it is UTF-16 and is not; save it as CSV (UTF-8).")) from None
    if b"\x00" in data:
        raise InputError(_("This is not a text file; save it as CSV (UTF-8)."))
    return data.decode("utf-8-sig", errors="surrogateescape")


def without_separator(text: str) -> str:
    """`text` without the first line that tells a spreadsheet the separator, which it does not show as a row."""
    first, _newline, after = text.partition("\n")
    return after if re.fullmatch('"?sep=."?\r?', first, re.IGNORECASE) else text


def _separator(text: str) -> str:
    """The one that gives the most headers that we know."""
    header = text.partition("\n")[0]
    return max(SEPARATORS, key=lambda one: sum(bool(_column(cell)) for cell in header.split(one)))


def lines_of(text: str, separator: str, most: int) -> list[tuple[int, list[str]]]:
    """Rows that hold something, each with the number that a spreadsheet gives it: a line break inside a cell begins no
    row. At most `most` after the headers and one. InputError for what is no CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found = []
    try:
        for number, cells in enumerate(reader, 1):
            if any(cell.strip() for cell in cells):
                found.append((number, cells))
            if len(found) > most + 1:
                break
    except csv.Error as error:
        why = _("a quotation mark is opened and never closed") if "end of data" in str(error) else str(error)
        raise InputError(_("The file cannot be read as CSV: %(why)s.") % {"why": why}) from None
    return found


def _row(line: int, cells: list[str], columns: list[str]) -> Row:
    values = {c: plain(cell.strip()) for c, cell in zip(columns, cells, strict=False) if c and c != "reasons"}
    return Row(line, tuple(cells), values)


def broken_words(sheet: Sheet, most: int = 5) -> list[str]:
    """Cells whose bytes are not UTF-8, read as a Western spreadsheet most likely meant them; each once, the first."""
    found = (as_western(cell) for row in sheet.rows for cell in row.cells if is_broken(cell))
    return list(dict.fromkeys(found))[:most]


def _shown(cell: str) -> str:
    """A cell whose bytes are not UTF-8, as a Western spreadsheet most likely meant them."""
    if not is_broken(cell):
        return cell
    return as_western(cell)


def as_western(text: str) -> str:
    """`text` with what is not UTF-8 read as Windows-1252."""
    return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def is_broken(cell: str) -> bool:
    """Whether a cell held bytes that are not UTF-8."""
    return any("\ud800" <= character <= "\udfff" for character in cell)

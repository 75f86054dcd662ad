"""Lines of a CSV file by the names of its columns. A fault is told by file, line and column, never by value."""

from __future__ import annotations

import csv
import gzip
import hashlib
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import PurePath
from typing import Protocol

from wardbench.core.errors import InputError, NotFoundError

NOTHING = frozenset({"", "na", "nan", "null", "none"})
"""What a cell holds where nothing is known, in any case of letters."""
MOST_BYTES = 1 << 30


class Source(Protocol):
    """What lines are read from: a path, or what was `Sent`. As text it is what sentences call it."""

    @property
    def name(self) -> str: ...

    @property
    def stem(self) -> str: ...

    @property
    def suffix(self) -> str: ...

    def read_bytes(self) -> bytes: ...


@dataclass(frozen=True)
class Sent:
    """A file that somebody sent and that lies nowhere: its name and its bytes."""

    name: str
    data: bytes

    def __str__(self) -> str:
        return self.name

    @property
    def stem(self) -> str:
        return PurePath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePath(self.name).suffix

    def read_bytes(self) -> bytes:
        return self.data


@dataclass(frozen=True)
class Line:
    """One line: where it stands, and its cells by column as the header writes it."""

    path: str
    number: int
    cells: Mapping[str, str]
    decimal: str

    def fault(self, column: str, what: str) -> InputError:
        return InputError(f"{self.path}: line {self.number}, column {column}: {what}")

    def text(self, column: str) -> str:
        """The cell without spaces around it, empty where nothing is known."""
        cell = self.cells[column].strip()
        return "" if cell.lower() in NOTHING else cell

    def number_of(self, column: str) -> float | None:
        """The cell as a number, None where it is empty; InputError where it is none."""
        cell = self.text(column)
        if not cell:
            return None
        try:
            if "_" in cell:
                # Python would read 6_3 as 63.
                raise ValueError
            value = float(cell.replace(self.decimal, ".") if self.decimal != "." else cell)
        except ValueError:
            hint = "; where commas part the cells, the decimal sign is a point" if "," in cell else ""
            raise self.fault(column, f"not a number{hint}.") from None
        if not math.isfinite(value):
            raise self.fault(column, "not a number.")
        return value

    def count_of(self, column: str) -> int | None:
        """The cell as a whole number of 0 or more, None where it is empty; InputError where it is none."""
        value = self.number_of(column)
        if value is None:
            return None
        if value < 0 or value != int(value):
            raise self.fault(column, "not a whole number of 0 or more.")
        return int(value)


@dataclass(frozen=True)
class File:
    """A CSV file that was read: its name, the SHA-256 of its bytes, its columns and lines."""

    path: str
    sha256: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]

    def column(self, name: str, *, required: bool = True) -> str | None:
        """A column by its name in any case of letters; InputError where there is none and it is required."""
        found = next((column for column in self.columns if column.lower() == name.lower()), None)
        if found is None and required:
            raise InputError(f"{self.path}: line 1: there is no column {name}, but {', '.join(self.columns)}.")
        return found


def read_lines(path: Source) -> File:
    """Read a CSV file, also packed by gzip. Commas, semicolons or tabs part its cells; with semicolons and tabs a
    decimal comma is read too. NotFoundError or InputError where it cannot be read as a table with a header.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
    try:
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(BytesIO(raw)) as packed:
                data = packed.read(MOST_BYTES + 1)
        else:
            data = raw
        text = data.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{path}: is packed, and damaged.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not text in UTF-8; save it as CSV UTF-8.") from None
    if len(data) > MOST_BYTES:
        raise InputError(f"{path}: is larger than {MOST_BYTES >> 20} MB.")
    head = text.partition("\n")[0]
    mark = max(",;\t", key=head.count)
    lines = tuple(_lines(str(path), text, mark))
    columns = tuple(column.strip() for column in next(csv.reader(StringIO(text, newline=""), delimiter=mark), []))
    if not lines:
        raise InputError(f"{path}: has no lines below a header.")
    return File(str(path), hashlib.sha256(raw).hexdigest(), columns, lines)


def _lines(path: str, text: str, mark: str) -> Iterator[Line]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        columns = [column.strip() for column in next(reader, [])]
        if "" in columns or len({column.lower() for column in columns}) < len(columns):
            raise InputError(f"{path}: line 1: every column has a name of its own.")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(columns):
                raise InputError(f"{path}: line {reader.line_num}: has {len(cells)} cells, the header {len(columns)}.")
            yield Line(path, reader.line_num, dict(zip(columns, cells, strict=True)), "." if mark == "," else ",")
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: not CSV ({error}).") from None

"""The places rows of a CDM table are read from: a CSV file, a Parquet file, a table of a DuckDB file."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

import duckdb

from wardbench.core.errors import InputError
from wardbench.core.omop.tables import TABLES
from wardbench.core.store import quoted
from wardbench.ward.ingest.omop.columns import match
from wardbench.ward.ingest.omop.lines import Dialect, parse_header, write_lines
from wardbench.ward.ingest.packed import check_packed

DELIMITERS = ("\t", ",", ";", "|")
HEADER_BYTES = 1 << 20


@dataclass(frozen=True)
class Field:
    """A column as the source has it; `type` is DuckDB's name of its type."""

    name: str
    type: str


class Part(Protocol):
    """Rows of one table. In the SQL the source's columns are called c0, c1, ... by their position."""

    @property
    def table(self) -> str: ...

    @property
    def name(self) -> str:
        """What the ledger and every message call it."""

    @property
    def weight(self) -> int:
        """How much there is to read, in a unit that all parts of a source share."""

    @property
    def fields(self) -> tuple[Field, ...]: ...

    def rows(self) -> str:
        """SQL for all rows; running it raises `duckdb.Error` where the source cannot be read."""

    def numbered(self, scratch: Path) -> str:
        """SQL for all rows with `line` (from 1, as an editor counts) and `reason`, NULL where the row can be read."""

    def cannot_be_read(self) -> InputError:
        """The sentence for a part that cannot be read at all."""


@dataclass(frozen=True)
class CsvPart:
    """A delimited text file with a header line, plain or gzip."""

    table: str
    name: str
    path: Path
    weight: int
    fields: tuple[Field, ...]
    dialect: Dialect

    @classmethod
    def open(cls, table: str, path: Path, name: str) -> CsvPart:
        """Look at the header; InputError where there is none that belongs to `table`."""
        line = _header_line(path, name)
        best: tuple[int, Dialect, list[str]] = (0, Dialect(",", '"'), [])
        for delimiter in DELIMITERS:
            # Athena writes tabs and no quotation marks, and its names are full of them.
            plain = delimiter == "\t" and TABLES[table].schema == "vocab" and '"' not in line
            dialect = Dialect(delimiter, None if plain else '"')
            header = parse_header(line, dialect)
            known = len(match(table, header).positions)
            if known > best[0]:
                best = (known, dialect, header)
        known, dialect, header = best
        if not known:
            raise InputError(f"{name}, line 1: no column of the table {table} is named here; a header line is needed.")
        if _is_packed(path):
            check_packed(path, name)
        fields = tuple(Field(column, "VARCHAR") for column in header)
        return cls(table, name, path, path.stat().st_size, fields, dialect)

    def rows(self) -> str:
        columns = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(len(self.fields)))
        quote = quoted(self.dialect.quote or "")
        packed = "gzip" if _is_packed(self.path) else "none"
        return (
            f"SELECT * FROM read_csv({quoted(self.path)}, auto_detect=false, header=true, columns={{{columns}}},"
            f" delim={quoted(self.dialect.delimiter)}, quote={quote}, escape={quote}, compression='{packed}')"
        )

    def numbered(self, scratch: Path) -> str:
        try:
            with _open(self.path) as handle:
                write_lines(handle, self.dialect, len(self.fields), scratch)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise self.cannot_be_read() from None
        return f"SELECT * FROM read_parquet({quoted(scratch)})"

    def cannot_be_read(self) -> InputError:
        how = "the compressed file is cut off or damaged" if _is_packed(self.path) else "the file cannot be read"
        return InputError(f"{self.name}: {how}; nothing was loaded.")


@dataclass(frozen=True)
class ParquetPart:
    """A Parquet file."""

    table: str
    name: str
    path: Path
    weight: int
    fields: tuple[Field, ...]

    @classmethod
    def open(cls, table: str, path: Path, name: str, con: duckdb.DuckDBPyConnection) -> ParquetPart:
        part = cls(table, name, path, path.stat().st_size, ())
        try:
            found = con.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(path)})").fetchall()
        except duckdb.Error:
            raise part.cannot_be_read() from None
        return cls(table, name, path, part.weight, tuple(Field(row[0], row[1]) for row in found))

    def rows(self) -> str:
        return f"SELECT {_positions(self.fields)} FROM read_parquet({quoted(self.path)})"

    def numbered(self, scratch: Path) -> str:
        return (
            f"SELECT file_row_number + 1 AS line, NULL::VARCHAR AS reason, {_positions(self.fields)}"
            f" FROM read_parquet({quoted(self.path)}, file_row_number=true)"
        )

    def cannot_be_read(self) -> InputError:
        return InputError(f"{self.name}: not a Parquet file, or a damaged one; nothing was loaded.")


@dataclass(frozen=True)
class DatabasePart:
    """A table or view of an attached DuckDB file; `relation` is its name as SQL."""

    table: str
    name: str
    relation: str
    weight: int
    fields: tuple[Field, ...]

    def rows(self) -> str:
        return f"SELECT {_positions(self.fields)} FROM {self.relation}"

    def numbered(self, scratch: Path) -> str:
        return (
            f"SELECT row_number() OVER () AS line, NULL::VARCHAR AS reason, {_positions(self.fields)}"
            f" FROM {self.relation}"
        )

    def cannot_be_read(self) -> InputError:
        return InputError(f"{self.name}: the table cannot be read; nothing was loaded.")


def _positions(fields: tuple[Field, ...]) -> str:
    return ", ".join('"' + field.name.replace('"', '""') + f'" AS c{n}' for n, field in enumerate(fields))


def _is_packed(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(2) == b"\x1f\x8b"


def _open(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked."""
    return cast(IO[bytes], gzip.open(path, "rb")) if _is_packed(path) else path.open("rb")


def _header_line(path: Path, name: str) -> str:
    try:
        with _open(path) as handle:
            line = handle.readline(HEADER_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(f"{name}: the compressed file is cut off or damaged; nothing was loaded.") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}).") from None
    try:
        text = line.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise InputError(f"{name}, line 1: not UTF-8 text.") from None
    if not text.strip():
        raise InputError(f"{name}: empty; a header line with the columns' names is needed.")
    return text

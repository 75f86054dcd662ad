"""The first stage of a load: every part read once into typed rows, those that do not fit the model set aside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec

from wardbench.core.errors import InputError
from wardbench.core.omop.tables import TABLES
from wardbench.core.store import quoted
from wardbench.ward.ingest.omop.columns import indispensable, match
from wardbench.ward.ingest.omop.parts import CsvPart, Part
from wardbench.ward.ingest.omop.values import REASONS, given, read

MISSING = "missing"


class BadRow(msgspec.Struct, frozen=True, order=True):
    """A value that is not what the model asks for, by its place: never the value itself.

    `line` counts from 1, the header of a text file included; `column` is None where the whole row cannot be read.
    """

    file: str
    line: int
    column: str | None
    reason: str


@dataclass(frozen=True)
class Staged:
    """A part as typed rows in `path`, with the column `is_bad`."""

    part: Part
    path: Path
    rows: int
    bad: int

    @property
    def good_rows(self) -> str:
        return f"SELECT * EXCLUDE (is_bad) FROM read_parquet({quoted(self.path)}) WHERE NOT is_bad"


def check_columns(part: Part) -> None:
    """InputError naming what the model requires of the table and the part lacks, or has twice."""
    found = match(part.table, [field.name for field in part.fields])
    if found.repeated:
        raise InputError(f"{part.name}: the column {found.repeated[0]} is there twice.")
    if found.missing_required:
        names = ", ".join(found.missing_required)
        raise InputError(f"{part.name}: the table {part.table} needs the columns that are missing here: {names}.")


def stage(con: duckdb.DuckDBPyConnection, part: Part, folder: Path, number: int) -> tuple[Staged, Iterator[BadRow]]:
    """Read a part into `folder`; the staged rows and the places of its bad ones, in the order of lines."""
    path = folder / f"{part.table}.{number}.parquet"
    staged = None
    try:
        staged = _copy(con, part, part.rows(), path)
    except duckdb.Error as error:
        if _is_of_the_disk(error):
            raise
        if not isinstance(part, CsvPart):
            raise part.cannot_be_read() from None
    if staged is not None and not staged.bad:
        return staged, iter(())
    numbered = part.numbered(folder / f"{part.table}.{number}.lines.parquet")
    if staged is None:
        staged = _copy(con, part, numbered, path)
    return staged, _bad_rows(con, part, numbered)


def _is_of_the_disk(error: duckdb.Error) -> bool:
    text = str(error)
    return "No space left" in text or "File too large" in text or isinstance(error, duckdb.OutOfMemoryException)


def _copy(con: duckdb.DuckDBPyConnection, part: Part, rows: str, path: Path) -> Staged:
    columns = _columns(part)
    chosen = ", ".join(f'value_{n} AS "{name}"' for n, (name, _, _) in enumerate(columns))
    wrong = [_is_wrong(part.table, name, n) for n, (name, _, _) in enumerate(columns)]
    if "reason" in {column[0] for column in con.execute(f"SELECT * FROM ({rows}) LIMIT 0").description or ()}:
        wrong.append("reason IS NOT NULL")
    con.execute(
        f"COPY (SELECT {chosen}, coalesce({' OR '.join(wrong)}, false) AS is_bad FROM ({_read(columns, rows)}))"
        f" TO {quoted(path)} (FORMAT parquet, COMPRESSION lz4)"
    )
    row = con.execute(f"SELECT count(*), count(*) FILTER (WHERE is_bad) FROM read_parquet({quoted(path)})").fetchone()
    assert row is not None
    return Staged(part, path, row[0], row[1])


def _columns(part: Part) -> list[tuple[str, str, str]]:
    """What is read, as (the model's column, SQL for what is given, SQL for the value)."""
    positions = match(part.table, [field.name for field in part.fields]).positions
    columns: list[tuple[str, str, str]] = []
    for name, position in positions.items():
        source, target = part.fields[position].type, TABLES[part.table][name].sql_type
        raw = given(f"c{position}", source, target)
        columns.append((name, raw, read(f"given_{len(columns)}", source, target)))
    return columns


def _read(columns: list[tuple[str, str, str]], rows: str) -> str:
    raw = ", ".join(f"{sql} AS given_{n}" for n, (_, sql, _) in enumerate(columns))
    values = ", ".join(f"{sql} AS value_{n}" for n, (_, _, sql) in enumerate(columns))
    return f"SELECT *, {values} FROM (SELECT *, {raw} FROM ({rows}))"


def _is_wrong(table: str, column: str, number: int) -> str:
    if column in indispensable(table):
        return f"value_{number} IS NULL"
    return f"(value_{number} IS NULL AND given_{number} IS NOT NULL)"


def _bad_rows(con: duckdb.DuckDBPyConnection, part: Part, numbered: str) -> Iterator[BadRow]:
    columns = _columns(part)
    faults = ["CASE WHEN reason IS NOT NULL THEN {'at': NULL, 'why': reason} END"]
    for n, (name, _, _) in enumerate(columns):
        why = f"CASE WHEN given_{n} IS NULL THEN '{MISSING}' ELSE '{_reason(part.table, name)}' END"
        broken = f"reason IS NULL AND {_is_wrong(part.table, name, n)}"
        faults.append(f"CASE WHEN {broken} THEN {{'at': '{name}', 'why': {why}}} END")
    cursor = con.cursor()
    cursor.execute(
        f"SELECT line, fault.at, fault.why FROM (SELECT line, unnest([{', '.join(faults)}]) AS fault"
        f" FROM ({_read(columns, numbered)})) WHERE fault IS NOT NULL ORDER BY line, fault.at"
    )
    while rows := cursor.fetchmany(10_000):
        for line, column, reason in rows:
            yield BadRow(part.name, line, column, reason)


def _reason(table: str, column: str) -> str:
    return REASONS.get(TABLES[table][column].sql_type, MISSING)

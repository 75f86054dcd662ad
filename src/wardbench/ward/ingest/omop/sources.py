"""What is given as SOURCE: which CDM tables it holds, in which files."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb

from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.core.omop.tables import TABLES
from wardbench.core.store import quoted
from wardbench.ward.ingest.omop.parts import CsvPart, DatabasePart, Field, ParquetPart, Part

DATABASE = "source_database"
_TEXT = re.compile(r"\.(csv|tsv|txt)(\.gz)?$", re.IGNORECASE)
_PARQUET = re.compile(r"\.(parquet|parq|pq)$", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """The parts of a source, by table in the order of the specification, and what else lies there."""

    parts: dict[str, list[Part]]
    unknown: tuple[str, ...]


def find(source: Path, con: duckdb.DuckDBPyConnection, *, schema: str | None = None) -> Found:
    """The tables in a folder of CSV or Parquet, or in a DuckDB file, which is then attached to `con` read-only.

    InputError where there is none, or where one table is there twice.
    """
    if not source.exists():
        raise NotFoundError(f"{source}: there is no such file or folder.")
    if source.is_dir():
        if schema is not None:
            raise InputError(f"{source}: --schema is for a DuckDB file, and this is a folder.")
        found = _in_folder(source, con)
    else:
        found = _in_database(source, con, schema)
    if not found.parts:
        raise InputError(f"{source}: no table of OMOP CDM 5.3 or 5.4 is here.")
    return found


def _in_folder(folder: Path, con: duckdb.DuckDBPyConnection) -> Found:
    holders: dict[str, list[Path]] = defaultdict(list)
    unknown = []
    for path in sorted(folder.iterdir()):
        table = _table_of(path)
        if table is not None:
            holders[table].append(path)
        elif not path.name.startswith((".", "_")):
            unknown.append(path.name + ("/" if path.is_dir() else ""))
    parts: dict[str, list[Part]] = {}
    for table in TABLES:
        if len(holders[table]) > 1:
            names = " and ".join(path.name for path in holders[table])
            raise InputError(f"{folder}: {names} both hold the table {table}; keep one of them.")
        for path in holders[table]:
            parts[table] = _parts(table, path, con)
    return Found(parts, tuple(unknown))


def _table_of(path: Path) -> str | None:
    """The table a file or a folder of parts is named after."""
    stem = _PARQUET.sub("", path.name)
    if not path.is_dir():
        stem = _TEXT.sub("", stem)
        if stem == path.name:
            return None
    return stem.lower() if stem.lower() in TABLES else None


def _parts(table: str, path: Path, con: duckdb.DuckDBPyConnection) -> list[Part]:
    if not path.is_dir():
        return [_part(table, path, path.name, con)]
    files = [p for p in sorted(path.iterdir()) if not p.name.startswith((".", "_"))]
    if not files:
        raise InputError(f"{path}: the folder of the table {table} is empty.")
    return [_part(table, file, f"{path.name}/{file.name}", con) for file in files]


def _part(table: str, path: Path, name: str, con: duckdb.DuckDBPyConnection) -> Part:
    if _PARQUET.search(path.name):
        return ParquetPart.open(table, path, name, con)
    if _TEXT.search(path.name):
        return CsvPart.open(table, path, name)
    raise InputError(f"{name}: neither CSV nor Parquet by its name, in the folder of the table {table}.")


def _in_database(file: Path, con: duckdb.DuckDBPyConnection, schema: str | None) -> Found:
    with file.open("rb") as handle:
        if handle.read(12)[8:] != b"DUCK":
            raise InputError(f"{file}: not a DuckDB file; give a DuckDB file, or a folder of CSV or Parquet.")
    try:
        con.execute(f"ATTACH {quoted(file.resolve())} AS {DATABASE} (READ_ONLY)")
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            raise BusyError(f"{file}: another process has this database open for writing.") from None
        raise InputError(f"{file}: DuckDB {duckdb.__version__} cannot open this database.") from None
    found = con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ? ORDER BY ALL",
        [DATABASE],
    ).fetchall()
    schemas = sorted({s for s, name in found if name.lower() == "person" and schema in (None, s)})
    if len(schemas) != 1:
        _refuse_schemas(file, schema, schemas, sorted({row[0] for row in found}))
    tables = {name.lower(): name for s, name in found if s == schemas[0]}
    sizes = dict(
        con.execute(
            "SELECT table_name, estimated_size FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?",
            [DATABASE, schemas[0]],
        ).fetchall()
    )
    parts: dict[str, list[Part]] = {}
    for table in TABLES:
        if table in tables:
            relation = f"{DATABASE}.{_identifier(schemas[0])}.{_identifier(tables[table])}"
            columns = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
            fields = tuple(Field(row[0], row[1]) for row in columns)
            name = f"{file.name}:{schemas[0]}.{tables[table]}"
            parts[table] = [DatabasePart(table, name, relation, 1 + (sizes.get(tables[table]) or 0), fields)]
    return Found(parts, tuple(original for name, original in tables.items() if name not in TABLES))


def _refuse_schemas(file: Path, asked: str | None, holding: list[str], there: list[str]) -> None:
    if holding:
        raise InputError(f"{file}: the schemas {', '.join(holding)} all have a table person; name one with --schema.")
    if asked is not None:
        raise InputError(f"{file}: no table person in the schema {asked}; there are {', '.join(there) or 'none'}.")
    raise InputError(f"{file}: no schema of this database has a table person.")


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""A draft: the snapshot in the making."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow.parquet as pq

from wardbench.core.omop.tables import CDM_VERSION, TABLES
from wardbench.core.store.connection import DEFAULT_MEMORY, connect, quoted
from wardbench.core.store.files import FORMAT, Layer, SnapshotFile, TableInfo, sha256_of, version_of
from wardbench.core.store.snapshot import Snapshot

ROW_GROUP_ROWS = 122_880

Publish = Callable[[Path, SnapshotFile, bool], Snapshot]
"""Make the folder of a draft a snapshot of its store, and the current one where the last argument says so."""


class Draft:
    """A snapshot in the making: write tables, then `commit`."""

    def __init__(self, publish: Publish, folder: Path) -> None:
        self._publish = publish
        self._tables: dict[tuple[Layer, str], TableInfo] = {}
        self.folder = folder / "snapshot"
        self.scratch = folder / "scratch"
        self.folder.mkdir()
        self.scratch.mkdir()

    def connect(self, *, memory: str = DEFAULT_MEMORY, threads: int | None = None) -> duckdb.DuckDBPyConnection:
        """A connection that spills into the draft's scratch folder."""
        con = connect(memory=memory, spill=self.scratch / "spill", threads=threads)
        # What DuckDB happens to know of a column (that it has no NULL) changes how it is encoded: equal rows would
        # give unequal files.
        con.execute("SET disabled_optimizers = 'statistics_propagation'")
        return con

    def write(self, con: duckdb.DuckDBPyConnection, name: str, select: str, *, layer: Layer = "cdm") -> TableInfo:
        """Write the rows of `select` as table `name`.

        A CDM table takes the columns of `select` by name, gets the model's columns, types and order, and NULL for
        what `select` lacks. Other layers keep the columns of `select`, which has to order its rows totally.
        """
        if layer == "cdm":
            select = _as_cdm(con, name, select)
        path = self._path(name, layer)
        con.execute(
            f"COPY ({select}) TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
        )
        return self.adopt(name, layer=layer)

    def adopt(self, name: str, *, layer: Layer) -> TableInfo:
        """Register the Parquet file that the caller wrote at `path(name, layer)`."""
        path = self._path(name, layer)
        info = TableInfo(name, layer, pq.ParquetFile(path).metadata.num_rows, path.stat().st_size, sha256_of(path))
        self._tables[layer, name] = info
        return info

    def path(self, name: str, layer: Layer = "cdm") -> Path:
        """Where the table's Parquet file is, or is to be written by the caller before `adopt`."""
        return self._path(name, layer)

    def keep(self, snapshot: Snapshot, name: str, *, layer: Layer = "cdm") -> TableInfo:
        """Take a table over from an older snapshot unchanged (a hard link where the disk can)."""
        source, target = snapshot.path(name, layer), self._path(name, layer)
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
        info = snapshot.layer(layer)[name]
        self._tables[layer, name] = info
        return info

    def view(self, con: duckdb.DuckDBPyConnection, name: str, layer: Layer = "cdm") -> None:
        """Make a table of this draft readable in `con` under its name, empty where a CDM table was not written."""
        if (layer, name) in self._tables:
            con.execute(
                f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({quoted(self._path(name, layer))})"
            )
        else:
            columns = ", ".join(f'NULL::{c.sql_type} AS "{c.name}"' for c in TABLES[name].columns)
            con.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} WHERE false")

    @property
    def tables(self) -> dict[str, TableInfo]:
        """CDM tables written so far."""
        return {name: info for (layer, name), info in self._tables.items() if layer == "cdm"}

    def commit(self, made_from: Mapping[str, Any], *, current: bool = True) -> Snapshot:
        """Publish the draft as the store's current snapshot. Equal tables give the version they had before.

        With `current` false the store's current snapshot stays so: for a step that another builds on.
        """
        tables = sorted(self._tables.values(), key=lambda t: (t.layer, t.name))
        file = SnapshotFile(
            format=FORMAT,
            version=version_of(tables),
            created=datetime.now(UTC).isoformat(timespec="microseconds"),
            cdm_version=CDM_VERSION,
            tables=tables,
            made_from=dict(made_from),
        )
        shutil.rmtree(self.scratch, ignore_errors=True)
        (self.folder / "snapshot.json").write_bytes(msgspec.json.format(msgspec.json.encode(file), indent=1))
        return self._publish(self.folder, file, current)

    def _path(self, name: str, layer: Layer) -> Path:
        folder = self.folder / layer
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.parquet"


def _as_cdm(con: duckdb.DuckDBPyConnection, name: str, select: str) -> str:
    table = TABLES[name]
    given = {column[0].lower() for column in con.execute(f"SELECT * FROM ({select}) LIMIT 0").description or ()}
    unknown = given - set(table.column_names)
    if unknown:
        raise ValueError(f"{name} has no column {sorted(unknown)}")
    columns = ", ".join(
        f'"{c.name}"::{c.sql_type} AS "{c.name}"' if c.name in given else f'NULL::{c.sql_type} AS "{c.name}"'
        for c in table.columns
    )
    order = ", ".join(f'"{column}" NULLS LAST' for column in table.order)
    return f"SELECT {columns} FROM ({select}) ORDER BY {order}"

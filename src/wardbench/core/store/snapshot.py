"""A snapshot: one immutable state of a store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.omop.tables import TABLES
from wardbench.core.progress import Progress, silent
from wardbench.core.store.connection import DEFAULT_MEMORY, connect, quoted, reading_error
from wardbench.core.store.files import FORMAT, SNAPSHOTS, Layer, TableInfo, sha256_of, version_of


class Snapshot:
    """One immutable state of a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "snapshot.json"
        try:
            self._file = SNAPSHOTS.decode(path.read_bytes())
        except FileNotFoundError:
            raise NotFoundError(f"{path}: missing; the store names a snapshot that is not there.") from None
        except msgspec.DecodeError as error:
            raise InputError(f"{path}: not a snapshot description ({error}).") from None
        if self._file.format != FORMAT:
            raise InputError(f"{path}: format {self._file.format}; this version of Wardbench reads format {FORMAT}.")

    @property
    def version(self) -> str:
        return self._file.version

    @property
    def created(self) -> str:
        """When it was published, ISO 8601 in UTC. Not part of the version."""
        return self._file.created

    @property
    def made_from(self) -> Mapping[str, Any]:
        """What the snapshot was made from: sources, settings, software; plain JSON."""
        return self._file.made_from

    @property
    def tables(self) -> dict[str, TableInfo]:
        """CDM tables that are present, by name, in the order of the specification."""
        present = {t.name: t for t in self._file.tables if t.layer == "cdm"}
        return {name: present[name] for name in TABLES if name in present}

    def layer(self, layer: Layer) -> dict[str, TableInfo]:
        """The tables of one layer, by name."""
        return {t.name: t for t in self._file.tables if t.layer == layer}

    def path(self, name: str, layer: Layer = "cdm") -> Path:
        return self.folder / layer / f"{name}.parquet"

    @property
    def derived(self) -> Path:
        """A folder for what is worked out from the snapshot and may be removed at any time."""
        return self.folder.parent.parent / "derived" / self.version

    def damage(self, *, progress: Progress = silent) -> list[str]:
        """What is not as `snapshot.json` says, one sentence a file; reads every file whole."""
        found = []
        if version_of(self._file.tables) != self._file.version or self.folder.name != self._file.version:
            found.append(f"{self.folder / 'snapshot.json'}: the version is not the digest of the tables it lists.")
        total, done = sum(t.bytes for t in self._file.tables), 0
        for table in self._file.tables:
            path = self.path(table.name, table.layer)
            progress(done, total, table.name)
            if not path.is_file():
                found.append(f"{path}: missing.")
            elif path.stat().st_size != table.bytes:
                found.append(f"{path}: {path.stat().st_size:,} bytes long, written with {table.bytes:,}.")
            elif sha256_of(path) != table.sha256:
                found.append(f"{path}: its bytes are not those that were written.")
            done += table.bytes
        return found

    @property
    def has_vocabulary(self) -> bool:
        """Whether a vocabulary was loaded: the concept table then holds standard concepts."""
        return bool(self.made_from.get("vocabulary"))

    @contextmanager
    def connect(
        self,
        *,
        memory: str = DEFAULT_MEMORY,
        spill: Path | None = None,
        threads: int | None = None,
        only: Collection[str] = TABLES.keys(),
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection where every table of CDM 5.4 is a view, empty where the snapshot has none of it.

        `only` names the tables that are asked for, where that is a few: each view takes its time to make.
        StorageError within it where memory or disk do not suffice, or where a table's file is not what was written.
        """
        with connect(memory=memory, spill=spill, threads=threads) as con:
            try:
                self._make_views(con, only)
                yield con
            except duckdb.Error as error:
                known = reading_error(error, self.folder, memory)
                if known is None:
                    raise
                raise known from error

    def _make_views(self, con: duckdb.DuckDBPyConnection, only: Collection[str]) -> None:
        present, views = self.tables, []
        for table in (TABLES[name] for name in only):
            if table.name in present:
                rows = f"SELECT * FROM read_parquet({quoted(self.path(table.name))})"
            else:
                columns = ", ".join(f'NULL::{c.sql_type} AS "{c.name}"' for c in table.columns)
                rows = f"SELECT {columns} WHERE false"
            views.append(f"CREATE VIEW {table.name} AS {rows}")
        # At once: each statement by itself would be planned on all threads, for every connection again.
        con.execute(";".join(views))

    def period(self) -> tuple[str, str] | None:
        """The first and last day of any observation period, ISO 8601, or None where nobody was observed."""
        if "observation_period" not in self.tables:
            return None
        with self.connect() as con:
            row = con.execute(
                "SELECT min(observation_period_start_date)::VARCHAR, max(observation_period_end_date)::VARCHAR"
                " FROM observation_period"
            ).fetchone()
        return (row[0], row[1]) if row and row[0] else None

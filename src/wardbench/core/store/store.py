"""Stores, snapshots, and the draft by which a new snapshot comes to be."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import msgspec
import pyarrow.parquet as pq

from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.core.omop.tables import CDM_VERSION, TABLES
from wardbench.core.progress import Progress, silent
from wardbench.core.store.connection import DEFAULT_MEMORY, connect, quoted, storage_error

FORMAT = 1
ROW_GROUP_ROWS = 122_880
Layer = Literal["cdm", "source", "extra"]


class TableInfo(msgspec.Struct, frozen=True):
    """One stored table: how many rows, and the SHA-256 of its file."""

    name: str
    layer: Layer
    rows: int
    bytes: int
    sha256: str


class _SnapshotFile(msgspec.Struct, frozen=True):
    format: int
    version: str
    created: str
    cdm_version: str
    tables: list[TableInfo]
    made_from: dict[str, Any]


class _Manifest(msgspec.Struct, frozen=True):
    format: int
    current: str | None


class Snapshot:
    """One immutable state of a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "snapshot.json"
        try:
            self._file = msgspec.json.decode(path.read_bytes(), type=_SnapshotFile)
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

    def damage(self, *, progress: Progress = silent) -> list[str]:
        """What is not as `snapshot.json` says, one sentence a file; reads every file whole."""
        found = []
        if _version(self._file.tables) != self._file.version or self.folder.name != self._file.version:
            found.append(f"{self.folder / 'snapshot.json'}: the version is not the digest of the tables it lists.")
        total, done = sum(t.bytes for t in self._file.tables), 0
        for table in self._file.tables:
            path = self.path(table.name, table.layer)
            progress(done, total, table.name)
            if not path.is_file():
                found.append(f"{path}: missing.")
            elif path.stat().st_size != table.bytes:
                found.append(f"{path}: {path.stat().st_size:,} bytes long, written with {table.bytes:,}.")
            elif _sha256(path) != table.sha256:
                found.append(f"{path}: its bytes are not those that were written.")
            done += table.bytes
        return found

    @property
    def has_vocabulary(self) -> bool:
        """Whether a vocabulary was loaded: the concept table then holds standard concepts."""
        return bool(self.made_from.get("vocabulary"))

    def connect(
        self, *, memory: str = DEFAULT_MEMORY, spill: Path | None = None, threads: int | None = None
    ) -> duckdb.DuckDBPyConnection:
        """A connection where every table of CDM 5.4 is a view, empty where the snapshot has none of it."""
        con = connect(memory=memory, spill=spill, threads=threads)
        present = self.tables
        for table in TABLES.values():
            if table.name in present:
                con.execute(f"CREATE VIEW {table.name} AS SELECT * FROM read_parquet({quoted(self.path(table.name))})")
            else:
                columns = ", ".join(f'NULL::{c.sql_type} AS "{c.name}"' for c in table.columns)
                con.execute(f"CREATE VIEW {table.name} AS SELECT {columns} WHERE false")
        return con

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


class Store:
    """A folder of snapshots. Reading takes no lock; one process writes at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def open(cls, folder: str | Path) -> Store:
        """The store in `folder`; NotFoundError where there is none."""
        store = cls(Path(folder))
        if not store._manifest_path.is_file():
            raise NotFoundError(f"{folder}: there is no store here; `wardbench load` makes one.")
        return store

    @classmethod
    def open_or_create(cls, folder: str | Path) -> Store:
        """The store in `folder`, made when the folder is empty or absent; InputError where it holds something else."""
        store = cls(Path(folder))
        if store._manifest_path.is_file():
            return store
        if store.folder.is_file():
            raise InputError(f"{folder}: this is a file; a store is a folder.")
        if store.folder.is_dir() and any(p.name not in _OWN_NAMES for p in store.folder.iterdir()):
            raise InputError(f"{folder}: the folder is neither empty nor a store; name another one.")
        return store

    @property
    def _manifest_path(self) -> Path:
        return self.folder / "manifest.json"

    def _manifest(self) -> _Manifest:
        if not self._manifest_path.is_file():
            return _Manifest(FORMAT, None)
        try:
            manifest = msgspec.json.decode(self._manifest_path.read_bytes(), type=_Manifest)
        except msgspec.DecodeError as error:
            raise InputError(f"{self._manifest_path}: not a manifest of a store ({error}).") from None
        if manifest.format != FORMAT:
            raise InputError(
                f"{self._manifest_path}: format {manifest.format}; this version of Wardbench reads format {FORMAT}."
            )
        return manifest

    def snapshot(self, version: str | None = None) -> Snapshot:
        """The current snapshot, or the one of `version`; NotFoundError where there is none."""
        version = version or self._manifest().current
        if version is None:
            raise NotFoundError(f"{self.folder}: the store is empty; `wardbench load` fills it.")
        folder = self.folder / "snapshots" / version
        if not folder.is_dir():
            raise NotFoundError(f"{self.folder}: no snapshot has the version {version}.")
        return Snapshot(folder)

    @property
    def is_filled(self) -> bool:
        """Whether anything was ever loaded."""
        return self._manifest().current is not None

    def check(self, *, progress: Progress = silent) -> list[str]:
        """Verify every file of every snapshot against its SHA-256; the versions verified, oldest first.

        InputError naming the first file that differs, and how many there are.
        """
        versions = self.versions()
        self.snapshot()
        damage = [sentence for v in versions for sentence in self.snapshot(v).damage(progress=progress)]
        if damage:
            more = f" ({len(damage) - 1:,} more files differ)" if len(damage) > 1 else ""
            raise InputError(f"{damage[0]}{more} Loading the same source again replaces what is damaged.")
        return versions

    def versions(self) -> list[str]:
        """Every snapshot that is kept, oldest first."""
        folder = self.folder / "snapshots"
        found = [Snapshot(p) for p in folder.iterdir()] if folder.is_dir() else []
        return [s.version for s in sorted(found, key=lambda s: (s.created, s.version))]

    def prune(self, *, keep: int) -> list[str]:
        """Remove all but the newest `keep` snapshots and the current one; the versions removed.

        A reader that has an old snapshot open may fail from then on, which is why nothing prunes by itself.
        """
        if keep < 1:
            raise InputError("keep: at least one snapshot has to stay.")
        with self._writing():
            current = self._manifest().current
            removed = [v for v in self.versions()[:-keep] if v != current]
            for version in removed:
                self._discard(version)
        return removed

    def discard(self, version: str) -> None:
        """Remove a snapshot unless it is the current one."""
        with self._writing():
            if version != self._manifest().current and (self.folder / "snapshots" / version).is_dir():
                self._discard(version)

    def _discard(self, version: str) -> None:
        """Remove a snapshot at once: a kill half-way must not leave one with files missing."""
        waste = self.folder / ".drafts" / f"removed-{version}"
        waste.parent.mkdir(exist_ok=True)
        (self.folder / "snapshots" / version).rename(waste)
        _sync(self.folder / "snapshots")
        shutil.rmtree(waste.parent, ignore_errors=True)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(
                    f"{self.folder}: another process is writing to this store; try again when it is done."
                ) from None
            yield

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """A draft of the next snapshot; what is not committed is removed, also after a kill, by the next draft."""
        with self._writing():
            drafts = self.folder / ".drafts"
            shutil.rmtree(drafts, ignore_errors=True)
            drafts.mkdir(parents=True)
            folder = Path(tempfile.mkdtemp(dir=drafts))
            try:
                yield Draft(self, folder)
            finally:
                shutil.rmtree(drafts, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the store for writing; a disk that refuses becomes a `StorageError`."""
        try:
            with self._lock():
                yield
        except (OSError, duckdb.Error) as error:
            known = storage_error(error, self.folder)
            if known is None:
                raise
            raise known from error

    def _publish(self, draft: Path, file: _SnapshotFile, *, current: bool) -> Snapshot:
        final = self.folder / "snapshots" / file.version
        final.parent.mkdir(exist_ok=True)
        if final.is_dir() and not _is_whole(final):
            final.rename(draft.parent / "damaged")
        if not final.is_dir():
            _sync_tree(draft)
            draft.rename(final)
            _sync(final.parent)
        if current:
            _write_atomically(self._manifest_path, msgspec.json.encode(_Manifest(FORMAT, file.version)))
        return Snapshot(final)


class Draft:
    """A snapshot in the making: write tables, then `commit`."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
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
        info = TableInfo(name, layer, pq.ParquetFile(path).metadata.num_rows, path.stat().st_size, _sha256(path))
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
        file = _SnapshotFile(
            format=FORMAT,
            version=_version(tables),
            created=datetime.now(UTC).isoformat(timespec="microseconds"),
            cdm_version=CDM_VERSION,
            tables=tables,
            made_from=dict(made_from),
        )
        shutil.rmtree(self.scratch, ignore_errors=True)
        (self.folder / "snapshot.json").write_bytes(msgspec.json.format(msgspec.json.encode(file), indent=1))
        return self._store._publish(self.folder, file, current=current)

    def _path(self, name: str, layer: Layer) -> Path:
        folder = self.folder / layer
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.parquet"


_OWN_NAMES = {"manifest.json", ".manifest.json.new", "snapshots", ".drafts", ".lock"}


def _version(tables: Sequence[TableInfo]) -> str:
    """The digest of what the tables hold, which is the snapshot's name."""
    digest = hashlib.sha256()
    for table in tables:
        digest.update(f"{table.layer}/{table.name} {table.sha256}\n".encode())
    return digest.hexdigest()[:16]


def _is_whole(folder: Path) -> bool:
    try:
        return not Snapshot(folder).damage()
    except (NotFoundError, InputError):
        return False


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


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _write_atomically(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
    _sync(path.parent)


def _sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The first stage, first half: files become flat records, one scratch Parquet file after another.

The fast reader is one DuckDB statement for a group of files of one type. What it refuses, and what is not lines of one
type, goes through the line-by-line reader and then through the same statement.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from wardbench.core.progress import Progress
from wardbench.core.store import quoted
from wardbench.core.store.connection import storage_error
from wardbench.ward.ingest.fhir.files import SourceFile, Sources
from wardbench.ward.ingest.fhir.reading import Reading
from wardbench.ward.ingest.fhir.resource_types import RESOURCE_TYPES
from wardbench.ward.ingest.fhir.split import Splitter
from wardbench.ward.ingest.packed import check_packed
from wardbench.ward.ingest.quarantine import BadLine

GROUP_BYTES = 1 << 28
GROUP_FILES = 500
OBJECT_BYTES = 1 << 24


class FlatRecords:
    """What was read: scratch Parquet files by type, and the records that ended before they became one."""

    def __init__(self) -> None:
        self.paths: dict[str, list[Path]] = defaultdict(list)
        self.counted: Counter[tuple[str, str, str]] = Counter()
        self.quarantined: list[BadLine] = []
        self.kinds_in_quarantine: Counter[tuple[str, str]] = Counter()

    def select(self, kind: str) -> str:
        """SQL for all flat records of a type."""
        return f"read_parquet([{', '.join(quoted(p) for p in self.paths[kind])}])"


def read_files(
    con: duckdb.DuckDBPyConnection,
    readings: Mapping[str, Reading],
    sources: Sources,
    scratch: Path,
    progress: Progress,
) -> FlatRecords:
    """Read every file; raises InputError for one that is cut short, and keeps account of all else."""
    reader = _Reader(con, readings, scratch)
    done = 0
    for group in _groups(sources.files):
        progress(done, sources.bytes, f"reading {group[0].path.name}")
        reader.read(group)
        done += sum(file.bytes for file in group)
    progress(done, sources.bytes, "reading the rest")
    reader.finish()
    return reader.flat


def _groups(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Files of one type and form that are read by one statement; each of the others alone."""
    by_kind: dict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        if file.form == "lines" and file.kind in RESOURCE_TYPES and file.kind != "Bundle":
            by_kind[file.kind].append(file)
        else:
            yield [file]
    for kind in sorted(by_kind):
        group: list[SourceFile] = []
        for file in by_kind[kind]:
            full = len(group) >= GROUP_FILES or sum(f.bytes for f in group) + file.bytes > GROUP_BYTES
            if group and full:
                yield group
                group = []
            group.append(file)
        yield group


class _Reader:
    def __init__(self, con: duckdb.DuckDBPyConnection, readings: Mapping[str, Reading], scratch: Path) -> None:
        self._con = con
        self._readings = readings
        self._scratch = scratch
        self._splitter = Splitter(readings, scratch)
        self.flat = FlatRecords()

    def read(self, group: list[SourceFile]) -> None:
        for file in group:
            if file.packed:
                check_packed(file.path, file.name)
        self._read(group)

    def _read(self, group: list[SourceFile]) -> None:
        kind = group[0].kind
        one_type = all(file.form == "lines" for file in group) and kind in RESOURCE_TYPES and kind != "Bundle"
        if not one_type or not kind:
            self._split(group)
            return
        fast = self._flatten if kind in self._readings else self._count
        try:
            strays = fast(kind, group)
        except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException) as error:
            if storage_error(error, self._scratch):
                raise
            if len(group) > 1:
                for file in group:
                    self._read([file])
            else:
                self._split(group)
            return
        self._split([file for file in group if file.name in strays])

    def finish(self) -> None:
        """Flatten what the line-by-line reader gathered."""
        self._splitter.close()
        for kind in self._splitter.kinds:
            reading = self._readings[kind]
            source = (
                f"SELECT file, unnest(record) FROM read_ndjson({quoted(self._splitter.path(kind))},"
                f" columns = {reading.envelope_columns},"
                f" maximum_object_size = {max(OBJECT_BYTES, 2 * self._splitter.longest)})"
            )
            self._write(kind, reading.flatten(source))
            self._splitter.path(kind).unlink()
        self.flat.counted += self._splitter.counted
        self.flat.quarantined += self._splitter.quarantined
        self.flat.kinds_in_quarantine += self._splitter.kinds_in_quarantine

    def _split(self, files: list[SourceFile]) -> None:
        for file in files:
            self._splitter.read(file)

    def _flatten(self, kind: str, group: list[SourceFile]) -> set[str]:
        """Read a group; the names of its files that hold something else too, of which nothing is kept."""
        reading = self._readings[kind]
        source = f"SELECT *, filename AS file FROM {_ndjson(group, reading.file_columns)}"
        path = self._write(kind, reading.flatten(source))
        strays = {
            row[0]
            for row in self._con.execute(
                f"SELECT DISTINCT file FROM read_parquet({quoted(path)})"
                f" WHERE kind IS DISTINCT FROM {quoted(kind)} OR coalesce(id, '') = ''"
            ).fetchall()
        }
        if strays:
            self.flat.paths[kind].remove(path)
            path.unlink()
            kept = [file for file in group if file.name not in strays]
            if kept:
                strays |= self._flatten(kind, kept)
        return strays

    def _count(self, kind: str, group: list[SourceFile]) -> set[str]:
        """Count resources of a type that is not mapped; the names of files that hold something else too."""
        source = _ndjson(group, "{'resourceType': 'VARCHAR'}")
        rows = self._con.execute(f"SELECT filename, resourceType, count(*) FROM {source} GROUP BY ALL").fetchall()
        strays = {file for file, found, _ in rows if found != kind}
        for file, found, count in rows:
            if file not in strays:
                self.flat.counted[file, found, f"not mapped: {found}"] += count
        return strays

    def _write(self, kind: str, select: str) -> Path:
        path = self._scratch / f"{kind}_{len(self.flat.paths[kind])}.parquet"
        # Light compression: this file is read a few times and thrown away.
        self._con.execute(f"COPY ({select}) TO {quoted(path)} (FORMAT parquet, COMPRESSION lz4)")
        self.flat.paths[kind].append(path)
        return path


def _ndjson(group: Sequence[SourceFile], columns: str) -> str:
    files = ", ".join(quoted(file.name) for file in group)
    return f"read_ndjson([{files}], columns = {columns}, filename = true, maximum_object_size = {OBJECT_BYTES})"

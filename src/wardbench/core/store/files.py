"""What lies in a store's folder: descriptions, checksums, and writing that a kill cannot tear."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

FORMAT = 1
Layer = Literal["cdm", "source", "extra"]


class TableInfo(msgspec.Struct, frozen=True):
    """One stored table: how many rows, and the SHA-256 of its file."""

    name: str
    layer: Layer
    rows: int
    bytes: int
    sha256: str


class SnapshotFile(msgspec.Struct, frozen=True):
    """`snapshot.json`."""

    format: int
    version: str
    created: str
    cdm_version: str
    tables: list[TableInfo]
    made_from: dict[str, Any]


class Manifest(msgspec.Struct, frozen=True):
    """`manifest.json`: the version that is current."""

    format: int
    current: str | None


# msgspec works out what a type is when it is first read; two threads that read their first at once crash the process,
# so that it is asked for here, where one thread alone imports.
SNAPSHOTS = msgspec.json.Decoder(SnapshotFile)
MANIFESTS = msgspec.json.Decoder(Manifest)


def version_of(tables: Sequence[TableInfo]) -> str:
    """The digest of what the tables hold, which is the snapshot's name."""
    digest = hashlib.sha256()
    for table in tables:
        digest.update(f"{table.layer}/{table.name} {table.sha256}\n".encode())
    return digest.hexdigest()[:16]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file so that every reader, also after a kill, finds the old bytes or the new ones."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
    sync(path.parent)


def sync_tree(folder: Path) -> None:
    """Bring everything in a folder to the disk."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def sync(path: Path) -> None:
    """Bring a file's bytes, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

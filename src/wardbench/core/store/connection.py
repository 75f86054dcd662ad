"""A DuckDB connection with bounded memory that reaches nothing outside this machine."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import duckdb

from wardbench.core.errors import StorageError

DEFAULT_MEMORY = "2GB"


def connect(
    *, memory: str = DEFAULT_MEMORY, spill: Path | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """An in-memory database that spills to `spill` when `memory` is used up.

    Extensions are never fetched: what DuckDB bundles (JSON, Parquet, ICU) is all that is used.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": threads or os.cpu_count() or 1,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if spill is not None:
        config["temp_directory"] = str(spill)
    return duckdb.connect(":memory:", config=config)


def quoted(text: str | Path) -> str:
    """`text` as an SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def storage_error(error: Exception, store: Path) -> StorageError | None:
    """The sentence for a disk that refused what was written below `store`, or None where `error` is something else."""
    text = str(error)
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL or any(phrase in text for phrase in _FULL_PHRASES):
        return StorageError(f"{store}: no space left on the disk; the store is as it was before.")
    # A source that may not be read is refused with the same words: what is named tells them apart.
    named = text if number is None else str(getattr(error, "filename", ""))
    if str(store) in named and (number in _REFUSED or any(phrase in text for phrase in _REFUSED_PHRASES)):
        return StorageError(f"{store}: the disk refuses to be written; the store is as it was before.")
    return None


def reading_error(error: duckdb.Error, snapshot: Path, memory: str) -> StorageError | None:
    """The sentence for a question to `snapshot` that this machine cannot answer, or None for another error."""
    text = str(error)
    if any(phrase in text for phrase in _FULL_PHRASES):
        return StorageError(f"{snapshot}: no space left on the disk for intermediate results; nothing was changed.")
    if isinstance(error, duckdb.OutOfMemoryException):
        return StorageError(f"{snapshot}: this needs more than the {memory} of memory it may take.")
    if str(snapshot) in text:
        return StorageError(f"{snapshot}: a file is missing or damaged; `wardbench store check` says which.")
    return None


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_PHRASES = (*map(os.strerror, sorted(_FULL)), "max_temp_directory_size")
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}
_REFUSED_PHRASES = tuple(map(os.strerror, sorted(_REFUSED)))

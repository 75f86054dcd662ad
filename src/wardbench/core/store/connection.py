"""A DuckDB connection with bounded memory that reaches nothing outside this machine."""

from __future__ import annotations

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


def storage_error(error: Exception, path: Path) -> StorageError | None:
    """The sentence for a disk that refused, or None where `error` is about something else."""
    text = str(error)
    if "No space left on device" in text or "max_temp_directory_size" in text:
        return StorageError(f"{path}: no space left on the disk; the store is as it was before.")
    if "Read-only file system" in text or "Permission denied" in text:
        return StorageError(f"{path}: the disk refuses to be written; the store is as it was before.")
    return None

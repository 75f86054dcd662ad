"""Files that are handed to a user: written whole or not at all, and refused before any work where they cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wardbench.core.errors import InputError, NotFoundError, StorageError


def check_place(path: Path) -> None:
    """Raise InputError, NotFoundError or StorageError where no file can be written; for asking before a long answer."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not a file that can be replaced.")
    if not path.parent.is_dir():
        raise NotFoundError(f"{path}: cannot be written; there is no folder {path.parent}.")
    if not os.access(path.parent, os.W_OK):
        raise StorageError(f"{path}: cannot be written; the folder {path.parent} does not permit it.")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to, which takes its place when all went well and is removed otherwise.

    Raises as `check_place` does, and StorageError where the disk refuses.
    """
    check_place(path)
    temporary = path.with_name(f".{path.name}.new")
    try:
        try:
            yield temporary
            with temporary.open("rb") as handle:
                os.fsync(handle.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "the disk refuses"
        raise StorageError(f"{path}: cannot be written ({why}).") from error

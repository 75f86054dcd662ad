"""Files that are handed to a user: written whole or not at all, and refused before any work where they cannot be."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wardbench.core.errors import BusyError, InputError, NotFoundError, StorageError


def check_place(path: Path) -> None:
    """Raise InputError, NotFoundError or StorageError where no file can be written; for asking before a long answer.

    Nothing is written into a store but by loading: a result there could take the place of records.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not a file that can be replaced.")
    if not path.parent.is_dir():
        raise NotFoundError(f"{path}: cannot be written; there is no folder {path.parent}.")
    for folder in path.resolve().parents:
        if (folder / "manifest.json").is_file() and (folder / "snapshots").is_dir():
            raise InputError(f"{path}: lies in the store {folder}; write results elsewhere.")
    if not os.access(path.parent, os.W_OK):
        raise StorageError(f"{path}: cannot be written; the folder {path.parent} does not permit it.")


@contextmanager
def one_writer(path: Path) -> Iterator[None]:
    """Nobody else writes `path` for as long as the block lasts; BusyError where somebody does already."""
    lock = path.with_name(f".{path.name}.lock")
    with _held(path, lock):
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


@contextmanager
def _held(path: Path, lock: Path) -> Iterator[None]:
    while True:
        try:
            handle = lock.open("w")
        except OSError as error:
            raise _refused(path, error) from error
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(f"{path}: another process is writing it; try again when it is done.") from None
            # Whoever held it before has removed the file: then this is the lock of nothing.
            if _is_still(lock, handle.fileno()):
                yield
                return


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether an open file is the one at `path` now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to, which takes its place when all went well and is removed otherwise.

    Raises as `check_place` does, and StorageError where the disk refuses. Of two at once the last one stays, whole.
    """
    check_place(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        try:
            yield temporary
            with temporary.open("rb") as handle:
                os.fsync(handle.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> StorageError:
    why = os.strerror(error.errno) if error.errno else "the disk refuses"
    return StorageError(f"{path}: cannot be written ({why}).")

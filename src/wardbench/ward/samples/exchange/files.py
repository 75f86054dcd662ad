"""The files of an export: in a ZIP file or in a folder."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from wardbench.core.errors import InputError, NotFoundError, StorageError

MOST_FILES = 20
MOST_BYTES = 1 << 30
"""What an export may hold when it is opened."""


def files_of(path: Path) -> dict[str, bytes]:
    """The files of an export by their names; NotFoundError or InputError where it is none."""
    try:
        if path.is_dir():
            found = sorted(one for one in path.iterdir() if one.is_file())
            if len(found) > MOST_FILES or sum(one.stat().st_size for one in found) > MOST_BYTES:
                raise InputError(f"{path}: this holds more than an export does.")
            return {one.name: one.read_bytes() for one in found}
        with path.open("rb") as file:
            return unzipped(file, str(path))
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is nothing here.") from None
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror}).") from None


def unzipped(file: IO[bytes], name: str, most: int = MOST_BYTES) -> dict[str, bytes]:
    """The files of a ZIP file; InputError where it is none, or unpacks to more than `most` bytes."""
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            if len(infos) > MOST_FILES or sum(one.file_size for one in infos) > most:
                raise InputError(f"{name}: this holds more than an export does.")
            # What is said of the size need not be true, so no more than that is read.
            return {one.filename: archive.open(one).read(one.file_size + 1)[: one.file_size] for one in infos}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise InputError(f"{name}: this is no ZIP file that can be read.") from None


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder that is not there yet; InputError where it is."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise InputError(f"{folder}: there is something here already.") from None
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made ({error.strerror}).") from None
    for name, content in files.items():
        (folder / name).write_bytes(content)

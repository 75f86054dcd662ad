"""Seals on what is derived from a snapshot: whether a file is as it was written, told without reading it.

A seal beside a file holds its size, the time it was written and its CRC-32. A file that anything wrote to since, or
that was copied without its time, is not sealed any more, and whoever derived it makes it again. A disk that turns bits
by itself shows only when everything is read: `damaged`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 22


def _seal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.seal")


def seal(path: Path) -> None:
    """Seal a file that is written."""
    stat = path.stat()
    said = {"size": stat.st_size, "written": stat.st_mtime_ns, "crc": _crc(path)}
    _seal_of(path).write_text(json.dumps(said), encoding="ascii")


def is_sealed(path: Path) -> bool:
    """Whether nothing has written to a file since it was sealed."""
    try:
        said = json.loads(_seal_of(path).read_bytes())
        stat = path.stat()
        return bool(said["size"] == stat.st_size and said["written"] == stat.st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def damaged(folder: Path) -> Iterator[Path]:
    """The sealed files below `folder` whose content is not what was sealed; reads all of them."""
    for told in sorted(folder.rglob("*.seal")):
        path = told.with_name(told.name.removesuffix(".seal"))
        if is_sealed(path) and json.loads(told.read_bytes()).get("crc") != _crc(path):
            yield path


def _crc(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found = zlib.crc32(chunk, found)
    return found

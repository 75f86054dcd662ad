"""Persons who objected to the use of their data, as a file: whom a report that is made again has to leave out too."""

from __future__ import annotations

from pathlib import Path

from wardbench.core.errors import InputError, NotFoundError


def read_objected(path: Path) -> frozenset[int]:
    """The person ids of a text file, one a line. InputError names the line, and never what stands on it."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path}: cannot be read as text in UTF-8.") from None
    found = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if not (line.strip().isascii() and line.strip().isdigit()):
            raise InputError(f"{path}: line {number}: here belongs the id of one person, a whole number.")
        found.add(int(line))
    return frozenset(found)

"""Whether a password is known from a breach, by a file of hashes that the campus keeps. No Django here.

The file is the one that Have I Been Pwned gives out, ordered by hash: one line for each password, its SHA-1 in 40
hexadecimal capitals, a colon and how often it was seen. It is looked through by bisection, so that its size (some
forty gigabytes) costs some forty reads; nothing of a password leaves this machine.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import StorageError

UNREADABLE = gettext_noop("The list of breached passwords cannot be read; tell an administrator.")
DIGITS = 40


def is_breached(path: Path, password: str) -> bool:
    """Whether `password` is in the file. StorageError where it cannot be read."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with path.open("rb") as file:
            low, high = -1, file.seek(0, 2)
            while low < high:
                middle = (low + high) // 2
                line = line_after(file, middle)
                if not line or line[:DIGITS] >= wanted:
                    high = middle
                else:
                    low = middle + 1
            return line_after(file, low)[:DIGITS] == wanted
    except OSError as error:
        raise StorageError(UNREADABLE) from error


def line_after(file: BinaryIO, place: int) -> bytes:
    """The first line that begins after `place`; the first of all after -1, none after the last."""
    file.seek(max(place, 0))
    if place >= 0:
        file.readline()
    return file.readline()

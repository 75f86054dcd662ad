"""Files packed with gzip, read whole once before they are trusted.

A reader in a hurry may not look at the checksum at a packed file's end, and would take damaged bytes for values.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from wardbench.core.errors import InputError

CHUNK = 1 << 20


def check_packed(path: Path, name: str) -> None:
    """InputError, calling the file `name`, where it does not unpack to what was packed."""
    try:
        with gzip.open(path) as handle:
            while handle.read(CHUNK):
                pass
    except EOFError:
        raise InputError(f"{name}: the compressed file is cut short; nothing was loaded.") from None
    except (gzip.BadGzipFile, zlib.error):
        raise InputError(f"{name}: the compressed file is damaged; nothing was loaded.") from None

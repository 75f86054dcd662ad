"""Lines that cannot be read: where they are and why, never what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from wardbench.core.errors import InputError


class BadLine(msgspec.Struct, frozen=True, order=True):
    """One record that was set aside. `line` counts from 1, `byte_offset` from 0 in the unpacked file."""

    file: str
    line: int
    byte_offset: int
    bytes: int
    reason: str


def refuse(lines: Sequence[BadLine]) -> InputError:
    """The sentence for a load that stops at bad lines."""
    first = min(lines)
    more = f" and {len(lines) - 1:,} more" if len(lines) > 1 else ""
    return InputError(
        f"{first.file}, line {first.line:,} (byte {first.byte_offset:,}){more}: {first.reason}."
        " Nothing was loaded; --allow-quarantine sets such lines aside and loads the rest."
    )


def write_quarantine(path: Path, lines: Sequence[BadLine]) -> None:
    """Write the bad lines' places and reasons, one JSON object a line, in the order of files and lines."""
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in sorted(lines)))

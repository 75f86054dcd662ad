"""Reading what a study measured of a blinded panel: a line for each code, with a value or the word "failed"."""

from __future__ import annotations

from collections.abc import Mapping

from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import InputError
from wardbench.ward.benchmark.lines import Sent, read_lines

FAILED = "failed"
HEADER = ("code", "value")
MOST_LINES = 1_000


def read(table: Sent) -> Mapping[str, float | str | None]:
    """By code: a number, `FAILED`, or None where the cell is empty.

    InputError names the line that cannot be read, and never what stands in it.
    """
    file = read_lines(table)
    code, value = (file.column(name) or name for name in HEADER)
    found: dict[str, float | str | None] = {}
    for line in file.lines[:MOST_LINES]:
        name = line.text(code).upper()
        if not name:
            raise line.fault(code, "a code stands on each line.")
        if name in found:
            raise line.fault(code, "this code stands on a line before.")
        found[name] = FAILED if line.text(value).casefold() == FAILED else line.number_of(value)
    if len(file.lines) > MOST_LINES:
        raise InputError(gettext_noop("{file}: {most} lines at most."), file=table.name, most=f"{MOST_LINES:,}")
    return found

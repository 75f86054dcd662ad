"""What somebody brings: a table that is pasted or sent as a file. It is read where it is and written to no disk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from wardbench.core.errors import InputError
from wardbench.ward.benchmark.lines import Sent

LARGEST = 200_000
"""Bytes of a table."""
LONGEST_CALLED = 60
UNUSUAL = re.compile(r"[^\w .()+-]")
"""What a name of a file is shown without: it stands in sentences, and in a command to paste."""
ENDINGS = (".csv", ".json")


def sent(name: str, text: str) -> Sent:
    """A table by the name it is called and its text."""
    return Sent(name, text.encode())


def brought(given: Mapping[str, Any], what: str, called: str, columns: str) -> Sent | None:
    """The table that a form has as the text `what` or as a file `what`_file; None where it has neither.

    What is pasted is `called` so. InputError where it has both, or where the first line does not name its `columns`.
    """
    text, file = given[what].strip(), given[f"{what}_file"]
    if text and file is not None:
        raise InputError(_("{field}: paste it or send a file, one of the two.").format(field=what))
    if file is not None:
        found = of_file(file)
    elif text:
        found = sent(called, text)
        if len(found.data) > LARGEST:
            raise InputError(_("{file}: {most} bytes at most.").format(file=called, most=f"{LARGEST:,}"))
    else:
        return None
    return headed(found, columns)


def headed(table: Sent, columns: str) -> Sent:
    """The table, if its first line names columns. InputError that holds no cell of it where that is a line of data."""
    first = table.data.decode().partition("\n")[0]
    if any(_is_number(cell) for cell in re.split(r"[,;\t]", first)):
        raise InputError(
            _("{file}: line 1: the first line names the columns, as {columns}.").format(
                file=table.name, columns=columns
            )
        )
    return table


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[<>≤≥]?\s*[-+]?\d+([.,]\d*)?", cell.strip().strip('"')) is not None


def of_file(file: Any, endings: tuple[str, ...] = ENDINGS[:1]) -> Sent:
    """A file that was sent, as text. InputError where it is too large, no text, or its name ends otherwise."""
    called = UNUSUAL.sub("_", str(file.name))[-LONGEST_CALLED:]
    if file.size is None or file.size > LARGEST:
        raise InputError(_("{file}: {most} bytes at most.").format(file=called, most=f"{LARGEST:,}"))
    if not called.lower().endswith(endings):
        raise InputError(
            _("{file}: its name has to end with {endings}.").format(file=called, endings=_(" or ").join(endings))
        )
    try:
        text = str(file.read(), "utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(_("{file}: is not text in UTF-8.").format(file=called))
    return sent(called, text)

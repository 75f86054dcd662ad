"""Which column of a file means what: as in earlier files of the collection, or by its header; and what was mended."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from wardbench.campus.biobank.imports.checking import CLASS_UNITS
from wardbench.campus.biobank.imports.fields import AMOUNTS, FIELDS, WEAK, meant, unit_in
from wardbench.campus.biobank.imports.files import Table
from wardbench.campus.biobank.imports.words import status
from wardbench.campus.people.sheet import folded

LOOKED_AT = 20_000
"""Rows in which it is seen whether anything stands in a column."""
TOGETHER = frozenset({"status"})
"""Fields that several columns may mean: what became of a tube is the worst that one of them says."""


@functools.cache
def _titles() -> Mapping[str, str]:
    """The titles of the fields in every language of the campus."""
    found = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.update({folded(gettext(field.title)): name for name, field in FIELDS.items()})
    return found


def proposed(table: Table, remembered: Mapping[str, str]) -> list[str]:
    """The field of each column, "" for none: what was `remembered` by folded header, else what the header means.

    A field goes to one column only: to one that was remembered, else to the first in which anything stands.
    """
    said = [folded(header) for header in table.headers]
    found = [remembered.get(header, "?") for header in said]
    taken = {field for field in found if field not in ("", "?")}
    filled = [any(row[place] for row in table.rows[:LOOKED_AT]) for place in range(len(said))]
    for place in sorted(range(len(said)), key=lambda one: (not filled[one], said[one] in WEAK)):
        header = said[place]
        if found[place] == "?":
            field = meant(table.headers[place]) or _titles().get(header, "")
            if field == "class" and not _is_class(table, place):
                field = ""
            found[place] = field if field not in taken or field in TOGETHER else ""
            taken.add(found[place])
    return found


def unit_named(table: Table, matching: Sequence[str]) -> str:
    """The unit that the headers of amounts name; "" where they name none, or not all the same."""
    named = {unit_in(header) for header, field in zip(table.headers, matching, strict=True) if field in AMOUNTS}
    return named.pop() if len(named) == 1 else ""


def _is_class(table: Table, place: int) -> bool:
    """Whether a column has OpenSpecimen's classes, and is not a class of something else."""
    return {row[place].casefold() for row in table.rows[:200]} <= {*CLASS_UNITS, ""}


def mended(table: Table, mends: Sequence[Sequence[Any]]) -> list[list[str]]:
    """The columns of a table, or of some rows of it, after what was mended, in its order: ["cell", line, column, text]
    or ["all", column, text before, text after]."""
    columns: list[list[str]] = [list(column) for column in zip(*table.rows, strict=True)]
    columns = columns or [[] for _header in table.headers]
    at = {line: row for row, line in enumerate(table.lines)} if any(one[0] == "cell" for one in mends) else {}
    for what, *rest in mends:
        if what == "cell":
            line, place, text = rest
            if line in at:
                columns[place][at[line]] = text
        else:
            place, before, text = rest
            columns[place] = [text if cell == before else cell for cell in columns[place]]
    return columns


def by_field(columns: Sequence[list[str]], matching: Sequence[str]) -> dict[str, list[str]]:
    """The columns that mean something, by field."""
    found: dict[str, list[str]] = {}
    for column, field in zip(columns, matching, strict=True):
        if not field:
            continue
        if field in found:
            column = [_worst(one, other) for one, other in zip(found[field], column, strict=True)]
        found[field] = column
    return found


_BAD = ("here", "", "gone", "never")


def _worst(one: str, other: str) -> str:
    return other if not one or (other and _BAD.index(status(other)) > _BAD.index(status(one))) else one

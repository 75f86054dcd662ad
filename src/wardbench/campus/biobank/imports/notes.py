"""Rows of a sheet that are no specimens: headers once more, totals in between, headings, notes. No database here.

Headers that are repeated are left out where a file is read. Of the others nobody can be sure: they are pointed out, and
whoever imports says with one act that they are none, or are rows after all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from statistics import median_low

from wardbench.campus.people.sheet import folded

LOOKED_AT = 2_000
"""Rows of which it is seen how full one with a label usually is."""
USUAL = 3
"""In a table whose rows usually have so many filled cells, one text alone is no row."""
_TOTAL = re.compile(
    r"(grand |general |sub-?|eind|nombre |aantal |algemeen )?"
    r"(totals?|totaal|totalen|totaux|subtotal|subtotaal|sous-total|sum|som|somme|count|aantal|nombre)\b",
    re.IGNORECASE,
)
"""What the first filled cell of a row begins with that adds up others."""


def is_repeated(cells: Sequence[str], headers: Sequence[str]) -> bool:
    """Whether a row has the headers of its table once more; `headers` are folded."""
    filled = [(cell, header) for cell, header in zip(cells, headers, strict=False) if cell]
    if not filled or filled[0][0][:1].casefold() != filled[0][1][:1]:
        return False
    named = sum(map(bool, headers))
    return named > 1 and 2 * len(filled) > named and all(folded(said) == header for said, header in filled)


def found_in(rows: Sequence[Sequence[str]], label: int) -> list[int]:
    """The places of rows that look like no specimen; `label` is the column of the labels."""
    if not rows:
        return []
    some = list(islice(rows, LOOKED_AT))
    usual = median_low(sum(map(bool, row)) for row in [row for row in some if _is_label(row[label])] or some)
    few = max(1, usual // USUAL)
    return [place for place, row in enumerate(rows) if usual >= USUAL and _is_note(row, label, usual, few)]


def _is_note(row: Sequence[str], label: int, usual: int, few: int) -> bool:
    filled = [cell for cell in row if cell]
    if len(filled) >= usual and len(set(filled)) > 1:
        return False
    if 2 * len(filled) <= usual + 1 and _TOTAL.match(filled[0]):
        return True
    return len(set(filled)) <= few and not _is_label(row[label]) and _is_apart(filled, few)


def _is_apart(filled: Sequence[str], few: int) -> bool:
    """Whether a row holds few cells, or one text in all of those that are merged."""
    return len(filled) <= few or len(set(filled)) == 1


def _is_label(text: str) -> bool:
    """Whether a text could stand on a tube: one word with a number in it."""
    return any(map(str.isdigit, text)) and not any(map(str.isspace, text)) and text[-1] not in ":."


def lines_said(lines: Iterable[int], most: int = 10) -> str:
    """Line numbers as a sentence names them: the first of them, and that there are more."""
    listed = list(lines)
    return ", ".join(map(str, listed[:most])) + (" …" if len(listed) > most else "")

"""CSV that spreadsheets open without harm: a cell that they would take for a formula is kept from being one."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"
"""At the start of a file, it tells spreadsheets that the file is UTF-8."""


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would calculate `cell` instead of showing it."""
    return cell.lstrip(" \n").startswith(FORMULA) or cell.startswith(FORMULA)


def defused(cell: str) -> str:
    """`cell` as text for a spreadsheet: an apostrophe goes before what it would calculate."""
    return "'" + cell if is_formula(cell) else cell


def plain(cell: str) -> str:
    """What `defused` was given."""
    return cell[1:] if cell.startswith("'") and is_formula(cell[1:]) else cell

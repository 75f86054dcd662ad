"""Reading measured values from a table: a line for each specimen and analyte, columns by their header. No database."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from wardbench.core.errors import InputError
from wardbench.core.spreadsheet import BOM, plain

MOST_BYTES = 2_000_000
MOST_ROWS = 10_000
LONGEST = {"label": 64, "analyte": 200, "value": 100, "unit": 32}
HEADERS = {
    "label": ("label", "specimen", "tube", "barcode"),
    "analyte": ("analyte", "test", "assay", "marker"),
    "value": ("value", "result"),
    "unit": ("unit", "units"),
}
"""What a column may be called; the unit may be missing."""
NO_VALUE = frozenset({"nan", "inf", "infinity", "1.#inf", "1.#ind", "1.#qnan", "#n/a", "#num!", "#div/0!", "#value!"})
"""What programs write in place of a number that is none. Words, as "positive" or "<5", are values."""


@dataclass(frozen=True)
class Value:
    """A measured value as it was reported: text, and its unit in UCUM or empty."""

    label: str
    analyte: str
    value: str
    unit: str = ""


def read(content: bytes) -> list[Value]:
    """The values of a CSV file or of text that was pasted: comma, semicolon or tab between the columns.

    InputError names the first line that cannot be read; it never repeats what stands in it.
    """
    if len(content) > MOST_BYTES:
        raise InputError(_("values: at most {most} MB at once.").format(most=MOST_BYTES // 1_000_000))
    try:
        text = content.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError:
        raise InputError(_("values: save the file as CSV in UTF-8.")) from None
    if "\x00" in text:
        raise InputError(_("values: save the file as CSV in UTF-8."))
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error:
        raise InputError(_("values: this is no table.")) from None
    places = _places(lines[0] if lines else [])
    found: list[Value] = []
    seen: set[tuple[str, str]] = set()
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(found) == MOST_ROWS:
            raise InputError(_("values: at most {most} lines at once.").format(most=MOST_ROWS))
        if any(cell.strip() for cell in cells[len(lines[0]) :]):
            # 1,5 between commas would be kept as 1, and 5 as its unit.
            sentence = _("values: line {line} has more columns than the first; put a value with a comma in quotes.")
            raise InputError(sentence.format(line=number))
        given = {name: plain(cells[at].strip()) if at < len(cells) else "" for name, at in places.items()}
        for name, value in given.items():
            if (not value and name != "unit") or len(value) > LONGEST[name] or not value.isprintable():
                raise InputError(
                    _("values: line {line}: {name} is missing or too long.").format(line=number, name=name)
                )
        if given["value"].strip("+-").casefold() in NO_VALUE:
            raise InputError(
                _("values: line {line}: this is no value; leave out what was not measured.").format(line=number)
            )
        one = Value(**given)
        if (one.label, one.analyte) in seen:
            raise InputError(_("values: line {line}: this specimen has a value for this already.").format(line=number))
        seen.add((one.label, one.analyte))
        found.append(one)
    if not found:
        raise InputError(_("values: there is no line with a value."))
    return found


def _places(header: list[str]) -> dict[str, int]:
    said = [cell.strip().casefold() for cell in header]
    places = {name: said.index(word) for name, words in HEADERS.items() for word in words if word in said}
    missing = [name for name in ("label", "analyte", "value") if name not in places]
    if missing:
        raise InputError(_("values: the first line has to name the column {name}.").format(name=missing[0]))
    return places


def written(values: Iterable[Value]) -> str:
    """The same table again, as text to be corrected."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["label", "analyte", "value", "unit"])
    writer.writerows([one.label, one.analyte, one.value, one.unit] for one in values)
    return table.getvalue()

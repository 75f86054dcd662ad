"""Labels where the paper has them: sheets of A4 drawn to the tenth of a millimetre, and label printers by their size.

A sheet is drawn as SVG in millimetres, so that what prints lies on the labels whatever the browser does with text.
Lengths are millimetres.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from wardbench.campus.biobank.labels import Label

PAGE = (210.0, 297.0)
MARGIN = 0.8
LINE = 2.6
"""The largest height of a line of text."""
GLYPH = 0.6
"""How wide a letter is, of the height of its line: Arial's digits are 0.56, its capitals 0.67."""
SHIFT = 10.0
"""How far a print can be shifted on the paper."""


@dataclass(frozen=True)
class Sheet:
    """Labels of one size on A4, in the middle of the page: `across` and `down` from the edge of one to the next."""

    columns: int
    rows: int
    width: float
    height: float
    across: float
    down: float

    @property
    def number(self) -> int:
        return self.columns * self.rows

    def place(self, number: int) -> tuple[float, float]:
        """Where the left upper corner of a label is, counted from 0 by rows."""
        row, column = divmod(number, self.columns)
        left = (PAGE[0] - (self.columns - 1) * self.across - self.width) / 2
        top = (PAGE[1] - (self.rows - 1) * self.down - self.height) / 2
        return left + column * self.across, top + row * self.down

    def __str__(self) -> str:
        return f"{self.width:g} x {self.height:g} mm, {self.columns} x {self.rows}"


SHEETS = {
    "65": Sheet(5, 13, 38.1, 21.2, 40.6, 21.2),
    "80": Sheet(5, 16, 35.6, 16.9, 38.1, 16.9),
    "85": Sheet(5, 17, 33.0, 13.0, 38.0, 16.0),
    "189": Sheet(7, 27, 25.4, 10.0, 27.9, 10.0),
    "24": Sheet(3, 8, 64.0, 33.9, 66.5, 33.9),
}
"""Sheets of labels that are sold, by how many a sheet has: for tubes, cryotubes (33 mm), caps (25 mm) and boxes."""
PRINTERS = {"25x13": (25, 13), "33x13": (33, 13), "38x19": (38, 19), "50x25": (50, 25)}
"""Labels of label printers: width and height."""
DOTS = {"203": 8, "300": 12, "600": 24}
"""Dots a millimetre of label printers, by what is written on them."""


@dataclass(frozen=True)
class Chosen:
    """What labels are printed on: a sheet, its first free label (from 1), and how far the print is shifted to the right
    and down; or a label printer's label and dots."""

    sheet: str = "65"
    first: int = 1
    right: float = 0.0
    down: float = 0.0
    printer: str = "25x13"
    dots: str = "300"


def pages(labels: Sequence[Label], on: Chosen) -> list[str]:
    """The sheets as SVG, each a page of A4."""
    sheet = SHEETS[on.sheet]
    places = [divmod(on.first - 1 + at, sheet.number) for at in range(len(labels))]
    drawn: dict[int, list[str]] = {}
    for (page, number), label in zip(places, labels, strict=True):
        x, y = sheet.place(number)
        drawn.setdefault(page, []).append(_label(label, sheet, x + on.right, y + on.down))
    return [_page(parts) for _page_number, parts in sorted(drawn.items())]


def _page(parts: Sequence[str]) -> str:
    width, height = PAGE
    return (
        f'<svg class="app-a4" xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm"'
        f' viewBox="0 0 {width:g} {height:g}" font-family="Arial, sans-serif">{"".join(parts)}</svg>'
    )


def _label(label: Label, sheet: Sheet, x: float, y: float) -> str:
    side = min(sheet.height - 2 * MARGIN, sheet.width * 0.45)
    code = label.svg.replace("<svg ", f'<svg x="{MARGIN}" y="{(sheet.height - side) / 2:.2f}" ', 1)
    code = re.sub(r' (width|height)="[0-9.]+mm"', lambda found: f' {found[1]}="{side:.2f}"', code, count=2)
    lines = (label.label, *label.lines)
    left, room = 2 * MARGIN + side, sheet.width - side - 3 * MARGIN
    size = min(LINE, (sheet.height - 2 * MARGIN) / len(lines))
    top = (sheet.height - size * len(lines)) / 2
    text = []
    for at, line in enumerate(lines):
        size_here, bold = min(size, room / len(line) / GLYPH), ' font-weight="bold"' if not at else ""
        y_here = top + (at + 0.8) * size
        text.append(f'<text x="{left:.2f}" y="{y_here:.2f}" font-size="{size_here:.2f}"{bold}>{escape(line)}</text>')
    return f'<g transform="translate({x:.2f} {y:.2f})">{code}{"".join(text)}</g>'

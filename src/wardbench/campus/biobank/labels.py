"""Labels for tubes: a sheet to print, and ZPL for label printers. The code is a QR code of the label's text."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import qrcode
from django.utils import timezone
from qrcode.image.svg import SvgPathImage

from wardbench.campus.biobank.models import Container, Specimen


@dataclass(frozen=True)
class Label:
    """What stands on a tube or a place: nothing that says who a donor is."""

    label: str
    lines: tuple[str, ...]
    svg: str = ""


def saying(text: str, lines: tuple[str, ...], *, drawn: bool = True) -> Label:
    """A label that says `text`, with its code as SVG where `drawn`."""
    return Label(text, lines, _svg(text) if drawn else "")


def label_of(specimen: Specimen, *, drawn: bool = True) -> Label:
    """The label of a specimen; with its code as SVG (module size one, no colours) where `drawn`."""
    day = timezone.localdate(specimen.collected).isoformat() if specimen.collected else ""
    lines = (specimen.material, specimen.collection.code, day)
    return saying(specimen.label, tuple(line for line in lines if line), drawn=drawn)


def label_of_place(place: Container, *, drawn: bool = True) -> Label:
    """The label of a freezer, rack or box: its barcode, and its name."""
    return saying(place.barcode, (place.name, str(place.get_kind_display())), drawn=drawn)


def _svg(text: str) -> str:
    code = qrcode.QRCode(border=1, error_correction=qrcode.constants.ERROR_CORRECT_M, image_factory=SvgPathImage)
    code.add_data(text)
    written = io.BytesIO()
    code.make_image().save(written)
    drawing = written.getvalue().decode()
    return drawing[drawing.index("<svg") :]


_SYMBOLS = ((3, 10), (5, 12), (8, 14), (12, 16), (18, 18), (22, 20), (30, 22), (36, 24), (44, 26), (62, 32), (86, 36),
            (114, 40), (144, 44), (174, 48), (204, 52), (280, 64), (368, 72), (456, 80))  # fmt: skip
"""Square Data Matrix symbols (ISO/IEC 16022): how many codewords one holds, and its modules along a side."""
MARGIN, MODULE, LINE = 0.7, 0.35, 2.2
"""Millimetres: around a label, the side of a module, the height of a line of text."""


def zpl_of(labels: Iterable[Label], *, width: int = 25, height: int = 13, dots: int = 12) -> str:
    """ZPL II for labels of `width` x `height` millimetres on a printer of `dots` dots a millimetre (12: 300 dpi).

    The printer draws a Data Matrix so small that it stays on the label, and text beside it as small as can be read.
    What ZPL reads as a command (^, ~, _) is sent in hexadecimal; the symbol's escape is a character that is not in it.
    """
    return "".join(_zpl(one, width * dots, height * dots, dots) for one in labels)


def _zpl(label: Label, width: int, height: int, dots: int) -> str:
    margin = round(MARGIN * dots)
    side = modules(label.label)
    module = max(2, min(round(MODULE * dots), (height - 2 * margin) // side))
    escape = next(letter for letter in "|\\@#%&=;" if letter not in label.label)
    text = [
        f"^XA^CI28^PW{width}^LL{height}",
        f"^FO{margin},{margin}^BXN,{module},200,,,,{escape}^FH_^FD{_escaped(label.label)}^FS",
    ]
    left = margin + side * module + dots
    lines = (label.label, *label.lines)
    pitch = min(round((LINE + 0.3) * dots), (height - 2 * margin) // len(lines))
    for number, line in enumerate(lines):
        high = min(round(LINE * dots), pitch)
        wide = max(4, min(high, int((width - left - margin) / len(line) / 0.6)))
        text.append(f"^FO{left},{margin + number * pitch}^A0N,{high},{wide}^FH_^FD{_escaped(line)}^FS")
    return "\n".join(text) + "\n^XZ\n"


def modules(text: str) -> int:
    """The modules along the side of the Data Matrix of a text, at most: two digits go into a codeword, other letters
    of ASCII take one each, all others two for each byte."""
    words, at = 0, 0
    while at < len(text):
        two = text[at : at + 2]
        if len(two) == 2 and two.isascii() and two.isdigit():
            words, at = words + 1, at + 2
        else:
            words, at = words + (1 if text[at].isascii() else 2 * len(text[at].encode())), at + 1
    return next((side for most, side in _SYMBOLS if words <= most), _SYMBOLS[-1][1])


def _escaped(text: str) -> str:
    return "".join(f"_{ord(letter):02X}" if letter in "^~_" else letter for letter in text)

"""Labels for tubes: a sheet to print, and ZPL for label printers. The code is a QR code of the label's text."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import qrcode
from django.utils import timezone
from qrcode.image.svg import SvgPathImage

from wardbench.campus.biobank.models import Specimen


@dataclass(frozen=True)
class Label:
    """What stands on a tube: nothing that says who the donor is."""

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


def _svg(text: str) -> str:
    code = qrcode.QRCode(border=1, error_correction=qrcode.constants.ERROR_CORRECT_M, image_factory=SvgPathImage)
    code.add_data(text)
    written = io.BytesIO()
    code.make_image().save(written)
    drawing = written.getvalue().decode()
    return drawing[drawing.index("<svg") :]


def zpl(specimens: Iterable[Specimen]) -> str:
    """The labels of specimens for a label printer; see `zpl_of`."""
    return zpl_of(label_of(one, drawn=False) for one in specimens)


def zpl_of(labels: Iterable[Label], *, width: int = 25, height: int = 13, dots: int = 12) -> str:
    """ZPL II for labels of `width` x `height` millimetres on a printer of `dots` dots a millimetre (12: 300 dpi).

    The printer draws a Data Matrix; what ZPL reads as a command (^, ~, _) is sent in hexadecimal.
    """
    return "".join(_zpl(one, width * dots, height * dots) for one in labels)


def _zpl(label: Label, width: int, height: int) -> str:
    text = [f"^XA^CI28^PW{width}^LL{height}", f"^FO8,8^BXN,4,200^FH_^FD{_escaped(label.label)}^FS"]
    for number, line in enumerate((label.label, *label.lines)):
        text.append(f"^FO{height // 2 + 20},{8 + number * 30}^A0N,26,24^FH_^FD{_escaped(line)}^FS")
    return "\n".join(text) + "\n^XZ\n"


def _escaped(text: str) -> str:
    return "".join(f"_{ord(letter):02X}" if letter in "^~_" else letter for letter in text)

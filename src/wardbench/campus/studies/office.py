"""Office files (DOCX, XLSX, ODT), opened as the archives they are: what kind one is, and whether it would do something
or fetch something when it is opened. No Django here.
"""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import BinaryIO
from xml.parsers import expat

from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import InputError

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"

_MOST_PARTS = 5_000
_MOST_READ = 10_000_000
"""Bytes of those parts of an office file that are looked into."""
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    KeyError,
)
"""What goes wrong where an archive is none, or is packed in a way that cannot be opened."""
_LONGEST_TYPE = 150
_MACROS = re.compile(r"(vbaproject|vbadata|activex|/?basic/|/?scripts/|macrosheets|\.bin$|\.exe$|\.dll$|\.js$)", re.I)
# Office keeps beside a table how it was printed last.
_PRINTED = re.compile(r"(xl|word|ppt)/printerSettings/printerSettings\d+\.bin", re.I)


def office_type(file: BinaryIO, name: str, most: int) -> str | None:
    """The type of an office file, by the parts of its archive; None where it is of another kind. InputError where it
    carries programs, takes something from elsewhere, cannot be opened, or unpacks to more than `most` bytes."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            read = sum(part.file_size for part in parts if part.filename.lower().endswith(_READ))
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > most or read > _MOST_READ:
                raise InputError(gettext_noop("{name} unpacks to more than is kept."), about="file", name=name)
            names = [part.filename for part in parts]
            if any(_MACROS.search(part) and not _PRINTED.fullmatch(part) for part in names):
                raise InputError(
                    gettext_noop("{name} carries macros or programs; save it without them."), about="file", name=name
                )
            if any(part.flag_bits & 1 for part in parts):
                raise InputError(
                    gettext_noop("{name} is locked with a password; save it without one."), about="file", name=name
                )
            is_odt = "mimetype" in names and archive.getinfo("mimetype").file_size < _LONGEST_TYPE
            is_odt = is_odt and archive.read("mimetype").strip() == ODT.encode()
            for part in parts:
                ends = part.filename.lower().endswith
                if any(ends(ending) and _has(archive, part, is_meant) for ending, is_meant in _ACTING):
                    raise InputError(
                        gettext_noop("{name} carries macros or programs; save it without them."),
                        about="file",
                        name=name,
                    )
                if any(ends(ending) and _has(archive, part, is_meant) for ending, is_meant in _FETCHING):
                    raise InputError(
                        gettext_noop("{name} takes a template or an object from elsewhere; save it without."),
                        about="file",
                        name=name,
                    )
            if is_odt:
                return ODT
            if "word/document.xml" in names:
                return DOCX
            return XLSX if "xl/workbook.xml" in names else None
    except _DAMAGED:
        raise InputError(gettext_noop("{name} is damaged: it cannot be opened."), about="file", name=name) from None


Attributes = Mapping[str, str]


def _runs(_element: str, given: Attributes) -> bool:
    """Whether a part is of a kind that runs."""
    return "macroenabled" in given.get("ContentType", "").lower()


def _leads_out(_element: str, given: Attributes) -> bool:
    """Whether something other than a link to click on is fetched from elsewhere."""
    external = given.get("TargetMode", "").strip().lower() == "external"
    return external and not given.get("Type", "").strip().endswith("/hyperlink")


def _acts(element: str, _given: Attributes) -> bool:
    return element in ("event-listener", "dde-source")


def _fetches(element: str, given: Attributes) -> bool:
    return element != "a" and bool(_ELSEWHERE.match(given.get("href", "")))


_ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]+:|//|\\\\)", re.I)
_ACTING = (("[content_types].xml", _runs), ("content.xml", _acts), ("styles.xml", _acts))
_FETCHING = ((".rels", _leads_out), ("content.xml", _fetches), ("styles.xml", _fetches))
"""How the names of parts end that are looked into, and what must not be in them. Those of contents and styles are of
ODT."""
_READ = tuple(ending for ending, _is_meant in (*_ACTING, *_FETCHING))


def _has(archive: zipfile.ZipFile, part: zipfile.ZipInfo, is_meant: Callable[[str, Attributes], bool]) -> bool:
    """Whether an element is meant, by its name and attributes without namespaces. They are read as by whoever opens the
    file: the same can be written in many ways. ValueError where that cannot be said."""
    found = False

    def see(element: str, given: dict[str, str]) -> None:
        nonlocal found
        plain = {name.rpartition(" ")[2]: value for name, value in given.items()}
        found = found or is_meant(element.rpartition(" ")[2], plain)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _no_declarations
    parser.StartElementHandler = see
    try:
        with archive.open(part) as content:
            parser.ParseFile(content)
    except expat.ExpatError as error:
        raise ValueError("a part is not XML") from error
    return found


def _no_declarations(*_said: object) -> None:
    """What an entity stands for would be decided elsewhere."""
    raise ValueError("a part declares something")

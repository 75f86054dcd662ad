"""The files of studies: what may be kept, and where. A file is kept once, by its content; its name is only ever shown.

The type comes from the content, and the ending of the name has to agree with it. Office files are opened as the
archives they are: one that carries macros, or refers to a template elsewhere, is refused. No Django here.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import re
import tempfile
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.studies.office import DOCX, ODT, XLSX, office_type
from wardbench.campus.studies.scanning import Scanner
from wardbench.core.errors import InputError, NotFoundError, StorageError, UnsupportedError

LARGEST = 25_000_000
"""Bytes of one file."""
LONGEST_NAME = 150
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
TEXT, CSV = "text/plain", "text/csv"

ENDINGS = {
    ".pdf": PDF,
    ".png": PNG,
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".txt": TEXT,
    ".csv": CSV,
    ".docx": DOCX,
    ".xlsx": XLSX,
    ".odt": ODT,
}
"""What may be kept, by the ending of its name."""
TITLES = ", ".join(sorted({ending.lstrip(".").upper() for ending in ENDINGS}))

_STARTS = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))
# A printable page needs none of these; each makes a reader do something when the file is opened. To open at a page is
# nothing of the kind. The shortest names are looked for with what comes after them: by themselves they are in every
# large picture by chance.
_ACTIVE_PDF = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFile|RichMedia|XFA)\b|/OpenAction\b(?![\0\s]*\[)"
    rb"|/JS(?:[\0\s]*[(<%]|[\0\s]+\d)|/AA(?:[\0\s]*(?:<<|%)|[\0\s]+\d)"
)
# Among packed objects what is done at opening is mostly the page to begin with: there what is done is looked for.
_ACTING_PDF = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA|SubmitForm|ImportData)\b")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_NAME_IN_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Kept:
    """A file that is in the store: `digest` is the SHA-256 of its content, in hexadecimal digits."""

    name: str
    digest: str
    size: int
    media_type: str


def keep(folder: Path, name: str, chunks: Iterable[bytes], scanner: Scanner | None = None) -> Kept:
    """Keep a file. InputError where its content is not what its name says or does harm, UnsupportedError where its
    type is none that is kept, StorageError where the disk refuses. When it returns, the whole file is on the disk.
    With a scanner, MalwareError where it finds something, and BusyError where it cannot be asked.
    """
    shown = clean_name(name)
    wanted = ENDINGS.get(Path(shown).suffix.lower())
    if wanted is None:
        raise UnsupportedError(
            gettext_noop("{name} is of a type that is not kept; these are: {types}."),
            about="file",
            name=shown,
            types=TITLES,
        )
    with _writing(folder) as (file, path):
        digest, size = _copy(chunks, file, shown)
        file.flush()
        check_content(file, wanted, shown)
        if scanner:
            scanner.look_at(file, shown)
        os.fsync(file.fileno())
        target = _place(folder, digest)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o400)
        path.replace(target)
        _sync_folder(target.parent)
    return Kept(shown, digest, size, wanted)


def open_kept(folder: Path, digest: str) -> BinaryIO:
    """The content of a file that was kept; NotFoundError where there is none with this digest."""
    try:
        return _place(folder, digest).open("rb")
    except FileNotFoundError:
        raise NotFoundError(
            gettext_noop("The content of this document is not in the folder of documents; restore it.")
        ) from None


def is_whole(folder: Path, digest: str) -> bool:
    """Whether the file is there and its content is still what its digest says."""
    try:
        with open_kept(folder, digest) as file:
            found = hashlib.sha256()
            while chunk := file.read(1 << 16):
                found.update(chunk)
            return found.hexdigest() == digest
    except NotFoundError:
        return False


def clean_name(name: str) -> str:
    """The last part of a name, without what could lead out of a folder, break a header or deceive the eye."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*').strip(". ")
    if len(shown) > LONGEST_NAME:
        stem, ending = Path(shown).stem, Path(shown).suffix[:10]
        shown = stem[: LONGEST_NAME - len(ending)] + ending
    if not shown:
        raise InputError(gettext_noop("Give the file a name."), about="file")
    return shown


def check_content(file: BinaryIO, wanted: str, name: str) -> None:
    """InputError where the content is not `wanted`, or could do something when it is opened."""
    file.seek(0)
    head = file.read(512)
    found = next((kind for start, kind in _STARTS if head.startswith(start)), None)
    if head.startswith(b"PK\x03\x04"):
        found = office_type(file, name, 20 * LARGEST)
    elif found is None and wanted in (TEXT, CSV):
        try:
            found = wanted if _is_text(file) else None
        except UnicodeDecodeError:
            raise InputError(gettext_noop("This is no text in UTF-8."), about="file") from None
    if found != wanted:
        raise InputError(gettext_noop("The content of {name} is not what its name says."), about="file", name=name)
    if wanted == PDF:
        _check_pdf(file, name)


def _check_pdf(file: BinaryIO, name: str) -> None:
    file.seek(0)
    content = file.read()
    if b"%%EOF" not in content[-2048:]:
        raise InputError(gettext_noop("{name} is damaged: its end is missing."), about="file", name=name)
    if re.search(rb"/Encrypt\b", _named(content)):
        raise InputError(
            gettext_noop("{name} is locked with a password; save it without one."), about="file", name=name
        )
    try:
        active = _ACTIVE_PDF.search(_named(content)) or any(
            _ACTING_PDF.search(_named(part)) for part in _packed_objects(content)
        )
    except (zlib.error, ValueError):
        raise InputError(gettext_noop("{name} is damaged: it cannot be opened."), about="file", name=name) from None
    if active:
        raise InputError(
            gettext_noop("{name} does something when it is opened; print it to a new PDF and send that."),
            about="file",
            name=name,
        )


def _named(content: bytes) -> bytes:
    """A part of a PDF with its names as readers understand them."""
    return _NAME_IN_HEX.sub(lambda found: bytes([int(found[1], 16)]), content)


def _packed_objects(content: bytes) -> Iterator[bytes]:
    """The objects that a PDF keeps compressed, where a search would not find them. zlib.error or ValueError where they
    cannot be unpacked, or are more than is looked at."""
    room = 20 * LARGEST
    for found in _STREAM.finditer(content):
        head = _named(content[max(content.rfind(b"obj", 0, found.start()), 0) : found.start()])
        if b"/ObjStm" not in head:
            continue
        filters = re.findall(rb"/(\w+Decode|Fl|LZW|Crypt)\b", head)
        if filters not in ([], [b"FlateDecode"]) or b"/Predictor" in head:
            raise ValueError("objects are packed in a way that is not looked into")
        packed = content[found.end() : content.find(b"endstream", found.end())]
        if filters:
            unpacked = zlib.decompressobj().decompress(packed, room)
            room -= len(unpacked)
            if room <= 0:
                raise ValueError("objects unpack to more than is looked at")
            yield unpacked


def _is_text(file: BinaryIO) -> bool:
    """Whether the file is text without control characters, and no page of a browser; UnicodeDecodeError where it is
    not in UTF-8."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    first = True
    while chunk := file.read(1 << 16):
        text = decoder.decode(chunk)
        if any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
            return False
        if first and re.match(r"\ufeff?\s*<(!doctype|html|script|svg|\?xml)", text, re.I):
            return False
        first = False
    decoder.decode(b"", final=True)
    return not first


def _copy(chunks: Iterable[bytes], file: BinaryIO, name: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST:
            raise InputError(
                gettext_noop("{name} is larger than {most} MB."), about="file", name=name, most=LARGEST // 1_000_000
            )
        digest.update(chunk)
        try:
            file.write(chunk)
        except OSError as error:
            raise StorageError(gettext_noop("The document could not be written ({why})."), why=error.strerror) from None
    if not size:
        raise InputError(gettext_noop("{name} is empty."), about="file", name=name)
    return digest.hexdigest(), size


class _writing:  # noqa: N801  (used like a function)
    """A new file in the folder, removed again unless it was given its place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> tuple[BinaryIO, Path]:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".new-", dir=self.folder)
        except OSError as error:
            raise StorageError(gettext_noop("The document could not be written ({why})."), why=error.strerror) from None
        self.path = Path(name)
        self.file = io.BufferedRandom(io.FileIO(handle, "r+"))
        return self.file, self.path

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        with suppress(OSError):
            self.file.close()
        self.path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StorageError(gettext_noop("The document could not be written ({why})."), why=error.strerror) from None


def _place(folder: Path, digest: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise NotFoundError(gettext_noop("There is no such document."))
    return folder / digest[:2] / digest


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The line-by-line reader: for bundles, files that mix types, and files the fast reader refuses.

Every resource is decoded as its declared shape, so what comes out is what the fast reader accepts, and written to one
scratch file for its type. What cannot be decoded is set aside with its place and the reason.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

from wardbench.core.errors import InputError
from wardbench.ward.ingest.fhir.files import Kind, SourceFile, open_unpacked
from wardbench.ward.ingest.fhir.reading import Reading
from wardbench.ward.ingest.fhir.resource_types import RESOURCE_TYPES
from wardbench.ward.ingest.quarantine import BadLine

UNREADABLE = "(unreadable)"
NO_RESOURCE = "(no resource)"

_REFERENCE = re.compile(rb'("reference"\s*:\s*")([^"\\]+)(")')
_BYTE = re.compile(r"\(byte (\d+)\)")


class _Entry(msgspec.Struct):
    fullUrl: str | None = None  # noqa: N815
    resource: msgspec.Raw = msgspec.Raw(b"")


class _Bundle(msgspec.Struct):
    entry: list[_Entry] = []


class UnreadableError(Exception):
    """Why a record is set aside; never holds a value."""


class Splitter:
    """Reads files and gathers their resources by type.

    `counted` holds (file, kind, reason) of records that end here; those written on are counted by who reads them.
    """

    def __init__(self, readings: Mapping[str, Reading], folder: Path) -> None:
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            kind: msgspec.json.Decoder(reading.shape) for kind, reading in readings.items()
        }
        self._folder = folder
        self._outputs: dict[str, IO[bytes]] = {}
        self._encoder = msgspec.json.Encoder()
        self.counted: Counter[tuple[str, str, str]] = Counter()
        self.quarantined: list[BadLine] = []
        self.kinds_in_quarantine: Counter[tuple[str, str]] = Counter()
        self.longest = 0

    def path(self, kind: str) -> Path:
        """The scratch file of a type."""
        return self._folder / f"{kind}.ndjson"

    @property
    def kinds(self) -> list[str]:
        """The types that have a scratch file."""
        return sorted(self._outputs)

    def close(self) -> None:
        for output in self._outputs.values():
            output.close()

    def read(self, file: SourceFile) -> None:
        """Read one file; InputError where it is cut short, because what is missing cannot be set aside."""
        line = 0
        try:
            if file.form == "document":
                self._read_document(file)
                return
            with open_unpacked(file.path) as handle:
                for line, offset, text in _lines(handle):
                    self._read_line(file.name, line, offset, text)
        except (EOFError, zlib.error):
            raise InputError(f"{file.name}: the file is cut short after line {line:,}; nothing was loaded.") from None

    def _read_document(self, file: SourceFile) -> None:
        with open_unpacked(file.path) as handle:
            text = handle.read()
        try:
            self._read_resource(file.name, text.removeprefix(b"\xef\xbb\xbf"))
        except UnreadableError as error:
            at = _BYTE.search(str(error))
            offset = int(at.group(1)) if at else 0
            line = text.count(b"\n", 0, offset) + 1
            self._set_aside(BadLine(file.name, line, offset, len(text), str(error)), UNREADABLE)

    def _read_line(self, file: str, line: int, offset: int, text: bytes) -> None:
        try:
            self._read_resource(file, text)
        except UnreadableError as error:
            self._set_aside(BadLine(file, line, offset, len(text), str(error)), UNREADABLE)

    def _read_resource(self, file: str, text: bytes | msgspec.Raw, identity: str | None = None) -> None:
        kind = _kind_of(text)
        if kind == "Bundle":
            self._read_bundle(file, text)
        elif kind in self._decoders:
            self._write(file, kind, self._decode(kind, text, identity))
        elif kind in RESOURCE_TYPES:
            self.counted[file, kind, f"not mapped: {kind}"] += 1
        else:
            raise UnreadableError("resourceType is not a type of FHIR R4")

    def _read_bundle(self, file: str, text: bytes | msgspec.Raw) -> None:
        try:
            entries = msgspec.json.decode(text, type=_Bundle).entry
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableError(_reason(error)) from None
        known = dict(_identities(entries))
        for number, entry in enumerate(entries):
            resource: bytes | msgspec.Raw = entry.resource
            if not bytes(resource):
                self.counted[file, NO_RESOURCE, "entry without a resource"] += 1
                continue
            if known:
                resource = _REFERENCE.sub(
                    lambda m: m.group(1) + known.get(m.group(2), m.group(2)) + m.group(3), bytes(resource)
                )
            identity = _uuid(entry.fullUrl)
            try:
                self._read_resource(file, resource, identity)
            except UnreadableError as error:
                place = bytes(text).find(bytes(entry.resource))
                line = bytes(text).count(b"\n", 0, place) + 1
                reason = f"entry {number} of a bundle: {error}"
                self._set_aside(BadLine(file, line, place, len(bytes(resource)), reason), UNREADABLE)

    def _decode(self, kind: str, text: bytes | msgspec.Raw, identity: str | None) -> Any:
        try:
            record = self._decoders[kind].decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableError(_reason(error)) from None
        record.id = record.id or identity
        if not record.id:
            raise UnreadableError("the resource has no id")
        return record

    def _write(self, file: str, kind: str, record: Any) -> None:
        output = self._outputs.get(kind)
        if output is None:
            output = self._outputs[kind] = self.path(kind).open("wb")
        line = self._encoder.encode({"file": file, "record": record})
        self.longest = max(self.longest, len(line))
        output.write(line + b"\n")

    def _set_aside(self, bad: BadLine, kind: str) -> None:
        self.quarantined.append(bad)
        self.kinds_in_quarantine[bad.file, kind] += 1


def _lines(handle: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Number, byte offset and text of every line that is not blank."""
    offset = 0
    for number, line in enumerate(handle, 1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if text:
            yield number, offset, text
        offset += len(line)


def _kind_of(text: bytes | msgspec.Raw) -> str:
    try:
        kind = msgspec.json.decode(text, type=Kind).resourceType
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(_reason(error)) from None
    if kind is None:
        raise UnreadableError("there is no resourceType")
    return kind


def _reason(error: Exception) -> str:
    """msgspec names types and paths, and never quotes a value; other decoders do not get to speak."""
    return str(error) if isinstance(error, msgspec.DecodeError) else "not valid UTF-8"


def _identities(entries: list[_Entry]) -> Iterator[tuple[bytes, bytes]]:
    """What the fullUrls of a bundle stand for, where that is not plain from the URL itself."""
    for entry in entries:
        if not entry.fullUrl or not bytes(entry.resource):
            continue
        try:
            head = msgspec.json.decode(entry.resource, type=_Head)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        name = f"{head.resourceType}/{head.id or _uuid(entry.fullUrl)}"
        if not entry.fullUrl.endswith(f"/{name}"):
            yield entry.fullUrl.encode(), name.encode()


class _Head(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815
    id: str | None = None


def _uuid(url: str | None) -> str | None:
    """The id that a `urn:uuid:` (or `urn:oid:`) gives to a resource without one."""
    return url.rpartition(":")[2] if url and url.startswith("urn:") else None

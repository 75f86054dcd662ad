"""What is given as SOURCE: which files it holds, and in which form each of them is."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

import msgspec

from wardbench.core.errors import InputError, NotFoundError

LINES = (".ndjson", ".jsonl")
DOCUMENTS = (".json",)
HEAD_BYTES = 1 << 20

Form = Literal["lines", "document"]


@dataclass(frozen=True, order=True)
class SourceFile:
    """A file of FHIR resources; `kind` is the type of its first resource, None where that cannot be told.

    `name` is its path as it was given; the ledger and every message use it.
    """

    name: str
    path: Path
    form: Form
    kind: str | None
    bytes: int

    @property
    def packed(self) -> bool:
        return self.path.suffix.lower() == ".gz"


class Kind(msgspec.Struct):
    """Only the type of a resource."""

    resourceType: str | None = None  # noqa: N815


@dataclass(frozen=True)
class Sources:
    """The files that hold FHIR, and the names of those that were looked at and do not."""

    files: tuple[SourceFile, ...]
    ignored: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def find(sources: Sequence[Path]) -> Sources:
    """Every FHIR file in files and folders (searched to any depth), in the order of their names.

    Raises NotFoundError for a source that is not there, InputError where one holds no FHIR at all.
    """
    files: dict[Path, SourceFile] = {}
    ignored: list[str] = []
    for source in sources:
        if not source.exists():
            raise NotFoundError(f"{source}: no such file or folder.")
        if source.is_file():
            file = _look(source)
            if file is None:
                raise InputError(f"{source}: this is not FHIR; no resource with a resourceType begins it.")
            files.setdefault(source.resolve(), file)
            continue
        found = False
        for path in sorted(p for p in source.rglob("*") if p.is_file() and _is_json(p)):
            file = _look(path)
            if file is None:
                ignored.append(str(path))
            else:
                files.setdefault(path.resolve(), file)
                found = True
        if not found:
            raise InputError(f"{source}: no FHIR in this folder (looked for .ndjson, .jsonl and .json, also with .gz).")
    return Sources(tuple(sorted(files.values())), tuple(ignored))


def open_unpacked(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where it is a .gz."""
    return cast(IO[bytes], gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _is_json(path: Path) -> bool:
    return _extension(path) in (*LINES, *DOCUMENTS)


def _extension(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _look(path: Path) -> SourceFile | None:
    try:
        with open_unpacked(path) as handle:
            head = handle.read(HEAD_BYTES)
    except (EOFError, OSError, zlib.error) as error:
        if isinstance(error, PermissionError):
            raise InputError(f"{path}: no permission to read this file.") from None
        raise InputError(f"{path}: the compressed file is cut short, damaged or no .gz; nothing was loaded.") from None
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    size = path.stat().st_size
    as_lines = _extension(path) not in DOCUMENTS
    if not text:
        # An export of a type of which there is nothing is an empty file.
        return SourceFile(str(path), path, "lines", None, size) if as_lines else None
    line, end, rest = text.partition(b"\n")
    kind = _kind(line)
    if kind is not None and (as_lines or rest.strip()):
        return SourceFile(str(path), path, "lines", kind, size)
    if not as_lines or (kind is None and _is_opening(line) and end):
        return SourceFile(str(path), path, "document", kind, size) if b'"resourceType"' in text else None
    return SourceFile(str(path), path, "lines", None, size) if b'"resourceType"' in text else None


def _is_opening(line: bytes) -> bool:
    return line.strip() in (b"{", b"[")


def _kind(line: bytes) -> str | None:
    try:
        return msgspec.json.decode(line, type=Kind).resourceType
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None

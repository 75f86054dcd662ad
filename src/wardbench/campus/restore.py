"""A campus from a backup: whole, with every checksum and the chain of the record proved, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from wardbench.campus.backup import (
    CONFIGURATION,
    DOCUMENTS,
    FORMAT,
    HEADS,
    KEYS,
    MANIFEST,
    NAMED,
    POSTGRES_DUMP,
    SECRETS,
    SQLITE_COPY,
    Entry,
    Manifest,
)
from wardbench.campus.configuration import APPROVAL_PATH, Configuration, read_configuration, read_key, set_database
from wardbench.campus.configuration import KEYS as KEY_NAMES
from wardbench.campus.databases import Postgres, address_of, is_sqlite, sqlite_path
from wardbench.core.errors import InputError, NotFoundError, StorageError

PIECE = 1 << 20
TOP = {APPROVAL_PATH, CONFIGURATION, HEADS, MANIFEST, POSTGRES_DUMP, SQLITE_COPY}
FOLDERS = {DOCUMENTS, KEYS, NAMED, SECRETS}


@dataclass(frozen=True)
class Restored:
    """What came back; `broken` says what is wrong with the chain of the record, empty where it is whole."""

    made: str
    campus: str
    documents: int
    events: int
    broken: str


def restore(archive: Path, folder: Path, *, database: str = "", keys: Path | None = None) -> Restored:
    """Make the campus of `archive` in `folder`, which is empty or not there yet.

    `database` takes the place of the one it had; `keys` is the folder of its keys where the backup has none. InputError
    where the archive is damaged: nothing is then left behind.
    """
    if not archive.is_file():
        raise NotFoundError(f"{archive}: there is no such backup.")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InputError(f"{folder}: there is something here already; name a folder that is empty or not there.")
    partial = folder.with_name(folder.name + ".partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        manifest = _unpack(archive, partial)
        _place_keys(partial, keys)
        configuration = _place(partial, folder, database)
        documents = sum(name.startswith(DOCUMENTS + "/") for name in manifest.files)
        _fill(partial, configuration)
        partial.rename(folder)
    except OSError as error:
        raise StorageError(f"{folder}: the campus could not be restored ({error}).") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    events, broken = _prove(folder)
    return Restored(manifest.made, manifest.campus, documents, events, broken)


def _unpack(archive: Path, into: Path) -> Manifest:
    """Everything in the archive, each file compared with its checksum."""
    found: dict[str, Entry] = {}
    manifest = b""
    try:
        with gzip.open(archive, "rb") as unzipped:
            with tarfile.open(fileobj=unzipped, mode="r|") as parts:
                for part in parts:
                    name = _safe(archive, part)
                    source = parts.extractfile(part)
                    assert source is not None
                    if name == MANIFEST:
                        manifest = source.read()
                        continue
                    target = into / name
                    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    digest, size = hashlib.sha256(), 0
                    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                        while piece := source.read(PIECE):
                            digest.update(piece)
                            size += len(piece)
                            file.write(piece)
                    found[name] = Entry(size, digest.hexdigest())
            while unzipped.read(PIECE):  # to the end, where the file's own checksum stands
                pass
        said = msgspec.json.decode(manifest, type=Manifest)
    except (
        EOFError,
        zlib.error,
        gzip.BadGzipFile,
        tarfile.TarError,
        msgspec.DecodeError,
        UnicodeError,
        ValueError,
    ) as why:
        raise InputError(
            f"{archive}: the backup is damaged or cut short ({type(why).__name__}); take another."
        ) from None
    if said.format != FORMAT:
        raise InputError(f"{archive}: the backup is of another version of Wardbench ({said.wardbench}).")
    for name in sorted(said.files.keys() | found.keys()):
        if said.files.get(name) != found.get(name):
            raise InputError(f"{archive}: {name} in the backup is not what was written; take another backup.")
    return said


def _safe(archive: Path, part: tarfile.TarInfo) -> str:
    """The name of a part that a backup of ours can have; InputError for any other."""
    path = PurePosixPath(part.name)
    plain = part.isreg() and not path.is_absolute() and ".." not in path.parts and str(path) == part.name
    if not plain or not (part.name in TOP or (len(path.parts) > 1 and path.parts[0] in FOLDERS)):
        raise InputError(f"{archive}: this is not a backup of a campus.")
    return part.name


def _place_keys(folder: Path, keys: Path | None) -> None:
    inside = folder / KEYS
    if keys is not None:
        shutil.rmtree(inside, ignore_errors=True)
        inside.mkdir(mode=0o700)
        for name in KEY_NAMES:
            source, target = keys / f"{name}.key", inside / f"{name}.key"
            if not source.is_file():
                raise NotFoundError(f"{source}: this key is missing.")
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(source.read_bytes())
    kept = read_configuration(folder).secrets
    if kept == "folder" and not inside.is_dir():
        raise InputError("The backup holds no keys; say where they are with --keys FOLDER.")
    for name in KEY_NAMES:
        read_key(folder, name, kept)


def _place(partial: Path, folder: Path, database: str) -> Configuration:
    """Put configuration, heads, secrets and named files where they belong; the configuration of the restored campus."""
    path = partial / CONFIGURATION
    if database:
        path.write_text(set_database(path.read_text(encoding="utf-8"), database), encoding="utf-8")
    configuration = read_configuration(partial)
    heads = partial / HEADS
    if heads.is_file() and configuration.audit_heads != HEADS:
        target = (folder / configuration.audit_heads).resolve()
        if folder.resolve() in target.parents:
            moved = partial / configuration.audit_heads
            moved.parent.mkdir(parents=True, exist_ok=True)
            heads.rename(moved)
    for group in (partial / NAMED, partial / SECRETS):
        for one in sorted(group.rglob("*")):
            if one.is_file():
                to = partial / one.relative_to(group)
                to.parent.mkdir(parents=True, exist_ok=True)
                one.rename(to)
        shutil.rmtree(group, ignore_errors=True)
    (partial / DOCUMENTS).mkdir(exist_ok=True)
    return configuration


def _fill(partial: Path, configuration: Configuration) -> None:
    """Put the database in its place."""
    copy, dump = partial / SQLITE_COPY, partial / POSTGRES_DUMP
    if is_sqlite(configuration.database) != copy.is_file():
        raise InputError("The backup is of the other kind of database; a campus is restored to the kind that it had.")
    if copy.is_file():
        target = sqlite_path(configuration.database, partial)
        if target != copy and target.exists():
            raise InputError(f"{target}: there is a database here already; name another with --database.")
        copy.rename(target)
        return
    postgres = Postgres.of(address_of(configuration, partial))
    if not postgres.is_empty():
        raise InputError("The database holds tables already; make an empty one and name it with --database.")
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    postgres.run("pg_restore", *options, str(dump), major=postgres.major())
    dump.unlink()


def _prove(folder: Path) -> tuple[int, str]:
    """The chain of the record, checked by a process of its own: this one may work on another campus."""
    command = [sys.executable, "-m", "wardbench", "audit", "verify", "--campus", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return 0, (done.stderr.strip().splitlines() or ["the chain could not be read"])[-1]
    broken = said["broken"]
    return said["events"], f"event {broken['number']} {broken['why']}" if broken else ""

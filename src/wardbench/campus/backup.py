"""One file that holds a campus as it was at one moment, also while people work on it.

The heads of the audit chain are copied before the database and the documents after it: what the copy of the database
refers to is then in the file. The file appears under its name when it is whole, and not before.

Who is signed in stays out: what the database holds of a session is what opens it, and a restored campus asks everybody
to sign in again, also those who were signed out after the backup.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from wardbench.campus.configuration import APPROVAL_PATH, Configuration, read_configuration, set_database
from wardbench.campus.databases import Postgres, address_of, is_sqlite, sqlite_path, without_password
from wardbench.core.errors import BusyError, InputError, StorageError
from wardbench.core.version import __version__

FORMAT = 1
MANIFEST = "manifest.json"
SQLITE_COPY, POSTGRES_DUMP = "database.sqlite3", "database.dump"
CONFIGURATION, HEADS, DOCUMENTS, KEYS, SECRETS = "campus.toml", "audit-heads.jsonl", "documents", "keys", "secrets"
SESSIONS = ("usersessions_usersession", "django_session")
"""Tables of who is signed in where."""
NAMED = "named"
"""Other files that campus.toml names, by their place in the campus's folder."""


class Entry(msgspec.Struct, frozen=True):
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself; it is the last thing in the file."""

    format: int
    wardbench: str
    made: str
    campus: str
    with_keys: bool
    files: dict[str, Entry]


@dataclass(frozen=True)
class Backup:
    """What was written. `outside` are files that campus.toml names outside the campus's folder: they are not in it."""

    path: Path
    size: int
    documents: int
    with_keys: bool
    outside: tuple[str, ...] = ()


def back_up(folder: Path, out: Path, *, with_keys: bool = False) -> Backup:
    """Write the campus in `folder` to `out`. StorageError where something cannot be read or written."""
    configuration = read_configuration(folder)
    if with_keys and configuration.secrets != "folder":
        raise InputError("campus.toml: secrets: the keys are not kept in the folder; back them up where they are.")
    if not out.name or out.is_dir():
        raise InputError(f"{out}: this is a folder; name a file to write the backup to.")
    partial = out.with_name(out.name + ".partial")
    work = out.with_name(out.name + ".partial.d")
    try:
        with _alone(partial) as file:
            _empty(work)
            try:
                manifest = _write(folder, configuration, file, work, with_keys=with_keys)
            finally:
                shutil.rmtree(work, ignore_errors=True)
            os.fsync(file.fileno())
            partial.replace(out)
            _sync_folder(out.parent)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{out}: the backup could not be written ({error}).") from None
    documents = sum(name.startswith(DOCUMENTS + "/") for name in manifest.files)
    files = [*secret_files(configuration), *named_files(configuration)]
    outside = tuple(sorted(name for name in files if _within(folder, name) is None))
    return Backup(out, out.stat().st_size, documents, with_keys, outside)


def secret_files(configuration: Configuration) -> list[str]:
    """Files, beside the keys, that hold passwords, as campus.toml names them."""
    passwords = [configuration.mail.password_file] if configuration.mail else []
    passwords.append(configuration.database_password_file)
    return [name for name in [*passwords, *(one.secret_file for one in configuration.openid)] if name]


def named_files(configuration: Configuration) -> list[str]:
    """Files that hold no secret and without which the campus is not what it was, as campus.toml names them."""
    return [one.metadata for one in configuration.saml if "://" not in one.metadata]


def _within(folder: Path, name: str) -> str | None:
    """The place of a named file in the campus's folder; None where it lies outside."""
    place = Path(os.path.relpath(folder / name, folder))
    return None if place.parts[:1] == (os.pardir,) else place.as_posix()


@contextlib.contextmanager
def _alone(partial: Path) -> Iterator[IO[bytes]]:
    """The file to write into, for its owner alone; BusyError where another backup is writing it."""
    with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"{partial}: another backup is being written here.") from None
        file.truncate()
        try:
            yield file
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _write(folder: Path, configuration: Configuration, file: IO[bytes], work: Path, *, with_keys: bool) -> Manifest:
    if not with_keys and (address := without_password(configuration.database)) != configuration.database:
        text = set_database((folder / CONFIGURATION).read_text(encoding="utf-8"), address)
        (work / CONFIGURATION).write_text(text, encoding="utf-8")
    heads = folder / configuration.audit_heads
    if heads.is_file():
        shutil.copyfile(heads, work / HEADS)
    if is_sqlite(configuration.database):
        copy_sqlite(sqlite_path(configuration.database, folder), work / SQLITE_COPY, without=SESSIONS)
    else:
        postgres = Postgres.of(address_of(configuration, folder))
        options = ["-Fc", "--no-owner", "--no-privileges", *(f"--exclude-table-data={one}" for one in SESSIONS)]
        postgres.run("pg_dump", *options, f"--file={work / POSTGRES_DUMP}", major=postgres.major())
    entries: dict[str, Entry] = {}
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
        for name, path in _parts(folder, configuration, work, with_keys=with_keys):
            with contextlib.suppress(FileNotFoundError), path.open("rb") as source:
                entries[name] = _add(archive, name, source)
        manifest = Manifest(
            format=FORMAT,
            wardbench=__version__,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            campus=configuration.name,
            with_keys=with_keys,
            files=entries,
        )
        _add(archive, MANIFEST, io.BytesIO(msgspec.json.encode(manifest)))
    return manifest


def _parts(folder: Path, configuration: Configuration, work: Path, *, with_keys: bool) -> Iterator[tuple[str, Path]]:
    if not (work / CONFIGURATION).exists():
        yield CONFIGURATION, folder / CONFIGURATION
    yield APPROVAL_PATH, folder / APPROVAL_PATH
    for path in sorted(work.iterdir()):
        yield path.name, path
    documents = folder / DOCUMENTS
    for path in sorted(documents.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield f"{DOCUMENTS}/{path.relative_to(documents)}", path
    if with_keys:
        for path in sorted((folder / KEYS).iterdir()):
            yield f"{KEYS}/{path.name}", path
    groups = {NAMED: named_files(configuration), SECRETS: secret_files(configuration) if with_keys else []}
    for group, names in groups.items():
        for place in sorted({place for name in names if (place := _within(folder, name))}):
            yield f"{group}/{place}", folder / place


def _add(archive: tarfile.TarFile, name: str, source: IO[bytes]) -> Entry:
    """Add a file as long as it is now: what is appended meanwhile stays out."""
    source.seek(0, os.SEEK_END)
    info = tarfile.TarInfo(name)
    info.size, info.mode = source.tell(), 0o600
    source.seek(0)
    hashing = _Hashing(source)
    archive.addfile(info, hashing)
    return Entry(info.size, hashing.digest.hexdigest())


class _Hashing:
    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.digest.update(data)
        return data


def copy_sqlite(source: Path, target: Path, *, without: tuple[str, ...] = ()) -> None:
    """A copy of a database that others are writing to, whole and as of one moment, with nothing in the tables `without`
    and nothing left of what was in them."""
    if not source.is_file():
        raise StorageError(f"{source}: the database is missing.")
    with (
        contextlib.closing(sqlite3.connect(source, timeout=20)) as from_,
        contextlib.closing(sqlite3.connect(target)) as to,
    ):
        from_.backup(to)
        to.execute("PRAGMA journal_mode=DELETE")
        said = to.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            raise StorageError(f"{source}: the database is damaged ({said}).")
        to.execute("PRAGMA secure_delete=ON")
        for table in without:
            to.execute(f"DELETE FROM {table}")
        to.commit()


def _empty(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

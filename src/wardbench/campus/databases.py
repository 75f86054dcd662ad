"""One setting says which database: `sqlite:FILE` in the campus's folder, or `postgresql://user@host:port/name`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from wardbench.campus.configuration import Configuration
from wardbench.campus.secret_store import read_secret
from wardbench.core.errors import InputError, NotFoundError, StorageError

# WAL lets pages read while one process writes; IMMEDIATE takes the write lock at the start of a transaction, where it
# can be waited for, and not in its middle, where it cannot; FULL keeps what was acknowledged when the power goes.
SQLITE = {
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
}


def database_settings(database: str, folder: Path | None) -> dict[str, Any]:
    """Django's settings for `database`; InputError where it names none that we support."""
    kind, colon, rest = database.partition(":")
    if kind == "sqlite" and colon and rest:
        if rest == ":memory:":
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": rest}
        name = Path(rest) if folder is None else folder / rest
        # Threads keep their connections: to open one for each page, and to write the log home at its close, is dear.
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "CONN_MAX_AGE": None, "OPTIONS": dict(SQLITE)}
    if kind in ("postgresql", "postgres"):
        parts = urlsplit(database)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": dict(parse_qsl(parts.query)),
        }
    raise InputError("campus.toml: database: give sqlite:FILE or postgresql://user@host:port/name.")


def address_of(configuration: Configuration, folder: Path | None) -> str:
    """`database` of campus.toml, with the password that lies elsewhere where `database_password_file` names one.

    A password in the address itself comes first. InputError where there is nobody whose password it could be; errors as
    of `read_secret`.
    """
    file = configuration.database_password_file
    if not file or folder is None:
        return configuration.database
    parts = urlsplit(configuration.database)
    if parts.password:
        return configuration.database
    if parts.scheme not in ("postgresql", "postgres") or not parts.username:
        raise InputError("campus.toml: database_password_file: name the user of PostgreSQL in database.")
    password = quote(read_secret(configuration.secrets, folder, file), safe="")
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))


def without_password(database: str) -> str:
    """`database` of campus.toml without the password of PostgreSQL that its address may hold."""
    if is_sqlite(database):
        return database
    parts = urlsplit(database)
    user, at, host = parts.netloc.rpartition("@")
    asked = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name != "password"])
    return urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + host, query=asked))


def is_sqlite(database: str) -> bool:
    return database.startswith("sqlite:")


def sqlite_path(database: str, folder: Path) -> Path:
    """Where the SQLite database of the campus in `folder` lies."""
    return folder / database.partition(":")[2]


@dataclass(frozen=True)
class Postgres:
    """How PostgreSQL's own programs reach a database. The password goes by the environment, unseen by `ps`."""

    address: str
    environment: dict[str, str]

    @classmethod
    def of(cls, database: str) -> Postgres:
        parts = urlsplit(database)
        host = parts.netloc.rpartition("@")[2]
        user = f"{parts.username}@" if parts.username else ""
        address = urlunsplit(("postgresql", user + host, parts.path, parts.query, ""))
        password = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
        return cls(address, {**os.environ, **password})

    def major(self) -> int:
        """The server's version; StorageError where it cannot be reached."""
        said = self.run("psql", "--no-psqlrc", "-Atc", "SHOW server_version_num", major=0)
        return int(said) // 10_000

    def is_empty(self) -> bool:
        """Whether the database has no table of ours or anybody's."""
        question = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        return self.run("psql", "--no-psqlrc", "-Atc", question, major=0).strip() == "0"

    def run(self, program: str, *arguments: str, major: int) -> str:
        """What one of PostgreSQL's programs says, of version `major` where it is not 0."""
        command = [str(postgres_program(program, major)), "--no-password", f"--dbname={self.address}", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
            raise StorageError(f"{program}: {said}")
        return done.stdout


def postgres_program(name: str, major: int = 0) -> Path:
    """One of PostgreSQL's programs, of version `major` or (0) of any; NotFoundError where there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which(name)
    places += [Path(on_path)] if on_path else []
    for place in reversed(places):
        if major == 0 or _major_of(place) == major:
            return place
    which = f" of version {major}" if major else ""
    raise NotFoundError(f"{name}{which} was not found on PATH or in /usr/lib/postgresql; install PostgreSQL's client.")


def _major_of(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"(\d+)", said)
    return int(found[1]) if found else 0

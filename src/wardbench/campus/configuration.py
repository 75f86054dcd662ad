"""What an installation decides: one folder with `campus.toml`, the keys, the documents, and the SQLite database.

Read without Django, so that commands and the settings take the same thing. Keys are files that only their owner may
read, each made when the campus is, until a manager of secrets keeps them (`secret_store`); none is ever printed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from wardbench.campus.people.roles import SECOND_FACTOR, Role
from wardbench.campus.secret_store import Source, read_secret
from wardbench.core.errors import InputError, NotFoundError, StorageError

FOLDER = "WARDBENCH_CAMPUS"
"""The environment variable that names the folder of the campus to serve."""

APPROVAL_PATH = "approval-path.toml"
"""The campus's own approval path, in its folder, where it has one."""

KEYS = ("session", "audit", "disclosure", "pseudonym")


class OpenIDProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenID Connect provider; `secret_file` is relative to the campus's folder, `second_factor` are the values of
    the claims `amr` and `acr` that say that a second factor was used there."""

    id: str
    name: str
    issuer: str
    client_id: str
    secret_file: str
    second_factor: tuple[str, ...] = ("mfa",)


class SAMLProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A SAML identity provider, by the address of its metadata or a file in the campus's folder; `second_factor` are
    the authentication contexts that say that a second factor was used there."""

    id: str
    name: str
    entity_id: str
    metadata: str
    second_factor: tuple[str, ...] = ("https://refeds.org/profile/mfa",)


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server; without one, messages stay in the inbox of the application."""

    host: str
    port: int = 587
    sender: str = "wardbench@localhost"
    user: str = ""
    password_file: str = ""
    tls: bool = True


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The catalogue of published collections: `open` to everybody, or to whoever signs in; `access_body` is the health
    data access body of the country, which HealthDCAT-AP asks for, and how it is written to."""

    open: bool = True
    access_body: str = ""
    access_body_email: str = ""


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`campus.toml`. Paths are relative to the folder that holds it."""

    name: str = "Campus"
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    address: str = "http://localhost:8000"
    database: str = "sqlite:campus.sqlite3"
    database_password_file: str = ""
    store: str | None = None
    twin: str | None = None
    languages: tuple[Literal["en", "nl", "fr"], ...] = ("en", "nl", "fr")
    time_zone: str = "Europe/Brussels"
    demo: bool = False
    mail: Mail | None = None
    openid: tuple[OpenIDProvider, ...] = ()
    saml: tuple[SAMLProvider, ...] = ()
    scanner: str = ""
    password_alone: tuple[Role, ...] = ()
    password_words: tuple[str, ...] = ()
    breached_passwords: str = ""
    audit_heads: str = "audit-heads.jsonl"
    secrets: Source = "folder"
    syslog: str = ""
    catalogue: Catalogue = Catalogue()


def read_configuration(folder: Path) -> Configuration:
    """The configuration of the campus in `folder`; NotFoundError where there is none, InputError where it is wrong."""
    path = folder / "campus.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFoundError(f"{folder}: there is no campus.toml here; make one with: wardbench campus init.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path}: cannot be read ({error}).") from None
    try:
        found = msgspec.convert(tomllib.loads(text), Configuration)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: this is not TOML: {error}.") from None
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {error}.") from None
    if never := sorted(SECOND_FACTOR.intersection(found.password_alone)):
        raise InputError(f"{path}: password_alone: {never[0]} is a role that always needs a second factor.")
    return found


def set_database(text: str, database: str) -> str:
    """The text of a `campus.toml` with another database."""
    line = f"database = {json.dumps(database)}"
    changed, times = re.subn(r"(?m)^database\s*=.*$", lambda _found: line, text)
    return changed if times else f"{line}\n{text}"


def make_keys(folder: Path) -> None:
    """Make the keys that are missing in `folder`, each readable by its owner alone."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    for name in KEYS:
        path = keys / f"{name}.key"
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))


def read_key(folder: Path, name: str, source: Source = "folder") -> bytes:
    """One of `KEYS`; NotFoundError where it is missing, InputError where it is too short to be one."""
    file = f"keys/{name}.key"
    try:
        key = bytes.fromhex(read_secret(source, folder, file))
    except ValueError:
        raise InputError(f"{folder / file}: this is not a key of ours.") from None
    if len(key) < 32:
        raise InputError(f"{folder / file}: a key has 32 bytes or more.")
    return key

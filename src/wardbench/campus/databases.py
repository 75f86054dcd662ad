"""One setting says which database: `sqlite:FILE` in the campus's folder, or `postgresql://user@host:port/name`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from wardbench.core.errors import InputError

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
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": dict(SQLITE)}
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

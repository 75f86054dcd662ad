"""What many tests begin with is made by the verbs once for each process; after that its rows are written as they were.

`kept` is for functions that make things in the database and return them. A second call writes what the first left, in
a hundredth of the time, if everything is as it was then: the state that it begins from, its arguments, the day, the
language and the configuration. In any other state it is simply called.
"""

from __future__ import annotations

import functools
import io
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.core import mail
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from django.utils.translation import get_language

P = ParamSpec("P")
T = TypeVar("T")
Rows = dict[str, list[Any]]

THERE_FROM_THE_START = frozenset({"auth_permission", "django_content_type", "django_migrations"})
"""Tables that migrations fill. No verb changes them."""
_HARMLESS = ("SELECT", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True)
class _Left:
    """What a call left: rows that are gone, by their keys, and new ones, for each table; files; mails; its value."""

    gone: Rows
    new: Rows
    files: dict[str, bytes]
    mails: bytes
    value: bytes


@dataclass
class _Now:
    """What is known of the database: the calls that made it as it is, and what they returned last; None if nothing."""

    state: tuple[Any, ...] | None = None
    value: Any = None


_now = _Now()
_kept: dict[tuple[Any, ...], _Left] = {}


def kept(build: Callable[P, T]) -> Callable[P, T]:
    """`build`, whose first argument if it has one is what another such function returned."""

    @functools.wraps(build)
    def again(*args: P.args, **named: P.kwargs) -> T:
        begun = _begun(args)
        if begun is None:
            return build(*args, **named)
        around = (timezone.localdate(), get_language(), repr(settings.CAMPUS), settings.TIME_ZONE)
        state = (*begun, build, args[1:], tuple(sorted(named.items())), around)
        if state in _kept:
            value = _write(_kept[state], args)
        else:
            tables, files, mails = _tables(), _files(), len(_mails())
            value = build(*args, **named)
            _kept[state] = _left(tables, files, mails, args, value)
        _now.state, _now.value = state, value
        return value

    return again


@contextmanager
def watched() -> Iterator[None]:
    """For one test, notice whatever else changes the database."""

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(_HARMLESS):
            _now.state = None
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
    _now.state = _now.value = None


def _begun(args: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The state of the database before a call; None if it has no name."""
    if not connection.in_atomic_block:
        return None
    if args:
        return _now.state if args[0] is _now.value else None
    every = " OR ".join(f"EXISTS (SELECT 1 FROM {_quoted(table)})" for table in _names())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {every}")
        (something,) = cursor.fetchone()
    return None if something or _files() or _mails() else ()


@functools.cache
def _names() -> tuple[str, ...]:
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return tuple(sorted(set(found) - THERE_FROM_THE_START))


@functools.cache
def _columns(table: str) -> tuple[list[str], int]:
    """The columns of a table, and the place of its key among them."""
    with connection.cursor() as cursor:
        names = [column.name for column in connection.introspection.get_table_description(cursor, table)]
        key = connection.introspection.get_primary_key_column(cursor, table)
    return names, names.index(str(key))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _tables() -> Rows:
    with connection.cursor() as cursor:
        return {table: _read(cursor, table) for table in _names()}


def _read(cursor: CursorWrapper, table: str) -> list[Any]:
    """The rows as the database has them, nothing made of them: lines of COPY, or what SQLite stores."""
    names, _key = _columns(table)
    if connection.vendor == "postgresql":
        with cursor.cursor.copy(f"COPY {_quoted(table)} ({_listed(names)}) TO STDOUT") as copy:
            return io.BytesIO(b"".join(bytes(part) for part in copy)).readlines()
    # A column without a declared type is not converted.
    cursor.execute(f"SELECT {', '.join('+' + _quoted(name) for name in names)} FROM {_quoted(table)}")
    return list(cursor.fetchall())


def _listed(names: list[str]) -> str:
    return ", ".join(map(_quoted, names))


def _left(before: Rows, files: dict[str, bytes], mails: int, args: tuple[Any, ...], value: Any) -> _Left:
    gone, new = {}, {}
    for table, rows in _tables().items():
        there, here = set(before[table]), set(rows)
        if lost := [row for row in before[table] if row not in here]:
            gone[table] = [_key_of(table, row) for row in lost]
        if added := [row for row in rows if row not in there]:
            new[table] = added
    written = {name: data for name, data in _files().items() if files.get(name) != data}
    return _Left(gone, new, written, pickle.dumps(_mails()[mails:]), _packed(args, value))


def _key_of(table: str, row: Any) -> Any:
    _every, key = _columns(table)
    return row.rstrip(b"\n").split(b"\t")[key].decode() if isinstance(row, bytes) else row[key]


def _write(left: _Left, args: tuple[Any, ...]) -> Any:
    with connection.cursor() as cursor:
        for table, keys in left.gone.items():
            names, key = _columns(table)
            as_text = "::text" if connection.vendor == "postgresql" else ""
            sql = f"DELETE FROM {_quoted(table)} WHERE {_quoted(names[key])}{as_text} = %s"
            cursor.executemany(sql, [(one,) for one in keys])
        for table, rows in left.new.items():
            names, _key = _columns(table)
            if connection.vendor == "postgresql":
                with cursor.cursor.copy(f"COPY {_quoted(table)} ({_listed(names)}) FROM STDIN") as copy:
                    copy.write(b"".join(rows))
            else:
                marks = ", ".join(["%s"] * len(names))
                cursor.executemany(f"INSERT INTO {_quoted(table)} ({_listed(names)}) VALUES ({marks})", rows)
    for name, data in left.files.items():
        path = Path(settings.DOCUMENTS) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    _mails().extend(pickle.loads(left.mails))
    return _unpacked(left.value, args)


def _files() -> dict[str, bytes]:
    folder = Path(settings.DOCUMENTS)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _mails() -> list[Any]:
    found: list[Any] = getattr(mail, "outbox", [])
    return found


def _packed(args: tuple[Any, ...], value: Any) -> bytes:
    """A copy of the value in which what was given is named, to be the same thing again."""
    into = io.BytesIO()

    class Packer(pickle.Pickler):
        def persistent_id(self, one: Any) -> int | None:
            return 0 if args and one is args[0] else None

    Packer(into, pickle.HIGHEST_PROTOCOL).dump(value)
    return into.getvalue()


def _unpacked(packed: bytes, args: tuple[Any, ...]) -> Any:
    class Unpacker(pickle.Unpickler):
        def persistent_load(self, _id: Any) -> Any:
            return args[0]

    return Unpacker(io.BytesIO(packed)).load()

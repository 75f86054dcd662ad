"""A PostgreSQL server of the tests' own: in a folder of its own, on a free port, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from wardbench.core.omop.tables import TABLES
from wide_tables import WIDE_TABLES

PASSWORD = "only for tests"
_TYPES = {"DOUBLE": "DOUBLE PRECISION"}


def programs() -> Path | None:
    """Where initdb and pg_ctl are, in the newest version there is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    path = shutil.which("initdb")
    return Path(path).parent if path else None


@dataclass(frozen=True)
class Server:
    """A running server; `url` names its superuser and a database."""

    host: str
    port: int

    def url(self, user: str = "owner", password: str = PASSWORD, database: str = "postgres") -> str:
        return f"postgresql://{user}:{password.replace(' ', '%20')}@{self.host}:{self.port}/{database}"


SMALL = {"fsync": "off", "shared_buffers": "64MB"}


@contextmanager
def running(settings: Mapping[str, str] = SMALL) -> Iterator[Server]:
    """A server for as long as the block lasts; the test is skipped where there is no PostgreSQL."""
    pytest.importorskip("adbc_driver_postgresql", reason="PostgreSQL's driver is not installed")
    bin = programs()
    if bin is None:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="wardbench-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        password = folder / "password"
        password.write_text(PASSWORD)
        as_user = _not_as_root(folder)
        data = folder / "data"
        made = [bin / "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={password}"]
        subprocess.run([*as_user, *map(str, made), "-E", "UTF8", "--locale=C"], check=True, capture_output=True)
        port = _free_port()
        told = " ".join(f"-c {name}={value}" for name, value in settings.items())
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {told}"
        control = [*as_user, str(bin / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-w"]
        subprocess.run([*control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL)
        try:
            server = Server("127.0.0.1", port)
            # A port that was taken in between would answer with somebody else's server.
            assert _told(server, "SELECT current_setting('data_directory')") == str(data)
            yield server
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL)


def _not_as_root(folder: Path) -> list[str]:
    """PostgreSQL refuses to be run by root: then it is run by the user that Debian made for it."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    for path in (folder, *folder.iterdir()):
        os.chown(path, user.pw_uid, user.pw_gid)
    return ["runuser", "-u", "postgres", "--"]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _told(server: Server, question: str) -> Any:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(server.url()) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
        assert row is not None
        return row[0]


@contextmanager
def connected(server: Server) -> Iterator[Any]:
    """A cursor whose changes are kept when the block ends well."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(server.url()) as connection, connection.cursor() as cursor:
        yield cursor
        connection.commit()


def make_schema(server: Server, schema: str, *, wide: bool = True) -> None:
    """Every table of the CDM, empty, and unless not `wide` those that some databases have beside it."""
    with connected(server) as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
        for name in WIDE_TABLES if wide else TABLES:
            made = WIDE_TABLES[name].values() if wide else TABLES[name].columns
            columns = ", ".join(f'"{c.name}" {_TYPES.get(c.sql_type, c.sql_type)}' for c in made)
            cursor.execute(f"CREATE TABLE {schema}.{name} ({columns})")


@contextmanager
def filled(server: Server, schema: str, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[None]:
    """The schema with these rows until the end of the block; columns that no row names are missing."""
    with connected(server) as cursor:
        for name, rows in tables.items():
            if rows:
                put(cursor, schema, name, pa.Table.from_pylist([dict(row) for row in rows]))
    try:
        yield
    finally:
        with connected(server) as cursor:
            cursor.execute(f"TRUNCATE {', '.join(f'{schema}.{name}' for name in tables)}")


def put(cursor: Any, schema: str, name: str, rows: pa.Table) -> None:
    """Append rows to a table, by the names of their columns."""
    kinds = {"BIGINT": pa.int64(), "INTEGER": pa.int32(), "DATE": pa.date32(), "DOUBLE": pa.float64()}
    kinds |= {"TIMESTAMP": pa.timestamp("us"), "VARCHAR": pa.string()}
    columns = [c for c in WIDE_TABLES[name].values() if c.name in rows.column_names]
    wanted = pa.schema([(c.name, kinds[c.sql_type]) for c in columns])
    cursor.adbc_ingest(name, rows.select(wanted.names).cast(wanted), mode="append", db_schema_name=schema)

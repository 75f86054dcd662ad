"""The campus of the tests, on SQLite or, where WARDBENCH_TEST_DATABASE is postgresql, on a server of the tests' own.

`cast` is the same small campus everywhere: a hospital with an endocrinology department, a research institute, and
one person for each role, found by the role's name.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import msgspec
import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client, TransactionTestCase
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware

import postgres_server

django.setup()

from campus.cast import Cast, make_cast  # noqa: E402  (models need Django to be set up)
from campus.kept import watched  # noqa: E402
from wardbench.campus.audit import guards  # noqa: E402
from wardbench.campus.databases import database_settings  # noqa: E402
from wardbench.campus.people.roles import Role  # noqa: E402
from wardbench.campus.samples import current  # noqa: E402

HERE = Path(__file__).parent
ON_POSTGRES = os.environ.get("WARDBENCH_TEST_DATABASE") == "postgresql"


OPENS = {"db", "transactional_db", "server"}
"""Fixtures that open the database; whoever lacks them all cannot, for pytest-django lets nobody else."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what opens the database runs: the rest has run already, beside SQLite, and is the same."""
    if not ON_POSTGRES:
        return
    same = [item for item in items if HERE in item.path.parents and not _depends_on_the_database(item)]
    if same:
        config.hook.pytest_deselected(items=same)
        left_out = set(same)
        items[:] = [item for item in items if item not in left_out]


def _depends_on_the_database(item: pytest.Item) -> bool:
    opens = OPENS & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db")
    return bool(opens) or hasattr(getattr(item, "module", None), "ON_POSTGRES")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """The database that this run is on. SQLite is a file, so that threads see one another's work."""
    with _database() as given:
        wanted = settings.DATABASES["default"]
        test = {**wanted["TEST"], **given.pop("TEST", {})}
        wanted.update(given)
        wanted["TEST"] = test
        # Whatever asked for the connection before had it made from the settings as they were.
        del connections["default"]
        yield


@contextmanager
def _database() -> Iterator[dict[str, Any]]:
    if ON_POSTGRES:
        pytest.importorskip("psycopg", reason="PostgreSQL's driver for the campus is not installed")
        with postgres_server.running() as server:
            yield {**database_settings(server.url(), None), "CONN_MAX_AGE": 0}
            connections.close_all()
    else:
        with tempfile.TemporaryDirectory(prefix="wardbench-campus-") as name:
            found = database_settings("sqlite:campus.sqlite3", Path(name))
            yield {**found, "TEST": {"NAME": str(Path(name) / "test.sqlite3")}}
            connections.close_all()


@pytest.fixture(autouse=True, scope="session")
def _flushing() -> Iterator[None]:
    """Tests of several transactions empty the tables afterwards, which the guards of the record refuse."""
    flush = TransactionTestCase._fixture_teardown

    def unguarded(self: TransactionTestCase) -> None:
        for table in guards.TABLES:
            guards.remove(connection, table)
        try:
            flush(self)
        finally:
            for table in guards.TABLES:
                guards.install(connection, table)

    TransactionTestCase._fixture_teardown = unguarded  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = flush  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    """Whether the database is still as what the tests begin with left it."""
    with watched():
        yield


@pytest.fixture(autouse=True, scope="session")
def _static_files() -> Iterator[None]:
    """Each browser of a test has middleware of its own, which would look for every static file: once is enough."""
    look, known = WhiteNoiseMiddleware.add_files_from_finders, {}

    def look_once(self: WhiteNoiseMiddleware) -> None:
        if not known:
            look(self)
            known.update(self.files)
        self.files.update(known)

    WhiteNoiseMiddleware.add_files_from_finders = look_once
    yield
    WhiteNoiseMiddleware.add_files_from_finders = look


@pytest.fixture(autouse=True)
def _documents(tmp_path: Path, settings: Any) -> None:
    """Every test has a folder of documents of its own, and nobody waits for a slow hash of passwords."""
    settings.DOCUMENTS = tmp_path / "documents"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """What is said outside a request is said in English, whatever language the test before it spoke."""
    with translation.override("en"):
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def alone(settings: Any) -> None:
    """A campus that lets researchers in by a password alone."""
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, password_alone=(Role.RESEARCHER,))


@pytest.fixture
def client() -> Client:
    """A browser without scripts, at an address that the campus answers to."""
    return Client(headers={"host": "localhost"})


@pytest.fixture
def samples_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The indexes of specimens lie in a folder of this test's own, and none stays open."""
    monkeypatch.setattr(current, "folder", lambda: tmp_path / "samples")
    yield
    current.latest.forget()

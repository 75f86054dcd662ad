"""On PostgreSQL the campus works by an account that owns nothing, made by the SQL of the manual, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import postgres_server
from campus.test_campus_commands import PASSWORD, done, wardbench
from campus.test_campus_serve import answers, free_port, serving

psycopg = pytest.importorskip("psycopg", reason="PostgreSQL's driver for the campus is not installed")

ROOT = Path(__file__).parents[2]
APP_PASSWORD = "of the application"


@dataclass(frozen=True)
class Installed:
    """A campus on a database of its own: whose two accounts are known."""

    folder: Path
    owner: str
    app: str


def told() -> list[str]:
    """The statements of the manual."""
    page = (ROOT / "docs/how-to/run-a-campus.md").read_text(encoding="utf-8")
    part = page.partition("## Give the application an account of its own")[2].partition("\n## ")[0]
    block = re.search(r"```text\n(CREATE ROLE.*?)```", part, re.S)
    assert block is not None
    return [one.replace("'...'", f"'{APP_PASSWORD}'") for one in block[1].strip().splitlines()]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    place = tmp_path_factory.mktemp("account")
    with postgres_server.running() as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            # The owner of the database is no superuser either.
            connection.execute("CREATE ROLE campus_owner LOGIN PASSWORD 'of the owner' CREATEROLE")
            connection.execute("CREATE DATABASE campus OWNER campus_owner")
        owner = server.url("campus_owner", "of the owner", "campus")
        app = server.url("wardbench_app", APP_PASSWORD, "campus")
        done("campus", "init", place / "campus", "--database", owner)
        with psycopg.connect(owner, autocommit=True) as connection:
            for statement in told():
                connection.execute(statement)
        toml = place / "campus/campus.toml"
        toml.write_text(toml.read_text().replace(owner, app))
        yield Installed(place / "campus", owner, app)


def test_the_campus_works_by_an_account_that_owns_nothing(installed: Installed, tmp_path: Path) -> None:
    """Served, with its background; its people, its record and its backup."""
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    at = ("--campus", installed.folder)
    person = ("rita@hospital.example", "--name", "Rita", "--organisation", "Hospital")
    done("campus", "user", "add", *person, *at, "--password-file", password)
    port = free_port()
    with serving(installed.folder, port):
        assert answers(port) == 200
    done("audit", "verify", *at)
    done("campus", "backup", tmp_path / "backup.tar.gz", *at)
    with psycopg.connect(installed.app) as connection:
        owned = connection.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole").fetchone()
    assert owned == (0,)


REFUSED = [
    "UPDATE audit_event SET actor = ''",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "TRUNCATE audit_event, audit_head",
    "DELETE FROM audit_head",
    "DROP TRIGGER audit_event_guard ON audit_event",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE audit_event DISABLE TRIGGER audit_event_guard",
    "DROP TABLE audit_event",
    "CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
    "CREATE TABLE anything (id int)",
    "CREATE TEMPORARY TABLE anything (id int)",
    "CREATE SCHEMA anything",
    "CREATE ROLE somebody",
    "ALTER ROLE wardbench_app SUPERUSER",
    "ALTER ROLE wardbench_app CREATEROLE",
    "GRANT campus_owner TO wardbench_app",
    "GRANT UPDATE ON audit_event TO wardbench_app",
    "SET ROLE campus_owner",
    "CREATE DATABASE anything",
    "ALTER TABLE people_person ADD COLUMN anything int",
    "DELETE FROM django_migrations",
    "COPY people_person TO '/tmp/people'",
    "COPY people_person TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "CREATE EXTENSION dblink",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_that_account_is_refused_everything_else(installed: Installed, statement: str) -> None:
    said: list[str] = []
    with psycopg.connect(installed.app, autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
            if any("no privileges were granted" in one for one in said):
                raise psycopg.errors.InsufficientPrivilege


def test_a_change_of_the_layout_is_for_the_owner(installed: Installed) -> None:
    at = ("--campus", installed.folder)
    with psycopg.connect(installed.owner) as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'audit' AND name = '0002_guards'")
    refused = wardbench("campus", "update", *at)
    assert refused.returncode == 5 and "campus update --database" in refused.stderr, refused.stderr
    done("campus", "update", *at, "--database", installed.owner)
    done("campus", "update", *at)
    with psycopg.connect(installed.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE audit_event SET actor = ''")


def test_a_table_that_comes_later_is_the_applications_to_fill(installed: Installed) -> None:
    with psycopg.connect(installed.owner) as connection:
        connection.execute("CREATE TABLE comes_later (id bigserial)")
    with psycopg.connect(installed.app) as connection:
        connection.execute("INSERT INTO comes_later DEFAULT VALUES")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("TRUNCATE comes_later")

"""Making a campus's folder, and starting Django on it. Nothing here is imported by Django itself."""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import Iterator
from pathlib import Path

from wardbench.campus.configuration import FOLDER, make_keys, read_configuration
from wardbench.core.errors import InputError, StorageError
from wardbench.core.garbage import seldom_collected

TEMPLATE = """# What this campus decides; every line may be left out. The manual tells of the others.
name = "{name}"
address = "{address}"
hosts = [{hosts}]
database = "{database}"
"""


def make_campus(
    folder: Path,
    *,
    name: str,
    address: str = "http://localhost:8000",
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]"),
    database: str = "sqlite:campus.sqlite3",
    store: Path | None = None,
    twin: Path | None = None,
    demo: bool = False,
) -> None:
    """Write `campus.toml` and the keys into `folder`, which is empty or not there yet, and lay out the database."""
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InputError(f"{folder}: there is something here already; name a folder that is empty or not there.")
    said = [name, address, database, *hosts, *map(str, filter(None, (store, twin)))]
    if any(character in text for text in said for character in '"\\\n'):
        raise InputError("A name or path in campus.toml cannot hold a quotation mark, a backslash or a line break.")
    text = TEMPLATE.format(
        name=name, address=address, database=database, hosts=", ".join(f'"{host}"' for host in hosts)
    )
    for key, path in (("store", store), ("twin", twin)):
        text += f'{key} = "{path.resolve()}"\n' if path else ""
    text += "demo = true\n" if demo else ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        make_keys(folder)
        (folder / "documents").mkdir()
        (folder / "campus.toml").write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{folder}: the campus could not be made ({error.strerror}).") from None
    read_configuration(folder)
    start_django(folder)
    migrate()


def start_django(folder: Path) -> None:
    """Let this process work on the campus in `folder`. NotFoundError or InputError where its configuration is wrong."""
    read_configuration(folder)
    os.environ[FOLDER] = str(folder.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "wardbench.campus.settings"
    import django

    django.setup()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[None]:
    """Work on the campus in `folder` from the command line, on its record under the name of the system's user.

    StorageError where the database cannot be used, or has not been brought to this version.
    """
    start_django(folder)
    from django.db.utils import DatabaseError

    from wardbench.campus.audit.services import origin

    try:
        missing, newer = unapplied()
        if newer:
            raise InputError(NEWER.format(what=newer[0]))
        if missing:
            raise StorageError("The campus's database is of an earlier version; wardbench serve brings it to this one.")
        with origin(f"command line, {_user()}"):
            yield
    except DatabaseError as error:
        raise _unusable(error) from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return f"user {os.getuid()}"


NEWER = "The campus's database was written by a newer version of Wardbench ({what}); use that version."


def unapplied() -> tuple[list[str], list[str]]:
    """The migrations that the database still needs, and those that it has and this version does not know."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    known, applied = set(loader.graph.nodes), set(loader.applied_migrations)
    # What a squashed migration replaces is known although it is no node.
    known |= {old for migration in loader.disk_migrations.values() for old in migration.replaces}
    ours = {app for app, _name in known}
    missing = sorted(f"{app}.{name}" for app, name in loader.graph.nodes if (app, name) not in applied)
    return missing, sorted(f"{app}.{name}" for app, name in applied - known if app in ours)


def migrate() -> None:
    """Bring the database to this version. StorageError where it cannot be reached or written, InputError where it is
    of a newer version already."""
    from django.core.management import call_command
    from django.db.utils import DatabaseError

    try:
        _missing, newer = unapplied()
        if newer:
            raise InputError(NEWER.format(what=newer[0]))
        with seldom_collected():
            call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
    except DatabaseError as error:
        raise _unusable(error) from None


def update(folder: Path, database: str = "") -> None:
    """Bring the campus's database to this version, by the account that `database` names where the one of campus.toml
    may not change the layout. Errors as of `migrate`."""
    start_django(folder)
    if database:
        from django.conf import settings

        from wardbench.campus.databases import database_settings

        settings.DATABASES["default"].update(database_settings(database, folder))
    migrate()


OWNER_NEEDED = (
    "The campus's account may not change the layout of its database; run, as its owner: "
    "wardbench campus update --database postgresql://OWNER@HOST/NAME."
)
INSUFFICIENT_PRIVILEGE = "42501"


def _unusable(error: Exception) -> StorageError:
    if getattr(error.__cause__, "sqlstate", None) == INSUFFICIENT_PRIVILEGE:
        return StorageError(OWNER_NEEDED)
    return StorageError(f"The campus's database cannot be used: {(str(error).splitlines() or ['no reason given'])[0]}.")

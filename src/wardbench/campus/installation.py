"""Making a campus's folder, and starting Django on it. Nothing here is imported by Django itself."""

from __future__ import annotations

import os
from pathlib import Path

from wardbench.campus.configuration import FOLDER, make_keys, read_configuration
from wardbench.core.errors import InputError, StorageError

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


def migrate() -> None:
    """Bring the database to this version. StorageError where it cannot be reached or written."""
    from django.core.management import call_command
    from django.db.utils import OperationalError

    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
    except OperationalError as error:
        raise StorageError(f"The campus's database cannot be used: {str(error).splitlines()[0]}.") from None

"""`wardbench campus check`, `update`, `backup` and `restore`: looking after a campus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardbench.campus.backup import back_up
from wardbench.campus.checks import check as look
from wardbench.campus.installation import update as bring_up
from wardbench.campus.restore import restore as bring_back
from wardbench.cli.campus import HERE, Folder
from wardbench.cli.output import Json, print_json

MARKS = {"good": "ok      ", "warning": "warning ", "bad": "BAD     "}


def check(folder: Folder = HERE, json: Json = False) -> None:
    """Look at everything that a campus needs, and say what to do; the exit code is 1 where something is bad."""
    found = look(folder)
    bad = [one for one in found if one.state == "bad"]
    if json:
        print_json({"fit": not bad, "checks": found})
    else:
        for one in found:
            print(f"{MARKS[one.state]}{one.what}: {one.said}")
    if bad:
        raise typer.Exit(1)


def update(
    folder: Folder = HERE,
    database: Annotated[str, typer.Option(help="The same database by its owner: postgresql://owner@host/name.")] = "",
) -> None:
    """Bring the database to this version. `serve` does so by itself where its account may."""
    bring_up(folder, database)
    print("The database is of this version.")


def backup(
    out: Annotated[Path, typer.Argument(help="The file to write; an old one is replaced when this is whole.")],
    folder: Folder = HERE,
    with_keys: Annotated[bool, typer.Option("--with-keys", help="Put the keys and passwords into it too.")] = False,
    json: Json = False,
) -> None:
    """Write the whole campus into one file, also while people work on it."""
    done = back_up(folder, out, with_keys=with_keys)
    if json:
        print_json(done)
        return
    print(f"{done.path}: {done.size / 1e6:.1f} MB, {done.documents} documents.")
    if with_keys:
        print("IT HOLDS THE KEYS AND PASSWORDS. Whoever has this file can read everything, forge the record and link")
        print("pseudonyms to patients. Keep it as you keep the keys.")
    else:
        print(f"The keys are not in it: keep a copy of {folder / 'keys'} elsewhere, restoring needs it.")
    for name in done.outside:
        print(f"{name} lies outside the campus's folder and is not in it: keep a copy of that too.")


def restore(
    archive: Annotated[Path, typer.Argument(metavar="BACKUP", help="The file that backup wrote.")],
    folder: Annotated[Path, typer.Argument(help="Where to; empty or not there yet.")],
    keys: Annotated[Path | None, typer.Option(help="The folder of the keys, where the backup holds none.")] = None,
    database: Annotated[str, typer.Option(help="Another database than it had, empty.")] = "",
    json: Json = False,
) -> None:
    """Make a campus from a backup, prove its checksums and then its record."""
    done = bring_back(archive, folder, database=database, keys=keys)
    if json:
        print_json(done)
    else:
        print(f"{done.campus} of {done.made} is in {folder}, with {done.documents} documents.")
        print(
            f"The record is BROKEN: {done.broken}." if done.broken else f"The record is whole: {done.events:,} events."
        )
    if done.broken:
        raise typer.Exit(1)

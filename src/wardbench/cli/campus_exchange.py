"""`wardbench campus take-in`: an export of another campus, entered into the inventory of this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardbench.campus.catalogue.entering import take_in as bring_in
from wardbench.cli.campus import HERE, Folder
from wardbench.cli.output import Json, print_json
from wardbench.core.errors import NotFoundError, StorageError
from wardbench.ward.samples.exchange.standards import STANDARDS


def take_in(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The ZIP file of an export.")],
    standard: Annotated[str, typer.Option(help=f"Its standard: {', '.join(STANDARDS)}.")],
    folder: Folder = HERE,
    enter: Annotated[bool, typer.Option("--enter", help="Enter it, and do not only tell what that would do.")] = False,
    json: Json = False,
) -> None:
    """Enter an export of another campus: all that is new in it, or nothing; the exit code is 1 where nothing can be."""
    plan = bring_in(folder, _content(export), standard, enter=enter)
    if json:
        print_json(
            {"entered": enter and not plan.against, "new": plan.new, "there": plan.there, "against": plan.against,
             "otherwise": plan.otherwise}
        )  # fmt: skip
    else:
        for kind, count in plan.new.items():
            print(f"{kind:12} {count:9,} new {plan.there[kind]:9,} there already")
        for loss in plan.otherwise:
            print(f"otherwise: {loss.kind} {loss.id}: {loss.field} was {loss.value}")
        for sentence in plan.against:
            print(f"AGAINST IT: {sentence}")
        if not plan.against:
            print("It is entered." if enter else "Nothing is entered yet: add --enter.")
    if plan.against:
        raise typer.Exit(1)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is nothing here.") from None
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror}).") from None

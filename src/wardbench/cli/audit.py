"""`wardbench audit`: the proof that the record of what happened is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardbench.campus.proof import prove
from wardbench.cli.campus import HERE, Folder
from wardbench.cli.output import Json, print_json

app = typer.Typer(no_args_is_help=True, help="The record of what happened on a campus.")


@app.callback()
def group() -> None:
    """The record of what happened on a campus."""


@app.command()
def verify(
    folder: Folder = HERE,
    heads: Annotated[Path | None, typer.Option(help="Heads kept elsewhere; the campus's own file by default.")] = None,
    json: Json = False,
) -> None:
    """Prove that no event was changed, removed, inserted or cut off, or name the first that was."""
    proof = prove(folder, heads)
    if json:
        print_json(proof)
    elif proof.broken:
        print(
            f"Broken: event {proof.broken.number} {proof.broken.why}. The {proof.events:,} events before it are whole."
        )
    else:
        print(f"Whole: {proof.events:,} events, compared with {proof.heads:,} heads kept elsewhere.")
    if proof.broken:
        raise typer.Exit(1)

"""`wardbench store`: what a store holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardbench.cli.output import Json, console, print_json, print_table, watching
from wardbench.core.store import Store

app = typer.Typer(help="What a store holds.", no_args_is_help=True)

StorePath = Annotated[Path, typer.Argument(metavar="STORE", help="The folder of the store.")]


@app.command()
def info(store: StorePath, json: Json = False) -> None:
    """Show the tables, rows, observed period and version of the current snapshot."""
    snapshot = Store.open(store).snapshot()
    period = snapshot.period()
    if json:
        print_json(
            {
                "version": snapshot.version,
                "created": snapshot.created,
                "cdm_version": "5.4",
                "vocabulary": snapshot.made_from.get("vocabulary"),
                "period": {"start": period[0], "end": period[1]} if period else None,
                "tables": {name: {"rows": t.rows, "bytes": t.bytes} for name, t in snapshot.tables.items()},
            }
        )
        return
    rows = [[name, table.rows, table.bytes] for name, table in snapshot.tables.items()]
    print_table(f"{store}, version {snapshot.version}", ["table", "rows", "bytes"], rows)
    console.print(f"Observed from {period[0]} to {period[1]}." if period else "Nobody has an observation period.")
    console.print(f"Vocabulary: {snapshot.made_from.get('vocabulary') or 'none loaded'}.", highlight=False)


@app.command()
def check(store: StorePath, json: Json = False) -> None:
    """Verify every file of every snapshot against its SHA-256."""
    with watching("verifying") as progress:
        versions = Store.open(store).check(progress=progress)
    if json:
        print_json({"verified": versions})
    else:
        console.print(f"Every file of {len(versions)} snapshots is as it was written.")


@app.command()
def prune(
    store: StorePath,
    keep: Annotated[int, typer.Option(help="How many of the newest snapshots stay.", min=1)] = 2,
    json: Json = False,
) -> None:
    """Remove old snapshots; the current one always stays."""
    removed = Store.open(store).prune(keep=keep)
    if json:
        print_json({"removed": removed})
    else:
        console.print(f"Removed {len(removed)} snapshots." if removed else "Nothing to remove.")

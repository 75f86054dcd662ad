"""`wardbench synthetic`: make a campus that never was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardbench.cli.output import Json, console, print_json, print_table, watching
from wardbench.core.store import Store
from wardbench.synthetic import protocols, write_fhir, write_store

app = typer.Typer(help="Make a campus that never was, with known truths.", no_args_is_help=True)

Persons = Annotated[int, typer.Option("--persons", help="How many persons.", min=1)]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same campus.")]


@app.command()
def fhir(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; empty or not there yet.")],
    persons: Persons = 2000,
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Write a campus as FHIR R4, one NDJSON file for each type of resource, with FOLDER.truths.json beside it."""
    with watching("making a campus") as progress:
        counts, _ = write_fhir(folder, persons, seed, progress=progress)
    if json:
        print_json({"folder": str(folder), "persons": persons, "seed": seed, "resources": counts})
        return
    print_table(f"{folder}, {persons:,} persons, seed {seed}", ["resource", "lines"], [list(c) for c in counts.items()])
    console.print(f"What is true of it: {folder}.truths.json", highlight=False)


@app.command()
def store(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="The folder of the store.")],
    persons: Persons = 2000,
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Publish a campus as the current snapshot of a store, with STORE.truths.json beside it."""
    with watching("making a campus") as progress:
        snapshot, _ = write_store(store, persons, seed, progress=progress)
    rows = {name: table.rows for name, table in snapshot.tables.items()}
    if json:
        print_json(
            {
                "store": str(store),
                "version": snapshot.version,
                "persons": persons,
                "seed": seed,
                "tables": {name: {"rows": count} for name, count in rows.items()},
            }
        )
        return
    print_table(f"{store}, version {snapshot.version}", ["table", "rows"], [list(row) for row in rows.items()])
    console.print(f"What is true of it: {store}.truths.json", highlight=False)


@app.command("protocols")
def write_protocols(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="The folder of the store.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to.")],
) -> None:
    """Write the protocols of the planted comparisons for a store, to answer with `wardbench outcomes run`."""
    with Store.open(store).snapshot().connect() as con:
        for path in protocols.write(con, folder).values():
            console.print(f"{path}", highlight=False)

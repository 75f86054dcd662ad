"""`wardbench cohort codes` and `wardbench cohort draft`: where a definition starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from wardbench.cli.output import Json, console, print_json, print_table
from wardbench.core.errors import InputError
from wardbench.core.store import Store
from wardbench.ward.cohorts.starting import first_definition, recorded_concepts

StoreOption = Annotated[Path, typer.Option("--store", metavar="STORE", help="The folder of the store.")]


def codes(
    store: StoreOption,
    text: Annotated[str, typer.Argument(help="A part of the name, or the whole code.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 20,
    json: Json = False,
) -> None:
    """List the concepts that records name, with how many persons have them, the commonest first."""
    snapshot = Store.open(store).snapshot()
    found = recorded_concepts(snapshot, text=text, limit=limit)
    if json:
        print_json({"version": snapshot.version, "concepts": found})
        return
    rows = [[str(c.concept_id), c.name, c.vocabulary, c.code, c.table, c.persons, c.records] for c in found]
    print_table(
        f"Concepts in {store}", ["concept id", "name", "vocabulary", "code", "table", "persons", "records"], rows
    )
    if not found:
        console.print("No record names such a concept.")


def draft(
    concepts: Annotated[list[int], typer.Argument(metavar="CONCEPT_ID...", help="Concepts, as `codes` lists them.")],
    store: StoreOption,
    out: Annotated[Path, typer.Option(metavar="DEFINITION", help="The file to write; it must not exist yet.")],
) -> None:
    """Write a first definition: each person's first record of any of these concepts. Edit it, or import it in ATLAS."""
    definition = first_definition(Store.open(store).snapshot(), concepts)
    try:
        with out.open("xb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(definition), indent=2) + b"\n")
    except FileExistsError:
        raise InputError(f"{out}: the file is there already; name another one.") from None
    except OSError as error:
        raise InputError(f"{out}: the file cannot be written ({error.strerror}).") from None
    console.print(f"Wrote {out}. Run it: ./wardbench cohort run {out} --store {store}", highlight=False)

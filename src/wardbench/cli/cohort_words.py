"""`wardbench cohort show`: what a definition says, without running it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardbench.cli.output import Json, console, print_json
from wardbench.core.errors import InputError, UnsupportedError
from wardbench.core.store import Snapshot, Store
from wardbench.ward.cohorts import Definition, lower, read_definition
from wardbench.ward.cohorts.describe import describe_definition
from wardbench.ward.cohorts.plan import CohortPlan

DefinitionArgument = Annotated[
    Path, typer.Argument(metavar="DEFINITION", help="A cohort definition, as ATLAS exports it.")
]
SomeStore = Annotated[
    Path | None, typer.Option("--store", metavar="STORE", help="The folder of a store, for its vocabulary's names.")
]


def show(definition: DefinitionArgument, store: SomeStore = None, json: Json = False) -> None:
    """Say in sentences what a definition means, without running it."""
    snapshot = _snapshot(store)
    asked, plan = _planned(definition)
    sentences = describe_definition(asked, plan, snapshot)
    if json:
        print_json({"id": asked.id, "name": asked.name, "plan": plan.digest, "description": sentences})
        return
    for sentence in sentences:
        console.print(sentence, highlight=False, markup=False)


def _planned(path: Path) -> tuple[Definition, CohortPlan]:
    """The definition in a file and what it means; errors name the file."""
    definition = read_definition(path)
    try:
        return definition, lower(definition)
    except (InputError, UnsupportedError) as error:
        raise type(error)(f"{path}: {error}") from None


def _snapshot(store: Path | None) -> Snapshot | None:
    return None if store is None else Store.open(store).snapshot()

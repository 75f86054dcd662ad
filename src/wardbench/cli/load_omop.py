"""`wardbench load omop` and `wardbench load vocabulary`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardbench.cli.load import StoreOption, print_report
from wardbench.cli.output import Json, watching
from wardbench.core.store import Store
from wardbench.ward.ingest.omop import load_omop
from wardbench.ward.ingest.vocabulary import load_vocabulary

AllowQuarantine = Annotated[bool, typer.Option(help="Set rows aside that cannot be read, load the rest.")]


def omop(
    source: Annotated[Path, typer.Argument(help="A folder of CSV or Parquet files, or a DuckDB file.")],
    store: StoreOption,
    schema: Annotated[str | None, typer.Option(help="Where the tables are in a DuckDB file.")] = None,
    allow_quarantine: AllowQuarantine = False,
    json: Json = False,
) -> None:
    """Load the tables of OMOP CDM 5.3 or 5.4."""
    with watching("loading") as progress:
        report = load_omop(
            source,
            Store.open_or_create(store),
            schema=schema,
            allow_quarantine=allow_quarantine,
            progress=progress,
        )
    print_report(report, json=json)


def vocabulary(
    folder: Annotated[Path, typer.Argument(help="The folder that the download from Athena was unpacked in.")],
    store: StoreOption,
    allow_quarantine: AllowQuarantine = False,
    json: Json = False,
) -> None:
    """Load a vocabulary, and map the codes of a FHIR load again with it."""
    with watching("loading") as progress:
        report = load_vocabulary(
            folder, Store.open_or_create(store), allow_quarantine=allow_quarantine, progress=progress
        )
    print_report(report, json=json)

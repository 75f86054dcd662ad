"""Where a cohort is looked for: the options, and the engine that they choose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from wardbench.core.errors import InputError
from wardbench.core.store import Snapshot, Store
from wardbench.ward.cohorts.engines import Engine

StoreOption = Annotated[Path | None, typer.Option("--store", metavar="STORE", help="The folder of the store.")]
PostgresOption = Annotated[
    str | None,
    typer.Option("--postgres", metavar="URL", help="An OMOP database in place of a store; it is only read."),
]
SchemaOption = Annotated[str, typer.Option("--schema", help="The schema of that database's CDM tables.")]
VocabularyOption = Annotated[
    str | None, typer.Option("--vocabulary-schema", help="The schema of its vocabulary, where that is another.")
]
SparkOption = Annotated[
    str | None, typer.Option("--spark", metavar="MASTER", help="Run on this Spark cluster, over the store's files.")
]


@dataclass(frozen=True)
class Place:
    """An engine, and the snapshot that it runs over where there is one."""

    engine: Engine
    snapshot: Snapshot | None


def place(
    store: Path | None, postgres: str | None, schema: str, vocabulary_schema: str | None, spark: str | None
) -> Place:
    """What the options choose; InputError where they name no place, or two."""
    if (store is None) == (postgres is None):
        raise InputError("Say where to look: --store STORE, or --postgres URL.")
    if postgres is not None:
        if spark is not None:
            raise InputError("--spark runs over a store; --postgres is another engine.")
        from wardbench.ward.cohorts.engines.postgres import Postgres

        return Place(Postgres(postgres, schema=schema, vocabulary_schema=vocabulary_schema), None)
    assert store is not None
    snapshot = Store.open(store).snapshot()
    if spark is not None:
        from wardbench.ward.cohorts.engines.spark import Spark

        return Place(Spark(snapshot, spark), snapshot)
    from wardbench.ward.cohorts.engines.arrays import Arrays

    return Place(Arrays(snapshot), snapshot)

"""The records that a command reads: a store, one of its snapshots, and who objected to the use of their data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wardbench.core.errors import InputError
from wardbench.core.objected import read_objected
from wardbench.core.store import Snapshot, Store

if TYPE_CHECKING:
    from wardbench.ward.cohorts import Cohort

SnapshotOption = Annotated[
    str | None,
    typer.Option("--snapshot", metavar="VERSION", help="Which snapshot of the store; the newest unless it is named."),
]
ObjectedOption = Annotated[
    Path | None,
    typer.Option(
        "--objected", metavar="PERSONS", help="Who objected to the use of their data, an id a line: they are left out."
    ),
]


@dataclass(frozen=True)
class Records:
    """A snapshot, less the persons `without`; `words` name all of it on a command line."""

    snapshot: Snapshot
    without: frozenset[int]
    words: tuple[object, ...]

    @classmethod
    def of(cls, store: Path | None, version: str | None, objected: Path | None) -> Records:
        """What the options name. InputError without a store, or as `read_objected`; NotFoundError where there is no
        such store or snapshot."""
        if store is None:
            raise InputError("--store: name the folder of the store.")
        without = frozenset[int]() if objected is None else read_objected(objected)
        snapshot = Store.open(store).snapshot(version)
        named = () if objected is None else ("--objected", objected)
        return cls(snapshot, without, ("--store", store, "--snapshot", snapshot.version, *named))

    def cohort(self, definition: Path) -> Cohort:
        """The cohort of a definition in a file, without who objected."""
        from wardbench.ward.benchmark.without import cohort_without
        from wardbench.ward.cohorts import read_definition, run_cohort

        return cohort_without(run_cohort(read_definition(definition), self.snapshot), self.without)


def of_a_store_alone(version: str | None, objected: Path | None) -> None:
    """InputError where an option about a store is given for files, which it would not change."""
    for option, value in (("--snapshot", version), ("--objected", objected)):
        if value is not None:
            raise InputError(f"{option}: a file is read, and no store.")

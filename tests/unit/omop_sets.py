"""Tiny OMOP sets for tests: the smallest tables that load, and a way to write them down."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from wardbench.core.omop.tables import TABLES
from wardbench.core.store import Snapshot

Rows = Sequence[Mapping[str, object]]

PERSONS: Rows = [
    {"person_id": n, "gender_concept_id": 8507, "year_of_birth": 1950 + n, "race_concept_id": 0,
     "ethnicity_concept_id": 0}
    for n in (1, 2, 3)
]  # fmt: skip


def condition(key: object, person: object, concept: object, start: object, **others: object) -> dict[str, object]:
    return {
        "condition_occurrence_id": key,
        "person_id": person,
        "condition_concept_id": concept,
        "condition_start_date": start,
        "condition_type_concept_id": 32817,
        **others,
    }


def write_csv(path: Path, rows: Rows, columns: Iterable[str] | None = None, delimiter: str = ",") -> Path:
    """Rows as CSV; the columns are those of the first row where none are given."""
    names = list(columns or rows[0])
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, names, delimiter=delimiter, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def make_set(folder: Path, **tables: Rows) -> Path:
    """A folder with persons and `tables` as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in {"person": PERSONS, **tables}.items():
        required = [c.name for c in TABLES[name].columns if c.required]
        write_csv(folder / f"{name}.csv", rows, columns=None if rows else required)
    return folder


def read_rows(snapshot: Snapshot, table: str, columns: str, layer: str = "cdm") -> list[tuple[object, ...]]:
    """The chosen columns of a stored table, in order of them all."""
    with snapshot.connect() as con:
        path = snapshot.path(table, layer)  # type: ignore[arg-type]
        return con.execute(f"SELECT {columns} FROM read_parquet('{path}') ORDER BY ALL").fetchall()

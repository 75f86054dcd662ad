"""The rows of one person, and as much of the vocabulary as is needed to understand them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from wardbench.core.errors import NotFoundError
from wardbench.core.store import Snapshot

Rows = list[dict[str, Any]]

TABLES = (
    "observation_period",
    "visit_occurrence",
    "visit_detail",
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "device_exposure",
    "measurement",
    "observation",
    "specimen",
    "death",
    "condition_era",
    "drug_era",
    "dose_era",
    "payer_plan_period",
)
_SHARED = ("provider", "care_site", "location")


def has_person(snapshot: Snapshot, person_id: int) -> bool:
    """Whether the snapshot has a person of this number."""
    with snapshot.connect() as con:
        return con.execute("SELECT 1 FROM person WHERE person_id = ? LIMIT 1", [person_id]).fetchone() is not None


def person_rows(snapshot: Snapshot, person_id: int, wanted: Iterable[int] = ()) -> Mapping[str, Rows]:
    """Every row about a person by table, with the concepts they name and the vocabulary around those in `wanted`.

    NotFoundError where the snapshot has no such person.
    """
    with snapshot.connect() as con:
        found = {"person": _rows(con, "SELECT * FROM person WHERE person_id = ?", [person_id])}
        if not found["person"]:
            raise NotFoundError("There is no such patient.")
        for table in TABLES:
            if table in snapshot.tables:
                found[table] = _rows(con, f"SELECT * FROM {table} WHERE person_id = ?", [person_id])
        for table in _SHARED:
            if table in snapshot.tables:
                found[table] = _rows(con, f"SELECT * FROM {table}", [])
        named = _named(found)
        asked = sorted(set(wanted))
        both = sorted(named | set(asked))
        found["concept"] = _rows(con, "SELECT * FROM concept WHERE list_contains(?::BIGINT[], concept_id)", [both])
        found["concept_ancestor"] = _rows(
            con,
            "SELECT * FROM concept_ancestor WHERE list_contains(?::BIGINT[], ancestor_concept_id)"
            " AND list_contains(?::BIGINT[], descendant_concept_id)",
            [asked, both],
        )
        found["concept_relationship"] = _rows(
            con,
            "SELECT * FROM concept_relationship WHERE relationship_id = 'Maps to'"
            " AND list_contains(?::BIGINT[], concept_id_1)",
            [both],
        )
    return found


def _rows(con: duckdb.DuckDBPyConnection, sql: str, values: list[Any]) -> Rows:
    found = con.execute(sql, values)
    columns = [column[0] for column in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def _named(found: Mapping[str, Rows]) -> set[int]:
    """Every concept that a row names."""
    return {
        value
        for rows in found.values()
        for row in rows
        for column, value in row.items()
        if column.endswith("concept_id") and value
    }

"""The tables this project knows are those of the published CDM 5.4 field list."""

from __future__ import annotations

import csv
from pathlib import Path

from wardbench.core.omop.tables import EVENT_CONCEPTS, TABLES, VOCABULARY_TABLES
from wardbench.ward.ingest.omop.columns import RENAMED_SINCE_5_3, REQUIRED_SINCE_5_4, indispensable
from wardbench.ward.ingest.periods import EVENT_DATES


def published(shared: Path) -> list[dict[str, str]]:
    with (shared / "data/omop/OMOP_CDMv5.4_Field_Level.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_field_is_as_published(shared: Path) -> None:
    theirs = [
        (
            row["cdmTableName"].lower(),
            row["cdmFieldName"].lower().strip('"'),
            row["cdmDatatype"].lower(),
            row["isRequired"] == "Yes",
            row["isPrimaryKey"] == "Yes",
            f"{row['fkTableName']}.{row['fkFieldName']}".lower() if row["isForeignKey"] == "Yes" else None,
        )
        for row in published(shared)
    ]
    ours = [
        (table.name, c.name, c.type, c.required, c.primary_key, c.references)
        for table in TABLES.values()
        for c in table.columns
    ]
    assert sorted(ours, key=str) == sorted(theirs, key=str)


def test_columns_keep_the_published_order(shared: Path) -> None:
    order: dict[str, list[str]] = {}
    for row in published(shared):
        order.setdefault(row["cdmTableName"].lower(), []).append(row["cdmFieldName"].lower().strip('"'))
    assert {name: list(table.column_names) for name, table in TABLES.items()} == order


def test_what_is_said_of_columns_elsewhere_names_columns_that_exist() -> None:
    for table, concept in EVENT_CONCEPTS.items():
        assert concept in TABLES[table].column_names
    for table, (start, end) in EVENT_DATES.items():
        assert TABLES[table][start].type == "date"
        assert end is None or TABLES[table][end].type == "date"
    for table, renames in RENAMED_SINCE_5_3.items():
        assert set(renames.values()) <= set(TABLES[table].column_names)
        assert not set(renames) & set(TABLES[table].column_names)
    for table, columns in REQUIRED_SINCE_5_4.items():
        assert all(TABLES[table][column].required for column in columns)


def test_a_row_needs_its_key_its_person_and_its_day() -> None:
    assert indispensable("measurement") == ("measurement_id", "person_id", "measurement_date")
    assert indispensable("person") == ("person_id",)
    assert indispensable("death") == ("person_id", "death_date")
    assert indispensable("concept_ancestor") == ()
    assert "concept" in VOCABULARY_TABLES and indispensable("concept") == ("concept_id",)
    assert indispensable("metadata") == ()

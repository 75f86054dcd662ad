"""The tables and columns of OMOP CDM 5.4, read from `cdm_5_4.csv` (the model's published field list, as facts)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from types import MappingProxyType

CDM_VERSION = "5.4"

FIRST_CUSTOM_CONCEPT = 2_000_000_000
"""Concept ids from here on are a site's own, by OMOP's convention; a store makes them for source codes."""


@dataclass(frozen=True)
class Column:
    """One column; `type` is the model's own word (`integer`, `float`, `date`, `datetime`, `varchar(50)`)."""

    name: str
    type: str
    required: bool
    primary_key: bool
    references: str | None

    @property
    def sql_type(self) -> str:
        """The column's type in the store. Keys are 64 bits wide because they are hashes of source identifiers."""
        if self.type == "integer":
            key = self.name.endswith("_id") and not self.name.endswith("concept_id")
            return "BIGINT" if key or self.name.endswith("_event_id") else "INTEGER"
        if self.type == "float":
            return "DOUBLE"
        return {"date": "DATE", "datetime": "TIMESTAMP"}.get(self.type, "VARCHAR")


@dataclass(frozen=True)
class Table:
    """One table of the model; `schema` is `cdm`, `vocab` or `results`."""

    name: str
    schema: str
    columns: tuple[Column, ...]

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")

    @property
    def primary_key(self) -> str | None:
        return next((column.name for column in self.columns if column.primary_key), None)

    @property
    def order(self) -> tuple[str, ...]:
        """The order rows are stored in: by concept, person, date, then the key, or every other column without one.

        "Who has one of these concepts, when" is asked most, so rows of a concept lie together; the rest makes the
        order total, so that equal rows give equal files whatever order they came in.
        """
        names = self.column_names
        if self.schema == "vocab":
            return names
        concept = [self.concept_column] if self.concept_column else []
        dates = [n for n in names if n.endswith("_date")]
        first = [*concept, *(["person_id"] if "person_id" in names else []), *dates[:1]]
        return tuple(dict.fromkeys([*first, *([self.primary_key] if self.primary_key else names)]))

    @property
    def concept_column(self) -> str | None:
        """The column that says what happened, for tables of events; None for the others."""
        return EVENT_CONCEPTS.get(self.name)


EVENT_CONCEPTS: Mapping[str, str] = MappingProxyType(
    {
        "visit_occurrence": "visit_concept_id",
        "visit_detail": "visit_detail_concept_id",
        "condition_occurrence": "condition_concept_id",
        "drug_exposure": "drug_concept_id",
        "procedure_occurrence": "procedure_concept_id",
        "device_exposure": "device_concept_id",
        "measurement": "measurement_concept_id",
        "observation": "observation_concept_id",
        "specimen": "specimen_concept_id",
        "condition_era": "condition_concept_id",
        "drug_era": "drug_concept_id",
        "dose_era": "drug_concept_id",
    }
)


def _read() -> Mapping[str, Table]:
    text = resources.files(__package__).joinpath("cdm_5_4.csv").read_text(encoding="utf-8")
    columns: dict[tuple[str, str], list[Column]] = {}
    for row in csv.DictReader(text.splitlines()):
        columns.setdefault((row["schema"], row["table"]), []).append(
            Column(
                name=row["column"],
                type=row["type"],
                required=row["required"] == "1",
                primary_key=row["primary_key"] == "1",
                references=row["references"] or None,
            )
        )
    return MappingProxyType({name: Table(name, schema, tuple(c)) for (schema, name), c in columns.items()})


TABLES: Mapping[str, Table] = _read()
"""Every table of CDM 5.4 by name, in the order of the specification."""

VOCABULARY_TABLES: tuple[str, ...] = tuple(t.name for t in TABLES.values() if t.schema == "vocab")

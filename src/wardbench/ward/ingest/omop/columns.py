"""Columns of a source matched to the model's by name, those of CDM 5.3 among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from wardbench.core.omop.tables import TABLES

_VISIT_RENAMES = {
    "admitting_source_concept_id": "admitted_from_concept_id",
    "admitting_source_value": "admitted_from_source_value",
    "discharge_to_concept_id": "discharged_to_concept_id",
    "discharge_to_source_value": "discharged_to_source_value",
}

RENAMED_SINCE_5_3: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "visit_occurrence": _VISIT_RENAMES,
        "visit_detail": {**_VISIT_RENAMES, "visit_detail_parent_id": "parent_visit_detail_id"},
    }
)
"""What 5.3 calls a column that 5.4 has under another name, by table."""

REQUIRED_SINCE_5_4: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "cdm_source": frozenset(
            {
                "cdm_source_abbreviation",
                "cdm_holder",
                "source_release_date",
                "cdm_release_date",
                "cdm_version_concept_id",
                "vocabulary_version",
            }
        ),
        "metadata": frozenset({"metadata_id"}),
    }
)
"""Columns that 5.4 requires and 5.3 lacks or leaves open: empty where a source does not have them."""


@dataclass(frozen=True)
class Matching:
    """Where the model's columns are in a source: positions from 0, by the model's name."""

    positions: Mapping[str, int]
    renamed: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    missing_required: tuple[str, ...]
    repeated: tuple[str, ...]


def match(table: str, header: Sequence[str]) -> Matching:
    """Match a header, in any case and order, to the columns of `table`."""
    model = TABLES[table]
    older = RENAMED_SINCE_5_3.get(table, {})
    positions: dict[str, int] = {}
    renamed, unknown, repeated = [], [], []
    for position, given in enumerate(header):
        name = given.strip().lower()
        if name in older:
            renamed.append(name)
        column = older.get(name, name)
        if column not in model.column_names:
            unknown.append(given)
        elif column in positions:
            repeated.append(column)
        else:
            positions[column] = position
    missing = [column for column in model.columns if column.name not in positions]
    relaxed = REQUIRED_SINCE_5_4.get(table, frozenset())
    return Matching(
        positions=positions,
        renamed=tuple(renamed),
        unknown=tuple(unknown),
        missing=tuple(column.name for column in missing),
        missing_required=tuple(c.name for c in missing if c.required and c.name not in relaxed),
        repeated=tuple(repeated),
    )


def indispensable(table: str) -> tuple[str, ...]:
    """The columns without a value in which a row means nothing: its key, its person, and the day it starts on."""
    model = TABLES[table]
    days = [c.name for c in model.columns if c.required and c.type == "date" and model.schema == "cdm"][:1]
    keys = [name for name in (model.primary_key, "person_id") if name in model.column_names]
    relaxed = REQUIRED_SINCE_5_4.get(table, frozenset())
    return tuple(name for name in dict.fromkeys([*keys, *days]) if name and name not in relaxed)

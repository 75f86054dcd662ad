"""Tables as a reader sees them: names and values between bars, days counted from 1 on January 1, 2020.

A block is the name of a CDM table, a line of column names and its rows. `person`, `id`, `start`, `end`, `concept`,
`source` and `visit` stand for that table's own columns; other columns have their full names. A value of `-` is
missing. What a case does not say is as follows: everybody is a man born in 1980 and observed from day 1 to day 100,
and the concepts 1 to 9 are valid and unrelated.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tiny_cohort_hospital import concepts, observed, on, person
from wardbench.ward.cohorts.records import RECORD_TABLES
from wide_tables import WIDE_TABLES

Tables = dict[str, list[dict[str, Any]]]

_PEOPLE = range(1, 6)
_SHORT = {
    "person": {"person": "person_id", "gender": "gender_concept_id", "born": "year_of_birth"},
    "concept": {"id": "concept_id", "invalid": "invalid_reason"},
    "concept_ancestor": {"ancestor": "ancestor_concept_id", "descendant": "descendant_concept_id"},
    "concept_relationship": {
        "from": "concept_id_1",
        "relationship": "relationship_id",
        "to": "concept_id_2",
        "invalid": "invalid_reason",
    },
    "provider": {"id": "provider_id", "specialty": "specialty_concept_id"},
    "location": {"id": "location_id", "region": "region_concept_id"},
    "location_history": {
        "id": "location_history_id",
        "of": "domain_id",
        "which": "entity_id",
        "at": "location_id",
        "start": "start_date",
        "end": "end_date",
    },
    "care_site": {"id": "care_site_id", "place": "place_of_service_concept_id"},
}
_SHOWN = {
    "person": "person_id",
    "event": "event_id",
    "start": "start_date",
    "end": "end_date",
    "sort": "sort_date",
    "concept": "concept_id",
    "visit": "visit_occurrence_id",
    "observed from": "op_start",
    "observed until": "op_end",
}
"""How the columns of relations are called in cases."""


def hospital(text: str) -> Tables:
    """The rows of every table of `text`, with what it leaves unsaid."""
    tables: Tables = {
        "person": [person(id) for id in _PEOPLE],
        "observation_period": [observed(id, id) for id in _PEOPLE],
        "concept": [dict(row) for row in concepts(*range(1, 10))],
    }
    for block in text.strip().split("\n\n"):
        name, *lines = (line.strip() for line in block.strip().splitlines())
        tables[name] = [
            {column: _typed(name, column, value) for column, value in row.items()} for row in _rows(name, lines)
        ]
    return tables


def expected(text: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns of a relation that a case shows, and the rows it expects; a day is a date."""
    names, *lines = (line.strip() for line in text.strip().splitlines())
    shown = [_SHOWN[name] for name in _cells(names)]
    rows = [
        tuple(_day_or_number(column, value) for column, value in zip(shown, _cells(line), strict=True))
        for line in lines
    ]
    return shown, rows


def _rows(table: str, lines: list[str]) -> list[dict[str, str]]:
    names = [_column(table, name) for name in _cells(lines[0])]
    return [dict(zip(names, _cells(line), strict=True)) for line in lines[1:]]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _column(table: str, name: str) -> str:
    short: dict[str, str | None] = dict(_SHORT.get(table, {}))
    if table in RECORD_TABLES and table not in _SHORT:
        spec = RECORD_TABLES[table]
        short = {
            "person": "person_id",
            "id": spec.event_id,
            "start": spec.start_date,
            "end": spec.end_date,
            "concept": spec.concept,
            "source": spec.source_concept,
            "visit": spec.visit,
        }
    column = short.get(name) or name
    return WIDE_TABLES[table][column].name


def _typed(table: str, column: str, value: str) -> Any:
    if value == "-":
        return None
    match WIDE_TABLES[table][column].type:
        case "integer":
            return int(value)
        case "float":
            return float(value)
        case "date":
            return on(int(value))
    return value


def _day_or_number(column: str, value: str) -> int | date | None:
    if value == "-":
        return None
    return on(int(value)) if column.endswith("_date") or column.startswith("op_") else int(value)

"""A snapshot from a few lines: each table as rows of named values, for tests of single rules of cohorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from wardbench.core.store import Snapshot, Store

Rows = Sequence[Mapping[str, Any]]
JANUARY_1 = date(2020, 1, 1)


def on(day: int) -> date:
    """A day of 2020, counted from 1 on January 1."""
    return date.fromordinal(JANUARY_1.toordinal() + day - 1)


def snapshot(folder: Path, **tables: Rows) -> Snapshot:
    """The snapshot of a new store with these rows; columns that no row names are missing."""
    with Store.open_or_create(folder).draft() as draft:
        con = draft.connect()
        for name, rows in tables.items():
            con.register("given", pa.Table.from_pylist(list(rows)))
            draft.write(con, name, "SELECT * FROM given")
            con.unregister("given")
        return draft.commit({"vocabulary": "tiny"})


def person(id: int, **other: Any) -> dict[str, Any]:
    return {"person_id": id, "gender_concept_id": 8507, "year_of_birth": 1980, **other}


def observed(id: int, person: int, start: int = 1, end: int = 100) -> dict[str, Any]:
    return {
        "observation_period_id": id,
        "person_id": person,
        "observation_period_start_date": on(start),
        "observation_period_end_date": on(end),
        "period_type_concept_id": 32817,
    }


def condition(
    id: int, person: int, start: int, concept: int = 1, end: int | None = None, **other: Any
) -> dict[str, Any]:
    return {
        "condition_occurrence_id": id,
        "person_id": person,
        "condition_concept_id": concept,
        "condition_start_date": on(start),
        "condition_end_date": None if end is None else on(end),
        **other,
    }


def drug(id: int, person: int, start: int, concept: int = 2, end: int | None = None, **other: Any) -> dict[str, Any]:
    return {
        "drug_exposure_id": id,
        "person_id": person,
        "drug_concept_id": concept,
        "drug_exposure_start_date": on(start),
        "drug_exposure_end_date": None if end is None else on(end),
        **other,
    }


def concepts(*ids: int) -> Rows:
    return [{"concept_id": id, "concept_name": f"concept {id}", "invalid_reason": None} for id in ids]


def concept_set(id: int, *concept_ids: int) -> dict[str, Any]:
    return {"id": id, "expression": {"items": [{"concept": {"CONCEPT_ID": concept}} for concept in concept_ids]}}


def expression(*criteria: Mapping[str, Any], **other: Any) -> dict[str, Any]:
    """A whole Circe expression around its primary criteria: all events, from start to the end of observation."""
    return {
        "ConceptSets": [concept_set(1, 1), concept_set(2, 2)],
        "PrimaryCriteria": {
            "CriteriaList": list(criteria) or [{"ConditionOccurrence": {"CodesetId": 1}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "All"},
        },
        "QualifiedLimit": {"Type": "First"},
        "ExpressionLimit": {"Type": "All"},
        "EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 0}},
        **other,
    }


def window(start: int | None, end: int | None, **other: Any) -> dict[str, Any]:
    """From `start` to `end` days after the index; None is all there is on that side."""

    def edge(days: int | None, coefficient: int) -> dict[str, Any]:
        if days is None:
            return {"Coeff": coefficient}
        return {"Days": abs(days), "Coeff": -1 if days < 0 else 1}

    return {"Start": edge(start, -1), "End": edge(end, 1), **other}


def near(criteria: Mapping[str, Any], count: int = 1, type: int = 2, days: Any = None, **other: Any) -> dict[str, Any]:
    occurrence = {"Type": type, "Count": count}
    return {"Criteria": criteria, "StartWindow": days or window(None, None), "Occurrence": occurrence, **other}


def group(*criteria: Mapping[str, Any], type: str = "ALL", **other: Any) -> dict[str, Any]:
    return {"Type": type, "CriteriaList": list(criteria), **other}


def rule(name: str, *criteria: Mapping[str, Any], **other: Any) -> dict[str, Any]:
    return {"name": name, "expression": group(*criteria, **other)}

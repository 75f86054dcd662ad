"""Where a definition starts: which codes a store holds records of, and a first definition around some of them.

A definition for ATLAS needs concept ids. With a vocabulary they are the standard ones; without it every source code has
a custom concept of this store, whose number only the store knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.records import RECORD_TABLES

_CRITERIA: Mapping[str, tuple[str, str | None]] = {
    "condition_occurrence": ("ConditionOccurrence", "ConditionSourceConcept"),
    "drug_exposure": ("DrugExposure", "DrugSourceConcept"),
    "procedure_occurrence": ("ProcedureOccurrence", "ProcedureSourceConcept"),
    "measurement": ("Measurement", "MeasurementSourceConcept"),
    "observation": ("Observation", "ObservationSourceConcept"),
    "device_exposure": ("DeviceExposure", "DeviceSourceConcept"),
    "specimen": ("Specimen", None),
}


@dataclass(frozen=True)
class RecordedConcept:
    """A concept that records of one table name: the standard concept where there is one, else the source concept."""

    concept_id: int
    name: str
    vocabulary: str
    code: str
    table: str
    persons: int
    records: int
    standard: bool


def recorded_concepts(
    snapshot: Snapshot, *, text: str = "", ids: Sequence[int] = (), limit: int | None = None
) -> list[RecordedConcept]:
    """Concepts that the clinical records of `snapshot` name, those of most persons first.

    `text` has to be in the name, or be the code (letters' case does not matter); `ids`, when given, are the only
    concepts wanted.
    """
    parts = []
    for table in _CRITERIA:
        record = RECORD_TABLES[table]
        concept = f"coalesce(nullif({record.concept}, 0), {record.source_concept or record.concept}, 0)"
        parts.append(
            f"SELECT '{table}' AS source, {concept} AS concept_id, coalesce({record.concept}, 0) <> 0 AS standard,"
            f" person_id FROM {table}"
        )
    sql = f"""
        WITH recorded AS (
            SELECT concept_id, source, bool_or(standard) AS standard,
                count(DISTINCT person_id) AS persons, count(*) AS records
            FROM ({" UNION ALL ".join(parts)}) WHERE concept_id <> 0 GROUP BY concept_id, source
        )
        SELECT r.concept_id, coalesce(c.concept_name, ''), coalesce(c.vocabulary_id, ''), coalesce(c.concept_code, ''),
            r.source, r.persons, r.records, r.standard
        FROM recorded r LEFT JOIN concept c ON c.concept_id = r.concept_id
        WHERE (contains(lower(coalesce(c.concept_name, '')), lower($text)) OR lower(c.concept_code) = lower($text)
               OR $text = '')
          AND (len($ids) = 0 OR list_contains($ids, r.concept_id))
        ORDER BY r.persons DESC, r.records DESC, r.concept_id, r.source
        {f"LIMIT {limit:d}" if limit is not None else ""}
    """
    with snapshot.connect() as con:
        found = con.execute(sql, {"text": text, "ids": list(ids)}).fetchall()
    return [RecordedConcept(*row) for row in found]


def first_definition(snapshot: Snapshot, ids: Sequence[int]) -> dict[str, Any]:
    """A definition as ATLAS would export it: each person's first record of any of these concepts, until the end of
    observation. A place to start from, in ATLAS or an editor.

    Standard concepts are asked for with their descendants, others as source concepts. NotFoundError names an id that
    no record has, InputError one that cannot be asked for as a source concept.
    """
    by_table: dict[str, list[RecordedConcept]] = {}
    found = recorded_concepts(snapshot, ids=ids)
    for wanted in ids:
        if wanted not in {concept.concept_id for concept in found}:
            raise NotFoundError(
                f"{wanted}: no record in this store names the concept; `wardbench cohort codes` lists them."
            )
    for concept in sorted(found, key=lambda c: (list(_CRITERIA).index(c.table), list(ids).index(c.concept_id))):
        by_table.setdefault(concept.table, []).append(concept)
    criteria: list[dict[str, Any]] = []
    sets: list[dict[str, Any]] = []
    for table, concepts in by_table.items():
        for standard in (True, False):
            members = [c for c in concepts if c.standard is standard]
            if members:
                sets.append(_concept_set(len(sets), members))
                criteria.append(_criterion(table, len(sets) - 1, members[0]))
    return {
        "cdmVersionRange": ">=5.0.0",
        "ConceptSets": sets,
        "PrimaryCriteria": {
            "CriteriaList": criteria,
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "First"},
        },
        "QualifiedLimit": {"Type": "First"},
        "ExpressionLimit": {"Type": "First"},
        "InclusionRules": [],
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
    }


def _criterion(table: str, concept_set: int, concept: RecordedConcept) -> dict[str, Any]:
    kind, source_attribute = _CRITERIA[table]
    if concept.standard:
        return {kind: {"CodesetId": concept_set}}
    if source_attribute is None:
        raise InputError(f"{concept.concept_id}: a {kind.lower()} cannot be asked for by its source concept.")
    return {kind: {source_attribute: concept_set}}


def _concept_set(number: int, concepts: Sequence[RecordedConcept]) -> dict[str, Any]:
    items = [
        {
            "concept": {
                "CONCEPT_ID": concept.concept_id,
                "CONCEPT_NAME": concept.name,
                "CONCEPT_CODE": concept.code,
                "VOCABULARY_ID": concept.vocabulary,
            },
            "isExcluded": False,
            "includeDescendants": concept.standard,
            "includeMapped": False,
        }
        for concept in concepts
    ]
    return {"id": number, "name": " or ".join(c.name or c.code for c in concepts), "expression": {"items": items}}

"""What one patient has in common with others: sex, age, diagnoses and drugs, without a day or a number of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.records import RECORD_TABLES
from wardbench.ward.patients.reading import person_rows


@dataclass(frozen=True)
class Recorded:
    """A concept that is recorded of a patient; `standard` says that it is asked for as a standard concept."""

    concept_id: int
    name: str
    code: str
    vocabulary: str
    standard: bool


@dataclass(frozen=True)
class PatientProfile:
    """`sex` is OMOP's concept id, `age` in completed calendar years at the last record; each None where unknown.

    `conditions` and `drugs` are those recorded last first, each once.
    """

    sex: int | None
    age: int | None
    conditions: tuple[Recorded, ...]
    drugs: tuple[Recorded, ...]


def profile(snapshot: Snapshot, person_id: int) -> PatientProfile:
    """The profile of one patient, for whoever treats them. NotFoundError where there is no such person."""
    rows = person_rows(snapshot, person_id)
    names = {row["concept_id"]: row for row in rows["concept"]}
    (person,) = rows["person"]
    days = [
        row[RECORD_TABLES[table].start_date]
        for table in ("condition_occurrence", "drug_exposure", "measurement", "visit_occurrence")
        for row in rows.get(table, ())
        if row[RECORD_TABLES[table].start_date] is not None
    ]
    born = person.get("year_of_birth")
    return PatientProfile(
        sex=person.get("gender_concept_id") if person.get("gender_concept_id") in (8507, 8532) else None,
        age=max(days).year - born if days and born else None,
        conditions=_recorded(rows.get("condition_occurrence", ()), "condition_occurrence", names),
        drugs=_recorded(rows.get("drug_exposure", ()), "drug_exposure", names),
    )


def _recorded(
    rows: Sequence[Mapping[str, Any]], table: str, names: Mapping[int, Mapping[str, Any]]
) -> tuple[Recorded, ...]:
    kind = RECORD_TABLES[table]
    assert kind.concept is not None and kind.source_concept is not None, "conditions and drugs have both"
    dated = [row for row in rows if row[kind.start_date] is not None]
    found: dict[tuple[int, bool], Recorded] = {}
    for row in sorted(dated, key=lambda one: one[kind.start_date], reverse=True):
        standard = bool(row.get(kind.concept))
        concept = names.get(row.get(kind.concept) or row.get(kind.source_concept) or 0)
        if concept is not None and (concept["concept_id"], standard) not in found:
            found[concept["concept_id"], standard] = Recorded(
                concept["concept_id"],
                concept["concept_name"] or concept["concept_code"],
                concept["concept_code"] or "",
                concept["vocabulary_id"] or "",
                standard,
            )
    return tuple(found.values())

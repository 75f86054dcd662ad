"""A first definition around codes that a store holds: found by name, and it finds exactly the people who have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wardbench.core.errors import NotFoundError
from wardbench.core.store import Snapshot, Store
from wardbench.ward.cohorts import read_definition, run_cohort
from wardbench.ward.cohorts.starting import first_definition, recorded_concepts

STANDARD, DESCENDANT, LOCAL = 201826, 443238, 2_000_000_007


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """Four persons: one with a standard concept, one with its descendant, two with a local code alone."""
    concept = "concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code"
    with Store.open_or_create(tmp_path / "store").draft() as draft, draft.connect() as con:
        draft.write(con, "person", "SELECT i AS person_id, 8532 AS gender_concept_id FROM range(1, 5) t(i)")
        draft.write(
            con,
            "observation_period",
            "SELECT i AS observation_period_id, i AS person_id, DATE '2020-01-01' AS observation_period_start_date,"
            " DATE '2020-12-31' AS observation_period_end_date FROM range(1, 5) t(i)",
        )
        draft.write(
            con,
            "condition_occurrence",
            f"""SELECT * FROM (VALUES
            (1, 1, {STANDARD}, 0, DATE '2020-02-01'), (2, 1, {STANDARD}, 0, DATE '2020-03-01'),
            (3, 2, {DESCENDANT}, 0, DATE '2020-02-02'), (4, 3, 0, {LOCAL}, DATE '2020-02-03'),
            (5, 4, 0, {LOCAL}, DATE '2020-02-04')) t(condition_occurrence_id, person_id, condition_concept_id,
            condition_source_concept_id, condition_start_date)""",
        )
        draft.write(
            con,
            "concept",
            f"""SELECT * FROM (VALUES
            ({STANDARD}, 'Type 2 diabetes', 'Condition', 'SNOMED', 'Disorder', 'S', '44054006'),
            ({DESCENDANT}, 'Diabetic foot', 'Condition', 'SNOMED', 'Disorder', 'S', '280137006'),
            ({LOCAL}, 'Sugar disease', 'Condition', 'Local', 'Undefined', NULL, 'SUG')) t({concept})""",
        )
        draft.write(
            con,
            "concept_ancestor",
            f"SELECT {STANDARD} AS ancestor_concept_id, {DESCENDANT} AS descendant_concept_id",
        )
        return draft.commit({"vocabulary": "test"})


def test_concepts_are_found_by_a_part_of_the_name_or_the_whole_code(snapshot: Snapshot) -> None:
    assert [(c.concept_id, c.persons, c.records) for c in recorded_concepts(snapshot)] == [
        (LOCAL, 2, 2),
        (STANDARD, 1, 2),
        (DESCENDANT, 1, 1),
    ]
    assert [c.concept_id for c in recorded_concepts(snapshot, text="DIABET")] == [STANDARD, DESCENDANT]
    assert [c.concept_id for c in recorded_concepts(snapshot, text="sug")] == [LOCAL]
    assert recorded_concepts(snapshot, text="4405400") == []


@pytest.mark.parametrize(("ids", "people"), [([STANDARD], [1, 2]), ([LOCAL], [3, 4]), ([LOCAL, DESCENDANT], [2, 3, 4])])
def test_the_definition_finds_those_who_have_one(
    snapshot: Snapshot, tmp_path: Path, ids: list[int], people: list[int]
) -> None:
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(first_definition(snapshot, ids)))
    cohort = run_cohort(read_definition(path), snapshot)
    assert cohort.rows["subject_id"].to_pylist() == people


def test_a_concept_that_no_record_has_is_named(snapshot: Snapshot) -> None:
    with pytest.raises(NotFoundError, match="4711"):
        first_definition(snapshot, [STANDARD, 4711])

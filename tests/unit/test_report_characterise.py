"""Characterisation: every count of a hospital whose counts are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from small_hospital import TABLES, build, cohort_of
from wardbench.core.disclosure import Quantiles
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.characterise import Characteristics, Term, TermCount, characterise, quantiles_of


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return build(tmp_path_factory.mktemp("hospital"))


@pytest.fixture(scope="module")
def found(snapshot: Snapshot) -> Characteristics:
    return characterise(cohort_of(snapshot), snapshot)


def test_a_person_counts_once_at_the_first_membership(found: Characteristics) -> None:
    assert (found.persons, found.memberships) == (60, 120)
    assert found.years == {2020: 60}
    assert found.observed_years == (2015, 2020)
    assert found.membership_days == Quantiles(60, 10.0, 10.0, 10.0)
    assert found.follow_up_days == Quantiles(60, 15.75, 30.5, 45.25)


def test_ages_are_in_completed_years(found: Characteristics) -> None:
    # Person 2 turns 88 on the index date, and person 1 turns 89 on the day after.
    assert found.ages["female", 88] == 2
    assert ("female", 89) not in found.ages
    assert found.ages["male", 30] == 2
    assert sum(n for (sex, _), n in found.ages.items() if sex == "male") == 20
    assert sum(found.ages.values()) == 60
    assert (found.unknown_sex, found.unknown_age) == (False, False)


def test_the_window_has_both_its_ends_and_names_fall_back(found: Characteristics) -> None:
    assert found.conditions == (
        TermCount(Term("Type 2 diabetes mellitus", "SNOMED 44054006"), 60),
        TermCount(Term("Concept 999", "OMOP 999"), 53),
        TermCount(Term("A year before", "SNOMED 11"), 30),
        TermCount(Term("E66.9", ""), 25),
        TermCount(Term("Local <b>code</b>", "ward W-1"), 12),
        TermCount(Term("No code recorded", ""), 10),
        TermCount(Term("Rare disease", "SNOMED 14"), 9),
    )
    assert found.drugs == (TermCount(Term("Metformin", "RxNorm 6809"), 45),)
    assert found.procedures == ()


def test_another_window(snapshot: Snapshot) -> None:
    wider = characterise(cohort_of(snapshot), snapshot, window_days=366)
    assert TermCount(Term("More than a year before", "SNOMED 12"), 60) in wider.conditions
    narrow = characterise(cohort_of(snapshot), snapshot, window_days=0)
    assert [count.term.label for count in narrow.conditions] == ["Type 2 diabetes mellitus"]


def test_measurements_are_the_latest_of_each_person_by_unit(found: Characteristics) -> None:
    assert [(m.term.label, m.unit, m.values) for m in found.measurements] == [
        ("Glucose", "mg/dL", Quantiles(48, 112.75, 124.5, 136.25)),
        ("Glucose", "mmol/l", Quantiles(12, 151.75, 154.5, 157.25)),
    ]


def test_samples_by_type_with_the_nearest_to_the_start(found: Characteristics) -> None:
    (blood,) = found.samples
    assert (blood.term, blood.persons, blood.specimens) == (Term("Whole blood", "SNOMED 258580003"), 40, 80)
    assert blood.largest == (2, 2)
    # Persons 1 to 30 have theirs n days before (of a tie the one before), persons 31 to 40 thirty days after.
    assert blood.days == Quantiles(40, -20.25, -10.5, 6.75)
    assert found.persons_with_sample == 40


def test_nobody(snapshot: Snapshot) -> None:
    nobody = characterise(cohort_of(snapshot, 0), snapshot)
    assert (nobody.persons, nobody.conditions, nobody.samples, nobody.years) == (0, (), (), {})
    assert nobody.follow_up_days == Quantiles(0, None, None, None)


def test_a_cohort_of_another_snapshot_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(ValueError, match="another snapshot"):
        characterise(replace(cohort_of(snapshot), snapshot_version="other"), snapshot)


def test_quantiles_of_counts_interpolate() -> None:
    assert quantiles_of({1: 1, 2: 1, 10: 2}) == Quantiles(4, 1.75, 6.0, 10.0)
    assert quantiles_of({}) == Quantiles(0, None, None, None)


def test_people_of_whom_sex_or_age_is_unknown_are_kept(tmp_path: Path) -> None:
    person = (
        "SELECT * REPLACE (CASE WHEN person_id = 1 THEN 0 ELSE gender_concept_id END AS gender_concept_id,"
        " CASE WHEN person_id = 2 THEN NULL ELSE year_of_birth END AS year_of_birth)"
        f" FROM ({TABLES['person']})"
    )
    snapshot = build(tmp_path / "store", person=person)
    found = characterise(cohort_of(snapshot), snapshot)
    assert (found.unknown_sex, found.unknown_age) == (True, True)
    assert found.ages["other or not recorded", 88] == 1
    assert found.ages["female", None] == 1


def test_a_specimen_without_a_concept_has_the_name_of_its_code_where_only_one_concept_has_it(tmp_path: Path) -> None:
    concepts = "concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code"
    snapshot = build(
        tmp_path / "store",
        concept=f"""SELECT * FROM (VALUES (2000000001, 'Plasma', 'Specimen', 'SNOMED', 'Source code', '119361006'),
            (2000000002, 'Serum', 'Specimen', 'ward', 'Source code', 'S'),
            (2000000003, 'Swab', 'Specimen', 'laboratory', 'Source code', 'S')) AS t({concepts})""",
        specimen="""
            SELECT n AS specimen_id, n AS person_id, 0 AS specimen_concept_id, DATE '2020-06-15' AS specimen_date,
            CASE WHEN n <= 20 THEN '119361006' ELSE 'S' END AS specimen_source_value FROM range(1, 31) AS r(n)""",
    )
    found = characterise(cohort_of(snapshot), snapshot)
    assert [(s.term, s.persons) for s in found.samples] == [
        (Term("Plasma", "SNOMED 119361006"), 20),
        (Term("S", ""), 10),
    ]

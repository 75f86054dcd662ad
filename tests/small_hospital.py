"""A hospital of sixty persons whose every count is known, and a cohort of all of them, for tests of reports."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa

from wardbench.core.store import Snapshot, Store
from wardbench.ward.cohorts.engines import Inclusion
from wardbench.ward.cohorts.plan import CohortPlan, Collapse, Events
from wardbench.ward.cohorts.run import COHORT_STEP, ENTRY_STEP, SCHEMA, AttritionStep, Cohort

START = date(2020, 6, 15)
"""Everybody's index date."""

# Persons 1 to 40 are women, 41 to 60 men; person n was born in 1930 + n, on the day before or after START's birthday.
TABLES = {
    "person": """
        SELECT n AS person_id, CASE WHEN n <= 40 THEN 8532 ELSE 8507 END AS gender_concept_id,
          1930 + n AS year_of_birth, 6 AS month_of_birth, CASE WHEN n % 2 = 0 THEN 15 ELSE 16 END AS day_of_birth,
          0 AS race_concept_id, 0 AS ethnicity_concept_id
        FROM range(1, 61) AS r(n)""",
    "observation_period": """
        SELECT n AS observation_period_id, n AS person_id, DATE '2015-01-01' AS observation_period_start_date,
          DATE '2020-06-15' + n::INTEGER AS observation_period_end_date, 32817 AS period_type_concept_id
        FROM range(1, 61) AS r(n)""",
    "concept": """
        SELECT * FROM (VALUES
          (0, 'No matching concept', 'Metadata', 'None', 'No matching concept'),
          (201826, 'Type 2 diabetes mellitus', 'Condition', 'SNOMED', '44054006'),
          (11, 'A year before', 'Condition', 'SNOMED', '11'),
          (12, 'More than a year before', 'Condition', 'SNOMED', '12'),
          (13, 'The day after', 'Condition', 'SNOMED', '13'),
          (14, 'Rare disease', 'Condition', 'SNOMED', '14'),
          (2000000001, 'Local <b>code</b>', 'Condition', 'http://hospital.example/codes/ward', 'W-1'),
          (21, 'Metformin', 'Drug', 'RxNorm', '6809'),
          (31, 'Glucose', 'Measurement', 'LOINC', '2345-7'),
          (32, 'milligram per deciliter', 'Unit', 'UCUM', 'mg/dL'),
          (41, 'Whole blood', 'Specimen', 'SNOMED', '258580003')
        ) AS c(concept_id, concept_name, domain_id, vocabulary_id, concept_code)""",
    "condition_occurrence": """
        SELECT row_number() OVER (ORDER BY concept, n) AS condition_occurrence_id, n AS person_id,
          concept AS condition_concept_id, source_concept AS condition_source_concept_id,
          source AS condition_source_value, DATE '2020-06-15' + days::INTEGER AS condition_start_date,
          32817 AS condition_type_concept_id
        FROM range(1, 61) AS r(n) JOIN (VALUES
          (201826, 0, 'E11', 0, 60), (201826, 0, 'E11 again', -5, 60), (11, 0, NULL, -365, 30), (12, 0, NULL, -366, 60),
          (13, 0, NULL, 1, 60), (14, 0, NULL, -1, 9), (0, 2000000001, 'W-1', -1, 12), (0, 0, 'E66.9', -1, 25),
          (0, 0, NULL, -1, 10), (999, 0, 'text of one person', -1, 53)
        ) AS c(concept, source_concept, source, days, persons) ON n <= persons""",
    "drug_exposure": """
        SELECT n AS drug_exposure_id, n AS person_id, 21 AS drug_concept_id,
          DATE '2020-06-01' AS drug_exposure_start_date, DATE '2020-06-10' AS drug_exposure_end_date,
          32838 AS drug_type_concept_id
        FROM range(1, 46) AS r(n)""",
    "measurement": """
        SELECT 2 * n + later AS measurement_id, n AS person_id, 31 AS measurement_concept_id,
          DATE '2020-01-01' + later::INTEGER AS measurement_date, 32817 AS measurement_type_concept_id,
          CASE WHEN later = 1 THEN 100 + n ELSE 1 END AS value_as_number,
          CASE WHEN n <= 48 THEN 32 ELSE 0 END AS unit_concept_id,
          CASE WHEN n > 48 THEN 'mmol/l' END AS unit_source_value
        FROM range(1, 61) AS r(n), range(0, 2) AS s(later)""",
    "specimen": """
        SELECT 2 * n + later AS specimen_id, n AS person_id, 41 AS specimen_concept_id,
          32817 AS specimen_type_concept_id,
          DATE '2020-06-15' + CASE WHEN later = 1 THEN 30 ELSE -n::INTEGER END AS specimen_date
        FROM range(1, 41) AS r(n), range(0, 2) AS s(later)""",
    "cdm_source": """
        SELECT 'Hospital of <sixty>' AS cdm_source_name, 'sixty' AS cdm_source_abbreviation, 'nobody' AS cdm_holder,
          DATE '2021-01-01' AS source_release_date, DATE '2021-01-01' AS cdm_release_date,
          756265 AS cdm_version_concept_id, 'none' AS vocabulary_version""",
}


def build(folder: Path, **tables: str) -> Snapshot:
    """The hospital's snapshot, in a store made in `folder`; `tables` are queries that take the place of ours."""
    with Store.open_or_create(folder).draft() as draft:
        con = draft.connect()
        for name, select in {**TABLES, **tables}.items():
            draft.write(con, name, select)
        return draft.commit({"test": True})


def cohort_of(snapshot: Snapshot, persons: int = 60, *, name: str = "Everybody <i>here</i>") -> Cohort:
    """A cohort of the first `persons`; each has a second membership, and the selection ends with all of them."""
    subjects = list(range(1, persons + 1))
    rows = pa.table(
        {
            "cohort_definition_id": [5] * 2 * persons,
            "subject_id": subjects * 2,
            "cohort_start_date": [date(2020, 8, 1)] * persons + [START] * persons,
            "cohort_end_date": [date(2020, 9, 1)] * persons + [date(2020, 6, 25)] * persons,
        },
        schema=SCHEMA,
    )
    steps = (
        AttritionStep(ENTRY_STEP, 3 * persons + 90, persons + 33),
        AttritionStep("A rule that removes three", 3 * persons + 80, persons + 30),
        AttritionStep("A rule that leaves the cohort", 2 * persons + 3, persons + 1),
        AttritionStep(COHORT_STEP, 2 * persons, persons),
    )
    entry = Events("condition_occurrence")
    plan = CohortPlan(entry, (), Collapse(entry))
    return Cohort(5, name, plan, "ab" * 32, snapshot.version, rows, steps, (), Inclusion({}, {}, (0,)))

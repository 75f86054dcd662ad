"""The rows of each CDM table, as queries over the parts of a campus.

They stand on the views and tables that `store` registers: `of_TABLE` for each part, `code` (place, system, code, text,
domain, concept_id), `unit` (place, unit, unit_concept), `reference`, `practitioner`, `organisation`, `vocabulary`.
"""

from __future__ import annotations

from wardbench.synthetic import codes, institutions
from wardbench.synthetic.people import END, EPOCH
from wardbench.synthetic.records import KINDS, TABLES

# The few concept ids that are the model's own vocabulary: types of record, kinds of visit, sex.
_ENCOUNTER, _EHR, _LABORATORY, _PRESCRIPTION, _ADMINISTRATION, _PERIOD = 32827, 32817, 32856, 32838, 32818, 32882
_AMBULATORY, _EMERGENCY, _INPATIENT = 9202, 9203, 9201
_FEMALE, _MALE = 8532, 8507
_DIED, _HOME, _RESOLVED = 32218, 8536, 32906
_CDM_5_4 = 756265

# Days are those of the campus's calendar, moments are in UTC.
_MOMENT = f"day + (minute - {60 * institutions.HOURS_AHEAD}) * INTERVAL 1 MINUTE"
_LAST_DAY = f"DATE '{EPOCH}' + {END}"
_DIASTOLIC_ID = f"id + {KINDS - 1 - TABLES.index('pressure')}"


def _event(table: str, domain: str) -> str:
    """What every table of events has, from the columns `id`, `person`, `visit` and those of `code`."""
    return f"""id AS {table}_id, person AS person_id, visit AS visit_occurrence_id,
        0 AS {domain}_concept_id, code.concept_id AS {domain}_source_concept_id, code.code AS {domain}_source_value"""


def _at(date: str) -> str:
    return f"day AS {date}_date, {_MOMENT} AS {date}_datetime"


_WITH_CODE = "JOIN code ON code.place = event.code"
_ANSWERED = "LEFT JOIN code answered ON answered.place = event.answer"

SELECTS = {
    "person": f"""
        SELECT person AS person_id, CASE WHEN female THEN {_FEMALE} ELSE {_MALE} END AS gender_concept_id,
            year(birth) AS year_of_birth, month(birth) AS month_of_birth, day(birth) AS day_of_birth,
            birth::TIMESTAMP AS birth_datetime, 0 AS race_concept_id, 0 AS ethnicity_concept_id,
            practitioner + 1 AS provider_id, {institutions.HOSPITAL + 1} AS care_site_id,
            'p' || person AS person_source_value, CASE WHEN female THEN 'female' ELSE 'male' END AS gender_source_value,
            0 AS gender_source_concept_id, 0 AS race_source_concept_id, 0 AS ethnicity_source_concept_id
        FROM of_person""",
    "observation_period": f"""
        SELECT person AS observation_period_id, person AS person_id, first AS observation_period_start_date,
            last AS observation_period_end_date, {_PERIOD} AS period_type_concept_id
        FROM of_person""",
    "death": f"""
        SELECT person AS person_id, death AS death_date, {_EHR} AS death_type_concept_id
        FROM of_person WHERE death IS NOT NULL""",
    "visit_occurrence": f"""
        SELECT id AS visit_occurrence_id, person AS person_id,
            [{_AMBULATORY}, {_EMERGENCY}, {_INPATIENT}][kind + 1] AS visit_concept_id, {_at("visit_start")},
            day + length::INTEGER AS visit_end_date,
            day + (CASE WHEN length > 0 THEN length * 1440 + 720 ELSE least(minute + minutes, 1439) END
                - {60 * institutions.HOURS_AHEAD}) * INTERVAL 1 MINUTE AS visit_end_datetime,
            {_ENCOUNTER} AS visit_type_concept_id, practitioner + 1 AS provider_id,
            {institutions.HOSPITAL + 1} AS care_site_id, code.code AS visit_source_value,
            concept_id AS visit_source_concept_id,
            CASE WHEN kind < 2 THEN NULL WHEN died = 1 THEN {_DIED} ELSE {_HOME} END AS discharged_to_concept_id,
            CASE WHEN kind < 2 THEN NULL WHEN died = 1 THEN 'exp' ELSE 'home' END AS discharged_to_source_value
        FROM of_visit event {_WITH_CODE}""",
    "condition_occurrence": f"""
        SELECT {_event("condition_occurrence", "condition")}, {_at("condition_start")}, "end" AS condition_end_date,
            CASE WHEN "end" < {_LAST_DAY} THEN {_RESOLVED} END AS condition_status_concept_id,
            CASE WHEN "end" < {_LAST_DAY} THEN 'resolved' ELSE 'active' END AS condition_status_source_value,
            {_ENCOUNTER} AS condition_type_concept_id, practitioner + 1 AS provider_id
        FROM of_condition event {_WITH_CODE}""",
    "drug_exposure": f"""
        SELECT {_event("drug_exposure", "drug")}, day AS drug_exposure_start_date,
            day + greatest(supply - 1, 0)::INTEGER AS drug_exposure_end_date, quantity,
            CASE WHEN administered = 0 THEN supply END AS days_supply,
            CASE WHEN administered = 0 THEN {_PRESCRIPTION} ELSE {_ADMINISTRATION} END AS drug_type_concept_id,
            practitioner + 1 AS provider_id
        FROM of_drug event {_WITH_CODE}
        UNION ALL BY NAME
        SELECT {_event("drug_exposure", "drug")}, {_at("drug_exposure_start")}, {_at("drug_exposure_end")},
            {_ADMINISTRATION} AS drug_type_concept_id
        FROM of_immunization event {_WITH_CODE}""",
    "measurement": f"""
        WITH event AS (
            SELECT id, person, day, minute, visit, code, value, answer FROM of_measurement
            UNION ALL SELECT id, person, day, minute, visit, {codes.SYSTOLIC}, value, -1 FROM of_pressure
            UNION ALL SELECT {_DIASTOLIC_ID}, person, day, minute, visit, {codes.DIASTOLIC}, diastolic, -1
            FROM of_pressure)
        SELECT {_event("measurement", "measurement")}, {_at("measurement")}, value AS value_as_number,
            CASE WHEN vital.place IS NULL THEN {_LABORATORY} ELSE {_EHR} END AS measurement_type_concept_id,
            CASE WHEN value IS NOT NULL THEN 0 END AS unit_concept_id,
            CASE WHEN value IS NOT NULL THEN unit END AS unit_source_value,
            CASE WHEN value IS NOT NULL THEN unit_concept END AS unit_source_concept_id,
            CASE WHEN answer >= 0 THEN 0 END AS value_as_concept_id, answered.code AS value_source_value,
            low AS range_low, high AS range_high
        FROM event {_WITH_CODE} {_ANSWERED} LEFT JOIN unit ON unit.place = event.code
        LEFT JOIN vital ON vital.place = event.code
        JOIN sex USING (person)
        LEFT JOIN reference ON reference.place = event.code AND reference.female = sex.female""",
    "observation": f"""
        WITH event AS (
            SELECT id, person, day, minute, visit, {codes.SMOKING} AS code, answer FROM of_smoking
            UNION ALL SELECT id, person, day, minute, visit, code, -1 FROM of_allergy)
        SELECT {_event("observation", "observation")}, {_at("observation")}, {_EHR} AS observation_type_concept_id,
            CASE WHEN answer >= 0 THEN 0 END AS value_as_concept_id, answered.code AS value_source_value,
            answered.text AS value_as_string
        FROM event {_WITH_CODE} {_ANSWERED}""",
    "procedure_occurrence": f"""
        SELECT {_event("procedure_occurrence", "procedure")}, {_at("procedure")},
            {_ENCOUNTER} AS procedure_type_concept_id, practitioner + 1 AS provider_id
        FROM of_procedure event {_WITH_CODE}""",
    "specimen": f"""
        SELECT id AS specimen_id, person AS person_id, 0 AS specimen_concept_id, {_EHR} AS specimen_type_concept_id,
            {_at("specimen")}, quantity, 0 AS unit_concept_id, unit AS unit_source_value,
            's' || id AS specimen_source_id, code.code AS specimen_source_value,
            CASE WHEN from_colon = 1 THEN 0 END AS anatomic_site_concept_id,
            CASE WHEN from_colon = 1 THEN '{codes.CODES[codes.COLON].code}' END AS anatomic_site_source_value
        FROM of_specimen event {_WITH_CODE} LEFT JOIN unit ON unit.place = event.code""",
    "provider": """
        SELECT place + 1 AS provider_id, id AS provider_source_value, 0 AS specialty_concept_id,
            specialty AS specialty_source_value
        FROM practitioner""",
    "care_site": """
        SELECT place + 1 AS care_site_id, name AS care_site_name, 0 AS place_of_service_concept_id,
            id AS care_site_source_value
        FROM organisation""",
    "cdm_source": f"""
        SELECT 'Synthetic campus' AS cdm_source_name, 'synthetic' AS cdm_source_abbreviation,
            '{institutions.ORGANISATIONS[0].name}' AS cdm_holder, {_LAST_DAY} AS source_release_date,
            {_LAST_DAY} AS cdm_release_date, '5.4' AS cdm_version, {_CDM_5_4} AS cdm_version_concept_id,
            'none' AS vocabulary_version""",
    "concept": """
        SELECT concept_id, text AS concept_name, domain AS domain_id, vocabulary_id,
            'Source code' AS concept_class_id, code AS concept_code, DATE '1970-01-01' AS valid_start_date,
            DATE '2099-12-31' AS valid_end_date
        FROM code JOIN vocabulary USING (system)""",
}
"""By CDM table, the query that gives its rows."""

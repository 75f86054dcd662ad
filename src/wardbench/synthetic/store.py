"""A campus as a store: OMOP CDM 5.4 without a vocabulary, as a load of the same campus's FHIR gives.

Standard concepts are 0 but for the few every tool knows (sex, kind of visit, type of record); each source code is a
custom concept from 2,000,000,000 on, and its verbatim code stands in the source value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from wardbench import __version__
from wardbench.core.progress import Progress, silent
from wardbench.core.store import Snapshot, Store, quoted
from wardbench.synthetic import biobank, campus, codes, institutions, laboratory, parts
from wardbench.synthetic.codes import VOCABULARIES
from wardbench.synthetic.people import END, EPOCH
from wardbench.synthetic.records import KINDS, TABLES

FIRST_CUSTOM_CONCEPT = 2_000_000_000

# The few concept ids that are the model's own vocabulary: types of record, kinds of visit, sex.
_ENCOUNTER, _EHR, _LABORATORY, _PRESCRIPTION, _ADMINISTRATION, _PERIOD = 32827, 32817, 32856, 32838, 32818, 32882
_AMBULATORY, _EMERGENCY, _INPATIENT = 9202, 9203, 9201
_FEMALE, _MALE = 8532, 8507
_CDM_5_4 = 756265

_MEMORY = "700MB"
_DOMAINS = {
    "visit": "Visit",
    "condition": "Condition",
    "drug": "Drug",
    "measurement": "Measurement",
    "procedure": "Procedure",
    "immunization": "Drug",
    "allergy": "Observation",
}


def write_store(
    folder: Path, persons: int, seed: int, *, block: int = campus.BLOCK, progress: Progress = silent
) -> tuple[Snapshot, dict[str, Any]]:
    """Make a campus and publish it as the current snapshot of the store in `folder`, with its truths beside it.

    The same persons and seed give the same version, whatever `block` is. The snapshot, and the truths that were
    written to `folder`.truths.json.
    """
    campus.spans(persons)
    store = Store.open_or_create(folder)
    with store.draft() as draft:
        truths = parts.write(draft.scratch, persons, seed, block=block, progress=progress)
        with draft.connect(memory=_MEMORY) as con:
            # What DuckDB knows of its input shows in the bytes of the Parquet it writes, and so in the version.
            con.execute("SET disabled_optimizers = 'statistics_propagation'")
            _register(con, draft.scratch)
            for number, (table, select) in enumerate(_selects().items()):
                progress(number, len(_selects()), f"writing {table}")
                draft.write(con, table, select)
        snapshot = draft.commit({"synthetic": {"persons": persons, "seed": seed}, "software": __version__})
    return snapshot, truths.write(folder.with_name(f"{folder.name}.truths.json"))


def _register(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Views of the parts, `code` (every code in use, its custom concept and domain), `unit`, and the institutions."""
    for name in ("person", *TABLES):
        con.execute(f"CREATE VIEW of_{name} AS SELECT * FROM read_parquet({quoted(folder / name / '*.parquet')})")
    con.execute("CREATE VIEW sex AS SELECT person, female FROM of_person")
    con.execute("CREATE TABLE every_code (place BIGINT, system VARCHAR, code VARCHAR, text VARCHAR)")
    con.executemany("INSERT INTO every_code VALUES (?, ?, ?, ?)", [[n, *c] for n, c in enumerate(codes.CODES)])
    used = [f"SELECT DISTINCT code AS place, '{domain}' AS domain FROM of_{name}" for name, domain in _DOMAINS.items()]
    used += [
        f"SELECT {code}, '{domain}' FROM of_{name} GROUP BY ALL"
        for name, code, domain in (
            ("pressure", codes.SYSTOLIC, "Measurement"),
            ("pressure", codes.DIASTOLIC, "Measurement"),
            ("smoking", codes.SMOKING, "Observation"),
        )
    ]
    con.execute(
        f"""CREATE TABLE code AS SELECT every_code.*, domain,
            {FIRST_CUSTOM_CONCEPT - 1} + row_number() OVER (ORDER BY system, code) AS concept_id
        FROM every_code JOIN (SELECT place, min(domain) AS domain FROM ({" UNION ALL ".join(used)}) GROUP BY place)
        USING (place)"""
    )
    con.execute("CREATE TABLE unit (place BIGINT, unit VARCHAR)")
    con.executemany(
        "INSERT INTO unit VALUES (?, ?)", [[place, u] for place, u in {**laboratory.UNITS, **biobank.UNITS}.items()]
    )
    con.execute("CREATE TABLE reference (place BIGINT, female BOOLEAN, low DOUBLE, high DOUBLE)")
    con.executemany(
        "INSERT INTO reference VALUES (?, ?, ?, ?)",
        [[a.code, female, *a.printed_limits(female)] for a in laboratory.ANALYTES for female in (True, False)],
    )
    con.execute("CREATE TABLE vocabulary (system VARCHAR, vocabulary_id VARCHAR)")
    con.executemany("INSERT INTO vocabulary VALUES (?, ?)", [list(pair) for pair in VOCABULARIES.items()])
    con.execute("CREATE TABLE practitioner (place BIGINT, id VARCHAR, specialty VARCHAR)")
    con.executemany(
        "INSERT INTO practitioner VALUES (?, ?, ?)",
        [[place, p.id, p.specialty] for place, p in enumerate(institutions.PRACTITIONERS)],
    )
    con.execute("CREATE TABLE organisation (place BIGINT, id VARCHAR, name VARCHAR)")
    con.executemany(
        "INSERT INTO organisation VALUES (?, ?, ?)",
        [[place, o.id, o.name] for place, o in enumerate(institutions.ORGANISATIONS)],
    )


def _selects() -> dict[str, str]:
    """By CDM table, the query that gives its rows."""
    moment = "day + minute * INTERVAL 1 MINUTE"

    def event(table: str, domain: str, date: str) -> str:
        """What every event has, from part `table` (joined with `code`) to the columns of `domain`."""
        return f"""SELECT id AS {table}_id, person AS person_id, 0 AS {domain}_concept_id,
            concept_id AS {domain}_source_concept_id, code.code AS {domain}_source_value,
            day AS {date}_date, {moment} AS {date}_datetime, visit AS visit_occurrence_id,
            practitioner + 1 AS provider_id"""

    def of(part: str, code: str = "event.code") -> str:
        return f"FROM of_{part} event JOIN code ON code.place = {code}"

    def value(code: int, column: str, row: str) -> str:
        return (
            event("measurement", "measurement", "measurement").replace("SELECT id", f"SELECT {row}")
            + f""", {_EHR} AS measurement_type_concept_id, {column} AS value_as_number, 0 AS unit_concept_id,
            'mm[Hg]' AS unit_source_value, NULL AS value_source_value, NULL AS range_low, NULL AS range_high
            {of("pressure", str(code))}"""
        )

    observation = event("observation", "observation", "observation")
    return {
        "person": f"""SELECT person AS person_id, CASE WHEN female THEN {_FEMALE} ELSE {_MALE} END AS gender_concept_id,
            year(birth) AS year_of_birth, month(birth) AS month_of_birth, day(birth) AS day_of_birth,
            birth::TIMESTAMP AS birth_datetime, 0 AS race_concept_id, 0 AS ethnicity_concept_id,
            practitioner + 1 AS provider_id, {institutions.HOSPITAL + 1} AS care_site_id,
            'p' || person AS person_source_value, CASE WHEN female THEN 'female' ELSE 'male' END AS gender_source_value
            FROM of_person""",
        "observation_period": f"""SELECT person AS observation_period_id, person AS person_id,
            first AS observation_period_start_date, last AS observation_period_end_date,
            {_PERIOD} AS period_type_concept_id FROM of_person""",
        "death": f"SELECT person AS person_id, death AS death_date, death::TIMESTAMP AS death_datetime,"
        f" {_EHR} AS death_type_concept_id FROM of_person WHERE death IS NOT NULL",
        "visit_occurrence": f"""SELECT id AS visit_occurrence_id, person AS person_id,
            [{_AMBULATORY}, {_EMERGENCY}, {_INPATIENT}][kind + 1] AS visit_concept_id,
            day AS visit_start_date, {moment} AS visit_start_datetime,
            day + length::INTEGER AS visit_end_date,
            CASE WHEN length > 0 THEN day + length::INTEGER + INTERVAL 12 HOUR
                ELSE least({moment} + minutes * INTERVAL 1 MINUTE, day + INTERVAL 1439 MINUTE)
                END AS visit_end_datetime,
            {_ENCOUNTER} AS visit_type_concept_id, practitioner + 1 AS provider_id,
            {institutions.HOSPITAL + 1} AS care_site_id, code.code AS visit_source_value,
            concept_id AS visit_source_concept_id {of("visit")}""",
        "condition_occurrence": event("condition_occurrence", "condition", "condition_start")
        + f""", "end" AS condition_end_date, {_ENCOUNTER} AS condition_type_concept_id {of("condition")}""",
        "drug_exposure": event("drug_exposure", "drug", "drug_exposure_start")
        + f""", day + greatest(supply - 1, 0)::INTEGER AS drug_exposure_end_date, quantity,
            CASE WHEN administered = 0 THEN supply END AS days_supply,
            CASE WHEN administered = 0 THEN {_PRESCRIPTION} ELSE {_ADMINISTRATION} END AS drug_type_concept_id
            {of("drug")} UNION ALL """
        + event("drug_exposure", "drug", "drug_exposure_start")
        + f", day, NULL, NULL, {_ADMINISTRATION} {of('immunization')}",
        "measurement": event("measurement", "measurement", "measurement")
        + f""", CASE WHEN event.code IN ({codes.HEIGHT}, {codes.WEIGHT}) THEN {_EHR} ELSE {_LABORATORY} END
            AS measurement_type_concept_id, value AS value_as_number,
            CASE WHEN unit IS NOT NULL THEN 0 END AS unit_concept_id, unit AS unit_source_value,
            coalesce(answered.code, value::VARCHAR) AS value_source_value, low AS range_low, high AS range_high
            {of("measurement")} LEFT JOIN unit ON unit.place = event.code
            LEFT JOIN every_code answered ON answered.place = event.answer
            JOIN sex USING (person)
            LEFT JOIN reference ON reference.place = event.code AND reference.female = sex.female
            UNION ALL {value(codes.SYSTOLIC, "value", "id")}
            UNION ALL {value(codes.DIASTOLIC, "diastolic", f"id + {KINDS - 1 - TABLES.index('pressure')}")}""",
        "observation": observation
        + f""", {_EHR} AS observation_type_concept_id, answered.code AS value_source_value
            {of("smoking", str(codes.SMOKING))} LEFT JOIN every_code answered ON answered.place = event.answer
            UNION ALL {observation}, {_EHR}, NULL {of("allergy")}""",
        "procedure_occurrence": event("procedure_occurrence", "procedure", "procedure")
        + f", {_ENCOUNTER} AS procedure_type_concept_id {of('procedure')}",
        "specimen": f"""SELECT id AS specimen_id, person AS person_id, 0 AS specimen_concept_id,
            {_EHR} AS specimen_type_concept_id, day AS specimen_date, {moment} AS specimen_datetime, quantity,
            0 AS unit_concept_id, 0 AS anatomic_site_concept_id, 0 AS disease_status_concept_id,
            's' || id AS specimen_source_id, every_code.code AS specimen_source_value, unit AS unit_source_value,
            CASE WHEN from_colon = 1 THEN '{codes.CODES[codes.COLON].code}' END AS anatomic_site_source_value
            FROM of_specimen event JOIN every_code ON every_code.place = event.code
            LEFT JOIN unit ON unit.place = event.code""",
        "provider": "SELECT place + 1 AS provider_id, id AS provider_source_value, 0 AS specialty_concept_id,"
        " specialty AS specialty_source_value FROM practitioner",
        "care_site": "SELECT place + 1 AS care_site_id, name AS care_site_name, 0 AS place_of_service_concept_id,"
        " id AS care_site_source_value FROM organisation",
        "cdm_source": f"""SELECT 'Synthetic campus' AS cdm_source_name, 'synthetic' AS cdm_source_abbreviation,
            '{institutions.ORGANISATIONS[0].name}' AS cdm_holder, DATE '{EPOCH}' + {END} AS source_release_date,
            DATE '{EPOCH}' + {END} AS cdm_release_date, '5.4' AS cdm_version, {_CDM_5_4} AS cdm_version_concept_id,
            'none' AS vocabulary_version""",
        "concept": """SELECT concept_id, text AS concept_name, domain AS domain_id, vocabulary_id,
            'Undefined' AS concept_class_id, code AS concept_code, DATE '1970-01-01' AS valid_start_date,
            DATE '2099-12-31' AS valid_end_date FROM code JOIN vocabulary USING (system)""",
    }

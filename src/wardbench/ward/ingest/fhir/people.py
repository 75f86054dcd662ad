"""The second stage for those who are not events: persons, deaths, providers, and places."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from wardbench.core.store import Draft, quoted
from wardbench.ward.ingest.mapping import EHR


def source(draft: Draft, kind: str) -> str:
    """SQL for the source layer's table of a resource type."""
    return f"read_parquet({quoted(draft.path(kind, 'source'))})"


def write_people(con: duckdb.DuckDBPyConnection, draft: Draft, kinds: Collection[str]) -> None:
    """Write person, death, location, provider and care_site, of what the source layer has."""
    regions = []
    if "Patient" in kinds:
        patients = source(draft, "Patient")
        draft.write(con, "person", _persons(patients))
        draft.write(
            con,
            "death",
            f"SELECT key AS person_id, death_date, death_time AS death_datetime, {EHR} AS death_type_concept_id"
            f" FROM {patients} WHERE death_date IS NOT NULL",
        )
        regions.append(
            f"SELECT DISTINCT {_region()} AS location_id, state, zip3 AS zip FROM {patients}"
            " WHERE state IS NOT NULL OR zip3 IS NOT NULL"
        )
    if "Location" in kinds:
        regions.append(
            "SELECT key AS location_id, state, zip3 AS zip, short(id) AS location_source_value"
            f" FROM {source(draft, 'Location')}"
        )
    if regions:
        draft.write(con, "location", " UNION ALL BY NAME ".join(regions))
    if "Practitioner" in kinds:
        draft.write(
            con,
            "provider",
            "SELECT key AS provider_id, gender_concept_id, gender AS gender_source_value, 0 AS specialty_concept_id,"
            f" short(id) AS provider_source_value FROM {source(draft, 'Practitioner')}",
        )
    if "Organization" in kinds:
        draft.write(
            con,
            "care_site",
            "SELECT key AS care_site_id, 0 AS place_of_service_concept_id, short(id) AS care_site_source_value,"
            f" short(place_of_service) AS place_of_service_source_value FROM {source(draft, 'Organization')}",
        )


def _region() -> str:
    return "record_key('Region', concat(state, '|', zip3))"


def _persons(patients: str) -> str:
    return f"""
        SELECT key AS person_id, gender_concept_id, gender AS gender_source_value, year_of_birth, month_of_birth,
            day_of_birth, make_date(year_of_birth, month_of_birth, day_of_birth)::TIMESTAMP AS birth_datetime,
            race_concept_id, race AS race_source_value, ethnicity_concept_id, ethnicity AS ethnicity_source_value,
            CASE WHEN state IS NOT NULL OR zip3 IS NOT NULL THEN {_region()} END AS location_id,
            provider_id, care_site_id, id AS person_source_value,
            0 AS gender_source_concept_id, 0 AS race_source_concept_id, 0 AS ethnicity_source_concept_id
        FROM {patients}"""

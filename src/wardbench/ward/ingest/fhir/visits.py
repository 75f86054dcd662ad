"""The second stage for encounters: visits, and the stays that are part of one."""

from __future__ import annotations

import duckdb

from wardbench.core.store import Draft
from wardbench.ward.ingest.fhir.people import source
from wardbench.ward.ingest.mapping import EHR_ENCOUNTER, INPATIENT

_SHARED = {
    "concept_id": "visit_concept_id",
    "start_date": "start_date",
    "start_datetime": "start_time",
    "end_date": "last_day",
    "end_datetime": "end_time",
    "type_concept_id": str(EHR_ENCOUNTER),
    "source_value": "short(coalesce(code, class))",
    "source_concept_id": "coalesce(source_concept_id, 0)",
}


def write_visits(con: duckdb.DuckDBPyConnection, draft: Draft, extracted: str) -> bool:
    """Write visit_occurrence and visit_detail, and make `visit_of`; whether any encounter is part of another.

    An encounter that is part of another becomes a detail of the outermost one. A missing end is the day of extraction
    for an inpatient still in the house, else the start.
    """
    encounters = source(draft, "Encounter")
    con.execute(
        f"""CREATE TABLE visit_of AS
        WITH RECURSIVE up(key, root, parent, level) AS (
            SELECT e.key, e.parent_key, p.parent_key, 1
            FROM {encounters} e JOIN {encounters} p ON p.key = e.parent_key AND p.person_id = e.person_id
            WHERE e.key <> e.parent_key
            UNION ALL
            SELECT up.key, p.key, p.parent_key, level + 1 FROM up JOIN {encounters} p ON p.key = up.parent
            WHERE level < 20)
        SELECT key, max_by(root, level) AS root FROM up GROUP BY key"""
    )
    counted = con.execute("SELECT count(*) FROM visit_of").fetchone()
    nested = bool(counted and counted[0])
    con.execute(
        f"""CREATE VIEW encounter AS
        SELECT e.*, m.source_concept_id, v.root,
            coalesce(e.end_date, CASE WHEN e.in_flight AND e.visit_concept_id = {INPATIENT}
                THEN greatest(DATE '{extracted}', e.start_date) END, e.start_date) AS last_day
        FROM {encounters} e LEFT JOIN visit_of v ON v.key = e.key
        LEFT JOIN code_map m ON m.system = e.system AND m.code = e.code AND m.nth = 0"""
    )
    common = (
        "person_id, provider_id, care_site_id, admitted_from_concept_id, short(admitted_from) AS"
        " admitted_from_source_value, discharged_to_concept_id, short(discharged_to) AS discharged_to_source_value"
    )
    draft.write(
        con,
        "visit_occurrence",
        f"SELECT key AS visit_occurrence_id, {common}, {_named('visit_')} FROM encounter WHERE root IS NULL",
    )
    if nested:
        draft.write(
            con,
            "visit_detail",
            f"SELECT key AS visit_detail_id, root AS visit_occurrence_id, {common}, {_named('visit_detail_')},"
            " CASE WHEN parent_key <> root THEN parent_key END AS parent_visit_detail_id"
            " FROM encounter WHERE root IS NOT NULL",
        )
    return nested


def _named(prefix: str) -> str:
    return ", ".join(f"{sql} AS {prefix}{name}" for name, sql in _SHARED.items())

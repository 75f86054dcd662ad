"""From the codes in the source layer to concepts: a table `code_map`, and the concepts a load adds.

With a vocabulary: the source concept by vocabulary and code, standard concepts by "Maps to" (several give several
rows), "Maps to value" for the value; a SOURCE_TO_CONCEPT_MAP in the store goes before all of these. Without, or for a
code no vocabulary knows: concept 0, and a concept of its own in the range of local concepts as the source concept, so
that people can be found by source codes all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from wardbench.core.omop.local_concepts import LocalCode, local_concept_ids
from wardbench.core.omop.tables import FIRST_CUSTOM_CONCEPT, VOCABULARY_TABLES
from wardbench.core.store import Draft, Snapshot, quoted
from wardbench.ward.ingest.codes import CUSTOM_CLASS, SYNONYMS, VOCABULARIES
from wardbench.ward.ingest.fhir.shapes import Coding, struct
from wardbench.ward.ingest.mapping import DOMAIN_TABLES

CODED = (
    ("code", "system", "code", "display"),
    ("value", "value_system", "value_code", "value_display"),
    ("unit", "unit_system", "unit", "NULL"),
    ("route", "route_system", "route_code", "NULL"),
    ("site", "site_system", "site_code", "NULL"),
)
"""The coded fields of a source record: name, system, code, display."""


def map_codes(con: duckdb.DuckDBPyConnection, draft: Draft, kinds: Sequence[str], previous: Snapshot | None) -> None:
    """Make `code_map` and `coded_field` in `con`; write the vocabulary's tables and the extra `unmapped_code`.

    `code_map` has one row for a code and each standard concept it maps to: `system`, `code`, `nth` (from 0),
    `source_concept_id`, `concept_id`, `target` (the table for its domain), `value_id`, `is_substance`.
    """
    _gather(con, draft, kinds, further=previous is not None and previous.has_vocabulary)
    _open_vocabulary(con, draft, previous)
    _find_source_concepts(con, previous)
    _find_standard_concepts(con)
    con.execute(
        f"""CREATE TABLE code_map AS
        SELECT u.system, u.code, coalesce(s.nth, 0)::INTEGER AS nth, u.source_concept_id,
            coalesce(s.concept_id, 0) AS concept_id, s.value_id,
            CASE c.domain_id {_whens(DOMAIN_TABLES)} END AS target,
            c.domain_id = 'Drug' OR c.concept_class_id = 'Substance' AS is_substance
        FROM used_code u LEFT JOIN standard s USING (system, code) LEFT JOIN known c ON c.concept_id = s.concept_id"""
    )
    _write_concepts(con, draft)
    draft.write(
        con,
        "unmapped_code",
        "SELECT f.field, f.system, f.code, f.display, f.records FROM coded_field f"
        " JOIN code_map m USING (system, code) WHERE m.concept_id = 0 AND f.records > 0 ORDER BY ALL",
        layer="extra",
    )


def _gather(con: duckdb.DuckDBPyConnection, draft: Draft, kinds: Sequence[str], *, further: bool) -> None:
    """Make `coded_field`; `further` adds codings beside the chosen one, of which a vocabulary may know one."""
    selects = []
    for kind in kinds:
        path = draft.path(kind, "source")
        table = f"read_parquet({quoted(path)})"
        present = {column[0] for column in con.execute(f"SELECT * FROM {table} LIMIT 0").description or ()}
        for name, system, code, display in CODED:
            if code in present:
                selects.append(
                    f"SELECT '{kind}.{name}' AS field, coalesce({system}, '') AS system, {code} AS code,"
                    f" min({display}) AS display, count(*) AS records FROM {table}"
                    f" WHERE {code} IS NOT NULL GROUP BY ALL"
                )
        if further and "several" in present:
            selects.append(
                f"SELECT '{kind}.other', coalesce(c.system, ''), c.code, min(c.display), 0 FROM ("
                f"SELECT unnest(several::JSON::{struct(Coding)}[]) AS c FROM {table} WHERE several IS NOT NULL)"
                " WHERE c.code IS NOT NULL GROUP BY ALL"
            )
    con.execute(
        "CREATE TABLE coded_field (field VARCHAR, system VARCHAR, code VARCHAR, display VARCHAR, records BIGINT)"
    )
    for select in selects:
        con.execute(f"INSERT INTO coded_field {select}")
    con.execute(
        f"""CREATE TABLE used_code AS
        SELECT system, code, min(display) AS display, min(field) AS field,
            CASE CASE system {_whens(SYNONYMS)} ELSE system END {_whens(VOCABULARIES)} ELSE system END AS vocabulary_id,
            NULL::INTEGER AS source_concept_id
        FROM coded_field GROUP BY system, code"""
    )


def _open_vocabulary(con: duckdb.DuckDBPyConnection, draft: Draft, previous: Snapshot | None) -> None:
    """Make the vocabulary's tables readable; take those that stay as they are over from the previous snapshot."""
    for name in VOCABULARY_TABLES:
        if previous and name in previous.tables and name != "concept":
            draft.keep(previous, name)
        draft.view(con, name)
    known = "SELECT * FROM concept WHERE false"
    if previous and "concept" in previous.tables:
        known = (
            f"SELECT * FROM read_parquet({quoted(previous.path('concept'))})"
            f" WHERE NOT (concept_id >= {FIRST_CUSTOM_CONCEPT} AND concept_class_id = {quoted(CUSTOM_CLASS)})"
        )
    con.execute(f"CREATE VIEW known AS {known}")


def _find_source_concepts(con: duckdb.DuckDBPyConnection, previous: Snapshot | None) -> None:
    con.execute(
        """UPDATE used_code SET source_concept_id = found.concept_id FROM (
            SELECT u.system, u.code, min_by(c.concept_id, (coalesce(c.invalid_reason, '') <> '', c.concept_id))
                AS concept_id
            FROM used_code u JOIN known c ON c.vocabulary_id = u.vocabulary_id AND c.concept_code = u.code
            GROUP BY u.system, u.code) found
        WHERE found.system = used_code.system AND found.code = used_code.code"""
    )
    left = con.execute("SELECT system, code FROM used_code WHERE source_concept_id IS NULL").fetchall()
    others = con.execute("SELECT concept_id FROM known WHERE concept_id >= ?", [FIRST_CUSTOM_CONCEPT]).fetchall()
    ids = local_concept_ids(left, known=_local_before(con, previous), taken=[number for (number,) in others])
    con.execute(
        """UPDATE used_code SET source_concept_id = made.concept_id FROM (
            SELECT unnest($1::VARCHAR[]) AS system, unnest($2::VARCHAR[]) AS code, unnest($3::INTEGER[]) AS concept_id
        ) made WHERE made.system = used_code.system AND made.code = used_code.code""",
        [[system for system, _ in ids], [code for _, code in ids], list(ids.values())],
    )


def _local_before(con: duckdb.DuckDBPyConnection, previous: Snapshot | None) -> dict[LocalCode, int]:
    """The ids that codes have in the previous snapshot, of codes that are told apart by vocabulary and code."""
    if previous is None or "concept" not in previous.tables:
        return {}
    rows = con.execute(
        f"""SELECT any_value(u.system), any_value(u.code), any_value(c.concept_id)
        FROM used_code u JOIN read_parquet({quoted(previous.path("concept"))}) c
            ON c.vocabulary_id = u.vocabulary_id AND c.concept_code = u.code
        WHERE u.source_concept_id IS NULL AND c.concept_id >= {FIRST_CUSTOM_CONCEPT}
            AND c.concept_class_id = {quoted(CUSTOM_CLASS)}
        GROUP BY u.vocabulary_id, u.code HAVING count(*) = 1"""
    ).fetchall()
    return {(system, code): concept_id for system, code, concept_id in rows}


def _find_standard_concepts(con: duckdb.DuckDBPyConnection) -> None:
    valid = "coalesce({}.invalid_reason, '') = ''"
    con.execute(
        f"""CREATE TABLE standard AS
        WITH local AS (
            SELECT DISTINCT u.system, u.code, m.target_concept_id AS concept_id
            FROM used_code u JOIN source_to_concept_map m
                ON m.source_code = u.code AND m.source_vocabulary_id IN (u.system, u.vocabulary_id)
            JOIN known c ON c.concept_id = m.target_concept_id
            WHERE {valid.format("m")} AND c.standard_concept = 'S'),
        related AS (
            SELECT DISTINCT u.system, u.code, r.concept_id_2 AS concept_id
            FROM used_code u JOIN concept_relationship r ON r.concept_id_1 = u.source_concept_id
            JOIN known c ON c.concept_id = r.concept_id_2
            WHERE r.relationship_id = 'Maps to' AND {valid.format("r")} AND c.standard_concept = 'S'),
        itself AS (
            SELECT u.system, u.code, c.concept_id
            FROM used_code u JOIN known c ON c.concept_id = u.source_concept_id WHERE c.standard_concept = 'S'),
        value AS (
            SELECT u.system, u.code, min(r.concept_id_2) AS value_id
            FROM used_code u JOIN concept_relationship r ON r.concept_id_1 = u.source_concept_id
            WHERE r.relationship_id = 'Maps to value' AND {valid.format("r")} GROUP BY ALL),
        best AS (
            FROM local
            UNION ALL FROM related ANTI JOIN local USING (system, code)
            UNION ALL FROM itself ANTI JOIN local USING (system, code) ANTI JOIN related USING (system, code))
        SELECT best.system, best.code, best.concept_id, value.value_id,
            row_number() OVER (PARTITION BY best.system, best.code ORDER BY best.concept_id) - 1 AS nth
        FROM best LEFT JOIN value USING (system, code)"""
    )


def _write_concepts(con: duckdb.DuckDBPyConnection, draft: Draft) -> None:
    """The vocabulary's concepts and those made for codes that it does not know."""
    draft.write(
        con,
        "concept",
        f"""SELECT * FROM known
        UNION ALL BY NAME
        SELECT source_concept_id AS concept_id, coalesce(display, code) AS concept_name,
            CASE split_part(field, '.', 2) WHEN 'unit' THEN 'Unit' WHEN 'value' THEN 'Meas Value'
                WHEN 'route' THEN 'Route' WHEN 'site' THEN 'Spec Anatomic Site'
                ELSE CASE split_part(field, '.', 1) WHEN 'Condition' THEN 'Condition' WHEN 'Procedure' THEN 'Procedure'
                    WHEN 'Immunization' THEN 'Drug' WHEN 'Encounter' THEN 'Visit' WHEN 'Specimen' THEN 'Specimen'
                    WHEN 'Device' THEN 'Device' WHEN 'DeviceUseStatement' THEN 'Device'
                    ELSE CASE WHEN starts_with(field, 'Medication') THEN 'Drug' ELSE 'Observation' END END END
                AS domain_id,
            coalesce(nullif(vocabulary_id, ''), 'None') AS vocabulary_id, {quoted(CUSTOM_CLASS)} AS concept_class_id,
            code AS concept_code, DATE '1970-01-01' AS valid_start_date, DATE '2099-12-31' AS valid_end_date
        FROM used_code WHERE source_concept_id NOT IN (SELECT concept_id FROM known)""",
    )


def _whens(values: Mapping[str, str]) -> str:
    return " ".join(f"WHEN {quoted(key)} THEN {quoted(value)}" for key, value in values.items())

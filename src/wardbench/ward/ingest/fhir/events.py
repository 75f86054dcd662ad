"""The second stage for events: each goes to the table of its standard concept's domain, or where its type puts it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import duckdb

from wardbench.core.omop.tables import TABLES
from wardbench.core.progress import Progress
from wardbench.core.store import Draft
from wardbench.ward.ingest.fhir.people import source
from wardbench.ward.ingest.fhir.shapes import Coding, struct
from wardbench.ward.ingest.fhir.sql import cases, one_of
from wardbench.ward.ingest.ledger import LedgerError
from wardbench.ward.ingest.mapping import EVENT_COLUMNS, EVENT_TABLES, ROUTES, ROW_ID_FIELDS

SUBSTANCES = ("http://www.nlm.nih.gov/research/umls/rxnorm", "http://hl7.org/fhir/sid/ndc", "http://www.whocc.no/atc")
"""Systems whose codes are substances whatever a vocabulary says."""

_KEYS = {"visit_key": "BIGINT", "provider_id": "BIGINT", "specimen_id": "BIGINT", "has_parent": "BOOLEAN"}
_LOOKED_UP = (
    ("unit", "unit_system", "unit"),
    ("value", "value_system", "value_code"),
    ("route", "route_system", "route_code"),
    ("site", "site_system", "site_code"),
)


def write_events(
    con: duckdb.DuckDBPyConnection, draft: Draft, kinds: Sequence[str], *, nested: bool, progress: Progress
) -> dict[str, list[str]]:
    """Write the tables of events; the kinds of resources that each table has rows of.

    `code_map` has to be in `con`, and `visit_of` where encounters are `nested`. Makes a view `mapped_KIND` for every
    kind. Raises LedgerError where a record would give no row.
    """
    targets: dict[str, list[str]] = defaultdict(list)
    for kind in kinds:
        _map(con, draft, kind, nested=nested)
        rows = con.execute(
            f"SELECT goes_to, count(*) FILTER (nth = 0) FROM mapped_{kind} GROUP BY goes_to ORDER BY goes_to"
        ).fetchall()
        for target, _ in rows:
            targets[target].append(kind)
        records = _one(con, f"SELECT count(*) FROM {source(draft, kind)}")
        if records != sum(first for _, first in rows):
            raise LedgerError(f"{kind}: {records} source records, and rows for {sum(first for _, first in rows)}.")
    ordered = {table: targets[table] for table in EVENT_TABLES if table in targets}
    if len(ordered) != len(targets):
        raise LedgerError(f"No columns are known for {sorted(set(targets) - set(ordered))}.")
    for number, (table, from_kinds) in enumerate(ordered.items()):
        progress(number, len(ordered), f"writing {table}")
        draft.write(con, table, " UNION ALL ".join(_rows(kind, table) for kind in from_kinds))
    return ordered


def _rows(kind: str, table: str) -> str:
    """SQL for the rows that a kind gives to a table."""
    columns = {"person_id": "person_id", **EVENT_TABLES[table]}
    for name in ("provider_id", "visit_occurrence_id", "visit_detail_id"):
        if name in TABLES[table].column_names:
            columns[name] = name
    chosen = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"SELECT {chosen} FROM mapped_{kind} WHERE goes_to = '{table}'"


def _map(con: duckdb.DuckDBPyConnection, draft: Draft, kind: str, *, nested: bool) -> None:
    """Make the view of a kind's records with their concepts, and where each row goes."""
    table = source(draft, kind)
    present = {column[0] for column in con.execute(f"SELECT * FROM {table} LIMIT 0").description or ()}
    absent = [f"NULL::{sql} AS {name}" for name, sql in {**EVENT_COLUMNS, **_KEYS}.items() if name not in present]
    records = f"SELECT {', '.join(['*', *absent])} FROM {table}"
    records = _with_better_codes(con, kind, records)

    joins = ["LEFT JOIN code_map m ON m.system = s.system AND m.code = s.code"]
    found = dict.fromkeys((name for name, _, _ in _LOOKED_UP), "NULL::INTEGER")
    unit_source = "NULL::INTEGER"
    for name, system, code in _LOOKED_UP:
        if code in present:
            found[name] = f"{name}_.concept_id"
            joins.append(
                f"LEFT JOIN code_map {name}_ ON {name}_.system = coalesce(s.{system}, '')"
                f" AND {name}_.code = s.{code} AND {name}_.nth = 0"
            )
    if "unit" in present:
        unit_source = "unit_.source_concept_id"
    if nested:
        joins.append("LEFT JOIN visit_of v ON v.key = s.visit_key")
    visit = "coalesce(v.root, s.visit_key)" if nested else "s.visit_key"
    detail = "CASE WHEN v.root IS NOT NULL THEN s.visit_key END" if nested else "NULL::BIGINT"
    answer = f"coalesce(nullif({found['value']}, 0), s.value_concept_id, CASE WHEN s.value_code IS NOT NULL THEN 0 END)"
    concept, value = "coalesce(m.concept_id, 0)", f"coalesce(m.value_id, {answer})"
    if "category_concept_id" in present:
        substance = (
            f"s.category_concept_id > 0 AND (coalesce(m.is_substance, false) OR s.system IN {one_of(SUBSTANCES)})"
        )
        concept = f"CASE WHEN {substance} THEN s.category_concept_id ELSE {concept} END"
        value = f"CASE WHEN {substance} THEN coalesce(m.concept_id, 0) ELSE {value} END"
    routes = f"coalesce(nullif({found['route']}, 0), {cases('s.route_code', ROUTES)})"
    con.execute(
        f"""CREATE VIEW parentless_{kind} AS
        SELECT s.*, coalesce(m.nth, 0) AS nth,
            row_key(s.key, s.part, coalesce(m.nth, 0)) AS row_id,
            coalesce(m.source_concept_id, 0) AS source_concept_id,
            {concept} AS concept_id,
            {value} AS value_as_concept_id,
            CASE WHEN s.unit IS NOT NULL THEN coalesce({found["unit"]}, 0) END AS unit_concept_id,
            CASE WHEN s.unit IS NOT NULL THEN coalesce({unit_source}, 0) END AS unit_source_concept_id,
            CASE WHEN s.route_code IS NOT NULL THEN {routes} END AS route_concept_id,
            CASE WHEN s.site_code IS NOT NULL THEN coalesce({found["site"]}, 0) END AS site_concept_id,
            {visit} AS visit_occurrence_id, {detail} AS visit_detail_id,
            CASE WHEN s.fixed_target THEN s.target ELSE coalesce(m.target, s.target) END AS goes_to
        FROM ({records}) s {" ".join(joins)}"""
    )
    _link_parents(con, kind, "has_parent" in present)


def _with_better_codes(con: duckdb.DuckDBPyConnection, kind: str, records: str) -> str:
    """Records whose chosen coding maps to nothing take the first of their other codings that maps to something."""
    con.execute(
        f"""CREATE TABLE better_{kind} AS
        SELECT key, part, min_by(c.coding, c.place) AS coding FROM (
            SELECT key, part, list_of[place] AS coding, place FROM (
                SELECT key, part, list_of, unnest(range(1, len(list_of) + 1)) AS place FROM (
                    SELECT key, part, several::JSON::{struct(Coding)}[] AS list_of
                    FROM ({records}) r JOIN code_map m ON m.system = r.system AND m.code = r.code
                    WHERE several IS NOT NULL AND m.concept_id = 0))) c
        JOIN code_map m ON m.system = coalesce(c.coding.system, '') AND m.code = c.coding.code AND m.nth = 0
        WHERE m.concept_id <> 0 GROUP BY key, part"""
    )
    if not _one(con, f"SELECT count(*) FROM better_{kind}"):
        return records
    return (
        "SELECT r.* REPLACE (CASE WHEN b.key IS NULL THEN r.system ELSE coalesce(b.coding.system, '') END AS system,"
        " coalesce(b.coding.code, r.code) AS code, coalesce(b.coding.display, r.display) AS display)"
        f" FROM ({records}) r LEFT JOIN better_{kind} b ON b.key = r.key AND b.part = r.part"
    )


def _link_parents(con: duckdb.DuckDBPyConnection, kind: str, has_parts: bool) -> None:
    """Parts point to their resource's own row, where it has one."""
    fields = " ".join(f"WHEN '{table}' THEN {concept}" for table, concept in ROW_ID_FIELDS.items())
    if not has_parts or not _one(con, f"SELECT count(*) FROM parentless_{kind} WHERE has_parent"):
        link = "SELECT *, NULL::BIGINT AS parent_row_id, NULL::INTEGER AS parent_field_concept_id"
        con.execute(f"CREATE VIEW mapped_{kind} AS {link} FROM parentless_{kind}")
        return
    con.execute(
        f"CREATE TABLE parent_{kind} AS SELECT key AS parent_key, row_id AS parent_row_id,"
        f" CASE goes_to {fields} END AS parent_field_concept_id FROM parentless_{kind}"
        f" WHERE part = 0 AND nth = 0 AND key IN (SELECT key FROM parentless_{kind} WHERE has_parent)"
    )
    con.execute(
        f"CREATE VIEW mapped_{kind} AS SELECT * EXCLUDE (parent_key) FROM parentless_{kind}"
        f" LEFT JOIN parent_{kind} ON parent_key = key AND has_parent AND parent_field_concept_id IS NOT NULL"
    )


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0

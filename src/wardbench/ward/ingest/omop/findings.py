"""What a load finds out about its rows: references that lead nowhere, and codes without a standard concept."""

from __future__ import annotations

import duckdb

from wardbench.core.omop.tables import EVENT_CONCEPTS, TABLES, Column
from wardbench.core.store import Draft
from wardbench.ward.ingest.ledger import RANKED, LoadReport, UnmappedCode, UnresolvedReference


def report_findings(con: duckdb.DuckDBPyConnection, draft: Draft, report: LoadReport) -> None:
    """Fill the report's lists of unresolved references and unmapped codes from the tables of the draft."""
    written = {name: info for name, info in draft.tables.items() if info.rows and TABLES[name].schema == "cdm"}
    references = [
        found
        for name in written
        for column in TABLES[name].columns
        if (found := _unresolved(con, draft, name, column)) is not None
    ]
    references.sort(key=lambda r: (-r.records, r.field))
    report.unresolved = references[:RANKED]
    report.unresolved_records = sum(r.records for r in references)
    _unmapped(con, report, [name for name in EVENT_CONCEPTS if name in written])


def _unresolved(con: duckdb.DuckDBPyConnection, draft: Draft, table: str, column: Column) -> UnresolvedReference | None:
    target, _, key = (column.references or "").partition(".")
    if not key or TABLES[target].schema != "cdm" or target == "person":
        return None
    draft.view(con, target)
    row = con.execute(
        f"SELECT count(*), count(DISTINCT {column.name}) FROM {table} t"
        f" WHERE {column.name} IS NOT NULL AND NOT EXISTS (FROM {target} x WHERE x.{key} = t.{column.name})"
    ).fetchone()
    if row is None or not row[0]:
        return None
    return UnresolvedReference(field=f"{table}.{column.name}", target=target, records=row[0], different=row[1])


def _unmapped(con: duckdb.DuckDBPyConnection, report: LoadReport, tables: list[str]) -> None:
    selects = []
    for table in tables:
        concept = EVENT_CONCEPTS[table]
        source = concept.removesuffix("_concept_id")
        if f"{source}_source_value" not in TABLES[table].column_names:
            continue
        has_concept = f"{source}_source_concept_id" in TABLES[table].column_names
        selects.append(
            f"SELECT '{table}' AS field, {source}_source_value AS code,"
            f" {f'{source}_source_concept_id' if has_concept else '0'} AS concept, count(*) AS records FROM {table}"
            f" WHERE {concept} = 0 AND {source}_source_value IS NOT NULL GROUP BY ALL"
        )
    if not selects:
        return
    con.execute(f"CREATE OR REPLACE TEMP TABLE unmapped_codes AS {' UNION ALL '.join(selects)}")
    totals = con.execute("SELECT count(*), coalesce(sum(records), 0)::BIGINT FROM unmapped_codes").fetchone()
    assert totals is not None
    report.unmapped_codes, report.unmapped_records = totals
    ranked = con.execute(
        "SELECT u.field, coalesce(c.vocabulary_id, ''), u.code, c.concept_name, u.records FROM unmapped_codes u"
        " LEFT JOIN concept c ON c.concept_id = u.concept AND u.concept <> 0"
        f" ORDER BY u.records DESC, u.field, u.code, u.concept LIMIT {RANKED}"
    ).fetchall()
    report.unmapped = [
        UnmappedCode(field=field, system=system, code=code, display=display, records=records)
        for field, system, code, display, records in ranked
    ]

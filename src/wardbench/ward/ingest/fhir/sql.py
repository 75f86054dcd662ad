"""SQL macros that read FHIR data types: codings, references, dates, quantities."""

from __future__ import annotations

import duckdb

from wardbench.core.store import quoted
from wardbench.ward.ingest.codes import FOUNDATION

_FOUNDATION = ", ".join(quoted(system) for system in FOUNDATION)

MACROS = (
    # The guide's order: a foundation vocabulary, then what the user selected, then the first that has a code.
    f"""chosen(codings) AS CASE
        WHEN codings IS NULL THEN NULL
        WHEN len(codings) = 1 THEN codings[1]
        ELSE coalesce(
            list_filter(codings, lambda c: c.code IS NOT NULL AND c.system IN ({_FOUNDATION}) AND c.userSelected)[1],
            list_filter(codings, lambda c: c.code IS NOT NULL AND c.system IN ({_FOUNDATION}))[1],
            list_filter(codings, lambda c: c.code IS NOT NULL AND c.userSelected)[1],
            list_filter(codings, lambda c: c.code IS NOT NULL)[1])
        END""",
    # All codings of a record that has several, as JSON text: nested columns cost most of the writing time.
    "several(codings) AS CASE WHEN len(codings) > 1 THEN to_json(codings)::VARCHAR END",
    "first_text(concepts) AS concepts[1].text",
    # The identity of a record, in 63 bits. `is_collision_free` proves each load that no two ids share one.
    "record_key(kind, id) AS (md5_number(kind || '|' || id) >> 65)::BIGINT",
    "row_key(record, part, number) AS CASE WHEN part = 0 AND number = 0 THEN record"
    " ELSE (md5_number(record || '|' || part || '|' || number) >> 65)::BIGINT END",
    # The id a reference names if it is one to `kind`; NULL for another kind; '?...' or '#...' where nothing can follow.
    """named(r, kind) AS CASE
        WHEN starts_with(r.reference, kind || '/') AND NOT contains(substr(r.reference, length(kind) + 2), '/')
            THEN substr(r.reference, length(kind) + 2)
        WHEN r.reference IS NULL THEN CASE WHEN r.identifier IS NOT NULL THEN '?identifier' END
        WHEN starts_with(r.reference, '#') THEN '#contained'
        WHEN starts_with(r.reference, 'urn:') THEN '?urn'
        WHEN starts_with(r.reference, kind || '?') THEN '?conditional'
        ELSE nullif(regexp_extract(r.reference, '(?:^|/)' || kind || '/([^/?#]+)(?:/_history/[^/]*)?$', 1), '')
        END""",
    "local_id(r) AS CASE WHEN starts_with(r.reference, '#') THEN substr(r.reference, 2) END",
    # The calendar day as the source wrote it: the offset never moves an event to another day.
    """day(text) AS CASE
        WHEN length(text) >= 10 THEN try_cast(substr(text, 1, 10) AS DATE)
        WHEN length(text) = 7 THEN try_cast(text || '-01' AS DATE)
        WHEN length(text) = 4 THEN try_cast(text || '-01-01' AS DATE)
        END""",
    # The instant in UTC; a text without an offset stands as it is. A plain cast to TIMESTAMP would ignore the offset.
    "instant(text) AS CASE WHEN length(text) > 10 THEN make_timestamp(epoch_us(try_cast(text AS TIMESTAMPTZ))) END",
    "is_partial(text) AS length(text) IN (4, 7)",
    "operator_concept(comparator) AS CASE comparator"
    " WHEN '<' THEN 4171756 WHEN '<=' THEN 4171754 WHEN '>' THEN 4172704 WHEN '>=' THEN 4171755 END",
    "number_in(text) AS try_cast(regexp_extract(text, '^\\s*(<=|>=|<|>)?\\s*(-?\\d+(?:\\.\\d+)?)\\s*$', 2) AS DOUBLE)",
    "comparator_in(text) AS nullif(regexp_extract(text, '^\\s*(<=|>=|<|>)\\s*-?\\d+(?:\\.\\d+)?\\s*$', 1), '')",
    "has_modifier(extensions) AS coalesce(len(extensions), 0) > 0",
    "short(text) AS left(text, 50)",
)


def define_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Make the macros known to a connection, and its time zone UTC."""
    con.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        con.execute(f"CREATE OR REPLACE TEMP MACRO {macro}")


def cases(column: str, values: dict[str, int], otherwise: str = "0") -> str:
    """SQL that gives the concept id of a code."""
    whens = " ".join(f"WHEN {quoted(code)} THEN {concept}" for code, concept in values.items())
    return f"CASE {column} {whens} ELSE {otherwise} END"


def one_of(values: tuple[str, ...]) -> str:
    """SQL for a list of texts."""
    return "(" + ", ".join(quoted(v) for v in values) + ")"

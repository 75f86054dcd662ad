"""The codes of an extract: for each concept the standard one, else that of the source; what each of them means.

A source concept is given where its row has a vocabulary and what has the shape of a code. The words of a code that
only a load has seen are what a source wrote beside it, and are given for public vocabularies only: for the codes of a
hospital they can be free text. A unit without a concept is given as UCUM where the text of the source is UCUM.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from wardbench.core.omop.tables import TABLES
from wardbench.core.store.connection import quoted
from wardbench.core.ucum import is_unit
from wardbench.ward.ingest.codes import CUSTOM_CLASS, VOCABULARIES

CONCEPTS = "concept.csv"
UNIT_CONCEPT, UNIT = "unit_concept_id", "unit"
STANDARD = (
    (8507, "MALE", "Gender", "M"),
    (8532, "FEMALE", "Gender", "F"),
    (9201, "Inpatient Visit", "Visit", "IP"),
    (9202, "Outpatient Visit", "Visit", "OP"),
    (9203, "Emergency Room Visit", "Visit", "ER"),
    (262, "Emergency Room and Inpatient Visit", "Visit", "ERIP"),
)
"""What OMOP calls the sexes and kinds of visits that loads write, where a store has no vocabulary that says it."""
_CODE = "[!-~]{1,40}"
_LOCAL = f"coalesce(concept_class_id, '') = {quoted(CUSTOM_CLASS)}"


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make `readable`, the concepts that may stand for a standard one, and `named`, those that the extract names."""
    con.execute(
        f"""CREATE TEMP TABLE readable AS SELECT concept_id, concept_code FROM concept
        WHERE concept_id > 0 AND coalesce(vocabulary_id, '') NOT IN ('', 'None')
            AND regexp_full_match(concept_code, '{_CODE}')"""
    )
    con.execute("CREATE TEMP TABLE named (concept_id BIGINT)")
    found = con.execute(
        f"SELECT concept_id, concept_code FROM concept WHERE vocabulary_id = 'UCUM' AND {_LOCAL}"
    ).fetchall()
    faulty = [number for number, code in found if not is_unit(code or "")]
    con.execute("DELETE FROM readable WHERE list_contains($1::BIGINT[], concept_id)", [faulty])


def is_concept(column: str) -> bool:
    return column.endswith("_concept_id")


def has_unit(table: str, chosen: Sequence[str]) -> bool:
    """Whether units are asked for of a table that has them as text."""
    return UNIT_CONCEPT in chosen and "unit_source_value" in TABLES[table].column_names


def concept(table: str, column: str) -> str:
    """SQL of a row's concept: the standard one, else that of the source, else as it stands (0 or nothing)."""
    source = f"{column.removesuffix('_concept_id')}_source_concept_id"
    if source not in TABLES[table].column_names:
        return f"t.{column}"
    of_source = f"CASE WHEN t.{source} IN (SELECT concept_id FROM readable) THEN t.{source} END"
    return f"coalesce(nullif(t.{column}, 0), {of_source}, t.{column})"


def unit(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """SQL of a row's unit as text, where it has no concept; registers the units that the table's rows have."""
    found = con.execute(
        f"SELECT DISTINCT trim(t.unit_source_value) FROM {table} t JOIN given_people p ON p.person_id = t.person_id"
        " WHERE t.unit_source_value IS NOT NULL"
    ).fetchall()
    units = [text for (text,) in found if is_unit(text)]
    con.register("given_units", pa.table({"unit": pa.array(units, pa.string())}))
    return (
        f"CASE WHEN coalesce({concept(table, UNIT_CONCEPT)}, 0) = 0 AND trim(t.unit_source_value) IN"
        f" (SELECT unit FROM given_units) THEN trim(t.unit_source_value) END AS {UNIT}"
    )


def note(con: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> None:
    """Note which concepts the rows of `given` name in `columns`."""
    for column in filter(is_concept, columns):
        con.execute(f"INSERT INTO named SELECT DISTINCT {column} FROM given WHERE {column} <> 0")


def empty(con: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> dict[str, int]:
    """In how many rows of `given` each column says nothing: it has no value, or no code."""
    units = UNIT in columns and UNIT_CONCEPT in columns
    nothing = {
        column: f"coalesce({column}, 0) = 0" + (f" AND {UNIT} IS NULL" if units and column == UNIT_CONCEPT else "")
        if is_concept(column)
        else f"{column} IS NULL"
        for column in columns
        if column != UNIT
    }
    counts = ", ".join(f"count(*) FILTER (WHERE {words})" for words in nothing.values())
    (row,) = con.execute(f"SELECT {counts} FROM given").fetchall()
    return dict(zip(nothing, row, strict=True))


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Write what the concepts mean that the extract names, each once; how many. What the store does not know has its
    number alone."""
    public = ", ".join(quoted(name) for name in sorted(VOCABULARIES.values()))
    standard = ", ".join(f"({number}, {', '.join(map(quoted, words))})" for number, *words in STANDARD)
    con.execute(
        f"""CREATE TEMP TABLE meant AS
        SELECT n.concept_id, CASE WHEN NOT {_LOCAL} OR c.vocabulary_id IN ({public}) THEN c.concept_name END
            AS concept_name, c.vocabulary_id, c.concept_code
        FROM (SELECT DISTINCT concept_id FROM named) n LEFT JOIN (
            FROM (SELECT concept_id, concept_name, vocabulary_id, concept_code, concept_class_id FROM concept)
            UNION ALL SELECT *, NULL FROM (VALUES {standard}) AS s(concept_id, name, vocabulary, code)
            WHERE s.concept_id NOT IN (SELECT concept_id FROM concept)
        ) c ON c.concept_id = n.concept_id"""
    )
    con.execute(
        f"COPY (SELECT * FROM meant ORDER BY concept_id) TO {quoted(folder / CONCEPTS)} (FORMAT csv, HEADER true)"
    )
    return int(con.execute("SELECT count(*) FROM meant").fetchall()[0][0])

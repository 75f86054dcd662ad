"""Looking things up in the vocabulary tables of a connection: names, domains, and which release it is.

Nothing here needs a vocabulary to be there: without one the answers are empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class Concept:
    """A row of the concept table, without its dates."""

    concept_id: int
    name: str
    domain: str
    vocabulary: str
    concept_class: str
    code: str
    is_standard: bool
    is_valid: bool


def concepts(con: duckdb.DuckDBPyConnection, ids: Iterable[int]) -> dict[int, Concept]:
    """The concepts of `ids` that `con` knows, by id, in the order of ids."""
    rows = con.execute(
        "SELECT concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code,"
        " coalesce(standard_concept, '') = 'S', invalid_reason IS NULL"
        " FROM concept WHERE list_contains(?::BIGINT[], concept_id) ORDER BY concept_id",
        [sorted(set(ids))],
    ).fetchall()
    return {row[0]: Concept(*row) for row in rows}


def concept_names(con: duckdb.DuckDBPyConnection, ids: Iterable[int]) -> dict[int, str]:
    """The names of those of `ids` that `con` knows, by id, in the order of ids."""
    return {concept_id: concept.name for concept_id, concept in concepts(con, ids).items()}


def concepts_of_code(con: duckdb.DuckDBPyConnection, vocabulary: str, code: str) -> list[Concept]:
    """The concepts with this code in one vocabulary, standard ones first: more than one only in a faulty release."""
    rows = con.execute(
        "SELECT concept_id FROM concept WHERE vocabulary_id = ? AND concept_code = ?", [vocabulary, code]
    ).fetchall()
    found = concepts(con, [row[0] for row in rows]).values()
    return sorted(found, key=lambda c: (not c.is_standard, not c.is_valid, c.concept_id))


def vocabulary_version(con: duckdb.DuckDBPyConnection) -> str | None:
    """The release of the whole vocabulary, which the row `None` of the vocabulary table names."""
    row = con.execute("SELECT min(vocabulary_version) FROM vocabulary WHERE vocabulary_id = 'None'").fetchone()
    return str(row[0]) if row and row[0] else None

"""Concept sets: which concepts an expression of include, exclude, descendants and mapped stands for.

The meaning is that of the OHDSI vocabulary queries. Every item contributes

- its own concept, when that exists in `concept` (also when it is no longer valid);
- with `descendants`, every descendant by `concept_ancestor` that is still valid (`invalid_reason` is null);
- with `mapped`, every concept with a valid 'Maps to' link to what the two points above gave, whether or not it exists
  in `concept`.

The set is what its included items contribute, less what its excluded items contribute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import duckdb
import pyarrow as pa

MEMBERS = "concept_set_member"


@dataclass(frozen=True, order=True)
class ConceptItem:
    """One line of a concept set expression."""

    concept_id: int
    excluded: bool = False
    descendants: bool = False
    mapped: bool = False


@dataclass(frozen=True)
class ConceptSet:
    """A concept set as a value: equal items make an equal set, whatever it was called. Without items it is empty."""

    items: frozenset[ConceptItem]

    @classmethod
    def of(cls, *concept_ids: int) -> ConceptSet:
        """The set of exactly these concepts, without descendants."""
        return cls(frozenset(ConceptItem(concept_id) for concept_id in concept_ids))

    @cached_property
    def digest(self) -> str:
        """A name for the content: SHA-256 in hexadecimal digits."""
        lines = (f"{i.concept_id} {i.excluded:d}{i.descendants:d}{i.mapped:d}\n" for i in sorted(self.items))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def resolve(con: duckdb.DuckDBPyConnection, sets: Sequence[ConceptSet], *, table: str = MEMBERS) -> None:
    """Write the members of all `sets` into the temporary table `table` (set_id, concept_id), in one pass.

    `set_id` is the position in `sets`. The table is sorted by both columns and holds no row twice. `con` needs the
    vocabulary tables `concept`, `concept_ancestor` and `concept_relationship`.
    """
    con.register("concept_set_item", _items(enumerate(sets)))
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {MEMBERS_QUERY}")
    finally:
        con.unregister("concept_set_item")


def _items(numbered: Iterable[tuple[int, ConceptSet]]) -> pa.Table:
    rows = [(n, i.concept_id, i.excluded, i.descendants, i.mapped) for n, s in numbered for i in sorted(s.items)]
    schema = pa.schema(
        [
            ("set_id", pa.int32()),
            ("concept_id", pa.int32()),
            ("excluded", pa.bool_()),
            ("descendants", pa.bool_()),
            ("mapped", pa.bool_()),
        ]
    )
    return pa.table([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 5, schema=schema)


MEMBERS_QUERY = """WITH own AS (
    SELECT i.set_id, i.excluded, i.mapped, i.concept_id AS concept_id, c.concept_id IS NOT NULL AS kept
    FROM concept_set_item AS i LEFT JOIN concept AS c ON c.concept_id = i.concept_id
), below AS (
    SELECT i.set_id, i.excluded, i.mapped, c.concept_id
    FROM concept_set_item AS i
    JOIN concept_ancestor AS a ON a.ancestor_concept_id = i.concept_id
    JOIN concept AS c ON c.concept_id = a.descendant_concept_id
    WHERE i.descendants AND c.invalid_reason IS NULL
), direct AS (
    SELECT set_id, excluded, mapped, concept_id FROM own WHERE kept
    UNION SELECT set_id, excluded, mapped, concept_id FROM below
), contributed AS (
    SELECT set_id, excluded, concept_id FROM direct
    UNION SELECT d.set_id, d.excluded, r.concept_id_1
    FROM direct AS d JOIN concept_relationship AS r ON r.concept_id_2 = d.concept_id
    WHERE d.mapped AND r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL
)
SELECT set_id, CAST(concept_id AS INTEGER) AS concept_id FROM contributed WHERE NOT excluded
EXCEPT SELECT set_id, CAST(concept_id AS INTEGER) FROM contributed WHERE excluded
ORDER BY set_id, concept_id"""
"""The members (set_id, concept_id) of the sets whose items `concept_set_item` has, in SQL that all engines share."""

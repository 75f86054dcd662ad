"""Which concepts a concept set stands for, from arrays; the meaning is that of `core.omop.concept_sets`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts.engines.arrays.columns import Columns, Directory
from wardbench.ward.cohorts.engines.arrays.days import Array, is_among, starts_of_runs

_NOTHING: Array = np.zeros(0, np.int32)

_CONCEPTS = "SELECT concept_id FROM concept WHERE concept_id IS NOT NULL ORDER BY 1"
_BELOW = """
SELECT a.ancestor_concept_id AS wanted, a.descendant_concept_id AS found
FROM concept_ancestor a JOIN concept c ON c.concept_id = a.descendant_concept_id
WHERE c.invalid_reason IS NULL ORDER BY 1, 2
"""
_MAPPED = """
SELECT concept_id_2 AS wanted, concept_id_1 AS found FROM concept_relationship
WHERE relationship_id = 'Maps to' AND invalid_reason IS NULL ORDER BY 1, 2
"""


class Vocabulary:
    """The members of concept sets; each set is worked out once."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._members: dict[ConceptSet, Array] = {}
        self._concepts = columns.stored("vocabulary/concept", lambda: self._queried(_CONCEPTS, "concept_id"))
        self._below = self._links("below", _BELOW)
        self._mapped = self._links("mapped", _MAPPED)

    def members(self, concepts: ConceptSet) -> Array:
        """The ids of the concepts, sorted, each once."""
        if concepts not in self._members:
            self._members[concepts] = self._resolved(concepts)
        return self._members[concepts]

    def _resolved(self, concepts: ConceptSet) -> Array:
        included = self._contributed(item for item in concepts.items if not item.excluded)
        excluded = self._contributed(item for item in concepts.items if item.excluded)
        return np.setdiff1d(included, excluded, assume_unique=True)

    def _contributed(self, items: Iterable[ConceptItem]) -> Array:
        given = list(items)
        plain, mapped = ([i for i in given if i.mapped is flag] for flag in (False, True))
        found = [self._direct(plain)]
        if mapped:
            direct = self._direct(mapped)
            found += [direct, self._linked(self._mapped, direct)]
        return np.unique(np.concatenate(found))

    def _direct(self, items: list[ConceptItem]) -> Array:
        own = np.array([i.concept_id for i in items], np.int32)
        above = np.unique(np.array([i.concept_id for i in items if i.descendants], np.int32))
        return np.unique(np.concatenate([own[is_among(own, self._concepts)], self._linked(self._below, above)]))

    def _linked(self, links: tuple[Directory, Array], wanted: Array) -> Array:
        directory, found = links
        begins, counts = directory.spans(wanted)
        return np.concatenate([_NOTHING, *(found[b : b + n] for b, n in zip(begins, counts, strict=True))])

    def _links(self, name: str, sql: str) -> tuple[Directory, Array]:
        made: dict[str, Array] = {}

        def column(which: str) -> Array:
            if not made:
                made.update({c: self._queried(sql, c) for c in ("wanted", "found")})
            return made[which]

        begins = self._columns.stored(f"vocabulary/{name}_begins", lambda: starts_of_runs(column("wanted")))
        values = self._columns.stored(f"vocabulary/{name}_values", lambda: column("wanted")[begins])
        ends = self._columns.stored(
            f"vocabulary/{name}_ends", lambda: np.append(begins[1:], column("wanted").size).astype(np.int64)
        )
        return Directory(values, begins, ends), self._columns.stored(f"vocabulary/{name}", lambda: column("found"))

    def _queried(self, sql: str, column: str) -> Array:
        with self._columns.snapshot.connect() as con:
            found = con.sql(f"SELECT {column}::INTEGER AS v FROM ({sql})").to_arrow_table()
        return np.asarray(found["v"].to_numpy(), np.int32)

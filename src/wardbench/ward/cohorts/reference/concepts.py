"""Concept sets over rows of the vocabulary tables, as `core.omop.concept_sets` says what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
"""Rows by the name of their CDM table; a table that is not there is empty, a column that is not there is missing."""


def members(concepts: ConceptSet, tables: Tables) -> set[int]:
    """The ids of the concepts that `concepts` stands for."""
    included: set[int] = set()
    excluded: set[int] = set()
    for item in concepts.items:
        (excluded if item.excluded else included).update(_contributed(item, tables))
    return included - excluded


def _contributed(item: ConceptItem, tables: Tables) -> set[int]:
    known = {row["concept_id"]: row for row in tables.get("concept", ())}
    found = {item.concept_id} & known.keys()
    if item.descendants:
        for row in tables.get("concept_ancestor", ()):
            concept = known.get(row["descendant_concept_id"])
            if row["ancestor_concept_id"] == item.concept_id and concept and concept.get("invalid_reason") is None:
                found.add(row["descendant_concept_id"])
    if item.mapped:
        direct = frozenset(found)
        for row in tables.get("concept_relationship", ()):
            maps = row["relationship_id"] == "Maps to" and row.get("invalid_reason") is None
            if maps and row["concept_id_2"] in direct:
                found.add(row["concept_id_1"])
    return found

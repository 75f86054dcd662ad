"""Coded values that records of some concepts have, such as the units of a measurement, with how many persons."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.editing.finding import TABLES
from wardbench.ward.cohorts.editing.shapes import CODED, Coded, ConceptItems
from wardbench.ward.cohorts.records import RECORD_TABLES

_OF_DOMAIN = {domain: table for table, domain in TABLES.items()}
_STANDARD: Mapping[int, str] = {
    9201: "Inpatient Visit",
    9202: "Outpatient Visit",
    9203: "Emergency Room Visit",
    262: "Emergency Room and Inpatient Visit",
}
"""What OMOP calls the kinds of visits, where a store has no vocabulary that says it."""
KEPT = 200
"""So many concept sets are remembered with what is below their concepts."""
_COLUMNS: Mapping[str, str] = {"unit": "t.unit_concept_id", "value_as": "t.value_as_concept_id"}


@dataclass(frozen=True)
class Recorded:
    """A coded value, and at least how many persons have it: those of the commonest concept that is asked for."""

    coded: Coded
    persons: int


class RecordedCodes:
    """The coded values of one snapshot, counted once for each domain. Counts are exact, as in `Concepts`."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._rows: dict[tuple[str, str], list[tuple[int, int, int, int]]] = {}
        self._names: dict[int, Coded] = {}
        self._below: dict[tuple[int, ...], set[int]] = {}
        self._lock = threading.Lock()

    def of(self, domain: str, name: str, items: Sequence[ConceptItems] | None) -> list[Recorded]:
        """What records of `domain` with a concept of `items` (None for any) have as `name`, one of `CODED`.

        Those of most persons first.
        """
        if domain not in CODED[name] or domain not in _OF_DOMAIN:
            return []
        with self._lock:
            if (domain, name) not in self._rows:
                self._rows[domain, name] = self._counted(_OF_DOMAIN[domain], name)
            rows = self._rows[domain, name]
            wanted = None if items is None else self._concepts(items)
        persons: dict[int, int] = defaultdict(int)
        for concept, source, coded, number in rows:
            if wanted is None or concept in wanted or source in wanted:
                persons[coded] = max(persons[coded], number)
        found = [Recorded(self._names[coded], number) for coded, number in persons.items()]
        return sorted(found, key=lambda one: (-one.persons, one.coded.name, one.coded.concept_id))

    def _counted(self, table: str, name: str) -> list[tuple[int, int, int, int]]:
        """Persons by concept, source concept and coded value."""
        record = RECORD_TABLES[table]
        join = "" if name in _COLUMNS else " JOIN visit_occurrence v ON v.visit_occurrence_id = t.visit_occurrence_id"
        column = _COLUMNS.get(name, "v.visit_concept_id")
        source = f"coalesce(t.{record.source_concept}, 0)" if record.source_concept else "0"
        with self._snapshot.connect(memory="1GB") as con:
            rows = con.execute(
                f"SELECT coalesce(t.{record.concept}, 0), {source}, {column}, count(DISTINCT t.person_id)"
                f" FROM {table} t{join} WHERE coalesce({column}, 0) <> 0 GROUP BY ALL"
            ).fetchall()
            names = con.execute(
                "SELECT concept_id, coalesce(concept_name, ''), coalesce(concept_code, ''), coalesce(vocabulary_id, '')"
                " FROM concept WHERE list_contains(?::BIGINT[], concept_id)",
                [sorted({row[2] for row in rows})],
            ).fetchall()
        known = {id: Coded(id, name, code, vocabulary) for id, name, code, vocabulary in names}
        self._names |= {row[2]: Coded(row[2], _STANDARD.get(row[2], "")) for row in rows} | known
        return rows

    def _concepts(self, items: Sequence[ConceptItems]) -> set[int]:
        """The ids of the concepts of a set, descendants included; what is left out makes no difference here."""
        named = {item.concept_id for item in items if not item.excluded}
        above = tuple(sorted(item.concept_id for item in items if item.descendants and not item.excluded))
        if above not in self._below:
            with self._snapshot.connect(memory="1GB") as con:
                below = con.execute(
                    "SELECT descendant_concept_id FROM concept_ancestor"
                    " WHERE list_contains(?::BIGINT[], ancestor_concept_id)",
                    [list(above)],
                ).fetchall()
            # The form that is open asks for the same again with each change; what was asked long ago, nobody does.
            self._below = dict([*self._below.items(), (above, {row[0] for row in below})][-KEPT:])
        return named | self._below[above]

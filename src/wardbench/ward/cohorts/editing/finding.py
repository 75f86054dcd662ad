"""Finding concepts to ask for: by name, synonym or code, with how many persons have them, kinds of them included.

Only concepts of which the snapshot has records can be found, and what these are kinds of: the others would give an
empty cohort.
"""

from __future__ import annotations

import threading
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.records import RECORD_TABLES
from wardbench.ward.cohorts.starting import recorded_concepts

TABLES: Mapping[str, str] = {
    "condition_occurrence": "condition",
    "drug_exposure": "drug",
    "procedure_occurrence": "procedure",
    "measurement": "measurement",
    "observation": "observation",
    "device_exposure": "device",
    "specimen": "specimen",
}
"""The tables whose concepts can be found, and the domain (`shapes.DOMAINS`) in which each is asked for."""


@dataclass(frozen=True)
class Found:
    """A concept in a domain: `persons` have a record of itself, `with_kinds` of it or any of its `kinds`.

    `standard` says that it is asked for as a standard concept; `said` is the synonym it was found by, else empty.
    """

    concept_id: int
    name: str
    code: str
    vocabulary: str
    domain: str
    standard: bool
    persons: int
    kinds: int
    with_kinds: int
    said: str = ""


@dataclass(frozen=True)
class _Known:
    concept_id: int
    name: str
    code: str
    vocabulary: str
    table: str
    standard: bool
    persons: int
    kinds: int
    names: tuple[str, ...]


class Concepts:
    """The concepts of one snapshot that records name. Counts are exact: they go through disclosure before they show."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._with_kinds: dict[tuple[int, str], int] = {}
        self._lock = threading.Lock()
        recorded = recorded_concepts(snapshot)
        by_place = {(one.concept_id, one.table): one for one in recorded}
        with snapshot.connect(memory="1GB") as con:
            con.execute("CREATE TEMP TABLE recorded (concept_id BIGINT, source VARCHAR)")
            if recorded:
                con.executemany(
                    "INSERT INTO recorded VALUES (?, ?)",
                    [[one.concept_id, one.table] for one in recorded if one.standard] or [[-1, ""]],
                )
            above = con.execute(
                "SELECT a.ancestor_concept_id, r.source, c.concept_name, c.concept_code, c.vocabulary_id,"
                " count(*) FILTER (a.descendant_concept_id <> a.ancestor_concept_id)"
                " FROM recorded r JOIN concept_ancestor a ON a.descendant_concept_id = r.concept_id"
                " JOIN concept c ON c.concept_id = a.ancestor_concept_id GROUP BY ALL"
            ).fetchall()
            kinds = {(row[0], row[1]): row for row in above}
            wanted = sorted({id for id, _ in by_place} | {id for id, _ in kinds})
            synonyms = con.execute(
                "SELECT concept_id, concept_synonym_name FROM concept_synonym"
                " WHERE list_contains(?::BIGINT[], concept_id) ORDER BY ALL",
                [wanted],
            ).fetchall()
        called: dict[int, list[str]] = defaultdict(list)
        for id, name in synonyms:
            called[id].append(name)
        self._known = [
            _Known(one.concept_id, one.name or one.code, one.code, one.vocabulary, one.table, one.standard,
                   one.persons, kinds[place][5] if place in kinds else 0, tuple(called[one.concept_id]))
            for place, one in by_place.items()
        ]  # fmt: skip
        self._known += [
            _Known(id, name, code, vocabulary, table, True, 0, number, tuple(called[id]))
            for (id, table), (_, _, name, code, vocabulary, number) in kinds.items()
            if (id, table) not in by_place
        ]
        self._folded = [[_folded(text) for text in (one.name, *one.names)] for one in self._known]

    def find(self, text: str, *, domain: str = "", limit: int = 12) -> list[Found]:
        """Those with every word of `text` in a name or synonym, or with this code; the closest and commonest first."""
        words = _folded(text).split()
        if not words:
            return []
        whole, hits = " ".join(words), []
        for one, names in zip(self._known, self._folded, strict=True):
            if domain and TABLES[one.table] != domain:
                continue
            near = [n for n, name in enumerate(names) if all(word in name for word in words)]
            if near or one.code.lower() == whole:
                place = near[0] if near else 0
                begins = names[place].startswith(whole)
                distance = 0 if whole in (names[place], one.code.lower()) else 1 if begins else 2
                hits.append((distance, place > 0, -one.persons, -one.kinds, one.name, place, one))
        hits.sort(key=lambda hit: hit[:5])
        return self._counted([(hit[6], hit[5]) for hit in hits[:limit]])

    def of(self, concept_id: int, domain: str = "") -> Found | None:
        """One concept by its id, in `domain` or where most persons have it."""
        known = [one for one in self._known if one.concept_id == concept_id]
        known = [one for one in known if domain in ("", TABLES[one.table])]
        best = max(known, key=lambda one: one.persons, default=None)
        return self._counted([(best, 0)])[0] if best else None

    def _counted(self, hits: Sequence[tuple[_Known, int]]) -> list[Found]:
        with_kinds = self._persons([one for one, _ in hits if one.kinds])
        return [
            Found(
                one.concept_id,
                one.name,
                one.code,
                one.vocabulary,
                TABLES[one.table],
                one.standard,
                one.persons,
                one.kinds,
                with_kinds.get((one.concept_id, one.table), one.persons),
                one.names[place - 1] if place else "",
            )
            for one, place in hits
        ]

    def _persons(self, wanted: Iterable[_Known]) -> Mapping[tuple[int, str], int]:
        """How many persons have any kind of each, counted once for a snapshot."""
        places = {(one.concept_id, one.table) for one in wanted}
        with self._lock:
            missing = places - self._with_kinds.keys()
            for table in {table for _, table in missing}:
                record = RECORD_TABLES[table]
                ids = sorted(id for id, of in missing if of == table)
                with self._snapshot.connect(memory="1GB") as con:
                    rows = con.execute(
                        f"SELECT a.ancestor_concept_id, count(DISTINCT t.person_id) FROM {table} t"
                        f" JOIN concept_ancestor a ON a.descendant_concept_id = t.{record.concept}"
                        " WHERE list_contains(?::BIGINT[], a.ancestor_concept_id) GROUP BY 1",
                        [ids],
                    ).fetchall()
                self._with_kinds |= {(id, table): 0 for id in ids} | {(id, table): n for id, n in rows}
            return dict(self._with_kinds)


def _folded(text: str) -> str:
    """Without case and accents, spaces made one."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())

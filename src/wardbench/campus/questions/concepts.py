"""Concepts of the campus's store: found by name, synonym or code, and what stands around one. No counts here.

Every concept that a load made or a vocabulary brought can be found, with names in other languages where the
vocabulary has synonyms. Without a store, or with one that is empty, nothing is found.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from django.conf import settings
from django.utils.translation import gettext as _

from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import NotFoundError
from wardbench.core.store import Snapshot, Store
from wardbench.core.store.connection import connect, quoted

DOMAINS = {
    "Condition": gettext_noop("Diagnosis"),
    "Drug": gettext_noop("Drug"),
    "Procedure": gettext_noop("Procedure"),
    "Measurement": gettext_noop("Measurement"),
    "Observation": gettext_noop("Observation"),
    "Device": gettext_noop("Device"),
    "Specimen": gettext_noop("Specimen"),
}
"""What a question can be about; units, visits and anatomic sites are not."""

_COLUMNS = "concept_id, concept_name, domain_id, vocabulary_id, concept_code"


CUSTOM = 2_000_000_000
"""From here on ids are of a store's own concepts, which stand for source codes."""
BIGINT = 2**63
"""What no id of the vocabulary reaches."""


@dataclass(frozen=True)
class Concept:
    """A concept of the store; `said` is the synonym by which it was found, where it was not by its name."""

    id: int
    name: str
    domain: str
    vocabulary: str
    code: str
    said: str = ""

    @property
    def domain_title(self) -> str:
        """What it is about, a sentence of the catalogues where it is one of `DOMAINS`."""
        return DOMAINS.get(self.domain, self.domain)


@dataclass(frozen=True)
class Surroundings:
    """A concept with its other names, what it is a kind of, and what is a kind of it."""

    concept: Concept
    synonyms: tuple[str, ...]
    parents: tuple[Concept, ...]
    children: tuple[Concept, ...]


def find_concepts(text: str, limit: int) -> list[Concept]:
    """Concepts whose name or synonym holds every word of `text`, or whose code it is; the closest first."""
    words = text.lower().split()
    if not words:
        return []
    given = {"text": " ".join(words), "domains": list(DOMAINS), "limit": limit}
    given |= {f"word{number}": word for number, word in enumerate(words)}
    best: dict[int, tuple[int, Concept]] = {}
    with _reading() as con:
        if con is None:
            return []
        rows = con.execute(_by_name(len(words)), given).fetchall()
        if con.execute("SELECT 1 FROM concept_synonym LIMIT 1").fetchone():
            rows += con.execute(_by_synonym(len(words)), given).fetchall()
    for *columns, distance in rows:
        one = Concept(*columns)
        if one.id not in best or distance < best[one.id][0]:
            best[one.id] = distance, one
    ranked = sorted(best.values(), key=lambda found: (found[0], len(found[1].name), found[1].name, found[1].id))
    return [one for _distance, one in ranked[:limit]]


# Two plain statements: one that joins names and synonyms is planned for longer than both take.
def _by_name(words: int) -> str:
    return f"""
        SELECT {_COLUMNS}, '' AS said, {_distance("concept_name")} AS distance FROM concept c
        WHERE {_FINDABLE} AND (lower(concept_code) = $text OR {_holds("concept_name", words)})
        ORDER BY distance, length(concept_name), concept_name, concept_id LIMIT $limit
        """


def _by_synonym(words: int) -> str:
    synonym = "s.concept_synonym_name"
    return f"""
        SELECT {_COLUMNS}, arg_min(said, distance), min(distance) FROM (
            SELECT c.*, {synonym} AS said, {_distance(synonym)} AS distance
            FROM concept_synonym s JOIN concept c USING (concept_id)
            WHERE {_FINDABLE} AND {_holds(synonym, words)}
        ) GROUP BY {_COLUMNS} ORDER BY min(distance), length(concept_name), concept_name, concept_id LIMIT $limit
        """


_FINDABLE = (
    f"c.invalid_reason IS NULL AND (c.standard_concept = 'S' OR c.concept_id >= {CUSTOM})"
    " AND list_contains($domains, c.domain_id)"
)


def _distance(said: str) -> str:
    """How far what is said is from what is looked for: the same or the code itself, its beginning, the beginning of a
    word, anything else."""
    return (
        f"CASE WHEN lower({said}) = $text OR lower(concept_code) = $text THEN 0"
        f" WHEN starts_with(lower({said}), $text) THEN 1"
        f" WHEN contains(' ' || lower({said}), ' ' || $text) THEN 2 ELSE 3 END"
    )


def _holds(said: str, words: int) -> str:
    return "(" + " AND ".join(f"contains(lower({said}), $word{number})" for number in range(words)) + ")"


def concepts_of(ids: Iterable[int]) -> dict[int, Concept]:
    """Those of `ids` that the store knows, whatever number somebody wrote into an address."""
    with _reading() as con:
        if con is None:
            return {}
        wanted = [one for one in ids if abs(one) < BIGINT]
        rows = con.execute(f"SELECT {_COLUMNS} FROM concept WHERE list_contains(?::BIGINT[], concept_id)", [wanted])
        return {row[0]: Concept(*row) for row in rows.fetchall()}


def surroundings(concept_id: int) -> Surroundings:
    """What stands around a concept; NotFoundError where the store has none of this id."""
    found = concepts_of([concept_id]).get(concept_id)
    with _reading() as con:
        if found is None or con is None:
            raise NotFoundError(_("There is no such concept."))
        synonyms = con.execute(
            "SELECT DISTINCT concept_synonym_name FROM concept_synonym WHERE concept_id = ? ORDER BY 1", [concept_id]
        ).fetchall()
        near = [
            con.execute(
                f"SELECT {', '.join('c.' + column for column in _COLUMNS.split(', '))} FROM concept_ancestor a"
                f" JOIN concept c ON c.concept_id = a.{other}"
                f" WHERE a.{own} = ? AND a.min_levels_of_separation = 1 ORDER BY c.concept_name LIMIT 50",
                [concept_id],
            ).fetchall()
            for own, other in (
                ("descendant_concept_id", "ancestor_concept_id"),
                ("ancestor_concept_id", "descendant_concept_id"),
            )
        ]
    names = tuple(name for (name,) in synonyms if name != found.name)
    return Surroundings(found, names, *(tuple(Concept(*row) for row in rows) for rows in near))


def _snapshot() -> Snapshot | None:
    """The hospital's records, or the twin's where there is none; a vocabulary says nothing of patients."""
    for path in (settings.CAMPUS.store, settings.CAMPUS.twin):
        if path:
            try:
                return Store.open(Path(settings.CAMPUS_FOLDER or ".", path)).snapshot()
            except NotFoundError:
                continue
    return None


@contextmanager
def _reading() -> Iterator[duckdb.DuckDBPyConnection | None]:
    """A connection with the vocabulary's tables that are needed here, or None where there is no store."""
    snapshot = _snapshot()
    if snapshot is None:
        yield None
        return
    global _kept
    with _opening:
        if _kept is None or _kept[0] != snapshot.folder:
            _kept = (snapshot.folder, _opened(snapshot))
        con = _kept[1].cursor()
    with con:
        yield con


_opening = threading.Lock()
_kept: tuple[Path, duckdb.DuckDBPyConnection] | None = None
"""What was opened last, and of which snapshot: opening takes longer than most questions."""


def _opened(snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
    con = connect(memory="512MB", threads=1)
    atexit.register(con.close)
    for table, columns in _TABLES.items():
        if table in snapshot.tables:
            words = _WORDS if table == "concept" else ""
            con.execute(f"CREATE VIEW {table} AS SELECT *{words} FROM read_parquet({quoted(snapshot.path(table))})")
        else:
            con.execute(f"CREATE VIEW {table} AS SELECT {columns} WHERE false")
    return con


_WORDS = " REPLACE ({})".format(
    ", ".join(
        f"coalesce({name}, '') AS {name}" for name in ("concept_name", "domain_id", "vocabulary_id", "concept_code")
    )
)
_TABLES = {
    "concept": "NULL::INTEGER AS concept_id, '' AS concept_name, '' AS domain_id, '' AS vocabulary_id,"
    " '' AS concept_code, '' AS standard_concept, '' AS invalid_reason",
    "concept_synonym": "NULL::INTEGER AS concept_id, '' AS concept_synonym_name",
    "concept_ancestor": "NULL::INTEGER AS ancestor_concept_id, NULL::INTEGER AS descendant_concept_id,"
    " 0 AS min_levels_of_separation",
}

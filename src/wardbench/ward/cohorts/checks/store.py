"""What a store adds: which concepts a set has in its vocabulary, and whether any record has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import duckdb

from wardbench.core.omop.concept_sets import MEMBERS, ConceptSet, resolve
from wardbench.core.omop.vocabulary import Concept, concepts
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.checks.finding import Checked, Finding
from wardbench.ward.cohorts.checks.sets import DOMAINS, Use, is_of_domain, uses
from wardbench.ward.cohorts.records import RECORD_TABLES


def members_of(con: duckdb.DuckDBPyConnection, sets: Sequence[ConceptSet]) -> dict[ConceptSet, frozenset[int]]:
    """The concepts of each set in the vocabulary of `con`; its table of members stays for `findings`."""
    resolve(con, sets)
    found: dict[int, list[int]] = {}
    for number, concept_id in con.execute(f"SELECT set_id, concept_id FROM {MEMBERS}").fetchall():
        found.setdefault(number, []).append(concept_id)
    return {concepts: frozenset(found.get(number, ())) for number, concepts in enumerate(sets)}


def findings(
    checked: Checked, con: duckdb.DuckDBPyConnection, sets: Sequence[ConceptSet], snapshot: Snapshot
) -> Iterator[Finding]:
    """What the vocabulary and the records say of the concept sets; `con` has what `members_of` left."""
    if not snapshot.has_vocabulary:
        sentence = "The store has no vocabulary: descendants and mapped concepts are not known."
        yield Finding("information", "vocabulary", "ConceptSets", sentence)
    numbers = {concepts: number for number, concepts in enumerate(sets)}
    used: dict[int, list[Use]] = {}
    for use in uses(checked):
        used.setdefault(use.id, []).append(use)
    given = checked.definition.concept_sets
    known = concepts(con, {item.concept_id for one in sets for item in one.items})
    recorded = _recorded(con, {use for some in used.values() for use in some if use.table is not None})
    for position, named in enumerate(checked.definition.expression.concept_sets or ()):
        one = given[named.id]
        if named.id not in used or all(item.excluded for item in one.items):
            continue
        path = f"ConceptSets[{position}]"
        if not checked.members[one]:
            sentence = f"No concept of this vocabulary is in the concept set {checked.called(one)}."
            yield Finding("critical", "empty", path, sentence)
            continue
        if snapshot.has_vocabulary:
            yield from _outdated(con, checked, path, one, known, used[named.id])
        for use in used[named.id]:
            if use.table is None:
                continue
            sides = (False, True) if use.is_source is None else (use.is_source,)
            if not any(numbers[one] in recorded[use.table, side] for side in sides):
                column = "source concept" if use.is_source else "concept"
                sentence = f"No record of {use.table} in this store has a {column} of {checked.called(one)}."
                yield Finding("warning", "no-records", use.path, sentence)


def _recorded(con: duckdb.DuckDBPyConnection, wanted: Iterable[Use]) -> Mapping[tuple[str, bool], frozenset[int]]:
    """The sets, by number, that records of a table have concepts (False) or source concepts (True) of."""
    found: dict[tuple[str, bool], frozenset[int]] = {}
    for use in wanted:
        for side in (False, True) if use.is_source is None else (use.is_source,):
            assert use.table is not None
            if (use.table, side) not in found:
                table = RECORD_TABLES[use.table]
                column = table.source_concept if side else table.concept
                rows = con.execute(
                    f"SELECT DISTINCT set_id FROM {MEMBERS} WHERE concept_id IN (SELECT {column} FROM {table.name})"
                ).fetchall()
                found[use.table, side] = frozenset(number for (number,) in rows)
    return found


def _outdated(
    con: duckdb.DuckDBPyConnection,
    checked: Checked,
    path: str,
    one: ConceptSet,
    known: Mapping[int, Concept],
    used: Sequence[Use],
) -> Iterator[Finding]:
    """Items that no record has, because the vocabulary does not know them or maps them to other concepts."""
    included = sorted(item for item in one.items if not item.excluded)
    missing = [item.concept_id for item in included if item.concept_id not in known]
    if missing:
        sentence = f"{_of(len(missing), len(included), checked.called(one))} not in this vocabulary: {_some(missing)}."
        yield Finding("warning", "unknown-concept", path, sentence)
    if any(use.is_source is not False or use.table is None for use in used):
        return
    left = [item.concept_id for item in included if item.concept_id in known]
    parents = _with_descendants(con, [item.concept_id for item in included if item.descendants])
    alone = [item.concept_id for item in included if item.concept_id in known and not item.mapped]
    alone = [id for id in alone if id not in parents]
    invalid = [id for id in alone if not known[id].is_valid]
    other = [id for id in alone if known[id].is_valid and not known[id].is_standard]
    for check, ids, what in (("invalid", invalid, "no longer valid"), ("non-standard", other, "not standard")):
        if ids:
            named = "; ".join(_with_target(con, known[id]) for id in ids[:3]) + ("; ..." if len(ids) > 3 else "")
            sentence = (
                f"{_of(len(ids), len(included), checked.called(one))} {what}, so that no record has them: {named}."
            )
            yield Finding("warning", check, path, sentence)
    domains = {known[id].domain for id in left}
    for use in used:
        expected = DOMAINS.get(use.table or "")
        if expected and left and not any(is_of_domain(domain, expected) for domain in domains):
            sentence = (
                f"{checked.called(one)} has concepts of the domain {', '.join(sorted(domains))} only, and the "
                f"criterion is of the domain {expected}."
            )
            yield Finding("warning", "domain", use.path, sentence)


def _with_descendants(con: duckdb.DuckDBPyConnection, ids: Sequence[int]) -> frozenset[int]:
    rows = con.execute(
        "SELECT DISTINCT ancestor_concept_id FROM concept_ancestor"
        " WHERE list_contains(?::BIGINT[], ancestor_concept_id) AND descendant_concept_id <> ancestor_concept_id",
        [list(ids)],
    ).fetchall()
    return frozenset(id for (id,) in rows)


def _with_target(con: duckdb.DuckDBPyConnection, concept: Concept) -> str:
    rows = con.execute(
        "SELECT c.concept_id, c.concept_name FROM concept_relationship r"
        " JOIN concept c ON c.concept_id = r.concept_id_2"
        " WHERE r.concept_id_1 = ? AND r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL"
        " AND r.concept_id_2 <> r.concept_id_1 ORDER BY 1 LIMIT 1",
        [concept.concept_id],
    ).fetchall()
    hint = f"; use {rows[0][0]} ({rows[0][1]})" if rows else ""
    return f"{concept.concept_id} ({concept.name}){hint}"


def _of(some: int, all: int, name: str) -> str:
    return f"{some} of the {all} included items of {name} {'is' if some == 1 else 'are'}"


def _some(ids: Sequence[int]) -> str:
    return ", ".join(str(id) for id in ids[:5]) + (", ..." if len(ids) > 5 else "")

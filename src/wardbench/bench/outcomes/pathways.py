"""What was done: in which order persons started drugs from time zero on.

A drug is its class where the store's vocabulary has one (ATC, chemical subgroup), else the concept as recorded. What
somebody had in the year before is not started again. Drugs of one day stand together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from wardbench.bench.outcomes.arrays import Integers
from wardbench.bench.outcomes.records import names_of, recorded, rows_by_position
from wardbench.bench.outcomes.subjects import Subjects
from wardbench.core.arrow import column
from wardbench.ward.cohorts.engines.arrays import Arrays

MOST_DRUGS = 8
"""So many drugs, the commonest of those started, are told apart."""
LEAST_SHARE = 0.02
LONGEST = 3
"""Steps of a sequence that are told."""
BEFORE = 365
CLASS = "ATC 4th"


@dataclass(frozen=True)
class Pathways:
    """How many persons started drugs in which order. The empty sequence is of those who started none of them."""

    drugs: tuple[str, ...]
    persons: int
    sequences: tuple[tuple[tuple[str, ...], int], ...]
    """The commonest first; a step names the drugs of one day."""
    started: tuple[int, ...] = ()
    """How many persons started each of the drugs."""


def pathways(engine: Arrays, subjects: Subjects, first_day: int, last_day: int) -> Pathways:
    """Sequences from time zero until follow-up or `last_day` ends; `first_day` is that of follow-up."""
    records = recorded(engine.columns.table("drug_exposure"))
    row_of = rows_by_position(engine, subjects.person)
    number, row, day, _ = records.around(row_of, subjects.index, -BEFORE, last_day)
    of_concept, names = _classes(engine, records.concepts)
    drug = of_concept[number]
    if len(names) < len(records.concepts) or (np.diff(of_concept) < 0).any():
        order = np.lexsort((day, row, drug))
        drug, row, day = drug[order], row[order], day[order]
    new = np.ones(len(row), dtype=bool)
    new[1:] = (drug[1:] != drug[:-1]) | (row[1:] != row[:-1])
    # The first day in the window is the start, unless it lies in the year before.
    new &= (day >= 0) & (day <= first_day + subjects.days[row] - 1)
    drug, row, day = drug[new], row[new], day[new]
    counts = np.bincount(drug, minlength=len(names))
    most = np.argsort(-counts, kind="stable")[:MOST_DRUGS]
    kept = sorted((names[place], int(place)) for place in most if counts[place] > LEAST_SHARE * subjects.size)
    bit = np.zeros(len(names), dtype=np.int64)
    for position, (_, place) in enumerate(kept):
        bit[place] = 1 << position
    inside = bit[drug] > 0
    told = _counted(bit[drug[inside]], row[inside], day[inside], subjects.size)
    labels = [name for name, _ in kept]
    sequences = [(tuple(_named(step, labels) for step in steps), count) for steps, count in told]
    ordered = tuple(sorted(sequences, key=lambda one: (-one[1], one[0])))
    return Pathways(tuple(labels), subjects.size, ordered, tuple(int(counts[place]) for _, place in kept))


def _named(step: int, labels: list[str]) -> str:
    return " + ".join(label for position, label in enumerate(labels) if step >> position & 1)


def _counted(bits: Integers, row: Integers, day: Integers, persons: int) -> list[tuple[tuple[int, ...], int]]:
    """How many persons have each sequence of steps, a step being the bits of all drugs of one day."""
    order = np.lexsort((day, row))
    bits, row, day = bits[order], row[order], day[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (row[1:] != row[:-1]) | (day[1:] != day[:-1])
    steps = np.add.reduceat(bits, np.flatnonzero(first)) if len(bits) else bits
    row = row[first]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    told = rank < LONGEST
    whole = np.zeros(persons, dtype=np.int64)
    np.add.at(whole, row[told], steps[told] << (MOST_DRUGS * rank[told]))
    keys, counts = np.unique(whole, return_counts=True)
    mask = (1 << MOST_DRUGS) - 1
    parts = ([key >> (MOST_DRUGS * place) & mask for place in range(LONGEST)] for key in keys.tolist())
    return [(tuple(part for part in one if part), int(count)) for one, count in zip(parts, counts, strict=True)]


def _classes(engine: Arrays, concepts: Integers) -> tuple[Integers, list[str]]:
    """For each concept its number among the names of classes."""
    with engine.columns.snapshot.connect(only=["concept", "concept_ancestor"]) as con:
        con.register("drug", pa.table({"id": column(concepts)}))
        found = dict(
            con.execute(
                """
                SELECT d.id, min(c.concept_name) FROM drug AS d
                JOIN concept_ancestor AS a ON a.descendant_concept_id = d.id
                JOIN concept AS c ON c.concept_id = a.ancestor_concept_id
                WHERE c.vocabulary_id = 'ATC' AND c.concept_class_id = ? GROUP BY d.id ORDER BY d.id
                """,
                [CLASS],
            ).fetchall()
        )
    own = names_of(engine, set(concepts.tolist()))
    said = [found.get(one) or own.get(one) or f"Concept {one}" for one in concepts.tolist()]
    names = list(dict.fromkeys(said))
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[name] for name in said], dtype=np.int64), names

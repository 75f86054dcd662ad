"""Definitions of OHDSI's phenotype library with the rows they are known to give on a dense hospital."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import pyarrow as pa

from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import Definition, lower, read_definitions
from wardbench.ward.cohorts.engines import Evaluator, Inclusion
from wardbench.ward.cohorts.plan import CohortPlan

NAME = "phenotype_library.jsonl.gz"
FEATURES = (
    "CustomEra",
    "DateOffset",
    "CensoringCriteria",
    "CorrelatedCriteria",
    "AdditionalCriteria",
    "InclusionRules",
    "ValueAsNumber",
    "IsDistinct",
    "EndWindow",
    "RestrictVisit",
    "Death",
    "AT_MOST",
    "SourceConcept",
)


@dataclass(frozen=True)
class Library:
    """`snapshot` has the hospital of 2,000 persons on which the rows of every definition are known."""

    folder: Path
    snapshot: Snapshot

    @cached_property
    def definitions(self) -> list[Definition]:
        return list(read_definitions(self.folder / NAME))

    @cached_property
    def expected(self) -> dict[int, str]:
        """The digest of each definition's rows."""
        with (self.folder / "expected_phenotype_library.csv").open(newline="") as lines:
            return {int(row["cohort_id"]): row["md5"] for row in csv.DictReader(lines)}

    def of_every_shape(self, each: int) -> list[Definition]:
        """For each feature so many definitions that have it, from the smallest on in even steps."""
        texts = {d.id: json.dumps(_without_nothing(msgspec.to_builtins(d.expression))) for d in self.definitions}
        by_size = sorted(self.definitions, key=lambda d: (len(texts[d.id]), d.id))
        chosen: dict[int, Definition] = {}
        for feature in FEATURES:
            having = [d for d in by_size if feature in texts[d.id] and d.id not in chosen]
            for place in range(min(each, len(having))):
                found = having[place * len(having) // each]
                chosen[found.id] = found
        return list(chosen.values())


def _without_nothing(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_nothing(v) for k, v in value.items() if v not in (None, False, [])}
    return [_without_nothing(v) for v in value] if isinstance(value, list | tuple) else value


def plans_of(definitions: Sequence[Definition]) -> dict[int, CohortPlan]:
    return {definition.id: lower(definition) for definition in definitions}


def digest(rows: pa.Table) -> str:
    """The digest of rows as the expected ones were taken: person, start and end in lines, in order."""
    columns = (column.to_pylist() for column in rows.columns)
    lines = "\n".join(f"{person},{start},{end}" for person, start, end in zip(*columns, strict=True))
    return hashlib.md5(lines.encode()).hexdigest()


def told(evaluator: Evaluator, plans: dict[int, CohortPlan]) -> dict[int, tuple[str, Inclusion]]:
    """What an engine says to each plan: the digest of its rows, and how its rules fare."""
    found = {number: evaluator.evaluate(plan) for number, plan in plans.items()}
    return {number: (digest(one.rows), one.inclusion) for number, one in found.items()}

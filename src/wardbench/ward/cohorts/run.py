"""Who is in a cohort: a definition run on a snapshot, and what can be said of the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wardbench.core.arrow import column, whole_numbers
from wardbench.core.errors import InputError, UnsupportedError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.engines import Engine, Evaluated, Inclusion
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.plan import CohortPlan

SCHEMA = pa.schema(
    [
        ("cohort_definition_id", pa.int64()),
        ("subject_id", pa.int64()),
        ("cohort_start_date", pa.date32()),
        ("cohort_end_date", pa.date32()),
    ]
)
"""The columns of OMOP's cohort table."""

ENTRY_STEP = "Entry events"
COHORT_STEP = "Cohort"


@dataclass(frozen=True)
class AttritionStep:
    """How many events, and of how many persons, are left after one step."""

    name: str
    events: int
    persons: int


@dataclass(frozen=True)
class Cohort:
    """A cohort on one snapshot.

    `rows` has the columns of `SCHEMA`, sorted by all of them. `plan` is what the definition means and `plan_hash` its
    content's name: equal hashes on equal snapshot versions are equal cohorts. `attrition` starts with the entry
    events, then has one step for each inclusion rule (the events that satisfy it and all rules before), and ends with
    the cohort's rows. `inclusion` has what the rules, named by `rule_names`, do apart from one another.
    """

    cohort_definition_id: int
    name: str
    plan: CohortPlan
    plan_hash: str
    snapshot_version: str
    rows: pa.Table
    attrition: tuple[AttritionStep, ...]
    rule_names: tuple[str, ...]
    inclusion: Inclusion

    @property
    def records(self) -> int:
        """How many rows: one for each time a person is in the cohort."""
        return int(self.rows.num_rows)

    @property
    def persons(self) -> int:
        """How many different persons."""
        return self.attrition[-1].persons


def run_cohort(definition: Definition, data: Snapshot | Engine) -> Cohort:
    """The cohort of `definition` on a snapshot, or on whatever an engine runs over.

    InputError or UnsupportedError names the file and path of what the definition says that has no meaning.
    """
    engine = engine_of(data)
    try:
        plan = lower(definition, extensions=engine.extensions)
    except (InputError, UnsupportedError) as error:
        raise type(error)(f"{definition.source or definition.name}: {error}") from None
    with engine.open([plan]) as evaluator:
        return cohort_of(definition, plan, evaluator.evaluate(plan), engine.version)


def _different(ordered: npt.NDArray[np.int64]) -> int:
    """How many different values there are in an array that is in order."""
    return int((ordered[1:] != ordered[:-1]).sum()) + bool(ordered.size)


def engine_of(data: Snapshot | Engine) -> Engine:
    """The engine that runs over a snapshot, or the one that is given."""
    return Arrays(data) if isinstance(data, Snapshot) else data


def cohort_of(definition: Definition, plan: CohortPlan, found: Evaluated, version: str) -> Cohort:
    """What an evaluated plan says, as the cohort of its definition."""
    rows = found.rows
    columns = [column(np.full(rows.num_rows, definition.id, np.int64)), *rows.columns]
    table = pa.table(columns, names=SCHEMA.names)
    if table.schema != SCHEMA:  # to cast even to the same loads all that Arrow computes
        table = table.cast(SCHEMA)
    rules = definition.rule_names
    names = (ENTRY_STEP, *rules)
    steps = [AttritionStep(name, n.events, n.persons) for name, n in zip(names, found.inclusion.narrowing, strict=True)]
    steps.append(AttritionStep(COHORT_STEP, table.num_rows, _different(whole_numbers(table["subject_id"]))))
    return Cohort(
        definition.id, definition.name, plan, plan.digest, version, table, tuple(steps), rules, found.inclusion
    )

"""Who is in a cohort: a definition run on a snapshot, and what can be said of the result."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wardbench.core.errors import InputError, UnsupportedError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.evaluate import Evaluated, Evaluation
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.optimise import optimise
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
    the cohort's rows.
    """

    cohort_definition_id: int
    name: str
    plan: CohortPlan
    plan_hash: str
    snapshot_version: str
    rows: pa.Table
    attrition: tuple[AttritionStep, ...]

    @property
    def records(self) -> int:
        """How many rows: one for each time a person is in the cohort."""
        return int(self.rows.num_rows)

    @property
    def persons(self) -> int:
        """How many different persons."""
        return int(pc.count_distinct(self.rows["subject_id"]).as_py())


def run_cohort(definition: Definition, snapshot: Snapshot) -> Cohort:
    """The cohort of `definition` on `snapshot`.

    InputError or UnsupportedError names the file and path of what the definition says that has no meaning.
    """
    try:
        plan = lower(definition)
    except (InputError, UnsupportedError) as error:
        raise type(error)(f"{definition.source or definition.name}: {error}") from None
    with Workspace(snapshot, [plan]) as workspace:
        return cohort_of(definition, plan, workspace.evaluate(plan), snapshot)


class Workspace:
    """A connection to a snapshot with room on disk, and plans that are evaluated over it in the order given."""

    def __init__(self, snapshot: Snapshot, plans: Sequence[CohortPlan]) -> None:
        self._snapshot = snapshot
        self._plans = [optimise(plan) for plan in plans]
        self._optimised = dict(zip(plans, self._plans, strict=True))

    def __enter__(self) -> Workspace:
        with ExitStack() as stack:
            spill = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wardbench-")))
            con = stack.enter_context(self._snapshot.connect(spill=spill))
            self._evaluation = Evaluation(con, self._plans)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def evaluate(self, plan: CohortPlan) -> Evaluated:
        return self._evaluation.evaluate(self._optimised[plan])


def cohort_of(definition: Definition, plan: CohortPlan, found: Evaluated, snapshot: Snapshot) -> Cohort:
    """What an evaluated plan says, as the cohort of its definition."""
    rows = found.rows
    columns = [pa.repeat(pa.scalar(definition.id, pa.int64()), rows.num_rows), *rows.columns]
    table = pa.table(columns, names=SCHEMA.names).cast(SCHEMA)
    names = (ENTRY_STEP, *definition.rule_names)
    steps = [AttritionStep(name, n.events, n.persons) for name, n in zip(names, found.narrowing, strict=True)]
    cohort = Cohort(definition.id, definition.name, plan, plan.digest, snapshot.version, table, tuple(steps))
    final = AttritionStep(COHORT_STEP, cohort.records, cohort.persons)
    return Cohort(**{**vars(cohort), "attrition": (*cohort.attrition, final)})

"""Editing a definition: after every change who is left, what each rule does, and what it costs.

Results of nodes are kept by their content (`engines.arrays.kept`), so that a change makes only what it touches anew.
Every figure here is exact, for whoever may read the store's rows; shown to others it goes through `core.disclosure`.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa

from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.engines import Counts, Inclusion, RuleCounts
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.engines.arrays.days import NO_DAY, Array, is_among, key_of, starts_of_runs
from wardbench.ward.cohorts.engines.arrays.engine import inclusion_of, memory_said
from wardbench.ward.cohorts.engines.arrays.evaluation import Evaluation, NotInArraysError
from wardbench.ward.cohorts.engines.arrays.kept import DISK, MEMORY, Disk, Kept
from wardbench.ward.cohorts.engines.arrays.periods import ends_of
from wardbench.ward.cohorts.engines.arrays.rows import Rows, in_order
from wardbench.ward.cohorts.engines.duckdb_sql import DuckDB
from wardbench.ward.cohorts.leaving_out import leaving_out
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.plan import (
    NOBODY,
    CohortPlan,
    Collapse,
    EarliestEnd,
    Persons,
    Pick,
    Relation,
    Satisfying,
)


@dataclass(frozen=True)
class RuleEffect:
    """What one inclusion rule does.

    `events` and `persons` (by their best event) say how many satisfy it, whatever the other rules; `left` how many
    entry events and persons satisfy it and all rules before; `without` how many persons the cohort would have if this
    rule were left out.
    """

    name: str
    events: RuleCounts
    persons: RuleCounts
    left: Counts
    without: int


@dataclass(frozen=True)
class Look:
    """A definition at one moment: `persons` and `records` of the cohort, the entry events, and each rule's effect.

    `emptied_by` is the position of the first rule after which no event is left, None where some are. `seconds` is
    what it took. `plan_hash` names what the definition means, whoever was left out of the count.
    """

    plan_hash: str
    snapshot_version: str
    persons: int
    records: int
    entry: Counts
    rules: tuple[RuleEffect, ...]
    emptied_by: int | None
    seconds: float


@dataclass(frozen=True)
class Overlap:
    """How many persons are in both of two cohorts, and in one of them alone."""

    both: int
    only_first: int
    only_second: int


class EditingSession:
    """Counts on one snapshot while a definition is edited.

    `memory` and `disk` bound in bytes what is kept of earlier answers; with `disk` 0 nothing is written.
    """

    def __init__(self, snapshot: Snapshot, *, memory: int = MEMORY, disk: int = DISK) -> None:
        self._snapshot = snapshot
        engine = Arrays(snapshot)
        kept = Kept(memory=memory, disk=Disk(snapshot.derived, limit=disk) if disk else None)
        self._evaluation = Evaluation(engine.columns, engine.vocabulary, kept)

    def look(self, definition: Definition, *, but: Persons = NOBODY) -> Look:
        """What `definition` gives now, of everybody but some persons. InputError or UnsupportedError as `lower`,
        StorageError as the engine."""
        began = time.perf_counter()
        meant = lower(definition)
        plan = leaving_out(meant, but)
        with memory_said(self._snapshot):
            try:
                found = self._look(definition, plan, but, began)
            except NotInArraysError:
                found = self._look_in_sql(definition, plan, but, began)
        self._evaluation.kept.trim()
        return dataclasses.replace(found, plan_hash=meant.digest)

    def overlap(self, first: Definition, second: Definition, *, but: Persons = NOBODY) -> Overlap:
        """The persons of two cohorts, compared."""
        a, b = (self._persons(leaving_out(lower(definition), but)) for definition in (first, second))
        both = int(np.intersect1d(a, b, assume_unique=True).size)
        return Overlap(both, int(a.size) - both, int(b.size) - both)

    def members(self, definition: Definition, *, but: Persons = NOBODY) -> tuple[Array, Array]:
        """The ids of the persons of a cohort, sorted, and the first day of each in it (days since 1970-01-01)."""
        plan = leaving_out(lower(definition), but)
        with memory_said(self._snapshot):
            try:
                rows = self._evaluation.rows(plan.cohort)
                known = rows["end_date"] != NO_DAY
                person, day = self._evaluation.columns.people.ids[rows["person"][known]], rows["start_date"][known]
            except NotInArraysError:
                with DuckDB(self._snapshot).open([plan]) as evaluator:
                    table = evaluator.evaluate(plan).rows
                person, day = table["person_id"].to_numpy(), table["start_date"].cast(pa.int32()).to_numpy()
        order = np.lexsort((day, person))
        person, day = person[order], day[order]
        first = starts_of_runs(person)
        return person[first], day[first]

    def _persons(self, plan: CohortPlan) -> Array:
        try:
            rows = self._evaluation.rows(plan.cohort)
            people = np.unique(rows["person"][rows["end_date"] != NO_DAY])
            return np.asarray(self._evaluation.columns.people.ids[people])
        except NotInArraysError:
            with DuckDB(self._snapshot).open([plan]) as evaluator:
                return np.unique(evaluator.evaluate(plan).rows["person_id"].to_numpy())

    def _look(self, definition: Definition, plan: CohortPlan, but: Persons, began: float) -> Look:
        cohort = self._evaluation.rows(plan.cohort)
        known = cohort["end_date"] != NO_DAY
        inclusion = inclusion_of(plan, self._evaluation)
        without = self._without_each(definition, plan, but)
        persons = _persons_among(cohort["person"][known])
        return _looked(definition, plan, self._snapshot, int(known.sum()), persons, inclusion, without, began)

    def _look_in_sql(self, definition: Definition, plan: CohortPlan, but: Persons, began: float) -> Look:
        """The same for a plan that has something arrays have no answer to."""
        rules = range(len(plan.rules))
        others = [leaving_out(lower(_left_out(definition, n)), but) for n in rules]
        with DuckDB(self._snapshot).open([plan, *others]) as evaluator:
            rows, inclusion = (found := evaluator.evaluate(plan)).rows, found.inclusion
            without = [_persons_in(evaluator.evaluate(other).rows) for other in others]
        return _looked(definition, plan, self._snapshot, rows.num_rows, _persons_in(rows), inclusion, without, began)

    def _without_each(self, definition: Definition, plan: CohortPlan, but: Persons) -> list[int]:
        """How many persons the cohort would have without each rule."""
        if not plan.rules:
            return []
        limited = _limited(plan)
        if limited is None:
            others = (leaving_out(lower(_left_out(definition, n)), but) for n in range(len(plan.rules)))
            return [self._persons(other).size for other in others]
        ending = _ending(self._evaluation, limited)
        entry = self._evaluation.rows(plan.entry)
        failed = np.stack([~self._evaluation.passing(rule, plan.entry) for rule in plan.rules], axis=1)
        failures = failed.sum(axis=1, dtype=np.int16)
        # Only events that fail one rule at most can be in the cohort when one is left out.
        places = np.flatnonzero(failures <= 1)
        blamed = np.where(failures[places] == 0, -1, failed[places].argmax(axis=1))
        rows = entry.taken(places)
        ends = ending[places]
        if limited.which is None:
            return _without_limit(rows["person"], blamed, ends, len(plan.rules))
        return _with_limit(rows, blamed, ends, len(plan.rules), limited.which)


def _looked(
    definition: Definition,
    plan: CohortPlan,
    snapshot: Snapshot,
    records: int,
    persons: int,
    inclusion: Inclusion,
    without: list[int],
    began: float,
) -> Look:
    events, of_persons = inclusion.rules(inclusion.events), inclusion.rules(inclusion.persons)
    entry, *steps = inclusion.narrowing
    rules = tuple(map(RuleEffect, definition.rule_names, events, of_persons, steps, without))
    emptied = next((n for n, step in enumerate(steps) if entry.events and not step.events), None)
    seconds = time.perf_counter() - began
    return Look(plan.digest, snapshot.version, persons, records, entry, rules, emptied, seconds)


@dataclass(frozen=True)
class _Limited:
    """The part of a plan between its rules and its rows: which event of a person is taken, and how it ends."""

    entry: Relation
    which: str | None
    ends: EarliestEnd


def _limited(plan: CohortPlan) -> _Limited | None:
    """That part, where it is so simple that persons can be counted by their events; else None."""
    match plan.cohort:
        case Collapse(EarliestEnd(Pick(Satisfying(entry, rules, at_least, None), which), _) as ends) if (
            entry == plan.entry and rules == plan.rules and at_least == len(rules) and which != "numbered"
        ):
            return _Limited(entry, which, ends)
        case Collapse(EarliestEnd(Satisfying(entry, rules, at_least, None), _) as ends) if (
            entry == plan.entry and rules == plan.rules and at_least == len(rules)
        ):
            return _Limited(entry, None, ends)
    return None


def _ending(evaluation: Evaluation, limited: _Limited) -> Array:
    """Which entry events would have an end if they were in the cohort: that does not depend on other events."""
    entry = evaluation.rows(limited.entry)
    found = np.zeros(entry.size, bool)
    for end in limited.ends.ends:
        last = ends_of(end, entry, evaluation)
        found |= (last != NO_DAY) & (last >= entry["start_date"])
    return found


def _without_limit(person: Array, blamed: Array, ends: Array, rules: int) -> list[int]:
    """Persons with an event that ends and fails no rule, or that one; `blamed` is the rule an event fails, or -1."""
    person, blamed = person[ends], blamed[ends]
    there = np.unique(person[blamed < 0])
    more = np.unique(np.stack([person, blamed])[:, (blamed >= 0) & ~is_among(person, there)], axis=1)
    return [int(there.size + n) for n in np.bincount(more[1], minlength=rules)]


def _with_limit(rows: Rows, blamed: Array, ends: Array, rules: int, which: str) -> list[int]:
    """The same where only a person's first or last event counts: of those that fail no other rule."""
    days = rows["start_date"] if which == "earliest" else -rows["start_date"]
    order = in_order(rows, key_of(rows["person"], days), rows["event_id"])
    person, blamed, ends = rows["person"][order], blamed[order], ends[order]
    found = []
    for rule in range(rules):
        kept = np.flatnonzero((blamed < 0) | (blamed == rule))
        taken = kept[starts_of_runs(person[kept])]
        found.append(int(ends[taken].sum()))
    return found


def _left_out(definition: Definition, rule: int) -> Definition:
    expression = definition.expression
    rules = [one for n, one in enumerate(expression.inclusion_rules or ()) if n != rule]
    return dataclasses.replace(definition, expression=msgspec.structs.replace(expression, inclusion_rules=rules))


def _persons_in(rows: pa.Table) -> int:
    return _persons_among(rows["person_id"].to_numpy())


def _persons_among(person: Array) -> int:
    return int(starts_of_runs(person).size)

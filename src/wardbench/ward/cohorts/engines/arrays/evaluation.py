"""Working out the rows of nodes, each node once.

Most of a plan selects: it keeps some rows of one relation. Such a node is kept as a mask over that relation, so that
tests are combined, counted and left out by whole arrays of bits; `selected` and `passing` say how.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch

import numpy as np

from wardbench.core.omop.concept_sets import resolve
from wardbench.ward.cohorts.engines.arrays.columns import Columns
from wardbench.ward.cohorts.engines.arrays.days import NO_DAY, NO_ID, Array, key_of
from wardbench.ward.cohorts.engines.arrays.rows import Rows, grouped
from wardbench.ward.cohorts.engines.arrays.vocabulary import Vocabulary
from wardbench.ward.cohorts.plan import COLUMNS, CohortPlan, Events, InObservation, Near, Relation, Satisfying, Where
from wardbench.ward.cohorts.queries import Queries

Selection = Near | Satisfying | Where


class NotInArraysError(Exception):
    """A plan has something that arrays have no answer to."""


@singledispatch
def rows_of(node: Relation, evaluation: Evaluation) -> Rows:
    """The rows of `node`; one function for each kind of node that does not merely select."""
    raise NotInArraysError(type(node).__name__)


@singledispatch
def kept_of(node: Relation, evaluation: Evaluation) -> Array:
    """Which rows of the relation it selects from `node` keeps; one function for each kind of selection."""
    raise NotInArraysError(type(node).__name__)


class Evaluation:
    """The results of nodes over one snapshot."""

    def __init__(self, columns: Columns, vocabulary: Vocabulary) -> None:
        self.columns = columns
        self.vocabulary = vocabulary
        self._rows: dict[Relation, Rows] = {}
        self._masks: dict[Relation, tuple[Relation, Array]] = {}

    def forget(self, done: Callable[[Relation], bool]) -> None:
        """Let go of the results of nodes that are `done` with."""
        self._rows = {node: rows for node, rows in self._rows.items() if not done(node)}
        self._masks = {node: mask for node, mask in self._masks.items() if not done(node)}

    def rows(self, node: Relation) -> Rows:
        if node not in self._rows:
            if isinstance(node, Selection):
                base, mask = self.selected(node)
                self._rows[node] = self.rows(base).taken(mask)
            else:
                self._rows[node] = rows_of(node, self)
        return self._rows[node]

    def selected(self, node: Relation) -> tuple[Relation, Array]:
        """The relation that `node` keeps rows of, and which; itself and all where it does not merely select."""
        if node not in self._masks:
            if isinstance(node, Selection):
                base, mask = self.selected(node.index if isinstance(node, Near) else node.source)
                found = mask.copy()
                found[mask] = kept_of(node, self)
                self._masks[node] = base, found
            else:
                self._masks[node] = node, np.ones(self.rows(node).size, bool)
        return self._masks[node]

    def passing(self, test: Relation, source: Relation) -> Array:
        """Which rows of `source` have a key that is in `test`."""
        rows = self.rows(source)
        from_base, kept = self.selected(test)
        base, mask = self.selected(source)
        if from_base == base:
            return self.rows(base).any_of_key(kept)[mask]
        if isinstance(from_base, InObservation) and from_base.source == source:
            found = np.zeros(rows.size, bool)
            found[self.rows(from_base)["origin"][kept]] = True
            return rows.any_of_key(found)
        others = self.rows(test)
        both = [np.concatenate([rows[name], others[name]]) for name in ("person", "event_id")]
        group, groups = grouped(*both)
        there = np.zeros(groups, bool)
        there[group[rows.size :]] = True
        return there[group[: rows.size]]

    def by_sql(self, node: Events) -> Rows:
        """The rows of a node that asks for more than arrays hold."""
        queries = Queries([CohortPlan(node, (), node)])
        with self.columns.snapshot.connect() as con:
            resolve(con, list(queries.sets))
            found = con.sql(f"SELECT {', '.join(COLUMNS)} FROM ({queries.statement(node)})").to_arrow_table()
        arrays: dict[str, Array] = {}
        for name in COLUMNS:
            wide = name in ("person_id", "event_id", "visit_occurrence_id")
            values = found[name].cast("int64" if wide else "int32")
            arrays[name] = values.fill_null(int(NO_ID if wide else NO_DAY)).to_numpy()
        person = self.columns.people.positions(arrays.pop("person_id"))
        order = np.flatnonzero(person >= 0)
        order = order[np.argsort(key_of(person, arrays["start_date"])[order], kind="stable")]
        columns = {name: values[order] for name, values in arrays.items()}
        return Rows(order.size, {**columns, "person": person[order].astype(np.int32)}, unique=False)

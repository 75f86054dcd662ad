"""Working out the rows of nodes, each node once.

Most of a plan selects: it keeps some rows of one relation. Such a node is kept as a mask over that relation, so that
tests are combined, counted and left out by whole arrays of bits; `selected` and `passing` say how.
"""

from __future__ import annotations

import time
from functools import singledispatch

import numpy as np

from wardbench.core.omop.concept_sets import resolve
from wardbench.ward.cohorts.engines.arrays.columns import Columns
from wardbench.ward.cohorts.engines.arrays.days import NO_DAY, NO_ID, Array, key_of
from wardbench.ward.cohorts.engines.arrays.kept import Kept
from wardbench.ward.cohorts.engines.arrays.rows import Rows, grouped
from wardbench.ward.cohorts.engines.arrays.vocabulary import Vocabulary
from wardbench.ward.cohorts.plan import (
    COLUMNS,
    CohortPlan,
    Events,
    InObservation,
    LeavingOut,
    Near,
    Relation,
    Satisfying,
    Where,
)

Selection = LeavingOut | Near | Satisfying | Where


class NotInArraysError(Exception):
    """A plan has something that arrays have no answer to."""


def _selected_from(node: Selection) -> Relation:
    return node.index if isinstance(node, Near) else node.source


def _base(node: Relation) -> Relation:
    while isinstance(node, Selection):
        node = _selected_from(node)
    return node


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

    def __init__(self, columns: Columns, vocabulary: Vocabulary, kept: Kept | None = None) -> None:
        self.columns = columns
        self.vocabulary = vocabulary
        self.kept = kept or Kept()

    def rows(self, node: Relation) -> Rows:
        found = self.kept.rows(node)
        if found is None:
            began = time.perf_counter()
            if isinstance(node, Selection):
                base, mask = self.selected(node)
                found = self.rows(base).taken(mask)
            else:
                found = rows_of(node, self)
            self.kept.keep_rows(node, found, time.perf_counter() - began)
        return found

    def selected(self, node: Relation) -> tuple[Relation, Array]:
        """The relation that `node` keeps rows of, and which; itself and all where it does not merely select."""
        if not isinstance(node, Selection):
            found = self.kept.mask(node, None)
            if found is None:
                found = node, np.ones(self.rows(node).size, bool)
                self.kept.keep_mask(node, found, 0)
            return found
        found = self.kept.mask(node, _base(node))
        if found is None:
            began = time.perf_counter()
            base, mask = self.selected(_selected_from(node))
            kept = mask.copy()
            kept[mask] = kept_of(node, self)
            found = base, kept
            self.kept.keep_mask(node, found, time.perf_counter() - began)
        return found

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
        # It loads a writer of SQL, which takes longer than most cohorts do, and few ask for it.
        from wardbench.ward.cohorts.queries import Queries

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

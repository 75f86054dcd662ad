"""Which records of somebody make them part of a cohort: the entry event, and what counts for each inclusion rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from wardbench.ward.cohorts.plan import CohortPlan, Events, Near, Node, Relation
from wardbench.ward.cohorts.reference.concepts import Tables
from wardbench.ward.cohorts.reference.relations import Event, cohort_rows, counts_for, rows_of

Record = tuple[str, int]
"""A record by its table and row id."""


@dataclass(frozen=True)
class Qualifying:
    """`zero` is the day of the entry event that was looked around; `rules` has rules' numbers, from 1, by record.

    What a rule wants not to be there counts for nothing. Of several entry events it is the first that satisfies
    every rule, or where none does the first that satisfies most.
    """

    in_cohort: bool
    zero: date | None
    entry: frozenset[Record]
    rules: Mapping[Record, tuple[int, ...]]


def qualifying(plan: CohortPlan, tables: Tables) -> Qualifying:
    """What of `tables`, the rows of one person, counts for `plan`."""
    entries = rows_of(plan.entry, tables)
    if not entries:
        return Qualifying(False, None, frozenset(), {})
    passing = [{row.key for row in rows_of(rule, tables)} for rule in plan.rules]
    entry = min(entries, key=lambda row: (-sum(row.key in keys for keys in passing), row.start_date, row.event_id))
    found: dict[Record, list[int]] = {}
    for number, rule in enumerate(plan.rules, start=1):
        for near in _asked_of_entries(rule):
            for record in _counted(near, entry, tables):
                if number not in found.setdefault(record, []):
                    found[record].append(number)
    starting = frozenset(
        record
        for record, row in _records(plan.entry, tables)
        # The entry's own number is its place among a person's events, so that its record is known by what it says.
        if (row.start_date, row.concept_id, row.visit_occurrence_id)
        == (entry.start_date, entry.concept_id, entry.visit_occurrence_id)
    )
    rules = {record: tuple(numbers) for record, numbers in found.items()}
    return Qualifying(bool(cohort_rows(plan, tables)), entry.start_date, starting, rules)


def _asked_of_entries(node: Node) -> Iterator[Near]:
    """The questions about events around the entry that a rule is made of; not those about what is around these."""
    if isinstance(node, Near):
        if node.occurs.at_least > 0:
            yield node
        yield from _asked_of_entries(node.index)
    else:
        for child in node.children:
            yield from _asked_of_entries(child)


def _counted(near: Near, entry: Event, tables: Tables) -> Iterator[Record]:
    around = [row for row in rows_of(near.index, tables) if row.key == entry.key]
    counted = {
        (event.event_id, event.start_date)
        for event in rows_of(near.events, tables)
        if any(counts_for(event, index, near) for index in around)
    }
    for record, row in _records(near.events, tables):
        if (row.event_id, row.start_date) in counted:
            yield record


def _records(node: Relation, tables: Tables) -> Iterator[tuple[Record, Event]]:
    """The records at the bottom of a relation, each as the event it is there."""
    for part in node.walk():
        if isinstance(part, Events):
            for row in rows_of(part, tables):
                yield (part.table, row.event_id), row

"""Counts, lists and what can be given are those of a loop over the rows, for random questions on random inventories."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from generative import plain_samples as plain
from generative.inventories import Row, inventories, queries, table_of
from wardbench.ward.samples import FACETS, RANGES, Counts, Query, SampleIndex, facets, find, range_of
from wardbench.ward.samples.building import build_index
from wardbench.ward.samples.selecting import loosened

NONE = Counts(0, 0, 0)


@contextmanager
def index_of(rows: list[Row]) -> Iterator[SampleIndex]:
    with tempfile.TemporaryDirectory() as folder:
        build_index(table_of(rows), Path(folder))
        yield SampleIndex.open(folder)


def order(row: Row) -> tuple[Any, ...]:
    taken = row["collected"] or datetime.min
    donor = "~" if row["donor"] is None else row["donor"]
    return donor, row["collection"], row["material"], taken, row["specimen"]


@settings(max_examples=70, deadline=None)
@given(inventories(), queries())
def test_every_facet_counts_what_the_loop_counts(rows: list[Row], query: Query) -> None:
    with index_of(rows) as index:
        found = facets(index, query)
    assert found.total == plain.counts(plain.selected(rows, query))
    assert list(found.values) == list(FACETS)
    for facet, values in found.values.items():
        rest = plain.selected(rows, query, without=facet)
        for value, counts in values.items():
            if facet in RANGES:
                holds = [row for row in rest if plain.lies_in(row, facet, range_of(value))]
            else:
                holds = [row for row in rest if value in plain.values_of(row, facet)]
            assert counts == plain.counts(holds), (facet, value)
        if facet not in RANGES:
            there = {value for row in rest for value in plain.values_of(row, facet)}
            assert there <= {value for value, counts in values.items() if counts != NONE}


@settings(max_examples=70, deadline=None)
@given(inventories(), queries())
def test_what_can_be_given_is_what_the_loop_says(rows: list[Row], query: Query) -> None:
    with index_of(rows) as index:
        found = facets(index, query).availability
        usual = None if query.giving is None else loosened(index, query.giving)
    if query.giving is None or usual is None:
        assert found is None
        return
    assert found is not None
    asked = plain.asked(rows, query)
    given_now = plain.counts(plain.selected(rows, query))
    assert found.asked == plain.counts(asked) and found.given == given_now
    for reason, counts in found.lost.items():
        assert counts == plain.counts([row for row in asked if reason in plain.reasons(row, query.giving)])
    assert found.more.keys() == usual.keys()
    for name, giving in usual.items():
        assert found.more[name] == plain.counts(plain.selected(rows, query.but(giving=giving))) - given_now


@settings(max_examples=70, deadline=None)
@given(inventories(), queries())
def test_the_list_is_what_was_counted(rows: list[Row], query: Query) -> None:
    expected = [row["specimen"] for row in sorted(plain.selected(rows, query), key=order)]
    with index_of(rows) as index:
        assert facets(index, query).total.specimens == len(expected)
        pages = [find(index, query, offset=offset, limit=3) for offset in range(0, len(expected) + 1, 3)]
        assert [name for page in pages for name in page.rows.column("specimen").to_pylist()] == expected
        assert {page.total for page in pages} == {len(expected)}
        # Choosing what a facet shows lists what it counted.
        for facet, values in facets(index, query).values.items():
            for value, counts in values.items():
                choice = (range_of(value),) if facet in RANGES else frozenset({value})
                assert find(index, query.choosing(facet, choice)).total == counts.specimens, (facet, value)

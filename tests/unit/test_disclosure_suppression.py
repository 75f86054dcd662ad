"""What a reader who solves every equation of a table can say of a withheld cell: an attack by enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardbench.core.disclosure.suppression import CountTable, Position, withhold
from wardbench.core.errors import InputError

THRESHOLD = 3


def with_totals(tables: np.ndarray, totals: tuple[bool, ...]) -> np.ndarray:
    for axis, shown in enumerate(totals, start=1):
        if shown:
            tables = np.concatenate([tables, tables.sum(axis=axis, keepdims=True, dtype=tables.dtype)], axis=axis)
    return tables


def bounds(table: CountTable, withheld: frozenset[Position], most: int) -> dict[Position, tuple[int, int]]:
    """The least and the greatest value that each withheld cell has in any table of counts up to `most` that agrees
    with everything that is shown. It knows nothing of how cells are chosen."""
    shape = table.counts.shape
    ranges = [range(1) if p in table.structural else range(most + 1) for p in itertools.product(*map(range, shape))]
    grid = np.stack(np.meshgrid(*[np.array(r, dtype=np.int8) for r in ranges], indexing="ij"), axis=-1)
    tables = with_totals(grid.reshape(-1, *shape), table.totals)
    agrees = np.ones(len(tables), dtype=bool)
    for position in itertools.product(*map(range, table.full.shape)):
        if position not in withheld:
            agrees &= tables[(slice(None), *position)] == table.full[position]
    left = tables[agrees]
    return {p: (int(left[(slice(None), *p)].min()), int(left[(slice(None), *p)].max())) for p in withheld}


def broken(table: CountTable, withheld: frozenset[Position], most: int, threshold: int = THRESHOLD) -> list[Position]:
    """The withheld cells that are known more closely than the policy allows."""
    known = []
    for position, (low, high) in bounds(table, withheld, most).items():
        if high - low < threshold - 1 or (table.full[position] < threshold and (low > 0 or high < threshold - 1)):
            known.append(position)
    return known


def tables(shape: tuple[int, ...], most: int) -> st.SearchStrategy[CountTable]:
    cells = int(np.prod(shape))

    @st.composite
    def made(draw: st.DrawFn) -> CountTable:
        counts = np.array(draw(st.lists(st.integers(0, most), min_size=cells, max_size=cells))).reshape(shape)
        zeros = [tuple(map(int, p)) for p in np.argwhere(counts == 0)]
        structural = frozenset(draw(st.sets(st.sampled_from(zeros), max_size=2))) if zeros else frozenset()
        return CountTable(counts, tuple(draw(st.booleans()) for _ in shape), structural)

    return made()


@pytest.mark.parametrize(("shape", "most"), [((4,), 6), ((2, 3), 6), ((2, 2, 2), 5)])
def test_no_withheld_cell_is_known_more_closely_than_the_policy_allows(shape: tuple[int, ...], most: int) -> None:
    # No cell has to change by more than the threshold minus one, so that `most` leaves room for every table needed.
    @settings(max_examples=150 if len(shape) < 3 else 12, deadline=None)
    @given(tables(shape, most - THRESHOLD + 1), st.booleans())
    def holds(table: CountTable, known: bool) -> None:
        withheld = withhold(table, threshold=THRESHOLD, whole_is_known=known and all(table.totals)).all
        assert broken(table, withheld, most) == []

    holds()


def test_withholding_small_cells_alone_is_found_out() -> None:
    table = CountTable(np.array([[12, 2, 7], [9, 11, 8]]), (True, True))
    small = withhold(table, threshold=THRESHOLD).small
    assert small == {(0, 1)}
    assert broken(table, small, most=12) == [(0, 1)]


def test_a_second_cell_that_is_too_small_is_found_out() -> None:
    table = CountTable(np.array([1, 0, 6]), (True,))
    assert broken(table, frozenset({(0,), (1,)}), most=7) == [(0,), (1,)]
    assert withhold(table, threshold=THRESHOLD).all == {(0,), (1,), (2,)}


def test_one_small_cell_costs_three_more_in_a_table_with_all_totals() -> None:
    counts = np.array([[40, 4, 70], [90, 110, 80], [30, 50, 60]])
    withheld = withhold(CountTable(counts, (True, True)))
    assert withheld.small == {(0, 1)}
    assert withheld.complementary == {(0, 0), (2, 0), (2, 1)}


def test_without_totals_the_small_cells_are_enough() -> None:
    withheld = withhold(CountTable(np.array([[40, 4], [0, 110]]), (False, False)))
    assert (withheld.small, withheld.complementary) == ({(0, 1), (1, 0)}, set())


def test_small_cells_that_protect_one_another_cost_no_other() -> None:
    withheld = withhold(CountTable(np.array([3, 5, 4, 60, 70]), (True,)))
    assert (withheld.small, withheld.complementary) == ({(0,), (1,), (2,)}, set())


def test_zero_is_withheld_but_where_it_cannot_be_anything_else() -> None:
    counts = np.array([[0, 30], [25, 40]])
    assert (0, 0) in withhold(CountTable(counts, (True, True))).small
    assert withhold(CountTable(counts, (True, True), frozenset({(0, 0)}))).all == set()


def test_a_table_that_has_no_small_cell_is_shown_whole() -> None:
    assert withhold(CountTable(np.full((3, 2, 4), 10), (True, True, True))).all == set()


def test_of_a_small_whole_nothing_is_shown() -> None:
    table = CountTable(np.array([[1, 2], [0, 3]]), (True, True))
    assert withhold(table).all == set(table.positions)


@settings(max_examples=40, deadline=None)
@given(tables((3, 4), most=30))
def test_every_small_cell_is_withheld_and_the_answer_is_always_the_same(table: CountTable) -> None:
    withheld = withhold(table)
    assert withheld.small == {p for p in table.positions if table.full[p] < 10} - impossible(table)
    assert withheld == withhold(table)


def impossible(table: CountTable) -> set[Position]:
    """The cells that can only be zero, and the totals of nothing else."""
    possible = np.ones(table.counts.shape, dtype=int)
    for position in table.structural:
        possible[position] = 0
    some = with_totals(possible[np.newaxis], table.totals)[0]
    return {p for p in table.positions if some[p] == 0}


@pytest.mark.parametrize(
    ("counts", "totals", "structural"),
    [
        (np.zeros((0,)), (True,), frozenset()),
        (np.zeros((2, 2, 2, 2)), (True,) * 4, frozenset()),
        (np.array([1, 2]), (True, True), frozenset()),
        (np.array([-1, 2]), (True,), frozenset()),
        (np.array([1, 2]), (True,), frozenset({(0,)})),
        (np.ones((60, 60)), (True, True), frozenset()),
    ],
)
def test_a_table_that_cannot_be_protected_is_refused(
    counts: np.ndarray, totals: tuple[bool, ...], structural: frozenset[Position]
) -> None:
    with pytest.raises(InputError):
        CountTable(counts, totals, structural)


@settings(max_examples=100, deadline=None)
@given(tables((2, 2), 4).map(lambda table: CountTable(table.counts, (True, True))))
def test_the_count_of_everybody_is_shown_where_it_stands_elsewhere(table: CountTable) -> None:
    withheld = withhold(table, threshold=THRESHOLD, whole_is_known=True)
    assert ((2, 2) in withheld.all) == (table.counts.sum() < THRESHOLD)
    assert broken(table, withheld.all, most=16) == []


def test_the_count_of_everybody_has_to_be_in_the_table() -> None:
    with pytest.raises(InputError):
        withhold(CountTable(np.ones((2, 2)), (True, False)), whole_is_known=True)


def test_a_threshold_below_two_is_refused() -> None:
    with pytest.raises(InputError):
        withhold(CountTable(np.array([1]), (False,)), threshold=1)

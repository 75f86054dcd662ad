"""Inventories that never were: of the size that is asked for, the same for a seed, and as an index wants them."""

from __future__ import annotations

import pyarrow.compute as pc
import pytest

from wardbench.synthetic.inventory import make_inventory
from wardbench.ward.samples import SCHEMA, checked


@pytest.mark.parametrize(("specimens", "donors"), [(1, 1), (50, 50), (3_000, 200), (5_000, 4_000)])
def test_they_are_as_large_as_they_should_be(specimens: int, donors: int) -> None:
    table = checked(make_inventory(specimens, donors))
    assert table.column_names == SCHEMA.names
    assert table.num_rows == specimens
    assert len(table.column("donor").unique()) == donors


def test_a_seed_is_an_inventory() -> None:
    assert make_inventory(500, 60, seed=7).equals(make_inventory(500, 60, seed=7))
    assert not make_inventory(500, 60, seed=7).equals(make_inventory(500, 60, seed=8))


def test_they_have_what_real_ones_have() -> None:
    table = make_inventory(20_000, 2_000)
    collections = sorted(
        (row["counts"] for row in pc.value_counts(table.column("collection")).to_pylist()), reverse=True
    )
    assert collections[0] > 10 * collections[-1]
    donors = [row["counts"] for row in pc.value_counts(table.column("donor")).to_pylist()]
    assert max(donors) > 40 and min(donors) < 5
    sexes = table.group_by("donor").aggregate([("sex", "count_distinct")]).column("sex_count_distinct")
    assert pc.max(sexes).as_py() == 1

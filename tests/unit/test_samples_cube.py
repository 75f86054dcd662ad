"""Of the cube everybody may browse: each specimen in one cell, no cell of few donors, nothing to subtract."""

from __future__ import annotations

from pathlib import Path

import pytest

from specimen_tables import index_in, specimen
from wardbench.core.disclosure import rules_for
from wardbench.core.errors import InputError
from wardbench.synthetic.inventory import make_inventory
from wardbench.ward.samples import Query, SampleIndex, facets, make_cube, write_index
from wardbench.ward.samples.cube import DIMENSIONS


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SampleIndex:
    return SampleIndex.open(write_index(make_inventory(12_000, 1_500, seed=4), tmp_path_factory.mktemp("cube")))


def test_exact_cells_add_up(index: SampleIndex) -> None:
    cube = make_cube(index, rules_for("exact"), Query.of(giving=None))
    assert sum(cell.specimens.value or 0 for cell in cube.cells) == 12_000
    assert len({cell.places for cell in cube.cells}) == len(cube.cells)
    collections = facets(index, Query.of(giving=None)).values["collection"]
    for name, counts in collections.items():
        held = [cell.specimens.value or 0 for cell in cube.cells if cell.places[0] == (name,)]
        assert sum(held) == counts.specimens


def test_released_cells_are_of_ten_donors_or_more(index: SampleIndex) -> None:
    exact = make_cube(index, rules_for("exact"))
    cube = make_cube(index, rules_for("release"))
    assert 10 < len(cube.cells) < len(exact.cells)
    for cell in cube.cells:
        assert cell.donors.value is not None and cell.donors.value >= 10 and cell.donors.value % 5 == 0
        assert cell.specimens.value is None or cell.specimens.value % 5 == 0
    # No two cells hold the same specimens: neither is a part of the other.
    for number, cell in enumerate(cube.cells):
        for other in cube.cells[:number]:
            depth = min(len(cell.places), len(other.places))
            assert any(
                not set(cell.places[place]) & set(other.places[place]) for place in range(depth)
            ), (cell, other)  # fmt: skip


def test_nine_donors_are_told_as_few(tmp_path: Path) -> None:
    few = index_in(tmp_path, *(specimen(f"s{n}", donor=f"d{n}") for n in range(9)))
    (cell,) = make_cube(few, rules_for("release")).cells
    assert cell.places == () and cell.donors.text == "fewer than 10" and cell.specimens.value is None


def test_a_donor_in_many_parts_makes_none_large(tmp_path: Path) -> None:
    """Twelve donors, all in both collections: judged apart, the second would be as large as the first."""
    rows = [specimen(f"s{n}{name}", donor=f"d{n}", collection=name) for n in range(12) for name in ("a", "b")]
    cube = make_cube(index_in(tmp_path, *rows), rules_for("release"), dimensions=("collection",))
    assert [cell.places for cell in cube.cells] == [(("a", "b"),)]


def test_what_was_put_together_is_divided_on(tmp_path: Path) -> None:
    """A small collection of donors who are all in a large one as well hides nothing of the large one but its name."""
    rows = [
        specimen(f"s{n}{name}", donor=f"d{n}", collection=name, sex="female" if n % 2 else "male")
        for n in range(24)
        for name in (("a", "b") if n < 4 else ("a",))
    ]
    cells = make_cube(index_in(tmp_path, *rows), rules_for("release"), dimensions=("collection", "sex")).cells
    assert {cell.places: cell.donors.value for cell in cells} == {
        (("a", "b"), ("female",)): 10,
        (("a", "b"), ("male",)): 10,
    }


def test_what_has_no_donor_is_left_out(tmp_path: Path) -> None:
    rows = [specimen(f"s{n}", donor=f"d{n}") for n in range(12)] + [specimen("pool", donor=None, kind="pool")]
    cube = make_cube(index_in(tmp_path, *rows), rules_for("exact"), dimensions=("material",))
    assert [cell.specimens.value for cell in cube.cells] == [12]


def test_several_chapters_are_one_value(tmp_path: Path) -> None:
    rows = [
        specimen("s1", diagnoses=["C18", "C20.1"]),
        specimen("s2", diagnoses=["C18", "I50"]),
        specimen("s3", diagnoses=None),
        specimen("s4", diagnoses=[]),
    ]
    cube = make_cube(index_in(tmp_path, *rows), rules_for("exact"), dimensions=("chapter",))
    assert {cell.places[0][0]: cell.specimens.value for cell in cube.cells} == {"": 2, "C00-D49": 1, "several": 1}


def test_dimensions_are_known_and_stand_once(index: SampleIndex) -> None:
    for wrong in ((), ("freezer",), ("sex", "sex")):
        with pytest.raises(InputError, match="cube"):
            make_cube(index, rules_for("exact"), dimensions=wrong)
    assert make_cube(index, rules_for("exact")).dimensions == DIMENSIONS

"""Numbers of donors of collections that stand together in the cube: told where nothing is left to be subtracted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, combinations
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from wardbench.core.consent import PRESUMED, mask
from wardbench.core.disclosure import ReleaseRules
from wardbench.ward.samples import SCHEMA, SampleIndex, write_index
from wardbench.ward.samples.cube import make_cube
from wardbench.ward.samples.own_donors import own_donors

RULES = ReleaseRules()
FEW = RULES.threshold


def index(folder: Path, members: Mapping[str, Iterable[int]]) -> SampleIndex:
    """One tube of plasma of each of these donors in each of these collections."""
    rows = [
        {"specimen": f"{code}{donor}", "donor": f"{donor:04}", "collection": code, "material": "Plasma",
         "kind": "primary", "status": "stored", "thaws": 0, "consent": mask(PRESUMED), "reserved": False,
         "retained": False, "sex": ("female", "male")[donor % 2]}
        for code, donors in members.items() for donor in donors
    ]  # fmt: skip
    return SampleIndex.open(write_index(pa.Table.from_pylist(rows, schema=SCHEMA), folder))


def told(folder: Path, members: Mapping[str, Iterable[int]]) -> dict[str, str]:
    return {code: figure.text for code, figure in own_donors(index(folder, members), RULES).items()}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"A": range(100), "B": range(40)}, {"B": "40"}),
        ({"A": range(100), "B": range(60, 103)}, {"B": "45"}),
        ({"A": range(12), "B": range(9, 15)}, {}),
        ({"A": range(40), "B": range(3, 43)}, {}),
        ({"A": range(100), "B": range(95)}, {}),
        ({"A": range(32), "B": range(100, 121)}, {}),
        ({"A": range(100), "B": range(30), "C": range(29)}, {"C": "30"}),
        ({"A": range(100), "B": range(50), "C": range(50, 95)}, {"C": "45"}),
        ({"A": range(100), "B": range(30), "C": range(30, 60)}, {"B": "30", "C": "30"}),
    ],
    ids=["part", "overlap", "few", "few on both sides", "nearly all", "apart: in the cube", "one in another, less one",
         "two that leave few", "two that leave many"],
)  # fmt: skip
def test_what_is_told(tmp_path: Path, members: Mapping[str, Iterable[int]], said: Mapping[str, str]) -> None:
    assert told(tmp_path, members) == said


def test_no_subtraction_is_left_with_few(tmp_path: Path) -> None:
    """An attacker who knows how collections overlap subtracts any that are told from all that stand together, and from
    each other: no difference is of few donors, nor of nobody."""
    random, some = Random(7), 0
    for number in range(40):
        sizes = [random.choice((4, 12, 30, 80)) for _ in range(4)]
        members = {code: set(random.sample(range(90), size)) for code, size in zip("ABCD", sizes, strict=True)}
        if number % 2:
            members["B"] = set(random.sample(sorted(members["A"]), max(1, len(members["A"]) - random.choice((1, 15)))))
        made = index(tmp_path / str(number), members)
        found = own_donors(made, RULES)
        some += len(found)
        for cell in make_cube(made, RULES, dimensions=("collection",)).cells:
            union = set().union(*(members[code] for code in cell.places[0]))
            shown = [code for code in cell.places[0] if code in found]
            for chosen in chain.from_iterable(combinations(shown, n + 1) for n in range(len(shown))):
                assert len(union.difference(*(members[code] for code in chosen))) >= FEW
        for one, other in combinations(found, 2):
            assert max(len(members[one] - members[other]), len(members[other] - members[one])) >= FEW
        for code, figure in found.items():
            assert figure.value is not None and figure.value % RULES.base == 0 and len(members[code]) >= FEW
    assert some >= 10, "the attack was tried on something"

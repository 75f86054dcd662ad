"""An index is the same for the same specimens, whole or not there, and right where planes and tiles end."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative import plain_samples as plain
from specimen_tables import index_in, specimen, table_of
from wardbench.core.consent import Tier, mask
from wardbench.core.errors import InputError, NotFoundError
from wardbench.synthetic.inventory import make_inventory
from wardbench.ward.samples import (
    RANGES,
    Counts,
    Giving,
    Query,
    Range,
    Reason,
    SampleIndex,
    checked,
    facets,
    find,
    layout,
    range_of,
    write_index,
)
from wardbench.ward.samples.layout import WORD, lay_out, pack, setting, unpack


def test_the_version_follows_from_the_specimens_not_from_their_order(tmp_path: Path) -> None:
    rows = [
        specimen(f"s{number}", donor=f"d{number % 3}", material=("DNA", "Plasma")[number % 2]) for number in range(9)
    ]
    one = write_index(table_of(*rows), tmp_path / "one")
    same = write_index(table_of(*reversed(rows)), tmp_path / "same")
    other = write_index(table_of(*rows[:-1]), tmp_path / "other")
    assert one.name == same.name != other.name
    assert SampleIndex.open(one).version == one.name


def test_an_index_that_is_there_is_kept_and_a_damaged_one_replaced(tmp_path: Path) -> None:
    rows = [specimen("s1"), specimen("s2", donor="d2")]
    folder = write_index(table_of(*rows), tmp_path)
    before = (folder / "index.json").stat().st_ino
    assert write_index(table_of(*rows), tmp_path) == folder
    assert (folder / "index.json").stat().st_ino == before
    with (folder / "words.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xff")
    os.utime(folder / "words.npy", ns=(1, 1))
    with pytest.raises(InputError, match=r"words\.npy: missing, or written to"):
        facets(SampleIndex.open(folder), Query.of())
    write_index(table_of(*rows), tmp_path)
    assert facets(SampleIndex.open(folder), Query.of()).total == Counts(2, 2, 2)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_where_there_is_none_or_another_format_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no index of specimens"):
        SampleIndex.open(tmp_path)
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(InputError, match="not the description"):
        SampleIndex.open(tmp_path)


def test_no_specimens_are_an_answer_too(tmp_path: Path) -> None:
    index = index_in(tmp_path)
    found = facets(index, Query.of({"sex": frozenset({"male"}), "age": (Range(1),)}))
    assert found.total == Counts(0, 0, 0)
    assert find(index, Query.of()).rows.num_rows == 0


def test_donors_and_samples_are_fields_of_words_or_have_words_to_themselves() -> None:
    counts = np.array([1, 300, 2, 15, 16, 17, 5000, 64, 65, 33, 1, 1])
    owner = np.repeat(np.arange(counts.size), counts)
    chance = np.random.default_rng(5)
    continues = np.append(False, owner[1:] == owner[:-1]) & (chance.random(owner.size) < 0.98)
    laid_out, place = lay_out(owner, continues, counts.size - 2, chance.permutation(counts.size))
    sample = np.cumsum(~continues)
    assert np.bincount(sample).max() > WORD, "a sample of more specimens than a word has bits"
    assert np.unique(place).size == counts.sum() and place.max() < laid_out.words * WORD
    joined = laid_out.words - laid_out.long_donors.size
    for donor, count in enumerate(counts.tolist()):
        own = np.unique(place[owner == donor] // WORD)
        ends = unpack(laid_out.donor_ends)[place[owner == donor]]
        if count > WORD:
            assert (own >= joined).all() and not ends.any() and (laid_out.long_donors[own - joined] == donor).all()
        else:
            assert own.size == 1 and own[0] < joined
            assert np.flatnonzero(ends).tolist() == ([count - 1] if donor < counts.size - 2 else [])
    for number in np.unique(sample).tolist():
        own = np.unique(place[sample == number] // WORD)
        ends = unpack(laid_out.sample_ends)[place[sample == number]]
        if ends.size > WORD:
            assert not ends.any() and np.unique(laid_out.long_samples[own - joined]).size == 1
        else:
            assert own.size == 1 and np.flatnonzero(ends).tolist() == [ends.size - 1]


def test_bits_are_packed_and_found_again() -> None:
    flags = np.random.default_rng(1).random(640) < 0.3
    words = pack(flags)
    assert (unpack(words) == flags).all()
    assert (setting(10, np.flatnonzero(flags)) == words).all()


@pytest.mark.parametrize(("seed", "tile"), [(1, layout.TILE), (2, 2)])
def test_facets_of_a_larger_inventory_are_those_of_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, tile: int
) -> None:
    """Hundreds of donors, two with more specimens than a word has bits, a sample of so many, pools, several tiles."""
    monkeypatch.setattr(layout, "TILE", tile)
    table = checked(make_inventory(1500, 140, seed=seed))
    rows: list[dict[str, Any]] = table.to_pylist()
    for number, row in enumerate(rows):
        if number % 5 == 0:
            row.update(donor="D-many", person_id=None)
        elif number % 7 == 0:
            row.update(donor="D-more", collection="one", material="Plasma", collected=datetime(2020, 1, number % 2 + 1))
        elif number % 97 == 0:
            row.update(donor=None, person_id=None, kind="pool")
    index = index_in(tmp_path, *rows)
    assert (index.layout.long_samples >= 0).any() and (index.layout.tiles.size > 9) == (tile == 2)
    asked = Query.of(
        {"material": frozenset({"Plasma", "Serum", "DNA"}), "age": (Range(20, 70),)}, giving=Giving(most_thaws=1)
    )
    for query in (Query.of(giving=None), asked):
        found = facets(index, query)
        assert found.total == plain.counts(plain.selected(rows, query))
        for facet, values in found.values.items():
            rest = plain.selected(rows, query, without=facet)
            for value, counts in values.items():
                if facet in RANGES:
                    holds = [row for row in rest if plain.lies_in(row, facet, range_of(value))]
                else:
                    holds = [row for row in rest if value in plain.values_of(row, facet)]
                assert counts == plain.counts(holds), (facet, value)


@pytest.mark.parametrize(
    ("different", "reason"),
    [
        ({}, None),
        ({"status": "out"}, None),
        ({"status": "collected"}, Reason.ELSEWHERE),
        ({"status": "picked"}, Reason.ELSEWHERE),
        ({"status": "shipped"}, Reason.ELSEWHERE),
        ({"status": "away"}, Reason.ELSEWHERE),
        ({"status": "missing"}, Reason.ELSEWHERE),
        ({"status": "disposed"}, Reason.ELSEWHERE),
        ({"status": "used_up"}, Reason.DEPLETED),
        ({"amount": 0}, Reason.DEPLETED),
        ({"amount": None, "dimension": None}, None),
        ({"reserved": True}, Reason.RESERVED),
        ({"retained": True}, Reason.RETAINED),
        ({"thaws": 1}, None),
        ({"thaws": 2}, Reason.THAWED),
        ({"consent": 0}, Reason.FORBIDDEN),
        ({"consent": mask({Tier.STORAGE})}, Reason.FORBIDDEN),
        ({"consent": mask(Tier)}, None),
    ],
)
def test_what_can_be_given_and_why_not(tmp_path: Path, different: dict[str, Any], reason: Reason | None) -> None:
    index = index_in(tmp_path, specimen(**different))
    found = facets(index, Query.of(giving=Giving(most_thaws=1)))
    assert found.total.specimens == (reason is None)
    assert found.availability is not None
    assert {name for name, counts in found.availability.lost.items() if counts.specimens} == ({reason} - {None})


def test_each_what_if_is_by_itself(tmp_path: Path) -> None:
    need = frozenset({Tier.STORAGE, Tier.RESEARCH, Tier.GENETIC})
    full = mask(need)
    index = index_in(
        tmp_path,
        specimen("given", donor="d1", consent=full),
        specimen("thawed twice", donor="d1", consent=full, thaws=2),
        specimen("thawed thrice", donor="d2", consent=full, thaws=3),
        specimen("not genetic", donor="d3"),
        specimen("promised", donor="d4", consent=full, reserved=True),
        specimen("promised and thawed", donor="d5", consent=full, reserved=True, thaws=2),
    )
    found = facets(index, Query.of(giving=Giving(need, most_thaws=1))).availability
    assert found is not None and found.given == Counts(1, 1, 1)
    # The aliquot that was thawed twice is of the sample and the donor that count already.
    assert found.more["thaws 2"] == Counts(1, 0, 0)
    assert found.more["thaws 3"] == Counts(2, 1, 1)
    assert found.more["tier genetic"] == Counts(1, 1, 1)
    assert found.more["tier storage"] == Counts(0, 0, 0)
    assert found.more["reserved"] == Counts(1, 1, 1)


def test_what_is_chosen_may_be_what_keeps_back(tmp_path: Path) -> None:
    index = index_in(tmp_path, specimen("once", thaws=1), specimen("twice", donor="d2", thaws=2))
    found = facets(index, Query.of({"thaws": (Range(2),)}, giving=Giving(most_thaws=1)))
    assert found.total == Counts(0, 0, 0) and found.values["thaws"]["1..1"] == Counts(1, 1, 1)
    assert found.availability is not None and found.availability.asked == Counts(1, 1, 1)


def test_selections_that_are_kept_change_nothing(tmp_path: Path) -> None:
    rows = [specimen(f"s{n}", donor=f"d{n % 4}", sex=("male", "female")[n % 2], thaws=n % 3) for n in range(12)]
    index = index_in(tmp_path, *rows)
    queries = [
        Query.of({"sex": frozenset({"male"})}, giving=Giving(most_thaws=1)),
        Query.of({"thaws": (Range(0, 1),)}),
        Query.of({"sex": frozenset({"male", "female"}), "thaws": (Range(2),)}, giving=None),
    ]
    first = [facets(index, query) for query in queries]
    assert [facets(index, query) for query in queries] == first
    index.forget()
    assert [facets(index, query) for query in reversed(queries)] == first[::-1]


def test_a_page_starts_and_ends_somewhere(tmp_path: Path) -> None:
    index = index_in(tmp_path, specimen())
    for offset, limit in ((-1, 5), (0, 0), (0, 1_000_000)):
        with pytest.raises(InputError, match="page"):
            find(index, Query.of(), offset=offset, limit=limit)
    assert find(index, Query.of(), offset=5).rows.num_rows == 0

"""The table that an index is built from is checked strictly, and no sentence holds a value of it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from specimen_tables import PLAIN, specimen, table_of
from wardbench.campus.biobank.amounts import Dimension
from wardbench.campus.biobank.rules import Act, Status, after
from wardbench.core.errors import InputError
from wardbench.ward.samples import SCHEMA, checked
from wardbench.ward.samples.chapters import CHAPTERS, chapter_of
from wardbench.ward.samples.schema import DIMENSIONS, GIVEABLE, STATUSES


def test_a_table_as_it_should_be_is_taken() -> None:
    table = checked(table_of(specimen("s1"), specimen("s2", donor=None, person_id=None, diagnoses=None, amount=None)))
    assert table.column_names == SCHEMA.names
    assert table.num_rows == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"material": "Wine"}, "material"),
        ({"status": "lost"}, "status"),
        ({"sex": "F"}, "sex"),
        ({"temperature": "cold"}, "temperature"),
        ({"age": 131}, "age"),
        ({"age": -1}, "age"),
        ({"thaws": -1}, "thaws"),
        ({"amount": -5}, "amount"),
        ({"dimension": None}, "dimension"),
        ({"consent": 1 << 8}, "consent"),
        ({"diagnoses": ["heart failure"]}, "diagnoses"),
        ({"diagnoses": [None]}, "diagnoses"),
        ({"donor": ""}, "donor"),
    ],
)
def test_what_cannot_be_is_refused_by_its_column(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=f"specimens: {said}:") as refused:
        checked(table_of(specimen("s1"), specimen("s2", **wrong)))
    assert "heart" not in str(refused.value) and "131" not in str(refused.value)


@pytest.mark.parametrize("name", [field.name for field in SCHEMA if not field.nullable])
def test_what_may_not_be_missing_is_not(name: str) -> None:
    rows = [specimen("s1"), specimen("s2", **{name: None})]
    free = pa.schema([field.with_nullable(True) for field in SCHEMA])
    with pytest.raises(InputError, match=rf"specimens: {name}: missing, in 1 rows\."):
        checked(pa.Table.from_pylist(rows, schema=free))


def test_a_name_stands_once() -> None:
    with pytest.raises(InputError, match="named twice"):
        checked(table_of(specimen("s1"), specimen("s1")))


def test_a_column_too_many_too_few_or_of_another_type_is_refused() -> None:
    table = table_of(specimen())
    with pytest.raises(InputError, match="freezer: no such column"):
        checked(table.append_column("freezer", pa.array(["F1"])))
    with pytest.raises(InputError, match="thaws: the column is missing"):
        checked(table.drop_columns(["thaws"]))
    place = SCHEMA.get_field_index("thaws")
    with pytest.raises(InputError, match="thaws: its type is double, not int16"):
        checked(table.set_column(place, "thaws", pa.array([0.5])))


def test_words_may_come_as_dictionaries_and_large_strings() -> None:
    table = table_of(specimen("s1"), specimen("s2", material="DNA"))
    place = SCHEMA.get_field_index("material")
    for column in (table.column("material").dictionary_encode(), table.column("material").cast(pa.large_string())):
        same = checked(table.set_column(place, "material", column))
        assert same.column("material").to_pylist() == ["Plasma", "DNA"]


def test_words_are_those_of_the_inventory() -> None:
    assert set(STATUSES) == set(Status)
    assert set(DIMENSIONS) == set(Dimension)
    # What can be given is what can be picked, but for a part that was made for a request: that is promised already.
    picked = {status for status in Status if after(status, Act.PICK) is Status.PICKED}
    assert set(GIVEABLE) == picked - {Status.COLLECTED}
    assert PLAIN.keys() == set(SCHEMA.names)


@pytest.mark.parametrize(
    ("code", "chapter"),
    [("A00", "A00-B99"), ("B99.9", "A00-B99"), ("C18.7", "C00-D49"), ("D49", "C00-D49"), ("D50", "D50-D89"),
     ("H59.9", "H00-H59"), ("H60", "H60-H95"), ("I50", "I00-I99"), ("T98", "S00-T98"), ("U07.1", "U00-U99"),
     ("V01", "V01-Y98"), ("Z99.9", "Z00-Z99")],
)  # fmt: skip
def test_codes_lie_in_their_chapter(code: str, chapter: str) -> None:
    assert chapter_of(code) == chapter
    assert len(CHAPTERS) == 22

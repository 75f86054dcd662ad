"""Amounts of specimens: exact, in whole numbers of a small unit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardbench.campus.biobank.amounts import MOST, UNITS, Amount, amount_of, unit_of
from wardbench.core.errors import InputError


@given(st.integers(0, MOST), st.sampled_from(sorted(UNITS)))
def test_what_is_written_is_read_back_exactly(value: int, unit: str) -> None:
    amount = Amount(value, unit)
    number, said = str(amount).split(" ")
    assert amount_of(number, said) == amount


def test_tenths_are_exact() -> None:
    tenth = amount_of("0.1", "ml")
    assert tenth.value * 3 == amount_of("0,3", "mL").value
    assert str(amount_of("1.50", "ml")) == "1.5 ml" and amount_of("10", "µg").number == Decimal(10)


@pytest.mark.parametrize(("said", "code"), [("uL", "µl"), ("μL", "µl"), ("mL", "ml"), ("mcg", "µg"), ("1", "pieces")])
def test_spellings_of_units(said: str, code: str) -> None:
    assert unit_of(said) == code


@pytest.mark.parametrize(
    ("number", "unit"),
    [
        ("-1", "ml"),
        ("x", "ml"),
        ("1", "bushels"),
        ("0.0000001", "ml"),
        ("NaN", "ml"),
        ("Infinity", "ml"),
        ("1e30", "ml"),
        ("1e999999", "ml"),
        ("1e-999999", "ml"),
        ("1." + "0" * 30 + "1", "ml"),
    ],
)
def test_what_cannot_be_kept_is_refused(number: str, unit: str) -> None:
    with pytest.raises(InputError):
        amount_of(number, unit)

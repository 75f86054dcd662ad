"""What is a unit of UCUM, and what may be free text."""

from __future__ import annotations

import pytest

from wardbench.core.ucum import ANNOTATIONS, is_unit
from wardbench.synthetic import biobank, laboratory
from wardbench.ward.samples.exchange.amounts import UCUM
from wardbench.ward.samples.omop import UNITS


@pytest.mark.parametrize("text", ["mmol/L", "10*9/L", "mL/min/{1.73_m2}", "mm[Hg]", "%", "/min", "kg/m2", "ug/L",
                                  "[iU]/mL", "mosm/kg", "s-1", "{INR}", "10*3.mL-1", "1", "a", "Cel", "mg/24.h",
                                  "/100{WBC}"])  # fmt: skip
def test_units(text: str) -> None:
    assert is_unit(text)


def test_every_unit_that_the_project_writes() -> None:
    written = {*UNITS, *UCUM.values(), *laboratory.UNITS.values(), *biobank.UNITS.values()}
    assert [one for one in sorted(written) if not is_unit(one)] == []


@pytest.mark.parametrize(
    "text", ["", " ", "Peeters", "mg dL", "mg/dL ", "MMOL/L", "{Peeters}", "mg{Peeters}", "mg/", "//L", "mmol/L\n",
             "85041512345", "12", "mg/dL, Jan", "²", "٣", "x" * 41, "m." * 30 + "m", "1.1.1", "/1234567", "85.04.15",
             "85/m.04", "m85"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    assert not is_unit(text)


def test_annotations_are_of_a_closed_list() -> None:
    assert all(is_unit(one) for one in ANNOTATIONS) and not is_unit("{day of Jan}")

"""SPREC: times, temperatures and speeds to a code, by the tables of version 2.0."""

from __future__ import annotations

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardbench.core.errors import InputError
from wardbench.core.sprec import FLUIDS, Fluid, Solid, Spin, sprec

AT = datetime.datetime(2026, 3, 2, 8, 0, tzinfo=datetime.UTC)


def later(**length: float) -> datetime.datetime:
    return AT + datetime.timedelta(**length)


def test_plasma_as_it_is_usually_made() -> None:
    noted = Fluid(
        "Plasma", "PED", AT, later(minutes=90), waited_cold=False, spins=(Spin(2000),),
        frozen=later(minutes=130), kept_cold=True, storage="A",
    )  # fmt: skip
    assert sprec(noted) == "PL1-PED-A-B-N-A-A"


def test_serum_that_was_never_spun_and_plasma_spun_twice() -> None:
    assert sprec(Fluid("Urine", "", AT, spins=(), frozen=later(hours=3), waited_cold=True)) == "URN-XXX-D-N-N-N-X"
    twice = Fluid("Plasma", spins=(Spin(1500, brake=False), Spin(12_000, cold=True)))
    assert sprec(twice) == "PL2-XXX-X-A-J-X-X"


def test_nothing_noted_is_unknown() -> None:
    assert sprec(Fluid("Serum")) == "SER-XXX-X-X-X-X-X"
    assert sprec(Solid("TissueFreshFrozen")) == "TIS-XXX-X-X-XXX-X-X"
    assert sprec(Fluid("Placebo")).startswith("ZZZ")


@pytest.mark.parametrize(
    ("hours", "room", "cold"),
    [(0, "A", "B"), (1.99, "A", "B"), (2, "C", "D"), (4, "E", "F"), (8, "G", "H"), (12, "I", "J"), (24, "K", "L"),
     (47.9, "K", "L"), (48, "M", "N"), (500, "M", "N")],
)  # fmt: skip
def test_the_delay_before_the_centrifuge(hours: float, room: str, cold: str) -> None:
    for is_cold, letter in ((False, room), (True, cold)):
        noted = Fluid("Serum", collected=AT, spun=later(hours=hours), waited_cold=is_cold)
        assert sprec(noted).split("-")[2] == letter


@pytest.mark.parametrize(
    ("hours", "room", "cold"), [(0.5, "B", "A"), (1, "D", "C"), (2, "F", "E"), (8, "H", "G"), (24, "J", "I")]
)
def test_the_delay_after_the_centrifuge(hours: float, room: str, cold: str) -> None:
    for is_cold, letter in ((False, room), (True, cold)):
        noted = Fluid("Serum", spun=AT, spins=(Spin(2000),), frozen=later(hours=hours), kept_cold=is_cold)
        assert sprec(noted).split("-")[5] == letter


@pytest.mark.parametrize(
    ("spin", "letter"),
    [(Spin(2000, brake=False), "A"), (Spin(2000), "B"), (Spin(2000, cold=True, brake=False), "C"),
     (Spin(2999, cold=True), "D"), (Spin(3000), "E"), (Spin(5999, cold=True), "F"), (Spin(6000), "G"),
     (Spin(10_000, cold=True), "H"), (Spin(10_001), "I"), (Spin(20_000, cold=True), "J"),
     (Spin(900, brake=False, minutes=30), "M"), (Spin(2000, minutes=5), "Z"), (Spin(4000, brake=False), "Z")],
)  # fmt: skip
def test_the_centrifuge(spin: Spin, letter: str) -> None:
    assert sprec(Fluid("Serum", spins=(spin,))).split("-")[3] == letter


def test_tissue() -> None:
    minutes = datetime.timedelta(minutes=1)
    noted = Solid("TissueFreshFrozen", "SRG", 5 * minutes, 20 * minutes, "SNP", 10 * minutes, "C")
    assert sprec(noted) == "TIS-SRG-B-D-SNP-A-C"


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="before"):
        sprec(Fluid("Serum", collected=AT, spun=later(hours=-1), waited_cold=True))
    with pytest.raises(InputError, match="container"):
        sprec(Fluid("Serum", "QQQ"))


@given(
    st.sampled_from(sorted(FLUIDS)), st.sampled_from(["", "PED", "SST"]), st.floats(0, 100), st.floats(0, 100),
    st.booleans(), st.booleans(), st.integers(0, 2),
)  # fmt: skip
def test_every_code_has_its_shape(
    material: str, tube: str, before: float, after: float, cold: bool, kept: bool, spins: int
) -> None:
    spun = later(hours=before)
    frozen = spun + datetime.timedelta(hours=after)
    noted = Fluid(material, tube, AT, spun, cold, spins=(Spin(2000),) * spins, frozen=frozen, kept_cold=kept)
    assert re.fullmatch(r"[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z]-[A-Z]-[A-Z]-[A-Z]-[A-Z]", sprec(noted))

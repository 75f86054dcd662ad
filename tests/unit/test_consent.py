"""What donors allow: tiers, two bases, and the same in bits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardbench.core.consent import PRESUMED, Basis, Given, Tier, allows, bits, mask, needed
from wardbench.core.duo import Purpose, Use

GIVEN = st.builds(Given, st.sampled_from(Basis), st.frozensets(st.sampled_from(Tier)), st.booleans(), st.booleans())


@given(GIVEN, st.frozensets(st.sampled_from(Tier)))
def test_bits_and_words_agree(stands: Given, need: frozenset[Tier]) -> None:
    answer = allows(stands, need)
    if stands.withdrawn:
        assert not answer and bits(stands) == 0
    else:
        assert bool(answer) == (bits(stands) & mask(need) == mask(need))
        assert set(answer.missing) == need - stands.tiers


@given(GIVEN)
def test_a_withdrawal_outranks_everything(stands: Given) -> None:
    taken_back = Given(stands.basis, stands.granted, withdrawn=True, opted_out=stands.opted_out)
    assert not allows(taken_back, [Tier.STORAGE]) and taken_back.tiers == frozenset()


def test_residual_material_is_presumed_for_research_alone() -> None:
    assert Given(Basis.RESIDUAL).tiers == PRESUMED
    assert not allows(Given(Basis.RESIDUAL), [Tier.GENETIC])
    assert Given(Basis.WRITTEN).tiers == frozenset()


def test_nothing_is_presumed_against_a_no() -> None:
    said_no = Given(Basis.RESIDUAL, refused=frozenset({Tier.CLINICAL_DATA}))
    assert said_no.tiers == PRESUMED - {Tier.CLINICAL_DATA}
    assert not allows(said_no, [Tier.RESEARCH, Tier.CLINICAL_DATA])


def test_an_opt_out_of_data_leaves_the_material() -> None:
    stands = Given(Basis.RESIDUAL, opted_out=True)
    assert allows(stands, [Tier.RESEARCH])
    answer = allows(stands, [Tier.RESEARCH, Tier.CLINICAL_DATA])
    assert answer.missing == (Tier.CLINICAL_DATA,) and "opted out" in answer.reason


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ({}, set()),
        ({"genetic": True}, {Tier.GENETIC}),
        ({"company": True}, {Tier.COMMERCIAL}),
        ({"abroad": True}, {Tier.ABROAD}),
        ({"record": True}, {Tier.CLINICAL_DATA}),
    ],
)
def test_what_a_use_needs(said: dict[str, bool], more: set[Tier]) -> None:
    assert needed(Purpose(Use.HMB), **said) == {Tier.STORAGE, Tier.RESEARCH} | more


def test_a_purpose_says_it_too() -> None:
    assert Tier.GENETIC in needed(Purpose(Use.HMB, genetic=True))
    assert Tier.COMMERCIAL in needed(Purpose(Use.HMB, commercial=True))


def test_the_bits_of_tiers_do_not_move() -> None:
    assert [mask([tier]) for tier in Tier] == [1 << place for place in range(8)]
    assert list(Tier)[:3] == [Tier.STORAGE, Tier.RESEARCH, Tier.GENETIC]

"""Pseudonyms: the same inside a study, without relation across studies, and recognised after a change of keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.pseudonyms import MOST_DAYS, Pseudonymiser, derive_key, expand

ONE, TWO = bytes(range(32)), bytes(range(1, 33))


def test_expanding_gives_what_rfc_5869_gives() -> None:
    """Its first test case, after the extraction."""
    extracted = bytes.fromhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    wanted = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    assert expand(extracted, bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"), 42).hex() == wanted


def test_deriving_without_salt_gives_what_rfc_5869_gives() -> None:
    """Its third test case: no salt, no purpose."""
    wanted = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert derive_key(b"\x0b" * 22, "", 42).hex() == wanted


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_pseudonym_is_one_patients_alone(first: int, second: int) -> None:
    study = Pseudonymiser({1: ONE}, "S12345")
    assert (study.pseudonym("person", first) == study.pseudonym("person", second)) == (first == second)
    assert study.is_of(study.pseudonym("person", first), "person", second) == (first == second)


def test_two_studies_and_two_hospitals_have_nothing_in_common() -> None:
    patients = range(500)
    studies = [Pseudonymiser({1: ONE}, "S12345"), Pseudonymiser({1: ONE}, "S12346"), Pseudonymiser({1: TWO}, "S12345")]
    names = [{study.pseudonym("person", one) for one in patients} for study in studies]
    assert [len(each) for each in names] == [500, 500, 500]
    assert not names[0] & names[1] and not names[0] & names[2]


def test_what_is_named_is_part_of_the_name() -> None:
    study = Pseudonymiser({1: ONE}, "S12345")
    assert study.pseudonym("person", 7) != study.pseudonym("specimen", 7)
    assert "7" not in study.pseudonym("person", 7).partition("-")[0]


def test_a_new_master_key_names_anew_and_knows_the_old_names() -> None:
    before = Pseudonymiser({1: ONE}, "S12345")
    old = before.pseudonym("person", 42)
    after = Pseudonymiser({1: ONE, 2: TWO}, "S12345")
    new = after.pseudonym("person", 42)
    assert (old[:2], new[:2], after.version) == ("1-", "2-", 2) and old[2:] != new[2:]
    assert after.is_of(old, "person", 42) and after.is_of(new, "person", 42)
    assert after.behind(old, "person", range(100)) == after.behind(new, "person", range(100)) == 42
    assert not before.is_of(new, "person", 42), "the new key is not there"


@pytest.mark.parametrize("said", ["", "x", "1-", "-AAAA", "9-AAAA", "one-AAAA", "1-AAAA"])
def test_what_is_no_pseudonym_is_nobodys(said: str) -> None:
    assert not Pseudonymiser({1: ONE}, "S12345").is_of(said, "person", 1)


def test_dates_move_by_the_same_days_in_a_study_and_by_others_in_another() -> None:
    here, there = Pseudonymiser({1: ONE}, "S12345"), Pseudonymiser({1: ONE}, "S12346")
    moved = [here.days(one) for one in range(2000)]
    assert moved == [here.days(one) for one in range(2000)]
    assert moved == [Pseudonymiser({1: ONE, 2: TWO}, "S12345").days(one) for one in range(2000)], "not by rotation"
    assert set(map(abs, moved)) <= set(range(1, MOST_DAYS + 1)) and len(set(moved)) > 300
    assert sum(a == b for a, b in zip(moved, map(there.days, range(2000)), strict=True)) < 40


@pytest.mark.parametrize(("masters", "study"), [({}, "S1"), ({1: b"short"}, "S1"), ({0: ONE}, "S1"), ({1: ONE}, "")])
def test_without_a_key_or_a_study_there_are_none(masters: dict[int, bytes], study: str) -> None:
    with pytest.raises(InputError):
        Pseudonymiser(masters, study)


def test_a_version_without_key_is_said() -> None:
    with pytest.raises(NotFoundError, match="version 3"):
        Pseudonymiser({1: ONE}, "S12345").pseudonym("person", 1, version=3)


def test_keys_are_not_printed() -> None:
    assert ONE.hex() not in repr(Pseudonymiser({1: ONE}, "S12345")) and "masters" not in repr(
        Pseudonymiser({1: ONE}, "S12345")
    )

"""Feasibility counts: the noise is what it is said to be, and what is shown gives nothing of the truth away."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardbench.core.disclosure.feasibility import BASE, SCALE, THRESHOLD, Bits, FeasibilityRules, two_sided_geometric

KEY = bytes(range(32))
RULES = FeasibilityRules(KEY, "v1")


def question(number: int) -> bytes:
    return b"question %d" % number


def test_the_noise_has_its_distribution() -> None:
    """Against the distribution itself: a chi-squared test over all whole numbers that are likely enough."""
    draws = 40_000
    found = Counter(two_sided_geometric(Bits(number.to_bytes(32, "big"))) for number in range(draws))
    alpha = math.exp(-1 / SCALE)
    chances = {k: (1 - alpha) / (1 + alpha) * alpha ** abs(k) for k in range(-60, 61)}
    others = 1 - sum(chances.values())
    statistic = sum((found[k] - draws * p) ** 2 / (draws * p) for k, p in chances.items())
    beyond = draws - sum(found[k] for k in chances)
    statistic += (beyond - draws * others) ** 2 / (draws * others)
    # 121 degrees of freedom: more than 180 has a chance of 0.0004.
    assert statistic < 180


def test_bits_are_even_below_any_number() -> None:
    bits = Bits(KEY)
    for end in (1, 2, 3, 7, 10):
        found = Counter(bits.below(end) for _ in range(7000))
        assert set(found) == set(range(end))
        assert max(found.values()) - min(found.values()) < 6 * math.sqrt(7000 / end)


@given(st.integers(0, 2000), st.integers(0, 10**6))
def test_only_few_and_multiples_of_five_are_shown(persons: int, number: int) -> None:
    shown = RULES.count(persons, question(number))
    if shown.value is None:
        assert shown.text == "fewer than 10"
    else:
        assert shown.value >= THRESHOLD and shown.value % BASE == 0


@given(st.integers(0, 2000), st.integers(0, 10**6))
def test_the_same_question_has_the_same_answer(persons: int, number: int) -> None:
    assert RULES.count(persons, question(number)) == FeasibilityRules(KEY, "v1").count(persons, question(number))


def test_another_question_snapshot_or_site_has_other_noise() -> None:
    def answers(rules: FeasibilityRules, numbers: range) -> list[str]:
        return [rules.count(500, question(number)).text for number in numbers]

    here = answers(RULES, range(50))
    assert here != answers(RULES, range(50, 100))
    assert here != answers(FeasibilityRules(KEY, "v2"), range(50))
    assert here != answers(FeasibilityRules(bytes(32), "v1"), range(50))


def test_a_snapshot_and_a_question_are_not_mixed_up() -> None:
    """What ends one and begins the other decides the noise."""
    one = [FeasibilityRules(KEY, "v1").count(500, b"1q%d" % n).text for n in range(50)]
    other = [FeasibilityRules(KEY, "v11").count(500, b"q%d" % n).text for n in range(50)]
    assert one != other


def test_noise_does_not_depend_on_the_count() -> None:
    """Else an equal answer would tell that two counts are equal."""
    for number in range(200):
        shown = [RULES.count(1000 + step, question(number)).value for step in range(0, 50, BASE)]
        assert [later - earlier for earlier, later in itertools.pairwise(shown)] == [BASE] * 9


def test_nobody_reads_like_a_few() -> None:
    texts = {RULES.count(persons, question(number)).text for persons in (0, 3, 9) for number in range(40)}
    assert "fewer than 10" in texts and "0" not in texts


def test_cells_have_noise_of_their_own() -> None:
    shown = RULES.cells({"male": 500, "female": 500, "unknown": 500}, question(1))
    assert len({figure.text for figure in shown.values()}) > 1


def test_what_the_notes_say_of_the_noise_is_true() -> None:
    alpha = math.exp(-1 / SCALE)

    def beyond(k: int) -> float:
        return 2 * alpha ** (k + 1) / (1 + alpha)

    assert 0.30 < beyond(10) < 0.36 and round(beyond(45), 2) == 0.01


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        FeasibilityRules(b"short", "v1")

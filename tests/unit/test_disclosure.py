"""Disclosure control: what each mode shows, and that what is hidden cannot be computed from what is shown.

The attacker of these tests knows the algorithm. Every table over a small domain is released; tables with the same
output form a class; a hidden number is safe when the class leaves as many values open as "fewer than ten" does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardbench.core.disclosure import ExactRules, Figure, Quantiles, ReleaseRules, percent, rules_for
from wardbench.core.disclosure.figures import significant
from wardbench.core.errors import InputError

Table = tuple[int, ...]
SMALL = ReleaseRules(threshold=3, base=2)
RELEASE = ReleaseRules()


def texts(figures: Iterable[Figure]) -> list[str]:
    return [figure.text for figure in figures]


def groups(rules: ReleaseRules, cells: Sequence[int]) -> list[tuple[tuple[int, ...], str]]:
    return [(group.members, group.count.text) for group in rules.partition(cells)]


def exposed(
    tables: Iterable[Table],
    release: Callable[[Table], Any],
    secrets: Callable[[Table], Iterable[int]],
    threshold: int,
) -> list[tuple[Any, int, set[int]]]:
    """Outputs from which some secret below the threshold is narrowed further: output, which secret, what is left."""
    classes: dict[Any, list[tuple[int, ...]]] = defaultdict(list)
    for table in tables:
        classes[release(table)].append(tuple(secrets(table)))
    found = []
    for output, members in classes.items():
        for number, candidates in enumerate(map(set, zip(*members, strict=True))):
            if min(candidates) < threshold and len(candidates) < threshold:
                found.append((output, number, candidates))
    return found


def partition_attack(rules: ReleaseRules, cells: int, top: int) -> list[Any]:
    """Attack a partition by somebody who knows the whole and every sum that is shown without its rounding."""

    def release(table: Table) -> Any:
        shown = rules.partition(table)
        sums = tuple(None if g.count.value is None else sum(table[i] for i in g.members) for g in shown)
        return sum(table), tuple((g.members, g.count.text) for g in shown), sums

    # Larger sums would need larger cells than the domain has, and only look narrower than they are.
    tables = [t for t in product(range(top + 1), repeat=cells) if rules.threshold <= sum(t) <= top]
    assert len(tables) > 100
    return exposed(tables, release, lambda table: table, rules.threshold)


@pytest.mark.parametrize(
    ("rules", "cells", "top"), [(RELEASE, 2, 40), (RELEASE, 3, 36), (SMALL, 4, 12), (SMALL, 5, 9), (SMALL, 6, 8)]
)
def test_no_small_cell_of_a_partition_is_narrowed_even_by_exact_sums(rules: ReleaseRules, cells: int, top: int) -> None:
    assert partition_attack(rules, cells, top) == []


def test_blanking_small_cells_beside_a_total_is_recoverable() -> None:
    """The control: the attack does find what the naive rule gives away."""

    def naive(table: Table) -> Any:
        return sum(table), tuple(n if n >= 3 else "fewer than 3" for n in table)

    tables = [t for t in product(range(13), repeat=3) if sum(t) <= 12]
    assert ((13 - 3, (5, 4, "fewer than 3")), 2, {1}) in exposed(tables, naive, lambda t: t, 3)


def test_blanking_the_smallest_other_cell_as_well_still_narrows() -> None:
    """The control for merging by position: a complement chosen by its size is bounded by the cells that are shown."""

    def smallest(table: Table) -> Any:
        hidden = {i for i, n in enumerate(table) if n < 3}
        if len(hidden) == 1:
            hidden.add(min((n, i) for i, n in enumerate(table) if i not in hidden)[1])
        return sum(table), tuple("hidden" if i in hidden else n for i, n in enumerate(table))

    tables = [t for t in product(range(13), repeat=3) if sum(t) <= 12]
    assert exposed(tables, smallest, lambda t: t, 3)


def chain_attack(rules: ReleaseRules, steps: int, top: int) -> list[Any]:
    """Attack a chain by somebody who knows the steps that are shown without their rounding."""

    def release(table: Table) -> Any:
        shown = rules.chain(table)
        return tuple((f.text, None if f.value is None else n) for f, n in zip(shown, table, strict=True))

    def differences(table: Table) -> list[int]:
        return [a - b for a, b in combinations(table, 2)] + list(table)

    tables = [t for t in product(range(top + 1), repeat=steps) if all(a >= b for a, b in pairwise(t))]
    margin = top - rules.threshold + 1
    inside = [t for t in tables if t[0] <= margin]
    outputs = {release(t) for t in inside}
    return exposed((t for t in tables if release(t) in outputs), release, differences, rules.threshold)


@pytest.mark.parametrize(
    ("rules", "steps", "top"), [(RELEASE, 2, 60), (RELEASE, 3, 36), (SMALL, 4, 14), (SMALL, 5, 11)]
)
def test_no_two_steps_of_a_chain_can_be_subtracted_to_a_small_number(rules: ReleaseRules, steps: int, top: int) -> None:
    assert chain_attack(rules, steps, top) == []


def test_rounding_steps_one_by_one_lets_them_be_subtracted() -> None:
    """The control: two steps that round to the same number are known to lie close together."""

    def naive(table: Table) -> Any:
        return tuple(rounded(n) if n >= 10 else "fewer than 10" for n in table)

    def rounded(n: int) -> int:
        return 5 * ((n + 2) // 5)

    tables = [t for t in product(range(41), repeat=2) if t[0] >= t[1]]
    assert ((30, 30), 0, set(range(5))) in exposed(tables, naive, lambda t: (t[0] - t[1],), 10)


def test_a_part_and_the_rest_of_a_known_whole_stay_hidden() -> None:
    tables = [(part, rest) for part in range(60) for rest in range(60) if 20 <= part + rest < 60]

    def release(table: Table) -> Any:
        return sum(table), RELEASE.part(table[0], sum(table)).text

    assert exposed(tables, release, lambda table: table, 10) == []


counts = st.integers(0, 60)


@given(st.lists(counts, max_size=8), counts)
def test_release_shows_words_or_multiples_of_five(cells: list[int], whole: int) -> None:
    figures = [group.count for group in RELEASE.partition(cells)]
    figures += RELEASE.chain(sorted(cells, reverse=True))
    figures += [RELEASE.total(whole), *(RELEASE.part(min(n, whole), whole) for n in cells)]
    figures += [RELEASE.amount(sum(cells), sum(n > 0 for n in cells), sorted(cells, reverse=True)[:2])]
    for figure in figures:
        if figure.value is None:
            assert figure.text in {"fewer than 10", "nearly all", "not shown"}
        else:
            assert figure.value % 5 == 0
            assert figure.value >= 10
            assert figure.text == f"{figure.value:,}"


@given(st.lists(counts, min_size=1, max_size=8))
def test_a_partition_keeps_every_category_once_and_in_order(cells: list[int]) -> None:
    for rules in (RELEASE, ExactRules()):
        assert [i for group in rules.partition(cells) for i in group.members] == list(range(len(cells)))


@given(st.lists(counts, min_size=1, max_size=8))
def test_what_is_shown_of_a_partition_adds_up_to_the_whole_but_for_rounding(cells: list[int]) -> None:
    values = [group.count.value for group in RELEASE.partition(cells)]
    if None not in values:
        assert abs(sum(v for v in values if v is not None) - sum(cells)) <= 2 * len(values)


def test_large_enough_categories_stand_alone() -> None:
    assert groups(RELEASE, [12, 10, 48]) == [((0,), "10"), ((1,), "10"), ((2,), "50")]


def test_small_categories_join_the_next_and_a_small_tail_joins_the_one_before() -> None:
    assert groups(RELEASE, [0, 3, 12, 50, 60, 4]) == [((0, 1, 2), "15"), ((3,), "50"), ((4, 5), "65")]


def test_where_all_would_stand_together_the_first_category_is_told_from_the_others() -> None:
    assert groups(RELEASE, [2, 100, 3, 4]) == [((0,), "fewer than 10"), ((1, 2, 3), "nearly all")]
    assert groups(RELEASE, [100, 0]) == [((0,), "nearly all"), ((1,), "fewer than 10")]
    assert groups(RELEASE, [10, 9]) == [((0, 1), "20")]


def test_too_few_persons_for_any_category() -> None:
    assert groups(RELEASE, [4, 5]) == [((0, 1), "fewer than 10")]
    assert RELEASE.partition([]) == ()


def test_a_chain_keeps_its_last_step_and_every_step_that_is_far_from_its_neighbours() -> None:
    assert texts(RELEASE.chain([103, 98, 60, 22, 20])) == ["105", "not shown", "60", "not shown", "20"]
    assert texts(RELEASE.chain([100, 97])) == ["not shown", "95"]
    assert texts(RELEASE.chain([100, 15, 8])) == ["100", "15", "fewer than 10"]
    assert RELEASE.chain([]) == ()


@pytest.mark.parametrize("rules", [RELEASE])
def test_a_chain_that_grows_is_refused(rules: ReleaseRules) -> None:
    with pytest.raises(ValueError, match="part of the one before"):
        rules.chain([10, 11])


def test_an_amount_is_hidden_when_few_persons_or_one_or_two_make_most_of_it() -> None:
    assert RELEASE.amount(100, 30, [8, 7]).text == "100"
    assert RELEASE.amount(100, 9, [8, 7]).text == "not shown"
    assert RELEASE.amount(100, 95, [2, 2]).text == "not shown"
    assert RELEASE.amount(1000, 30, [600, 320]).text == "not shown"
    assert RELEASE.amount(1000, 30, [600, 300]).text == "1,000"
    assert RELEASE.amount(0, 0, []).text == "not shown"


def test_ten_is_enough_and_nine_is_not() -> None:
    assert [RELEASE.total(n).text for n in (0, 9, 10, 12, 13)] == ["fewer than 10", "fewer than 10", "10", "10", "15"]
    assert [RELEASE.part(n, 30).text for n in (9, 10, 20, 21, 30)] == [
        "fewer than 10",
        "10",
        "20",
        "nearly all",
        "nearly all",
    ]
    assert [RELEASE.listed(n) for n in (9, 10)] == [False, True]
    assert [ExactRules().listed(n) for n in (0, 1)] == [False, True]


def test_quantiles_need_persons_on_either_side() -> None:
    def shown(persons: int) -> list[str]:
        spread = RELEASE.quantiles(Quantiles(persons, 41.25, 52.348, 1234.5))
        return texts([spread.q25, spread.median, spread.q75])

    assert shown(22) == ["not shown"] * 3
    assert shown(23) == ["not shown", "52.3", "not shown"]
    assert shown(42) == ["not shown", "52.3", "not shown"]
    assert shown(43) == ["41.2", "52.3", "1,230"]


def test_whether_a_median_shows_says_no_more_than_the_counts_that_show() -> None:
    for whole in range(10, 90):
        seen: dict[str, set[tuple[str, str, str]]] = {}
        for persons in range(10, whole + 1):
            spread = RELEASE.quantiles(Quantiles(persons, 1.0, 2.0, 3.0), whole)
            shown = tuple(texts([spread.q25, spread.median, spread.q75]))
            seen.setdefault(RELEASE.part(persons, whole).text, set()).add((shown[0], shown[1], shown[2]))
            assert shown[1] == "not shown" or persons >= 20
            assert shown[0] == "not shown" or persons >= 40
        assert all(len(spreads) == 1 for spreads in seen.values()), (whole, seen)
    # The whole itself is rounded too: wholes that read the same have the same spreads for "nearly all".
    for whole in range(12, 90):
        rounded = 5 * ((whole + 2) // 5)
        assert RELEASE.quantiles(Quantiles(whole, 1.0, 2.0, 3.0), whole) == RELEASE.quantiles(
            Quantiles(rounded, 1.0, 2.0, 3.0), rounded
        )


def test_exact_shows_everything_and_says_that_it_is_not_for_release() -> None:
    rules = rules_for("exact")
    assert "not for release" in rules.label
    assert rules.total(3).text == "3"
    assert rules.part(1, 1234).text == "1"
    assert [g.count.text for g in rules.partition([0, 1, 1234])] == ["0", "1", "1,234"]
    assert texts(rules.chain([5, 4, 4])) == ["5", "4", "4"]
    assert rules.amount(2, 1, [2]).text == "2"
    spread = rules.quantiles(Quantiles(1, 1.0, 1.23456, None))
    assert texts([spread.q25, spread.median, spread.q75]) == ["1", "1.235", "none"]


def test_an_unknown_mode_is_refused_by_name() -> None:
    assert rules_for("release") == RELEASE
    with pytest.raises(InputError, match="'open' is none of release, exact"):
        rules_for("open")


@pytest.mark.parametrize("base", [0, 11])
def test_a_rounding_base_beyond_the_threshold_is_refused(base: int) -> None:
    with pytest.raises(ValueError, match="between 1 and the threshold"):
        ReleaseRules(threshold=10, base=base)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.012345, "0.0123"),
        (54.0, "54"),
        (99.96, "100"),
        (12345.6, "12,300"),
        (-7.126, "-7.13"),
        (1e-9, "0.000000001"),
    ],
)
def test_significant_digits(value: float, text: str) -> None:
    assert significant(value, 3).text == text


def test_percentages_come_from_what_is_shown() -> None:
    assert percent(Figure(15, "15"), Figure(40, "40")) == "38%"
    assert percent(Figure(15, "15"), Figure(40, "40"), decimals=1) == "37.5%"
    assert percent(Figure(None, "nearly all"), Figure(40, "40")) == ""
    assert percent(Figure(10, "10"), Figure(None, "fewer than 10")) == ""

"""Pick lists are the best there are, the same each time, and say how balanced they are."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardbench.core.errors import InputError
from wardbench.ward.samples.matching import Candidates, cheapest, difference, match

numbers = st.sampled_from((0.0, 1.0, 2.0, 5.0))


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda rows: st.integers(rows, 5).flatmap(
            lambda columns: st.lists(
                st.lists(numbers, min_size=columns, max_size=columns), min_size=rows, max_size=rows
            )
        )
    )
)
def test_the_assignment_costs_no_more_than_any_other(cost: list[list[float]]) -> None:
    table = np.array(cost)
    found = cheapest(table)
    assert np.unique(found).size == len(cost)
    rows = np.arange(len(cost))
    least = min(table[rows, list(columns)].sum() for columns in permutations(range(table.shape[1]), len(cost)))
    assert table[rows, found].sum() == pytest.approx(least)


@st.composite
def sides(draw: st.DrawFn, name: str, most: int) -> Candidates:
    size = draw(st.integers(1, most))
    return Candidates(
        [f"{name}{number}" for number in range(size)],
        draw(st.lists(st.sampled_from(("d1", "d2", "d3", "d4", "d5")), min_size=size, max_size=size)),
        {"sex": draw(st.lists(st.sampled_from(("f", "m")), min_size=size, max_size=size))},
        {"age": draw(st.lists(numbers, min_size=size, max_size=size))},
    )


@settings(max_examples=150, deadline=None)
@given(sides("case", 3), sides("control", 6), st.integers(1, 2))
def test_lists_are_as_close_as_any(cases: Candidates, controls: Candidates, each: int) -> None:
    found = match(cases, controls, count=3, each=each)
    names = {name: row for row, name in enumerate(controls.specimens)}
    own = {name: row for row, name in enumerate(cases.specimens)}
    donors = [cases.donors[own[one.case]] for one in found.sets]
    donors += [controls.donors[names[control]] for one in found.sets for control in one.controls]
    assert len(set(donors)) == len(donors)
    for one in found.sets:
        assert len(one.controls) == each
        assert {controls.exact["sex"][names[c]] for c in one.controls} == {cases.exact["sex"][own[one.case]]}
    taken = {cases.donors[own[name]] for name in [*(one.case for one in found.sets), *found.unmatched]}
    usable = [row for row, donor in enumerate(controls.donors) if donor not in taken]
    places = [own[one.case] for one in found.sets for _ in range(each)]
    ages = np.array([*cases.close["age"], *controls.close["age"]])
    spread = ages.std() or 1.0

    def cost(rows: tuple[int, ...]) -> float:
        fits = len({controls.donors[row] for row in rows}) == len(rows) and all(
            controls.exact["sex"][row] == cases.exact["sex"][place] for place, row in zip(places, rows, strict=True)
        )
        away = (cases.close["age"][place] - controls.close["age"][row] for place, row in zip(places, rows, strict=True))
        return sum((one / spread) ** 2 for one in away) if fits else np.inf

    if places:
        assert found.cost == pytest.approx(min(cost(rows) for rows in permutations(usable, len(places))))
    assert match(cases, controls, count=3, each=each) == found


def test_a_nearest_control_is_left_to_who_needs_it_more() -> None:
    """One after the other the first case takes 50, and leaves 10 to the second."""
    cases = Candidates(["a", "b"], ["d1", "d2"], {}, {"age": [45.0, 52.0]})
    controls = Candidates(["x", "y"], ["d3", "d4"], {}, {"age": [50.0, 38.0]})
    found = match(cases, controls, count=2)
    assert [(one.case, one.controls) for one in found.sets] == [("a", ("y",)), ("b", ("x",))]


def test_balance_is_told_before_and_after() -> None:
    rng = np.random.default_rng(1)
    young, old = rng.normal(40, 10, 200), rng.normal(60, 10, 40)
    cases = Candidates([f"a{n}" for n in range(40)], [f"d{n}" for n in range(40)], {"sex": ["f"] * 40}, {"age": old})
    sexes = ["f", "m"] * 100
    controls = Candidates([f"b{n}" for n in range(200)], [f"e{n}" for n in range(200)], {"sex": sexes}, {"age": young})
    found = match(cases, controls, count=20)
    balance = {one.covariate: one for one in found.balance}
    assert len(found.sets) == 20 and not found.unmatched
    assert balance["age"].before == pytest.approx(difference(old, young))
    assert abs(balance["age"].after or 9) < abs(balance["age"].before or 0)
    assert balance["sex f"].after == 0.0 and balance["sex m"].before is not None and balance["sex m"].before < 0


def test_too_few_controls_are_said() -> None:
    cases = Candidates(["a", "b", "c"], ["d1", "d2", "d2"], {"sex": ["f", "m", "m"]}, {"age": [1.0, 2.0, 3.0]})
    controls = Candidates(["x", "y"], ["d1", "d3"], {"sex": ["f", "m"]}, {"age": [1.0, 2.0]})
    found = match(cases, controls, count=3)
    assert [one.case for one in found.sets] == ["b"] and found.unmatched == ("a",)


def test_what_cannot_be_compared_is_refused() -> None:
    good = Candidates(["a"], ["d"], {}, {"age": [1.0]})
    with pytest.raises(InputError, match="same columns"):
        match(good, Candidates(["b"], ["e"], {"sex": ["f"]}, {"age": [1.0]}), count=1)
    with pytest.raises(InputError, match="not known"):
        Candidates(["a"], ["d"], {}, {"age": [float("nan")]})
    with pytest.raises(InputError, match="a value for each"):
        Candidates(["a"], [], {}, {})
    for count, each in ((0, 1), (1, 0), (1001, 1)):
        with pytest.raises(InputError, match="ask for"):
            match(good, good, count=count, each=each)


def test_the_standardised_difference() -> None:
    assert difference(np.array([1.0, 3.0]), np.array([2.0, 4.0])) == pytest.approx(-1.0)
    assert difference(np.array([1.0]), np.array([1.0])) == 0.0
    assert difference(np.array([2.0]), np.array([1.0])) == np.inf
    assert difference(np.array([]), np.array([1.0])) is None

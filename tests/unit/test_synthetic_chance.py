"""Draws depend on the seed, the name, the person and the number, and on nothing else."""

from __future__ import annotations

import numpy as np

from wardbench.synthetic.chance import Chance

PEOPLE = np.arange(50_000)


def test_draws_are_the_same_for_a_person_whoever_else_is_drawn() -> None:
    alone = Chance(7).uniform("x", PEOPLE[123:124])
    assert alone[0] == Chance(7).uniform("x", PEOPLE)[123]
    assert Chance(7).uniform("x", PEOPLE[:, None], np.arange(3)[None, :])[123, 2] == Chance(7).uniform(
        "x", PEOPLE[123:124], 2
    )


def test_seed_name_and_number_each_give_other_draws() -> None:
    first = Chance(7).uniform("x", PEOPLE)
    for other in (Chance(8).uniform("x", PEOPLE), Chance(7).uniform("y", PEOPLE), Chance(7).uniform("x", PEOPLE, 1)):
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.02


def test_neighbours_and_numbers_are_independent() -> None:
    grid = Chance(7).uniform("x", PEOPLE[:, None], np.arange(4)[None, :])
    assert abs(np.corrcoef(grid[:-1, 0], grid[1:, 0])[0, 1]) < 0.02
    assert abs(np.corrcoef(grid[:, 0], grid[:, 1])[0, 1]) < 0.02


def test_draws_have_the_distribution_they_are_named_after() -> None:
    chance = Chance(7)
    uniform = chance.uniform("u", PEOPLE)
    assert uniform.min() > 0 and uniform.max() < 1
    assert np.allclose(np.quantile(uniform, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.01)
    normal = chance.normal("n", PEOPLE)
    assert np.allclose(np.quantile(normal, [0.025, 0.5, 0.975]), [-1.96, 0, 1.96], atol=0.04)
    assert np.isclose(chance.exponential("e", PEOPLE).mean(), 1, atol=0.02)
    assert np.array_equal(np.unique(chance.whole("w", 3, 6, PEOPLE)), [3, 4, 5, 6])
    assert np.isclose(chance.happens("h", 0.3, PEOPLE).mean(), 0.3, atol=0.01)


def test_choices_follow_their_weights_alike_or_person_by_person() -> None:
    chance = Chance(7)
    shared = np.bincount(chance.choose("c", (1, 2, 1), PEOPLE)) / len(PEOPLE)
    assert np.allclose(shared, [0.25, 0.5, 0.25], atol=0.01)
    own = np.where(PEOPLE[:, None] % 2 == 0, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 1.0]])
    chosen = chance.choose("c", own, PEOPLE)
    assert set(chosen[::2]) == {0}
    assert np.allclose(np.bincount(chosen[1::2]) / (len(PEOPLE) / 2), [0, 0.5, 0.5], atol=0.01)

"""The fast hazard ratio of two arms beside Cox's regression in general, on days full of ties."""

from __future__ import annotations

import numpy as np
import pytest

from wardbench.bench.outcomes.cox import cox
from wardbench.bench.outcomes.hazards import arm_ratio
from wardbench.core.errors import InputError


@pytest.mark.parametrize("seed", range(12))
def test_two_ways_to_one_ratio(seed: int) -> None:
    chance = np.random.default_rng(seed)
    n = int(chance.integers(30, 400))
    arm = chance.random(n) < 0.4
    days = np.ceil(chance.exponential(6 - 2 * arm)).astype(float)
    happened = chance.random(n) < 0.7
    weight = np.where(chance.random(n) < 0.2, 0.0, chance.uniform(0.2, 3, n)) if seed % 2 else None
    cluster = chance.integers(0, n, n) if seed % 3 else None
    expected = cox(days, happened, arm.astype(float), weight, cluster)
    found = arm_ratio(days, happened, arm, weight, cluster)
    assert found.log == pytest.approx(expected.coefficients[0], abs=1e-7)
    assert found.error == pytest.approx(expected.robust_errors[0], rel=1e-6)
    assert found.proportional_p == pytest.approx(expected.proportional_p[0], rel=1e-5, abs=1e-9)


def test_what_has_no_ratio_is_refused() -> None:
    days, arm = np.array([3.0, 4.0, 5.0, 6.0]), np.array([1, 1, 0, 0])
    for happened in (np.zeros(4), np.array([0, 0, 1, 1]), np.array([1, 0, 0, 0])):
        with pytest.raises(InputError):
            arm_ratio(days, happened, arm)


@pytest.mark.parametrize("seed", range(20))
def test_outcomes_of_one_arm_alone_have_no_ratio(seed: int) -> None:
    """Rounding ends the climb at e to the 37; beside the arm that had none, or after everybody else was gone."""
    chance = np.random.default_rng(seed)
    n = 200
    arm = chance.random(n) < 0.5
    days = chance.integers(1, 1000, n).astype(float)
    happened = arm & (chance.random(n) < 0.1)
    weight = chance.uniform(0.2, 3, n) if seed % 2 else np.ones(n)
    # One more of the other arm, when nobody of the arm is left.
    gone = np.append(days, 2000.0), np.append(happened, True), np.append(arm, False), np.append(weight, 1.0)
    for at, had, of, worth in ((days, happened, arm, weight), (days, happened, ~arm, weight), gone):
        with pytest.raises(InputError, match="could not be estimated"):
            arm_ratio(at, had, of, worth)

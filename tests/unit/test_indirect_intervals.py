"""Reference intervals from mixtures whose healthy part is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from wardbench.core.errors import InputError
from wardbench.ward.benchmark.indirect import back, bins, fit, forward, rounding


def mixture(seed: int, power: float, mean: float, deviation: float, ill: float, digits: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    healthy = back(random.normal(mean, deviation, 20_000), power)
    top = float(back(mean + 2 * deviation, power))
    low = float(back(mean - 2 * deviation, power))
    many = int(20_000 * ill / 2)
    above, below = random.normal(top * 1.3, top * 0.25, many), random.normal(low * 0.75, low * 0.15, many)
    values = np.round(np.concatenate([healthy, above, below]), digits)
    return values[values > 0]


@pytest.mark.parametrize(("power", "mean", "deviation"), [(0.0, 3.0, 0.25), (0.5, 12.0, 1.2), (1.0, 100.0, 12.0)])
@pytest.mark.parametrize("ill", [0.0, 0.2])
def test_the_healthy_are_found(power: float, mean: float, deviation: float, ill: float) -> None:
    z = float(special.ndtri(0.975))
    truth = back(np.array([mean - z * deviation, mean + z * deviation]), power)
    errors = [
        np.abs(np.array(fit(mixture(seed, power, mean, deviation, ill, 1)).limits()) / truth - 1).mean()
        for seed in range(3)
    ]
    assert np.mean(errors) < 0.05


def test_the_unit_does_not_matter() -> None:
    values = mixture(1, 0.5, 12.0, 1.2, 0.2, 1)
    assert np.array(fit(values * 10).limits()) == pytest.approx(10 * np.array(fit(values).limits()), rel=0.02)


@pytest.mark.parametrize("power", [0.0, 0.3, 1.0, 1.5])
def test_there_and_back(power: float) -> None:
    values = np.array([0.01, 1, 20])
    assert back(forward(values, power), power) == pytest.approx(values)


@pytest.mark.parametrize(("digits", "step"), [(0, 1), (1, 0.1), (2, 0.01)])
def test_bins_lie_between_rounded_values(digits: int, step: float) -> None:
    values = np.round(np.random.default_rng(2).normal(30, 4, 3000), digits)
    assert rounding(values) == step
    offset = bins(values) / step % 1
    assert offset == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("values", [np.full(2000, 5.0), np.ones(10), np.full(2000, -1.0), np.full(2000, np.nan)])
def test_what_tells_nothing_is_refused(values: np.ndarray) -> None:
    with pytest.raises(InputError):
        fit(values)

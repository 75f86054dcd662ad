"""Method comparison beside published figures and second implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from wardbench.core.errors import InputError
from wardbench.ward.benchmark.methods import bland_altman, linearity, passing_bablok

WRIGHT = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427], dtype=float)
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451], dtype=float)
"""Peak flow of 17 persons by two meters, first readings, l/min: table 1 of Bland and Altman, Lancet 1986."""


SMALL_X = np.array(
    [
        24.7945, 54.4927, 71.4003, 8.2442, 52.5095, 49.6072, 83.8276, 47.9954, 65.3946, 60.6219, 5.483, 84.6613,
        73.8714, 47.9438, 59.6174, 59.7517, 67.5262, 43.7997, 45.6335, 26.7328, 53.9428, 78.077, 96.8983, 77.0737,
        29.1866, 39.5302, 78.2301, 68.912, 13.5164, 28.2444, 46.7351, 79.787, 26.1963, 67.2743, 59.0586, 34.3476,
        70.7269, 13.8877, 15.2438, 51.7624, 3.7775, 44.5375, 73.2847, 24.1853, 14.4587, 31.5522, 4.0416, 72.4708,
        28.8849, 18.1455,
    ]
)  # fmt: skip
SMALL_Y = np.array(
    [
        21.1052, 42.3169, 65.2087, 9.2479, 66.6344, 37.9577, 95.6085, 57.8813, 59.8253, 62.9197, 6.4532, 68.1546,
        61.4329, 36.248, 45.3667, 45.1338, 58.8802, 53.5867, 51.0872, 20.0471, 55.2967, 73.4531, 85.6661, 69.2782,
        27.7691, 45.0793, 74.0915, 85.1728, 14.8163, 28.1424, 47.0798, 92.6815, 27.3628, 67.5936, 59.1235, 42.0744,
        58.2539, 11.5177, 13.7799, 59.5001, 3.8724, 35.9395, 100.596, 19.3944, 12.7872, 33.3373, 3.3913, 62.7886,
        31.3099, 19.721,
    ]
)  # fmt: skip
"""Fifty simulated pairs with which the R package mcr 1.3 is tested (inst/unitTests, AnaIT.TD9, "small values"), times a
million and to four places."""


def test_the_regression_has_the_reference_values_of_mcr() -> None:
    """Those of its test: slope 0.991593 (0.884028 to 1.123731), intercept -2.44855e-7 (-5.11589e-6 to 2.05171e-6). Its
    limits lie between two slopes, ours on the one further out, as the paper has it."""
    found = passing_bablok(SMALL_X, SMALL_Y)
    assert found.slope == pytest.approx(0.991592719686709, abs=2e-6)
    assert found.slope_interval == pytest.approx((0.88402817327764, 1.12373138870351), abs=1e-4)
    assert found.intercept == pytest.approx(-0.244854969, abs=1e-4)
    assert found.intercept_interval == pytest.approx((-5.11589054, 2.05171479), abs=0.004)


def test_the_regression_has_the_values_that_mcr_gives_for_a_small_set() -> None:
    """Those that the package methcomp 1.0 is tested with: 1.0050 (0.9848 to 1.0266), 0.0125 (-0.2975 to 0.1393)."""
    x = np.arange(1.0, 21.0)
    y = np.array(
        [
            1.03, 2.05, 2.79, 3.67, 5.00, 5.82, 7.16, 7.69, 8.53, 10.38, 11.11, 12.17, 13.47, 13.83, 15.15, 16.12,
            16.94, 18.09, 19.13, 19.54,
        ]
    )  # fmt: skip
    found = passing_bablok(x, y)
    assert (found.slope, found.intercept) == pytest.approx((1.0050, 0.0125), abs=0.00006)
    assert found.slope_interval == pytest.approx((0.9848077, 1.0265805), abs=0.002)
    assert found.intercept_interval == pytest.approx((-0.2975146, 0.1393271), abs=0.02)


def test_the_peak_flow_meters_of_the_first_paper() -> None:
    """A mean difference of -2.1 (-22.0 to 17.8) and a deviation of 38.8; their limits are 2 deviations away."""
    found = bland_altman(MINI, WRIGHT)
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.deviation == pytest.approx(38.8, abs=0.05)
    assert found.bias_interval == pytest.approx((-22.0, 17.8), abs=0.15)
    assert (found.bias - 2 * found.deviation, found.bias + 2 * found.deviation) == pytest.approx(
        (-79.7, 75.5), abs=0.15
    )
    # Their approximate intervals of the limits: -114.3 to -45.1 and 40.9 to 110.1. The exact ones lie further out.
    assert found.lower_interval[1] < -45.1 and -150 < found.lower_interval[0] < -100
    assert (found.lower + found.upper) / 2 == pytest.approx(found.bias)


def test_exact_intervals_of_limits_cover_them() -> None:
    random, held = np.random.default_rng(2), 0
    for _ in range(400):
        apart = random.normal(0, 1, 20)
        middle = random.normal(50, 10, 20)
        low, high = bland_altman(middle - apart / 2, middle + apart / 2).upper_interval
        held += low <= 1.959964 <= high
    assert held / 400 == pytest.approx(0.95, abs=0.03)


def test_a_trend_of_the_differences_is_seen() -> None:
    random = np.random.default_rng(4)
    x = random.uniform(10, 100, 80)
    found = bland_altman(x, 1.1 * x + random.normal(0, 1, 80))
    assert found.trend == pytest.approx(0.1 / 1.05, abs=0.01) and found.trend_probability < 1e-6
    level = bland_altman(x, x + random.normal(0, 1, 80))
    assert level.trend_interval[0] < 0 < level.trend_interval[1]


def by_hand(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float, float]:
    """Passing and Bablok's procedure word by word, with loops: slope, its interval and the intercept."""
    slopes = []
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            if x[i] == x[j] and y[i] == y[j]:
                continue
            slope = np.inf * np.sign(y[i] - y[j]) if x[i] == x[j] else (y[i] - y[j]) / (x[i] - x[j])
            if slope != -1:
                slopes.append(slope)
    slopes.sort()
    n, k = len(slopes), sum(slope < -1 for slope in slopes)
    middle = [(n + 1) // 2] if n % 2 else [n // 2, n // 2 + 1]
    slope = float(np.mean([slopes[rank + k - 1] for rank in middle]))
    m = len(x)
    c = stats.norm.ppf(0.975) * np.sqrt(m * (m - 1) * (2 * m + 5) / 18)
    m1 = round((n - c) / 2)
    return slope, slopes[m1 + k - 1], slopes[n - m1 + 1 + k - 1], float(np.median(y - slope * x))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("digits", [0, 2])
def test_regression_is_that_of_the_procedure_word_by_word(seed: int, digits: int) -> None:
    random = np.random.default_rng(seed)
    truth = random.uniform(5, 40, 25)
    x = np.round(truth + random.normal(0, 1, 25), digits)
    y = np.round(1.2 * truth - 2 + random.normal(0, 1.5, 25), digits)
    found = passing_bablok(x, y)
    assert (found.slope, *found.slope_interval, found.intercept) == pytest.approx(by_hand(x, y))
    assert found.intercept_interval[0] <= found.intercept <= found.intercept_interval[1]


def test_methods_may_be_exchanged() -> None:
    """The regression of x on y is the same line, read the other way: what the procedure was made for."""
    found, turned = passing_bablok(WRIGHT, MINI), passing_bablok(MINI, WRIGHT)
    assert turned.slope == pytest.approx(1 / found.slope, rel=0.01)
    assert found.slope_interval[0] < 1 < found.slope_interval[1]


def test_intervals_of_the_slope_cover_the_truth() -> None:
    random, held = np.random.default_rng(8), 0
    for _ in range(300):
        truth = random.uniform(10, 50, 40)
        found = passing_bablok(truth + random.normal(0, 1, 40), 1.1 * truth + 3 + random.normal(0, 1.1, 40))
        held += found.slope_interval[0] <= 1.1 <= found.slope_interval[1]
    assert 0.92 <= held / 300 <= 0.99


def test_a_bend_is_not_linear() -> None:
    random = np.random.default_rng(5)
    x = random.uniform(1, 10, 100)
    assert passing_bablok(x, x + random.normal(0, 0.3, 100)).linear > 0.05
    assert passing_bablok(x, 0.1 * x**2 + random.normal(0, 0.2, 100)).linear < 0.05
    assert linearity(x, 2 * x + 1, 2, 1) == (0.0, 1.0)
    # By hand: two above, then four below, score by the root of 2 and of 1/2; after two the sum is greatest.
    six = np.arange(6.0)
    cusum, _ = linearity(six, six + np.array([0.1, 0.1, -0.1, -0.1, -0.1, -0.1]), 1, 0)
    assert cusum == pytest.approx(2 * np.sqrt(2) / np.sqrt(5))
    # The critical value of Kolmogorov and Smirnov at 0.05, as the paper has it: 1.36.
    assert stats.kstwobign.isf(0.05) == pytest.approx(1.36, abs=0.005)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.arange(9.0), np.arange(9.0)),
        (np.arange(20.0), np.arange(19.0)),
        (np.arange(20.0), -np.arange(20.0)),
        (np.ones(20), np.ones(20)),
        (np.arange(20.0), np.where(np.arange(20) == 3, np.nan, 1.0)),
        (np.arange(5001.0), np.arange(5001.0)),
    ],
)
def test_what_cannot_be_compared_is_refused(x: np.ndarray, y: np.ndarray) -> None:
    with pytest.raises(InputError):
        passing_bablok(x, y)

"""Standardised rates and funnel limits beside published figures and second implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from wardbench.core.errors import InputError
from wardbench.ward.benchmark.funnel import WAYS, exact_limits, funnel, over_dispersion, way_of
from wardbench.ward.benchmark.standardise import (
    byar_limits,
    direct_rate,
    expected_events,
    poisson_limits,
    ratio,
)

# Births and children with Down's syndrome in Michigan by mother's age (rows) and birth order (columns 1 to 5+ and all):
# Fleiss 1981, p. 249, the example of Fay and Feuer 1997.
BIRTHS = np.array(
    [
        [230061, 329449, 114920, 39487, 14208, 3052],
        [72202, 326701, 208667, 83228, 28466, 5375],
        [15050, 175702, 207081, 117300, 45026, 8660],
        [2293, 68800, 132424, 98301, 46075, 9834],
        [327, 30666, 123419, 149919, 104088, 34392],
    ]
)
AFFECTED = np.array(
    [
        [107, 141, 60, 40, 39, 25],
        [25, 150, 110, 84, 82, 39],
        [3, 71, 114, 103, 108, 75],
        [1, 26, 64, 89, 137, 96],
        [0, 8, 63, 112, 262, 295],
    ]
)
ALL_BIRTHS = BIRTHS.sum(axis=0)


@pytest.mark.parametrize("order", range(5))
def test_direct_rates_of_fay_and_feuer_s_example(order: int) -> None:
    births, affected = BIRTHS[order], AFFECTED[order]
    found = direct_rate(affected, births, ALL_BIRTHS)
    weights = ALL_BIRTHS / ALL_BIRTHS.sum() / births
    rate, variance, most = (weights * affected).sum(), (weights**2 * affected).sum(), weights.max()
    # The limits are quantiles of gamma distributions, which is another way to write the same.
    low = stats.gamma.ppf(0.025, rate**2 / variance, scale=variance / rate)
    high = stats.gamma.ppf(0.975, (rate + most) ** 2 / (variance + most**2), scale=(variance + most**2) / (rate + most))
    assert (found.value, found.low, found.high) == pytest.approx((rate, low, high))


def test_the_published_rate_of_first_births() -> None:
    """Table I of Fay and Feuer: 56.3 of 100,000 first births as they are, 92.3 if mothers were as old as all are."""
    assert 1e5 * AFFECTED[0].sum() / BIRTHS[0].sum() == pytest.approx(56.3, abs=0.05)
    assert 1e5 * direct_rate(AFFECTED[0], BIRTHS[0], ALL_BIRTHS).value == pytest.approx(92.3, abs=0.05)


def test_a_study_like_the_standard_has_its_own_rate_and_a_ratio_of_one() -> None:
    events, births = AFFECTED.sum(axis=0), ALL_BIRTHS
    assert direct_rate(events, births, births).value == pytest.approx(events.sum() / births.sum())
    assert expected_events(births, events, births) == pytest.approx(events.sum())
    assert ratio(events.sum(), expected_events(births, events, births)).value == pytest.approx(1)


@pytest.mark.parametrize(
    ("events", "low", "high"), [(0, 0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (50, 37.1110, 65.9188)]
)
def test_exact_limits_are_those_of_the_tables(events: int, low: float, high: float) -> None:
    assert poisson_limits(events) == pytest.approx((low, high), abs=1e-4)
    if events > 1:
        assert byar_limits(events) == pytest.approx((low, high), rel=0.005)


def test_what_has_no_standard_is_refused() -> None:
    with pytest.raises(InputError):
        ratio(3, 0)
    with pytest.raises(InputError):
        expected_events(np.array([1.0]), np.array([0.0]), np.array([0.0]))
    with pytest.raises(InputError):
        direct_rate(np.array([0.0, 1]), np.array([0.0, 9]), np.array([5.0, 5]))
    assert direct_rate(np.array([0.0]), np.array([100.0]), np.array([1.0])).low == 0


@pytest.mark.parametrize("kind", ["proportion", "ratio"])
@pytest.mark.parametrize("size", [12.0, 80.0, 400.0])
@pytest.mark.parametrize("level", [0.95, 0.998])
def test_exact_limits_of_a_funnel_by_counting(kind: str, size: float, level: float) -> None:
    """The interpolated count of Spiegelhalter's appendix, found by walking through the distribution."""
    target = 0.15 if kind == "proportion" else 1.1
    law = stats.binom(int(size), target) if kind == "proportion" else stats.poisson(target * size)
    limits = exact_limits(kind, target, np.array([size]), level)  # type: ignore[arg-type]
    for limit, share in zip(limits, ((1 - level) / 2, (1 + level) / 2), strict=True):
        count, reached = 0, float(law.pmf(0))
        while reached < share:
            count += 1
            reached += float(law.pmf(count))
        part = (reached - share) / float(law.pmf(count))
        assert limit[0] * size == pytest.approx(max(0, count - part), abs=1e-6)


def test_units_alike_lie_inside_and_one_that_differs_outside() -> None:
    random = np.random.default_rng(7)
    sizes = random.integers(100, 800, 60).astype(float)
    outside = [
        funnel("proportion", random.binomial(sizes.astype(int), 0.2), sizes).outside(0.95).mean() for _ in range(60)
    ]
    assert 0.03 < np.mean(outside) < 0.06
    observed = random.binomial(sizes.astype(int), 0.2).astype(float)
    observed[4] = round(0.5 * sizes[4])
    assert funnel("proportion", observed, sizes).outside(0.998).nonzero()[0].tolist() == [4]


def test_over_dispersion_is_found_and_estimated() -> None:
    """Units that vary by 0.1 on the root scale: the moments find it, and the wider limits hold units again."""
    random = np.random.default_rng(3)
    expected = random.uniform(50, 400, 400)
    observed = random.poisson(expected * (1 + 0.1 * random.normal(size=400)) ** 2).astype(float)
    found = funnel("ratio", observed, expected, target=1.0)
    assert found.dispersion > 1.5
    # Winsorising takes about a third of the variance of normal scores; what is left is found.
    assert 0.06 < np.sqrt(found.between) < 0.11
    naive = exact_limits("ratio", 1.0, expected, 0.95)
    assert ((found.value < naive[0]) | (found.value > naive[1])).mean() > 2.5 * found.outside(0.95).mean()
    assert (np.abs(found.score) > 1.96).mean() == pytest.approx(found.outside(0.95).mean(), abs=0.01)


def test_moments_of_over_dispersion_by_hand() -> None:
    z, error = np.array([-3.0, -1, 0, 1, 3]), np.full(5, 0.5)
    phi, between = over_dispersion(z, error)
    clipped = np.clip(z, -2.2, 2.2)
    assert phi == pytest.approx((clipped**2).mean())
    # With equal errors e the variance between is e^2 (k phi - (k - 1)) / (k - 1).
    assert between == pytest.approx(0.25 * (5 * phi - 4) / 4)
    assert over_dispersion(z / 10, error)[1] == 0


def counted(probability: np.ndarray) -> np.ndarray:
    """How probable each number of events is among persons of these probabilities, one person after the other."""
    law = np.ones(1)
    for p in probability:
        law = np.convolve(law, [1 - p, p])
    return law


@pytest.mark.parametrize("level", [0.95, 0.998])
@pytest.mark.parametrize("common", [0.05, 0.3, 0.7])
def test_limits_of_persons_with_their_own_probabilities_by_counting(common: float, level: float) -> None:
    """Binomial limits of the same mean and variance beside the exact law of the sum; Poisson's are too wide."""
    random = np.random.default_rng(11)
    chances = [random.beta(8 * common, 8 * (1 - common), size) for size in (60, 150, 400)]
    size = np.array([p.sum() for p in chances])
    squares = np.array([(p**2).sum() for p in chances])
    found = exact_limits("ratio", 1.0, size, level, squares / size)
    poisson = exact_limits("ratio", 1.0, size, level)
    for place, p in enumerate(chances):
        reached = counted(p).cumsum()
        for side, share in enumerate(((1 - level) / 2, (1 + level) / 2)):
            count = int(np.searchsorted(reached, share))
            before = reached[count - 1] if count else 0.0
            exact = max(0.0, count - (reached[count] - share) / (reached[count] - before))
            assert found[side][place] * size[place] == pytest.approx(exact, abs=0.35)
            if common >= 0.3 and count:
                off = abs(poisson[side][place] - 1) / abs(exact / size[place] - 1)
                assert off > 1.1, "Poisson's limit is at least a tenth too far out"


def test_adjusted_units_alike_lie_outside_as_often_as_chance_makes_it() -> None:
    """Half of the persons have the event: 1 unit in 20 lies outside the binomial limits, by Poisson's hardly any."""
    random = np.random.default_rng(5)
    outside, too_wide, scores = [], [], []
    for _ in range(60):
        chance = random.uniform(0.2, 0.8, (30, 120))
        observed, size = random.random(chance.shape) < chance, chance.sum(axis=1)
        found = funnel("ratio", observed.sum(axis=1), size, target=1.0, squares=(chance**2).sum(axis=1))
        outside.append(found.outside(0.95).mean())
        scores.append(found.z.std())
        too_wide.append(funnel("ratio", observed.sum(axis=1), size, target=1.0).outside(0.95).mean())
    assert 0.03 < np.mean(outside) < 0.06
    assert np.mean(too_wide) < 0.012
    assert np.mean(scores) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("kind", ["proportion", "ratio"])
def test_either_way_of_over_dispersion_by_hand(kind: str, way: str) -> None:
    """The published steps for each unit: scale, error, the outermost tenth, moments, and limits widened by them."""
    random = np.random.default_rng(4)
    size = random.integers(80, 500, 40).astype(float)
    share = 0.3 if kind == "proportion" else 1.0
    observed = random.poisson(size * share * np.exp(0.25 * random.normal(size=40))).astype(float)
    target = observed.sum() / size.sum()
    if kind == "proportion":
        y = [np.arcsin(np.sqrt(o / n)) - np.arcsin(np.sqrt(target)) for o, n in zip(observed, size, strict=True)]
        errors = [1 / (2 * np.sqrt(n)) for n in size]
    elif way == "cqc":
        y = [np.sqrt(o / e) - np.sqrt(target) for o, e in zip(observed, size, strict=True)]
        errors = [1 / (2 * np.sqrt(e)) for e in size]
    else:
        y = [np.log(o / e) - np.log(target) for o, e in zip(observed, size, strict=True)]
        errors = [1 / np.sqrt(target * e) for e in size]
    z = [a / b for a, b in zip(y, errors, strict=True)]
    low, high = np.percentile(z, 10), np.percentile(z, 90)
    if way == "cqc":
        kept = [(min(max(one, low), high), error) for one, error in zip(z, errors, strict=True)]
    else:
        kept = [(one, error) for one, error in zip(z, errors, strict=True) if low <= one <= high]
    assert len(kept) == (40 if way == "cqc" else 32)
    k, w = len(kept), [1 / error**2 for _, error in kept]
    phi = sum(one**2 for one, _ in kept) / k
    between = (k * phi - (k - 1)) / (sum(w) - sum(one**2 for one in w) / sum(w))
    found = funnel(kind, observed, size, way=way_of(way))  # type: ignore[arg-type]
    assert (found.dispersion, found.between) == pytest.approx((phi, between))
    assert between > 0
    width = 1.959963984540054 * np.sqrt(errors[7] ** 2 + between)
    _, upper = found.limits(size[[7]], 0.95)
    expected = {
        "proportion": lambda: np.sin(np.arcsin(np.sqrt(target)) + width) ** 2,
        "cqc": lambda: (np.sqrt(target) + width) ** 2,
        "shmi": lambda: target * np.exp(width),
    }[kind if kind == "proportion" else way]()
    assert upper[0] == pytest.approx(expected)
    low, upper = found.limits(size, 0.95)
    assert np.array_equal(found.outside(0.95), (found.value < low) | (found.value > upper))


def test_a_unit_without_events_has_a_place_on_the_logarithmic_scale() -> None:
    expected = np.array([0.4, 60, 80, 100, 120, 90, 70])
    observed = np.array([0, 20, 160, 40, 230, 95, 150.0])
    found = funnel("ratio", observed, expected, way="shmi")
    assert found.dispersed and np.isfinite(found.score).all()
    assert not found.outside(0.95)[0], "none of 0.4 expected is nothing unusual"
    with pytest.raises(InputError, match="--dispersion"):
        way_of("other")


@pytest.mark.parametrize(
    ("observed", "size"),
    [([1] * 4, [2] * 4), ([3] * 5, [2] * 5), ([0] * 5, [2] * 5), ([2] * 5, [2] * 5), ([1] * 5, [0] * 5)],
)
def test_what_makes_no_funnel_is_refused(observed: list[float], size: list[float]) -> None:
    with pytest.raises(InputError):
        funnel("proportion", np.array(observed, float), np.array(size, float))

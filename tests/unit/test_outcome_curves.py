"""Curves, regressions, matching and weights beside plain second implementations, on tiny domains full of ties."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from wardbench.bench.outcomes import effects
from wardbench.bench.outcomes.balance import discrimination, standardised_differences
from wardbench.bench.outcomes.calibration import EmpiricalNull, empirical_null
from wardbench.bench.outcomes.comparison import Risk
from wardbench.bench.outcomes.cox import arrange, concordance, cox, derivatives, score_residuals
from wardbench.bench.outcomes.matching import match
from wardbench.bench.outcomes.power import minimal_detectable_ratio
from wardbench.bench.outcomes.survival import aalen_johansen, kaplan_meier, log_rank, restricted_mean, time_lost
from wardbench.bench.outcomes.weighting import effective_size, inverse_probability, overlap
from wardbench.core.errors import InputError

FOLLOWED = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 1)), min_size=2, max_size=12)
Followed = list[tuple[int, int, int]]


def columns(people: Followed) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    time, cause, group = zip(*people, strict=True)
    return np.array(time, dtype=float), np.array(cause), np.array(group)


@given(FOLLOWED)
def test_the_curve_is_the_product_over_those_still_followed(people: Followed) -> None:
    time, cause, _ = columns(people)
    curve = kaplan_meier(time, cause == 1)
    for moment in range(-1, 7):
        share, spread = 1.0, 0.0
        for at in sorted({t for t, c, _ in people if c == 1 and t <= moment}):
            left = sum(t >= at for t, _, _ in people)
            died = sum(t == at and c == 1 for t, c, _ in people)
            share *= 1 - died / left
            spread += died / (left * (left - died)) if left > died else math.inf
        assert curve.at([moment])[0] == pytest.approx(share)
        if share > 0:
            assert curve.error_at([moment])[0] == pytest.approx(share * math.sqrt(spread))
        assert curve.at_risk_at([moment])[0] == sum(t >= moment for t, _, _ in people)


@given(FOLLOWED, st.lists(st.integers(1, 3), min_size=12, max_size=12))
def test_a_weight_of_two_is_a_person_twice(people: Followed, weights: list[int]) -> None:
    time, cause, _ = columns(people)
    weight = np.array(weights[: len(people)])
    twice = np.repeat(np.arange(len(people)), weight)
    weighted, repeated = kaplan_meier(time, cause == 1, weight), kaplan_meier(time[twice], cause[twice] == 1)
    assert weighted.survival == pytest.approx(repeated.survival)
    many, copied = aalen_johansen(time, cause, weight=weight), aalen_johansen(time[twice], cause[twice])
    assert many.share == pytest.approx(copied.share)


@given(FOLLOWED)
def test_all_causes_and_the_curve_make_one(people: Followed) -> None:
    time, cause, _ = columns(people)
    free = kaplan_meier(time, cause != 0).survival
    assert aalen_johansen(time, cause, 1).share + aalen_johansen(time, cause, 2).share + free == pytest.approx(1)
    alone = aalen_johansen(time, cause == 1)
    curve = kaplan_meier(time, cause == 1)
    assert alone.share == pytest.approx(1 - curve.survival)
    left = curve.survival > 0
    assert alone.error[left] == pytest.approx(curve.survival[left] * np.sqrt(curve.spread[left]), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 2)), min_size=1, max_size=12))
def test_the_error_of_competing_risks_is_the_binomials_where_all_are_seen(people: list[tuple[int, int]]) -> None:
    time, cause = (np.array(column) for column in zip(*people, strict=True))
    curve = aalen_johansen(time, cause)
    assert curve.error**2 == pytest.approx(curve.share * (1 - curve.share) / len(people), abs=1e-12)


def test_the_error_of_competing_risks_is_the_spread_over_samples() -> None:
    random = np.random.default_rng(8)
    found, told = [], []
    for _ in range(1000):
        onset, death, end = random.exponential((8, 5, 9), (200, 3)).T
        time = np.minimum(np.minimum(onset, death), end)
        cause = np.where(time == end, 0, np.where(time == onset, 1, 2))
        curve = aalen_johansen(time, cause)
        found.append(curve.at([4])[0])
        told.append(curve.error_at([4])[0])
    assert np.mean(told) == pytest.approx(np.std(found), rel=0.08)


@given(FOLLOWED, st.integers(1, 6))
def test_the_restricted_mean_is_the_area(people: Followed, horizon: int) -> None:
    time, cause, _ = columns(people)
    curve = kaplan_meier(time, cause == 1)
    fine = np.arange(0, horizon, 0.125)
    assert restricted_mean(curve, horizon).value == pytest.approx(curve.at(fine).sum() * 0.125)


def test_the_error_of_the_restricted_mean_is_the_spread_over_samples() -> None:
    random = np.random.default_rng(11)
    means = []
    for _ in range(500):
        event, end = random.exponential((6, 9), (150, 2)).T
        means.append(restricted_mean(kaplan_meier(np.minimum(event, end), event <= end), 5))
    assert np.mean([mean.error for mean in means]) == pytest.approx(np.std([mean.value for mean in means]), rel=0.1)


@given(FOLLOWED, st.integers(1, 6))
def test_time_lost_is_the_area_under_each_cause_and_the_rest_is_spent_without_any(
    people: Followed, horizon: int
) -> None:
    time, cause, _ = columns(people)
    fine = np.arange(0, horizon, 0.125)
    lost = [time_lost(time, cause, horizon, of=of).value for of in (1, 2)]
    for of, value in zip((1, 2), lost, strict=True):
        assert value == pytest.approx(aalen_johansen(time, cause, of=of).at(fine).sum() * 0.125)
    assert sum(lost) + restricted_mean(kaplan_meier(time, cause != 0), horizon).value == pytest.approx(horizon)


@given(FOLLOWED, st.integers(1, 6), st.booleans())
def test_without_other_causes_time_lost_is_what_the_restricted_mean_leaves(
    people: Followed, horizon: int, weighted: bool
) -> None:
    time, cause, _ = columns(people)
    weight = 0.5 + np.arange(len(time)) % 3 if weighted else None
    mean = restricted_mean(kaplan_meier(time, cause == 1, weight), horizon)
    lost = time_lost(time, (cause == 1).astype(int), horizon, weight=weight)
    assert lost.value == pytest.approx(horizon - mean.value)
    assert lost.error == pytest.approx(mean.error)


def test_the_error_of_time_lost_is_the_spread_over_samples() -> None:
    random = np.random.default_rng(12)
    found = []
    for _ in range(500):
        onset, death, end = random.exponential((8, 4, 9), (150, 3)).T
        time = np.minimum(np.minimum(onset, death), end)
        found.append(time_lost(time, np.where(time == end, 0, np.where(time == onset, 1, 2)), 6))
    assert np.mean([mean.error for mean in found]) == pytest.approx(np.std([mean.value for mean in found]), rel=0.1)
    # Exact: with constant hazards 1/8 and 1/4, the share of the first is a third of all, and its area follows.
    assert np.mean([mean.value for mean in found]) == pytest.approx(
        (6 - (1 - np.exp(-6 * 0.375)) / 0.375) / 3, rel=0.02
    )


@given(FOLLOWED)
def test_log_rank_is_the_score_of_cox_without_ties(people: Followed) -> None:
    time, cause, group = columns(people)
    time = time + np.arange(len(time)) / 100
    assume((cause == 1).any())
    _, gradient, information = derivatives(arrange(time, cause == 1, group.astype(float), None), np.zeros(1))
    assume(information[0, 0] > 1e-9)
    assert log_rank(time, cause == 1, group).chi_squared == pytest.approx(gradient[0] ** 2 / information[0, 0])


@given(FOLLOWED)
def test_log_rank_is_the_librarys(people: Followed) -> None:
    time, cause, group = columns(people)
    assume(len(set(group.tolist())) == 2 and (cause == 1).any())
    mine = log_rank(time, cause == 1, group)
    assume(mine.chi_squared > 0)
    chi_squared, p = sm.duration.survdiff(time, (cause == 1).astype(int), group)
    assert (mine.chi_squared, mine.p) == (pytest.approx(chi_squared), pytest.approx(p))


def sample(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = np.column_stack([random.integers(0, 2, n), random.normal(size=n).round(1)])
    event, end = random.exponential(np.exp(-0.5 * x[:, 0] + 0.3 * x[:, 1])), random.exponential(1.5, n)
    return np.ceil(4 * np.minimum(event, end)), event <= end, x


@pytest.mark.parametrize("seed", range(5))
def test_cox_is_the_librarys_with_ties(seed: int) -> None:
    time, happened, x = sample(seed)
    mine = cox(time, happened, x)
    theirs = sm.PHReg(time, x, status=happened.astype(int), ties="efron").fit()
    assert mine.coefficients == pytest.approx(theirs.params, abs=1e-6)
    assert mine.errors == pytest.approx(theirs.bse, abs=1e-6)
    assert mine.log_likelihood == pytest.approx(theirs.llf)


@pytest.mark.parametrize("seed", range(3))
def test_gradient_and_information_are_the_derivatives(seed: int) -> None:
    time, happened, x = sample(seed)
    weight = np.random.default_rng(seed).uniform(0.2, 3, len(time))
    people, beta, small = arrange(time, happened, x, weight), np.array([0.2, -0.1]), 1e-5
    _, gradient, information = derivatives(people, beta)
    for p in range(2):
        shift = small * np.eye(2)[p]
        above, below = derivatives(people, beta + shift), derivatives(people, beta - shift)
        assert gradient[p] == pytest.approx((above[0] - below[0]) / (2 * small), rel=1e-5)
        assert information[p] == pytest.approx(-(above[1] - below[1]) / (2 * small), rel=1e-5)


def test_the_robust_error_is_a_persons_influence() -> None:
    """Left out one by one, without Efron's ties between persons of one outcome."""
    time, happened, x = sample(3, 400)
    time = time + np.arange(400) / 1000
    weight = np.random.default_rng(3).uniform(0.5, 2, 400)
    whole = cox(time, happened, x, weight)
    without = [cox(*(np.delete(a, i, axis=0) for a in (time, happened, x, weight))) for i in range(400)]
    jackknife = np.array([whole.coefficients - one.coefficients for one in without])
    assert whole.robust_errors == pytest.approx(np.sqrt((jackknife**2).sum(axis=0)), rel=0.05)


def test_residuals_of_the_score_add_up_to_nothing() -> None:
    time, happened, x = sample(4)
    weight = np.random.default_rng(4).uniform(0.5, 2, len(time))
    people = arrange(time, happened, x, weight)
    fit = cox(time, happened, x, weight)
    assert people.weight @ score_residuals(people, fit.coefficients) == pytest.approx([0, 0], abs=1e-6)


def test_clusters_of_copies_say_no_more_than_one() -> None:
    time, happened, x = sample(5)
    time = time + np.arange(len(time)) / 1000
    copies = np.repeat(np.arange(len(time)), 3)
    order = np.random.default_rng(1).permutation(len(copies))
    copies = copies[order]
    spread = time[copies] + 1e-7 * order
    many = cox(spread, happened[copies], x[copies], cluster=copies)
    assert many.robust_errors == pytest.approx(cox(time, happened, x).robust_errors, rel=0.02)


@given(FOLLOWED)
def test_concordance_counts_pairs(people: Followed) -> None:
    time, cause, _ = columns(people)
    died = cause == 1
    assume(died.any())
    score = np.array([(3 * t + g) % 4 for t, _, g in people], dtype=float)
    right = pairs = 0.0
    for i, j in itertools.permutations(range(len(people)), 2):
        if died[i] and (time[i] < time[j] or (time[i] == time[j] and not died[j])):
            pairs += 1
            right += 1 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0
    expected = right / pairs if pairs else 0.5
    assert concordance(arrange(time, died, score, None), np.ones(1)) == pytest.approx(expected)


def test_hazards_that_cross_are_not_proportional() -> None:
    random = np.random.default_rng(2)
    x = random.integers(0, 2, 600)
    crossing = np.where(x == 1, random.weibull(3, 600), random.weibull(0.6, 600))
    steady = random.exponential(np.where(x == 1, 1.0, 2.0))
    assert cox(crossing, np.ones(600), x).proportional_p[0] < 1e-6
    assert cox(steady, np.ones(600), x).proportional_p[0] > 0.05


@pytest.mark.parametrize(
    ("time", "happened", "x", "sentence"),
    [
        ([1, 2], [0, 0], [0, 1], "Nobody had the outcome"),
        ([1, 2], [1, 1], [1, 1], "constant"),
        ([1, 2, 3, 4], [1, 1, 0, 0], [1, 1, 0, 0], "separate"),
        ([1, -2], [1, 1], [0, 1], "follow-up time"),
        ([1, 2], [1, 1], [0, math.nan], "missing values"),
    ],
)
def test_what_cannot_be_fitted_is_said(time: list[float], happened: list[int], x: list[float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        cox(np.array(time), np.array(happened), np.array(x))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=2, max_size=10), st.integers(1, 3))
def test_matching_takes_the_closest_pairs_first(people: list[tuple[int, bool]], ratio: int) -> None:
    logit = np.array([value + place * place / 1024 for place, (value, _) in enumerate(people)])
    treated = np.array([arm for _, arm in people])
    found = match(logit, treated, ratio, caliper=0.8)
    expected = np.full(len(people), -1)
    place = np.argsort(np.argsort(logit, kind="stable"))
    if treated.any() and not treated.all():
        width = 0.8 * np.std(logit, ddof=1)
        number = 0
        for turn in range(ratio):
            pairs = sorted(
                (abs(logit[i] - logit[j]), min(place[i], place[j]), i, j)
                for i, j in itertools.product(np.flatnonzero(treated), np.flatnonzero(~treated))
                if abs(logit[i] - logit[j]) <= width
            )
            done = set()
            for _, _, i, j in pairs:
                if i in done or expected[j] >= 0 or (turn and expected[i] < 0):
                    continue
                done.add(i)
                if expected[i] < 0:
                    expected[i], number = number, number + 1
                expected[j] = expected[i]
    sizes = [sorted(np.flatnonzero(found == one)) for one in range(found.max() + 1)]
    assert sizes == [sorted(np.flatnonzero(expected == one)) for one in range(expected.max() + 1)]
    assert all(treated[members].sum() == 1 and 1 < len(members) <= ratio + 1 for members in sizes)


@given(arrays(float, (8, 3), elements=st.sampled_from([0.0, 1.0])), st.integers(1, 254))
def test_differences_of_sparse_and_dense_are_one(x: np.ndarray, arms: int) -> None:
    treated = np.array([arms >> place & 1 for place in range(8)])
    assume(2 <= treated.sum() <= 6)
    weight = np.arange(1.0, 9.0)
    dense = standardised_differences(x, treated, weight)
    assert standardised_differences(sparse.csr_array(x), treated, weight) == pytest.approx(dense, nan_ok=True)
    for column, found in zip(x.T, standardised_differences(x, treated), strict=True):
        a, b = column[treated == 1], column[treated == 0]
        pooled = math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
        apart = a.mean() - b.mean()
        assert found == pytest.approx(apart / pooled if pooled else math.copysign(math.inf, apart) if apart else 0)


def test_weights_balance_and_cost() -> None:
    random = np.random.default_rng(5)
    x = random.normal(size=(4000, 2))
    treated = random.random(4000) < 1 / (1 + np.exp(-x[:, 0]))
    score = effects.propensity(x, treated)
    assert abs(standardised_differences(x, treated)[0]) > 0.5
    assert np.abs(standardised_differences(x, treated, inverse_probability(score, treated))).max() < 0.1
    assert np.abs(standardised_differences(x, treated, overlap(score, treated))).max() < 1e-6
    trimmed = inverse_probability(score, treated, trim=True)
    assert effective_size(np.ones(9)) == 9
    assert effective_size(inverse_probability(score, treated)) < effective_size(trimmed) < 4000
    assert discrimination(score, treated) > 0.7
    assert discrimination(np.full(4000, 0.5), treated) == 0.5


def test_a_null_that_is_planted_is_found() -> None:
    random = np.random.default_rng(9)
    error = random.uniform(0.05, 0.4, 4000)
    null = empirical_null(random.normal(0.2, 0.15, 4000) + random.normal(0, error), error)
    assert (null.mean, null.spread) == (pytest.approx(0.2, abs=0.02), pytest.approx(0.15, abs=0.02))
    draws = random.normal(0.2, 0.15, 200_000)
    assert EmpiricalNull(0.2, 0.15).expected_absolute_error() == pytest.approx(np.abs(draws).mean(), abs=0.002)
    assert EmpiricalNull(-0.2, 0).expected_absolute_error() == 0.2
    without = empirical_null(np.zeros(5), np.full(5, 0.1))
    assert (without.mean, without.spread) == (0, 0)
    assert EmpiricalNull(0.2, 0.15).interval(0.2, 0.1)[0] == pytest.approx(1)
    with pytest.raises(InputError, match="negative controls"):
        empirical_null(np.array([0.1, math.nan, 0.2, 0.1, 0.3]), np.full(5, 0.1))


def test_nothing_to_compare_shows_nothing() -> None:
    assert minimal_detectable_ratio(0, 0.5) == minimal_detectable_ratio(10, 0.0) == math.inf
    assert Risk(365, 0.1, 0.15, 0.01).number_needed == pytest.approx(20)
    assert Risk(365, 0.1, 0.1, 0.01).number_needed == math.inf

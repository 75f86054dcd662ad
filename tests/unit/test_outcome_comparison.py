"""A comparison finds what was planted and not what was not, and refuses where it cannot know."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from wardbench.bench.outcomes.adjustment import WHOM, adjust
from wardbench.bench.outcomes.balance import standardised_differences
from wardbench.bench.outcomes.calibration import e_value, ratio_of_risks
from wardbench.bench.outcomes.comparison import Comparison, Risk, compare, hazard_ratio
from wardbench.bench.outcomes.covariates import Covariate, Matrix
from wardbench.bench.outcomes.diagnostics import balance, censoring
from wardbench.bench.outcomes.protocol import Protocol
from wardbench.bench.outcomes.scores import propensity_scores
from wardbench.bench.outcomes.shown_effects import effects
from wardbench.bench.outcomes.subjects import FREE, OUTCOME, Subjects
from wardbench.core.disclosure import rules_for

N = 4000
WAYS = ("matching", "overlap", "iptw")


def planted(
    seed: int, ratio: float = 0.6, choice: float = 0.7, controls: int = 8, n: int = N
) -> tuple[Subjects, Matrix, list[Subjects]]:
    """The ill are treated more often and die sooner; fifty further covariates say nothing."""
    chance = np.random.default_rng(seed)
    ill = chance.random(n) < 0.4
    treated = chance.random(n) < 1 / (1 + np.exp(-choice * (2 * ill - 1)))
    noise = chance.random((n, 50)) < 0.3
    matrix = Matrix(
        sparse.csc_array(np.column_stack([ill, noise]).astype(float)),
        tuple(Covariate("condition_occurrence", number, f"c{number}", (-365, -1)) for number in range(51)),
    )
    end = chance.uniform(200, 1000, n).round()

    def followed(hazard: np.ndarray) -> Subjects:
        event = np.ceil(chance.exponential(1 / hazard))
        days = np.minimum(event, end)
        return Subjects(
            np.arange(n), treated, np.zeros(n), np.zeros(n), days, np.where(event <= end, OUTCOME, FREE), ()
        )

    subjects = followed(0.0006 * np.exp(1.1 * ill + np.log(ratio) * treated))
    return subjects, matrix, [followed(0.0003 * np.exp(1.1 * ill)) for _ in range(controls)]


def ask(subjects: Subjects, matrix: Matrix, controls: list[Subjects], way: str = "matching") -> Comparison:
    protocol = Protocol(
        name="planted", target="t", comparator="c", outcome="death", horizons=(365, 700), adjustment=way
    )
    return compare(protocol, subjects, matrix, controls)


def naive(subjects: Subjects) -> float:
    plain = adjust("iptw", np.full(subjects.size, subjects.treated.mean()), subjects.treated)
    return hazard_ratio(subjects, plain)[0].limits()[0]


@pytest.mark.parametrize("way", WAYS)
def test_what_was_planted_is_found(way: str) -> None:
    subjects, matrix, controls = planted(1)
    found = ask(subjects, matrix, controls, way)
    assert found.refusals == ()
    assert found.estimates is not None
    value, low, high = found.estimates.hazard_ratio.limits()
    assert low < 0.6 < high
    assert abs(np.log(value / 0.6)) < abs(np.log(naive(subjects) / 0.6))
    assert np.abs(found.arms.before).max() > 0.4
    assert found.arms.after[0] == pytest.approx(0, abs=0.02)
    assert found.null is not None
    assert found.null.expected_absolute_error() < 0.15
    calibrated = found.estimates.calibrated
    assert calibrated is not None
    assert calibrated[1] < 0.6 < calibrated[2]
    assert [risk.day for risk in found.estimates.risks] == [365, 700]
    assert all(risk.difference < 0 for risk in found.estimates.risks)
    assert [mean.value > 0 for mean in found.estimates.means] == [True, True]
    assert found.estimates.common
    assert found.estimates.e_value == pytest.approx(e_value(ratio_of_risks(value)))
    noted = {row.name: row.note for row in effects(found, rules_for("exact"))}
    assert "the outcome is common" in noted["E-value"]
    needed = re.search(r"every (\d+) treated \(95% interval (\d+) to (\d+)\)", noted["Risk difference by day 700"])
    assert needed is not None
    number, least, most = map(int, needed.groups())
    risk = found.estimates.risks[-1]
    assert least == np.ceil(1 / (1.96 * risk.error - risk.difference))
    assert least <= number <= most
    assert WHOM[way]


def test_intervals_hold_the_truth_and_an_absent_effect_is_not_found() -> None:
    held = said = 0
    for seed in range(20):
        subjects, matrix, _ = planted(100 + seed, ratio=1.0, controls=0, n=1500)
        score = propensity_scores(matrix.values, subjects.treated)
        _, low, high = hazard_ratio(subjects, adjust("overlap", score, subjects.treated))[0].limits()
        held += low < 1 < high
        said += naive(subjects) > 1.25
    assert held >= 17
    assert said >= 16


def test_without_negative_controls_nothing_is_calibrated() -> None:
    found = ask(*planted(2)[:2], [])
    assert found.null is None
    assert found.estimates is not None
    assert found.estimates.calibrated is None


def refused(found: Comparison, words: str) -> bool:
    return found.estimates is None and any(words in reason for reason in found.refusals)


def test_immortal_time_is_seen() -> None:
    subjects, matrix, _ = planted(3)
    immortal = subjects.treated & (subjects.days < 120)
    assert refused(ask(subjects.among(~immortal), Matrix(matrix.values[~immortal], matrix.columns), []), "time zero")


def test_a_comparator_that_nobody_could_have_taken_is_seen() -> None:
    assert refused(ask(*planted(4, choice=6.0)), "might have had either")


def test_too_few_are_not_compared() -> None:
    subjects, matrix, _ = planted(5)
    few = np.arange(N) < 150
    assert refused(ask(subjects.among(few), Matrix(matrix.values[few], matrix.columns), []), "fewer than")


def test_prevalent_users_are_seen() -> None:
    subjects, matrix, controls = planted(6)
    protocol = Protocol(name="planted", target="t", comparator="c", outcome="death")
    users = subjects.treated & (np.arange(N) % 3 == 0)
    assert refused(compare(protocol, subjects, matrix, controls, users), "before time zero")
    assert compare(protocol, subjects, matrix, controls, users & False).estimates is not None


def test_what_is_not_measured_shows_in_the_negative_controls() -> None:
    subjects, matrix, controls = planted(7)
    assert refused(ask(subjects, Matrix(matrix.values[:, 1:], matrix.columns[1:]), controls), "can be none")


def test_imbalance_by_chance_is_no_reason_to_refuse_and_any_other_is() -> None:
    chance = np.random.default_rng(11)
    for n, apart, passes in ((300, 0.0, True), (300, 1.0, False), (40_000, 0.0, True), (40_000, 0.2, False)):
        treated = np.arange(n) % 2 == 0
        covariates = (chance.random((n, 200)) < 0.3).astype(float)
        covariates[:, 7] = chance.random(n) < np.where(treated, 0.3 + 0.4 * apart, 0.3)
        gate = balance(standardised_differences(covariates, treated), treated, np.ones(n))
        assert gate.passed is passes
        if n == 300:
            assert gate.value > 0.2
            assert bool(gate.note) is passes
    assert not balance(np.array([np.inf]), np.arange(4) < 2, np.ones(4)).passed


def test_one_ratio_is_not_shown_where_hazards_cross() -> None:
    subjects, matrix, _ = planted(12, ratio=1.0)
    chance = np.random.default_rng(1)
    early = subjects.treated & (chance.random(N) < 0.2)
    days = np.where(early, chance.integers(1, 60, N).astype(float), subjects.days)
    ended = np.where(early, OUTCOME, subjects.ended)
    crossed = Subjects(subjects.person, subjects.treated, subjects.index, subjects.stop, days, ended, ())
    found = ask(crossed, matrix, [])
    assert found.estimates is not None and found.estimates.proportional_p < 0.01
    rows = {row.name: row for row in effects(found, rules_for("exact"))}
    assert rows["Hazard ratio"].value == "not shown"
    assert "E-value" not in rows
    assert any(name.startswith("Risk difference") for name in rows)


def test_an_arm_with_hardly_any_outcomes_holds_no_ratio() -> None:
    subjects, matrix, _ = planted(8)
    spared = np.where(subjects.treated, FREE, subjects.ended)
    found = ask(replace(subjects, ended=spared), matrix, [])
    assert refused(found, "fewer than 5 persons of one of the arms had the outcome")


def test_losing_one_arm_from_sight_is_seen() -> None:
    subjects, matrix, controls = planted(8)
    days = np.where(subjects.treated, np.minimum(subjects.days, 300), subjects.days)
    ended = np.where(subjects.days > days, FREE, subjects.ended)
    lost = Subjects(subjects.person, subjects.treated, subjects.index, subjects.stop, days, ended, ())
    assert refused(ask(lost, matrix, controls), "lost from sight")


def test_the_same_input_gives_the_same_scores() -> None:
    subjects, matrix, _ = planted(9)
    first = propensity_scores(matrix.values, subjects.treated)
    assert np.array_equal(first, propensity_scores(matrix.values, subjects.treated))
    assert np.array_equal(
        propensity_scores(matrix.values[:, :0], subjects.treated), np.full(N, subjects.treated.mean())
    )


def test_outcomes_that_brought_the_treatment_are_seen() -> None:
    subjects, matrix, controls = planted(13)
    chance = np.random.default_rng(1)
    at_once = chance.random(N) < 0.15
    days = np.where(at_once, 1.0, subjects.days)
    ended = np.where(at_once, OUTCOME, subjects.ended)
    found = Subjects(subjects.person, subjects.treated, subjects.index, subjects.stop, days, ended, ())
    assert refused(ask(found, matrix, controls), "what brought the treatment")


def test_outcomes_that_all_came_on_the_first_day_are_seen() -> None:
    """Nobody is then followed for longer, though the protocol would."""
    subjects, matrix, controls = planted(2)
    at_once = replace(subjects, days=np.ones(N), ended=np.full(N, OUTCOME))
    assert refused(ask(at_once, matrix, controls), "what brought the treatment")


def test_a_difference_of_nothing_without_error_needs_no_number() -> None:
    found = ask(*planted(2))
    assert found.estimates is not None
    same = replace(found, estimates=replace(found.estimates, risks=(Risk(365, 0.5, 0.5, 0.0, (9, 9), (9, 9), (9, 9)),)))
    assert effects(same, rules_for("exact"))[0].note == "the interval holds 0: no number needed to treat"


@pytest.mark.parametrize("treated", [1, 399])
def test_scores_where_hardly_anybody_is_in_an_arm(treated: int) -> None:
    """The only one of an arm is in no fold but their own."""
    chance = np.random.default_rng(3)
    covariates = sparse.csc_array((chance.random((400, 5)) < 0.3).astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = propensity_scores(covariates, np.arange(400) < treated)
    assert np.all((found > 0) & (found < 1))


def test_being_lost_by_chance_among_few_is_no_reason_to_refuse() -> None:
    """Of 120 persons an arm the curves of being followed are 0.15 apart, of 4,000 they would not be by chance."""
    for each, passes in ((120, True), (4000, False)):
        treated = np.arange(2 * each) % 2 == 0
        place = np.arange(2 * each) // 2 / each
        days = np.where(place < np.where(treated, 0.40, 0.25), 100.0, 300.0)
        subjects = Subjects(np.arange(2 * each), treated, days, days, days, np.full(2 * each, FREE), ())
        gate = censoring(subjects, np.ones(2 * each))
        assert gate.value == pytest.approx(0.15)
        assert gate.passed is passes
        assert bool(gate.note) is passes

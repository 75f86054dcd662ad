"""Over 200 synthetic campuses: intervals hold the truth of what they estimate, and what is absent is not found."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from wardbench.synthetic.arms import heart_failure_arms, truth_of

SEEDS = 200
PERSONS = 2_500
FOR_TRUTH = 150_000


@pytest.fixture(scope="module")
def coverage(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("outcomes_coverage", root / "benchmarks" / "outcomes_coverage.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_planted_is_held_and_the_naive_comparison_does_not_hold_it(coverage: ModuleType) -> None:
    found = coverage.measure(SEEDS, PERSONS, 0.75, ["overlap"], FOR_TRUTH)
    assert found["overlap_risk"] >= 0.9
    assert found["overlap_ratio"] >= 0.9
    assert found["naive_risk"] < 0.8
    assert found["naive_ratio"] < 0.8
    # The marginal ratio lies between the conditional one and 1; without adjustment harm is found.
    assert 0.75 < found["overlap_true_ratio"] < 0.82
    assert abs(np.log(found["overlap_mean_ratio"] / found["overlap_true_ratio"])) < 0.1
    assert found["naive_mean_ratio"] > 1.05


def test_what_is_absent_is_not_found(coverage: ModuleType) -> None:
    found = coverage.measure(SEEDS, PERSONS, 1.0, ["overlap"], FOR_TRUTH)
    assert found["overlap_true_ratio"] == 1
    assert found["overlap_true_difference"] == 0
    assert found["overlap_ratio"] >= 0.9
    assert found["overlap_risk"] >= 0.9
    assert found["naive_ratio"] < 0.8


def test_the_truth_is_what_happens_to_many() -> None:
    """The share who die under the drug that each was given, by formula and as lived."""
    arms = heart_failure_arms(5, 120_000, 1095, 0.75)
    truth = truth_of(arms, 1095, 0.75, "everybody")
    seen = arms.may == 1095
    for number, treated in enumerate((True, False)):
        among = seen & (arms.treated == treated)
        assert truth.died[number][among].mean() == pytest.approx(arms.died[among].mean(), abs=0.02)
    assert truth.risks[0] < truth.risks[1]

"""Indirect reference intervals beside the known truths of simulated routine results, through the front door."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from wardbench.cli.app import app
from wardbench.ward.benchmark.direct import direct_limits
from wardbench.ward.benchmark.exported import exported_results
from wardbench.ward.benchmark.indirect import fit
from wardbench.ward.benchmark.resampling import resample

TRUTHS = {"testcase1": (10.2, 29.8), "testcase2": (59.8, 160.0), "testcase3": (9.04, 13.0)}
TOLERANCE = 0.05
REACHED = 0.0082
"""The mean relative error of all six limits that was reached once."""


@pytest.mark.parametrize("case", TRUTHS)
def test_the_truth_is_found_among_the_ill(shared: Path, case: str) -> None:
    text = gzip.decompress((shared / "data/evidence/labs" / f"{case}.csv.gz").read_bytes()).decode("utf-8")
    results = np.array([float(row["value"]) for row in csv.DictReader(text.splitlines())])
    assert fit(results).limits() == pytest.approx(TRUTHS[case], rel=TOLERANCE)
    naive = np.quantile(results, (0.025, 0.975))
    assert max(abs(naive / TRUTHS[case] - 1)) > 0.06


@pytest.mark.parametrize(("case", "many", "tolerance"), [("testcase1", 5_000, 0.05), ("testcase2", 20_000, 0.05)])
def test_the_truth_is_found_in_some_of_the_results(shared: Path, case: str, many: int, tolerance: float) -> None:
    """Of random parts the mean relative error; no limit lies where the ill were taken for the healthy."""
    results, _ = exported_results(shared / "data/evidence/labs" / f"{case}.csv.gz")
    errors = []
    for seed in range(8):
        some = np.random.default_rng(seed).choice(results.value, many, replace=False)
        errors.append(np.abs(np.array(fit(some).limits()) / TRUTHS[case] - 1))
    assert np.mean(errors) < tolerance
    assert np.max(errors) < 0.15


def test_the_mean_error_is_never_worse_and_intervals_hold_the_truth(shared: Path) -> None:
    errors, held = [], 0
    for case, truth in TRUTHS.items():
        results, _ = exported_results(shared / "data/evidence/labs" / f"{case}.csv.gz")
        model = fit(results.value)
        errors += [abs(limit / true - 1) for limit, true in zip(model.limits(), truth, strict=True)]
        drawn = resample(results.value, model, draws=60).interval()
        held += sum(low <= true <= high for (low, high), true in zip(drawn, truth, strict=True))
    assert np.mean(errors) <= REACHED
    assert held >= 5


def test_a_laboratory_s_own_export_goes_through_the_front_door(shared: Path) -> None:
    path = shared / "data/evidence/labs/testcase3.csv.gz"
    words = ["benchmark", "intervals", "--csv", str(path), "--unit", "mmol/L", "--draws", "20", "--json"]
    told = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    limits = next(table for section in told["sections"] for table in section["tables"] if "limits" in table["caption"])
    assert (limits["rows"][0][2], limits["rows"][0][4]) == pytest.approx(TRUTHS["testcase3"], rel=TOLERANCE)


@pytest.mark.parametrize(("column", "lower", "upper"), [("ALB", 35.0, 53.0), ("PROT", 64.0, 83.0)])
def test_direct_limits_of_blood_donors_lie_about_the_targets(
    shared: Path, column: str, lower: float, upper: float
) -> None:
    path = shared / "data/evidence/labs/livertests.csv"
    results, _ = exported_results(path, value=column, healthy="Category=reference")
    assert 0 < results.healthy.sum() < len(results)
    found = direct_limits(results.value[results.healthy])
    assert found is not None
    assert (found.lower.value, found.upper.value) == pytest.approx((lower, upper), rel=0.10)

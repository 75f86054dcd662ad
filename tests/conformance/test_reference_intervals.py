"""Indirect reference intervals beside the known truths of simulated routine results."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from wardbench.ward.benchmark.indirect import fit

TRUTHS = {"testcase1": (10.2, 29.8), "testcase2": (59.8, 160.0), "testcase3": (9.04, 13.0)}
TOLERANCE = 0.05


@pytest.mark.parametrize("case", TRUTHS)
def test_the_truth_is_found_among_the_ill(shared: Path, case: str) -> None:
    text = gzip.decompress((shared / "data/evidence/labs" / f"{case}.csv.gz").read_bytes()).decode("utf-8")
    results = np.array([float(row["value"]) for row in csv.DictReader(text.splitlines())])
    assert fit(results).limits() == pytest.approx(TRUTHS[case], rel=TOLERANCE)
    naive = np.quantile(results, (0.025, 0.975))
    assert max(abs(naive / TRUTHS[case] - 1)) > 0.06

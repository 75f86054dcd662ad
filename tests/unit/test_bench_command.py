"""`wardbench bench` hands the options of a benchmark on to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def bench(root: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wardbench", "bench", *arguments]
    environment = {"PYTHONPATH": str(root / "src"), "WARDBENCH_ROOT": str(root), "PATH": "/usr/bin:/bin", **more}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(("name", "option"), [("cohorts", "--all"), ("ingest", "--megabytes")])
def test_the_options_of_a_benchmark_are_its_own(root: Path, name: str, option: str) -> None:
    shown = bench(root, name, "-h")
    assert shown.returncode == 0 and option in shown.stdout, shown.stderr


def test_an_option_that_a_benchmark_does_not_have_is_refused(root: Path) -> None:
    refused = bench(root, "cohorts", "--everything")
    assert refused.returncode == 2 and "--everything" in refused.stderr


def test_a_benchmark_that_is_not_there_is_named(root: Path) -> None:
    refused = bench(root, "nothing")
    assert refused.returncode == 3 and "cohorts" in refused.stderr


def test_reports_of_outcomes_are_timed(root: Path, tmp_path: Path) -> None:
    few = ["--persons", "4000", "--codes", "40", "--runs", "1"]
    shown = bench(root, "outcomes", "--json", "--", *few, WARDBENCH_CACHE=str(tmp_path))
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert told["benchmark"] == "outcomes"
    assert 0 < told["descriptive_s"] < told["comparative_s"]
    assert 50 < told["peak_rss_mb"] < 2000
    for shares in (told["comparative_shares"], told["descriptive_shares"]):
        assert sum(shares.values()) == pytest.approx(1, abs=0.01)
    assert told["persons"] > 3900 and told["covariates"] > 100

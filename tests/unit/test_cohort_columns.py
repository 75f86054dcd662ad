"""The columns of a snapshot, asked by several threads at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tiny_cohort_hospital import observed, person, snapshot
from wardbench.ward.cohorts.engines.arrays.columns import Columns


def test_threads_that_ask_side_by_side_get_one_array_made_once(tmp_path: Path) -> None:
    columns = Columns(snapshot(tmp_path / "store", person=[person(1)], observation_period=[observed(1, 1)]))
    together, made = threading.Barrier(2), []

    def make() -> np.ndarray:
        made.append(threading.get_ident())
        # The other thread has all the time it needs to begin as well.
        threading.Event().wait(0.05)
        return columns.stored("inner", lambda: np.arange(3)) + 1

    def ask(_: int) -> np.ndarray:
        together.wait()
        return columns.stored("outer", make)

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(ask, range(2))
    assert len(made) == 1
    assert first is second
    assert first.tolist() == [1, 2, 3]

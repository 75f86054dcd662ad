"""Charts: axes that end on round numbers, whatever is drawn."""

from __future__ import annotations

import pytest

from wardbench.ward.benchmark.charts import nice


@pytest.mark.parametrize(
    ("most", "top"),
    [(0.003, 0.005), (0.3, 0.5), (0.99, 1), (1, 1), (2.2, 2.5), (7, 10), (99, 100), (140, 200), (2600, 5000), (0, 1)],
)
def test_an_axis_ends_on_the_next_round_number(most: float, top: float) -> None:
    assert nice(most) == pytest.approx(top)

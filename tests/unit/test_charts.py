"""Charts: axes that end on round numbers, whatever is drawn."""

from __future__ import annotations

import re

import pytest

from wardbench.bench.outcomes.charts import LONGEST, Line, love, shortened, steps
from wardbench.ward.benchmark.charts import Plot, dotted, nice


@pytest.mark.parametrize(
    ("most", "top"),
    [(0.003, 0.005), (0.3, 0.5), (0.99, 1), (1, 1), (2.2, 2.5), (7, 10), (99, 100), (140, 200), (2600, 5000), (0, 1)],
)
def test_an_axis_ends_on_the_next_round_number(most: float, top: float) -> None:
    assert nice(most) == pytest.approx(top)


def arm(name: str, x: list[float], y: list[float]) -> Line:
    return Line(name, x, y, y, y)


def heights(drawn: str) -> dict[str, float]:
    return {name: float(y) for y, name in re.findall(r'class="name arm-\d" x="[\d.]+" y="([\d.]+)">(\w+)<', drawn)}


def end(drawn: str, number: int) -> float:
    """Where a line ends, in the picture."""
    (points,) = re.findall(rf'class="line arm-{number}" points="([^"]+)"', drawn)
    return float(points.rpartition(",")[2])


def test_a_name_stands_beside_its_own_line_where_another_one_steps_over_it_at_the_end() -> None:
    last = 1095.0
    target = arm("Target", [0, 180, 550, 1003], [0, 0.08, 0.139, 0.214])
    drawn = steps([target, arm("Comparator", [0, 460, 730], [0, 0.07, 0.142])], "t", "x", "y", last)
    found = heights(drawn)
    assert found["Target"] < end(drawn, 0) < end(drawn, 1) < found["Comparator"]


def test_names_of_lines_that_lie_on_the_axis_stand_above_it_and_apart() -> None:
    drawn = steps([arm("Target", [0], [0]), arm("Comparator", [0], [0])], "t", "x", "y", 365.0)
    found = sorted(heights(drawn).values())
    assert found[1] < end(drawn, 0) and found[1] - found[0] >= 14


def test_names_too_long_for_a_chart_still_differ() -> None:
    names = [
        f"Alanine aminotransferase in serum or plasma{fifth}, days {first} to 0"
        for fifth in ("", ", highest fifth")
        for first in (-30, -365)
    ]
    found = [shortened(name, LONGEST) for name in names]
    assert len(set(found)) == 4 and all(len(one) <= LONGEST for one in found)
    assert all(one.endswith(name[name.index(", ") :]) for one, name in zip(found, names, strict=True))
    assert shortened("Age 45 to 49", LONGEST) == "Age 45 to 49"
    assert len(shortened("x" * 90, LONGEST)) == LONGEST
    drawn = love([(name, 0.2, 0.1) for name in names], "t", 0.1)
    assert all(one in drawn for one in found) and ">Standardised difference<" in drawn


def test_a_chart_of_a_benchmark_shows_its_title() -> None:
    for drawn in (Plot("A <title>", (0, 1), (0, 1), "x", "y").markup, dotted([("a", 0.2)], "A <title>", 0.1)):
        assert "<figcaption>A &lt;title&gt;</figcaption>" in drawn and drawn.endswith("</svg></div></figure>")

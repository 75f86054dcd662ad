"""Laboratory values over time: median and quartiles of one value a person in windows around time zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.records import names_of, recorded, rows_by_position
from wardbench.bench.outcomes.subjects import Subjects
from wardbench.core.disclosure import Quantiles
from wardbench.ward.cohorts.engines.arrays import Arrays

MOST = 6
"""So many analytes, those that most persons have a value of."""
BEFORE = 365
QUARTER = 91
LONGEST = 12
"""Windows after time zero at most; they are of three months, or longer where the horizon is far."""


@dataclass(frozen=True)
class Window:
    """First and last day after time zero, and the values of those who have one in it: each person's last."""

    first: int
    last: int
    values: Quantiles


@dataclass(frozen=True)
class Trajectory:
    """One analyte in its commonest unit."""

    name: str
    unit: str
    windows: tuple[Window, ...]


def trajectories(engine: Arrays, subjects: Subjects, first_day: int, horizon: int) -> tuple[Trajectory, ...]:
    """Of the analytes that most subjects have; values after the end of follow-up are not asked."""
    table = engine.columns.table("measurement")
    records = recorded(table)
    row_of = rows_by_position(engine, subjects.person)
    number, row, day, place = records.around(row_of, subjects.index, -BEFORE, horizon)
    inside = day <= first_day + subjects.days[row] - 1
    number, row, day, place = number[inside], row[inside], day[inside], place[inside]
    value, unit = table.column("value_as_number")[place], table.column("unit_concept_id")[place]
    if (unit <= 0).any():
        unit = np.where(unit > 0, unit, table.column("unit_source_concept_id")[place])
    numeric = np.isfinite(value)
    number, row, day, value, unit = (array[numeric] for array in (number, row, day, value, unit))
    new = np.ones(len(row), dtype=bool)
    new[1:] = (number[1:] != number[:-1]) | (row[1:] != row[:-1])
    persons = np.bincount(number[new], minlength=len(records.concepts))
    most = [int(place) for place in np.argsort(-persons, kind="stable")[:MOST] if persons[place]]
    ends = np.cumsum(np.bincount(number, minlength=len(records.concepts)))
    step = max(QUARTER, -(-horizon // LONGEST))
    edges = [*range(-BEFORE, 0, (BEFORE + 1) // 2), 0, *range(1, horizon + 1, step)]
    found = []
    for place_of in most:
        kept = slice(ends[place_of - 1] if place_of else 0, ends[place_of])
        units, times = np.unique(unit[kept], return_counts=True)
        common = int(units[np.argmax(times)])
        of_unit = unit[kept] == common
        windows = _windows(row[kept][of_unit], day[kept][of_unit], value[kept][of_unit], edges, horizon)
        found.append((int(records.concepts[place_of]), common, windows))
    names = names_of(engine, {id for concept, common, _ in found for id in (concept, common)})
    return tuple(
        Trajectory(names.get(concept) or f"Concept {concept}", names.get(common, ""), windows)
        for concept, common, windows in found
    )


def _windows(row: Integers, day: Integers, value: Floats, edges: list[int], horizon: int) -> tuple[Window, ...]:
    """Rows and days in order; the last value of each person in each window."""
    ends = [*(edge - 1 for edge in edges[1:]), horizon]
    window = np.searchsorted(edges, day, side="right") - 1
    last = np.ones(len(row), dtype=bool)
    last[:-1] = (row[1:] != row[:-1]) | (window[1:] != window[:-1])
    window, value = window[last], value[last]
    found = []
    for place, (first, end) in enumerate(zip(edges, ends, strict=True)):
        here = value[window == place]
        quartiles = np.quantile(here, (0.25, 0.5, 0.75)).tolist() if len(here) else [None] * 3
        found.append(Window(first, end, Quantiles(len(here), *quartiles)))
    return tuple(found)

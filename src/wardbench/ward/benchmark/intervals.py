"""Reference intervals of an analyte: of everybody and of each group, indirect and direct, with their fitness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wardbench.core.errors import InputError
from wardbench.core.progress import Progress, silent
from wardbench.ward.benchmark.direct import Direct, direct_limits
from wardbench.ward.benchmark.fitness import Judged, Year, judge, worst
from wardbench.ward.benchmark.indirect import FEWEST, Floats, Model, bins, fit
from wardbench.ward.benchmark.resampling import DRAWS, Draws, resample
from wardbench.ward.benchmark.results import AGES, EVERYBODY, Integers, Results, names_of_strata, strata_of


@dataclass(frozen=True)
class Indirect:
    """What routine results say: the model, its draws, and how it was judged."""

    model: Model
    draws: Draws
    judged: tuple[Judged, ...]
    years: tuple[Year, ...]

    @property
    def light(self) -> str:
        return worst(self.judged)


@dataclass(frozen=True)
class Group:
    """One group of persons. `indirect` is None where `reason` says why; `direct` where there are too few healthy."""

    name: str
    values: Floats
    healthy: int
    indirect: Indirect | None
    direct: Direct | None
    reason: str = ""

    @property
    def persons(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Intervals:
    """All groups, the first of them everybody; `results` are one of each person, by the rule `choice`."""

    results: Results
    choice: str
    recorded: int
    by: tuple[str, ...]
    draws: int
    seed: int
    compared: bool
    groups: tuple[Group, ...]


def intervals(
    results: Results,
    *,
    by: Sequence[str] = (),
    ages: Sequence[int] = AGES,
    choice: str = "first",
    draws: int = DRAWS,
    seed: int = 1,
    compared: bool = False,
    progress: Progress = silent,
) -> Intervals:
    """Reference intervals of results, in the groups of `strata_of`; `compared` adds the direct ones of the healthy.

    One result of each person is taken, by `choice`; for the direct interval one of each healthy person's, among those
    of the time when they were in the healthy group. InputError as `one_each` and `strata_of`.
    """
    chosen = results.one_each(choice, seed=seed)
    healthy = results.where(results.healthy).one_each(choice, seed=seed)
    strata = strata_of(chosen, by, ages)
    # The healthy may all be of one of the groups, which is then not everybody but that group.
    names = names_of_strata(healthy, by, ages)
    groups = []
    for number, stratum in enumerate(strata):
        progress(number, len(strata), stratum.name)
        of = np.full(len(healthy), compared) if stratum.name == EVERYBODY else (names == stratum.name) & compared
        found = healthy.value[of]
        groups.append(_group(stratum.name, chosen.where(stratum.places), found, draws, seed))
    return Intervals(chosen, choice, len(results), tuple(by), draws, seed, compared, tuple(groups))


def _group(name: str, results: Results, healthy: Floats, draws: int, seed: int) -> Group:
    values = results.value
    direct = direct_limits(healthy)
    if len(values) < FEWEST:
        return Group(name, values, len(healthy), None, direct, f"fewer than {FEWEST:,} persons")
    try:
        bins(values)
    except InputError:
        return Group(name, values, len(healthy), None, direct, "the results hardly vary")
    return Group(name, values, len(healthy), _indirect(values, results.day, draws, seed), direct)


def _indirect(values: Floats, days: Integers, draws: int, seed: int) -> Indirect:
    model = fit(values)
    drawn = resample(values, model, draws=draws, seed=seed)
    judged, years = judge(values, days, model, drawn)
    return Indirect(model, drawn, judged, years)

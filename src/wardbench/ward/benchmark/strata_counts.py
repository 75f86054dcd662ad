"""Events and populations by stratum: from a file, or from a store by sex and band of age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wardbench.core.disclosure import Figure, Rules
from wardbench.core.errors import InputError
from wardbench.ward.benchmark.exported import FEMALE, MALE
from wardbench.ward.benchmark.followed import Followed
from wardbench.ward.benchmark.lines import File, Line, Source, read_lines

AGES = (18, 40, 60, 75)
SEXES = ("female", "male")
ALL = "Study"


@dataclass(frozen=True)
class Counts:
    """One group: events and population (persons or person-years) of each stratum, and how many persons stand behind."""

    name: str
    events: dict[str, float]
    population: dict[str, float]


def stratum_of(sex: str, age: float) -> str:
    """The stratum of a sex and of the age at which a band begins."""
    return f"{'women' if sex == 'female' else 'men'} from {age:g}"


def read_counts(path: Source) -> tuple[tuple[Counts, ...], File]:
    """Groups of a file with the columns events and population, and stratum or both sex and age (the first year of a
    band); a column group where there are several. InputError naming file, line and column."""
    file = read_lines(path)
    events, population = file.column("events") or "", file.column("population") or ""
    stratum, group = file.column("stratum", required=False), file.column("group", required=False)
    sex, age = (None, None) if stratum else (file.column("sex"), file.column("age"))
    found: dict[str, Counts] = {}
    for line in file.lines:
        name = (line.text(group) if group else "") or ALL
        at = line.text(stratum) if stratum else _stratum(line, sex or "", age or "")
        counts = found.setdefault(name, Counts(name, {}, {}))
        if not at:
            raise line.fault(stratum or "stratum", "empty.")
        if at in counts.events:
            raise line.fault(stratum or age or "stratum", "the stratum stands twice.")
        number, people = line.count_of(events), line.number_of(population)
        if number is None or people is None or people < 0:
            raise line.fault(events if number is None else population, "a number of 0 or more is needed.")
        if number and not people:
            raise line.fault(events, "events among nobody.")
        counts.events[at], counts.population[at] = number, people
    return tuple(found.values()), file


def _stratum(line: Line, sex: str, age: str) -> str:
    word, first = line.text(sex).lower(), line.number_of(age)
    if word not in FEMALE | MALE:
        raise line.fault(sex, "neither f (female) nor m (male).")
    if first is None or not 0 <= first < 130:
        raise line.fault(age, "not the first year of a band of age.")
    return stratum_of("female" if word in FEMALE else "male", first)


def counts_of(persons: Followed, name: str, ages: Sequence[int] = AGES) -> Counts:
    """Events and person-years of a store's persons by sex and band of age; who is of neither is left out."""
    starts = np.array([0, *ages])
    events, years = {}, {}
    known = ~np.isnan(persons.age)
    band = np.searchsorted(ages, np.where(known, persons.age, 0), side="right")
    for sex in SEXES:
        # Men from the oldest on: what few have stands with the neighbour, of the other sex at the same age if need be.
        for place, first in list(enumerate(starts.tolist()))[:: 1 if sex == "female" else -1]:
            here = known & (persons.sex == sex) & (band == place)
            events[stratum_of(sex, first)] = float(np.count_nonzero(persons.event & here))
            years[stratum_of(sex, first)] = float(persons.years[here].sum())
    return Counts(name, events, years)


@dataclass(frozen=True)
class Standard:
    """The standard as it may be shown: strata that stand together, their events and their populations."""

    members: tuple[tuple[str, ...], ...]
    events: tuple[Figure, ...]
    population: tuple[Figure, ...]

    def group(self, counts: Counts) -> tuple[list[float], list[float]]:
        """Events and population of a study in the strata as they stand together; InputError where one is not here."""
        known = {name for members in self.members for name in members}
        missing = sorted({name for name, people in counts.population.items() if people > 0} - known)
        if missing:
            raise InputError(f"The standard has no stratum “{missing[0]}”, but {', '.join(sorted(known))}.")
        events = [sum(counts.events.get(name, 0) for name in members) for members in self.members]
        return events, [sum(counts.population.get(name, 0) for name in members) for members in self.members]


def standard_of(counts: Counts, rules: Rules) -> Standard:
    """A standard after disclosure control: strata with few events stand with their neighbours. InputError where too few
    events are there to tell any rate."""
    names = [name for name, people in counts.population.items() if people > 0]
    groups = rules.partition([int(counts.events[name]) for name in names])
    members = tuple(tuple(names[place] for place in group.members) for group in groups)
    if not groups or any(group.count.value is None for group in groups):
        raise InputError("The standard has too few events to tell a rate from them in this mode.")
    population = tuple(
        rules.estimate(
            sum(counts.population[name] for name in together),
            int(sum(counts.events[name] for name in together)) + rules.fewest,
        )
        for together in members
    )
    return Standard(members, tuple(group.count for group in groups), population)

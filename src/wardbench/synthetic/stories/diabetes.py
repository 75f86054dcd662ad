"""Type 2 diabetes: metformin, HbA1c, and a second drug chosen by HbA1c that makes no difference to survival.

Patients whose diabetes is harder to control die earlier and are given empagliflozin rather than glipizide, by the
HbA1c measured on that day. Given that value the choice is pure chance and the true hazard ratio is 1.
"""

from __future__ import annotations

import numpy as np

from wardbench.synthetic import codes, laboratory
from wardbench.synthetic.chance import Bools, Chance, Floats, Ints
from wardbench.synthetic.diseases import bring_death
from wardbench.synthetic.people import YEAR, Lives
from wardbench.synthetic.records import NEVER, Records

HAZARD_RATIO = 1.0
METFORMIN_SHARE = 0.8
LATE_SHARE = 0.35
"""Of those who take metformin, how many try without it first."""
CHOICE_CENTRE = 7.6
CHOICE_SLOPE = 1.5
_USUAL = 7.9
_EXCESS = 0.012


def fate(chance: Chance, lives: Lives) -> None:
    """Draw how hard the diabetes is to control, who takes what, and the deaths it adds."""
    person = lives.person
    level = np.maximum(_USUAL + 1.15 * chance.normal("diabetes control", person), 6.5)
    lives.traits["diabetes control"] = level
    late = chance.happens("metformin later", LATE_SHARE, person)
    delay = np.where(late, chance.whole("metformin delay", 90, 900, person), 0)
    takes = chance.happens("metformin", METFORMIN_SHARE, person)
    lives.traits["metformin delay"] = np.where(takes, delay, NEVER).astype(np.float64)
    wait = 200 + 4 * YEAR * chance.exponential("second diabetes drug", person)
    lives.traits["second drug wanted"] = np.minimum(
        np.maximum(lives.onset["diabetes"], lives.entry) + np.minimum(wait, 1e5), NEVER
    )
    hazard = _EXCESS * np.exp(0.7 * (level - _USUAL))
    years = chance.exponential("diabetes, death", person) / hazard
    bring_death(lives, np.maximum(lives.onset["diabetes"], lives.entry), years)


def glycation(chance: Chance, lives: Lives, row: Ints, day: Ints, metformin: Ints, second: Ints) -> Floats:
    """What HbA1c is above a healthy person's, in percent points: the level, drifting up, less what drugs take off.

    `metformin` and `second` are the days from which each person takes them.
    """
    years = (day - lives.noted["diabetes"][row]) / YEAR
    taken_off = np.where(day > metformin[row], 0.9, 0.0) + np.where(day > second[row], 0.7, 0.0)
    above: Floats = lives.traits["diabetes control"][row] + 0.08 * np.clip(years, 0, 12) - taken_off - 5.4
    return above + 0.25 * chance.normal("glycation", lives.person[row], day)


def live(
    chance: Chance, lives: Lives, records: Records, diagnosis: Ints, routine: tuple[Ints, Ints, Ints, Ints]
) -> None:
    noted, delay = lives.noted["diabetes"], lives.traits["metformin delay"]
    later, days, visits, supply = routine
    again = noted[later] < days
    later, days, visits, supply = later[again], days[again], visits[again], supply[again]
    metformin = _first(len(noted), later, days, days >= noted[later] + delay[later])
    metformin = np.where(delay == 0, noted, metformin)
    second = _first(
        len(noted), later, days, (days >= lives.traits["second drug wanted"][later]) & (days > metformin[later])
    )

    def measure(row: Ints, day: Ints, visit: Ints) -> Floats:
        extra = glycation(chance, lives, row, day, metformin, second)
        return laboratory.measure(chance, lives, records, codes.HBA1C, row, day, visit, extra)

    row = np.flatnonzero(noted < NEVER)
    day, visit = noted[row], diagnosis[row]
    measure(row, day, visit)
    at_once = metformin[row] == day
    records.add("drug", row[at_once], day[at_once], visit[at_once], code=codes.METFORMIN, supply=90, quantity=180)

    starts = days == second[later]
    measured = starts | chance.happens("hba1c in diabetes", 0.75, lives.person[later], days)
    value = measure(later[measured], days[measured], visits[measured])[starts[measured]]
    starting = later[starts]
    share = 1 / (1 + np.exp(-CHOICE_SLOPE * (value - CHOICE_CENTRE)))
    gives = np.zeros(len(noted), dtype=np.int64)
    gives[starting] = np.where(
        chance.happens("empagliflozin", share, lives.person[starting]), codes.EMPAGLIFLOZIN, codes.GLIPIZIDE
    )
    for since, code, a_day in ((metformin, np.full(len(noted), codes.METFORMIN), 2), (second, gives, 1)):
        on = days >= since[later]
        records.add(
            "drug",
            later[on],
            days[on],
            visits[on],
            code=code[later[on]],
            supply=supply[on],
            quantity=a_day * supply[on],
        )


def _first(persons: int, row: Ints, day: Ints, wanted: Bools) -> Ints:
    """By row, the first day that is wanted; NEVER where none is."""
    first = np.full(persons, NEVER)
    np.minimum.at(first, row[wanted], day[wanted])
    return first

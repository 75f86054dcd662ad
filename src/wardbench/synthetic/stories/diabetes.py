"""Type 2 diabetes: metformin, HbA1c, and a second drug chosen by HbA1c that makes no difference to survival.

Patients whose diabetes is harder to control die earlier and are given empagliflozin rather than glipizide, by the
HbA1c measured on that day. Given that value the choice is pure chance and the true hazard ratio is 1.
"""

from __future__ import annotations

import numpy as np

from wardbench.synthetic import codes, laboratory
from wardbench.synthetic.chance import Chance, Floats, Ints
from wardbench.synthetic.diseases import bring_death
from wardbench.synthetic.people import YEAR, Lives
from wardbench.synthetic.records import NEVER, Records

HAZARD_RATIO = 1.0
METFORMIN_SHARE = 0.8
CHOICE_CENTRE = 7.6
CHOICE_SLOPE = 1.5
_USUAL = 7.9
_EXCESS = 0.012


def fate(chance: Chance, lives: Lives) -> None:
    """Draw how hard the diabetes is to control, who takes what, and the deaths it adds."""
    person = lives.person
    level = np.maximum(_USUAL + 1.15 * chance.normal("diabetes control", person), 6.5)
    lives.traits["diabetes control"] = level
    lives.traits["metformin"] = chance.happens("metformin", METFORMIN_SHARE, person).astype(np.float64)
    wait = 200 + 4 * YEAR * chance.exponential("second diabetes drug", person)
    lives.traits["second drug wanted"] = np.minimum(
        np.maximum(lives.onset["diabetes"], lives.entry) + np.minimum(wait, 1e5), NEVER
    )
    hazard = _EXCESS * np.exp(0.7 * (level - _USUAL))
    years = chance.exponential("diabetes, death", person) / hazard
    bring_death(lives, np.maximum(lives.onset["diabetes"], lives.entry), years)


def glycation(chance: Chance, lives: Lives, row: Ints, day: Ints, second: Ints) -> Floats:
    """What HbA1c is above a healthy person's, in percent points: the level, drifting up, less what drugs take off."""
    since = (day - lives.noted["diabetes"][row]) / YEAR
    metformin = np.where((since > 0) & (lives.traits["metformin"][row] > 0), 0.9, 0.0)
    other = np.where(day > second[row], 0.7, 0.0)
    drift = 0.08 * np.clip(since, 0, 12)
    above: Floats = lives.traits["diabetes control"][row] + drift - metformin - other - 5.4
    return above + 0.25 * chance.normal("glycation", lives.person[row], day)


def live(
    chance: Chance, lives: Lives, records: Records, diagnosis: Ints, routine: tuple[Ints, Ints, Ints, Ints]
) -> None:
    noted = lives.noted["diabetes"]
    metformin = lives.traits["metformin"] > 0
    second = np.full(len(noted), NEVER)
    row = np.flatnonzero(noted < NEVER)
    day, visit = noted[row], diagnosis[row]
    laboratory.measure(chance, lives, records, codes.HBA1C, row, day, visit, glycation(chance, lives, row, day, second))
    taken = metformin[row]
    records.add("drug", row[taken], day[taken], visit[taken], code=codes.METFORMIN, supply=90, quantity=180)

    later, days, visits, supply = routine
    again = noted[later] < days
    later, days, visits, supply = later[again], days[again], visits[again], supply[again]
    wanted = (days >= lives.traits["second drug wanted"][later]) & metformin[later]
    starting, first = np.unique(later[wanted], return_index=True)
    place = np.flatnonzero(wanted)[first]
    second[starting] = days[place]

    starts = np.zeros(len(later), dtype=bool)
    starts[place] = True
    measured = starts | chance.happens("hba1c in diabetes", 0.75, lives.person[later], days)
    value = laboratory.measure(
        chance,
        lives,
        records,
        codes.HBA1C,
        later[measured],
        days[measured],
        visits[measured],
        glycation(chance, lives, later[measured], days[measured], second),
    )
    at_start = starts[measured]
    share = 1 / (1 + np.exp(-CHOICE_SLOPE * (value[at_start] - CHOICE_CENTRE)))
    chosen = chance.happens("empagliflozin", share, lives.person[starting])
    gives = np.zeros(len(noted), dtype=np.int64)
    gives[starting] = np.where(chosen, codes.EMPAGLIFLOZIN, codes.GLIPIZIDE)
    on = metformin[later]
    records.add(
        "drug", later[on], days[on], visits[on], code=codes.METFORMIN, supply=supply[on], quantity=2 * supply[on]
    )
    on = days >= second[later]
    records.add("drug", later[on], days[on], visits[on], code=gives[later[on]], supply=supply[on], quantity=supply[on])

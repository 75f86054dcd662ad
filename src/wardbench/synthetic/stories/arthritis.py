"""Rheumatoid arthritis: inflammation in CRP, methotrexate first, an inhibitor of TNF for those it does not help."""

from __future__ import annotations

import numpy as np

from wardbench.synthetic import biobank, codes, laboratory
from wardbench.synthetic.chance import Chance, Ints
from wardbench.synthetic.people import Lives
from wardbench.synthetic.records import NEVER, Records

METHOTREXATE_SHARE = 0.8
_RELIEF = 1.4


def fate(chance: Chance, lives: Lives) -> None:
    """Draw how active the disease is, on the scale of the logarithm of CRP, and when methotrexate is given up on."""
    activity = np.maximum(2.1 + 0.7 * chance.normal("arthritis activity", lives.person), 0.3)
    lives.traits["joint inflammation"] = activity
    escalates = chance.happens("needs anti-TNF", 1 / (1 + np.exp(-2.5 * (activity - 2.4))), lives.person)
    wait = chance.whole("waits for anti-TNF", 180, 900, lives.person)
    since = np.maximum(lives.onset["arthritis"], lives.entry)
    lives.traits["anti-TNF wanted"] = np.where(escalates, since + wait, NEVER).astype(np.float64)


def live(
    chance: Chance, lives: Lives, records: Records, diagnosis: Ints, routine: tuple[Ints, Ints, Ints, Ints]
) -> None:
    noted = lives.noted["arthritis"]
    activity = lives.traits["joint inflammation"]
    first = np.where(
        chance.happens("methotrexate", METHOTREXATE_SHARE, lives.person), codes.METHOTREXATE, codes.HYDROXYCHLOROQUINE
    )
    inhibitor = np.where(chance.happens("adalimumab", 0.6, lives.person), codes.ADALIMUMAB, codes.ETANERCEPT)
    row = np.flatnonzero(noted < NEVER)
    day, visit = noted[row], diagnosis[row]
    laboratory.measure(chance, lives, records, codes.CRP, row, day, visit, activity[row])
    records.add("drug", row, day, visit, code=first[row], supply=90, quantity=13)
    gives = chance.happens("blood at arthritis diagnosis", 0.6, lives.person[row])
    biobank.take_blood(chance, lives, records, row[gives], day[gives], visit[gives])

    later, days, visits, supply = routine
    again = noted[later] < days
    later, days, visits, supply = later[again], days[again], visits[again], supply[again]
    relieved = days > lives.traits["anti-TNF wanted"][later]
    known = chance.happens("crp in arthritis", 0.8, lives.person[later], days)
    left = activity[later] - 0.5 - np.where(relieved, _RELIEF, 0.0)
    laboratory.measure(chance, lives, records, codes.CRP, later[known], days[known], visits[known], left[known])
    records.add("drug", later, days, visits, code=first[later], supply=supply, quantity=supply // 7)
    on = relieved
    records.add(
        "drug", later[on], days[on], visits[on], code=inhibitor[later[on]], supply=supply[on], quantity=supply[on] // 14
    )

"""Specimens taken at visits, from persons who agreed to be donors."""

from __future__ import annotations

import numpy as np

from wardbench.synthetic import codes
from wardbench.synthetic.chance import Chance, Ints
from wardbench.synthetic.people import Lives
from wardbench.synthetic.records import Records

UNITS = {
    codes.SERUM: "mL",
    codes.PLASMA: "mL",
    codes.WHOLE_BLOOD: "mL",
    codes.DNA: "ug",
    codes.URINE: "mL",
    codes.TISSUE: "mg",
    codes.NASOPHARYNGEAL_SWAB: "1",
}
"""The UCUM unit of each type's quantity; a swab is counted."""

_QUANTITY = {
    codes.SERUM: (0.5, 2.0),
    codes.PLASMA: (0.5, 2.5),
    codes.WHOLE_BLOOD: (2.0, 6.0),
    codes.DNA: (5.0, 60.0),
    codes.URINE: (5.0, 30.0),
    codes.TISSUE: (40.0, 400.0),
    codes.NASOPHARYNGEAL_SWAB: (1.0, 1.0),
}


def take(
    chance: Chance, lives: Lives, records: Records, code: int, row: Ints, day: Ints, visit: Ints, *, colon: bool = False
) -> None:
    """Take one specimen of a type at each of these visits; only what donors give is kept."""
    gives = lives.agrees[row] <= day
    row, day, visit = row[gives], day[gives], visit[gives]
    person = lives.person[row]
    name = codes.CODES[code].text
    low, high = _QUANTITY[code]
    quantity = np.round(low + (high - low) * chance.uniform(f"{name}, quantity", person, day), 1)
    delay = chance.whole(f"{name}, delay", 20, 180, person, day)
    records.add("specimen", row, day, visit, code=code, quantity=quantity, delay=delay, from_colon=int(colon))


def take_blood(chance: Chance, lives: Lives, records: Records, row: Ints, day: Ints, visit: Ints) -> None:
    """Serum and plasma; now and then whole blood, from which DNA is kept as well."""
    take(chance, lives, records, codes.SERUM, row, day, visit)
    take(chance, lives, records, codes.PLASMA, row, day, visit)
    whole = chance.happens("whole blood", 0.15, lives.person[row], day)
    for code in (codes.WHOLE_BLOOD, codes.DNA):
        take(chance, lives, records, code, row[whole], day[whole], visit[whole])

"""Heart failure: two drugs chosen by severity, with a known true effect on survival.

From the day a drug is started (the day the disease is noted) the yearly hazard of death at age x is

    level * exp(DEATH_GROWTH * x + CLASS_EFFECT[class] + log(HAZARD_RATIO) * carvedilol)

with the level of that sex, and nothing else: proportional hazards in age, sex, class and drug, so a Cox model of the
four is exactly right. The sicker are given carvedilol more often, so a comparison that does not adjust for the class
finds harm. The effect is invented; it says nothing of the real drugs.
"""

from __future__ import annotations

import numpy as np

from wardbench.synthetic import codes, laboratory
from wardbench.synthetic.chance import Chance, Ints
from wardbench.synthetic.institutions import CARDIOLOGY
from wardbench.synthetic.people import DEATH_GROWTH, END, START, YEAR, Lives, death_level, gompertz, years_after
from wardbench.synthetic.records import INPATIENT, NEVER, Records

HAZARD_RATIO = 0.75
CLASS_SHARE = (0.25, 0.33, 0.28, 0.14)
CLASS_EFFECT = (0.3, 0.8, 1.4, 2.0)
CARVEDILOL_SHARE = (0.22, 0.40, 0.62, 0.80)
UNTREATED_SHARE = 0.06
NONE, BISOPROLOL, CARVEDILOL = range(3)

_ADMISSIONS = np.array([0.05, 0.12, 0.3, 0.6])
_FRACTION = np.array([52.0, 44.0, 36.0, 28.0])


def fate(chance: Chance, lives: Lives, hazard_ratio: float = HAZARD_RATIO) -> None:
    """Draw class, drug and death. Death from the index on replaces every other death.

    Another `hazard_ratio` gives the same persons another truth, as for a planted null.
    """
    person = lives.person
    severity = chance.choose("nyha", CLASS_SHARE, person)
    drug = np.where(
        chance.happens("carvedilol", np.asarray(CARVEDILOL_SHARE)[severity], person), CARVEDILOL, BISOPROLOL
    )
    drug = np.where(chance.happens("no beta blocker", UNTREATED_SHARE, person), NONE, drug)
    index = np.maximum(lives.onset["heart failure"], lives.entry)
    has = (index <= END) & (index < lives.death) & (index <= lives.leaves)
    effect = np.asarray(CLASS_EFFECT)[severity] + np.where(drug == CARVEDILOL, np.log(hazard_ratio), 0.0)
    age = np.where(has, (index - lives.birth) / YEAR, 0.0)
    draw = chance.exponential("heart failure, death", person)
    death = years_after(index, gompertz(draw, age, death_level(lives.female) * np.exp(effect), DEATH_GROWTH))
    lives.death = np.where(has, death, lives.death)
    lives.traits["nyha"] = severity.astype(np.float64)
    lives.traits["beta blocker"] = drug.astype(np.float64)


def live(
    chance: Chance, lives: Lives, records: Records, diagnosis: Ints, routine: tuple[Ints, Ints, Ints, Ints]
) -> None:
    noted = lives.noted["heart failure"]
    severity = lives.traits["nyha"].astype(np.int64)
    drug = lives.traits["beta blocker"].astype(np.int64)
    row = np.flatnonzero(noted < NEVER)
    day, visit = noted[row], diagnosis[row]
    records.add("condition", row, day, visit, code=np.asarray(codes.NYHA)[severity[row]], chronic=1)
    records.add("procedure", row, day, visit, code=codes.ECHOCARDIOGRAPHY)
    measure_fraction(chance, lives, records, row, day, visit)
    laboratory.measure(chance, lives, records, codes.NT_PROBNP, row, day, visit, 0.35 * severity[row])
    later, days, visits, supply = routine
    again = noted[later] < days
    later, days, visits, supply = later[again], days[again], visits[again], supply[again]
    seen = chance.happens("echocardiography", 0.12, lives.person[later], days)
    records.add("procedure", later[seen], days[seen], visits[seen], code=codes.ECHOCARDIOGRAPHY)
    measure_fraction(chance, lives, records, later[seen], days[seen], visits[seen])
    for taken, code in ((BISOPROLOL, codes.BISOPROLOL), (CARVEDILOL, codes.CARVEDILOL)):
        for rows, at, of, dose in ((row, day, visit, np.full(len(row), 90)), (later, days, visits, supply)):
            on = drug[rows] == taken
            records.add("drug", rows[on], at[on], of[on], code=code, supply=dose[on], quantity=dose[on])
    water = chance.happens("furosemide", 0.25 + 0.2 * severity, lives.person)
    on = water[later]
    records.add("drug", later[on], days[on], visits[on], code=codes.FUROSEMIDE, supply=supply[on], quantity=supply[on])
    admit(chance, lives, records)


def measure_fraction(chance: Chance, lives: Lives, records: Records, row: Ints, day: Ints, visit: Ints) -> None:
    """The ejection fraction falls with the class."""
    severity = lives.traits["nyha"].astype(np.int64)[row]
    healthy = np.where(lives.female[row], 62.0, 61.0)
    laboratory.measure(chance, lives, records, codes.EJECTION_FRACTION, row, day, visit, _FRACTION[severity] - healthy)


def admit(chance: Chance, lives: Lives, records: Records) -> None:
    """Admissions for heart failure, at most one a year, more often in a higher class."""
    year = np.arange(int((END - START) / YEAR) + 1)[None, :]
    person = lives.person[:, None]
    share = _ADMISSIONS[lives.traits["nyha"].astype(np.int64)][:, None]
    day = START + (YEAR * (year + chance.uniform("heart failure, admission day", person, year))).astype(np.int64)
    comes = chance.uniform("heart failure, admission", person, year) < share
    comes &= (day > lives.noted["heart failure"][:, None]) & (day <= lives.last[:, None])
    row, place = np.nonzero(comes)
    days = day[row, place]
    stay = np.minimum(chance.whole("heart failure, stay", 2, 14, lives.person[row], days), lives.last[row] - days)
    visit = records.visit(
        row, days, person=lives.person[row], kind=INPATIENT, code=codes.ADMISSION, ward=CARDIOLOGY, length=stay
    )
    records.add("condition", row, days, visit, code=codes.HEART_FAILURE, end=days + stay)
    laboratory.measure(chance, lives, records, codes.NT_PROBNP, row, days, visit, 0.9)
    laboratory.measure_panel(chance, lives, records, row, days, visit, 0.6)
    records.add("drug", row, days, visit, code=codes.FUROSEMIDE, supply=stay + 1, quantity=stay + 1, administered=1)

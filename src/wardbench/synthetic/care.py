"""First visits, diagnoses, routine visits, renewals and vaccinations: what happens to everybody."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from wardbench.synthetic import biobank, codes, laboratory
from wardbench.synthetic.chance import Bools, Chance, Ints
from wardbench.synthetic.diseases import DISEASES
from wardbench.synthetic.institutions import (
    CARDIOLOGY,
    ENDOCRINOLOGY,
    GENERAL,
    INTERNAL,
    ONCOLOGY,
    RHEUMATOLOGY,
)
from wardbench.synthetic.people import END, EPOCH, START, Lives
from wardbench.synthetic.records import AMBULATORY, INPATIENT, NEVER, Records

QUARTER = 91
QUARTERS = (END - START) // QUARTER

WARD_OF = {
    "heart failure": CARDIOLOGY,
    "atrial fibrillation": CARDIOLOGY,
    "diabetes": ENDOCRINOLOGY,
    "colon cancer": ONCOLOGY,
    "arthritis": RHEUMATOLOGY,
    "infarction": CARDIOLOGY,
    "stroke": INTERNAL,
}

_DAYS = np.arange(START, END + 2)
_MONTH = np.array([(EPOCH + timedelta(days=int(d))).month for d in _DAYS])
_CALENDAR_YEAR = np.array([(EPOCH + timedelta(days=int(d))).year for d in _DAYS])


def month(day: Ints) -> Ints:
    found: Ints = _MONTH[day - START]
    return found


def weekday(day: Ints) -> Ints:
    """The day, or the Monday after it where it is a Saturday or Sunday (day 0, 1 January 1970, was a Thursday)."""
    of_week = (day + 3) % 7
    return np.where(of_week >= 5, day + 7 - of_week, day)


def enter(chance: Chance, lives: Lives, records: Records) -> Ints:
    """Everybody's first visit: smoking, allergies, vital signs. The visits, one a person."""
    row, day = lives.row, lives.entry
    visit = records.visit(row, day, person=lives.person, kind=AMBULATORY, code=codes.CHECK_UP, ward=GENERAL)
    asked = lives.age(row, day) >= 16
    answers = np.array([codes.NEVER_SMOKED, codes.EX_SMOKER, codes.DAILY_SMOKER])
    records.add("smoking", row[asked], day[asked], visit[asked], answer=answers[lives.smoking[asked]])
    laboratory.vital_signs(chance, lives, records, row, day, visit)
    for code, share in (
        (codes.PENICILLIN_ALLERGY, 0.07),
        (codes.POLLEN_ALLERGY, 0.1),
        (codes.PEANUT_ALLERGY, 0.012),
        (codes.LATEX_ALLERGY, 0.01),
    ):
        has = chance.happens(codes.CODES[code].text, share, lives.person)
        records.add("allergy", row[has], day[has], visit[has], code=code)
    return visit


def diagnose(chance: Chance, lives: Lives, records: Records, first: Ints) -> dict[str, Ints]:
    """Write down every lasting disease, at the first visit or at one of its own; the visit of each, -1 where none."""
    visits = {}
    for disease in DISEASES:
        noted = lives.noted[disease.name]
        visit = np.where(noted == lives.entry, first, -1)
        later = np.flatnonzero((noted < NEVER) & (noted > lives.entry))
        person, day = lives.person[later], noted[later]
        ward = WARD_OF.get(disease.name, GENERAL)
        if disease.name in ("infarction", "stroke"):
            stay = np.minimum(chance.whole(f"{disease.name}, stay", 3, 12, person), lives.last[later] - day)
            visit[later] = records.visit(
                later, day, person=person, kind=INPATIENT, code=codes.ADMISSION, ward=ward, length=stay
            )
        else:
            visit[later] = records.visit(
                later, day, person=person, kind=AMBULATORY, code=codes.PROBLEM_VISIT, ward=ward
            )
        row = np.flatnonzero(visit >= 0)
        records.add("condition", row, noted[row], visit[row], code=disease.code, chronic=1)
        for drug, share in disease.drugs:
            takes = row[chance.happens(f"{disease.name}, {drug}", share, lives.person[row])]
            records.add("drug", takes, noted[takes], visit[takes], code=drug, supply=90, quantity=90)
        visits[disease.name] = visit
    return visits


def follow_up(chance: Chance, lives: Lives, records: Records) -> tuple[Ints, Ints, Ints, Ints]:
    """Routine visits: each quarter with a severe disease, each half-year with any other, now and then without.

    The row, day and visit of each, and for how many days drugs are renewed at it.
    """
    person = lives.person[:, None]
    quarter = np.arange(QUARTERS)[None, :]
    phase = chance.whole("phase", 0, 78, person)
    day = weekday(START + quarter * QUARTER + phase + chance.whole("jitter", 0, 9, person, quarter))
    severe = np.zeros(day.shape, dtype=bool)
    lasting = np.zeros(day.shape, dtype=bool)
    for disease in DISEASES:
        since = lives.noted[disease.name][:, None] <= day
        lasting |= since
        if disease.severe:
            severe |= since
    age = (day - lives.birth[:, None]) / 365.25
    seldom = np.where(age < 12, 0.2, 0.05 + 0.002 * age)
    half = np.where((person + quarter) % 2 == 0, 0.9, 0.08)
    share = np.where(severe, 0.92, np.where(lasting, half, seldom))
    comes = chance.uniform("comes", person, quarter) < share
    comes &= (day > lives.entry[:, None]) & (day <= lives.last[:, None])
    row, place = np.nonzero(comes)
    days = day[row, place]
    visit = records.visit(row, days, person=lives.person[row], kind=AMBULATORY, code=codes.CHECK_UP, ward=GENERAL)
    return row, days, visit, np.where(severe[row, place], 90, 180)


def renew(chance: Chance, lives: Lives, records: Records, row: Ints, day: Ints, visit: Ints, supply: Ints) -> None:
    """Renew at routine visits the drugs that were given at a diagnosis."""
    for disease in DISEASES:
        for drug, share in disease.drugs:
            takes = chance.happens(f"{disease.name}, {drug}", share, lives.person)
            again = takes[row] & (lives.noted[disease.name][row] < day)
            records.add(
                "drug", row[again], day[again], visit[again], code=drug, supply=supply[again], quantity=supply[again]
            )


def look(chance: Chance, lives: Lives, records: Records, row: Ints, day: Ints, visit: Ints) -> None:
    """Vital signs and laboratory values at routine visits, and what donors give when blood is drawn."""
    person = lives.person[row]

    def some(name: str, share: float) -> Bools:
        return chance.happens(name, share, person, day)

    def has(disease: str) -> Bools:
        since: Bools = lives.noted[disease][row] <= day
        return since

    def measure(code: int, where: Bools) -> None:
        laboratory.measure(chance, lives, records, code, row[where], day[where], visit[where])

    seen = some("vital signs", 0.5)
    laboratory.vital_signs(chance, lives, records, row[seen], day[seen], visit[seen])
    drawn = some("blood drawn", 0.3)
    laboratory.measure_panel(chance, lives, records, row[drawn], day[drawn], visit[drawn])
    measure(codes.LDL, some("ldl", 0.4) & has("hyperlipidaemia"))
    measure(codes.TSH, some("tsh", 0.04) | (some("tsh again", 0.5) & has("hypothyroidism")))
    measure(codes.HBA1C, some("hba1c", 0.05) & ~has("diabetes"))
    measure(codes.CEA, some("cea", 0.7) & has("colon cancer"))
    measure(codes.NT_PROBNP, some("nt-probnp", 0.35) & has("heart failure"))
    asked = some("smoking again", 0.08) & (lives.age(row, day) >= 16)
    answers = np.array([codes.NEVER_SMOKED, codes.EX_SMOKER, codes.DAILY_SMOKER])
    records.add("smoking", row[asked], day[asked], visit[asked], answer=answers[lives.smoking[row[asked]]])
    gives = drawn & some("gives blood", 0.45)
    biobank.take_blood(chance, lives, records, row[gives], day[gives], visit[gives])
    urine = some("gives urine", 0.12) & (has("diabetes") | has("kidney disease"))
    biobank.take(chance, lives, records, codes.URINE, row[urine], day[urine], visit[urine])


def vaccinate(chance: Chance, lives: Lives, records: Records, row: Ints, day: Ints, visit: Ints) -> None:
    """Vaccinations at routine visits. They change no disease: a planted null."""
    person, age = lives.person[row], lives.age(row, day)
    ill = np.zeros(len(row), dtype=bool)
    for noted in lives.noted.values():
        ill |= noted[row] <= day
    autumn = (month(day) >= 9) & (month(day) <= 11)
    covid = (day >= (date(2021, 3, 1) - EPOCH).days) & (day <= (date(2022, 6, 30) - EPOCH).days)
    for code, share in (
        (codes.INFLUENZA_VACCINE, np.where((age >= 65) | ill, 0.6, np.where(age >= 18, 0.12, 0.02)) * autumn),
        (codes.PNEUMOCOCCAL_VACCINE, np.where(age >= 65, 0.04, 0.0)),
        (codes.TETANUS_VACCINE, np.where(age >= 18, 0.02, 0.0)),
        (codes.MMR_VACCINE, np.where((age >= 1) & (age < 12), 0.12, 0.0)),
        (codes.COVID_VACCINE, np.where(age >= 18, 0.3, 0.0) * covid),
    ):
        given = chance.happens(codes.CODES[code].text, share, person, day)
        records.add("immunization", row[given], day[given], visit[given], code=code)


def die(chance: Chance, lives: Lives, records: Records) -> None:
    """Many deaths end a stay in the hospital."""
    row = np.flatnonzero(lives.death < NEVER)
    row = row[chance.happens("dies in hospital", 0.45, lives.person[row])]
    person = lives.person[row]
    stay = np.minimum(chance.whole("last stay", 0, 14, person), lives.death[row] - lives.entry[row] - 1)
    row, stay = row[stay >= 0], stay[stay >= 0]
    records.visit(
        row,
        lives.death[row] - stay,
        person=lives.person[row],
        kind=INPATIENT,
        code=codes.ADMISSION,
        ward=INTERNAL,
        length=stay,
        died=1,
    )

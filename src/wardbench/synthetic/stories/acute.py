"""What comes and goes: infections with their seasons, injuries and minor troubles.

Each kind comes at most once in a year (counted from the first day of the records), with a probability by age. Those
marked as negative controls come more often the higher the class of heart failure, and have nothing to do with any
drug: whoever compares two drugs has to find a hazard ratio of 1 for them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wardbench.synthetic import biobank, codes, laboratory
from wardbench.synthetic.chance import Chance, Floats, Ints
from wardbench.synthetic.institutions import EMERGENCY as EMERGENCY_WARD
from wardbench.synthetic.institutions import GENERAL, INFECTION, SURGERY
from wardbench.synthetic.people import END, START, YEAR, Lives
from wardbench.synthetic.records import AMBULATORY, EMERGENCY, INPATIENT, Records

YEARS = int((END - START) / YEAR) + 1
CLASS_FACTOR = 0.3
"""A negative control comes exp(0.3) times as often with each class of heart failure."""


class Kind(NamedTuple):
    """`per_1000` are yearly probabilities at ages 5, 40 and 80; `season` is (day of the year, spread in days)."""

    name: str
    code: int
    per_1000: tuple[float, float, float]
    lasts: int
    emergency: float = 0.0
    inpatient: float = 0.0
    season: tuple[float, float] | None = None
    inflammation: float = 0.0
    drug: int = -1
    drug_share: float = 0.0
    drug_days: int = 0
    control: bool = False


KINDS = (
    Kind("influenza", codes.INFLUENZA, (55, 30, 40), 9, 0.25, 0.1, (35, 24), 2.6, codes.OSELTAMIVIR, 0.45, 5),
    Kind("pneumonia", codes.PNEUMONIA, (8, 6, 32), 21, 0.25, 0.6, (20, 70), 3.4, codes.AMOXICILLIN, 0.9, 7),
    Kind(
        "urinary infection",
        codes.URINARY_INFECTION,
        (6, 22, 45),
        7,
        0.1,
        0.04,
        None,
        1.6,
        codes.NITROFURANTOIN,
        0.85,
        5,
    ),
    Kind("gastroenteritis", codes.GASTROENTERITIS, (40, 15, 18), 5, 0.3, 0.05, (30, 60), 1.5),
    Kind("bronchitis", codes.BRONCHITIS, (30, 18, 30), 14, 0.05, 0.0, (25, 50)),
    Kind("pharyngitis", codes.PHARYNGITIS, (60, 20, 6), 7, 0.02, 0.0, (40, 60), 0.0, codes.PARACETAMOL, 0.5, 5),
    Kind("hip fracture", codes.HIP_FRACTURE, (0.05, 0.3, 14), 90, 0.0, 1.0),
    Kind("appendicitis", codes.APPENDICITIS, (2, 1.5, 0.7), 14, 0.0, 1.0, None, 3.0),
    Kind("sprained ankle", codes.SPRAINED_ANKLE, (8, 9, 6), 21, 0.6, control=True),
    Kind("broken forearm", codes.FOREARM_FRACTURE, (7, 3, 9), 42, 0.95, control=True),
    Kind("broken collarbone", codes.CLAVICLE_FRACTURE, (3, 1.5, 3), 42, 0.9, control=True),
    Kind("concussion", codes.CONCUSSION, (5, 3, 6), 14, 0.95, control=True),
    Kind("whiplash", codes.WHIPLASH, (0.5, 4, 2), 30, 0.6, control=True),
    Kind("cut in the thigh", codes.THIGH_LACERATION, (3, 3, 3), 14, 0.95, control=True),
    Kind(
        "otitis media",
        codes.OTITIS,
        (80, 5, 4),
        10,
        0.05,
        drug=codes.AMOXICILLIN,
        drug_share=0.4,
        drug_days=7,
        control=True,
    ),
    Kind("sinusitis", codes.SINUSITIS, (15, 18, 10), 14, control=True),
    Kind("contact dermatitis", codes.CONTACT_DERMATITIS, (8, 9, 10), 21, control=True),
    Kind("cellulitis", codes.CELLULITIS, (2, 4, 12), 14, 0.3, 0.1, None, 2.2, control=True),
    Kind(
        "migraine", codes.MIGRAINE, (2, 9, 4), 2, 0.1, drug=codes.IBUPROFEN, drug_share=0.6, drug_days=3, control=True
    ),
    Kind(
        "back pain",
        codes.BACK_PAIN,
        (0.5, 22, 28),
        30,
        0.05,
        drug=codes.IBUPROFEN,
        drug_share=0.4,
        drug_days=10,
        control=True,
    ),
    Kind("gallstone", codes.GALLSTONE, (0.1, 3, 8), 30, 0.4, control=True),
    Kind("insomnia", codes.INSOMNIA, (0.5, 8, 16), 60, control=True),
)
NEGATIVE_CONTROLS = tuple(kind for kind in KINDS if kind.control)


def live(chance: Chance, lives: Lives, records: Records) -> None:
    for kind in KINDS:
        row, day = come(chance, lives, kind)
        write(chance, lives, records, kind, row, day)


def come(chance: Chance, lives: Lives, kind: Kind) -> tuple[Ints, Ints]:
    """Who has it and when."""
    year = np.arange(YEARS)[None, :]
    person = lives.person[:, None]
    begins = START + (year * YEAR).astype(np.int64)
    age = (begins - lives.birth[:, None]) / YEAR
    share = np.interp(age, (5, 40, 80), np.asarray(kind.per_1000) / 1000)
    if kind.control:
        ill = lives.noted["heart failure"][:, None] <= begins
        share = share * np.where(ill, np.exp(CLASS_FACTOR * (lives.traits["nyha"][:, None] + 1)), 1.0)
    row, place = np.nonzero(chance.uniform(kind.name, person, year) < share)
    of_year = 365 * chance.uniform(f"{kind.name}, day", lives.person[row], place)
    if kind.season is not None:
        centre, spread = kind.season
        of_year = (centre + spread * chance.normal(f"{kind.name}, season", lives.person[row], place)) % 365
    day = START + (place * YEAR).astype(np.int64) + of_year.astype(np.int64)
    there = (day > lives.entry[row]) & (day <= lives.last[row])
    return row[there], day[there]


def write(chance: Chance, lives: Lives, records: Records, kind: Kind, row: Ints, day: Ints) -> None:
    """The visit, the diagnosis, what is measured and what is given."""
    setting = chance.choose(
        f"{kind.name}, setting",
        (1 - kind.emergency - kind.inpatient, kind.emergency, kind.inpatient),
        lives.person[row],
        day,
    )
    for where, code, ward in (
        (AMBULATORY, codes.PROBLEM_VISIT, GENERAL),
        (EMERGENCY, codes.EMERGENCY_VISIT, EMERGENCY_WARD),
        (INPATIENT, codes.ADMISSION, INFECTION if kind.inflammation else SURGERY),
    ):
        here, on = row[setting == where], day[setting == where]
        person = lives.person[here]
        stay = np.zeros(len(here), dtype=np.int64)
        if where == INPATIENT:
            stay = np.minimum(chance.whole(f"{kind.name}, stay", 2, 11, person, on), lives.last[here] - on)
        visit = records.visit(here, on, person=person, kind=where, code=code, ward=ward, length=stay)
        records.add("condition", here, on, visit, code=kind.code, end=np.minimum(on + kind.lasts, END))
        if kind.drug >= 0:
            given = chance.happens(f"{kind.name}, drug", drug_share(lives, kind, here, on), person, on)
            records.add(
                "drug",
                here[given],
                on[given],
                visit[given],
                code=kind.drug,
                supply=kind.drug_days,
                quantity=2 * kind.drug_days,
                administered=int(where == INPATIENT),
            )
        if kind.inflammation and where != AMBULATORY:
            laboratory.measure_panel(chance, lives, records, here, on, visit, kind.inflammation)
        if kind.code == codes.INFLUENZA:
            test(chance, lives, records, here, on, visit, 0.25 if where == AMBULATORY else 0.9)
        operation = {codes.APPENDICITIS: codes.APPENDECTOMY, codes.HIP_FRACTURE: codes.HIP_REPLACEMENT}.get(kind.code)
        if operation is not None and where == INPATIENT:
            records.add("procedure", here, on, visit, code=operation)


def drug_share(lives: Lives, kind: Kind, row: Ints, day: Ints) -> Floats:
    """Antivirals go rather to the old; everything else to anybody alike."""
    if kind.code != codes.INFLUENZA:
        return np.full(len(row), kind.drug_share)
    return np.where(lives.age(row, day) >= 65, 0.75, kind.drug_share - 0.1)


def test(chance: Chance, lives: Lives, records: Records, row: Ints, day: Ints, visit: Ints, share: float) -> None:
    """A swab for influenza; some do not show the virus."""
    done = chance.happens("influenza test", share, lives.person[row], day)
    row, day, visit = row[done], day[done], visit[done]
    found = chance.happens("influenza found", 0.9, lives.person[row], day)
    answer = np.where(found, codes.DETECTED, codes.NOT_DETECTED)
    records.add("measurement", row, day, visit, code=codes.INFLUENZA_PCR, answer=answer)
    biobank.take(chance, lives, records, codes.NASOPHARYNGEAL_SWAB, row, day, visit)

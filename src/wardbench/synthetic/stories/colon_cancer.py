"""Cancer of the colon: stage, surgery, two ways of chemotherapy, tumour tissue and plasma, survival by stage."""

from __future__ import annotations

import numpy as np

from wardbench.synthetic import biobank, codes, laboratory
from wardbench.synthetic.chance import Chance, Ints
from wardbench.synthetic.diseases import bring_death
from wardbench.synthetic.institutions import ONCOLOGY, SURGERY
from wardbench.synthetic.people import Lives
from wardbench.synthetic.records import AMBULATORY, INPATIENT, NEVER, Records

STAGE_SHARE = (0.22, 0.28, 0.28, 0.22)
EXCESS_BY_STAGE = (0.01, 0.035, 0.11, 0.55)
"""What each stage adds to the yearly hazard of death."""

DONOR_SHARE = 0.55
"""Who has not agreed to give specimens before is asked again at the diagnosis."""

_COLONOSCOPY_SHARE = np.array([0.96, 0.9, 0.85, 0.7])
_SURGERY_SHARE = np.array([0.94, 0.92, 0.88, 0.35])
_CHEMOTHERAPY_SHARE = np.array([0.0, 0.22, 0.8, 0.75])
_CYCLES = 8


def fate(chance: Chance, lives: Lives) -> None:
    """Draw the stage at diagnosis, and the deaths it adds."""
    stage = chance.choose("cancer stage", STAGE_SHARE, lives.person)
    lives.traits["cancer stage"] = stage.astype(np.float64)
    years = chance.exponential("colon cancer, death", lives.person) / np.asarray(EXCESS_BY_STAGE)[stage]
    since = np.maximum(lives.onset["colon cancer"], lives.entry)
    bring_death(lives, since, years)
    agrees = chance.happens("agrees at cancer diagnosis", DONOR_SHARE, lives.person)
    lives.agrees = np.where(agrees, np.minimum(lives.agrees, since), lives.agrees)


def live(chance: Chance, lives: Lives, records: Records, diagnosis: Ints) -> None:
    noted = lives.noted["colon cancer"]
    row = np.flatnonzero(noted < NEVER)
    day, visit, person = noted[row], diagnosis[row], lives.person[row]
    stage = lives.traits["cancer stage"].astype(np.int64)[row]
    records.add("condition", row, day, visit, code=np.asarray(codes.STAGE)[stage], chronic=1)
    seen = chance.happens("colonoscopy", _COLONOSCOPY_SHARE[stage], person)
    records.add("procedure", row[seen], day[seen], visit[seen], code=codes.COLONOSCOPY)
    laboratory.measure(chance, lives, records, codes.CEA, row, day, visit, 0.5 * stage)
    laboratory.measure_panel(chance, lives, records, row, day, visit)
    early = chance.happens("blood at cancer diagnosis", 0.85, person)
    biobank.take_blood(chance, lives, records, row[early], day[early], visit[early])

    operated = day + chance.whole("waits for surgery", 7, 110, person)
    has = chance.happens("surgery", _SURGERY_SHARE[stage], person) & (operated <= lives.last[row])
    operate(chance, lives, records, row[has], operated[has])

    starts = np.where(has, operated + 35, day + 21)
    treated = chance.happens("chemotherapy", _CHEMOTHERAPY_SHARE[stage], person)
    old = lives.age(row, day) >= 72
    tablets = chance.happens("capecitabine", np.where(old, 0.75, 0.3), person)
    give(chance, lives, records, row[treated & tablets], starts[treated & tablets], infusion=False)
    give(chance, lives, records, row[treated & ~tablets], starts[treated & ~tablets], infusion=True)


def operate(chance: Chance, lives: Lives, records: Records, row: Ints, day: Ints) -> None:
    """The stay in which the tumour is removed and a piece of it kept."""
    person = lives.person[row]
    stay = np.minimum(chance.whole("surgery, stay", 4, 12, person), lives.last[row] - day)
    visit = records.visit(row, day, person=person, kind=INPATIENT, code=codes.ADMISSION, ward=SURGERY, length=stay)
    records.add("procedure", row, day, visit, code=codes.COLECTOMY)
    laboratory.measure_panel(chance, lives, records, row, day, visit, 2.0)
    biobank.take(chance, lives, records, codes.TISSUE, row, day, visit, colon=True)
    records.add(
        "drug", row, day, visit, code=codes.PARACETAMOL, supply=stay + 1, quantity=3 * (stay + 1), administered=1
    )


def give(chance: Chance, lives: Lives, records: Records, row: Ints, start: Ints, *, infusion: bool) -> None:
    """Cycles of chemotherapy: oxaliplatin and fluorouracil each fortnight, or capecitabine tablets each three weeks."""
    every = 14 if infusion else 21
    for cycle in range(_CYCLES):
        day = start + cycle * every
        goes_on = (day <= lives.last[row]) & chance.happens("bears chemotherapy", 0.96, lives.person[row], cycle)
        row, start, day = row[goes_on], start[goes_on], day[goes_on]
        visit = records.visit(row, day, person=lives.person[row], kind=AMBULATORY, code=codes.CHECK_UP, ward=ONCOLOGY)
        records.add("procedure", row, day, visit, code=codes.CHEMOTHERAPY)
        if infusion:
            for code, dose in ((codes.OXALIPLATIN, 150), (codes.FLUOROURACIL, 4200)):
                records.add("drug", row, day, visit, code=code, supply=1, quantity=dose, administered=1)
        else:
            records.add("drug", row, day, visit, code=codes.CAPECITABINE, supply=14, quantity=84)
        if cycle % 4 == 0:
            laboratory.measure_panel(chance, lives, records, row, day, visit, 0.4)
            biobank.take(chance, lives, records, codes.PLASMA, row, day, visit)

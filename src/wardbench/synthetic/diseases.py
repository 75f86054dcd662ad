"""Lasting diseases: how often they begin by age and sex, and what they do to survival.

The yearly incidence at age x is `per_1000 / 1000 * exp(growth * (x - 60))`, times `male` for men, from `youngest` on;
it is what `truths.json` gives. The level is that of a referral hospital, not of a population.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wardbench.synthetic import codes
from wardbench.synthetic.chance import Chance, Floats, Ints
from wardbench.synthetic.people import END, YEAR, Lives, gompertz, years_after
from wardbench.synthetic.records import NEVER


class Disease(NamedTuple):
    """`smoker` multiplies the incidence of daily smokers; `excess` is added to the yearly hazard of death.

    Only cases of the last `seen` years before a person comes are seen here; who was cured earlier is at risk again.
    `drugs` are given with a probability each; `severe` asks for a visit each quarter instead of each half-year.
    """

    name: str
    code: int
    per_1000: float
    growth: float
    male: float = 1.0
    smoker: float = 1.0
    youngest: float = 18.0
    excess: float = 0.0
    drugs: tuple[tuple[int, float], ...] = ()
    severe: bool = False
    seen: float = 150.0


DISEASES = (
    Disease(
        "hypertension", codes.HYPERTENSION, 17, 0.045, 1.1, drugs=((codes.LISINOPRIL, 0.6), (codes.AMLODIPINE, 0.4))
    ),
    Disease("hyperlipidaemia", codes.HYPERLIPIDAEMIA, 11, 0.03, 1.2, drugs=((codes.ATORVASTATIN, 0.75),)),
    Disease("diabetes", codes.DIABETES, 6.5, 0.03, 1.3),
    Disease("heart failure", codes.HEART_FAILURE, 3, 0.07, 1.3, smoker=1.4, severe=True),
    Disease("atrial fibrillation", codes.ATRIAL_FIBRILLATION, 3, 0.07, 1.3, drugs=((codes.APIXABAN, 0.7),)),
    Disease("copd", codes.COPD, 2.4, 0.04, 1.2, 5.0, 35, 0.025, ((codes.TIOTROPIUM, 0.8),)),
    Disease("asthma", codes.ASTHMA, 1.6, -0.005, 0.9, youngest=3, drugs=((codes.SALBUTAMOL, 0.9),)),
    Disease("kidney disease", codes.KIDNEY_DISEASE, 4.5, 0.06, excess=0.02),
    Disease("hypothyroidism", codes.HYPOTHYROIDISM, 2.4, 0.01, 0.25, drugs=((codes.LEVOTHYROXINE, 0.95),)),
    Disease("depression", codes.DEPRESSION, 4, -0.002, 0.55, youngest=14, drugs=((codes.SERTRALINE, 0.6),)),
    Disease(
        "knee arthrosis", codes.KNEE_ARTHROSIS, 9, 0.04, 0.7, drugs=((codes.PARACETAMOL, 0.4), (codes.IBUPROFEN, 0.25))
    ),
    Disease("osteoporosis", codes.OSTEOPOROSIS, 4, 0.06, 0.2),
    Disease("infarction", codes.INFARCTION, 3.2, 0.05, 2.2, 2.2, 30, 0.025, ((codes.ASPIRIN, 0.9),), seen=0),
    Disease("stroke", codes.STROKE, 2.2, 0.07, 1.2, 1.6, 30, 0.04, ((codes.ASPIRIN, 0.7),), seen=0),
    Disease("colon cancer", codes.COLON_CANCER, 2.6, 0.06, 1.35, 1.2, severe=True, seen=0.5),
    Disease("arthritis", codes.ARTHRITIS, 1.3, 0.012, 0.38, 1.5, severe=True),
)
BY_NAME = {disease.name: disease for disease in DISEASES}


def fall_ill(chance: Chance, lives: Lives) -> None:
    """Draw every onset, and bring death forward by what the diseases add to its hazard.

    A disease that began before the person first came is noted at the first visit.
    """
    for disease in DISEASES:
        level = disease.per_1000 / 1000 * np.exp(-60 * disease.growth)
        level = level * np.where(lives.female, 1.0, disease.male) * np.where(lives.smoking == 2, disease.smoker, 1.0)
        from_age = np.maximum(disease.youngest, (lives.entry - lives.birth) / YEAR - disease.seen)
        draw = chance.exponential(f"{disease.name}, onset", lives.person)
        years = from_age + gompertz(draw, from_age, level, disease.growth)
        lives.onset[disease.name] = years_after(lives.birth, years)
    for disease in DISEASES:
        if disease.excess:
            waited = chance.exponential(f"{disease.name}, death", lives.person) / disease.excess
            bring_death(lives, np.maximum(lives.onset[disease.name], lives.entry), waited)


def bring_death(lives: Lives, since: Ints, years: Floats) -> None:
    """A further cause of death, `years` after `since`."""
    day = np.where(since < NEVER, years_after(np.minimum(since, END), years), NEVER)
    lives.death = np.minimum(lives.death, np.where(day > END, NEVER, day))


def note(lives: Lives) -> None:
    """Forget deaths the hospital does not hear of, and set when each disease is first written down."""
    lives.death = np.where(lives.death > np.minimum(lives.leaves, END), NEVER, lives.death)
    for name, onset in lives.onset.items():
        noted = np.maximum(onset, lives.entry)
        lives.noted[name] = np.where(noted <= lives.last, noted, NEVER)

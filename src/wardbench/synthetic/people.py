"""Who the persons are, when they come to the hospital, and when they would die of nothing but age.

Mortality follows Gompertz (1825): the yearly hazard at age x is `level * exp(growth * x)`, so that the time to death
has a closed form and whole blocks are drawn at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from wardbench.synthetic.chance import Bools, Chance, Floats, Ints
from wardbench.synthetic.records import NEVER

YEAR = 365.25
EPOCH = date(1970, 1, 1)
START = (date(2012, 1, 1) - EPOCH).days
END = (date(2025, 12, 31) - EPOCH).days
"""The first and the last day of the hospital's records."""

MALE_DEATH = 1.35
DEATH_LEVEL = 2.4e-5
DEATH_GROWTH = 0.095

_AGE_BANDS = (0, 10, 20, 30, 40, 50, 60, 70, 80, 92)
_AGE_WEIGHTS = (7, 6, 9, 11, 13, 16, 17, 14, 7)


@dataclass
class Lives:
    """The persons of a block. Days count from 1970; NEVER is a day that does not come.

    `onset` is when a disease began, perhaps before the person first came; `noted` is when the hospital first wrote it
    down, NEVER where it did not. `agrees` is the day from which a person gives specimens. `traits` are what a story
    knows of a person and the hospital does not.
    """

    person: Ints
    female: Bools
    birth: Ints
    entry: Ints
    leaves: Ints
    death: Ints
    agrees: Ints
    smoking: Ints
    height: Floats
    mass_index: Floats
    onset: dict[str, Ints] = field(default_factory=dict)
    noted: dict[str, Ints] = field(default_factory=dict)
    traits: dict[str, Floats] = field(default_factory=dict)

    @property
    def row(self) -> Ints:
        return np.arange(len(self.person))

    @property
    def last(self) -> Ints:
        """The last day the hospital can write anything down."""
        return np.minimum(np.minimum(self.leaves, self.death), END)

    def age(self, row: Ints, day: Ints) -> Floats:
        """Age in years."""
        years: Floats = (day - self.birth[row]) / YEAR
        return years


def born(chance: Chance, person: Ints) -> Lives:
    """The persons with these numbers, before any disease."""
    female = chance.happens("sex", 0.52, person)
    band = chance.choose("age band", _AGE_WEIGHTS, person)
    low, high = np.asarray(_AGE_BANDS[:-1])[band], np.asarray(_AGE_BANDS[1:])[band]
    age = low + (high - low) * chance.uniform("age", person)
    early = chance.happens("known from the start", 0.55, person)
    span = np.where(early, 730, END - START - 400)
    entry = START + (chance.uniform("entry", person) * span).astype(np.int64)
    birth = entry - (age * YEAR).astype(np.int64)
    moves = chance.exponential("moves away", person) * 60 * YEAR
    smoking = chance.choose("smoking", (0.55, 0.25, 0.20), person)
    smoking = np.where(age < 16, 0, smoking)
    death = years_after(entry, gompertz(chance.exponential("death", person), age, death_level(female), DEATH_GROWTH))
    return Lives(
        person=person,
        female=female,
        birth=birth,
        entry=entry,
        leaves=np.minimum(entry + 30 + moves.astype(np.int64), NEVER),
        death=np.where(death > END, NEVER, death),
        agrees=np.where(chance.happens("donor", 0.35, person) & (age >= 18), entry, NEVER),
        smoking=smoking,
        height=np.where(female, 165.5, 178.5) + 6.8 * chance.normal("height", person),
        mass_index=np.exp(np.log(26.2) + 0.16 * chance.normal("mass index", person)),
    )


def death_level(female: Bools) -> Floats:
    return np.where(female, DEATH_LEVEL, DEATH_LEVEL * MALE_DEATH)


def gompertz(exponential: Floats, age: Floats, level: Floats, growth: float) -> Floats:
    """Years until an event whose yearly hazard at age x is `level * exp(growth * x)`, from `age` on.

    `exponential` has mean 1. The cumulative hazard from `age` on is set equal to it and solved for the time.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        years: Floats = np.log1p(growth * exponential / (level * np.exp(growth * age))) / growth
    return np.nan_to_num(years, nan=np.inf, posinf=np.inf)


def years_after(day: Ints, years: Floats) -> Ints:
    """The day that is so many years after `day`, at least one day later; NEVER where it is beyond every life."""
    return np.where(years < 150, day + 1 + np.minimum(years, 150) * YEAR, NEVER).astype(np.int64)

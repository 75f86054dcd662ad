"""The planted comparison of heart failure as arrays, without records: for hundreds of campuses, and with what would
have happened to everybody under either drug.

The persons are those of a campus of that seed, drawn by the same code. The hazard ratio that is planted is conditional
on age, sex and class. What a comparison of two arms estimates is marginal, and nearer to 1, because the frail die first
in either arm; `Truth` has it: from the generator's own hazards, both drugs for each of very many persons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wardbench.synthetic import diseases
from wardbench.synthetic.chance import Bools, Chance, Floats, Ints
from wardbench.synthetic.people import DEATH_GROWTH, END, YEAR, born, death_level, gompertz
from wardbench.synthetic.records import NEVER
from wardbench.synthetic.stories import arthritis, colon_cancer, diabetes, heart_failure
from wardbench.synthetic.stories.heart_failure import BISOPROLOL, CARVEDILOL, CARVEDILOL_SHARE, CLASS_EFFECT


@dataclass(frozen=True)
class Arms:
    """n persons who started either drug. `days` are of follow-up, `died` whether it ended with death."""

    treated: Bools
    index: Ints
    days: Ints
    died: Bools
    may: Ints
    """Days that each could have been followed, had they not died."""
    age: Floats
    female: Bools
    severity: Ints
    covariates: Bools
    """(n, p): classes, sexes, ages in bands of five years, years of time zero, diseases noted by then, smoking."""

    @property
    def size(self) -> int:
        return len(self.treated)


def heart_failure_arms(seed: int, persons: int, last_day: int, hazard_ratio: float) -> Arms:
    """The starters among the persons of a campus, followed for at most `last_day` days."""
    chance = Chance(seed)
    lives = born(chance, np.arange(persons))
    diseases.fall_ill(chance, lives)
    diabetes.fate(chance, lives)
    colon_cancer.fate(chance, lives)
    arthritis.fate(chance, lives)
    heart_failure.fate(chance, lives, hazard_ratio)
    diseases.note(lives)
    index, drug = lives.noted["heart failure"], lives.traits["beta blocker"]
    may = np.minimum(np.minimum(lives.leaves, END) - index, last_day)
    days = np.minimum(lives.death - index, may)
    row = np.flatnonzero((index < NEVER) & ((drug == CARVEDILOL) | (drug == BISOPROLOL)) & (days >= 1))
    index = index[row]
    age, severity = lives.age(row, index), lives.traits["nyha"][row].astype(np.int64)
    year, band = (index / YEAR).astype(np.int64), np.clip(age // 5, 6, 19).astype(np.int64)
    columns = [severity == n for n in range(4)]
    columns += [lives.female[row], ~lives.female[row], *(lives.smoking[row] == n for n in range(3))]
    columns += [band == n for n in range(6, 20)]
    columns += [year == n for n in np.unique(year)]
    columns += [noted[row] <= index for name, noted in lives.noted.items() if name != "heart failure"]
    return Arms(
        drug[row] == CARVEDILOL,
        index,
        days[row],
        lives.death[row] - index <= may[row],
        may[row],
        age,
        lives.female[row],
        severity,
        np.stack(columns, axis=1),
    )


@dataclass(frozen=True)
class Truth:
    """Both drugs for everybody: risks by a day, and follow-up under each, with weights for whom the effect is about."""

    risks: tuple[float, float]
    """Shares dead by the day under carvedilol and under bisoprolol."""
    days: tuple[Ints, Ints]
    died: tuple[Bools, Bools]
    weight: Floats


def truth_of(arms: Arms, day: int, hazard_ratio: float, about: str, seed: int = 0) -> Truth:
    """`about`: "everybody", "treated", or "overlap" (those who might have had either)."""
    share = np.asarray(CARVEDILOL_SHARE)[arms.severity]
    weight = {"everybody": np.ones(arms.size), "treated": share, "overlap": share * (1 - share)}[about]
    chance = Chance(seed)
    risks, days, died = [], [], []
    # The same draw under both: without an effect nothing differs.
    draw = chance.exponential("counterfactual", np.arange(arms.size))
    for ratio in (hazard_ratio, 1.0):
        level = death_level(arms.female) * np.exp(np.asarray(CLASS_EFFECT)[arms.severity]) * ratio
        grown = np.exp(DEATH_GROWTH * arms.age) * np.expm1(DEATH_GROWTH * day / YEAR)
        risks.append(float(np.average(-np.expm1(-level / DEATH_GROWTH * grown), weights=weight)))
        until = 1 + np.minimum(gompertz(draw, arms.age, level, DEATH_GROWTH) * YEAR, 1e5).astype(np.int64)
        days.append(np.minimum(until, arms.may))
        died.append(until <= arms.may)
    return Truth((risks[0], risks[1]), (days[0], days[1]), (died[0], died[1]), weight)

"""What the laboratory measures: healthy values of known distribution, moved by disease.

A healthy value is `mean + sd * z` by sex, or its exponential where `log`; z is standard normal over persons and days,
correlated 0.7 within a person. So the true reference limits are known: the 2.5th and 97.5th percentiles. A disease
moves values by its `moves`, by 0.4 to 1.6 times as much in different persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wardbench.synthetic import codes
from wardbench.synthetic.chance import Chance, Floats, Ints
from wardbench.synthetic.people import Lives
from wardbench.synthetic.records import Records

NORMAL_97_5 = 1.959964
WITHIN_PERSON = 0.7


class Analyte(NamedTuple):
    """`women` and `men` are mean and standard deviation, of the logarithm where `log`.

    `story` is a disease whose story moves values in its own way, `acute` says that acute illness moves them as well.
    """

    code: int
    unit: str
    women: tuple[float, float]
    men: tuple[float, float]
    log: bool
    decimals: int
    moves: Mapping[str, float] = {}
    story: str | None = None
    acute: bool = False

    def limits(self, female: bool) -> tuple[float, float]:
        """The true 2.5th and 97.5th percentile of healthy women or men."""
        mean, sd = self.women if female else self.men
        low, high = mean - NORMAL_97_5 * sd, mean + NORMAL_97_5 * sd
        return (float(np.exp(low)), float(np.exp(high))) if self.log else (low, high)

    def printed_limits(self, female: bool) -> tuple[float, float]:
        """The limits as the laboratory prints them beside a value."""
        low, high = self.limits(female)
        return round(low, self.decimals), round(high, self.decimals)


def _log(median: float) -> float:
    return float(np.log(median))


ANALYTES = (
    Analyte(
        codes.HAEMOGLOBIN,
        "g/dL",
        (13.6, 0.8),
        (15.3, 0.9),
        False,
        1,
        {"colon cancer": -2.2, "kidney disease": -1.5, "arthritis": -1.4},
    ),
    Analyte(
        codes.CREATININE,
        "mg/dL",
        (_log(0.72), 0.145),
        (_log(0.92), 0.14),
        True,
        2,
        {"kidney disease": 0.65, "heart failure": 0.25},
    ),
    Analyte(codes.SODIUM, "mmol/L", (140, 2), (140, 2), False, 0, {"heart failure": -1.5}),
    Analyte(codes.POTASSIUM, "mmol/L", (4.3, 0.33), (4.3, 0.33), False, 1, {"kidney disease": 0.4}),
    Analyte(codes.ALT, "U/L", (_log(19), 0.4), (_log(26), 0.42), True, 0, {"diabetes": 0.25, "heart failure": 0.2}),
    Analyte(
        codes.CRP,
        "mg/L",
        (_log(1.1), 0.75),
        (_log(1.1), 0.75),
        True,
        1,
        {"copd": 0.5, "colon cancer": 1.2},
        "arthritis",
        True,
    ),
    Analyte(codes.LEUKOCYTES, "10*9/L", (_log(6.6), 0.24), (_log(6.6), 0.24), True, 1, {"copd": 0.15}, acute=True),
    Analyte(codes.PLATELETS, "10*9/L", (275, 50), (248, 47), False, 0, {"arthritis": 45, "colon cancer": 40}),
    Analyte(codes.LDL, "mg/dL", (116, 28), (120, 29), False, 0, {"hyperlipidaemia": 42}),
    Analyte(codes.TSH, "m[IU]/L", (_log(1.7), 0.45), (_log(1.6), 0.45), True, 2, {"hypothyroidism": 1.0}),
    Analyte(codes.HBA1C, "%", (5.4, 0.28), (5.4, 0.28), False, 1, story="diabetes"),
    Analyte(codes.CEA, "ng/mL", (_log(1.4), 0.45), (_log(1.6), 0.45), True, 1, {"colon cancer": 1.3}),
    Analyte(
        codes.NT_PROBNP,
        "pg/mL",
        (_log(70), 0.65),
        (_log(48), 0.7),
        True,
        0,
        {"heart failure": 2.4, "atrial fibrillation": 0.8},
    ),
    Analyte(codes.EJECTION_FRACTION, "%", (62, 4), (61, 4), False, 0, story="heart failure"),
)
BY_CODE = {analyte.code: analyte for analyte in ANALYTES}
BLOOD_COUNT_AND_CHEMISTRY = (
    codes.HAEMOGLOBIN,
    codes.CREATININE,
    codes.SODIUM,
    codes.POTASSIUM,
    codes.ALT,
    codes.CRP,
    codes.LEUKOCYTES,
    codes.PLATELETS,
)

UNITS = {analyte.code: analyte.unit for analyte in ANALYTES} | {
    codes.HEIGHT: "cm",
    codes.WEIGHT: "kg",
    codes.SYSTOLIC: "mm[Hg]",
    codes.DIASTOLIC: "mm[Hg]",
}
LABORATORY = frozenset(BY_CODE) | {codes.INFLUENZA_PCR}


def measure(
    chance: Chance,
    lives: Lives,
    records: Records,
    code: int,
    row: Ints,
    day: Ints,
    visit: Ints,
    extra: npt.ArrayLike = 0.0,
) -> Floats:
    """Measure one analyte at visits; `extra` moves the value (its logarithm where `log`) further. The values."""
    analyte = BY_CODE[code]
    name = codes.CODES[code].code
    person = lives.person[row]
    own = chance.normal(f"{name}, own", lives.person)[row]
    z = np.sqrt(WITHIN_PERSON) * own + np.sqrt(1 - WITHIN_PERSON) * chance.normal(f"{name}, day", person, day)
    female = lives.female[row]
    value = np.where(female, analyte.women[0], analyte.men[0]) + np.where(female, analyte.women[1], analyte.men[1]) * z
    for disease, move in analyte.moves.items():
        strength = 0.4 + 1.2 * chance.uniform(f"{name}, {disease}", lives.person)[row]
        value = value + np.where(lives.noted[disease][row] <= day, move * strength, 0.0)
    value = value + extra
    value = np.exp(value) if analyte.log else np.maximum(value, 10.0**-analyte.decimals)
    value = np.round(value, analyte.decimals).astype(np.float64)
    records.add("measurement", row, day, visit, code=code, value=value)
    rounded: Floats = value
    return rounded


def measure_panel(
    chance: Chance,
    lives: Lives,
    records: Records,
    row: Ints,
    day: Ints,
    visit: Ints,
    inflammation: float = 0.0,
) -> None:
    """Blood count and chemistry; `inflammation` is added to the logarithm of CRP, a tenth of it to leukocytes'.

    Inflamed joints add their own; the stronger of the two counts.
    """
    for code in BLOOD_COUNT_AND_CHEMISTRY:
        extra: Floats | float = 0.0
        if code == codes.CRP:
            joints = np.where(lives.noted["arthritis"][row] <= day, lives.traits["joint inflammation"][row], 0.0)
            extra = np.maximum(inflammation, joints)
        elif code == codes.LEUKOCYTES:
            extra = inflammation / 10
        measure(chance, lives, records, code, row, day, visit, extra)


def vital_signs(chance: Chance, lives: Lives, records: Records, row: Ints, day: Ints, visit: Ints) -> None:
    """Blood pressure and weight, and height while growing."""
    person = lives.person[row]
    age = lives.age(row, day)
    high = lives.noted["hypertension"][row] <= day
    own = 8 * chance.normal("pressure, own", lives.person)[row]
    systolic = 98 + 0.9 * np.minimum(age, 20) + 0.28 * np.maximum(age - 20, 0) + np.where(high, 14, 0) + own
    systolic = np.round(systolic + 7 * chance.normal("systolic", person, day))
    diastolic = np.round(0.42 * systolic + 24 + 5 * chance.normal("diastolic", person, day))
    records.add(
        "pressure", row, day, visit, value=np.maximum(systolic, 70), diastolic=np.clip(diastolic, 40, systolic - 15)
    )
    grown = np.clip(0.29 + 0.71 * (np.maximum(age, 0) / 17) ** 0.75, 0, 1)
    height = lives.height[row] * grown
    mass_index = np.where(age < 17, 16 + 0.3 * np.maximum(age, 0), lives.mass_index[row])
    weight = mass_index * (height / 100) ** 2 * np.exp(0.025 * chance.normal("weight", person, day))
    records.add("measurement", row, day, visit, code=codes.WEIGHT, value=np.round(weight, 1))
    known = (age < 18) | (day == lives.entry[row])
    records.add("measurement", row[known], day[known], visit[known], code=codes.HEIGHT, value=np.round(height[known]))

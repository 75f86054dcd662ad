"""What is true of a campus: planted effects, true reference limits, incidence, and who has which story."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from wardbench.synthetic import codes, laboratory
from wardbench.synthetic.campus import Block
from wardbench.synthetic.chance import Ints
from wardbench.synthetic.diseases import DISEASES
from wardbench.synthetic.people import DEATH_GROWTH, DEATH_LEVEL, END, EPOCH, MALE_DEATH, START
from wardbench.synthetic.records import NEVER
from wardbench.synthetic.stories import acute, colon_cancer, diabetes, heart_failure

FORMAT = 1


class Truths:
    """Collects what happened, block after block; `document` is the whole, plain JSON."""

    def __init__(self, persons: int, seed: int) -> None:
        self.persons = persons
        self.seed = seed
        self._counts: Counter[str] = Counter()

    def add(self, block: Block) -> None:
        lives, tables = block.lives, block.tables
        condition, drug, measurement = tables["condition"], tables["drug"], tables["measurement"]
        count = self._counts
        count["deaths"] += int((lives.death < NEVER).sum())
        count["women"] += int(lives.female.sum())
        count["donors with specimens"] += len(np.unique(tables["specimen"]["person"]))
        for name, columns in tables.items():
            count[f"rows/{name}"] += len(columns["id"])
        for disease in DISEASES:
            noted = lives.noted[disease.name]
            count[f"disease/{disease.name}"] += int((noted < NEVER).sum())
            count[f"new/{disease.name}"] += int(((noted < NEVER) & (noted > lives.entry)).sum())

        def persons(columns: dict[str, Ints], code: int) -> Ints:
            return np.unique(columns["person"][columns["code"] == code])

        for stage, code in enumerate(codes.STAGE):
            count[f"stage/{stage + 1}"] += len(persons(condition, code))
        count["colon cancer/removed"] += len(persons(tables["procedure"], codes.COLECTOMY))
        count["colon cancer/tissue"] += len(persons(tables["specimen"], codes.TISSUE))
        count["colon cancer/infusions"] += len(persons(drug, codes.OXALIPLATIN))
        count["colon cancer/tablets"] += len(persons(drug, codes.CAPECITABINE))
        flu = condition["code"] == codes.INFLUENZA
        count["influenza/episodes"] += int(flu.sum())
        count["influenza/persons"] += len(np.unique(condition["person"][flu]))
        count["influenza/antiviral"] += int((drug["code"] == codes.OSELTAMIVIR).sum())
        tested = measurement["code"] == codes.INFLUENZA_PCR
        count["influenza/tests"] += int(tested.sum())
        count["influenza/found"] += int((tested & (measurement["answer"] == codes.DETECTED)).sum())
        for name, code in (
            ("arthritis/methotrexate", codes.METHOTREXATE),
            ("arthritis/adalimumab", codes.ADALIMUMAB),
            ("arthritis/etanercept", codes.ETANERCEPT),
            ("diabetes/metformin", codes.METFORMIN),
            ("diabetes/glipizide", codes.GLIPIZIDE),
            ("diabetes/empagliflozin", codes.EMPAGLIFLOZIN),
            ("heart failure/bisoprolol", codes.BISOPROLOL),
            ("heart failure/carvedilol", codes.CARVEDILOL),
        ):
            count[name] += len(persons(drug, code))
        for number, code in enumerate(codes.NYHA):
            count[f"nyha/{number + 1}"] += len(persons(condition, code))

    def document(self) -> dict[str, Any]:
        count = self._counts
        return {
            "format": FORMAT,
            "about": (
                "A campus that never was. Effects are planted by Wardbench and say nothing of real drugs or diseases. "
                "`parameters` hold for any number of persons; `happened` counts what this campus came to hold."
            ),
            "seed": self.seed,
            "persons": self.persons,
            "records": {"start": _iso(START), "end": _iso(END)},
            "parameters": {
                "survival": [_heart_failure(), _diabetes()],
                "negative_control_outcomes": _negative_controls(),
                "reference_limits": _reference_limits(),
                "incidence": _incidence(),
                "seasonal": _seasonal(),
                "cancer": _cancer(),
            },
            "happened": {
                "deaths": count["deaths"],
                "women": count["women"],
                "donors_with_specimens": count["donors with specimens"],
                "records": {k.removeprefix("rows/"): v for k, v in count.items() if k.startswith("rows/")},
                "diseases": {
                    d.name: {"persons": count[f"disease/{d.name}"], "new": count[f"new/{d.name}"], **_code(d.code)}
                    for d in DISEASES
                },
                "heart_failure": {
                    "class": {str(n): count[f"nyha/{n}"] for n in range(1, 5)},
                    "bisoprolol": count["heart failure/bisoprolol"],
                    "carvedilol": count["heart failure/carvedilol"],
                },
                "diabetes": {n: count[f"diabetes/{n}"] for n in ("metformin", "glipizide", "empagliflozin")},
                "colon_cancer": {
                    "stage": {str(n): count[f"stage/{n}"] for n in range(1, 5)},
                    **{n: count[f"colon cancer/{n}"] for n in ("removed", "tissue", "infusions", "tablets")},
                },
                "influenza": {
                    n: count[f"influenza/{n}"] for n in ("episodes", "persons", "antiviral", "tests", "found")
                },
                "arthritis": {n: count[f"arthritis/{n}"] for n in ("methotrexate", "adalimumab", "etanercept")},
            },
        }

    def write(self, path: Path) -> dict[str, Any]:
        """Write the document as JSON; the document."""
        document = self.document()
        path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
        return document


def _code(code: int) -> dict[str, str]:
    return {"system": codes.CODES[code].system, "code": codes.CODES[code].code}


def _iso(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


def _heart_failure() -> dict[str, Any]:
    return {
        "name": "carvedilol against bisoprolol in heart failure",
        "about": (
            "From the first day of either drug, all-cause mortality follows Gompertz in age, times a factor for sex, "
            "class and drug. The drug is chosen by class alone. Conditional on age, sex and class the hazard ratio of "
            "carvedilol is `hazard_ratio`; without the class it looks harmful. Right model: Cox with age at start, "
            "sex, and the class as categories."
        ),
        "disease": _code(codes.HEART_FAILURE),
        "target": _code(codes.CARVEDILOL),
        "comparator": _code(codes.BISOPROLOL),
        "outcome": "death",
        "hazard_ratio": heart_failure.HAZARD_RATIO,
        "confounder": [
            {
                **_code(code),
                "share": heart_failure.CLASS_SHARE[n],
                "target_share": heart_failure.CARVEDILOL_SHARE[n],
                "hazard_ratio": float(np.exp(heart_failure.CLASS_EFFECT[n] - heart_failure.CLASS_EFFECT[0])),
            }
            for n, code in enumerate(codes.NYHA)
        ],
        "untreated_share": heart_failure.UNTREATED_SHARE,
        "mortality": {
            "formula": "level * exp(growth * age in years + class effect), a year",
            "level": {"female": DEATH_LEVEL, "male": DEATH_LEVEL * MALE_DEATH},
            "growth": DEATH_GROWTH,
            "class_effect": list(heart_failure.CLASS_EFFECT),
        },
    }


def _diabetes() -> dict[str, Any]:
    return {
        "name": "empagliflozin against glipizide in type 2 diabetes on metformin",
        "about": (
            "A planted null: the second drug is chosen by the HbA1c of that day, which stands for a severity that "
            "shortens life; the drug changes nothing. Given that HbA1c the choice is chance."
        ),
        "disease": _code(codes.DIABETES),
        "target": _code(codes.EMPAGLIFLOZIN),
        "comparator": _code(codes.GLIPIZIDE),
        "outcome": "death",
        "hazard_ratio": diabetes.HAZARD_RATIO,
        "confounder": [
            {
                **_code(codes.HBA1C),
                "target_share": "1 / (1 + exp(-slope * (HbA1c in % - centre)))",
                "slope": diabetes.CHOICE_SLOPE,
                "centre": diabetes.CHOICE_CENTRE,
            }
        ],
    }


def _negative_controls() -> dict[str, Any]:
    return {
        "about": (
            "No drug changes how often these come. Each class of heart failure multiplies them, so a comparison of "
            "the two drugs that does not adjust for the class finds an effect."
        ),
        "hazard_ratio": 1.0,
        "class_ratio": float(np.exp(acute.CLASS_FACTOR)),
        "outcomes": [{"name": kind.name, **_code(kind.code)} for kind in acute.NEGATIVE_CONTROLS],
    }


def _reference_limits() -> list[dict[str, Any]]:
    """True limits of the healthy: of those with none of `moved_by` noted, away from acute illness where it matters.

    `by` is on the scale of `mean`; None where a story moves the values in its own way. Values are rounded to
    `decimals`. The ejection fraction is measured in the sick alone.
    """
    limits = []
    for analyte in laboratory.ANALYTES:
        for sex in ("female", "male"):
            low, high = analyte.limits(sex == "female")
            mean, sd = analyte.women if sex == "female" else analyte.men
            limits.append(
                {
                    **_code(analyte.code),
                    "unit": analyte.unit,
                    "sex": sex,
                    "low": low,
                    "high": high,
                    "percentiles": [2.5, 97.5],
                    "distribution": "log-normal" if analyte.log else "normal",
                    "mean": mean,
                    "sd": sd,
                    "decimals": analyte.decimals,
                    "moved_by": [
                        {"name": disease.name, **_code(disease.code), "by": analyte.moves.get(disease.name)}
                        for disease in DISEASES
                        if disease.name in analyte.moves or disease.name == analyte.story
                    ],
                    "moved_by_acute_illness": analyte.acute,
                }
            )
    return limits


def _incidence() -> list[dict[str, Any]]:
    return [
        {
            "name": disease.name,
            **_code(disease.code),
            "formula": "per_1000 * exp(growth * (age - 60)) new cases in 1,000 person-years, from `youngest` on",
            "per_1000": {"female": disease.per_1000, "male": disease.per_1000 * disease.male},
            "growth": disease.growth,
            "youngest": disease.youngest,
            "daily_smokers_times": disease.smoker,
            "excess_yearly_mortality": disease.excess,
        }
        for disease in DISEASES
    ]


def _seasonal() -> list[dict[str, Any]]:
    return [
        {
            "name": kind.name,
            **_code(kind.code),
            "yearly_probability": {
                "5": kind.per_1000[0] / 1000,
                "40": kind.per_1000[1] / 1000,
                "80": kind.per_1000[2] / 1000,
            },
            "between_ages": "linear",
            "peak": None
            if kind.season is None
            else {"day_of_year": kind.season[0], "standard_deviation_days": kind.season[1]},
            "negative_control": kind.control,
        }
        for kind in acute.KINDS
    ]


def _cancer() -> dict[str, Any]:
    return {
        **_code(codes.COLON_CANCER),
        "stage_share": list(colon_cancer.STAGE_SHARE),
        "excess_yearly_mortality": list(colon_cancer.EXCESS_BY_STAGE),
    }

"""How the demonstration's tubes were handled: into how many they were divided, how long they waited, thawed how often.

All of it follows from a tube's number, so that every demonstration is the same.
"""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

from wardbench.campus.biobank import preanalytics
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.models import Specimen

SPUN = [[1500, False, True, 10]]
"""Plasma and serum are spun once, for ten minutes at room temperature."""
STEP = 50_000
"""What a pipette is set by, in nanolitres."""
FIRST_YEAR = 2012
"""Since when the way to the centrifuge has grown longer, by eight minutes a year."""


def divided(material: str, number: int, amount: Amount) -> list[Amount]:
    """What is in each tube of what was taken: every fifth plasma or serum was divided into three, two of them alike."""
    third = amount.value // 3 // STEP * STEP
    if material not in ("Plasma", "Serum") or number % 5 or not third:
        return [amount]
    return [replace(amount, value=value) for value in (amount.value - 2 * third, third, third)]


def thaws(number: int, part: int) -> int:
    """How often a tube was thawed: most never, some once or twice."""
    return 2 if (number + part) % 17 == 0 else int((number + part) % 6 == 0)


def note(specimen: Specimen, number: int) -> None:
    """Say of a specimen how long it waited, by the facts of SPREC; of every thirteenth nobody noted it."""
    facts = {} if number % 13 == 0 else _noted(specimen, number)
    if facts:
        specimen.preanalytics, specimen.sprec = facts, preanalytics.code(specimen, facts)


def _noted(specimen: Specimen, number: int) -> dict[str, Any]:
    taken = specimen.collected
    if taken is None or specimen.material in ("DNA", "Swab"):
        return {}
    if specimen.material.startswith("Tissue"):
        return {
            "collection": "SRG",
            "warm_minutes": 4 + number * 7 % 30,
            "cold_minutes": 8 + number * 11 % 45,
            "fixation": "SNP",
        }
    waited = 30 + number * 37 % 50 + 8 * max(taken.year - FIRST_YEAR, 0) + (14 * 60 if number % 29 == 0 else 0)
    after = 25 + number * 53 % 70
    spun = taken + datetime.timedelta(minutes=waited)
    if specimen.material in ("WholeBlood", "Urine"):
        return {"waited_cold": number % 2 == 0, "spins": [], "frozen": spun.isoformat()}
    frozen = spun + datetime.timedelta(minutes=after)
    return {
        "spun": spun.isoformat(),
        "waited_cold": False,
        "spins": SPUN,
        "frozen": frozen.isoformat(),
        "kept_cold": False,
    }

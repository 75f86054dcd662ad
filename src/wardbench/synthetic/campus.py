"""A block of persons from numbers to records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wardbench.core.errors import InputError
from wardbench.synthetic import care, diseases
from wardbench.synthetic.chance import Chance
from wardbench.synthetic.people import Lives, born
from wardbench.synthetic.records import Columns, Records
from wardbench.synthetic.stories import acute, arthritis, colon_cancer, diabetes, heart_failure

BLOCK = 5_000
MOST_PERSONS = 100_000_000


@dataclass
class Block:
    """The persons of a block and the tables of what was written down about them."""

    lives: Lives
    tables: dict[str, Columns]


def make(seed: int, first: int, end: int) -> Block:
    """The persons numbered from `first` to `end` - 1; always the same ones for a seed."""
    chance = Chance(seed)
    lives = born(chance, np.arange(first, end))
    diseases.fall_ill(chance, lives)
    diabetes.fate(chance, lives)
    colon_cancer.fate(chance, lives)
    arthritis.fate(chance, lives)
    heart_failure.fate(chance, lives)
    diseases.note(lives)

    records = Records()
    entry = care.enter(chance, lives, records)
    diagnosis = care.diagnose(chance, lives, records, entry)
    routine = care.follow_up(chance, lives, records)
    care.renew(chance, lives, records, *routine)
    care.look(chance, lives, records, *routine[:3])
    care.vaccinate(chance, lives, records, *routine[:3])
    diabetes.live(chance, lives, records, diagnosis["diabetes"], routine)
    heart_failure.live(chance, lives, records, diagnosis["heart failure"], routine)
    colon_cancer.live(chance, lives, records, diagnosis["colon cancer"])
    arthritis.live(chance, lives, records, diagnosis["arthritis"], routine)
    acute.live(chance, lives, records)
    care.die(chance, lives, records)
    return Block(lives, records.finish(first))


def spans(persons: int, block: int = BLOCK) -> list[tuple[int, int]]:
    """The first person of each block and the one after its last; InputError where there would be nobody."""
    if not 1 <= persons <= MOST_PERSONS:
        raise InputError(f"persons: a campus has from 1 to {MOST_PERSONS:,} persons.")
    return [(first, min(first + block, persons)) for first in range(0, persons, block)]

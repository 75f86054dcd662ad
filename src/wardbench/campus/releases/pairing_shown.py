"""What the page of a pick list of cases and controls shows: the sets, and how alike both sides are, drawn and told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank.models import Specimen
from wardbench.campus.releases.pairing import CLOSE, EXACT, Paired
from wardbench.campus.samples import words

SMALL = 0.1
"""Below this a difference of means in standard deviations is called negligible (Austin 2009)."""
WIDTH, LEFT, ROW, TOP = 640, 240, 26, 24
FARTHEST = 1.0
"""Differences beyond it stand at the edge of the drawing; the table has them."""


@dataclass(frozen=True)
class Tube:
    label: str
    donor: str
    sex: str
    age: str
    taken: str
    material: str


@dataclass(frozen=True)
class SetShown:
    case: Tube
    controls: Sequence[Tube]


@dataclass(frozen=True)
class Difference:
    """How far both sides are apart in one thing; `y`, `before_x` and `after_x` are where it is drawn."""

    name: str
    before: str
    after: str
    good: bool
    y: int
    before_x: int | None
    after_x: int | None


@dataclass(frozen=True)
class Drawing:
    """The differences drawn to scale: `ticks` with their words, and the line below which they are small."""

    width: int
    height: int
    zero: int
    small: int
    ticks: Sequence[tuple[int, str]]


def sets(paired: Paired) -> list[SetShown]:
    there = paired.specimens
    return [
        SetShown(_tube(there[one.case]), [_tube(there[name]) for name in one.controls if name in there])
        for one in paired.list.sets
        if one.case in there
    ]


def unmatched(paired: Paired) -> list[str]:
    """The labels of cases for which there were not enough controls."""
    return [paired.specimens[one].label for one in paired.list.unmatched if one in paired.specimens]


def _tube(one: Specimen) -> Tube:
    taken = timezone.localdate(one.collected) if one.collected else None
    donor = one.donor
    age = taken.year - donor.birth_year if taken and donor and donor.birth_year else None
    return Tube(
        one.label,
        donor.code if donor else "",
        _(words.SEXES[donor.sex.lower()]) if donor and donor.sex.lower() in words.SEXES else "",
        "" if age is None else str(age),
        "" if taken is None else str(taken.year),
        one.get_material_display(),
    )


def differences(paired: Paired) -> list[Difference]:
    """Before and after, in the order of the list's balance."""
    collections = words.collection_names()
    return [
        Difference(
            _name(one.covariate, collections),
            _figure(one.before),
            _figure(one.after),
            one.after is not None and abs(one.after) < SMALL,
            TOP + ROW * place + ROW // 2,
            _x(one.before),
            _x(one.after),
        )
        for place, one in enumerate(paired.list.balance)
    ]


def drawing(count: int) -> Drawing:
    ticks = [(_x(value) or 0, _figure(value)) for value in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return Drawing(WIDTH, TOP + ROW * count + 4, _x(0.0) or 0, _x(SMALL) or 0, ticks)


def _name(covariate: str, collections: dict[str, str]) -> str:
    if covariate in CLOSE:
        return _(CLOSE[covariate])
    facet, _space, value = covariate.partition(" ")
    return f"{_(EXACT[facet])}: {words.value_words(facet, value, collections)}"


def _x(value: float | None) -> int | None:
    if value is None:
        return None
    share = min(abs(value), FARTHEST) / FARTHEST
    return round(LEFT + share * (WIDTH - LEFT - 20))


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return "∞" if math.isinf(value) else f"{abs(value):.2f}"

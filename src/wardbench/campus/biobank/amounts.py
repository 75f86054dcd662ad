"""How much of a specimen there is, exactly: whole numbers of a small unit, never a fraction of a machine. No Django.

Volumes are kept in nanolitres, masses in nanograms, cells and pieces by their number. A unit is what people read.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum

from wardbench.campus.people.roles import gettext_noop
from wardbench.core.errors import InputError


class Dimension(StrEnum):
    VOLUME = "volume"
    MASS = "mass"
    CELLS = "cells"
    PIECES = "pieces"


@dataclass(frozen=True)
class Unit:
    """A unit: what it measures, and how many of the smallest of its dimension it is."""

    code: str
    dimension: Dimension
    size: int


UNITS = {
    unit.code: unit
    for unit in (
        Unit("ml", Dimension.VOLUME, 1_000_000),
        Unit("µl", Dimension.VOLUME, 1_000),
        Unit("nl", Dimension.VOLUME, 1),
        Unit("l", Dimension.VOLUME, 1_000_000_000),
        Unit("g", Dimension.MASS, 1_000_000_000),
        Unit("mg", Dimension.MASS, 1_000_000),
        Unit("µg", Dimension.MASS, 1_000),
        Unit("ng", Dimension.MASS, 1),
        Unit("cells", Dimension.CELLS, 1),
        Unit("tubes", Dimension.PIECES, 1),
        Unit("slides", Dimension.PIECES, 1),
        Unit("blocks", Dimension.PIECES, 1),
        Unit("vials", Dimension.PIECES, 1),
        Unit("pieces", Dimension.PIECES, 1),
    )
}
"""Units by their code."""

_SPELLINGS = {
    "uL": "µl", "ul": "µl", "μl": "µl", "μL": "µl", "µL": "µl", "mL": "ml", "ML": "ml", "L": "l", "nL": "nl",
    "ug": "µg", "μg": "µg", "mcg": "µg", "1": "pieces", "piece": "pieces", "tube": "tubes", "slide": "slides",
    "block": "blocks", "vial": "vials", "cell": "cells",
}  # fmt: skip
MOST = 9_000_000_000_000_000
"""The largest amount that is kept: 9,000 litres, 9 tonnes."""
LONGEST = 40
"""Characters of a number that is read, and the places of its first digit."""
EXACT = Context(prec=2 * LONGEST)


@dataclass(frozen=True)
class Amount:
    """`value` is a whole number of the smallest unit of the dimension of `unit` (a code of `UNITS`)."""

    value: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise InputError(gettext_noop("unit: “{unit}” is none that is known."), unit=self.unit)
        if not 0 <= self.value <= MOST:
            raise InputError(gettext_noop("amount: give an amount that is not below nothing and not absurdly large."))

    @property
    def dimension(self) -> Dimension:
        return UNITS[self.unit].dimension

    @property
    def number(self) -> Decimal:
        """How many of `unit` it is, exactly, without needless zeros."""
        number = Decimal(self.value) / UNITS[self.unit].size
        return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()

    def __str__(self) -> str:
        return f"{self.number:f} {self.unit}"


def unit_of(text: str) -> str:
    """The code of a unit as people spell it; InputError where it is unknown."""
    text = text.strip()
    for one in (text, _SPELLINGS.get(text, ""), text.lower(), _SPELLINGS.get(text.lower(), "")):
        if one in UNITS:
            return one
    raise InputError(gettext_noop("unit: “{unit}” is none that is known."), unit=text[:20])


def amount_of(number: str | int | Decimal, unit: str) -> Amount:
    """An amount from what was typed, "1.5" or "1,5"; InputError for what is no number or finer than can be kept."""
    code, text = unit_of(unit), str(number).strip().replace(",", ".")
    try:
        read = Decimal(text)
    except InvalidOperation:
        read = Decimal("NaN")
    # Beyond these digits nothing can be kept, and arithmetic is neither exact nor quick.
    if not read.is_finite() or len(text) > LONGEST or abs(read.adjusted()) > LONGEST:
        raise InputError(gettext_noop("amount: “{number}” is no number."), number=str(number)[:20])
    exact = EXACT.multiply(read, Decimal(UNITS[code].size))
    if exact != exact.to_integral_value():
        raise InputError(gettext_noop("amount: {number} {unit} is finer than can be kept."), number=number, unit=code)
    return Amount(int(exact), code)

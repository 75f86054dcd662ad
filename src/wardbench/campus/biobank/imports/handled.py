"""How a specimen was handled, by its columns: facts as `preanalytics` keeps them, and the SPREC code of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from wardbench.campus.biobank import bulk, preanalytics
from wardbench.campus.biobank.imports import parsing
from wardbench.campus.biobank.imports.parsing import WrongError
from wardbench.campus.biobank.models import Specimen
from wardbench.core.errors import InputError
from wardbench.core.sprec import COLLECTIONS, FIXATIONS, STORAGES, Spin

MOST_G, MOST_SPIN, MOST_MINUTES = 500_000, 600, 100_000
_AS_THEY_ARE = ("spun", "frozen", "storage", "collection", "warm_minutes", "cold_minutes", "fixation", "fixed_minutes")
_FLAGS = {"waited": "waited_cold", "kept": "kept_cold"}
_FIELD_OF = {"spun": "spun", "frozen": "frozen", "container": "tube"}
"""Fields by what an error of SPREC begins with."""


def parsers(
    zone: datetime.tzinfo, now: datetime.datetime, months: Mapping[str, bool]
) -> dict[str, Callable[[str], Any]]:
    """What a cell of each field means; `months` says of which columns the month stands first."""
    minutes = dict.fromkeys(
        ("warm_minutes", "cold_minutes", "fixed_minutes"), partial(parsing.number, most=MOST_MINUTES)
    )
    return {
        **{name: partial(parsing.hour, zone=zone, now=now, months=months[name]) for name in ("spun", "frozen")},
        **dict.fromkeys(("waited", "kept", "spun_cold"), parsing.cold),
        **minutes,
        "g": partial(parsing.number, most=MOST_G),
        "spun_minutes": partial(parsing.number, most=MOST_SPIN),
        "storage": partial(parsing.sprec, known=STORAGES),
        "collection": partial(parsing.sprec, known=COLLECTIONS),
        "fixation": partial(parsing.sprec, known=FIXATIONS),
    }


def facts(said: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a row from its values by field. WrongError where a spin has no speed."""
    found = {name: said[name] for name in _AS_THEY_ARE if said[name] is not None}
    found |= {fact: said[name] for name, fact in _FLAGS.items() if said[name] is not None}
    if said["g"] is not None:
        found["spins"] = [[said["g"], bool(said["spun_cold"]), True, said["spun_minutes"] or Spin(0).minutes]]
    elif said["spun_minutes"] is not None or said["spun_cold"] is not None:
        raise WrongError("no_g")
    return found


class Codes:
    """SPREC codes of specimens from the facts of each."""

    def __init__(self, zone: datetime.tzinfo) -> None:
        self._zone, self._maker = zone, bulk.Maker(Specimen)

    def of(self, noted: Mapping[str, Any], material: str, tube: str, collected: datetime.datetime | None) -> str:
        """The code; FaultyError with the field and cause of what is wrong. Of a day alone nobody knows the hour."""
        if collected is not None and collected.astimezone(self._zone).time() == datetime.time():
            collected = None
        one = self._maker.make({"material": material, "tube": tube, "collected": collected})
        try:
            return preanalytics.code(one, noted)
        except InputError as error:
            field = _FIELD_OF.get(str(error).partition(":")[0], "storage")
            raise FaultyError(field, "sprec" if field in ("tube", "storage") else "backwards") from None


class FaultyError(Exception):
    """A fact that cannot be: its field, and the cause."""

    def __init__(self, field: str, cause: str) -> None:
        self.field, self.cause = field, cause
        super().__init__(field, cause)

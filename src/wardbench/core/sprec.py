"""SPREC, the Standard PREanalytical Code: how a specimen was taken, handled and stored, in seven elements.

The facts are kept and the code is worked out of them, so that a newer version of the code needs no new facts. The
tables are those of version 2.0 (Lehmann and others, Biopreservation and Biobanking 2012): `VERSION` goes with each
code. A delay belongs to the class whose lower bound it reaches: two hours are "2 to 4 hours". What nobody noted is X,
what was noted and has no letter is Z.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from wardbench.core.errors import InputError

VERSION = "2.0"


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return sentence


FLUIDS = {
    "AscitesFluid": "ASC", "AmnioticFluid": "AMN", "BronchLavage": "BAL", "WholeBlood": "BLD",
    "BoneMarrowAspirate": "BMA", "BreastMilk": "BMK", "BuffyCoat": "BUF", "PBMC": "CEL",
    "CordBlood": "CRD", "CerebrospinalFluid": "CSF",
    "WholeBloodDried": "DWB", "NasalWashing": "NAS", "Plasma": "PL1", "PleuralFluid": "PFL", "RedBloodCells": "RBC",
    "Saliva": "SAL", "Semen": "SEM", "Serum": "SER", "Sputum": "SPT", "Faeces": "STL", "SynovialFluid": "SYN",
    "Tears": "TER", "Urine": "URN",
}  # fmt: skip
"""Fluid materials by their MIABIS code. Plasma that was spun twice is PL2."""
SOLIDS = {"Hair": "HAR", "Placenta": "PLC", "TissueFreshFrozen": "TIS", "TissueFixed": "TIS", "PostMortemTissue": "TIS"}
"""Solid materials by their MIABIS code."""
CONTAINERS = frozenset(
    [
        "ACD",
        "ADD",
        "CAT",
        "CPD",
        "CPT",
        "EDG",
        "HEP",
        "HIR",
        "LHG",
        "ORG",
        "PAX",
        "PED",
        "PET",
        "PI1",
        "PIX",
        "PPS",
        "PXD",
        "PXR",
        "SCI",
        "SED",
        "SHP",
        "SPO",
        "SST",
        "TEM",
        "TRC",
    ]
)
"""Primary containers of fluids."""
COLLECTIONS = frozenset(
    [
        "A06",
        "A12",
        "A24",
        "A48",
        "A72",
        "BCM",
        "BPS",
        "BSL",
        "BTM",
        "ASN",
        "PUN",
        "SCM",
        "SRG",
        "SSL",
        "STM",
        "VAC",
        "SWB",
    ]
)
"""Ways in which solid material is taken."""
FIXATIONS = frozenset(["ACA", "ALD", "ALL", "ETH", "FOR", "HST", "SNP", "NAA", "NBF", "OCT", "PXT", "RNL"])
_PP = gettext_noop("Tube of 0.5 to 2 ml")
_CRYO = gettext_noop("Cryotube of 1 to 2 ml")
_STRAW = gettext_noop("Straw")
_LARGE = gettext_noop("Tube of 5 ml or more")
_PLATE = gettext_noop("Microplate")
_SMALL = gettext_noop("Tube of 40 to 500 µl")
_COLD, _COOL = gettext_noop("-60 to -85 °C"), gettext_noop("-18 to -35 °C")
_BELOW, _NITROGEN = gettext_noop("Below -135 °C"), gettext_noop("liquid nitrogen")
_SLOWLY = gettext_noop("frozen by programme to below -135 °C")
_LATER = gettext_noop("liquid nitrogen after -60 to -85 °C")
STORED = {
    "A": (_PP, _COLD), "B": (_PP, _COOL), "C": (_CRYO, _NITROGEN), "D": (_CRYO, _COLD), "E": (_CRYO, _SLOWLY),
    "F": (gettext_noop("Plastic cryo straw"), _NITROGEN), "G": (_STRAW, _COLD), "H": (_STRAW, _COOL),
    "I": (_STRAW, _SLOWLY), "J": (_LARGE, _COLD), "K": (_LARGE, _COOL), "L": (_PLATE, _COLD), "M": (_PLATE, _COOL),
    "N": (_CRYO, _LATER), "O": (_STRAW, _LATER),
    "P": (gettext_noop("Block of paraffin"), gettext_noop("room temperature or 2 to 10 °C")),
    "Q": (gettext_noop("Bag"), _NITROGEN), "R": (gettext_noop("Dry medium"), gettext_noop("room temperature")),
    "S": (_SMALL, _COLD), "T": (_SMALL, _COOL), "V": (_PP, _BELOW), "W": (_SMALL, _BELOW),
    "Y": (gettext_noop("The tube into which it was taken"), gettext_noop("-18 to -35 °C or -60 to -85 °C")),
}  # fmt: skip
"""Long-term storage by its code: the container, and how cold."""
STORAGES = frozenset(STORED)

_HOURS = datetime.timedelta(hours=1)
_MINUTES = datetime.timedelta(minutes=1)
_BEFORE = ((2, "AB"), (4, "CD"), (8, "EF"), (12, "GH"), (24, "IJ"), (48, "KL"))
_AFTER = ((1, "BA"), (2, "DC"), (8, "FE"), (24, "HG"))
_ISCHAEMIA = ((2, "A"), (10, "B"), (20, "C"), (30, "D"), (60, "E"))
_FIXED = ((0.25, "A"), (1, "B"), (4, "C"), (8, "D"), (24, "E"), (48, "F"), (72, "G"))


@dataclass(frozen=True)
class Spin:
    """A centrifugation of 10 to 15 minutes: `g` multiples of gravity; `cold` is 2 to 10 °C, else room temperature."""

    g: int
    cold: bool = False
    brake: bool = True
    minutes: int = 10


@dataclass(frozen=True)
class Fluid:
    """What was noted of a fluid. Times are of one clock; None is what nobody noted; no spin is an empty tuple."""

    material: str
    container: str = ""
    collected: datetime.datetime | None = None
    spun: datetime.datetime | None = None
    waited_cold: bool | None = None
    waited_warm: bool = False
    spins: Sequence[Spin] | None = None
    spun_off: datetime.datetime | None = None
    frozen: datetime.datetime | None = None
    kept_cold: bool | None = None
    storage: str = ""


@dataclass(frozen=True)
class Solid:
    """What was noted of a solid; ischaemia and fixation as lengths of time."""

    material: str
    collection: str = ""
    warm: datetime.timedelta | None = None
    cold: datetime.timedelta | None = None
    fixation: str = ""
    fixed: datetime.timedelta | None = None
    storage: str = ""


def sprec(noted: Fluid | Solid) -> str:
    """The code, seven elements joined by hyphens. InputError where times run backwards or a code is unknown."""
    return "-".join(_fluid(noted) if isinstance(noted, Fluid) else _solid(noted))


def _fluid(noted: Fluid) -> list[str]:
    spins = noted.spins
    kind = FLUIDS.get(noted.material, "ZZZ")
    if kind == "PL1" and spins is not None and len(spins) > 1:
        kind = "PL2"
    spun = [_spin(one, first=place == 0) for place, one in enumerate(spins[:2])] if spins is not None else ["X", "X"]
    spun += ["N"] * (2 - len(spun))
    waited = _between("spun", noted.collected, noted.spun or (noted.frozen if spins == () else None))
    after = _between("frozen", noted.spun_off or noted.spun, noted.frozen)
    return [
        kind,
        _code("container", noted.container, CONTAINERS, 3),
        "O" if noted.waited_warm and waited is not None and waited < 2 * _HOURS else _delay(
            waited, noted.waited_cold, _BEFORE, "MN"
        ),
        spun[0],
        spun[1],
        "N" if spins == () else _delay(after, None if noted.kept_cold is None else noted.kept_cold, _AFTER, "JI"),
        _code("storage", noted.storage, STORAGES, 1),
    ]  # fmt: skip


def _solid(noted: Solid) -> list[str]:
    return [
        SOLIDS.get(noted.material, "ZZZ"),
        _code("collection", noted.collection, COLLECTIONS, 3),
        _length(noted.warm, _ISCHAEMIA, _MINUTES, "F"),
        _length(noted.cold, _ISCHAEMIA, _MINUTES, "F"),
        _code("fixation", noted.fixation, FIXATIONS, 3),
        _length(noted.fixed, _FIXED, _HOURS, "Z"),
        _code("storage", noted.storage, STORAGES, 1),
    ]


def _between(name: str, start: datetime.datetime | None, end: datetime.datetime | None) -> datetime.timedelta | None:
    if start is None or end is None:
        return None
    if end < start:
        raise InputError(f"{name}: this is before what has to come first.")
    return end - start


def _delay(
    length: datetime.timedelta | None, cold: bool | None, classes: Sequence[tuple[int, str]], longest: str
) -> str:
    """The letter of a delay at room temperature (first of each pair) or cold (second); X where either is unknown."""
    if length is None or cold is None:
        return "X"
    pair = next((letters for hours, letters in classes if length < hours * _HOURS), longest)
    return pair[1 if cold else 0]


def _length(
    length: datetime.timedelta | None, classes: Sequence[tuple[float, str]], unit: datetime.timedelta, longest: str
) -> str:
    if length is None:
        return "X"
    if length < datetime.timedelta(0):
        raise InputError("ischaemia: a length of time is not below nothing.")
    return next((letter for most, letter in classes if length < most * unit), longest)


def _spin(spin: Spin, *, first: bool) -> str:
    if spin.minutes == 30 and spin.g < 1000 and not spin.cold and not spin.brake and first:
        return "M"
    if not 10 <= spin.minutes <= 15:
        return "Z"
    if spin.g < 3000:
        return ("CD" if spin.cold else "AB")[spin.brake]
    if not spin.brake:
        return "Z"
    if spin.g < 6000:
        return "F" if spin.cold else "E"
    if spin.g <= 10_000:
        return "H" if spin.cold else "G"
    return "J" if spin.cold else "I"


def _code(name: str, code: str, known: frozenset[str], letters: int) -> str:
    if not code:
        return "X" * letters
    if code in known:
        return code
    if code == "Z" * letters:
        return code
    raise InputError(f"{name}: “{code[:8]}” is no code of SPREC {VERSION}.")

"""MIABIS's own English words for its codes, where a value is written as MIABIS Core 3.0 lists it, and back."""

from __future__ import annotations

from collections.abc import Mapping

from wardbench.core import miabis

MATERIALS = {
    **miabis.MATERIALS,
    "BuffyCoat": "Buffy Coat",
    "Gas": "Gas, exhaled (=breath)",
    "ImmortalizedCellLine": "Immortalized cell lines",
    "IsolatedTumorCell": "Isolated Tumor Cell (neoplastic cell)",
    "SpecimenEnvironment": "Specimen from environment",
    "WholeBloodDried": "Whole blood, dried (e.g. Guthrie cards)",
}
AGGREGATES = {
    **miabis.AGGREGATES,
    "ImmortalizedCellLine": "Immortalized cell lines",
    "TissueFrozen": "Tissue (Frozen)",
}
TEMPERATURES = {
    "RT": "RT",
    "2to10": "2 °C to 10 °C",
    "-18to-35": "-18 °C to -35 °C",
    "-60to-85": "-60 °C to -85 °C",
    "below-135": "< -135 °C",
    "LNvapour": "Liquid nitrogen vapour phase",
    "LNliquid": "Liquid nitrogen liquid phase",
    "Other": "Other",
}
SETTINGS = {
    **miabis.SETTINGS,
    "Public": "Public health/population based study",
    "Museum": "Museum and/or archeological collection",
}
DATASETS = {**miabis.DATASETS, "BodyImage": "Body (Radiological) image"}
CONDITIONS = {**miabis.CONDITIONS, "OutsideEUAccess": "Outside EU access"}
INCLUSION = {**miabis.INCLUSION, "Lifestyle": "Lifestyle/Exposure"}
SEXES = {**{sex: sex for sex in miabis.SEXES}, "NotApplicable": "Not applicable"}


def word(words: Mapping[str, str], code: str) -> str:
    """The word of a code; a code that MIABIS does not list stands for itself."""
    return words.get(code, code)


def code(words: Mapping[str, str], said: str) -> str:
    """The code of a word, the inverse of `word`."""
    return next((one for one, text in words.items() if text == said), said)

"""Which units a material can be measured in: a liquid by volume, a tissue by mass, what is neither by what it allows.

What holds a liquid (a tube, a vial, a slide) can be counted whatever is in it; a liquid itself has no pieces.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from wardbench.campus.biobank.amounts import UNITS, Dimension
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS

_V, _M, _C, _P = Dimension.VOLUME, Dimension.MASS, Dimension.CELLS, Dimension.PIECES
_LIQUIDS = (
    "WholeBlood", "Plasma", "Serum", "Urine", "Saliva", "BronchLavage", "NasalWashing", "CerebrospinalFluid",
    "SynovialFluid", "AmnioticFluid", "AscitesFluid", "PleuralFluid", "PericardialFluid", "GastricFluid",
    "VitreousFluid", "BodyCavityFluid", "Bile", "BreastMilk", "Semen", "Sweat", "Tears", "MenstrualBlood",
    "BoneMarrowPlasma",
)  # fmt: skip
_SOLIDS = (
    "UmbilicalCord", "Placenta", "Bone", "TissueFreshFrozen", "TissueFixed", "PostMortemTissue", "EntireOrgan",
    "Embryo", "FetalTissue", "DentalPulp", "Teeth", "Hair", "Nail",
)  # fmt: skip
_CELLS = ("BuffyCoat", "RedBloodCells", "CordBlood", "BoneMarrowWhole", "BoneMarrowAspirate")
_MOLECULES = ("DNA", "RNA", "Protein", "IsolatedExosome")
MEASURED_BY = {
    **dict.fromkeys(MATERIALS, frozenset(Dimension)),
    **dict.fromkeys(_LIQUIDS, frozenset({_V})),
    **dict.fromkeys(_SOLIDS, frozenset({_M, _P})),
    **dict.fromkeys(_CELLS, frozenset({_V, _C})),
    **dict.fromkeys(_MOLECULES, frozenset({_V, _M, _P})),
    **dict.fromkeys(("Faeces", "Sputum", "UrineSediment", "WholeBloodDried"), frozenset({_V, _M, _P})),
    "Swab": frozenset({_V, _P}),
    "Gas": frozenset({_V, _P}),
}
"""The dimensions of the amounts of each material; those that can be anything have all."""
HOLDERS = frozenset({"tubes", "vials", "slides"})
"""Units that count what a material is in."""


def fits(material: str, unit: str) -> bool:
    """Whether some of a material can be so much of a unit (a code of `UNITS`); no unit fits everything."""
    if not unit or unit in HOLDERS:
        return True
    return UNITS[unit].dimension in MEASURED_BY.get(material, frozenset(Dimension))


def fitting(material: str, unit: str) -> None:
    """InputError where a material is not measured in a unit."""
    if not fits(material, unit):
        sentence = _("amount: {material} is not measured in {unit}: a liquid has a volume, a tissue a mass or pieces.")
        raise InputError(sentence.format(material=_(MATERIALS[material]), unit=unit))

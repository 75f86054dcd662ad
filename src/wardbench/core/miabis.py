"""The words of MIABIS, the minimum information about biobank data sharing: materials and storage temperatures.

Codes are those of MIABIS on FHIR 1.3, the words those of MIABIS Core 3.0 and Sample 1.1.
"""

from __future__ import annotations


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is translated where it is shown."""
    return sentence


MATERIALS = {
    "WholeBlood": gettext_noop("Whole blood"),
    "WholeBloodDried": gettext_noop("Whole blood, dried"),
    "Plasma": gettext_noop("Plasma"),
    "Serum": gettext_noop("Serum"),
    "BuffyCoat": gettext_noop("Buffy coat"),
    "PBMC": gettext_noop("Peripheral blood mononuclear cells (PBMC)"),
    "RedBloodCells": gettext_noop("Red blood cells"),
    "DNA": gettext_noop("DNA"),
    "RNA": gettext_noop("RNA"),
    "Protein": gettext_noop("Protein"),
    "Urine": gettext_noop("Urine"),
    "UrineSediment": gettext_noop("Urine sediment"),
    "Faeces": gettext_noop("Faeces"),
    "Saliva": gettext_noop("Saliva"),
    "Swab": gettext_noop("Swab"),
    "Sputum": gettext_noop("Sputum"),
    "BronchLavage": gettext_noop("Bronchoalveolar lavage"),
    "NasalWashing": gettext_noop("Nasal washing"),
    "CerebrospinalFluid": gettext_noop("Cerebrospinal fluid"),
    "SynovialFluid": gettext_noop("Synovial fluid"),
    "AmnioticFluid": gettext_noop("Amniotic fluid"),
    "AscitesFluid": gettext_noop("Ascites fluid"),
    "PleuralFluid": gettext_noop("Pleural fluid"),
    "PericardialFluid": gettext_noop("Pericardial fluid"),
    "GastricFluid": gettext_noop("Gastric fluid"),
    "VitreousFluid": gettext_noop("Vitreous fluid"),
    "BodyCavityFluid": gettext_noop("Body cavity fluid"),
    "Bile": gettext_noop("Bile"),
    "BreastMilk": gettext_noop("Breast milk"),
    "Semen": gettext_noop("Semen"),
    "Sweat": gettext_noop("Sweat"),
    "Tears": gettext_noop("Tears"),
    "MenstrualBlood": gettext_noop("Menstrual blood"),
    "CordBlood": gettext_noop("Cord blood"),
    "UmbilicalCord": gettext_noop("Umbilical cord"),
    "Placenta": gettext_noop("Placenta"),
    "BoneMarrowWhole": gettext_noop("Bone marrow, whole"),
    "BoneMarrowAspirate": gettext_noop("Bone marrow aspirate"),
    "BoneMarrowPlasma": gettext_noop("Bone marrow plasma"),
    "Bone": gettext_noop("Bone"),
    "TissueFreshFrozen": gettext_noop("Tissue (fresh frozen)"),
    "TissueFixed": gettext_noop("Tissue (fixed)"),
    "PostMortemTissue": gettext_noop("Post-mortem tissue"),
    "EntireOrgan": gettext_noop("Entire body organ"),
    "Embryo": gettext_noop("Embryo"),
    "FetalTissue": gettext_noop("Fetal tissue"),
    "PrimaryCells": gettext_noop("Primary cells"),
    "Fibroblast": gettext_noop("Fibroblasts"),
    "StemCells": gettext_noop("Stem cells (and iPS cells)"),
    "Organoid": gettext_noop("Organoids"),
    "IsolatedTumorCell": gettext_noop("Isolated tumour cells"),
    "CancerCellLine": gettext_noop("Cancer cell lines"),
    "ImmortalizedCellLine": gettext_noop("Immortalised cell lines"),
    "IsolatedExosome": gettext_noop("Isolated or enriched exosomes"),
    "IsolatedMicrobe": gettext_noop("Isolated microbes"),
    "DentalPulp": gettext_noop("Dental pulp"),
    "Teeth": gettext_noop("Teeth"),
    "Hair": gettext_noop("Hair"),
    "Nail": gettext_noop("Nail"),
    "Gas": gettext_noop("Exhaled air"),
    "SpecimenEnvironment": gettext_noop("Specimen from the environment"),
    "FoodSpecimen": gettext_noop("Food specimen"),
    "Other": gettext_noop("Other"),
}
"""The detailed sample types of MIABIS Core 3, by the codes of MIABIS on FHIR; what is asked for most comes first."""

TEMPERATURES = {
    "RT": gettext_noop("Room temperature"),
    "2to10": gettext_noop("2 to 10 °C"),
    "-18to-35": gettext_noop("-18 to -35 °C"),
    "-60to-85": gettext_noop("-60 to -85 °C"),
    "below-135": gettext_noop("Below -135 °C"),
    "LNvapour": gettext_noop("Liquid nitrogen, vapour phase"),
    "LNliquid": gettext_noop("Liquid nitrogen, liquid phase"),
    "Other": gettext_noop("Other"),
}
"""Storage temperatures, the eight of MIABIS Core 3.0; FHIR has one code, LN, for the three coldest."""

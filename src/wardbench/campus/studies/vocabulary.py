"""The words a registration chooses from: specimens by MIABIS, tables by OMOP, fates of material. No Django here."""

from __future__ import annotations

from wardbench.campus.people.roles import gettext_noop

SPECIMENS = {
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

UNITS = ("tubes", "ml", "µl", "mg", "µg", "slides", "blocks", "vials")

TABLES = {
    "person": gettext_noop("Age, sex and place"),
    "visit_occurrence": gettext_noop("Visits and admissions"),
    "condition_occurrence": gettext_noop("Diagnoses"),
    "drug_exposure": gettext_noop("Medicines"),
    "procedure_occurrence": gettext_noop("Procedures"),
    "measurement": gettext_noop("Laboratory and other measurements"),
    "observation": gettext_noop("Observations and answers"),
    "device_exposure": gettext_noop("Devices"),
    "specimen": gettext_noop("Specimens"),
    "death": gettext_noop("Deaths"),
    "note": gettext_noop("Notes and reports in words"),
}
"""Tables of the OMOP Common Data Model, and what a reader calls what is in them."""

FATES = {
    "destroy": gettext_noop("It is destroyed"),
    "return": gettext_noop("It is returned to the biobank"),
    "keep": gettext_noop("It is kept, with the approvals that this needs"),
}
"""What becomes of material after a study."""

DOCUMENT_KINDS = {
    "protocol": gettext_noop("Protocol"),
    "biobank_form": gettext_noop("Biobank application form"),
    "consent_form": gettext_noop("Consent form"),
    "transfer_agreement": gettext_noop("Transfer agreement (draft or signed)"),
    "other": gettext_noop("Other document"),
}

WORK = {
    "investigator": gettext_noop("Investigator"),
    "coordinator": gettext_noop("Study coordinator"),
    "laboratory": gettext_noop("Laboratory"),
    "analyst": gettext_noop("Data analyst"),
    "student": gettext_noop("Student"),
    "partner": gettext_noop("Partner"),
}
"""What somebody does in a study."""

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

AGGREGATES = {
    "Blood": gettext_noop("Blood"),
    "BuffyCoat": gettext_noop("Buffy coat"),
    "Plasma": gettext_noop("Plasma"),
    "Serum": gettext_noop("Serum"),
    "DNA": gettext_noop("DNA"),
    "RNA": gettext_noop("RNA"),
    "Urine": gettext_noop("Urine"),
    "Faeces": gettext_noop("Faeces"),
    "Saliva": gettext_noop("Saliva"),
    "Swab": gettext_noop("Swab"),
    "OtherBodyFluid": gettext_noop("Other body fluid"),
    "TissueFrozen": gettext_noop("Tissue (frozen)"),
    "TissueFFPE": gettext_noop("Tissue (FFPE)"),
    "PostMortemTissue": gettext_noop("Post-mortem tissue"),
    "EntireOrgan": gettext_noop("Entire body organ"),
    "EmbryoFetal": gettext_noop("Embryo or fetal tissue"),
    "PrimaryCells": gettext_noop("Primary cells"),
    "CancerCellLine": gettext_noop("Cancer cell lines"),
    "ImmortalizedCellLine": gettext_noop("Immortalised cell lines"),
    "IsolatedMicrobe": gettext_noop("Isolated microbes"),
    "SpecimenEnvironment": gettext_noop("Specimen from environment or food"),
    "Other": gettext_noop("Other"),
}
"""The sample types by which a whole collection is described; a collection's material is one of these."""

_FLUIDS = (
    "Sputum", "BronchLavage", "NasalWashing", "CerebrospinalFluid", "SynovialFluid", "AmnioticFluid", "AscitesFluid",
    "PleuralFluid", "PericardialFluid", "GastricFluid", "VitreousFluid", "BodyCavityFluid", "Bile", "BreastMilk",
    "Semen", "Sweat", "Tears", "BoneMarrowWhole", "BoneMarrowAspirate",
)  # fmt: skip
_AGGREGATE = {
    **dict.fromkeys(_FLUIDS, "OtherBodyFluid"),
    **dict.fromkeys(("WholeBlood", "WholeBloodDried", "CordBlood", "MenstrualBlood", "RedBloodCells"), "Blood"),
    **dict.fromkeys(("PBMC", "Fibroblast", "StemCells", "IsolatedTumorCell"), "PrimaryCells"),
    **dict.fromkeys(("Embryo", "FetalTissue"), "EmbryoFetal"),
    "BoneMarrowPlasma": "Plasma",
    "UrineSediment": "Urine",
    "TissueFreshFrozen": "TissueFrozen",
    "TissueFixed": "TissueFFPE",
    "FoodSpecimen": "SpecimenEnvironment",
}


def aggregate(material: str) -> str:
    """The aggregate sample type (`AGGREGATES`) of a material; `Other` for what has none of its own."""
    return _AGGREGATE.get(material, material if material in AGGREGATES else "Other")


DESIGNS = {
    "CaseControl": gettext_noop("Case-control"),
    "CrossSectional": gettext_noop("Cross-sectional"),
    "LongitudinalCohort": gettext_noop("Longitudinal cohort"),
    "TwinStudy": gettext_noop("Twin-study"),
    "QualityControl": gettext_noop("Quality control study"),
    "PopulationBasedCohort": gettext_noop("Population-based cohort"),
    "DiseaseSpecificCohort": gettext_noop("Disease-specific cohort"),
    "BirthCohort": gettext_noop("Birth cohort"),
    "MicrobialCollection": gettext_noop("Microbial collection"),
    "ReferenceCollection": gettext_noop("Reference collection"),
    "RareDiseaseCollection": gettext_noop("Rare disease collection"),
    "Other": gettext_noop("Other"),
}
SETTINGS = {
    "RoutineHealthCare": gettext_noop("Routine health care setting"),
    "ClinicalTrial": gettext_noop("Clinical trial"),
    "ResearchStudy": gettext_noop("Research study"),
    "Public": gettext_noop("Public health or population based study"),
    "Museum": gettext_noop("Museum or archaeological collection"),
    "Environment": gettext_noop("Environment"),
    "Unknown": gettext_noop("Unknown"),
    "Other": gettext_noop("Other"),
}
DATASETS = {
    "Lifestyle": gettext_noop("Lifestyle"),
    "Environmental": gettext_noop("Environmental"),
    "Physiological": gettext_noop("Physiological"),
    "Biochemical": gettext_noop("Biochemical"),
    "Clinical": gettext_noop("Clinical"),
    "Psychological": gettext_noop("Psychological"),
    "Genomic": gettext_noop("Genomic"),
    "Proteomic": gettext_noop("Proteomic"),
    "Metabolomic": gettext_noop("Metabolomic"),
    "BodyImage": gettext_noop("Body (radiological) image"),
    "WholeSlideImage": gettext_noop("Whole slide image"),
    "PhotoImage": gettext_noop("Photo image"),
    "GenealogicalRecords": gettext_noop("Genealogical records"),
    "Other": gettext_noop("Other"),
}
"""Types of data beside the specimens; MIABIS on FHIR spells the first one `Lifesyle`."""
CONDITIONS = {
    "CommercialUse": gettext_noop("Commercial use"),
    "Collaboration": gettext_noop("Collaboration"),
    "SpecificResearchUse": gettext_noop("Specific research use"),
    "GeneticDataUse": gettext_noop("Genetic data use"),
    "OutsideEUAccess": gettext_noop("Access from outside the European Union"),
    "Xenograft": gettext_noop("Xenograft"),
    "OtherAnimalWork": gettext_noop("Other animal work"),
    "Other": gettext_noop("Other"),
}
INCLUSION = {
    "HealthStatus": gettext_noop("Health status"),
    "HospitalPatient": gettext_noop("Hospital patient"),
    "UseOfMedication": gettext_noop("Use of medication"),
    "Gravidity": gettext_noop("Gravidity"),
    "AgeGroup": gettext_noop("Age group"),
    "FamilialStatus": gettext_noop("Familial status"),
    "Sex": gettext_noop("Sex"),
    "CountryOfResidence": gettext_noop("Country of residence"),
    "EthnicOrigin": gettext_noop("Ethnic origin"),
    "PopulationRepresentative": gettext_noop("Population representative sampling"),
    "Lifestyle": gettext_noop("Lifestyle or exposure"),
    "Other": gettext_noop("Other"),
}
INFRASTRUCTURAL = {
    "SampleStorage": gettext_noop("Sample storage"),
    "DataStorage": gettext_noop("Data storage"),
    "Biosafety": gettext_noop("Biosafety abilities"),
}
ORGANISATIONAL = {
    "RecontactDonors": gettext_noop("Recontact with donors"),
    "ClinicalTrials": gettext_noop("Facilitating clinical trials"),
    "ProspectiveCollections": gettext_noop("Setting up prospective collections"),
    "OmicsData": gettext_noop("Access to omics data"),
    "LabAnalysisData": gettext_noop("Access to laboratory analysis data"),
    "ClinicalData": gettext_noop("Access to donors' clinical data"),
    "PathologyArchive": gettext_noop("Access to pathology archive"),
    "RadiologyArchive": gettext_noop("Access to radiology archive"),
    "MedicalRegistries": gettext_noop("Access to national medical registries"),
    "Other": gettext_noop("Other"),
}
BIOPROCESSING = {
    "BioChemAnalyses": gettext_noop("Biochemical analyses"),
    "Genomics": gettext_noop("Genomics"),
    "NucleicAcidExtraction": gettext_noop("Nucleic acid extraction"),
    "Proteomics": gettext_noop("Proteomics"),
    "Metabolomics": gettext_noop("Metabolomics"),
    "Histology": gettext_noop("Histology"),
    "CellLinesProcessing": gettext_noop("Cell-lines processing"),
    "Virology": gettext_noop("Virology"),
    "SampleProcessing": gettext_noop("Sample processing"),
    "SampleShipping": gettext_noop("Sample shipping"),
    "SampleQualityControlServices": gettext_noop("Sample quality control services"),
    "Other": gettext_noop("Other"),
}
SEXES = ("Male", "Female", "Unknown", "Undifferentiated", "NotApplicable")
SOURCES = ("Human", "Animal", "Environment")

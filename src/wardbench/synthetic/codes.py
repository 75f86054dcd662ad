"""The codes the campus writes down: published code numbers as facts, with short texts of our own.

A code is used by its place in `CODES`, so that events are columns of small numbers.
"""

from __future__ import annotations

from typing import NamedTuple

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX = "http://hl7.org/fhir/sid/cvx"
UCUM = "http://unitsofmeasure.org"

VOCABULARIES = {SNOMED: "SNOMED", LOINC: "LOINC", RXNORM: "RxNorm", CVX: "CVX", UCUM: "UCUM"}
"""The OMOP vocabulary of each code system."""


class Code(NamedTuple):
    system: str
    code: str
    text: str


CODES: list[Code] = []


def _code(system: str, code: str, text: str) -> int:
    CODES.append(Code(system, code, text))
    return len(CODES) - 1


def _snomed(code: str, text: str) -> int:
    return _code(SNOMED, code, text)


def _loinc(code: str, text: str) -> int:
    return _code(LOINC, code, text)


def _rxnorm(code: str, text: str) -> int:
    return _code(RXNORM, code, text)


def _cvx(code: str, text: str) -> int:
    return _code(CVX, code, text)


CHECK_UP = _snomed("185349003", "Check-up")
PROBLEM_VISIT = _snomed("185347001", "Visit for a problem")
EMERGENCY_VISIT = _snomed("50849002", "Emergency visit")
ADMISSION = _snomed("32485007", "Hospital admission")

HYPERTENSION = _snomed("38341003", "High blood pressure")
HYPERLIPIDAEMIA = _snomed("55822004", "High blood lipids")
DIABETES = _snomed("44054006", "Type 2 diabetes")
HEART_FAILURE = _snomed("84114007", "Heart failure")
ATRIAL_FIBRILLATION = _snomed("49436004", "Atrial fibrillation")
COPD = _snomed("13645005", "Chronic obstructive lung disease")
ASTHMA = _snomed("195967001", "Asthma")
KIDNEY_DISEASE = _snomed("709044004", "Chronic kidney disease")
HYPOTHYROIDISM = _snomed("40930008", "Underactive thyroid")
DEPRESSION = _snomed("35489007", "Depression")
KNEE_ARTHROSIS = _snomed("239873007", "Arthrosis of the knee")
OSTEOPOROSIS = _snomed("64859006", "Osteoporosis")
INFARCTION = _snomed("22298006", "Heart attack")
STROKE = _snomed("230690007", "Stroke")
COLON_CANCER = _snomed("363406005", "Cancer of the colon")
ARTHRITIS = _snomed("69896004", "Rheumatoid arthritis")

NYHA = (
    _snomed("420300004", "NYHA class I"),
    _snomed("421704003", "NYHA class II"),
    _snomed("420913000", "NYHA class III"),
    _snomed("422293003", "NYHA class IV"),
)
STAGE = (
    _snomed("13104003", "Clinical stage I"),
    _snomed("60333009", "Clinical stage II"),
    _snomed("50283003", "Clinical stage III"),
    _snomed("2640006", "Clinical stage IV"),
)

INFLUENZA = _snomed("6142004", "Influenza")
PNEUMONIA = _snomed("233604007", "Pneumonia")
URINARY_INFECTION = _snomed("68566005", "Urinary tract infection")
GASTROENTERITIS = _snomed("25374005", "Gastroenteritis")
HIP_FRACTURE = _snomed("359817006", "Closed hip fracture")
BRONCHITIS = _snomed("10509002", "Acute bronchitis")
PHARYNGITIS = _snomed("195662009", "Viral throat infection")
SINUSITIS = _snomed("444814009", "Viral sinusitis")
OTITIS = _snomed("65363002", "Otitis media")
APPENDICITIS = _snomed("74400008", "Appendicitis")
SPRAINED_ANKLE = _snomed("44465007", "Sprained ankle")
FOREARM_FRACTURE = _snomed("65966004", "Broken forearm")
CLAVICLE_FRACTURE = _snomed("58150001", "Broken collarbone")
CONCUSSION = _snomed("62106007", "Concussion, stayed conscious")
WHIPLASH = _snomed("39848009", "Whiplash")
THIGH_LACERATION = _snomed("283385000", "Cut in the thigh")
CONTACT_DERMATITIS = _snomed("40275004", "Contact dermatitis")
CELLULITIS = _snomed("128045006", "Cellulitis")
MIGRAINE = _snomed("37796009", "Migraine")
BACK_PAIN = _snomed("279039007", "Low back pain")
GALLSTONE = _snomed("235919008", "Gallstone")
INSOMNIA = _snomed("193462001", "Insomnia")

COLONOSCOPY = _snomed("73761001", "Colonoscopy")
COLECTOMY = _snomed("23968004", "Removal of part of the colon")
APPENDECTOMY = _snomed("80146002", "Removal of the appendix")
ECHOCARDIOGRAPHY = _snomed("40701008", "Heart ultrasound")
HIP_REPLACEMENT = _snomed("52734007", "Total hip replacement")
CHEMOTHERAPY = _snomed("367336001", "Chemotherapy")

PENICILLIN_ALLERGY = _snomed("91936005", "Allergy to penicillin")
PEANUT_ALLERGY = _snomed("91935009", "Allergy to peanut")
LATEX_ALLERGY = _snomed("300916003", "Allergy to latex")
POLLEN_ALLERGY = _snomed("418689008", "Allergy to grass pollen")

NEVER_SMOKED = _snomed("266919005", "Never smoked")
EX_SMOKER = _snomed("8517006", "Former smoker")
DAILY_SMOKER = _snomed("449868002", "Smokes daily")
DETECTED = _snomed("260373001", "Detected")
NOT_DETECTED = _snomed("260415000", "Not detected")

SERUM = _snomed("119364003", "Serum")
PLASMA = _snomed("119361006", "Plasma")
WHOLE_BLOOD = _snomed("258580003", "Whole blood")
DNA = _snomed("258566005", "DNA")
URINE = _snomed("122575003", "Urine")
TISSUE = _snomed("119376003", "Tissue")
NASOPHARYNGEAL_SWAB = _snomed("258500001", "Nasopharyngeal swab")
COLON = _snomed("71854001", "Colon")

LISINOPRIL = _rxnorm("29046", "lisinopril")
AMLODIPINE = _rxnorm("17767", "amlodipine")
ATORVASTATIN = _rxnorm("83367", "atorvastatin")
METFORMIN = _rxnorm("6809", "metformin")
GLIPIZIDE = _rxnorm("4821", "glipizide")
EMPAGLIFLOZIN = _rxnorm("1545653", "empagliflozin")
BISOPROLOL = _rxnorm("19484", "bisoprolol")
CARVEDILOL = _rxnorm("20352", "carvedilol")
FUROSEMIDE = _rxnorm("4603", "furosemide")
APIXABAN = _rxnorm("1364430", "apixaban")
TIOTROPIUM = _rxnorm("69120", "tiotropium")
SALBUTAMOL = _rxnorm("435", "albuterol (salbutamol)")
LEVOTHYROXINE = _rxnorm("10582", "levothyroxine")
SERTRALINE = _rxnorm("36437", "sertraline")
PARACETAMOL = _rxnorm("161", "acetaminophen (paracetamol)")
IBUPROFEN = _rxnorm("5640", "ibuprofen")
ASPIRIN = _rxnorm("1191", "aspirin")
AMOXICILLIN = _rxnorm("723", "amoxicillin")
NITROFURANTOIN = _rxnorm("7454", "nitrofurantoin")
OSELTAMIVIR = _rxnorm("260101", "oseltamivir")
METHOTREXATE = _rxnorm("6851", "methotrexate")
HYDROXYCHLOROQUINE = _rxnorm("5521", "hydroxychloroquine")
ADALIMUMAB = _rxnorm("327361", "adalimumab")
ETANERCEPT = _rxnorm("214555", "etanercept")
FLUOROURACIL = _rxnorm("4492", "fluorouracil")
OXALIPLATIN = _rxnorm("32592", "oxaliplatin")
CAPECITABINE = _rxnorm("194000", "capecitabine")

INFLUENZA_VACCINE = _cvx("140", "Influenza vaccine, seasonal")
PNEUMOCOCCAL_VACCINE = _cvx("33", "Pneumococcal polysaccharide vaccine")
TETANUS_VACCINE = _cvx("113", "Tetanus and diphtheria vaccine, adult")
MMR_VACCINE = _cvx("03", "Measles, mumps and rubella vaccine")
COVID_VACCINE = _cvx("208", "COVID-19 mRNA vaccine")

PRESSURE = _loinc("85354-9", "Blood pressure")
SYSTOLIC = _loinc("8480-6", "Systolic blood pressure")
DIASTOLIC = _loinc("8462-4", "Diastolic blood pressure")
HEIGHT = _loinc("8302-2", "Body height")
WEIGHT = _loinc("29463-7", "Body weight")
SMOKING = _loinc("72166-2", "Smoking status")
HBA1C = _loinc("4548-4", "HbA1c in blood")
HAEMOGLOBIN = _loinc("718-7", "Haemoglobin in blood")
CREATININE = _loinc("2160-0", "Creatinine in serum or plasma")
SODIUM = _loinc("2951-2", "Sodium in serum or plasma")
POTASSIUM = _loinc("2823-3", "Potassium in serum or plasma")
ALT = _loinc("1742-6", "Alanine aminotransferase in serum or plasma")
CRP = _loinc("1988-5", "C-reactive protein in serum or plasma")
LEUKOCYTES = _loinc("6690-2", "Leukocytes in blood")
PLATELETS = _loinc("777-3", "Platelets in blood")
LDL = _loinc("2089-1", "LDL cholesterol in serum or plasma")
TSH = _loinc("3016-3", "Thyrotropin in serum or plasma")
CEA = _loinc("2039-6", "Carcinoembryonic antigen in serum or plasma")
EJECTION_FRACTION = _loinc("10230-1", "Left ventricular ejection fraction")
NT_PROBNP = _loinc("33762-6", "NT-proBNP in serum or plasma")
INFLUENZA_PCR = _loinc("92142-9", "Influenza A virus RNA in a respiratory specimen")

"""What people, systems and standards write for a material, a kind, a sex and what became of a tube.

Materials are known by MIABIS's code and title in each language, by SNOMED CT, HL7 v2 table 0487, SPREC 2.0 and BBMRI.de
(the map of MIABIS Sample 1.1), by OpenSpecimen's types, and by the words of the field.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people.sheet import folded
from wardbench.core.miabis import MATERIALS

_ALSO: Mapping[str, tuple[str, ...]] = {
    "WholeBlood": (
        "258580003", "WB", "BLD", "blood", "whole-blood", "EDTA blood", "bloed", "volbloed", "EDTA-bloed", "sang",
        "sang total", "blood whole",
    ),
    "WholeBloodDried": ("119294007", "DWB", "dried-whole-blood", "dried blood", "dried blood spot", "Guthrie", "DBS"),
    "Plasma": (
        "119361006", "PLAS", "PL1", "PL2", "blood-plasma", "plasma-edta", "plasma-citrat", "plasma-heparin",
        "plasma-cell-free", "plasma-other", "EDTA plasma", "EDTA-plasma", "citrate plasma", "heparin plasma",
        "citraatplasma", "heparineplasma", "plasma EDTA", "platelet poor plasma",
    ),
    "Serum": ("119364003", "SER", "blood-serum", "sera", "serum gel"),
    "BuffyCoat": ("258587000", "BUF", "BFF", "buffy-coat", "leukocytes", "leukocyten", "couche leucocytaire"),
    "PBMC": (
        "404798000", "CEL", "PEN", "peripheral-blood-cells-vital", "PBMCs", "mononuclear cells",
        "peripheral blood mononuclear cells", "peripheral blood mononuclear cell", "mononucleaire cellen",
        "cellules mononucleees",
    ),
    "RedBloodCells": ("119351004", "RBC", "erythrocytes", "erythrocyten", "globules rouges"),
    "DNA": ("258566005", "cf-dna", "g-dna", "genomic DNA", "gDNA", "cfDNA", "ADN", "DNA, genomic",
        "whole genome amplified DNA", "DNA, whole genome amplified",
    ),
    "RNA": (
        "441673008", "total RNA", "ARN", "RNA, cytoplasmic", "RNA, nuclear", "cDNA RNA", "mRNA",
        "RNA, poly-A enriched",
    ),
    "Protein": ("88878007", "proteins", "eiwit", "proteine"),
    "Urine": ("122575003", "UR", "URN", "URM", "URT", "U24", "urines", "urine spot"),
    "UrineSediment": ("122567009", "URNS", "urinesediment", "urine pellet"),
    "Faeces": ("119339001", "STL", "stool-faeces", "stool", "feces", "ontlasting", "stoelgang", "selles"),
    "Saliva": ("119342007", "SAL", "speeksel", "salive"),
    "Swab": ("257261003", "SWB", "wisser", "uitstrijkje", "ecouvillon"),
    "Sputum": ("119334006", "SPT", "fluim", "expectoration"),
    "BronchLavage": (
        "258607008", "BAL", "LAVG", "bronchoalveolar lavage fluid", "bronchial lavage", "lavage bronchoalveolaire",
        "lavage",
    ),
    "NasalWashing": ("258467004", "NAS", "NASDR", "nasal lavage"),
    "CerebrospinalFluid": (
        "258450006", "CSF", "CEN", "csf-liquor", "liquor", "lumbaal vocht", "cerebrospinaal vocht", "LCR",
        "liquide cephalorachidien", "cerebral spinal fluid",
    ),
    "SynovialFluid": ("119332005", "SYN", "SNV", "synoviaal vocht", "liquide synovial"),
    "AmnioticFluid": ("119373006", "AMN", "vruchtwater", "liquide amniotique"),
    "AscitesFluid": ("309201001", "ASC", "ascites", "ascitesvocht", "ascite"),
    "PleuralFluid": ("418564007", "PFL", "PLR", "pleuravocht", "liquide pleural"),
    "PericardialFluid": ("122571007", "PCFL", "pericardvocht"),
    "GastricFluid": ("258459007", "GAST", "gastric"),
    "VitreousFluid": ("258438000", "VITF", "vitreous"),
    "BodyCavityFluid": ("liquid-other", "liquid", "body fluid", "lichaamsvocht"),
    "Bile": ("119341000", "BIFL", "gal"),
    "BreastMilk": ("446676001", "BMK", "MILK", "milk", "moedermelk", "lait maternel"),
    "Semen": ("119347001", "SEM", "SMN", "SPRM", "sperma", "sperme"),
    "Sweat": ("122569007", "SWT", "zweet", "sueur"),
    "Tears": ("122594008", "TER", "TEAR", "tranen", "larmes"),
    "MenstrualBlood": ("119345009", "MBLD",),
    "CordBlood": ("122556008", "CRD", "BLCD", "navelstrengbloed", "sang de cordon"),
    "UmbilicalCord": ("258436001", "navelstreng", "cordon ombilical"),
    "Placenta": ("119403008", "PLC",),
    "BoneMarrowWhole": (
        "MAR", "bone-marrow", "bone marrow", "whole bone marrow", "beenmerg", "moelle osseuse", "marrow",
    ),
    "BoneMarrowAspirate": ("396997002", "BMA", "beenmergaspiraat"),
    "BoneMarrowPlasma": ("bone marrow plasma",),
    "Bone": ("430268003", "BON", "bot", "os"),
    "TissueFreshFrozen": (
        "TIS", "tissue-frozen", "tumor-tissue-frozen", "normal-tissue-frozen", "other-tissue-frozen", "frozen tissue",
        "fresh frozen tissue", "FF", "frozen tissue block", "frozen tissue slide", "119376003",
        "vers weefsel", "ingevroren weefsel", "weefsel ingevroren", "tissu congele", "fresh frozen",
    ),
    "TissueFixed": (
        "FFPE", "tissue-ffpe", "tissue-formalin", "tumor-tissue-ffpe", "normal-tissue-ffpe", "other-tissue-ffpe",
        "fixed tissue", "fixed tissue block", "fixed tissue slide", "tissue block", "paraffin block", "paraffineblok",
        "paraffine", "bloc de paraffine", "tissu fixe", "tissue (FFPE)",
    ),
    "PostMortemTissue": ("258484005", "AUTP", "autopsy"),
    "Fibroblast": ("119333000", "FIB", "CLN", "fibroblast"),
    "StemCells": ("57731000052104", "stem cells", "stamcellen", "iPSC", "iPS"),
    "ImmortalizedCellLine": ("702451000", "cell line", "cellijn", "lignee cellulaire"),
    "IsolatedTumorCell": ("252987004",),
    "IsolatedExosome": ("EXO", "exosomes"),
    "IsolatedMicrobe": ("119303007", "microbe", "isolate"),
    "Teeth": ("430319000", "TTH", "tooth", "tand"),
    "Hair": ("119326000", "HAR", "haar", "cheveux"),
    "Nail": ("119327009", "NAL", "nagel", "ongle"),
    "Gas": ("EXG", "BRTH", "breath"),
    "SpecimenEnvironment": ("440229008", "EOTH"),
    "FoodSpecimen": ("119320006", "EFOD"),
    "Other": ("ZZZ", "derivative-other", "not specified", "andere", "autre", "overige"),
}  # fmt: skip

_KINDS = {
    Specimen.Kind.PRIMARY: ("primary", "new", "original", "primair", "primaire", "as it was taken", "mother"),
    Specimen.Kind.ALIQUOT: ("aliquot", "aliquots", "aliquote"),
    Specimen.Kind.DERIVATIVE: ("derivative", "derived", "derivaat", "afgeleid", "derive"),
    Specimen.Kind.POOL: ("pool", "pooled", "melange"),
}
_SEXES = {
    "Female": ("female", "f", "v", "vrouw", "vrouwelijk", "femme", "feminin", "woman", "248152002"),
    "Male": ("male", "m", "man", "mannelijk", "h", "homme", "masculin", "248153007"),
    "Undifferentiated": ("undifferentiated", "intersex", "x", "other", "andere", "autre"),
    "Unknown": ("unknown", "u", "onbekend", "inconnu", "not known"),
}
_COLD = {
    "yes": ("cold", "cooled", "on ice", "ice", "4", "fridge", "koud", "gekoeld", "ijs", "froid", "glace", "2 to 10"),
    "no": (
        "room temperature", "room", "RT", "ambient", "warm", "uncooled", "kamertemperatuur", "temperature ambiante",
        "at room temperature",
    ),
}  # fmt: skip
_TEMPERATURES = {
    "RT": ("RT", "room temperature", "room", "ambient", "temperatureRoom", "kamertemperatuur", "temperature ambiante"),
    "2to10": ("2to10", "2 to 10", "temperature2to10", "fridge", "refrigerator", "koelkast", "refrigerateur"),
    "-18to-35": ("-18to-35", "-18 to -35", "temperature-18to-35"),
    "-60to-85": ("-60to-85", "-60 to -85", "temperature-60to-85"),
    "below-135": ("below-135", "< -135", "below -135"),
    "LNvapour": ("LNvapour", "temperatureGN", "vapour phase", "vapor phase", "liquid nitrogen vapour phase"),
    "LNliquid": (
        "LNliquid", "LN", "LN2", "temperatureLN", "liquid nitrogen", "liquid nitrogen liquid phase",
        "vloeibare stikstof", "azote liquide",
    ),
    "Other": ("Other", "temperatureOther"),
}  # fmt: skip
_DEGREES = re.compile(r"([-\u2212]?\d{1,3}(?:[.,]\d)?)\s*(?:°\s*C?|C|degrees)?", re.ASCII)
_RANGES = ((15, 30, "RT"), (2, 10, "2to10"), (-35, -18, "-18to-35"), (-85, -60, "-60to-85"), (-195, -135, "below-135"))
_STATUSES = {
    "here": (
        "here", "there", "active", "available", "collected", "in storage", "stored", "in stock", "yes", "actief",
        "aanwezig", "beschikbaar", "in voorraad", "disponible", "present", "actif",
    ),
    "gone": (
        "used up", "closed", "unavailable", "depleted", "empty", "exhausted", "consumed", "destroyed", "disposed",
        "distributed", "discarded", "opgebruikt", "leeg", "vernietigd", "op", "weg", "epuise", "vide", "detruit",
    ),
    "never": (
        "pending", "missed", "missed collection", "not collected", "disabled", "entered-in-error",
        "gemist", "niet afgenomen", "manque",
    ),
}  # fmt: skip


def _by_word(meanings: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, said in meanings:
        word = folded(said)
        found.setdefault(word, code)
        found.setdefault(word.replace(" ", ""), code)
    return found


@functools.cache
def _materials() -> Mapping[str, str]:
    own = [(code, said) for code, title in MATERIALS.items() for said in (code, title)]
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            own += [(code, gettext(title)) for code, title in MATERIALS.items()]
    return _by_word([*own, *((code, said) for code, words in _ALSO.items() for said in words)])


def _listed(table: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return _by_word((str(code), said) for code, words in table.items() for said in words)


_KIND, _SEX, _STATUS, _IS_COLD, _KEPT_AT = (
    _listed({str(kind): words for kind, words in _KINDS.items()}),
    _listed(_SEXES),
    _listed(_STATUSES),
    _listed(_COLD),
    _listed(_TEMPERATURES),
)


def _look(words: Mapping[str, str], text: str) -> str:
    said = folded(text)
    return words.get(said) or words.get(said.replace(" ", ""), "")


def material(text: str) -> str:
    """The code of a material as somebody wrote it; "" for none."""
    return _look(_materials(), text)


def kind(text: str) -> str:
    """`Specimen.Kind` of what somebody wrote; "" for none."""
    return _look(_KIND, text)


def sex(text: str) -> str:
    """MIABIS's word for a sex; "" for none."""
    return _look(_SEX, text)


def status(text: str) -> str:
    """Whether a tube is "here", "gone" or was "never" taken; "" for none of these."""
    return _look(_STATUS, text)


def is_cold(text: str) -> bool | None:
    """Whether something was kept at 2 to 10 °C, or at room temperature; None for neither."""
    said = {"2to10": "yes", "RT": "no"}.get(temperature(text), "") or _look(_IS_COLD, text)
    return {"yes": True, "no": False}.get(said)


def temperature(text: str) -> str:
    """MIABIS's code of a storage temperature, by words or in degrees; "" for none."""
    found = _DEGREES.fullmatch(text.strip())
    if found is None:
        return _look(_KEPT_AT, text)
    degrees = float(found[1].replace("\u2212", "-").replace(",", "."))
    if degrees == -196:
        return "LNliquid"
    return next((code for low, high, code in _RANGES if low <= degrees <= high), "")

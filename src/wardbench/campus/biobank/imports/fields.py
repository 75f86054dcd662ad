"""What a column of a spreadsheet can mean, and what it is called in three languages and in OpenSpecimen's exports."""

from __future__ import annotations

from dataclasses import dataclass

from wardbench.campus.biobank.amounts import unit_of
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.sheet import folded
from wardbench.core.errors import InputError


@dataclass(frozen=True)
class Field:
    """A field of a specimen: its title, what a template says of it, how long a cell may be, what headers mean it."""

    title: str
    said: str
    longest: int
    headers: tuple[str, ...]


FIELDS: dict[str, Field] = {
    "label": Field(
        gettext_noop("Label"),
        gettext_noop("needed: what stands on the tube, once in the whole biobank"),
        64,
        (
            "label", "specimen label", "specimen", "specimen id", "sample", "sample id", "sample label", "sample name",
            "sample code", "tube", "tube id", "tube label", "staal", "staalnummer", "staal id", "staalcode", "monster",
            "monsternummer", "staal nr", "monster nr", "sample no", "sample nr", "sample number", "specimen number",
            "tube no", "tube nr", "buis nr", "etiket", "buis", "buisnummer", "echantillon", "no echantillon",
            "numero d echantillon", "etiquette", "code echantillon", "tube numero",
        ),
    ),
    "external": Field(
        gettext_noop("Name elsewhere"),
        gettext_noop("what another system calls it"),
        100,
        (
            "name elsewhere", "external", "external id", "external name", "barcode", "other id", "alias", "identifier",
            "externe naam", "externe id", "code barres", "nom externe", "identifiant externe",
        ),
    ),
    "material": Field(
        gettext_noop("Material"),
        gettext_noop("needed: Plasma, Serum, DNA ..."),
        100,
        (
            "material", "type", "specimen type", "sample type", "material type", "materiaal", "staaltype", "soort",
            "materiaalsoort", "soort materiaal", "type materiaal", "type staal", "soort monster", "type de materiel",
            "materiel", "type d echantillon", "matiere", "nature",
        ),
    ),
    "kind": Field(
        gettext_noop("Kind"),
        gettext_noop("as it was taken, aliquot or derivative"),
        40,
        ("kind", "lineage", "soort staal", "afkomst", "genre", "lignage"),
    ),
    "parent": Field(
        gettext_noop("Made of"),
        gettext_noop("the label of the specimen that it was made of"),
        64,
        (
            "made of", "parent", "parent label", "parent specimen label", "parent specimen", "parent id",
            "parent sample", "derived from", "aliquot of", "gemaakt van", "afkomstig van", "aliquot van", "issu de",
            "provient de", "moederstaal", "ouder", "ouderstaal", "fait de", "echantillon parent",
            "echantillon mere",
        ),
    ),
    "donor": Field(
        gettext_noop("Donor"),
        gettext_noop("the donor's code, never a name"),
        64,
        (
            "donor", "donor code", "donor id", "ppid", "participant", "participant id", "participant protocol id",
            "subject", "subject id", "donorcode", "deelnemer", "deelnemernummer", "donneur", "code donneur",
            "code du donneur", "sujet",
        ),
    ),
    "sex": Field(
        gettext_noop("Sex"),
        gettext_noop("of a donor who is new"),
        40,
        ("sex", "gender", "geslacht", "sexe"),
    ),
    "birth_year": Field(
        gettext_noop("Year of birth"),
        gettext_noop("of a donor who is new"),
        20,
        (
            "year of birth", "birth year", "birthyear", "yob", "geboortejaar", "annee de naissance", "date of birth",
            "birth date", "dob", "geboortedatum", "date de naissance",
        ),
    ),
    "collected": Field(
        gettext_noop("Taken at"),
        gettext_noop("2026-01-31, 31/01/2026 or 31/01/2026 14:30"),
        40,
        (
            "taken at", "taken", "taken on", "collected", "collection date", "date collected", "date of collection",
            "sampling date", "sample date", "draw date", "date", "collection event date and time",
            "collection date and time", "collection event date", "afnamedatum", "datum afname", "datum", "afname",
            "afgenomen op",
            "date de prelevement", "date prelevement", "preleve le",
        ),
    ),
    "amount": Field(
        gettext_noop("Amount"),
        gettext_noop("what is left: 1.5 or 1,5, with its unit here or in the next column"),
        40,
        (
            "amount", "quantity", "qty", "vol", "hoev",
            "available quantity", "current quantity", "volume", "volume left", "remaining",
            "remaining volume", "mass", "hoeveelheid", "volume over", "resthoeveelheid", "aantal", "quantite",
            "quantite restante", "volume restant",
        ),
    ),
    "first_amount": Field(
        gettext_noop("Amount at first"),
        gettext_noop("what there was at the beginning"),
        40,
        (
            "amount at first", "initial quantity", "initial amount", "initial volume", "beginhoeveelheid",
            "quantite initiale", "volume initial",
        ),
    ),
    "unit": Field(
        gettext_noop("Unit"),
        gettext_noop("ml, µl, mg, µg, ng, cells, pieces ..."),
        20,
        ("unit", "units", "quantity unit", "amount unit", "volume unit", "eenheid", "eenh", "unite"),
    ),
    "class": Field(
        gettext_noop("Class (OpenSpecimen)"),
        gettext_noop("Fluid, Tissue, Cell or Molecular; says the unit where none is given"),
        40,
        ("class", "specimen class"),
    ),
    "concentration": Field(
        gettext_noop("Concentration"), gettext_noop("as a text"), 32, ("concentration", "concentratie")
    ),
    "thaws": Field(
        gettext_noop("Times thawed"),
        gettext_noop("a whole number"),
        10,
        (
            "times thawed", "thaws", "freeze thaw cycles", "freeze thaw", "freeze thaws", "thaw count",
            "aantal keer ontdooid", "ontdooid", "vries dooi cycli", "decongelations", "cycles de congelation",
            "nombre de decongelations",
        ),
    ),
    "tube": Field(
        gettext_noop("Tube type"),
        gettext_noop("SPREC's code of the tube that it was taken in"),
        8,
        ("tube type", "primary container", "tube code", "buistype", "soort buis", "type de tube"),
    ),
    "site": Field(
        gettext_noop("Anatomical site"),
        gettext_noop("a code, of ICD-O for example"),
        16,
        ("anatomical site", "anatomic site", "site code", "tissue site", "anatomische plaats", "site anatomique"),
    ),
    "diagnosis": Field(
        gettext_noop("Diagnosis"),
        gettext_noop("a code of ICD-10"),
        16,
        ("diagnosis", "icd 10", "icd10", "icd 10 code", "diagnose", "diagnosecode", "diagnostic"),
    ),
    "box": Field(
        gettext_noop("Box"),
        gettext_noop("its barcode or name, or its path with slashes"),
        400,
        (
            "box", "box name", "container", "container name", "container display name", "location container",
            "location", "storage location",
            "doos", "doosnaam", "opslag", "locatie", "boite", "nom de la boite", "emplacement",
        ),
    ),
    "position": Field(
        gettext_noop("Position"),
        gettext_noop("B3, or 15 where the box counts"),
        20,
        (
            "position", "well", "cell", "box position", "location position", "container position", "pos", "positie",
            "plaats", "vak",
            "puits", "case",
        ),
    ),
    "row": Field(
        gettext_noop("Row in the box"),
        gettext_noop("where row and column are apart"),
        10,
        (
            "row in the box", "row", "box row", "location row", "container row", "rij", "rang", "rangee", "ligne",
        ),
    ),
    "column": Field(
        gettext_noop("Column in the box"),
        gettext_noop("where row and column are apart"),
        10,
        (
            "column in the box", "column", "col", "box column", "location column", "container column",
            "kolom", "colonne",
        ),
    ),
    "temperature": Field(
        gettext_noop("Storage temperature"),
        gettext_noop("-80 °C, 4 °C, liquid nitrogen ...: of its box: a new one gets it, another has to agree"),
        60,
        (
            "storage temperature", "temperature", "stored at", "storage temp", "opslagtemperatuur", "bewaartemperatuur",
            "temperatuur", "temperature de stockage", "temperature de conservation",
        ),
    ),
    "spun": Field(
        gettext_noop("Put into the centrifuge at"),
        gettext_noop("day and time; how long it waited is worked out of it"),
        40,
        (
            "put into the centrifuge at", "spun at", "centrifuged at", "centrifugation time", "centrifugation date",
            "spun event date and time", "spin time", "gecentrifugeerd op", "tijdstip centrifugatie", "centrifuge le",
            "heure de centrifugation",
        ),
    ),
    "waited": Field(
        gettext_noop("It waited until the centrifuge"),
        gettext_noop("cold (2 to 10 °C) or at room temperature"),
        40,
        (
            "it waited until the centrifuge", "kept before centrifugation", "pre centrifugation temperature",
            "temperature before centrifugation", "bewaard voor centrifugatie", "conservation avant centrifugation",
        ),
    ),
    "g": Field(
        gettext_noop("Spun at (multiples of g)"),
        gettext_noop("a whole number"),
        10,
        (
            "spun at multiples of g", "g force", "rcf", "centrifugation g", "spun event gforce",
            "spun event g force", "g kracht", "force g",
        ),
    ),
    "spun_minutes": Field(
        gettext_noop("Spun for (minutes)"),
        gettext_noop("a whole number; 10 where none is said"),
        10,
        (
            "spun for minutes", "centrifugation minutes", "centrifugation duration", "spin minutes",
            "spun event duration", "spun event duration minutes", "spun event duration in minutes",
            "duur centrifugatie", "duree de centrifugation",
        ),
    ),
    "spun_cold": Field(
        gettext_noop("Temperature of the centrifuge"),
        gettext_noop("cold (2 to 10 °C) or room temperature"),
        40,
        (
            "temperature of the centrifuge", "centrifugation temperature", "centrifuge temperature",
            "temperatuur centrifuge", "temperature de centrifugation",
        ),
    ),
    "frozen": Field(
        gettext_noop("Frozen at"),
        gettext_noop("day and time at which it came into storage"),
        40,
        (
            "frozen at", "frozen on", "stored on", "storage date", "date stored", "freezing time",
            "frozen event date and time", "ingevroren op", "datum opslag", "congele le", "date de stockage",
        ),
    ),
    "kept": Field(
        gettext_noop("It waited after the centrifuge"),
        gettext_noop("cold (2 to 10 °C) or at room temperature"),
        40,
        (
            "it waited after the centrifuge", "kept after centrifugation", "post centrifugation temperature",
            "temperature after centrifugation", "bewaard na centrifugatie", "conservation apres centrifugation",
        ),
    ),
    "storage": Field(
        gettext_noop("Storage, by SPREC"),
        gettext_noop("one letter"),
        1,
        ("storage by sprec", "sprec storage", "storage code", "long term storage", "sprec opslag", "stockage sprec"),
    ),
    "collection": Field(
        gettext_noop("How it was taken, by SPREC"),
        gettext_noop("of a solid: BPS, SRG ..."),
        3,
        ("how it was taken by sprec", "type of collection", "sprec collection", "collection type", "wijze van afname"),
    ),
    "warm_minutes": Field(
        gettext_noop("Warm ischaemia (minutes)"),
        gettext_noop("of a solid"),
        10,
        (
            "warm ischaemia minutes", "warm ischaemia", "warm ischemia", "warm ischemia time", "warme ischemie",
            "ischemie chaude",
        ),
    ),
    "cold_minutes": Field(
        gettext_noop("Cold ischaemia (minutes)"),
        gettext_noop("of a solid"),
        10,
        (
            "cold ischaemia minutes", "cold ischaemia", "cold ischemia", "cold ischemia time", "koude ischemie",
            "ischemie froide",
        ),
    ),
    "fixation": Field(
        gettext_noop("Fixation, by SPREC"),
        gettext_noop("of a solid: NBF, SNP ..."),
        3,
        ("fixation by sprec", "fixation", "fixation type", "fixed event fixation type", "fixatie"),
    ),
    "fixed_minutes": Field(
        gettext_noop("Fixed for (minutes)"),
        gettext_noop("of a solid"),
        10,
        (
            "fixed for minutes", "fixation minutes", "fixation time", "fixed event duration",
            "fixed event duration minutes", "fixed event duration in minutes", "fixatieduur", "duree de fixation",
        ),
    ),
    "status": Field(
        gettext_noop("What became of it"),
        gettext_noop("there, or used up"),
        40,
        (
            "what became of it", "status", "activity status", "collection status", "availability",
            "specimen status", "staalstatus", "statut", "etat",
        ),
    ),
}  # fmt: skip
"""Fields by name, in the order of a template."""
NEEDED = ("label", "material")
HANDLED = (
    "spun", "waited", "g", "spun_minutes", "spun_cold", "frozen", "kept", "storage", "collection", "warm_minutes",
    "cold_minutes", "fixation", "fixed_minutes",
)  # fmt: skip
"""How a specimen was taken and handled: what SPREC is worked out of."""
_LESS = ("class", "row", "column", "first_amount", *HANDLED)
TEMPLATE = tuple(name for name in FIELDS if name not in _LESS)
"""The columns of a template; the others are known where an export has them."""
AMOUNTS = frozenset({"amount", "first_amount"})
"""Fields whose headers may name a unit."""
REASONS = frozenset(map(folded, ("reasons", "redenen", "raisons")))
"""Headers of the column that is added to rows which are handed back; it is not read."""

RECORDS = frozenset(
    map(
        folded,
        (
            "Specimen", "Specimens", "Participant", "Location", "Current Location", "Storage Location",
            "Container Details", "Container Position",
        ),
    )
)  # fmt: skip
"""Records of OpenSpecimen that stand before a header, as in "Location#Row": what follows means what it says alone."""
WEAK = frozenset({"identifier"})
"""Headers that mean a field only where no other column does: OpenSpecimen's number of a row, beside its barcode."""

_MEANT = {folded(said): name for name, field in FIELDS.items() for said in (field.title, *field.headers)}


def meant(header: str) -> str:
    """The field that a header means by itself; "" where it is none that is known."""
    return _meant(header) or ("" if (found := _with_unit(header)) is None else found[0])


def unit_in(header: str) -> str:
    """The unit that a header names after an amount, as in "Volume (µl)"; "" where it names none."""
    found = None if _meant(header) else _with_unit(header)
    return "" if found is None else found[1]


def _meant(header: str) -> str:
    said = folded(header)
    found = _MEANT.get(said) or _MEANT.get(said.replace(" ", ""), "")
    record, mark, rest = header.partition("#")
    return _meant(rest) if not found and mark and folded(record) in RECORDS else found


def _with_unit(header: str) -> tuple[str, str] | None:
    """An amount and its unit."""
    before, _space, unit = header.rstrip(" )].").replace("_", " ").replace("(", " ").replace("[", " ").rpartition(" ")
    field = _meant(before.strip(" ,.").removesuffix(" in").removesuffix(" en"))
    if field not in AMOUNTS:
        return None
    try:
        return field, unit_of(unit)
    except InputError:
        return None

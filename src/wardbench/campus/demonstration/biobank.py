"""The biobank of the demonstration: the specimens of the synthetic hospital, in collections, freezers and boxes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from wardbench.campus.biobank import curating, donors, equipment, registering, storing
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import Biobank, Collection, ConsentForm, Container, Donor, Specimen
from wardbench.campus.counting.sessions import snapshot
from wardbench.campus.demonstration import handling
from wardbench.campus.demonstration.people import HOSPITAL
from wardbench.campus.people.models import Organisation, Person
from wardbench.campus.people.rules import SYSTEM
from wardbench.core.consent import Basis, Tier

DONORS = 400
"""How many patients gave; more would only make the demonstration slower to set up."""
MATERIALS = {
    "119364003": "Serum",
    "119361006": "Plasma",
    "258580003": "WholeBlood",
    "258566005": "DNA",
    "122575003": "Urine",
    "119376003": "TissueFreshFrozen",
    "258500001": "Swab",
}
"""SNOMED CT codes of the synthetic hospital, and their materials in MIABIS."""
TUBES = {"Serum": "SST", "Plasma": "PED", "WholeBlood": "PED", "DNA": "PED"}
COLLECTIONS = (
    ("DIAB", "Diabetes and kidney collection", Basis.WRITTEN, {"use": "DUO:0000006", "modifiers": ["DUO:0000021"]}),
    ("COLON", "Colorectal tumour bank", Basis.WRITTEN, {"use": "DUO:0000042", "modifiers": []}),
    ("REST", "Residual material of the laboratory", Basis.RESIDUAL, {"use": "DUO:0000006", "modifiers": []}),
)
TIERS = (Tier.STORAGE, Tier.RESEARCH, Tier.GENETIC, Tier.COMMERCIAL, Tier.ABROAD, Tier.CLINICAL_DATA, Tier.RECONTACT)
METFORMIN = "6809"
"""Its ingredient in RxNorm."""
_SEXES = {8532: "Female", 8507: "Male"}
SIDE = 9
"""Boxes have nine rows of nine."""


@dataclass(frozen=True)
class Bank:
    """What the rest of the demonstration builds on."""

    biobank: Biobank
    collections: Mapping[str, Collection]
    forms: Mapping[str, ConsentForm]
    freezers: tuple[Container, ...]
    donors: Mapping[int, Donor]


def make_biobank(people: Mapping[str, Person]) -> Bank:
    """The biobank with everything that its donors gave. `people` are those of the demonstration, by their key."""
    hospital = Organisation.objects.get(name=HOSPITAL)
    contact = people["manager"]
    about = {
        "acronym": "SRB",
        "juristic_person": HOSPITAL,
        "contact_name": contact.name,
        "contact_email": contact.email,
        "description": "Blood, tissue and urine of patients of the hospital, kept for research.",
        "infrastructural": ["SampleStorage", "DataStorage", "Biosafety"],
        "organisational": ["RecontactDonors", "ClinicalData", "ProspectiveCollections"],
        "bioprocessing": ["NucleicAcidExtraction", "SampleProcessing", "SampleShipping"],
        "quality_standards": ["ISO 20387"],
    }
    biobank = curating.add_biobank("SRB", "Sint-Rafaël Biobank", hospital, by=SYSTEM, **about)
    collections = {
        code: curating.add_collection(
            biobank, code, name, by=SYSTEM, basis=basis.value, permission=permission, purpose=_PURPOSES[code]
        )
        for code, name, basis, permission in COLLECTIONS
    }
    since = timezone.localdate() - datetime.timedelta(days=3650)
    titles = {"en": "Consent to the biobank", "nl": "Toestemming voor de biobank", "fr": "Consentement à la biobanque"}
    forms = {
        language: donors.add_form("BB-CONSENT", "2.1", language, title, TIERS, since, by=SYSTEM)
        for language, title in titles.items()
    }
    freezers = _freezers()
    rows = sorted([*_rows(), *_around_treatment()], key=lambda row: (row.person, row.at, row.external))
    gave = _donors(rows, forms)
    _enter(rows, collections, freezers, gave)
    return Bank(biobank, collections, forms, freezers, gave)


_PURPOSES = {
    "DIAB": "Why diabetes damages kidneys, eyes and vessels in some and not in others.",
    "COLON": "What tumours of the bowel are made of, and which treatment fits which.",
    "REST": "Methods and questions for which what is left over from diagnosis is enough.",
}


@dataclass(frozen=True)
class _Row:
    external: str
    person: int
    sex: str
    born: int
    material: str
    number: str
    unit: str
    at: datetime.datetime


def _rows() -> list[_Row]:
    """The specimens of the first `DONORS` donors of the store, by person and time."""
    question = """
        WITH donor AS (SELECT DISTINCT person_id FROM specimen ORDER BY person_id LIMIT ?)
        SELECT s.specimen_id, s.person_id, p.gender_concept_id, p.year_of_birth, s.specimen_source_value,
            s.quantity, s.unit_source_value, coalesce(s.specimen_datetime, s.specimen_date::TIMESTAMP)
        FROM specimen s JOIN donor USING (person_id) JOIN person p USING (person_id)
        ORDER BY s.person_id, s.specimen_datetime, s.specimen_id"""
    with snapshot("store").connect() as con:
        found = con.execute(question, [DONORS]).fetchall()
    return [
        _Row(
            f"s{specimen}",
            person,
            _SEXES.get(sex, "Unknown"),
            born,
            MATERIALS[code],
            f"{quantity:.1f}",
            {"mL": "ml", "ug": "µg", "mg": "mg"}.get(unit, "pieces"),
            timezone.make_aware(at),
        )
        for specimen, person, sex, born, code, quantity, unit, at in found
        if code in MATERIALS
    ]


def _around_treatment() -> list[_Row]:
    """Blood that donors gave before they began with metformin, in the month before, and again three months later."""
    question = """
        WITH donor AS (SELECT DISTINCT person_id FROM specimen ORDER BY person_id LIMIT ?)
        SELECT e.person_id, any_value(p.gender_concept_id), any_value(p.year_of_birth), min(e.drug_exposure_start_date)
        FROM drug_exposure e JOIN donor USING (person_id) JOIN person p USING (person_id)
        JOIN concept c ON c.concept_id = e.drug_source_concept_id
        WHERE c.vocabulary_id = 'RxNorm' AND c.concept_code = ?
        GROUP BY e.person_id ORDER BY e.person_id"""
    with snapshot("store").connect() as con:
        found = con.execute(question, [DONORS, METFORMIN]).fetchall()
    rows = []
    for number, (person, sex, born, began) in enumerate(found):
        for day in (-(2 + number * 5 % 27), 85 + number % 14):
            at = datetime.datetime.combine(began, datetime.time(8, number % 60)) + datetime.timedelta(days=day)
            rows += [
                _Row(f"m{person}-{day}-{material}", person, _SEXES.get(sex, "Unknown"), born, material, "0.8", "ml",
                     timezone.make_aware(at))
                for material in ("Plasma", "Serum")
            ]  # fmt: skip
    last = timezone.now() - datetime.timedelta(days=30)
    return [row for row in rows if row.at < last]


def _freezers() -> tuple[Container, ...]:
    site = storing.add_container("Biobank building", "site", "SITE-1", by=SYSTEM)
    room = storing.add_container("Room 0.14", "room", "ROOM-014", site, by=SYSTEM)
    cold = {"temperature": "-60to-85", "rows": 4, "columns": 4}
    freezers = [
        storing.add_container(f"Freezer {n}", "freezer", f"FRZ-{n}", room, by=SYSTEM, **cold) for n in (1, 2, 3)
    ]
    tank = storing.add_container("Tank 1", "tank", "TANK-1", room, by=SYSTEM, temperature="LNvapour", rows=4, columns=4)
    return (*freezers, tank)


def note_temperatures(freezers: tuple[Container, ...]) -> None:
    """A week of temperatures each; one door stood open for two hours."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    hours = [now - datetime.timedelta(hours=back) for back in range(168, 0, -2)]
    for number, freezer in enumerate(freezers):
        cold, warm = (-19_600, -15_000) if freezer.kind == "tank" else (-8_600, -6_500)
        middle = (cold + warm) // 2
        machine = equipment.add_equipment(
            freezer, cold, warm, by=SYSTEM, maker="Kelvin 700", serial=f"K{7001 + number}"
        )
        opened = {40: 1500, 41: 2600} if number == 1 else {}
        readings = [(at, middle + 37 * (place % 5) + opened.get(place, 0)) for place, at in enumerate(hours)]
        equipment.add_readings(machine, readings, by=SYSTEM)


def _donors(rows: list[_Row], forms: Mapping[str, ConsentForm]) -> dict[int, Donor]:
    """A donor for each person, linked to the patient, most with a consent; what they refuse differs."""
    made: dict[int, Donor] = {}
    for row in rows:
        if row.person in made:
            continue
        number = len(made) + 1
        donor = donors.add_donor(f"D{number:05}", by=SYSTEM, sex=row.sex, birth_year=row.born)
        donors.link_donor(donor, row.person, by=SYSTEM)
        answers = {
            tier: not (
                (tier is Tier.COMMERCIAL and number % 3 == 0)
                or (tier is Tier.GENETIC and number % 5 == 0)
                or (tier is Tier.ABROAD and number % 4 == 0)
            )
            for tier in TIERS
        }
        if number % 11:
            language = ("nl", "fr", "en")[number % 3]
            donors.give_consent(donor, forms[language], answers, row.at.date(), by=SYSTEM)
        made[row.person] = donor
    return made


def _enter(
    rows: list[_Row],
    collections: Mapping[str, Collection],
    freezers: tuple[Container, ...],
    gave: Mapping[int, Donor],
) -> None:
    """Everything that was given, box by box, a freezer for each collection."""
    place = {"DIAB": freezers[0], "COLON": freezers[3], "REST": freezers[1]}
    of: dict[str, list[Specimen]] = {code: [] for code in place}
    for number, row in enumerate(rows, start=1):
        code = "COLON" if row.material.startswith("Tissue") else "REST" if row.material == "Swab" else "DIAB"
        held = handling.divided(row.material, number, amount_of(row.number, row.unit))
        for part, amount in enumerate(held):
            specimen = Specimen(
                label=f"SR{number:06}-{part}" if part else f"SR{number:06}",
                external=row.external if not part else "",
                collection=collections[code],
                donor=gave[row.person],
                kind=_kind(row.material, len(held)),
                material=row.material,
                tube=TUBES.get(row.material, ""),
                amount=amount.value,
                unit=amount.unit,
                thaws=handling.thaws(number, part),
                collected=row.at,
                site="C18.9" if row.material.startswith("Tissue") else "",
            )
            handling.note(specimen, number)
            of[code].append(specimen)
    for code, specimens in of.items():
        boxes: list[Container] = []
        for at, specimen in enumerate(specimens):
            number, position = divmod(at, SIDE * SIDE)
            if number == len(boxes):
                boxes.append(_box(place[code], number))
            specimen.box, specimen.place = boxes[number], position
        began = timezone.now() - datetime.timedelta(days=30)
        registering.register(specimens, by=SYSTEM, source="demonstration", at=began)


def _kind(material: str, tubes: int) -> Specimen.Kind:
    if material == "DNA":
        return Specimen.Kind.DERIVATIVE
    return Specimen.Kind.ALIQUOT if tubes > 1 else Specimen.Kind.PRIMARY


def _box(freezer: Container, number: int) -> Container:
    """The next box of a freezer, in a rack of four that is made when it is needed."""
    rack_number, position = divmod(number, 4)
    rack = freezer.inside.filter(place=rack_number).first() or storing.add_container(
        f"Rack {rack_number + 1}",
        "rack",
        f"{freezer.barcode}-R{rack_number + 1}",
        freezer,
        by=SYSTEM,
        place=rack_number,
        rows=4,
        columns=1,
    )
    name = f"{rack.barcode}-B{position + 1}"
    return storing.add_container(
        f"Box {position + 1}", "box", name, rack, by=SYSTEM, place=position, rows=SIDE, columns=SIDE
    )

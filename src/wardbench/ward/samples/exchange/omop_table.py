"""The OMOP CDM 5.4 table `specimen`, with the `person` rows it needs, and back.

OMOP wants a person with a year of birth and a day for each specimen: what has none is not written, and is on the list
of what could not be held. Persons have numbers of this export's own, which say nothing of the hospital's records.
`quantity` is what was taken; times are as on the clock, without a zone.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from wardbench.core.spreadsheet import defused, plain
from wardbench.ward.samples.exchange.amounts import SIZES, UCUM, exact
from wardbench.ward.samples.exchange.inventory import Donor, Inventory, Sample
from wardbench.ward.samples.exchange.losses import ordered
from wardbench.ward.samples.materials import OMOP

PERSON = (
    "person_id", "gender_concept_id", "year_of_birth", "race_concept_id", "ethnicity_concept_id",
    "person_source_value", "gender_source_value",
)  # fmt: skip
SPECIMEN = (
    "specimen_id", "person_id", "specimen_concept_id", "specimen_type_concept_id", "specimen_date",
    "specimen_datetime", "quantity", "unit_concept_id", "anatomic_site_concept_id", "disease_status_concept_id",
    "specimen_source_id", "specimen_source_value", "unit_source_value", "anatomic_site_source_value",
    "disease_status_source_value",
)  # fmt: skip
GENDERS = {"Male": 8507, "Female": 8532}
UNITS = {"ml": 8587, "µl": 9665, "l": 8519, "g": 8504, "mg": 8576, "µg": 9655, "ng": 9600}
"""Concept ids of units; others are known by their source value alone."""
EHR = 32817
_CONCEPTS = {material: concept for concept, material in OMOP.items()}


def _born(donors: Sequence[Donor]) -> dict[str, int]:
    """The number of each donor that can be a person."""
    codes = sorted(one.code for one in donors if one.birth_year is not None)
    return {code: number for number, code in enumerate(codes, start=1)}


def write(inventory: Inventory) -> dict[str, bytes]:
    """Two files in CSV."""
    numbers = _born(inventory.donors)
    people = [
        (numbers[one.code], GENDERS.get(one.sex, 0), one.birth_year, 0, 0, one.code, one.sex)
        for one in inventory.donors
        if one.code in numbers
    ]
    samples = [one for one in inventory.samples if one.donor in numbers and one.collected]
    rows = [_row(number, one, numbers[one.donor]) for number, one in enumerate(samples, start=1)]
    return {"person.csv": _csv(PERSON, people), "specimen.csv": _csv(SPECIMEN, rows)}


def _row(number: int, one: Sample, person: int) -> tuple[Any, ...]:
    taken = datetime.datetime.fromisoformat(one.collected).replace(tzinfo=None)
    known = one.unit in UCUM
    quantity = f"{exact(one.first_amount, one.unit):f}" if known and one.first_amount is not None else ""
    return (
        number, person, _CONCEPTS.get(one.material, 0), EHR, taken.date().isoformat(),
        taken.isoformat(sep=" ", timespec="auto"), quantity, UNITS.get(one.unit, 0) if known else "", 0, 0, one.label,
        one.material, UCUM[one.unit] if known else "", one.site, one.diagnosis,
    )  # fmt: skip


def _csv(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    write_row = csv.writer(out)
    write_row.writerow(titles)
    write_row.writerows([[defused(str(cell)) for cell in row] for row in rows])
    return out.getvalue().encode()


def _rows(content: bytes) -> list[dict[str, str]]:
    found = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [{name: plain(cell) for name, cell in row.items()} for row in found]


def read(files: Mapping[str, bytes]) -> Inventory:
    """The donors and samples of tables that `write` wrote; there are no biobanks or collections in them."""
    people = _rows(files["person.csv"])
    donors = tuple(
        Donor(one["person_source_value"], one["gender_source_value"], int(one["year_of_birth"])) for one in people
    )
    codes = {one["person_id"]: one["person_source_value"] for one in people}
    samples = tuple(_sample(one, codes) for one in _rows(files["specimen.csv"]))
    return ordered(Inventory(donors=donors, samples=samples))


def _sample(one: Mapping[str, str], codes: Mapping[str, str]) -> Sample:
    units = {code: unit for unit, code in UCUM.items()}
    unit = units.get(one["unit_source_value"], "")
    taken = int(Decimal(one["quantity"]) * SIZES[unit]) if one["quantity"] else None
    return Sample(
        label=one["specimen_source_id"],
        collection="",
        material=one["specimen_source_value"],
        donor=codes[one["person_id"]],
        collected=datetime.datetime.fromisoformat(one["specimen_datetime"]).isoformat(),
        amount=taken,
        first_amount=taken,
        unit=unit,
        site=one["anatomic_site_source_value"],
        diagnosis=one["disease_status_source_value"],
    )

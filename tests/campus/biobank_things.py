"""What the tests of the biobank begin with: a biobank, collections, places and tubes."""

from __future__ import annotations

from typing import Any

from campus.cast import Cast
from wardbench.campus.biobank import curating, donors, registering, storing
from wardbench.campus.biobank.models import Biobank, Collection, Container, Donor, Specimen
from wardbench.campus.people.rules import SYSTEM


def biobank(cast: Cast) -> Biobank:
    found = Biobank.objects.filter(code="BB").first()
    return found or curating.add_biobank(
        "BB",
        "Biobank",
        cast.hospital,
        by=SYSTEM,
        contact_name="Biobank office",
        contact_email="biobank@hospital.example",
    )


def collection(cast: Cast, code: str = "C1", **attributes: Any) -> Collection:
    found = Collection.objects.filter(code=code).first()
    return found or curating.add_collection(biobank(cast), code, f"Collection {code}", by=SYSTEM, **attributes)


def freezer(name: str = "Freezer", racks: int = 2, boxes: int = 2, rows: int = 2, columns: int = 3) -> Container:
    """A freezer with `racks` positions for racks, each full of boxes: "Rack 1 Box 1" and so on."""
    made = storing.add_container(name, "freezer", name, by=SYSTEM, rows=racks, columns=1, temperature="-60to-85")
    for r in range(racks):
        label = f"{name} Rack {r + 1}"
        rack = storing.add_container(label, "rack", label, made, by=SYSTEM, place=r, rows=boxes, columns=1)
        for b in range(boxes):
            storing.add_container(
                f"{label} Box {b + 1}",
                "box",
                f"{label} Box {b + 1}",
                rack,
                by=SYSTEM,
                place=b,
                rows=rows,
                columns=columns,
            )
    return made


def box(name: str) -> Container:
    return Container.objects.get(name=name)


def donor(code: str = "D1") -> Donor:
    return Donor.objects.filter(code=code).first() or donors.add_donor(code, by=SYSTEM, sex="Female", birth_year=1960)


def tubes(cast: Cast, count: int, into: Container | None = None, prefix: str = "T", **values: Any) -> list[Specimen]:
    """Tubes of plasma of 1 ml, in the first positions of a box where one is given."""
    given = {"collection": collection(cast), "material": "Plasma", "amount": 1_000_000, "unit": "ml", "donor": donor()}
    made = [
        Specimen(label=f"{prefix}{n}", **{**given, **values}, box=into, place=n if into is not None else None)
        for n in range(count)
    ]
    registering.register(made, by=SYSTEM)
    return made


def again(specimen: Specimen) -> Specimen:
    return Specimen.objects.select_related("box").get(id=specimen.id)

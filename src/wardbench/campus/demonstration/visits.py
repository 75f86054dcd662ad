"""The visits of the demonstration: protocols of its collections, donors who come today, who answers for what."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from django.utils import timezone

from wardbench.campus.biobank import curating, donors, visiting
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import Collection, ProtocolVisit
from wardbench.campus.biobank.visiting import Planned
from wardbench.campus.demonstration.biobank import Bank
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.rules import SYSTEM

COMING = 6
"""Donors whose visit is due today or was a few days ago."""


def make_visits(people: Mapping[str, Person], bank: Bank) -> None:
    """A protocol, today's visits, a donor who has not been asked yet, and two published collections."""
    diabetes = bank.collections["DIAB"]
    protocol = visiting.add_protocol(diabetes, "Blood once a year", _visits(), by=SYSTEM)
    today = timezone.localdate()
    agreed = [donor for donor in bank.donors.values() if donor.consents.exists()]
    for number, donor in enumerate(agreed[:COMING]):
        place = ("Endocrinology, room 12", "Endocrinology, room 14")[number % 2]
        visiting.enrol(donor, protocol, today - datetime.timedelta(days=(0, 0, 1, 0, 9, 0)[number]), place, by=SYSTEM)
    new = donors.add_donor("D-NEW-1", by=SYSTEM, sex="Female", birth_year=1971)
    visiting.enrol(new, protocol, today, "Endocrinology, room 12", by=SYSTEM)
    _answer(people, diabetes, "manager", "coordinator")
    _answer(people, bank.collections["COLON"], "manager", "oncologist")


def _visits() -> list[tuple[ProtocolVisit, list[Planned]]]:
    tubes = [
        Planned("WholeBlood", "PED", 2, amount_of("4", "ml")),
        Planned("Serum", "SST", 1, amount_of("5", "ml")),
        Planned("Urine", "", 1),
    ]
    first = ProtocolVisit(name="First visit", day=0, before=0, after=7)
    return [(first, tubes), (ProtocolVisit(name="Year 1", day=365, before=30, after=30), tubes)]


def _answer(people: Mapping[str, Person], collection: Collection, *keys: str) -> None:
    """Two people answer for a collection and say that messages reach them; then it is published."""
    manager = actor_of(people["manager"])
    words = {"description": "Blood, serum, plasma, DNA and urine of patients who come to the hospital for it."}
    if collection.code == "COLON":
        words = {"description": "Frozen tissue of tumours of the bowel, taken at operations."}
    designs = {"DIAB": "LongitudinalCohort", "COLON": "DiseaseSpecificCohort"}
    about = {
        "designs": [designs[collection.code]],
        "collection_settings": ["RoutineHealthCare"],
        "dataset_types": ["Clinical", "Biochemical"],
        "use_conditions": ["Collaboration"],
        "inclusion": ["HospitalPatient"],
        "diseases": {"DIAB": ["E11"], "COLON": ["C18"]}[collection.code],
    }
    curating.change_collection(collection, {**words, **about}, by=manager)
    for key in keys:
        curating.name_responsible(collection, people[key].id, by=manager)
        curating.confirm_reached(collection, by=actor_of(people[key]))
    curating.publish(collection, by=manager)

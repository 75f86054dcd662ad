"""The organisations and people of the demonstration. Nobody of these exists."""

from __future__ import annotations

from dataclasses import dataclass

from wardbench.campus.people import queries, services
from wardbench.campus.people.heads import name_head
from wardbench.campus.people.models import Organisation, Person, Unit
from wardbench.campus.people.roles import Lead, Role
from wardbench.campus.people.rules import SYSTEM

HOSPITAL, GROUP, BIOTECH, INFECTION, COMPANY = (
    "Sint-Rafaël University Hospital",
    "Biomedical Sciences Group",
    "Institute for Biotechnology",
    "Institute for Infection and Immunity",
    "Meridian Diagnostics",
)
ORGANISATIONS = {
    HOSPITAL: "hospital",
    GROUP: "biomedical_group",
    BIOTECH: "institute",
    INFECTION: "institute",
    COMPANY: "partner",
}
UNITS = {
    "Endocrinology": (HOSPITAL, "department"),
    "Nephrology": (HOSPITAL, "department"),
    "Cardiology": (HOSPITAL, "department"),
    "Care programme oncology": (HOSPITAL, "care_programme"),
    "Care programme diabetes": (HOSPITAL, "care_programme"),
    "Clinical Trial Centre": (HOSPITAL, "department"),
    "Biobank": (HOSPITAL, "department"),
    "Department of Human Genetics": (GROUP, "department"),
    "Department of Public Health": (GROUP, "department"),
}


@dataclass(frozen=True)
class Someone:
    """Somebody of the demonstration; `key` is the first part of the e-mail address."""

    key: str
    name: str
    role: Role
    organisation: str
    unit: str = ""
    title: str = ""
    language: str = "en"
    topics: tuple[str, ...] = ()


PEOPLE = (
    Someone("physician", "An Peeters", Role.PHYSICIAN, HOSPITAL, "Endocrinology", "Endocrinologist", "en",
            ("type 2 diabetes mellitus", "diabetic nephropathy")),
    Someone("oncologist", "Karim Benali", Role.PHYSICIAN, HOSPITAL, "Care programme oncology", "Oncologist", "fr",
            ("colorectal cancer", "immunotherapy")),
    Someone("diabetologist", "Lotte Claes", Role.PHYSICIAN, HOSPITAL, "Care programme diabetes", "Diabetologist", "nl",
            ("type 2 diabetes mellitus",)),
    Someone("coordinator", "Els Wouters", Role.COORDINATOR, HOSPITAL, "Endocrinology", "Study nurse"),
    Someone("researcher", "Marc Dubois", Role.RESEARCHER, GROUP, "Department of Human Genetics", "Geneticist", "en",
            ("chronic kidney disease", "whole genome sequencing")),
    Someone("researcher2", "Ifeoma Okafor", Role.RESEARCHER, BIOTECH, "", "Protein chemist", "en",
            ("plasma proteomics",)),
    Someone("student", "Tom Janssens", Role.STUDENT, GROUP, "Department of Public Health"),
    Someone("lecturer", "Sofie Maes", Role.LECTURER, GROUP, "Department of Public Health", "Epidemiologist", "en",
            ("pharmacoepidemiology",)),
    Someone("manager", "Pieter Goossens", Role.BIOBANK_MANAGER, HOSPITAL, "Biobank", "Biobank manager"),
    Someone("board1", "Hilde Mertens", Role.BIOBANK_BOARD, HOSPITAL, "Biobank"),
    Someone("board2", "Yusuf Demir", Role.BIOBANK_BOARD, HOSPITAL, "Biobank"),
    Someone("trialcentre", "Nadia Lambert", Role.TRIAL_CENTRE, HOSPITAL, "Clinical Trial Centre"),
    Someone("ethics1", "Jan Willems", Role.ETHICS, HOSPITAL),
    Someone("ethics2", "Claire Fontaine", Role.ETHICS, HOSPITAL, "", "", "fr"),
    Someone("privacy", "Bart Hermans", Role.DATA_PROTECTION, HOSPITAL),
    Someone("transfer", "Greet Aerts", Role.TECHNOLOGY_TRANSFER, GROUP),
    Someone("partner", "Olivia Brandt", Role.PARTNER, COMPANY),
    Someone("steward", "Koen De Smet", Role.DATA_STEWARD, HOSPITAL),
    Someone("administrator", "Rita Verhaegen", Role.ADMINISTRATOR, HOSPITAL),
)  # fmt: skip


LEADS = {"physician": Lead.HEAD, "coordinator": Lead.DEPUTY, "oncologist": Lead.HEAD}
"""Who leads the unit they work in; the care programme for diabetes has nobody yet."""


def make_people() -> dict[str, Person]:
    """Everybody, by key."""
    organisations: dict[str, Organisation] = {
        name: services.add_organisation(name, kind, by=SYSTEM) for name, kind in ORGANISATIONS.items()
    }
    units: dict[str, Unit] = {
        name: services.add_unit(organisations[where], name, kind, by=SYSTEM) for name, (where, kind) in UNITS.items()
    }
    made = {}
    for one in PEOPLE:
        person = services.add_person(f"{one.key}@demo.example", one.name, by=SYSTEM, language=one.language)
        where = organisations[one.organisation]
        held = services.give_role(person, one.role, where, by=SYSTEM, unit=units.get(one.unit))
        if one.key in LEADS:
            name_head(held, lead=LEADS[one.key], by=SYSTEM)
        services.edit_profile(
            person,
            by=queries.actor_of(person),
            name=one.name,
            title=one.title,
            language=one.language,
            orcid="",
            about="",
            topics=list(one.topics),
        )
        made[one.key] = person
    return made

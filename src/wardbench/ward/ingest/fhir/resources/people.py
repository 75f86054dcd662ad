"""Patient: person, death, location."""

from __future__ import annotations

from wardbench.ward.ingest.fhir.reading import Reading
from wardbench.ward.ingest.fhir.shapes import Coding, Reference, Resource, Shape
from wardbench.ward.ingest.fhir.sql import cases
from wardbench.ward.ingest.mapping import ETHNICITIES, GENDERS, RACES


class Category(Shape):
    url: str | None = None
    valueCoding: Coding | None = None  # noqa: N815


class Extension(Shape):
    url: str | None = None
    extension: list[Category] | None = None


class Region(Shape):
    """The coarse part of an address: nothing finer is read."""

    state: str | None = None
    postalCode: str | None = None  # noqa: N815


class Patient(Resource):
    extension: list[Extension] | None = None
    gender: str | None = None
    birthDate: str | None = None  # noqa: N815
    deceasedDateTime: str | None = None  # noqa: N815
    deceasedBoolean: bool | None = None  # noqa: N815
    address: list[Region] | None = None
    generalPractitioner: list[Reference] | None = None  # noqa: N815
    managingOrganization: Reference | None = None  # noqa: N815


def _us_core(name: str) -> str:
    url = f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{name}"
    return (
        f"list_filter(list_filter(extension, lambda e: e.url = '{url}')[1].extension,"
        " lambda e: e.url = 'ombCategory')[1].valueCoding.code"
    )


PATIENT = Reading(
    kind="Patient",
    shape=Patient,
    given={"race": _us_core("race"), "ethnicity": _us_core("ethnicity"), "birth": "day(birthDate)"},
    excluded=(("birth IS NULL", "'no year of birth'"),),
    columns={
        "gender_concept_id": cases("gender", GENDERS),
        "gender": "gender",
        "year_of_birth": "year(birth)",
        "month_of_birth": "CASE WHEN length(birthDate) >= 7 THEN month(birth) END",
        "day_of_birth": "CASE WHEN length(birthDate) >= 10 THEN dayofmonth(birth) END",
        "race_concept_id": cases("race", RACES),
        "race": "race",
        "ethnicity_concept_id": cases("ethnicity", ETHNICITIES),
        "ethnicity": "ethnicity",
        "death_date": "day(deceasedDateTime)",
        "death_time": "instant(deceasedDateTime)",
        "imputed": "coalesce(is_partial(deceasedDateTime), false)",
        "died_undated": "deceasedBoolean IS true AND deceasedDateTime IS NULL",
        "state": "address[1].state",
        "zip3": "left(address[1].postalCode, 3)",
        "provider": "named(generalPractitioner[1], 'Practitioner')",
        "care_site": "named(managingOrganization, 'Organization')",
    },
    references={"provider": "Practitioner", "care_site": "Organization"},
    dated=False,
)

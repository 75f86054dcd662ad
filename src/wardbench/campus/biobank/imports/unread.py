"""Columns of other systems that are known and not entered, with the reason of each; those that say who somebody is are
not even kept.

The headers are those of OpenSpecimen's forms for specimens and for participants, visits and specimens at once (its
`specimen` and `master specimen` records), besides what spreadsheets of hospitals call the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from wardbench.campus.biobank.imports.fields import meant
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.sheet import folded


class Why(StrEnum):
    """Why a column is not entered."""

    WHO = "who"
    VISIT = "visit"
    DONOR = "donor"
    NOTED = "noted"
    FORMS = "forms"
    OTHER = "other"


SAID = {
    Why.WHO: gettext_noop("These columns say who somebody is and were not kept; a donor is a code here: {names}."),
    Why.VISIT: gettext_noop(
        "These columns are of protocols, enrolments and visits, which are written down with the collection: {names}."
    ),
    Why.DONOR: gettext_noop("Of donors the sex and the year of birth are entered, and not: {names}."),
    Why.NOTED: gettext_noop("The other system notes this of a tube; it is not entered: {names}."),
    Why.FORMS: gettext_noop("These columns are of forms of the other system, and are not entered: {names}."),
    Why.OTHER: gettext_noop("These columns are not entered: {names}. Say below what they mean where they are needed."),
}
"""The sentence of each, with the headers."""

_WHO = frozenset(
    map(
        folded,
        (
            "First Name", "Last Name", "Middle Name", "Surname", "Family Name", "Given Name", "Full Name",
            "Patient Name", "Name of the patient", "Participant Name", "Email Address", "Email", "E-mail",
            "Phone Number", "Phone", "Telephone", "National ID", "National Number", "SSN", "Social Security Number",
            "eMPI", "MRN", "Medical Record Number", "Address", "Voornaam", "Achternaam", "Familienaam",
            "Naam patiënt", "Patiëntnaam", "Naam van de patiënt", "Rijksregisternummer", "INSZ", "NISS", "Adres",
            "Telefoon", "Prénom", "Nom de famille", "Nom du patient", "Numéro national", "Adresse", "Téléphone",
        ),
    )
)  # fmt: skip
_WHO_BY = re.compile(
    r"(?:pmi|mrn|medical record number)(?: \d+)? (?:mrn|site name|mrn site)|.* (?:user|by) email address"
)
_BORN = frozenset(
    map(
        folded,
        ("Date Of Birth", "Birth Date", "Birthdate", "DOB", "Geboortedatum", "Date de naissance", "Né(e) le"),
    )
)  # fmt: skip
_YEAR = re.compile(r"(\d{4})[-/.]\d\d?[-/.]\d\d?.*|\d\d?[-/.]\d\d?[-/.](\d{4}).*|\D*(?:\d\d?\D+)?(\d{4})", re.ASCII)
_KNOWN: dict[Why, frozenset[str]] = {
    Why.VISIT: frozenset(
        map(
            folded,
            (
                "CP Short Title", "Collection Protocol", "Visit Name", "Event Label", "Visit Date", "Collection Site",
                "Visit Status", "Clinical Diagnosis", "Clinical Status", "Cohort", "Path. Number", "Path. Report",
                "Surgical Pathology Number", "Surgical Pathology Report", "Visit Comments", "Requirement Code",
                "CP Requirement", "Registration Date", "Registration Site", "External Subject ID",
            ),
        )
    ),
    Why.DONOR: frozenset(
        map(
            folded,
            (
                "Death Date", "Race", "Vital Status", "Ethnicity", "Genotype", "Receive Emails", "Receive SMSes",
                "Text Opt In", "Email Opt In",
            ),
        )
    ),
    Why.NOTED: frozenset(
        map(
            folded,
            (
                "Identifier", "Additional Label", "Created On", "Created By", "Laterality", "Pathological Status",
                "Biohazard", "Comments", "Reason", "Image ID", "External IDs Name", "External IDs Value",
                "Collection Event User",
                "Collection Event Comments", "Collection Event Procedure", "Collection Event Container",
                "Received Event Date and Time", "Received Event User", "Received Event Comments",
                "Received Event Quality", "Collection Procedure", "Collection Container", "Collector",
                "Received Date", "Received Quality", "Receiver", "Freezer", "Container Hierarchy",
            ),
        )
    ),
}  # fmt: skip
_NUMBER = re.compile(r" \d+(?= |$)")
_WHOLE = ("Specimen", "Participant", "Visit", "Registration")
"""Records whose name a query of OpenSpecimen puts before a header."""


def says_who(header: str) -> bool:
    """Whether a column says who somebody is: a name, a number, an address."""
    said = folded(header)
    return said in _WHO or _WHO_BY.fullmatch(said) is not None or folded(_without_record(header)) in _WHO


def is_birth(header: str) -> bool:
    """Whether a column has the day of somebody's birth, of which the year is kept."""
    return folded(_without_record(header)) in _BORN


def year_of(text: str) -> str:
    """The year of a day; what has none stays as it is, to be mended."""
    found = _YEAR.fullmatch(text)
    return next(filter(None, found.groups())) if found else text


def why(header: str) -> Why:
    """Why a column that means no field is not entered."""
    said = _NUMBER.sub("", folded(_without_record(header)))
    for reason, known in _KNOWN.items():
        if said in known:
            return reason
    return Why.FORMS if "#" in header else Why.OTHER


def is_elsewhere(headers: Sequence[str]) -> bool:
    """Whether headers are those of OpenSpecimen."""
    said = set(map(folded, headers))
    return bool(said & {"cp short title", "ppid"}) or any(
        "#" in header and (meant(header) or why(header) is not Why.FORMS) for header in headers
    )


def _without_record(header: str) -> str:
    record, mark, rest = header.partition("#")
    return rest if mark and record.strip() in _WHOLE else header

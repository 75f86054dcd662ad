"""MIABIS Core 3.0 and MIABIS Sample, Donor and Event 1.1, attribute by attribute, as records keyed by MIABIS's codes.

An `Attribute` says which field of ours it is, by which list of words, and whether it holds several values. Records are
written from these tables and read by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wardbench.core import miabis
from wardbench.core.miabis import aggregate
from wardbench.ward.samples.exchange import words
from wardbench.ward.samples.exchange.inventory import Biobank, Collection, Extent


@dataclass(frozen=True)
class Attribute:
    """An attribute of MIABIS: its code and name, the field that holds it, the words of its values."""

    code: str
    name: str
    field: str
    words: Mapping[str, str] | None = None

    @property
    def title(self) -> str:
        return f"{self.code} {self.name}"


BIOBANK = (
    Attribute("BIOBANK-01", "ID", "code"),
    Attribute("BIOBANK-02", "Acronym", "acronym"),
    Attribute("BIOBANK-03", "Name", "name"),
    Attribute("BIOBANK-04", "URL", "url"),
    Attribute("BIOBANK-05", "Juristic person", "juristic_person"),
    Attribute("BIOBANK-06", "Country", "country"),
    Attribute("BIOBANK-07", "Contact information", "contact"),
    Attribute("BIOBANK-08", "Description", "description"),
    Attribute("BIOBANK-09", "Infrastructural capabilities", "infrastructural", miabis.INFRASTRUCTURAL),
    Attribute("BIOBANK-10", "Organisational capabilities", "organisational", miabis.ORGANISATIONAL),
    Attribute("BIOBANK-11", "Bioprocessing and analytical capabilities", "bioprocessing", miabis.BIOPROCESSING),
    Attribute("BIOBANK-12", "Quality management standard", "quality_standards"),
)
COLLECTION = (
    Attribute("COLLECTION-01", "ID", "code"),
    Attribute("COLLECTION-02", "Acronym", "acronym"),
    Attribute("COLLECTION-03", "Name", "name"),
    Attribute("COLLECTION-04", "URL", "url"),
    Attribute("COLLECTION-06", "Description", "description"),
    Attribute("COLLECTION-07", "Sample source", "source"),
    Attribute("COLLECTION-13", "Dataset type", "dataset_types", words.DATASETS),
    Attribute("COLLECTION-16", "Disease", "diseases"),
    Attribute("COLLECTION-17", "Sample collection setting", "settings", words.SETTINGS),
    Attribute("COLLECTION-18", "Collection design", "designs", miabis.DESIGNS),
    Attribute("COLLECTION-19", "Use and access conditions", "use_conditions", words.CONDITIONS),
    Attribute("COLLECTION-22", "Inclusion criteria", "inclusion", words.INCLUSION),
    Attribute("COLLECTION-23", "Publications", "publications"),
)
NETWORK = {
    "NETWORK-01": "ID",
    "NETWORK-03": "Name",
    "NETWORK-05": "Juristic person",
    "NETWORK-06": "Country",
    "NETWORK-07": "Contact information",
    "NETWORK-09": "Status",
    "NETWORK-10": "Members",
    "NETWORK-12": "Network type",
}


def contact(one: Biobank) -> dict[str, str]:
    """MIABIS's contact of a biobank, by its codes; what is empty is left out."""
    first, _space, last = one.contact_name.partition(" ")
    said = {
        "CONTACT-01": first,
        "CONTACT-02": last,
        "CONTACT-04": one.contact_email,
        "CONTACT-08": one.country,
        "CONTACT-09": one.juristic_person,
    }
    return {code: value for code, value in said.items() if value}


def record(attributes: Sequence[Attribute], one: Any) -> dict[str, Any]:
    """What `one` says, by the code of each attribute; what it does not say is left out."""
    found: dict[str, Any] = {}
    for attribute in attributes:
        value: Any = contact(one) if attribute.field == "contact" else getattr(one, attribute.field)
        if isinstance(value, tuple):
            value = [words.word(attribute.words or {}, each) for each in value]
        elif attribute.words and value:
            value = words.word(attribute.words, value)
        if value not in ("", [], {}, None):
            found[attribute.code] = value
    return found


def collection_record(one: Collection, biobank: Biobank, extent: Extent) -> dict[str, Any]:
    """A collection with what it holds. -20 is its status; -21 how many donors, where that may be told."""
    said = record(COLLECTION, one)
    said["COLLECTION-05"] = contact(biobank)
    said["COLLECTION-20"] = "Ended" if one.ended else "Active"
    more: dict[str, Any] = {
        "COLLECTION-08": [words.word(words.SEXES, sex) for sex in extent.sexes],
        "COLLECTION-09": extent.age_low,
        "COLLECTION-10": extent.age_high,
        "COLLECTION-11": "Years" if extent.age_low is not None else None,
        "COLLECTION-12": "Years" if extent.age_high is not None else None,
        "COLLECTION-14": [words.AGGREGATES[code] for code in dict.fromkeys(map(aggregate, extent.materials))],
        "COLLECTION-15": [words.TEMPERATURES[code] for code in extent.temperatures],
        "COLLECTION-21": extent.donors,
    }
    said.update({code: value for code, value in more.items() if value not in (None, [])})
    return dict(sorted(said.items()))


NAMES = {
    **{one.code: one.name for one in (*BIOBANK, *COLLECTION)},
    **NETWORK,
    "COLLECTION-05": "Contact information",
    "COLLECTION-08": "Sex",
    "COLLECTION-09": "Age low",
    "COLLECTION-10": "Age high",
    "COLLECTION-11": "Age low unit",
    "COLLECTION-12": "Age high unit",
    "COLLECTION-14": "Sample type",
    "COLLECTION-15": "Storage temperature",
    "COLLECTION-20": "Collection status",
    "COLLECTION-21": "Total number of subjects",
    "CONTACT-01": "First name",
    "CONTACT-02": "Last name",
    "CONTACT-04": "Email",
    "CONTACT-08": "Country",
    "CONTACT-09": "Juristic person",
}
"""What each attribute that is written is called."""


def named(*codes: str) -> dict[str, str]:
    """The names of some attributes, by their codes."""
    return {code: NAMES[code] for code in codes}


def network_record(name: str, biobanks: Sequence[Biobank]) -> dict[str, Any]:
    """The campus as a network of its biobanks."""
    said: dict[str, Any] = {
        "NETWORK-01": name,
        "NETWORK-03": name,
        "NETWORK-05": biobanks[0].juristic_person or biobanks[0].name if biobanks else "",
        "NETWORK-06": sorted({one.country for one in biobanks}),
        "NETWORK-07": contact(biobanks[0]) if biobanks else {},
        "NETWORK-09": "Active",
        "NETWORK-10": [one.code for one in biobanks],
        "NETWORK-12": ["Biobank"],
    }
    return {code: value for code, value in said.items() if value not in ("", [], {})}


def described(
    name: str, biobanks: Sequence[Biobank], collections: Sequence[tuple[Collection, Extent]]
) -> dict[str, Any]:
    """A network, its biobanks and their collections in one document, with the name of each attribute."""
    of = {one.code: one for one in biobanks}
    return {
        "standard": "MIABIS Core 3.0",
        "attributes": NAMES,
        "network": network_record(name, biobanks),
        "biobanks": [
            {
                **record(BIOBANK, bank),
                "collections": [
                    collection_record(one, of[one.biobank], extent)
                    for one, extent in collections
                    if one.biobank == bank.code
                ],
            }
            for bank in biobanks
        ],
    }

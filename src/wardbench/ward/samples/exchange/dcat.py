"""Collections as HealthDCAT-AP 5: one dataset each, of a catalogue; and what the profile asks for that nobody said.

Access is NON_PUBLIC: specimens and their data are given under a permit. The category is Article 51(1)(q) of the EHDS
regulation (biobanks); no list of addresses for the categories is in force yet, so it is told by a concept of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wardbench.core.duo import LABELS, Modifier, Use
from wardbench.core.miabis import MATERIALS
from wardbench.ward.samples.exchange.inventory import Biobank, Collection, Extent
from wardbench.ward.samples.exchange.rdf import Iri, Node, Text, Value, number

EHDS = Iri("http://data.europa.eu/eli/reg/2025/327/oj")
AUTHORITY = "http://publications.europa.eu/resource/authority/"
ICD10 = Iri("https://www.wikidata.org/entity/P494")
MANDATORY = (
    "dct:title", "dct:description", "dct:identifier", "dct:accessRights", "dct:publisher", "dct:type", "dct:provenance",
    "dcat:contactPoint", "dcat:distribution", "dcat:keyword", "dcat:theme", "dcatap:applicableLegislation",
    "healthdcatap:hdab", "healthdcatap:healthCategory",
)  # fmt: skip
"""What a dataset that is not public has to say."""


@dataclass(frozen=True)
class AccessBody:
    """The health data access body of the country."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True)
class Described:
    """A collection as the catalogue shows it: at which page, and when that was published and changed (ISO 8601)."""

    collection: Collection
    biobank: Biobank
    extent: Extent
    page: str
    issued: str = ""


def dataset(one: Described, body: AccessBody, *, miabis: str) -> Node:
    """A collection as a dataset; `miabis` is the address of its description in MIABIS, a distribution of it."""
    collection, extent = one.collection, one.extent
    publisher = _publisher(one.biobank)
    says: dict[str, list[Value]] = {
        "dct:title": [Text(collection.name, "en")],
        "dct:description": [Text(_description(collection), "en")],
        "dct:identifier": [Text(collection.code)],
        "dct:accessRights": [Iri(f"{AUTHORITY}access-right/NON_PUBLIC")],
        "dct:publisher": [publisher],
        "dct:type": [Iri(f"{AUTHORITY}dataset-type/PERSONAL_DATA")],
        "dct:provenance": [_named("dct:ProvenanceStatement", _provenance(collection))],
        "dct:issued": _when(one.issued),
        "dct:spatial": _country(one.biobank),
        "dcat:contactPoint": _contact(one.biobank),
        "dcat:keyword": [Text(word, "en") for word in _keywords(collection, extent)],
        "dcat:theme": [Iri(f"{AUTHORITY}data-theme/HEAL")],
        "dcat:landingPage": [Iri(one.page)],
        "dcatap:applicableLegislation": [EHDS],
        "dct:rights": [_named("dct:RightsStatement", said) for said in _conditions(collection)],
        "odrl:hasPolicy": _policy(collection),
        "dpv:hasPersonalData": [Iri("https://w3id.org/dpv/pd#HealthRecord")],
        "dpv:hasPurpose": [Iri("https://w3id.org/dpv#ScientificResearch")],
        "healthdcatap:healthCategory": [_CATEGORY],
        "healthdcatap:hdab": _body(body),
        "healthdcatap:hasCodingSystem": [ICD10],
        "healthdcatap:numberOfRecords": _counted(extent.specimens),
        "healthdcatap:numberOfUniqueIndividuals": _counted(extent.donors),
        "healthdcatap:minTypicalAge": _counted(extent.age_low),
        "healthdcatap:maxTypicalAge": _counted(extent.age_high),
        "dcat:distribution": [_distribution(miabis)],
    }
    return Node(("dcat:Dataset",), says, Iri(one.page))


def catalogue(name: str, page: str, described: Sequence[Described], body: AccessBody, suffix: str) -> list[Node]:
    """The catalogue and its datasets; the description in MIABIS of each is at its page followed by `suffix`."""
    datasets = [dataset(one, body, miabis=one.page + suffix) for one in described]
    publishers = {one.biobank.code: one.biobank for one in described}
    says: dict[str, list[Value]] = {
        "dct:title": [Text(name, "en")],
        "dct:description": [Text("Collections of human body material that can be asked for.", "en")],
        "dct:publisher": [_publisher(one) for one in list(publishers.values())[:1]],
        "dcatap:applicableLegislation": [EHDS],
        "dcat:dataset": [node.address for node in datasets if node.address is not None],
    }
    return [Node(("dcat:Catalog",), says, Iri(page)), *datasets]


def missing(node: Node) -> list[str]:
    """What the profile asks of a dataset and this one does not say."""
    return [name for name in MANDATORY if not list(node.says.get(name, ()))]


_CATEGORY = Node(
    ("skos:Concept",),
    {
        "skos:notation": [Text("51(1)(q)")],
        "skos:prefLabel": [Text("Health data from biobanks and associated databases", "en")],
        "skos:inScheme": [EHDS],
    },
)


def _description(one: Collection) -> str:
    return "\n\n".join(part for part in (one.description, one.purpose) if part)


def _provenance(one: Collection) -> str:
    if one.basis == "residual":
        return "Material that was left over from care, of patients who did not object."
    return "Material taken from donors with their written consent."


def _publisher(one: Biobank) -> Node:
    says: dict[str, list[Value]] = {
        "foaf:name": [Text(one.juristic_person or one.name)],
        "foaf:homepage": [Iri(one.url)] if one.url else [],
        "dcat:contactPoint": _contact(one),
        "dct:spatial": _country(one),
    }
    return Node(("foaf:Agent", "foaf:Organization"), says)


def _contact(one: Biobank) -> list[Value]:
    return _vcard(one.contact_name or one.name, one.contact_email) if one.contact_email else []


def _vcard(name: str, email: str) -> list[Value]:
    says: Mapping[str, Iterable[Value]] = {"vcard:fn": [Text(name)], "vcard:hasEmail": [Iri(f"mailto:{email}")]}
    return [Node(("vcard:Kind",), says)]


def _body(one: AccessBody) -> list[Value]:
    if not one.name:
        return []
    contact: list[Value] = _vcard(one.name, one.email) if one.email else []
    return [Node(("foaf:Agent",), {"foaf:name": [Text(one.name)], "dcat:contactPoint": contact})]


def _country(one: Biobank) -> list[Value]:
    return [Iri(f"{AUTHORITY}country/{_COUNTRIES[one.country]}")] if one.country in _COUNTRIES else []


_COUNTRIES = {
    "AT": "AUT", "BE": "BEL", "BG": "BGR", "CH": "CHE", "CY": "CYP", "CZ": "CZE", "DE": "DEU", "DK": "DNK", "EE": "EST",
    "ES": "ESP", "FI": "FIN", "FR": "FRA", "GB": "GBR", "GR": "GRC", "HR": "HRV", "HU": "HUN", "IE": "IRL", "IS": "ISL",
    "IT": "ITA", "LT": "LTU", "LU": "LUX", "LV": "LVA", "MT": "MLT", "NL": "NLD", "NO": "NOR", "PL": "POL", "PT": "PRT",
    "RO": "ROU", "SE": "SWE", "SI": "SVN", "SK": "SVK",
}  # fmt: skip
"""The authority list names countries by three letters."""


def _keywords(one: Collection, extent: Extent) -> list[str]:
    found = [MATERIALS[code] for code in extent.materials if code in MATERIALS]
    return list(dict.fromkeys([*found, *one.diseases, *one.use_diseases, "biobank"]))


def _conditions(one: Collection) -> list[str]:
    said = [LABELS[Use(one.use)]] if one.use else []
    return [*said, *one.use_diseases, *(LABELS[Modifier(code)] for code in one.use_modifiers)]


def _policy(one: Collection) -> list[Value]:
    terms: list[Value] = [Iri(f"http://purl.obolibrary.org/obo/{_duo(code)}") for code in (one.use, *one.use_modifiers)]
    return [Node(("odrl:Policy",), {"dct:conformsTo": terms})] if one.use else []


def _duo(code: str) -> str:
    return code.replace(":", "_")


def _named(kind: str, text: str) -> Node:
    return Node((kind,), {"rdfs:label": [Text(text, "en")]})


def _distribution(address: str) -> Node:
    says: dict[str, list[Value]] = {
        "dct:title": [Text("Description in MIABIS Core 3.0", "en")],
        "dcat:accessURL": [Iri(address)],
        "dcat:mediaType": [Iri("https://www.iana.org/assignments/media-types/application/json")],
        "dcatap:applicableLegislation": [EHDS],
    }
    return Node(("dcat:Distribution",), says)


def _when(moment: str) -> list[Value]:
    return [Text(moment, datatype="xsd:dateTime")] if moment else []


def _counted(value: int | None) -> list[Value]:
    found: Any = [] if value is None else [number(value)]
    return list(found)

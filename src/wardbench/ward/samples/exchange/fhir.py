"""What both profiles of FHIR R4 share: bundles, references, codings, and the parts of resources that are plain FHIR."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from wardbench.ward.samples.exchange.amounts import SIZES, UCUM, exact
from wardbench.ward.samples.exchange.inventory import Biobank, Donor, Sample

Resource = dict[str, Any]
ICD10 = "http://hl7.org/fhir/sid/icd-10"
TOPOGRAPHY = "urn:oid:1.3.6.1.4.1.19376.1.3.11.36"
TUBES = "https://doi.org/10.1089/bio.2017.0109"
"""SPREC 3.0, by which primary containers are coded."""
UNITS = "http://unitsofmeasure.org"
BBMRI = "http://www.bbmri-eric.eu/"
GENDERS = {"Male": "male", "Female": "female", "Unknown": "unknown"}
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def resource_id(code: str) -> str:
    """An id of FHIR for a code of ours: the code where it can be one, else a hash of it."""
    return code if _ID.fullmatch(code) else hashlib.sha256(code.encode()).hexdigest()[:40]


def reference(kind: str, code: str) -> dict[str, str]:
    return {"reference": f"{kind}/{resource_id(code)}"}


def filled(said: Mapping[str, Any]) -> Resource:
    """Without what is empty, which FHIR does not allow."""
    return {name: value for name, value in said.items() if value not in ("", None, [], {})}


def concept(system: str, code: str, **more: str) -> Resource:
    return {"coding": [{"system": system, "code": code, **more}]}


def code_of(said: Any, system: str = "") -> str:
    """The code of a CodeableConcept, of one system where it is named; empty where there is none."""
    for one in (said or {}).get("coding", ()):
        if not system or one.get("system") == system:
            return str(one.get("code", ""))
    return ""


def bundle(resources: Iterable[Resource]) -> bytes:
    """A transaction that puts each resource at its id."""
    entries = [
        {
            "fullUrl": f"urn:wardbench:{one['resourceType']}:{one['id']}",
            "resource": one,
            "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
        }
        for one in resources
    ]
    said = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return msgspec.json.format(_ENCODER.encode(said), indent=1)


def resources(content: bytes) -> list[Resource]:
    """The resources of a bundle."""
    said = json.loads(content, parse_float=Decimal)
    return [entry["resource"] for entry in said.get("entry", ())]


def extensions(said: Resource, url: str) -> list[Any]:
    """The values of the extensions of this address."""
    return [
        value
        for one in said.get("extension", ())
        if one["url"] == url
        for name, value in one.items()
        if name.startswith("value")
    ]


def of_profile(found: Iterable[Resource], profile: str) -> list[Resource]:
    return [one for one in found if profile in one.get("meta", {}).get("profile", ())]


def contact(one: Biobank) -> list[Resource]:
    """The contact of an organisation; MIABIS wants a family and a given name."""
    given, _space, family = one.contact_name.partition(" ")
    name = filled({"given": [given] if given else [], "family": family, "text": one.contact_name})
    telecom = [{"system": "email", "value": one.contact_email}] if one.contact_email else []
    said = filled({"name": name, "telecom": telecom})
    return [said] if said else []


def read_contact(said: Resource) -> dict[str, Any]:
    first: Resource = next(iter(said.get("contact", ())), {})
    name: Resource = first.get("name", {})
    email = next((one["value"] for one in first.get("telecom", ()) if one.get("system") == "email"), "")
    return {"contact_name": name.get("text", ""), "contact_email": email}


def url_of(said: Resource) -> str:
    return next((one["value"] for one in said.get("telecom", ()) if one.get("system") == "url"), "")


def telecom(url: str) -> list[Resource]:
    return [{"system": "url", "value": url}] if url else []


def country(code: str) -> list[Resource]:
    return [{"country": code}] if code else []


def country_of(said: Resource) -> str:
    first: Resource = next(iter(said.get("address", ())), {})
    return str(first.get("country", ""))


def identifier(code: str, system: str = "") -> list[Resource]:
    return [filled({"system": system, "value": code})]


def id_of(said: Resource) -> str:
    return str(said["identifier"][0]["value"])


def patient(one: Donor, profile: str) -> Resource:
    return filled(
        {
            "resourceType": "Patient",
            "id": resource_id(one.code),
            "meta": {"profile": [profile]},
            "identifier": identifier(one.code),
            "gender": GENDERS.get(one.sex, "other"),
            "birthDate": "" if one.birth_year is None else f"{one.birth_year:04}",
        }
    )


def read_patient(said: Resource) -> Donor:
    """A donor. FHIR's `other` is read as undifferentiated."""
    sexes = {gender: sex for sex, gender in GENDERS.items()}
    born = said.get("birthDate", "")
    return Donor(id_of(said), sexes.get(said.get("gender", ""), "Undifferentiated"), int(born[:4]) if born else None)


def specimen(one: Sample, profile: str) -> Resource:
    """What plain FHIR says of a specimen; profiles add to it. `collection.quantity` is what there was at first, and
    `container.specimenQuantity` what is left."""
    container = filled(
        {
            "type": concept(TUBES, one.tube) if one.tube else {},
            "specimenQuantity": _quantity(one.amount, one.unit),
        }
    )
    taken = filled(
        {
            "collectedDateTime": one.collected,
            "quantity": _quantity(one.first_amount, one.unit),
            "bodySite": concept(TOPOGRAPHY, one.site, version="3.2") if one.site else {},
        }
    )
    return filled(
        {
            "resourceType": "Specimen",
            "id": resource_id(one.label),
            "meta": {"profile": [profile]},
            "identifier": identifier(one.label),
            "subject": reference("Patient", one.donor) if one.donor else {},
            "parent": [reference("Specimen", label) for label in (one.parent, *dict(one.parts)) if label],
            "collection": taken,
            "container": [container] if container else [],
        }
    )


def _quantity(value: int | None, unit: str) -> Resource:
    if value is None or unit not in UCUM:
        return {}
    return {"value": exact(value, unit), "unit": unit, "system": UNITS, "code": UCUM[unit]}


def read_specimen(said: Resource, donors: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a sample that plain FHIR holds. `donors` and `labels` are codes by the ids of resources."""
    taken = said.get("collection", {})
    container: Resource = next(iter(said.get("container", ())), {})
    left, first = container.get("specimenQuantity", {}), taken.get("quantity", {})
    unit = (left or first).get("unit", "")
    above = [labels.get(each.get("reference", "").partition("/")[2], "") for each in said.get("parent", ())]
    mixed = len(above) > 1
    return {
        "label": id_of(said),
        "donor": donors.get(said.get("subject", {}).get("reference", "").partition("/")[2], ""),
        "parent": "" if mixed or not above else above[0],
        "parts": tuple((label, None) for label in sorted(above) if label) if mixed else (),
        "collected": taken.get("collectedDateTime", ""),
        "site": code_of(taken.get("bodySite"), TOPOGRAPHY),
        "tube": code_of(container.get("type"), TUBES),
        "amount": _amount(left),
        "first_amount": _amount(first),
        "unit": unit,
    }


def _amount(said: Resource) -> int | None:
    return int(Decimal(said["value"]) * SIZES[said["unit"]]) if said else None


def read_organisation(said: Resource, description: str) -> dict[str, Any]:
    """What an Organization says of a biobank or a collection alike; `description` is the address of that extension."""
    return {
        "code": id_of(said),
        "name": said.get("name", ""),
        "acronym": next(iter(said.get("alias", ())), ""),
        "url": url_of(said),
        "description": next(iter(extensions(said, description)), ""),
    }

"""FHIR Specimen as rows: a bundle, a list or lines of resources (NDJSON), in R4, MIABIS on FHIR or BBMRI.de's profiles.

Read are the fields of a row and nothing else; what a specimen refers to (its donor, what it was made of) is looked for
in the same file. No database here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank.imports import words
from wardbench.campus.biobank.imports.files import LONGEST_CELL, MOST_BYTES, MOST_ROWS, Table
from wardbench.core.errors import InputError

Resource = Mapping[str, Any]
HEADERS = (
    "Label", "Name elsewhere", "Material", "Donor", "Sex", "Year of birth", "Taken at", "Amount", "Unit", "Made of",
    "Tube type", "Anatomical site", "Diagnosis", "Box", "Position", "What became of it", "Storage temperature",
)  # fmt: skip
_UCUM = {"mL": "ml", "uL": "µl", "ug": "µg", "{cells}": "cells", "10*6": "", "1": "pieces", "{tbl}": "pieces"}


def is_fhir(data: bytes) -> bool:
    """Whether a file is JSON."""
    return data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def read_fhir(data: bytes) -> Table:
    """The specimens of a file as a table. InputError for what is no JSON, or holds no Specimen."""
    if len(data) > MOST_BYTES:
        raise InputError(_("The file is larger than %(most)d MB; split it.") % {"most": MOST_BYTES // 1_000_000})
    resources = list(_resources(data))
    specimens = [one for one in resources if one.get("resourceType") == "Specimen"]
    if not specimens:
        raise InputError(_("The file holds no FHIR Specimen."))
    if len(specimens) > MOST_ROWS:
        raise InputError(_("The file has more than %(most)d rows; split it.") % {"most": MOST_ROWS})
    of = {name: one for one in resources for name in _names(one)}
    diagnoses = _diagnoses(resources)
    rows = tuple(tuple(_cell(cell) for cell in _row(one, of, diagnoses)) for one in specimens)
    used = [place for place in range(len(HEADERS)) if any(row[place] for row in rows)] or [0]
    told = ngettext("%(n)d FHIR Specimen was read.", "%(n)d FHIR Specimens were read.", len(rows)) % {"n": len(rows)}
    said = [told]
    if any(len(_taken(one)) in (4, 7) for one in specimens):
        said.append(_("Where only the month or the year of taking is known, its first day is entered."))
    kept = tuple(tuple(row[place] for place in used) for row in rows)
    return Table(
        tuple(HEADERS[place] for place in used), tuple(range(1, len(rows) + 1)), kept, tuple(said), kind="fhir"
    )


def _resources(data: bytes) -> Iterator[Resource]:
    """Every resource of a file, those inside bundles too."""
    try:
        found: Iterable[Any] = [json.loads(data)]
    except RecursionError:
        raise InputError(_("This is no JSON: it is nested too deep.")) from None
    except ValueError:
        found = _lines(data)
    waiting = list(found)
    for one in waiting:
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            yield one
            entries = one.get("entry")
            for entry in entries if isinstance(entries, list) else ():
                resource = entry.get("resource") if isinstance(entry, dict) else None
                if isinstance(resource, dict):
                    address = entry.get("fullUrl")
                    waiting.append({**resource, "_at": address} if isinstance(address, str) else resource)
            waiting += [each for each in _list(one, "contained") if isinstance(each, dict)]


def _lines(data: bytes) -> Iterator[Any]:
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                raise InputError(_("Line %(line)d is no JSON.") % {"line": number}) from None


def _names(one: Resource) -> Iterator[str]:
    """What a reference may call a resource."""
    if isinstance(one.get("id"), str):
        yield f"{one.get('resourceType')}/{one['id']}"
        yield f"#{one['id']}"
    if isinstance(one.get("_at"), str):
        yield one["_at"]


def _diagnoses(resources: Iterable[Resource]) -> dict[str, str]:
    """Diagnoses of specimens that stand in observations (MIABIS on FHIR), by the specimen's reference."""
    found: dict[str, str] = {}
    for one in resources:
        if one.get("resourceType") == "Observation" and (about := _reference(one.get("specimen"))):
            code = _code(one.get("valueCodeableConcept"), "icd-10")
            if code:
                found.setdefault(about, code)
    return found


def _row(one: Resource, of: Mapping[str, Resource], diagnoses: Mapping[str, str]) -> Sequence[str]:
    labels = [*_identifiers(one), *_identifiers({"identifier": [one.get("accessionIdentifier")]})]
    own_id = str(one.get("id") or "")
    label = labels[0] if labels else own_id
    taken = _dict(one.get("collection"))
    container = next((each for each in _list(one, "container") if isinstance(each, dict)), {})
    quantity = container.get("specimenQuantity") or taken.get("quantity") or {}
    donor = _subject(one, of)
    diagnosis = next((code for name in _names(one) if (code := diagnoses.get(name))), "")
    return (
        label,
        next((other for other in [*labels[1:], own_id] if other and other != label), ""),
        _material(one.get("type")),
        *donor,
        _moment(_taken(one)),
        _number(quantity),
        _unit(quantity),
        _label_of(next(iter(_list(one, "parent")), None), of),
        _code(container.get("additiveCodeableConcept")),
        _code(taken.get("bodySite")),
        _extension(one, "SampleDiagnosis") or diagnosis,
        str(container.get("description") or ""),
        "",
        str(one.get("status") or ""),
        _extension(one, "StorageTemperature") or _stored(one),
    )


def _subject(one: Resource, of: Mapping[str, Resource]) -> tuple[str, str, str]:
    """The code, sex and year of birth of a donor."""
    reference = _reference(one.get("subject"))
    found = of.get(reference) or of.get("/".join(reference.split("/")[-2:]), {})
    codes = _identifiers(found) or _identifiers({"identifier": [_dict(one.get("subject")).get("identifier")]})
    code = codes[0] if codes else str(found.get("id") or reference.rpartition("/")[2].rpartition(":")[2])
    born = str(found.get("birthDate") or "")[:4]
    return code, str(found.get("gender") or ""), born if born.isdecimal() else ""


def _label_of(reference: Any, of: Mapping[str, Resource]) -> str:
    """The label of a specimen that another refers to."""
    said = _reference(reference)
    found = of.get(said) or of.get("/".join(said.split("/")[-2:]))
    if found is None:
        named = _identifiers({"identifier": [_dict(reference).get("identifier")]})
        return named[0] if named else said.rpartition("/")[2]
    return next(iter(_identifiers(found)), str(found.get("id") or ""))


def _identifiers(one: Resource) -> list[str]:
    return [
        str(each["value"]).strip() for each in _list(one, "identifier") if isinstance(each, dict) and each.get("value")
    ]


def _material(concept: Any) -> str:
    """A material by the first code, display or text of a concept that is known, else what is written."""
    codings = [each for each in _list(_dict(concept), "coding") if isinstance(each, dict)]
    said = [str(each.get(name) or "") for name in ("code", "display") for each in codings]
    said = [*said, str(_dict(concept).get("text") or "")]
    return next((code for text in said if text and (code := words.material(text))), next(filter(None, said), ""))


def _code(concept: Any, system: str = "") -> str:
    codings = [each for each in _list(_dict(concept), "coding") if isinstance(each, dict)]
    return next(
        (str(each["code"]) for each in codings if each.get("code") and system in str(each.get("system") or "")), ""
    )


def _extension(one: Resource, name: str) -> str:
    for each in _list(one, "extension"):
        if isinstance(each, dict) and str(each.get("url") or "").endswith(f"/{name}"):
            return _code(each.get("valueCodeableConcept"))
    return ""


def _stored(one: Resource) -> str:
    """The storage temperature of MIABIS on FHIR, which stands in a step of processing."""
    for step in _list(one, "processing"):
        for each in _list(_dict(step), "extension"):
            if "storage-temperature" in str(_dict(each).get("url") or ""):
                return _code(_dict(each).get("valueCodeableConcept"))
    return ""


def _number(quantity: Any) -> str:
    value = _dict(quantity).get("value")
    return format(value, ".15g") if isinstance(value, float) else str(value) if isinstance(value, int) else ""


def _unit(quantity: Any) -> str:
    said = str(_dict(quantity).get("code") or _dict(quantity).get("unit") or "")
    return _UCUM.get(said, said)


def _taken(one: Resource) -> str:
    """When a specimen was taken, as it is written."""
    taken = _dict(one.get("collection"))
    return str(taken.get("collectedDateTime") or _dict(taken.get("collectedPeriod")).get("start") or "")


def _moment(said: str) -> str:
    """A day or moment; where only a month or year is known, its first day."""
    return f"{said}-01-01" if len(said) == 4 else f"{said}-01" if len(said) == 7 else said


def _reference(value: Any) -> str:
    return str(_dict(value).get("reference") or "")


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(one: Mapping[str, Any], name: str) -> list[Any]:
    found = one.get(name)
    return found if isinstance(found, list) else []


def _cell(text: str) -> str:
    return " ".join(text.encode("utf-8", "replace").decode().split())[:LONGEST_CELL]

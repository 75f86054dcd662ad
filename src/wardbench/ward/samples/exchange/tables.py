"""MIABIS Core 3.0 with Sample, Donor and Event 1.1 as five tables in CSV, or as one document in JSON, and back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wardbench.core.spreadsheet import BOM, defused, plain
from wardbench.ward.samples.exchange import words
from wardbench.ward.samples.exchange.core3 import BIOBANK, COLLECTION, Attribute, collection_record, named, record
from wardbench.ward.samples.exchange.inventory import Biobank, Collection, Donor, Extent, Inventory, Sample
from wardbench.ward.samples.exchange.losses import ordered

NAMES = {
    "biobank": {**{one.code: one.name for one in BIOBANK if one.field != "contact"}},
    "collection": {**{one.code: one.name for one in COLLECTION}, "COLLECTION-20": "Collection status"},
    "donor": {"SAMPLEDONOR-01": "Donor ID", "SAMPLEDONOR-02": "Sex", "SAMPLEDONOR-04": "Birth date"},
    "event": {"EVENT-01": "Event ID", "EVENT-02": "Event date and time", "SAMPLEDONOR-01": "Donor ID"},
    "sample": {
        "SAMPLE-01": "Sample ID",
        "SAMPLE-02": "Sample type",
        "SAMPLE-03": "Storage temperature",
        "SAMPLE-05-01": "Anatomical site ontology",
        "SAMPLE-05-02": "Anatomical site ontology version",
        "SAMPLE-05-03": "Anatomical site code",
        "SAMPLE-10": "Sample content diagnosis",
        "SAMPLE-12": "Sample source",
        "SAMPLEDONOR-01": "Donor ID",
        "COLLECTION-01": "Collection ID",
        "EVENT-01": "Event ID",
    },
}
_CONTACT = named("CONTACT-01", "CONTACT-02", "CONTACT-04", "CONTACT-08", "CONTACT-09")
_MORE = {
    "biobank": _CONTACT,
    "collection": {
        "BIOBANK-01": "Biobank ID",
        **named(
            *("COLLECTION-08", "COLLECTION-09", "COLLECTION-10", "COLLECTION-11", "COLLECTION-12"),
            *("COLLECTION-14", "COLLECTION-15", "COLLECTION-21"),
        ),
    },
}
SITES = ("ICD-O-3", "3.2")
"""The ontology of anatomical sites, and its version."""
Record = Mapping[str, Any]


def records(inventory: Inventory) -> dict[str, list[dict[str, Any]]]:
    """An inventory as records by MIABIS's codes, table by table."""
    banks = {one.code: one for one in inventory.biobanks}
    sources = {one.code: one.source for one in inventory.collections}
    events = _events(inventory.samples)
    return {
        "biobank": [_biobank(one) for one in inventory.biobanks],
        "collection": [
            _collection(one, banks.get(one.biobank), inventory.extents.get(one.code, Extent()))
            for one in inventory.collections
        ],
        "donor": [_donor(one) for one in inventory.donors],
        "event": [
            _filled({"EVENT-01": number, "EVENT-02": when, "SAMPLEDONOR-01": donor})
            for (donor, when), number in events.items()
        ],
        "sample": [
            _sample(one, events.get((one.donor, one.collected), ""), sources.get(one.collection, ""))
            for one in inventory.samples
        ],
    }


def _events(samples: Iterable[Sample]) -> dict[tuple[str, str], str]:
    """A sample collection event for each donor and moment, numbered."""
    taken = sorted({(one.donor, one.collected) for one in samples if one.collected})
    return {key: f"E{number}" for number, key in enumerate(taken, start=1)}


def _filled(said: Mapping[str, Any]) -> dict[str, Any]:
    return {code: value for code, value in said.items() if value not in ("", None, [])}


def _biobank(one: Biobank) -> dict[str, Any]:
    said = record(BIOBANK, one)
    return {**{code: value for code, value in said.items() if code != "BIOBANK-07"}, **said.get("BIOBANK-07", {})}


def _collection(one: Collection, bank: Biobank | None, extent: Extent) -> dict[str, Any]:
    said = collection_record(one, bank or Biobank(one.biobank, ""), extent)
    said.pop("COLLECTION-05")
    return {**said, "BIOBANK-01": one.biobank}


def _donor(one: Donor) -> dict[str, Any]:
    year = "" if one.birth_year is None else f"{one.birth_year:04}"
    return _filled(
        {"SAMPLEDONOR-01": one.code, "SAMPLEDONOR-02": words.word(words.SEXES, one.sex), "SAMPLEDONOR-04": year}
    )


def _sample(one: Sample, event: str, source: str) -> dict[str, Any]:
    return _filled(
        {
            "SAMPLE-01": one.label,
            "SAMPLE-02": words.word(words.MATERIALS, one.material),
            "SAMPLE-03": words.word(words.TEMPERATURES, one.temperature),
            "SAMPLE-05-01": SITES[0] if one.site else "",
            "SAMPLE-05-02": SITES[1] if one.site else "",
            "SAMPLE-05-03": one.site,
            "SAMPLE-10": one.diagnosis,
            "SAMPLE-12": source,
            "SAMPLEDONOR-01": one.donor,
            "COLLECTION-01": one.collection,
            "EVENT-01": event,
        }
    )


def inventory_of(read: Mapping[str, Sequence[Record]]) -> Inventory:
    """The inventory that records say; KeyError where an id is missing."""
    events = {one["EVENT-01"]: one.get("EVENT-02", "") for one in read.get("event", ())}
    return ordered(
        Inventory(
            tuple(_read_biobank(one) for one in read.get("biobank", ())),
            tuple(_read_collection(one) for one in read.get("collection", ())),
            tuple(_read_donor(one) for one in read.get("donor", ())),
            tuple(_read_sample(one, events) for one in read.get("sample", ())),
        )
    )


def _fields(attributes: Sequence[Attribute], one: Record) -> dict[str, Any]:
    found = {}
    for attribute in attributes:
        value = one.get(attribute.code)
        if attribute.field == "contact" or value is None:
            continue
        listed = attribute.words or {}
        found[attribute.field] = tuple(words.code(listed, each) for each in value) if isinstance(value, list) else value
    return found


def _read_biobank(one: Record) -> Biobank:
    name = f"{one.get('CONTACT-01', '')} {one.get('CONTACT-02', '')}".strip(" ")
    said = {"country": "", **_fields(BIOBANK, one)}
    return Biobank(**said, contact_name=name, contact_email=one.get("CONTACT-04", ""))


def _read_collection(one: Record) -> Collection:
    said = {"source": "", **_fields(COLLECTION, one)}
    return Collection(**said, biobank=one.get("BIOBANK-01", ""))


def _read_donor(one: Record) -> Donor:
    born = one.get("SAMPLEDONOR-04", "")
    sex = words.code(words.SEXES, one.get("SAMPLEDONOR-02", ""))
    return Donor(one["SAMPLEDONOR-01"], sex, int(born[:4]) if born else None)


def _read_sample(one: Record, events: Mapping[str, str]) -> Sample:
    return Sample(
        label=one["SAMPLE-01"],
        collection=one.get("COLLECTION-01", ""),
        material=words.code(words.MATERIALS, one.get("SAMPLE-02", "")),
        donor=one.get("SAMPLEDONOR-01", ""),
        temperature=words.code(words.TEMPERATURES, one.get("SAMPLE-03", "")),
        site=one.get("SAMPLE-05-03", ""),
        diagnosis=one.get("SAMPLE-10", ""),
        collected=events.get(one.get("EVENT-01", ""), ""),
    )


SEVERAL = frozenset(
    {
        "BIOBANK-09", "BIOBANK-10", "BIOBANK-11", "BIOBANK-12", "COLLECTION-08", "COLLECTION-13", "COLLECTION-14",
        "COLLECTION-15", "COLLECTION-16", "COLLECTION-17", "COLLECTION-18", "COLLECTION-19", "COLLECTION-22",
        "COLLECTION-23",
    }
)  # fmt: skip
"""Attributes with several values: in one cell, with semicolons; a semicolon of a value has a backslash before it."""


def write_csv(inventory: Inventory) -> dict[str, bytes]:
    """Five files. Columns are called by MIABIS's code and name."""
    found = {}
    for table, rows in records(inventory).items():
        titles = {**NAMES[table], **_MORE.get(table, {})}
        out = io.StringIO(BOM)
        out.seek(0, io.SEEK_END)
        write = csv.writer(out)
        write.writerow([f"{code} {title}" for code, title in titles.items()])
        write.writerows([[defused(_cell(row.get(code, ""))) for code in titles] for row in rows])
        found[f"{table}.csv"] = out.getvalue().encode()
    return found


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(str(one).replace("\\", "\\\\").replace(";", "\\;") for one in value)
    return str(value)


def _listed(cell: str) -> list[str]:
    found, escaped = [""], False
    for letter in cell:
        if escaped or letter not in "\\;":
            found[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            found.append("")
    return found


def read_csv(files: Mapping[str, bytes]) -> Inventory:
    """The inventory of files that `write_csv` wrote."""
    read: dict[str, list[Record]] = {}
    for table in NAMES:
        content = files[f"{table}.csv"].decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(content, newline=""))
        read[table] = [_row(row) for row in rows]
    return inventory_of(read)


def _row(row: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for title, cell in row.items():
        code = title.split(" ")[0]
        if cell:
            text = plain(cell)
            found[code] = _listed(text) if code in SEVERAL else text
    return found


def write_json(inventory: Inventory) -> dict[str, bytes]:
    """One file, with the name of each attribute."""
    names = {**{code: name for of in NAMES.values() for code, name in of.items()}, **_CONTACT, **_MORE["collection"]}
    said = {"standard": "MIABIS Core 3.0, Sample, Donor and Event 1.1", "attributes": names, **records(inventory)}
    return {"miabis.json": json.dumps(said, ensure_ascii=False, indent=1).encode()}


def read_json(files: Mapping[str, bytes]) -> Inventory:
    """The inventory of a file that `write_json` wrote."""
    said = json.loads(files["miabis.json"])
    return inventory_of({table: said[table] for table in NAMES})

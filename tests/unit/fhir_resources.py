"""Small FHIR resources for the tests of the loader, and the shortest way to load and to look."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from wardbench.core.store import Snapshot, Store
from wardbench.ward.ingest.fhir.load import load_fhir
from wardbench.ward.ingest.ledger import LoadReport

SNOMED, LOINC, RXNORM = "http://snomed.info/sct", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
Json = dict[str, Any]


def coded(code: str, system: str = SNOMED, display: str | None = None) -> Json:
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding]}


def patient(identity: str = "p1", **more: Any) -> Json:
    return {"resourceType": "Patient", "id": identity, "gender": "female", "birthDate": "1960-05-04", **more}


def of(kind: str, identity: str, person: str = "p1", **more: Any) -> Json:
    """A resource about a patient."""
    key = "patient" if kind in ("Immunization", "AllergyIntolerance") else "subject"
    return {"resourceType": kind, "id": identity, key: {"reference": f"Patient/{person}"}, **more}


def encounter(identity: str = "e1", person: str = "p1", **more: Any) -> Json:
    period = {"start": "2020-03-01T09:00:00Z", "end": "2020-03-03T10:00:00Z"}
    return of(
        "Encounter", identity, person, **{"status": "finished", "class": {"code": "AMB"}, "period": period, **more}
    )


def condition(identity: str = "c1", person: str = "p1", code: str = "38341003", **more: Any) -> Json:
    return of("Condition", identity, person, **{"code": coded(code), "onsetDateTime": "2020-03-02", **more})


def observation(identity: str = "o1", person: str = "p1", code: str = "8302-2", **more: Any) -> Json:
    known = {"status": "final", "code": coded(code, LOINC), "effectiveDateTime": "2020-03-02T08:30:00+01:00"}
    return of("Observation", identity, person, **{**known, **more})


def lab(value: float, unit: str = "mg/dL", **more: Any) -> Json:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {"valueQuantity": quantity, "category": [coded("laboratory", "cat")], **more}


def lines(resources: Iterable[Json]) -> bytes:
    return b"".join(json.dumps(r).encode() + b"\n" for r in resources)


def write(path: Path, content: bytes | Sequence[Json] | Json) -> Path:
    """Write NDJSON for a list, a document for a dict, packed where the name ends in .gz."""
    if isinstance(content, dict):
        content = json.dumps(content, indent=2).encode()
    elif not isinstance(content, bytes):
        content = lines(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def bundle(*resources: Json, kind: str = "collection", urls: Sequence[str | None] = ()) -> Json:
    entries = [{"resource": resource} for resource in resources]
    for entry, url in zip(entries, urls, strict=False):
        if url:
            entry["fullUrl"] = url  # type: ignore[assignment]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def load(folder: Path, *sources: Path, **options: Any) -> tuple[LoadReport, Snapshot]:
    """Load into the store `folder`/store."""
    store = Store.open_or_create(folder / "store")
    report = load_fhir(list(sources), store, **options)
    return report, store.snapshot()


def load_resources(folder: Path, *resources: Json, **options: Any) -> tuple[LoadReport, Snapshot]:
    return load(folder, write(folder / "in" / "all.ndjson", list(resources)), **options)


def rows(snapshot: Snapshot, sql: str) -> list[tuple[Any, ...]]:
    with snapshot.connect() as con:
        return con.execute(sql).fetchall()


def excluded(report: LoadReport, kind: str) -> dict[str, int]:
    return next(dict(e.excluded) for e in report.by_kind() if e.kind == kind)

"""Tables of specimens for tests: a plain row, and what differs from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from wardbench.core.consent import Tier, mask
from wardbench.ward.samples import SCHEMA, SampleIndex
from wardbench.ward.samples.building import build_index

PLAIN: dict[str, Any] = {
    "specimen": "s1",
    "donor": "d1",
    "person_id": 1,
    "collection": "heart",
    "material": "Plasma",
    "temperature": "-60to-85",
    "kind": "aliquot",
    "status": "stored",
    "collected": datetime(2024, 5, 1, 9, 30),
    "age": 61,
    "sex": "female",
    "diagnoses": ["I50.0"],
    "amount": 500_000,
    "dimension": "volume",
    "thaws": 0,
    "tube": "PED",
    "delay": "A",
    "delay_after": "B",
    "consent": mask({Tier.STORAGE, Tier.RESEARCH}),
    "reserved": False,
    "retained": False,
}


def specimen(name: str = "s1", **different: Any) -> dict[str, Any]:
    return {**PLAIN, "specimen": name, **different}


def table_of(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def index_in(folder: Path, *rows: dict[str, Any]) -> SampleIndex:
    """An index of these rows, written into a folder of its own below `folder`."""
    place = folder / f"index{len(list(folder.iterdir()))}"
    place.mkdir()
    build_index(table_of(*rows), place)
    return SampleIndex.open(place)

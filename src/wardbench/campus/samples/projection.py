"""The inventory as a table for `ward.samples`: one row for each specimen, with what its donor allows in bits."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from django.utils import timezone

from wardbench.campus.biobank import consents, places
from wardbench.campus.biobank.amounts import UNITS
from wardbench.campus.biobank.models import Collection, DonorLink, Specimen
from wardbench.campus.samples import recorded
from wardbench.campus.samples.recorded import Recorded
from wardbench.core.consent import Basis, Given, Tier, allows, bits
from wardbench.ward.samples import SCHEMA

CHUNK = 5000
SEXES = {"Female": "female", "Male": "male", "Undifferentiated": "other"}


def table() -> pa.Table:
    """Every specimen of the inventory as it is now, in the columns of `ward.samples.SCHEMA`."""
    return pa.Table.from_batches(list(_batches()), schema=SCHEMA)


def _batches() -> Iterator[pa.RecordBatch]:
    collections = {one.id: one for one in Collection.objects.all()}
    persons = dict(DonorLink.objects.values_list("donor_id", "person_id"))
    temperatures = places.temperatures()
    known = recorded.diagnoses(persons.values())
    rows: list[Specimen] = []
    found = Specimen.objects.select_related("donor").order_by("id")
    for one in found.iterator(chunk_size=CHUNK):
        rows.append(one)
        if len(rows) == CHUNK:
            yield _batch(rows, collections, persons, temperatures, known)
            rows = []
    if rows:
        yield _batch(rows, collections, persons, temperatures, known)


def _batch(
    rows: list[Specimen],
    collections: dict[uuid.UUID, Collection],
    persons: dict[uuid.UUID, int],
    temperatures: dict[uuid.UUID, str],
    known: Recorded,
) -> pa.RecordBatch:
    donors = sorted({one.donor_id for one in rows if one.donor_id is not None})
    given = consents.given(donors, collections.values())
    made = [_row(one, collections[one.collection_id], given, persons, temperatures, known) for one in rows]
    return pa.RecordBatch.from_pylist(made, schema=SCHEMA)


def _row(
    one: Specimen,
    collection: Collection,
    given: Any,
    persons: dict[uuid.UUID, int],
    temperatures: dict[uuid.UUID, str],
    known: Recorded,
) -> dict[str, Any]:
    donor = one.donor
    stands = given[donor.id, collection.id] if donor is not None else Given(Basis(collection.basis))
    # What is of several donors, or of nobody known, is given by a person's decision and not by a count.
    allowed = bits(stands) if donor is not None else 0
    taken = timezone.localtime(one.collected).replace(tzinfo=None, microsecond=0) if one.collected else None
    age = taken.year - donor.birth_year if taken and donor is not None and donor.birth_year else None
    sprec = one.sprec.split("-") if one.sprec else []
    return {
        "specimen": str(one.id),
        "donor": str(donor.id) if donor is not None else None,
        "person_id": persons.get(donor.id) if donor is not None else None,
        "collection": collection.code,
        "material": one.material,
        "temperature": temperatures.get(one.box_id) or None if one.box_id else None,
        "kind": one.kind,
        "status": one.status,
        "collected": taken,
        "age": age if age is not None and 0 <= age <= 130 else None,
        "sex": SEXES.get(donor.sex) if donor is not None else None,
        "diagnoses": _diagnoses(one, stands, taken, persons, known) or None,
        "amount": one.amount if one.unit else None,
        "dimension": UNITS[one.unit].dimension.value if one.unit and one.amount is not None else None,
        "thaws": min(one.thaws, 1000),
        "tube": one.tube or None,
        "delay": sprec[2] if len(sprec) == 7 else None,
        "delay_after": sprec[5] if len(sprec) == 7 else None,
        "consent": allowed,
        "reserved": one.reserved is not None,
        "retained": one.retained,
    }


def _diagnoses(
    one: Specimen,
    stands: Given,
    taken: datetime.datetime | None,
    persons: dict[uuid.UUID, int],
    known: Recorded,
) -> list[str]:
    """The specimen's own diagnosis, and what was on record of its donor on the day that it was taken.

    The record is read where the donor allows its use, and where the day is known.
    """
    own = [one.diagnosis] if one.diagnosis else []
    person = persons.get(one.donor_id) if one.donor_id is not None else None
    if person is None or taken is None or not allows(stands, {Tier.CLINICAL_DATA}):
        return own
    return [*own, *(code for code in known.until(person, taken.date()) if code not in own)]

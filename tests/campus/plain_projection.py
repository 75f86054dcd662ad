"""The projection of the inventory, specimen by specimen and without cleverness: what the one in columns has to be."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pyarrow as pa
from django.utils import timezone

from wardbench.campus.biobank import consents, places
from wardbench.campus.biobank.amounts import UNITS
from wardbench.campus.biobank.models import Collection, DonorLink, Specimen
from wardbench.campus.samples.projection import SEXES
from wardbench.core.consent import Tier, allows, bits
from wardbench.ward.samples import SCHEMA

Noted = dict[int, list[tuple[str, datetime.date]]]
"""What is on record of persons: codes in order, each with its first day."""


def plain_table(noted: Noted) -> pa.Table:
    return pa.Table.from_pylist([_row(one, noted) for one in Specimen.objects.order_by("id")], schema=SCHEMA)


def _row(one: Specimen, noted: Noted) -> dict[str, Any]:
    donor, collection = one.donor, one.collection
    person = DonorLink.objects.filter(donor=donor).values_list("person_id", flat=True).first() if donor else None
    stands = consents.given([donor.id], Collection.objects.all())[donor.id, collection.id] if donor else None
    allowed = -1
    for each in _donors(one):
        allowed &= bits(consents.given([each], [collection])[each, collection.id])
    taken = timezone.localtime(one.collected).replace(tzinfo=None, microsecond=0) if one.collected else None
    age = taken.year - donor.birth_year if taken and donor and donor.birth_year else None
    codes = [one.diagnosis] if one.diagnosis else []
    if stands is not None and taken is not None and person is not None and allows(stands, {Tier.CLINICAL_DATA}):
        codes += [code for code, since in noted.get(person, []) if since <= taken.date() and code not in codes]
    sprec = one.sprec.split("-")
    return {
        "specimen": str(one.id),
        "donor": str(donor.id) if donor else None,
        "person_id": person,
        "collection": collection.code,
        "material": one.material,
        "temperature": places.temperatures()[one.box_id] or None if one.box_id else None,
        "kind": one.kind,
        "status": one.status,
        "collected": taken,
        "age": age if age is not None and 0 <= age <= 130 else None,
        "sex": SEXES.get(donor.sex) if donor else None,
        "diagnoses": codes or None,
        "amount": one.amount if one.unit else None,
        "dimension": UNITS[one.unit].dimension.value if one.unit and one.amount is not None else None,
        "thaws": min(one.thaws, 1000),
        "tube": one.tube or None,
        "delay": sprec[2] if len(sprec) == 7 else None,
        "delay_after": sprec[5] if len(sprec) == 7 else None,
        "consent": allowed if _donors(one) else 0,
        "reserved": one.reserved is not None,
        "retained": one.retained,
    }


def _donors(one: Specimen) -> set[uuid.UUID]:
    """Whose it is; nobody's where it is of somebody whom nobody knows."""
    if one.donor_id is not None:
        return {one.donor_id}
    origins = [part.specimen for part in one.parts.all()] or ([one.parent] if one.parent is not None else [])
    each = [_donors(origin) for origin in origins]
    return set().union(*each) if each and all(each) else set()

"""Donors and what they gave, as a query of the Sample Locator asks: what they allow, and what can be given now."""

from __future__ import annotations

import datetime
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from wardbench.campus.biobank import consents, places
from wardbench.campus.biobank.models import Collection, DonorLink, Specimen
from wardbench.campus.counting.sessions import snapshot
from wardbench.campus.samples import current
from wardbench.core.consent import Tier, allows
from wardbench.core.errors import NotFoundError
from wardbench.ward.samples.conditions import CODED
from wardbench.ward.samples.exchange.bbmri_fhir import sample_kind, storage_temperature
from wardbench.ward.samples.lens import Person, Tube
from wardbench.ward.samples.lens_index import Donors
from wardbench.ward.samples.schema import GIVEABLE

GENDERS = {"Male": "male", "Female": "female", "Unknown": "unknown", "": ""}
NEED = frozenset({Tier.STORAGE, Tier.RESEARCH})
LOINC = {"39156-5": "bmi", "29463-7": "weight"}
UNITS = {"bmi": ("kg/m2", 9531), "weight": ("kg", 9529)}
"""Only these units are taken: by their text, or by their concept in OMOP."""
SMOKING = {
    "449868002": "LA18976-3",
    "428041000124106": "LA18977-1",
    "8517006": "LA15920-4",
    "266919005": "LA18978-9",
    "77176002": "LA18979-7",
    "266927001": "LA18980-5",
    "428071000124103": "LA18981-3",
    "428061000124105": "LA18982-1",
}
"""Answers to LOINC 72166-2 in SNOMED CT, and the codes of LOINC's answer list in which they are asked for."""
_SOME = 5000
_lock = threading.Lock()
_kept: tuple[str, Donors] | None = None


def donors() -> Donors:
    """`people` in columns, kept until the inventory, a consent or the store changes."""
    global _kept
    version = current.state()
    with _lock:
        if _kept is None or _kept[0] != version:
            _kept = version, Donors(people())
        return _kept[1]


@dataclass
class _Record:
    """What the hospital knows of a patient that is asked of donors."""

    conditions: list[tuple[str, datetime.date | None]] = field(default_factory=list)
    bmi: list[float] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    smoking: list[str] = field(default_factory=list)


def people() -> list[Person]:
    """Every donor who gave something that can be given for research, with what may be known of them."""
    collections = {one.id: one for one in Collection.objects.all()}
    tubes: dict[Any, list[Specimen]] = defaultdict(list)
    found = Specimen.objects.filter(status__in=GIVEABLE, retained=False, reserved=None).exclude(donor=None)
    for one in found.select_related("donor").order_by("donor_id", "label").iterator(chunk_size=_SOME):
        tubes[one.donor_id].append(one)
    given = consents.given(tubes, collections.values())
    persons = dict(DonorLink.objects.values_list("donor_id", "person_id"))
    record_too = {
        donor: persons[donor]
        for donor, held in tubes.items()
        if donor in persons and all(allows(given[donor, one.collection_id], {Tier.CLINICAL_DATA}) for one in held)
    }
    records = _records(record_too.values())
    cold = places.temperatures()
    made = []
    for donor, held in tubes.items():
        allowed = [one for one in held if allows(given[donor, one.collection_id], NEED)]
        if allowed:
            record = records.get(record_too.get(donor, -1), _Record())
            made.append(_person(allowed, record, {one.id: one.code for one in collections.values()}, cold))
    return made


def _person(held: list[Specimen], record: _Record, codes: Mapping[Any, str], cold: Mapping[Any, str]) -> Person:
    donor = held[0].donor
    assert donor is not None, "they were found by their donor"
    born = datetime.date(donor.birth_year, 1, 1) if donor.birth_year else None
    return Person(
        gender=GENDERS.get(donor.sex, "other"),
        born=born,
        conditions=tuple(record.conditions),
        bmi=tuple(record.bmi),
        weight=tuple(record.weight),
        smoking=tuple(record.smoking),
        tubes=tuple(_tube(one, codes, cold) for one in held),
    )


def _tube(one: Specimen, codes: Mapping[Any, str], cold: Mapping[Any, str]) -> Tube:
    temperature = cold.get(one.box_id, "") if one.box_id else ""
    return Tube(
        kind=sample_kind(one.material),
        temperature=storage_temperature(temperature) if temperature else "",
        taken=timezone.localtime(one.collected).date() if one.collected else None,
        fasting=str(one.preanalytics.get("fasting") or ""),
        diagnoses=(one.diagnosis,) if one.diagnosis else (),
        custodian=codes[one.collection_id],
    )


_CONDITIONS = f"""
    WITH {CODED}
    SELECT person_id, code, min(since) FROM coded JOIN wanted USING (person_id) GROUP BY ALL ORDER BY ALL"""
_MEASURED = """
    SELECT m.person_id, m.value_as_number
    FROM measurement m JOIN wanted USING (person_id)
    WHERE m.value_as_number IS NOT NULL AND (m.unit_source_value = $unit OR m.unit_concept_id = $concept)
        AND EXISTS (
            SELECT 1 FROM concept c
            WHERE c.concept_id IN (m.measurement_concept_id, m.measurement_source_concept_id)
                AND c.concept_code = $code AND c.vocabulary_id = 'LOINC'
        )
    ORDER BY ALL"""


_SMOKING = """
    SELECT DISTINCT o.person_id, coalesce(a.concept_code, o.value_source_value)
    FROM observation o JOIN wanted USING (person_id)
    LEFT JOIN concept a ON a.concept_id = o.value_as_concept_id AND o.value_as_concept_id <> 0
    WHERE coalesce(a.concept_code, o.value_source_value) IS NOT NULL AND EXISTS (
        SELECT 1 FROM concept c
        WHERE c.concept_id IN (o.observation_concept_id, o.observation_source_concept_id)
            AND c.concept_code = '72166-2' AND c.vocabulary_id = 'LOINC'
    )
    ORDER BY ALL"""


def _records(persons: Iterable[int]) -> dict[int, _Record]:
    """The records of these patients; none where the campus has no store."""
    wanted = sorted(set(persons))
    found: dict[int, _Record] = defaultdict(_Record)
    try:
        newest = snapshot("store")
    except NotFoundError:
        return {}
    with newest.connect() as con:
        con.execute("CREATE TEMP TABLE wanted AS SELECT unnest($persons) AS person_id", {"persons": wanted})
        if {"condition_occurrence", "concept"} <= set(newest.tables):
            for person, code, since in con.execute(_CONDITIONS).fetchall():
                found[person].conditions.append((code, since))
        if {"measurement", "concept"} <= set(newest.tables):
            for code, name in LOINC.items():
                unit, concept = UNITS[name]
                asked = {"code": code, "unit": unit, "concept": concept}
                for person, value in con.execute(_MEASURED, asked).fetchall():
                    getattr(found[person], name).append(float(value))
        if {"observation", "concept"} <= set(newest.tables):
            for person, answer in con.execute(_SMOKING).fetchall():
                code = SMOKING.get(answer, answer)
                if code in SMOKING.values():
                    found[person].smoking.append(code)
    return found

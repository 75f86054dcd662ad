"""From what the biobank stores to what is exchanged (`ward.samples.exchange`)."""

from __future__ import annotations

import datetime
import json
import uuid
from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from wardbench.campus.biobank import models
from wardbench.campus.biobank.places import temperatures
from wardbench.campus.catalogue import followed
from wardbench.ward.samples.exchange.inventory import (
    Biobank,
    Collection,
    Consent,
    Container,
    Donor,
    Extent,
    Form,
    Inventory,
    Sample,
)

CHUNK = 500


def biobank_of(one: models.Biobank) -> Biobank:
    return Biobank(
        code=one.code,
        name=one.name,
        acronym=one.acronym,
        url=one.url,
        juristic_person=one.juristic_person or one.organisation.name,
        country=one.country,
        contact_name=one.contact_name,
        contact_email=one.contact_email,
        description=one.description,
        infrastructural=tuple(one.infrastructural),
        organisational=tuple(one.organisational),
        bioprocessing=tuple(one.bioprocessing),
        quality_standards=tuple(one.quality_standards),
    )


def collection_of(one: models.Collection) -> Collection:
    permission = one.permission or {}
    return Collection(
        code=one.code,
        biobank=one.biobank.code,
        name=one.name,
        acronym=one.acronym,
        url=one.url,
        description=one.description,
        purpose=one.purpose,
        basis=one.basis,
        source=one.source,
        dataset_types=tuple(one.dataset_types),
        diseases=tuple(one.diseases),
        settings=tuple(one.collection_settings),
        designs=tuple(one.designs),
        use_conditions=tuple(one.use_conditions),
        inclusion=tuple(one.inclusion),
        publications=tuple(one.publications),
        use=permission.get("use", ""),
        use_modifiers=tuple(permission.get("modifiers", ())),
        use_diseases=tuple(permission.get("diseases", ())),
        ended=one.ended.isoformat() if one.ended else "",
    )


def container_of(one: models.Container) -> Container:
    return Container(
        barcode=one.barcode,
        name=one.name,
        kind=one.kind,
        parent=one.parent.barcode if one.parent is not None else "",
        place=one.place,
        rows=one.rows,
        columns=one.columns,
        labels=one.labels,
        temperature=one.temperature,
        materials=tuple(one.materials),
    )


def form_of(one: models.ConsentForm) -> Form:
    return Form(
        code=form_code(one),
        form=one.code,
        version=one.version,
        language=one.language,
        title=one.title,
        tiers=tuple(one.tiers),
        since=one.since.isoformat(),
        until=one.until.isoformat() if one.until else "",
    )


def form_code(one: models.ConsentForm) -> str:
    return f"{one.code}/{one.version}/{one.language}"


def consents_of(some: Iterable[models.Consent]) -> list[Consent]:
    """Consents with their place among all that their donors said on the same day."""
    found = list(some)
    donors, of = sorted({one.donor_id for one in found}), dict[uuid.UUID, int]()
    for at in range(0, len(donors), CHUNK):
        said = models.Consent.objects.filter(donor__in=donors[at : at + CHUNK]).order_by("given", "at")
        before = Counter[tuple[uuid.UUID, datetime.date]]()
        for one, donor, day in said.values_list("id", "donor", "given"):
            of[one] = before[donor, day]
            before[donor, day] += 1
    return [_consent(one, of[one.id]) for one in found]


def _consent(one: models.Consent, after: int) -> Consent:
    return Consent(
        id=str(one.id),
        donor=one.donor.code,
        form=form_code(one.form),
        collection=one.collection.code if one.collection is not None else "",
        answers=tuple(sorted(one.answers.items())),
        given=one.given.isoformat(),
        withdrawn=timezone.localtime(one.withdrawn).isoformat() if one.withdrawn else "",
        after=after,
    )


def donor_of(one: models.Donor) -> Donor:
    return Donor(one.code, one.sex or "Unknown", one.birth_year)


def inventory_of(collections: Several[models.Collection], specimens: Several[models.Specimen]) -> Inventory:
    """Collections and specimens of them as an inventory, with their biobanks, donors, places, consents,
    opt-outs, protocols and visits. The specimens have their collection, donor, parent and box at hand."""
    cold = temperatures()
    donors = {one.donor.code: one.donor for one in specimens if one.donor is not None}
    banks = {one.biobank.code: one.biobank for one in collections}
    samples = samples_of(specimens, cold)
    consents = _consents([one.id for one in donors.values()], collections)
    return Inventory(
        tuple(biobank_of(one) for one in banks.values()),
        tuple(collection_of(one) for one in collections),
        tuple(donor_of(one) for one in donors.values()),
        tuple(samples),
        tuple(container_of(one) for one in _around({one.box.id: one.box for one in specimens if one.box}.values())),
        tuple({one.form_id: form_of(one.form) for one in consents}.values()),
        tuple(consents_of(consents)),
        tuple(followed.opt_outs({one.id: one.code for one in donors.values()})),
        tuple(followed.protocols([one.code for one in collections])),
        tuple(followed.enrolments(donors, [one.code for one in collections])),
        extents={
            one.code: _extent([each for each in specimens if each.collection_id == one.id], cold) for one in collections
        },
    )


def _around(boxes: Iterable[models.Container]) -> list[models.Container]:
    """Boxes and whatever they stand in."""
    ids = sorted({uuid.UUID(part) for one in boxes for part in one.path.split("/") if part})
    found = models.Container.objects.select_related("parent")
    return [one for at in range(0, len(ids), CHUNK) for one in found.filter(id__in=ids[at : at + CHUNK])]


def _consents(donors: Sequence[uuid.UUID], collections: Several[models.Collection]) -> list[models.Consent]:
    """What donors said of these collections, or of all."""
    codes = {one.code for one in collections}
    said = models.Consent.objects.select_related("donor", "form", "collection")
    return [
        one
        for at in range(0, len(donors), CHUNK)
        for one in said.filter(donor__in=donors[at : at + CHUNK])
        if one.collection is None or one.collection.code in codes
    ]


def samples_of(specimens: Iterable[models.Specimen], cold: Mapping[uuid.UUID, str]) -> list[Sample]:
    """Specimens with what was mixed into each and the visit that it came from; `cold` is how cold each box is."""
    found = list(specimens)
    parts: dict[uuid.UUID, list[tuple[str, int | None]]] = {}
    visits: dict[uuid.UUID, tuple[str, ...]] = {}
    for at in range(0, len(found), CHUNK):
        some = found[at : at + CHUNK]
        mixed = models.PoolPart.objects.filter(pool__in=[one.id for one in some]).order_by("specimen__label")
        for pool, label, amount in mixed.values_list("pool", "specimen__label", "amount"):
            parts.setdefault(pool, []).append((label, amount))
        visits |= followed.visits({one.visit_id for one in some if one.visit_id is not None})
    return [
        sample_of(
            one,
            cold.get(one.box_id, "") if one.box_id else "",
            tuple(parts.get(one.id, ())),
            visits.get(one.visit_id, ()) if one.visit_id else (),
        )
        for one in found
    ]


def sample_of(
    one: models.Specimen, temperature: str, parts: tuple[tuple[str, int | None], ...], visit: tuple[str, ...]
) -> Sample:
    return Sample(
        label=one.label,
        collection=one.collection.code,
        material=one.material,
        donor=one.donor.code if one.donor is not None else "",
        parent=one.parent.label if one.parent is not None else "",
        kind=one.kind,
        external=one.external,
        tube=one.tube,
        site=one.site,
        diagnosis=one.diagnosis,
        amount=one.amount,
        first_amount=one.first_amount,
        unit=one.unit,
        concentration=one.concentration,
        thaws=one.thaws,
        collected=timezone.localtime(one.collected).isoformat() if one.collected else "",
        temperature=temperature,
        sprec=one.sprec,
        preanalytics=tuple(sorted((name, _text(value)) for name, value in one.preanalytics.items())),
        status=one.status,
        retained=one.retained,
        box=one.box.barcode if one.box is not None else "",
        place=one.place,
        parts=parts,
        visit=visit,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _extent(specimens: Several[models.Specimen], cold: Any) -> Extent:
    """What the exported specimens of a collection are; for whom this is, single specimens are told."""
    donors = {one.donor for one in specimens if one.donor is not None}
    ages = [
        timezone.localtime(one.collected).year - one.donor.birth_year
        for one in specimens
        if one.donor is not None and one.donor.birth_year and one.collected
    ]
    return Extent(
        donors=len(donors),
        specimens=len(specimens),
        materials=tuple(sorted({one.material for one in specimens})),
        temperatures=tuple(sorted({cold[one.box_id] for one in specimens if one.box_id and cold.get(one.box_id)})),
        sexes=tuple(sorted({one.sex or "Unknown" for one in donors})),
        age_low=max(0, min(ages)) if ages else None,
        age_high=max(0, *ages) if ages else None,
    )

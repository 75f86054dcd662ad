"""From what the biobank stores to what is exchanged (`ward.samples.exchange`)."""

from __future__ import annotations

from wardbench.campus.biobank import models
from wardbench.ward.samples.exchange.inventory import Biobank, Collection


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

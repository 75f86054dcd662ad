"""The use of material that a permit allows: for what, needing which tiers of a donor's consent."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from wardbench.campus.studies.facts import Fact
from wardbench.campus.studies.models import Permit
from wardbench.campus.studies.permits import OBLIGATIONS
from wardbench.campus.studies.purpose import read_purpose
from wardbench.core.consent import EU, Tier, needed
from wardbench.core.duo import Purpose

_RECORD = ("pseudonymised", "identifiable")


@dataclass(frozen=True)
class Asked:
    """What a use is: under which permit, for what, needing which tiers; `judged` once a person said it is allowed."""

    permit: Permit
    purpose: Purpose
    need: frozenset[Tier]
    judged: bool = False


def use_of(permit: Permit, *, genetic: bool = False, country: str = "BE", judged: bool = False) -> Asked:
    """The use that a permit allows, in a country; genes are studied where `genetic` says so."""
    content, reference = permit.content, permit.study.reference
    given = read_purpose(content["purpose"])
    purpose = dataclasses.replace(
        given,
        genetic=genetic or given.genetic,
        countries=frozenset({country}),
        project=reference,
        ethics_reference=permit.study.ethics_reference or reference,
    )
    need = needed(purpose, genetic=genetic, abroad=country not in EU, record=content.get("data") in _RECORD)
    return Asked(permit, purpose, need, judged)


def may_leave(permit: Permit) -> bool:
    """Whether a permit was given for material that leaves the hospital."""
    duty = next(sentence for fact, sentence in OBLIGATIONS if fact is Fact.MATERIAL_LEAVES)
    return duty in permit.content["obligations"]

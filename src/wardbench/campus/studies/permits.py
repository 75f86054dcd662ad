"""Permits: made by the approvals alone, and checked again at every use.

A permit says whom, what, how much, for which purpose, until when, as it was when it was given, under a hash. Nobody
makes one by hand: `give` is called by the vote that completes the path.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils import timezone

from wardbench.campus.audit.services import record
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, no, yes
from wardbench.campus.studies.models import Permit, Study
from wardbench.campus.studies.queries import Standing
from wardbench.campus.studies.standing import Case, State

YEARS = 2
"""For how long a permit holds where nobody said otherwise."""


class Use(StrEnum):
    """What a permit is used for."""

    COUNT = "count"
    DATA = "data"
    MATERIAL = "material"


def give(study: Study, case: Case, here: Standing, *, by: Actor) -> Permit:
    """Make the permit of a study whose path is complete."""
    until = timezone.localdate() + datetime.timedelta(days=365 * YEARS)
    reasons = {vote.step: vote.reason for vote in study.votes.filter(void=False, answer="conditions")}
    content = {
        "study": study.reference,
        "whom": sorted({str(study.investigator_id), *here.facts.members}),
        "cohorts": sorted(study.cohorts.values_list("hash", flat=True)),
        "data": study.data,
        "material": study.material_wanted if study.material else [],
        "purpose": study.purpose,
        "conditions": [
            {"step": stand.step.id, "words": reasons.get(stand.step.id, "")}
            for stand in here.steps
            if stand.state is State.CONDITIONS
        ],
        "until": until.isoformat(),
    }
    number = study.permits.count() + 1
    permit = Permit.objects.create(
        study=study, number=number, content=content, hash=hash_of(content), made=timezone.now(), until=until
    )
    record("studies.permit", "permit", permit.id, by=by, study=study.reference, number=number, hash=permit.hash)
    return permit


def hash_of(content: dict[str, Any]) -> str:
    """SHA-256 of a permit's content as JSON with one spelling, 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def end_all(study: Study, *, reason: str) -> int:
    """End the permits of a study that hold; how many."""
    return Permit.objects.filter(study=study, revoked=None).update(revoked=timezone.now(), why_revoked=reason)


@dataclass(frozen=True)
class Wanted:
    """A use of a permit: what for, and for data or a count the content hash of the cohort; `amount` of the material."""

    use: Use
    cohort: str = ""
    material: str = ""
    amount: float = 0.0
    used: float = 0.0


def check(permit: Permit, actor: Actor, wanted: Wanted, *, today: datetime.date | None = None) -> Verdict:
    """Whether a permit allows somebody a use now. Every reason is looked at again, each time."""
    content, today = permit.content, today or timezone.localdate()
    if hash_of(content) != permit.hash:
        return no(gettext_noop("The permit does not fit its hash: it was changed."))
    if permit.revoked is not None:
        return no(gettext_noop("The permit has ended: {why}"), why=permit.why_revoked)
    if today > permit.until:
        return no(gettext_noop("The permit ended on {day}."), day=permit.until.isoformat())
    if actor.id not in content["whom"]:
        return no(gettext_noop("The permit does not name you."))
    if not actor.roles:
        return no(gettext_noop("You have no role on the campus any more."))
    if wanted.use in (Use.COUNT, Use.DATA) and wanted.cohort not in content["cohorts"]:
        return no(gettext_noop("The permit does not cover this cohort as it is now."))
    if wanted.use is Use.DATA and content["data"] not in ("pseudonymised", "identifiable"):
        return no(gettext_noop("The permit does not cover data of single patients."))
    if wanted.use is Use.MATERIAL:
        return _material(content["material"], wanted)
    return yes(
        gettext_noop("Permit {number} of study {study} allows it."), number=permit.number, study=content["study"]
    )


def _material(allowed: list[dict[str, Any]], wanted: Wanted) -> Verdict:
    of_type = [one for one in allowed if one.get("type") == wanted.material]
    if not of_type:
        return no(gettext_noop("The permit does not cover this material."))
    most = sum(float(one.get("amount", 0)) for one in of_type)
    if wanted.used + wanted.amount > most:
        sentence = gettext_noop("The permit allows {most}, of which {used} is used.")
        return no(sentence, most=f"{most:g}", used=f"{wanted.used:g}")
    return yes(gettext_noop("The permit covers this material."))

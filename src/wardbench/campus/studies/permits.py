"""Permits: made by the approvals alone, and checked again at every use.

A permit says whom, what, how much, for which purpose, until when, as it was when it was given, under a hash. Nobody
makes one by hand: `give` is called by the decision that completes the path.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from wardbench.campus.audit.services import record
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, no, yes
from wardbench.campus.studies.facts import Data, Fact, Kind
from wardbench.campus.studies.leading import is_orphaned
from wardbench.campus.studies.models import Permit, PermitUse, Study
from wardbench.campus.studies.purpose import within
from wardbench.campus.studies.standing import Answer, State
from wardbench.campus.studies.standings import Standing
from wardbench.core.duo import Outcome, Purpose

SOON = 60
"""Days before its end when a permit is said to end soon, and from when it can be renewed."""


class Use(StrEnum):
    """What a permit is used for."""

    COUNT = "count"
    DATA = "data"
    MATERIAL = "material"


OBLIGATIONS: tuple[tuple[Fact, str], ...] = (
    (Fact.PERSONAL_DATA, gettext_noop("Nobody tries to find out who a patient is.")),
    (Fact.PERSONAL_DATA, gettext_noop("Data and results of single patients leave by a reviewed release only.")),
    (Fact.MATERIAL, gettext_noop("Where each specimen is, and what became of it, is written down.")),
    (Fact.MATERIAL, gettext_noop("What is left is dealt with as the registration says, and this is reported.")),
    (
        Fact.MATERIAL_ARRIVES,
        gettext_noop("What arrives from elsewhere goes to the biobank first, which registers it before it is used."),
    ),
    (Fact.MATERIAL_LEAVES, gettext_noop("Material is handed on to nobody but the party of the transfer agreement.")),
    (Fact.HUMAN_SUBJECTS, gettext_noop("The results become public, within 18 months of the end.")),
)
"""What has to be kept, by the facts of the study: the law's and the campus's own rules."""

RECOGNISED = {
    OBLIGATIONS[0][1]: gettext_noop("Who the patients are is told to nobody outside the team of the study."),
}
"""What is asked instead of whoever works with data that identify patients."""


def obligations(study: Study) -> list[str]:
    """What a study has to keep."""
    instead = RECOGNISED if study.data == Data.IDENTIFIABLE else {}
    return [instead.get(sentence, sentence) for fact, sentence in OBLIGATIONS if fact in study.asked.facts]


def give(study: Study, here: Standing, *, by: Actor, until: datetime.date | None = None) -> Permit:
    """Make the permit of a study whose path is complete: until that day, or for as long as the path says.

    Material that comes from elsewhere is named apart: nobody decided that the biobank gives any of its own for it.
    """
    until = until or _months_later(timezone.localdate(), here.path.permit_months)
    # Of each member the last word counts, as in the decision and its letter.
    last = {(one.step, one.person_id, one.unit_id): one for one in study.votes.filter(void=False).order_by("at")}
    reasons: dict[str, list[str]] = {}
    for vote in last.values():
        if vote.answer == Answer.CONDITIONS:
            reasons.setdefault(vote.step, []).append(vote.reason)
    facts, incoming = study.asked.facts, study.kind == Kind.INCOMING_TRANSFER
    content = {
        "study": study.reference,
        "whom": sorted({str(study.investigator_id), *here.facts.members}),
        "cohorts": sorted(study.cohorts.values_list("hash", flat=True)),
        "data": study.data,
        "tables": study.tables,
        "period": [day.isoformat() if day else "" for day in (study.since, study.until)],
        "material": study.material_wanted if Fact.MATERIAL in facts and not incoming else [],
        **({"arriving": study.material_wanted} if incoming else {}),
        **({"party": study.party} if facts & {Fact.MATERIAL_LEAVES, Fact.MATERIAL_ARRIVES} else {}),
        "purpose": study.purpose,
        "conditions": [
            {"step": stand.step.id, "words": "\n".join(reasons.get(stand.step.id, []))}
            for stand in here.steps
            if stand.state is State.CONDITIONS
        ],
        "obligations": obligations(study),
        "until": until.isoformat(),
    }
    number = study.permits.count() + 1
    # Whoever suspended a permit has to let its successor hold: a renewal or an amendment does not.
    before = study.permits.order_by("-number").first()
    suspended = before is not None and before.suspended is not None and not before.resting
    permit = Permit.objects.create(
        study=study,
        number=number,
        content=content,
        hash=hash_of(content),
        made=timezone.now(),
        until=until,
        suspended=before.suspended if before and suspended else None,
        why_suspended=before.why_suspended if before and suspended else "",
    )
    record("studies.permit", "permit", permit.id, by=by, study=study.reference, number=number, hash=permit.hash)
    return permit


def _months_later(day: datetime.date, months: int) -> datetime.date:
    year, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return datetime.date(day.year + year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError(day)


def hash_of(content: dict[str, Any]) -> str:
    """SHA-256 of a permit's content as JSON with one spelling, 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def holding(study: Study) -> Permit | None:
    """The permit of a study that was not revoked and whose end has not come."""
    return Permit.objects.filter(study=study, revoked=None, until__gte=timezone.localdate()).order_by("-number").first()


def all_holding(studies: Sequence[uuid.UUID]) -> list[Permit]:
    """The same of several studies by their ids, those registered last first, with one question: what each permit says,
    and what its study is called."""
    there = Permit.objects.filter(study__in=studies, revoked=None, until__gte=timezone.localdate())
    newest: dict[uuid.UUID, Permit] = {}
    there = there.select_related("study").only("content", "number", "study__reference", "study__title")
    for permit in there.order_by("-study__registered", "-number"):
        newest.setdefault(permit.study_id, permit)
    return list(newest.values())


def ends_soon(study: Study) -> Verdict:
    """Whether a permit is near enough to its end, or has ended, to be renewed."""
    last = Permit.objects.filter(study=study).first()
    if last is not None and last.revoked is None and last.until > timezone.localdate() + datetime.timedelta(days=SOON):
        return no(gettext_noop("The permit can be renewed from {days} days before its end on."), days=SOON)
    return yes(gettext_noop("The permit ends soon, or has ended."))


def end_all(study: Study, *, reason: str, except_for: Iterable[object] = ()) -> int:
    """End the permits of a study that hold; how many. A reason of the campus's own is a sentence of the catalogues."""
    holding = Permit.objects.filter(study=study, revoked=None).exclude(id__in=list(except_for))
    return holding.update(revoked=timezone.now(), why_revoked=reason)


def said(reason: str) -> str:
    """Why a permit ended or is suspended, in the reader's language where the campus itself says so."""
    return gettext(reason) if reason else ""


def rest(study: Study, person: str, *, reason: str) -> int:
    """Suspend the permit of a study that was made by somebody's vote among others, until those who decide have decided
    again; how many. One that somebody suspended stays suspended by them."""
    permit = Permit.objects.filter(study=study, revoked=None, suspended=None).order_by("-number").first()
    if permit is None:
        return 0
    made = permit.made
    held = Q(void=False) | Q(voided__gt=made)
    if not study.votes.filter(held, person_id=person, at__lte=made).exclude(answer="").exists():
        return 0
    return Permit.objects.filter(id=permit.id, suspended=None).update(
        suspended=timezone.now(), why_suspended=reason, resting=True
    )


@dataclass(frozen=True)
class Wanted:
    """A use of a permit: what for, and for data or a count the content hash of the cohort; `amount` of the material.

    `used` is what was used elsewhere and is on no record here; `purpose` is compared where it is given.
    """

    use: Use
    cohort: str = ""
    material: str = ""
    amount: float = 0.0
    used: float = 0.0
    purpose: Purpose | None = None


def check(permit: Permit, actor: Actor, wanted: Wanted, *, today: datetime.date | None = None) -> Verdict:
    """Whether a permit allows somebody a use now. Every reason is looked at again, each time."""
    content, today = permit.content, today or timezone.localdate()
    if hash_of(content) != permit.hash or content["until"] != permit.until.isoformat():
        return no(gettext_noop("The permit does not fit its hash: it was changed."))
    if permit.revoked is not None:
        return no(gettext_noop("The permit has ended: {why}"), why=said(permit.why_revoked))
    if permit.suspended is not None:
        return no(gettext_noop("The permit is suspended: {why}"), why=said(permit.why_suspended))
    if permit.study.withdrawn is not None:
        return no(gettext_noop("The study was withdrawn."))
    if permit.study.closed is not None:
        return no(gettext_noop("The study is closed."))
    if today > permit.until:
        return no(gettext_noop("The permit ended on {day}."), day=permit.until)
    whose = _person(permit, actor)
    if not whose:
        return whose
    if wanted.purpose is not None:
        found = within(wanted.purpose, content["purpose"])
        if found.outcome is not Outcome.ALLOWED:
            line = next(line for line in found.lines if line.outcome is found.outcome)
            return no(gettext_noop("The permit was given for another purpose: {why}"), why=str(line))
    if wanted.use in (Use.COUNT, Use.DATA) and wanted.cohort not in content["cohorts"]:
        return no(gettext_noop("The permit does not cover this cohort as it is now."))
    if wanted.use is Use.COUNT and content["data"] == "none":
        return no(gettext_noop("The permit covers no data, and so no count of them."))
    if wanted.use is Use.DATA and content["data"] not in ("pseudonymised", "identifiable"):
        return no(gettext_noop("The permit does not cover data of single patients."))
    if wanted.use is Use.MATERIAL:
        return _material(permit, wanted)
    return yes(
        gettext_noop("Permit {number} of study {study} allows it."), number=permit.number, study=content["study"]
    )


def _person(permit: Permit, actor: Actor) -> Verdict:
    """Whether somebody is named, still works on the study and still works here: roles are looked up, not believed."""
    study = permit.study
    if actor.id not in permit.content["whom"]:
        return no(gettext_noop("The permit does not name you."))
    person = study.investigator
    if actor.id != str(study.investigator_id):
        member = study.members.select_related("person").filter(person_id=actor.id).first()
        if member is None:
            return no(gettext_noop("You do not work on the study any more."))
        if member.joined is not None and member.joined > permit.made:
            return no(gettext_noop("You joined the team after this permit was given; the next one names you."))
        person = member.person
    if not actor.roles or not actor_of(person).roles:
        return no(gettext_noop("You have no role on the campus any more."))
    if is_orphaned(study):
        return no(gettext_noop("Nobody answers for the study: its principal investigator may lead none any more."))
    return yes(gettext_noop("The permit names you."))


def _material(permit: Permit, wanted: Wanted) -> Verdict:
    of_type = [one for one in permit.content["material"] if one.get("type") == wanted.material]
    if not of_type:
        return no(gettext_noop("The permit does not cover this material."))
    most = sum(float(one.get("amount", 0)) for one in of_type)
    used = wanted.used + used_of(permit, wanted.material)
    if used + wanted.amount > most + 1e-9:
        sentence = gettext_noop("The permit allows {most} {unit}, of which {used} is used.")
        return no(sentence, most=f"{most:g}", used=f"{used:g}", unit=of_type[0].get("unit") or "")
    return yes(gettext_noop("The permit covers this material."))


def used_of(permit: Permit, material: str) -> float:
    """How much of a material had been taken under a permit and those that it took the place of: what is allowed is
    allowed to the study once, and no amendment or renewal begins it anew."""
    found = PermitUse.objects.filter(
        permit__study=permit.study_id, permit__number__lte=permit.number, kind=Use.MATERIAL, material=material
    )
    return float(sum(found.values_list("amount", flat=True)))

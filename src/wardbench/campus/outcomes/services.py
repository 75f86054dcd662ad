"""The verbs on questions about outcomes: ask, review, take back, share; answer and fail for the background."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import msgspec
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.bench.outcomes.pico import Pico, protocol_of
from wardbench.bench.outcomes.protocol import question
from wardbench.campus.access.queries import may_see_patient
from wardbench.campus.audit.services import record, record_for_good, verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.outcomes import nearness, queries, rules
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.outcomes.rules import BROUGHT, ENDED, Act, Basis, Kind, Status
from wardbench.campus.outcomes.tasks import answer_inquiry
from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.core.errors import BusyError, InputError, NotFoundError

LONGEST_NAME = 200
LONGEST_PURPOSE = 5000


@verb("outcomes.ask")
def ask(
    asked: Pico,
    said: dict[str, Any],
    basis: Basis,
    *,
    by: Actor,
    study: str = "",
    cohort: str = "",
    purpose: str = "",
) -> Inquiry:
    """Ask what happened to patients; answered in the background, reviewed once a data steward approves it.

    `said` is what the form said, to begin the next question from. InputError names what is missing; ForbiddenError
    where `by` may not ask on these records, or the permit does not name the cohort (its content hash).
    """
    protocol = protocol_of(asked)
    if basis is Basis.STUDY and not cohort:
        raise InputError(_("population: within a study, choose the cohort that the permit names."))
    if basis is not Basis.STUDY:
        study = ""
    permitted = queries.permission(by, study, cohort) if basis is Basis.STUDY else None
    rules.may_ask(by, basis, permitted).require()
    made = _made(
        asked.name, purpose, by, kind=Kind.OUTCOMES.value, asked=said, protocol=msgspec.to_builtins(protocol),
        hash=question(protocol, Path()).digest, basis=basis.value, study=study, cohort=cohort,
    )  # fmt: skip
    record("outcomes.ask", "inquiry", made.id, by=by, study=study, basis=basis.value, protocol=made.hash, cohort=cohort)
    _begin(made, by)
    return made


@verb("outcomes.hold_against")
def hold_against(
    kind: Kind, name: str, spec: dict[str, Any], said: dict[str, Any], basis: Basis, *, by: Actor, purpose: str = ""
) -> Inquiry:
    """Ask how something stands against the hospital: `spec` is what `specs` makes.

    InputError names what is missing; ForbiddenError where `by` may not ask on these records, or within a study, whose
    permit names cohorts and not everybody.
    """
    rules.may_ask(by, basis).require()
    digest = hashlib.sha256(msgspec.json.encode({"kind": kind.value, **spec}, order="sorted")).hexdigest()
    made = _made(name, purpose, by, kind=kind.value, asked=said, protocol=spec, hash=digest, basis=basis.value)
    record("outcomes.hold_against", "inquiry", made.id, by=by, asked=kind.value, basis=basis.value, protocol=digest)
    _begin(made, by)
    return made


def _made(name: str, purpose: str, by: Actor, **values: Any) -> Inquiry:
    name, purpose = " ".join(name.split()), purpose.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise InputError(_("name: from 1 to {most} characters.").format(most=LONGEST_NAME))
    reviewed = values["basis"] == Basis.REVIEWED
    if reviewed and not 0 < len(purpose) <= LONGEST_PURPOSE:
        raise InputError(_("purpose: say what the answer is for; a data steward reads it."))
    status = Status.ASKED if reviewed else Status.WAITING
    return Inquiry.objects.create(owner_id=uuid.UUID(by.id), name=name, purpose=purpose, status=status.value, **values)


def _begin(made: Inquiry, by: Actor) -> None:
    if made.status == Status.ASKED:
        _tell(holders(Role.DATA_STEWARD), gettext_noop("“{name}” waits for your review."), made, by)
    else:
        answer_inquiry.enqueue(str(made.id))


@verb("outcomes.allow")
def allow(inquiry_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Let a question be answered. Why is optional, but where few persons tell it from an earlier one (InputError)."""
    found = _allowed(inquiry_id, Act.ALLOW, by)
    close = nearness.near(found)
    if close and not reason.strip():
        raise InputError(
            _("reason: say why it may be answered, though it is about the persons of “{name}” but for a few.").format(
                name=close[0].name
            )
        )
    _to(found, Status.WAITING, reason=reason.strip(), reviewed=timezone.now(), reviewed_by_id=uuid.UUID(by.id))
    record(
        "outcomes.allow", "inquiry", found.id, by=by, protocol=found.hash, why=reason.strip(),
        near=[str(one.id) for one in close],
    )  # fmt: skip
    answer_inquiry.enqueue(str(found.id))


@verb("outcomes.refuse")
def refuse(inquiry_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Refuse a question, with the reason."""
    found = _allowed(inquiry_id, Act.REFUSE, by)
    if not reason.strip():
        raise InputError(_("reason: say why."))
    _to(found, Status.REFUSED, reason=reason.strip(), reviewed=timezone.now(), reviewed_by_id=uuid.UUID(by.id))
    record("outcomes.refuse", "inquiry", found.id, by=by, protocol=found.hash, why=reason.strip())
    _tell([found.owner], gettext_noop("“{name}” was refused by a data steward."), found, by)


@verb("outcomes.take_back")
def take_back(inquiry_id: uuid.UUID, *, by: Actor) -> None:
    """Take a question back before it is answered."""
    found = _allowed(inquiry_id, Act.TAKE_BACK, by)
    _to(found, Status.WITHDRAWN)
    record("outcomes.take_back", "inquiry", found.id, by=by)


@verb("outcomes.share")
def share(inquiry_id: uuid.UUID, *, by: Actor) -> None:
    """Show an answer to everybody who works on the campus."""
    found = _allowed(inquiry_id, Act.SHARE, by)
    _to(found, Status.ANSWERED, shared=True)
    record("outcomes.share", "inquiry", found.id, by=by)


@verb("outcomes.unshare")
def unshare(inquiry_id: uuid.UUID, *, by: Actor) -> None:
    """Keep an answer to oneself again."""
    found = _allowed(inquiry_id, Act.UNSHARE, by)
    _to(found, Status.ANSWERED, shared=False)
    record("outcomes.unshare", "inquiry", found.id, by=by)


@verb("outcomes.answer")
def answer(found: Inquiry, report: dict[str, Any], page: str, snapshot: str, answerable: bool, *, by: Actor) -> None:
    """Write down the answer of a question that is being answered. BusyError where that has changed meanwhile."""
    _to(
        found, Status.ANSWERED, report=report, page=page, snapshot=snapshot, answerable=answerable,
        ended=timezone.now(), step="",
    )  # fmt: skip
    record(
        "outcomes.answer", "inquiry", found.id, by=by, study=found.study, protocol=found.hash, snapshot=snapshot,
        basis=found.basis, answerable=answerable,
    )  # fmt: skip
    _tell([found.owner], gettext_noop("“{name}” is answered."), found, by)


@verb("outcomes.fail")
def fail(found: Inquiry, why: str, *, by: Actor) -> None:
    """Write down that a question cannot be answered by the engine, and why."""
    _to(found, Status.FAILED, fault=why, ended=timezone.now(), step="")
    record("outcomes.fail", "inquiry", found.id, by=by, study=found.study, protocol=found.hash, why=why)
    _tell([found.owner], gettext_noop("“{name}” could not be answered."), found, by)


@verb("outcomes.start_from_patient")
def start_from_patient(patient: int, *, by: Actor) -> Verdict:
    """Put on the record that `by` looks at a patient to find those like them; why they may.

    NotFoundError where they may not, as where there is no such patient; that they asked is on the record too.
    """
    verdict = may_see_patient(by, patient)
    if not verdict:
        record_for_good("outcomes.refuse_patient", "patient", patient, by=by, patient=patient)
        raise NotFoundError(_("There is no such patient in your care."))
    record("outcomes.start_from_patient", "patient", patient, by=by, patient=patient)
    return verdict


@verb("outcomes.place_patient")
def place_patient(inquiry_id: uuid.UUID, patient: int, *, by: Actor) -> Inquiry:
    """Put on the record that `by` looks whether an answer is about a patient of theirs; the question with its answer.

    NotFoundError where they may not see the question or the patient, which is on the record too.
    """
    found = queries.inquiry(inquiry_id, by=by)
    rules.may_place(by, queries.facts_of(found, by)).require()
    if not may_see_patient(by, patient):
        record_for_good("outcomes.refuse_patient", "patient", patient, by=by, patient=patient)
        raise NotFoundError(_("There is no such patient in your care."))
    record("outcomes.place_patient", "inquiry", found.id, by=by, patient=patient)
    return found


def _allowed(inquiry_id: uuid.UUID, act: Act, by: Actor) -> Inquiry:
    found = queries.inquiry(inquiry_id, by=by)
    rules.may_act(by, act, queries.facts_of(found, by)).require()
    return found


def _to(found: Inquiry, to: Status, **values: Any) -> None:
    if to in ENDED and (key := BROUGHT.get(Kind(found.kind))):
        values["protocol"] = {**found.protocol, key: None}
    if Inquiry.objects.filter(id=found.id, status=found.status).update(status=to.value, **values) != 1:
        raise BusyError(_("Somebody changed this question at the same moment; load the page again."))
    found.refresh_from_db()


def _tell(to: Any, sentence: str, found: Inquiry, by: Actor) -> None:
    notify([one.id for one in to], sentence, reverse("inquiry", args=[found.id]), by=by, name=found.name)

"""The verbs by which a result leaves a study: asked for by its team, reviewed by a data steward, downloaded.

The table is made safe when it is asked for, and what is approved is what was looked at: nothing is counted again. The
permit is checked at each of the three steps, each time as it is then.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import actor_of, holders
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.studies import moves, permits, queries, result_making, result_queries, result_rules
from wardbench.campus.studies import result_tables as tables
from wardbench.campus.studies.models import Result
from wardbench.campus.studies.result_making import Prepared, allowed
from wardbench.campus.studies.result_rules import Act, Status
from wardbench.core.errors import BusyError, InputError


def ask(study_id: uuid.UUID, kind: str, cohort: str, purpose: str, *, by: Actor) -> Result:
    """Ask for a table of a study to leave: prepared and made safe now, on the newest snapshot, under its permit.

    `cohort` is the content hash of one, and is left empty for the counts of all. ForbiddenError where the permit does
    not allow it; InputError where the table is none that can leave, or has been asked for already; BusyError where
    another was asked for or taken back while this one was counted.
    """
    here = queries.study(study_id, by=by)
    purpose = moves.needs_reason(purpose, _("purpose: say what the table is for."))
    return _keep(study_id, result_making.prepare(here, kind, cohort, by=by), purpose, by=by)


@verb("studies.ask_result")
def _keep(study_id: uuid.UUID, made: Prepared, purpose: str, *, by: Actor) -> Result:
    """Keep what was counted, for a review, if all still holds."""
    here = queries.study(study_id, by=by)
    result_rules.may_ask(by, frozenset(moves.team(here))).require()
    permit = result_queries.permit_of(here.study)
    for one in made.cohorts:
        allowed(permit, by, one).require()
    assert permit is not None, "without a permit nothing is allowed"
    meanwhile = result_making.compared_with(here.study)
    if any(
        (old.kind, old.snapshot) == (made.kind.value, made.snapshot)
        and {named["hash"] for named in old.cohorts} == set(made.cohorts)
        for old in meanwhile
    ):
        raise InputError(_("kind: this table of this snapshot was asked for already; it stands among the results."))
    if {old.id for old in meanwhile} != made.compared:
        raise BusyError(_("Somebody else was first; load the page again."))
    content = made.table.content() | {"close": [list(pair) for pair in made.close]}
    found = Result.objects.create(
        study=here.study,
        permit=permit,
        kind=made.kind.value,
        cohorts=[{"hash": content_hash, "name": name} for content_hash, name in made.cohorts.items()],
        snapshot=made.snapshot,
        content=content,
        hash=permits.hash_of(content),
        purpose=purpose,
        by_id=uuid.UUID(by.id),
        at=timezone.now(),
    )
    detail: dict[str, Any] = {"table": made.kind.value, "cohorts": list(made.cohorts), "snapshot": made.snapshot}
    withheld = made.table.withheld
    moves.move(here, by, "studies.ask_result", result=str(found.id), hash=found.hash, withheld=withheld, **detail)
    own = moves.team(here) | here.facts.former
    reviewers = [person.id for person in holders(Role.DATA_STEWARD) if str(person.id) not in own]
    _tell(reviewers, gettext_noop("A result of study {reference} waits for your review."), found, by)
    return found


@verb("studies.take_back_result")
def take_back(study_id: uuid.UUID, result_id: uuid.UUID, *, by: Actor) -> None:
    """Take a request back before anybody has reviewed it. BusyError where somebody was first."""
    found, _here = result_queries.allowed(study_id, result_id, Act.WITHDRAW, by=by)
    _to(found, Status.WITHDRAWN)
    record("studies.take_back_result", "result", found.id, by=by, study=found.study.reference)


@verb("studies.approve_result")
def approve(study_id: uuid.UUID, result_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Let a result leave. ForbiddenError where the permit does not hold any more for whoever asked for it; BusyError
    where somebody else reviewed it at the same moment."""
    found, _here = result_queries.allowed(study_id, result_id, Act.APPROVE, by=by)
    reason = moves.needs_reason(reason)
    _still_allowed(found, actor_of(found.by)).require()
    _reviewed(found, Status.APPROVED, reason, by)
    record("studies.approve_result", "result", found.id, by=by, study=found.study.reference, reason=reason)
    _tell([found.by_id], gettext_noop("A result of study {reference} may leave."), found, by)


@verb("studies.refuse_result")
def refuse(study_id: uuid.UUID, result_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Keep a result inside, with the reason. BusyError where somebody else reviewed it at the same moment."""
    found, _here = result_queries.allowed(study_id, result_id, Act.REFUSE, by=by)
    reason = moves.needs_reason(reason)
    _reviewed(found, Status.REFUSED, reason, by)
    record("studies.refuse_result", "result", found.id, by=by, study=found.study.reference, reason=reason)
    _tell([found.by_id], gettext_noop("A result of study {reference} does not leave."), found, by)


@verb("studies.download_result")
def download(study_id: uuid.UUID, result_id: uuid.UUID, *, by: Actor) -> bytes:
    """A result that may leave, with its manifest, as a zip file. ForbiddenError where the permit does not hold now."""
    found, _here = result_queries.allowed(study_id, result_id, Act.DOWNLOAD, by=by)
    _still_allowed(found, by).require()
    if permits.hash_of(found.content) != found.hash:
        raise InputError(_("result: it is not what was reviewed; it was changed."))
    made = tables.archive(tables.SafeTable.of(found.content), manifest(found))
    digest = hashlib.sha256(made).hexdigest()
    record("studies.download_result", "result", found.id, by=by, study=found.study.reference, digest=digest)
    return made


def manifest(found: Result) -> dict[str, Any]:
    """What goes with the table: where it comes from, under what it left, and when."""
    assert found.reviewed is not None, "only what was reviewed leaves"
    return {
        "study": found.study.reference,
        "permit": {"number": found.permit.number, "hash": found.permit.hash},
        "table": found.kind,
        "cohorts": found.cohorts,
        "snapshot": found.snapshot,
        "policy": tables.POLICY,
        "asked": found.at.isoformat(),
        "approved": found.reviewed.isoformat(),
        "hash": found.hash,
    }


def _still_allowed(found: Result, actor: Actor) -> Verdict:
    permit = result_queries.permit_of(found.study)
    verdicts = [allowed(permit, actor, one["hash"]) for one in found.cohorts]
    return next((verdict for verdict in verdicts if not verdict), verdicts[0])


def _to(found: Result, status: Status, **changes: Any) -> None:
    if Result.objects.filter(id=found.id, status=found.status).update(status=status, **changes) != 1:
        raise BusyError(_("Somebody else was first; load the page again."))


def _reviewed(found: Result, status: Status, reason: str, by: Actor) -> None:
    _to(found, status, reviewer_id=uuid.UUID(by.id), reviewed=timezone.now(), reason=reason)


def _tell(to: list[Any], sentence: str, found: Result, by: Actor) -> None:
    link = reverse("study_result", args=[found.study_id, found.id])
    notify(to, sentence, link, by=by, reference=found.study.reference)

"""The verbs by which a result leaves a study: asked for by its team, reviewed by a data steward, downloaded.

The table is made safe when it is asked for, and what is approved is what was looked at: nothing is counted again. The
permit is checked at each of the three steps, each time as it is then.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.counting import services as counting
from wardbench.campus.counting import sessions
from wardbench.campus.counting.rules import Mode
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import actor_of, holders
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, ForbiddenError, Verdict, no
from wardbench.campus.studies import moves, permits, queries, result_queries, result_rules
from wardbench.campus.studies import result_tables as tables
from wardbench.campus.studies.models import AttachedCohort, Permit, Result
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.campus.studies.result_rules import Act, Kind, Status
from wardbench.campus.studies.standings import Standing
from wardbench.cohorts import Definition
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.ward.cohorts.editing import content_hash

NO_PERMIT = gettext_noop("This study has no permit yet.")


@verb("studies.ask_result")
def ask(study_id: uuid.UUID, kind: str, cohort: str, purpose: str, *, by: Actor) -> Result:
    """Ask for a table of a study to leave: prepared and made safe now, on the newest snapshot, under its permit.

    `cohort` is the content hash of one, and is left empty for the counts of all. ForbiddenError where the permit does
    not allow it; InputError where the table is none that can leave, or has been asked for already.
    """
    here = queries.study(study_id, by=by)
    result_rules.may_ask(by, frozenset(moves.team(here))).require()
    if kind not in list(Kind):
        raise InputError(_("kind: there is no such table."))
    purpose = moves.needs_reason(purpose, _("purpose: say what the table is for."))
    permit = result_queries.permit_of(here.study)
    if permit is None:
        raise ForbiddenError(no(NO_PERMIT))
    wanted = _wanted(here, permit, kind, cohort)
    verdicts = [allowed(permit, by, one.hash) for one in wanted]
    for verdict in verdicts:
        verdict.require()
    counted = [(one, _definition(one)) for one in wanted]
    shown = []
    for (one, definition), verdict in zip(counted, verdicts, strict=True):
        verdict.require()
        looked = sessions.look("store", definition)
        found = counting.count(looked, by=by, mode=Mode.STUDY, permitted=verdict, study=here.study.reference)
        shown.append((one.name, found))
    snapshot = shown[0][1].snapshot_version
    if kind == Kind.COUNTS:
        table = tables.counts(shown)
    elif kind == Kind.ATTRITION:
        table = tables.attrition(shown[0][1])
    else:
        table = tables.age_by_sex(counted[0][1])
    named = [{"hash": one.hash, "name": one.name} for one in wanted]
    same = Result.objects.filter(study=here.study, kind=kind, snapshot=snapshot, status__in=["asked", "approved"])
    if any({one["hash"] for one in old.cohorts} == {one["hash"] for one in named} for old in same):
        raise InputError(_("kind: this table of this snapshot was asked for already; it stands among the results."))
    if table.withheld == sum(len(cells) for _name, cells in table.rows):
        raise InputError(_("kind: nothing of this table can leave; its numbers are too small."))
    content = table.content() | {"close": _close(here, counted)}
    made = Result.objects.create(
        study=here.study,
        permit=permit,
        kind=kind,
        cohorts=named,
        snapshot=snapshot,
        content=content,
        hash=permits.hash_of(content),
        purpose=purpose,
        by_id=uuid.UUID(by.id),
        at=timezone.now(),
    )
    detail: dict[str, Any] = {"table": kind, "cohorts": [one.hash for one in wanted], "snapshot": snapshot}
    moves.move(here, by, "studies.ask_result", result=str(made.id), hash=made.hash, withheld=table.withheld, **detail)
    own = moves.team(here) | here.facts.former
    reviewers = [person.id for person in holders(Role.DATA_STEWARD) if str(person.id) not in own]
    _tell(reviewers, gettext_noop("A result of study {reference} waits for your review."), made, by)
    return made


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


def allowed(permit: Permit | None, actor: Actor, cohort: str) -> Verdict:
    """Whether a study's permit lets somebody count a cohort now, from which a table can be made."""
    if permit is None:
        return no(NO_PERMIT)
    return permits.check(permit, actor, Wanted(Use.COUNT, cohort=cohort))


def _still_allowed(found: Result, actor: Actor) -> Verdict:
    permit = result_queries.permit_of(found.study)
    verdicts = [allowed(permit, actor, one["hash"]) for one in found.cohorts]
    return next((verdict for verdict in verdicts if not verdict), verdicts[0])


def _wanted(here: Standing, permit: Permit, kind: str, cohort: str) -> list[AttachedCohort]:
    if kind == Kind.COUNTS:
        found = list(here.study.cohorts.filter(hash__in=permit.content["cohorts"]).order_by("name", "hash"))
    else:
        found = list(here.study.cohorts.filter(hash=cohort))
    if not found:
        raise InputError(_("cohort: choose one that is attached to the study."))
    return found


def _definition(one: AttachedCohort) -> Definition:
    definition = cohorts.definition_of(cohorts.version(one.version))
    if content_hash(definition) != one.hash:
        raise NotFoundError(_("The cohort is not what was attached to the study any more."))
    return definition


def _close(here: Standing, counted: Sequence[tuple[AttachedCohort, Definition]]) -> list[list[str]]:
    """Pairs of cohorts that differ by so few persons that their tables can be subtracted to find them: of this request
    with one another, and with what was asked to leave before. Looked at on the newest snapshot."""
    earlier = {
        one["hash"]: one["name"]
        for old in here.study.results.filter(status__in=[Status.ASKED, Status.APPROVED])
        for one in old.cohorts
    }
    known = [(one.hash, one.name, definition) for one, definition in counted]
    for content, name in earlier.items():
        version = cohorts.versions_of(content).first()
        if version is not None and content not in {one.hash for one, _definition in counted}:
            known.append((content, name, cohorts.definition_of(version)))
    close = []
    for place, (one, definition) in enumerate(counted):
        for _content, name, other in known[place + 1 :]:
            found = sessions.overlap("store", definition, other)
            if 0 < found.only_first + found.only_second < tables.RULES.threshold:
                close.append([one.name, name])
    return close


def _to(found: Result, status: Status, **changes: Any) -> None:
    if Result.objects.filter(id=found.id, status=found.status).update(status=status, **changes) != 1:
        raise BusyError(_("Somebody else was first; load the page again."))


def _reviewed(found: Result, status: Status, reason: str, by: Actor) -> None:
    _to(found, status, reviewer_id=uuid.UUID(by.id), reviewed=timezone.now(), reason=reason)


def _tell(to: list[Any], sentence: str, found: Result, by: Actor) -> None:
    link = reverse("study_result", args=[found.study_id, found.id])
    notify(to, sentence, link, by=by, reference=found.study.reference)

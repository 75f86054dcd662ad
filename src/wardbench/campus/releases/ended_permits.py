"""What becomes of requests whose permit has ended: they follow to the permit that took its place, or let go of tubes.

A permit that is only suspended holds what is reserved; nothing is picked or sent meanwhile.
"""

from __future__ import annotations

import datetime
import logging
import uuid

from django.utils import timezone

from wardbench.campus.audit.services import record, verb
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.releases import agreeing, picking, requesting, rules
from wardbench.campus.releases.models import Request
from wardbench.campus.releases.moves import lines_of, tell
from wardbench.campus.releases.request_queries import agreement_of, whole
from wardbench.campus.releases.rules import HELD, LineStatus, Side, Status
from wardbench.campus.studies.material import may_leave
from wardbench.campus.studies.permits import holding
from wardbench.core.errors import BusyError, WardbenchError

log = logging.getLogger("wardbench.releases")
WHY = gettext_noop("The permit has ended.")
PUT_BACK = gettext_noop("The permit of request {reference} has ended: put back what is picked.")
ANEW = gettext_noop("Request {reference} goes on under a newer permit; its agreement has to be signed anew.")


def carry_out_due(now: datetime.datetime) -> int:
    """Look after every request that is under way on a permit that has ended; how many were changed."""
    today = timezone.localdate(now)
    open_ones = whole().filter(status__in=[*rules.UNSENT])
    ended = [one for one in open_ones if one.permit.revoked is not None or one.permit.until < today]
    changed = 0
    for one in ended:
        try:
            changed += _look_after(one)
        except WardbenchError as error:
            log.warning("request %s was not looked after (%s); it is due again", one.reference, error)
    return changed


def _look_after(one: Request) -> bool:
    newer = holding(one.study)
    if newer is not None and newer.id != one.permit_id and str(one.by_id) in newer.content["whom"]:
        follow(one.id, by=SYSTEM)
        return True
    if one.status in HELD:
        requesting.expire(one.id, by=SYSTEM)
        return True
    return one.status == Status.PICKING and _stop(one)


def _stop(one: Request) -> bool:
    """Free what is not picked; once all that was is put back, the request is over."""
    waits = lines_of(one, LineStatus.RESERVED)
    for line in waits:
        requesting.leave_out(one.id, line.id, WHY, by=SYSTEM)
    if lines_of(one, LineStatus.PICKED):
        if waits:
            tell(one, Side.BIOBANK, PUT_BACK, SYSTEM)
        return bool(waits)
    picking.stop(one.id, by=SYSTEM)
    requesting.expire(one.id, by=SYSTEM)
    return True


@verb("releases.follow_permit")
def follow(request_id: uuid.UUID, *, by: Actor) -> Request:
    """Let a request go on under the permit that holds now. An agreement that nothing was picked under is drawn up anew
    from it, also where only the newer permit asks for one; both sides sign again. BusyError where somebody changed the
    request at the same moment."""
    request = whole().get(id=request_id)
    newer = holding(request.study)
    assert newer is not None, "the caller found the permit"
    agrees = agreement_of(request) is not None or may_leave(newer)
    anew = agrees and request.status in (Status.AGREEING, Status.READY)
    held = Request.objects.filter(id=request.id, revision=request.revision)
    revision = request.revision + 1
    status = Status.AGREEING if anew else Status(request.status)
    if held.update(permit=newer, revision=revision, status=status.value) != 1:
        raise BusyError(gettext_noop("Somebody changed this request at the same moment; load the page again."))
    request = whole().get(id=request_id)
    if anew:
        agreeing.draw(request)
        for side in (Side.RESEARCHER, Side.BIOBANK):
            tell(request, side, ANEW, by)
    record(
        "releases.follow_permit", "request", request.id, by=by, study=request.study.reference,
        reference=request.reference, number=newer.number, hash=newer.hash,
    )  # fmt: skip
    return request

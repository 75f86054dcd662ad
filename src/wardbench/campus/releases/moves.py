"""What every verb on a request shares: may they, the compare-and-set, whose turn it is then, and telling them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record
from wardbench.campus.biobank.rules import KEEPERS
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import holders
from wardbench.campus.people.refusals import reason
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import checking, request_queries, rules
from wardbench.campus.releases.checking import Judged
from wardbench.campus.releases.models import Counter, Request, RequestLine
from wardbench.campus.releases.request_queries import facts_of
from wardbench.campus.releases.rules import NEXT, LineStatus, Side, Status, Verb
from wardbench.campus.studies.material import may_leave
from wardbench.core.errors import BusyError, InputError

LONGEST_WORDS = 5_000


def allowed(request_id: uuid.UUID, what: Verb, by: Actor) -> Request:
    """The request; refused by the sentence that the button shows."""
    found = request_queries.request(request_id, by=by)
    rules.may(by, what, facts_of(found)).require()
    return found


def move(request: Request, verb: Verb, by: Actor, *, signed: bool = False, detail: Any = None, **values: Any) -> None:
    """The request moves on from the revision that was read, and the record tells of it. Whoever's turn it is now and
    was not before is told."""
    before = rules.turns(facts_of(request))
    status = rules.after(Status(request.status), verb, leaves=leaves(request), signed=signed)
    assert status is not None
    held = Request.objects.filter(id=request.id, revision=request.revision)
    if held.update(status=status.value, revision=F("revision") + 1, **values) != 1:
        raise BusyError(_("Somebody changed this request at the same moment; load the page again."))
    for name, value in {"status": status.value, "revision": request.revision + 1, **values}.items():
        setattr(request, name, value)
    note(request, verb, by, **(detail or {}))
    turns = rules.turns(facts_of(request))
    for side in turns - before if status == request.status else turns:
        step = NEXT.get((status, side))
        if step is not None:
            tell(request, side, step[1], by)


def note(request: Request, verb: Verb, by: Actor, **detail: Any) -> None:
    """The row of the record for what was done to a request."""
    record(
        f"releases.{verb.value}",
        "request",
        request.id,
        by=by,
        study=request.study.reference,
        reference=request.reference,
        **detail,
    )


def tell(request: Request, side: Side, sentence: str, by: Actor, **values: str) -> None:
    to: Sequence[object] = (
        [one.id for one in holders(*KEEPERS)]
        if side is Side.BIOBANK
        else [request.by_id, request.study.investigator_id]
    )
    notify(to, sentence, page_of(request), by=by, reference=request.reference, **values)


def page_of(request: Request) -> str:
    return reverse("request", args=[request.id])


def leaves(request: Request) -> bool:
    """Whether material leaves the hospital, so that an agreement comes first."""
    return request.outside or may_leave(request.permit)


def next_number(kind: str) -> int:
    """The next number of requests (`R`) or parcels (`T`), one after the other, without gaps."""
    Counter.objects.get_or_create(kind=kind)
    Counter.objects.filter(kind=kind).update(last=F("last") + 1)
    return Counter.objects.get(kind=kind).last


def lines_of(request: Request, *status: LineStatus) -> list[RequestLine]:
    """The lines of a request in these statuses, or all that were not left out."""
    found = request.lines.select_related("specimen__collection__biobank", "specimen__box").exclude(
        status=LineStatus.DROPPED
    )
    return list(found.filter(status__in=status) if status else found)


def require_all(request: Request, lines: Sequence[RequestLine], *, but_person: bool = False) -> list[Judged]:
    """Refuse unless the permit covers `lines` and each may be given; the first that may not is named."""
    checking.permit_for(request, lines).require()
    judged = checking.judge(lines, checking.asked_of(request))
    first = next(iter(checking.refused(judged, but_person=but_person)), None)
    if first is not None:
        raise BusyError(
            _("Specimen {label} cannot be given: {why}").format(label=first.line.called, why=reason(first.verdict))
        )
    return judged


def reasoned(words: str, sentence: str = "") -> str:
    """The reason in its words; InputError where there is none, or too many."""
    if not words.strip():
        raise InputError(sentence or _("reason: say why."))
    if len(words) > LONGEST_WORDS:
        raise InputError(_("reason: this is too long."))
    return words.strip()


def change_line(line: RequestLine, was: LineStatus, to: LineStatus, **values: Any) -> None:
    """A line moves on, unless somebody moved it at the same moment."""
    if RequestLine.objects.filter(id=line.id, status=was).update(status=to.value, **values) != 1:
        raise BusyError(_("Somebody changed this request at the same moment; load the page again."))
    for name, value in {"status": to.value, **values}.items():
        setattr(line, name, value)

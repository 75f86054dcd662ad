"""Tubes that were scanned while picking and do not belong in the parcel, until somebody says they were put back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.audit.models import Event
from wardbench.campus.audit.queries import history
from wardbench.campus.audit.services import record, verb
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases.models import Request
from wardbench.campus.releases.moves import allowed
from wardbench.campus.releases.picking import MISMATCHES, Outcome
from wardbench.campus.releases.rules import Verb
from wardbench.core.errors import InputError

SCANNED, ASIDE = "releases.scan", "releases.put_aside"


@dataclass(frozen=True)
class Mismatch:
    """A scan that did not fit: `number` is that of its event on the record, `why` the words of a refusal, or empty."""

    number: int
    text: str
    outcome: Outcome
    why: str


def standing(of: Request) -> list[Mismatch]:
    """Those of which nobody has said yet that the tube was put back, the newest last."""
    found: dict[int, Mismatch] = {}
    for number, what, detail in _events(of).values_list("number", "verb", "detail"):
        if what == SCANNED:
            found[number] = Mismatch(number, detail["scanned"], Outcome(detail["outcome"]), detail.get("why", ""))
        else:
            found.pop(detail["scan"], None)
    return list(found.values())


def _events(of: Request) -> QuerySet[Event]:
    wrong = Q(verb=SCANNED, detail__outcome__in=[one.value for one in MISMATCHES])
    return history("request", of.id).filter(wrong | Q(verb=ASIDE))


@verb("releases.put_aside")
def put_aside(request_id: uuid.UUID, number: int, *, by: Actor) -> None:
    """Say that a tube which did not fit was put back where it came from; once more changes nothing. InputError where
    this request has no such scan."""
    request = allowed(request_id, Verb.SCAN, by)
    scan = _events(request).filter(verb=SCANNED, number=number).first()
    if scan is None:
        raise InputError(_("scan: this request has no such scan."))
    record(
        ASIDE,
        "request",
        request.id,
        by=by,
        study=request.study.reference,
        reference=request.reference,
        scan=number,
        scanned=scan.detail["scanned"],
    )

"""Tubes that were scanned while picking and do not belong in the parcel, until somebody says they were put back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet
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
    """Those of which nobody has said yet that the tube was put back, the newest last.

    A tube that was refused and may be given by now is answered by its next scan.
    """
    found: dict[int, Mismatch] = {}
    for number, what, detail in _events(of).values_list("number", "verb", "detail"):
        if what == ASIDE:
            found.pop(detail["scan"], None)
            continue
        one = Mismatch(number, detail["scanned"], Outcome(detail["outcome"]), detail.get("why", ""))
        if one.outcome in MISMATCHES:
            found[number] = one
        elif one.outcome in (Outcome.PICKED, Outcome.PART):
            found = {before: wrong for before, wrong in found.items() if not _same_tube(wrong, one)}
    return list(found.values())


def _same_tube(refused: Mismatch, given: Mismatch) -> bool:
    return refused.outcome is Outcome.REFUSED and refused.text.casefold() == given.text.casefold()


def _events(of: Request) -> QuerySet[Event]:
    return history("request", of.id).filter(verb__in=[SCANNED, ASIDE])


@verb("releases.put_aside")
def put_aside(request_id: uuid.UUID, number: int, *, by: Actor) -> None:
    """Say that a tube which did not fit was put back where it came from; once more changes nothing. InputError where
    this request has no such scan."""
    request = allowed(request_id, Verb.SCAN, by)
    wrong = [one.value for one in MISMATCHES]
    scan = _events(request).filter(verb=SCANNED, number=number, detail__outcome__in=wrong).first()
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

"""The proof at the end of a withdrawal: what was found where, what was done by whom and when, what could not be reached
and why; under a hash that the record keeps, with the event of each specimen's own chain."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from wardbench.campus.audit import chain
from wardbench.campus.audit.queries import history
from wardbench.campus.biobank import custody
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.releases.models import Withdrawal, WithdrawalTask
from wardbench.campus.releases.withdrawal_rules import KINDS, OUTCOMES, REACHED, Kind, Outcome, Reached
from wardbench.core.consent import TIERS, Tier
from wardbench.core.miabis import MATERIALS


def content(of: Withdrawal) -> dict[str, Any]:
    """What is proved, as JSON: codes and labels, no patient's name or number, nothing of other donors."""
    tasks = WithdrawalTask.objects.filter(withdrawal=of).select_related("specimen", "done_by", "study")
    return {
        "withdrawal": of.reference,
        "kind": of.kind,
        "tiers": of.tiers,
        "wish": of.wish,
        "donor": of.donor.code if of.donor is not None else "",
        "received": of.received.isoformat(),
        "recorded": of.at.isoformat(timespec="seconds"),
        "ended": timezone.now().isoformat(timespec="seconds"),
        "found": [_found(one) for one in tasks],
    }


def _found(task: WithdrawalTask) -> dict[str, Any]:
    return {
        "kind": task.kind,
        "what": task.what,
        "material": task.specimen.material if task.specimen is not None else "",
        "made": task.specimen.kind if task.specimen is not None else "",
        "where": task.place,
        "study": task.study.reference if task.study is not None else "",
        "outcome": task.outcome,
        "words": task.words,
        "at": task.done.isoformat(timespec="seconds") if task.done is not None else "",
        "by": task.done_by.name if task.done_by is not None else "",
        "event": task.specimen.events if task.specimen is not None else 0,
        "event_hash": bytes(task.specimen.head).hex() if task.specimen is not None else "",
    }


def hash_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of a proof as JSON with one spelling, 64 hexadecimal digits."""
    return hashlib.sha256(chain.canonical(content)).hexdigest()


@dataclass(frozen=True)
class Line:
    """One thing of a proof, in words of the catalogues (`kind`, `outcome`, `material`) and as it was written."""

    kind: str
    what: str
    material: str
    pool: bool
    where: str
    study: str
    outcome: str
    words: str
    at: datetime.datetime | None
    by: str
    event: int
    event_hash: str


@dataclass(frozen=True)
class Shown:
    """A proof as it is read: what was taken back and when, what was found, what could not be reached and why."""

    donor: str
    kind: str
    tiers: Sequence[str]
    received: datetime.date
    ended: datetime.datetime
    found: Sequence[Line]

    @property
    def unreached(self) -> Sequence[Line]:
        return [one for one in self.found if one.outcome in UNREACHED]


UNREACHED = frozenset({OUTCOMES[Outcome.KEPT], OUTCOMES[Outcome.IMPOSSIBLE]})


def shown(of: Withdrawal) -> Shown:
    """A proof as it was when it ended, for its page."""
    said = of.proof
    lines = [
        Line(
            REACHED[Reached(one["kind"])],
            one["what"],
            MATERIALS.get(one["material"], ""),
            one["made"] == Specimen.Kind.POOL,
            one["where"],
            one["study"],
            OUTCOMES[Outcome(one["outcome"])],
            one["words"],
            datetime.datetime.fromisoformat(one["at"]) if one["at"] else None,
            one["by"],
            one["event"],
            one["event_hash"],
        )
        for one in said["found"]
    ]
    return Shown(
        said["donor"],
        KINDS[Kind(said["kind"])],
        [TIERS[Tier(one)] for one in said["tiers"]],
        datetime.date.fromisoformat(said["received"]),
        datetime.datetime.fromisoformat(said["ended"]),
        lines,
    )


@dataclass(frozen=True)
class Verified:
    """Whether a proof still fits: its own hash, the record's row that has it, each specimen's chain up to it.

    `broken` are the labels of specimens whose chain does not fit, or has another event in its place.
    """

    fits_hash: bool
    on_record: bool
    broken: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.fits_hash and self.on_record and not self.broken


def verify(of: Withdrawal) -> Verified:
    """Hold a proof against itself, the record and the custody of every specimen that it names."""
    own = hash_of(of.proof) == of.hash
    rows = [one for one in history("withdrawal", of.id) if one.verb == "releases.prove"]
    on_record = any(one.detail.get("hash") == of.hash for one in rows)
    said = {one["what"]: one for one in of.proof.get("found", ()) if one["event"]}
    broken = []
    specimens = {one.label: one for one in Specimen.objects.filter(label__in=list(said))}
    for label, one in said.items():
        specimen = specimens.get(label)
        event = specimen.custody.filter(number=one["event"]).first() if specimen is not None else None
        fits = event is not None and bytes(event.hash).hex() == one["event_hash"]
        if specimen is None or not fits or custody.verify(specimen) is not None:
            broken.append(label)
    return Verified(own, on_record, tuple(sorted(broken)))

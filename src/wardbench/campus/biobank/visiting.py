"""The verbs on protocols and visits: plan them, enrol donors, take what is planned, or note why it was not."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import consents, custody, extra, rules
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.curating import checked, keeps
from wardbench.campus.biobank.fitting import fitting
from wardbench.campus.biobank.models import (
    Collection,
    Donor,
    Enrolment,
    PlannedSpecimen,
    Protocol,
    ProtocolVisit,
    Specimen,
    Visit,
)
from wardbench.campus.biobank.rules import Act
from wardbench.campus.biobank.tubes import labelled
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.consent import Basis, Given, Tier, allows
from wardbench.core.errors import BusyError, InputError

DECLINED = {
    "donor": gettext_noop("The donor would rather not"),
    "ill": gettext_noop("The donor is too ill"),
    "vein": gettext_noop("It could not be taken"),
    "time": gettext_noop("There was no time"),
}
"""Why nothing was taken, in one tap."""


@dataclass(frozen=True)
class Planned:
    """A tube that a visit takes; `amount` is None where nobody measures."""

    material: str
    tube: str = ""
    count: int = 1
    amount: Amount | None = None


@verb("biobank.add_protocol")
def add_protocol(
    collection: Collection, name: str, visits: Sequence[tuple[ProtocolVisit, Sequence[Planned]]], *, by: Actor
) -> Protocol:
    """Add the next version of a protocol with its visits (not saved yet) and what each takes.

    InputError where there is no visit, or one takes nothing.
    """
    keeps(by)
    if not visits or not all(planned for _visit, planned in visits):
        raise InputError(_("visits: a protocol has visits, and each takes something."))
    version = Protocol.objects.filter(collection=collection, name=name.strip()).count() + 1
    protocol = Protocol(collection=collection, name=name.strip(), version=version)
    checked(protocol)
    protocol.save()
    for visit, planned in visits:
        visit.protocol = protocol
        checked(visit)
        visit.save()
        for one in planned:
            fitting(one.material, one.amount.unit if one.amount else "")
        PlannedSpecimen.objects.bulk_create(
            PlannedSpecimen(
                visit=visit,
                material=one.material,
                tube=one.tube,
                count=one.count,
                amount=one.amount.value if one.amount else None,
                unit=one.amount.unit if one.amount else "",
            )
            for one in planned
        )
    record("biobank.add_protocol", "protocol", protocol.id, by=by, version=version)
    return protocol


@verb("biobank.enrol")
def enrol(donor: Donor, protocol: Protocol, day0: datetime.date, place: str = "", *, by: Actor) -> Enrolment:
    """Enrol a donor: a visit is planned for each of the protocol's. BusyError where they are in it already."""
    if by is not SYSTEM:
        rules.may_collect(by).require()
    if protocol.ended is not None:
        raise BusyError(_("This protocol has ended."))
    if Enrolment.objects.filter(donor=donor, protocol=protocol).exists():
        raise BusyError(_("The donor is in this protocol already."))
    enrolment = Enrolment.objects.create(donor=donor, protocol=protocol, day0=day0)
    Visit.objects.bulk_create(
        Visit(
            enrolment=enrolment,
            planned=visit,
            due=day0 + datetime.timedelta(days=visit.day),
            place=place.strip()[:100],
        )
        for visit in protocol.visits.all()
    )
    record("biobank.enrol", "donor", donor.id, by=by, protocol=str(protocol.id))
    return enrolment


def consent_of(visit: Visit) -> bool:
    """Whether what the donor allows lets anything be kept from this visit."""
    return consents_of([visit])[visit.id]


def consents_of(visits: Sequence[Visit]) -> dict[uuid.UUID, bool]:
    """The same of several visits, by their ids."""
    stands = consents.given(
        {one.enrolment.donor_id for one in visits}, {one.enrolment.protocol.collection for one in visits}
    )
    return {one.id: _lets(stands[one.enrolment.donor_id, one.enrolment.protocol.collection_id]) for one in visits}


def _lets(given: Given) -> bool:
    return bool(allows(given, [Tier.STORAGE])) and (given.basis is Basis.RESIDUAL or bool(given.granted))


@verb("biobank.collect")
def collect(
    visit: Visit,
    labels: Mapping[str, str] | None = None,
    *,
    by: Actor,
    besides: Sequence[str] = (),
    not_taken: Several[str] = (),
) -> list[Specimen]:
    """Take what a visit plans. `labels` are those that were scanned, by the planned specimen's id and number
    ("ID/1"); tubes without one get the next label of their collection. `besides` are the keys of `extra.wanted` of what
    was taken too, `not_taken` those of planned tubes that could not be taken.

    ForbiddenError for whom it is not; BusyError where the visit is over, or the donor has not agreed; InputError where
    nothing was taken at all, or a tube that was not has a label.
    """
    if by is not SYSTEM:
        rules.may_collect(by).require()
    if not consent_of(visit):
        raise BusyError(_("The donor has not agreed to this yet; ask for consent first."))
    asked = {one.key: one for one in extra.wanted([visit]).get(visit.id, ())} if besides else {}
    if set(besides) - set(asked):
        raise BusyError(_("What a study asked for besides is not asked for any more; load the page again."))
    left_out = set(not_taken)
    if len(left_out) == sum(planned.count for planned in visit.planned.planned.filter(parent=None)) and not besides:
        raise InputError(_("tubes: nothing is ticked; say why nothing was taken."))
    _over(visit, Visit.Status.DONE, by)
    collection, donor = visit.enrolment.protocol.collection, visit.enrolment.donor
    given, made, now = dict(labels or {}), [], timezone.now()
    number = Specimen.objects.filter(collection=collection).count()
    for planned in visit.planned.planned.filter(parent=None):
        for at in range(1, planned.count + 1):
            if (key := f"{planned.id}/{at}") in left_out:
                left_out.remove(key)
                continue
            label = given.pop(key, "").strip()
            if not label:
                number, label = _next_label(collection, number)
            made.append(
                Specimen(
                    label=label,
                    collection=collection,
                    donor=donor,
                    visit=visit,
                    material=planned.material,
                    tube=planned.tube,
                    amount=planned.amount,
                    unit=planned.unit,
                    collected=now,
                )
            )
    for key in besides:
        label = given.pop(key, "").strip()
        if not label:
            number, label = _next_label(collection, number)
        material = asked[key].material
        made.append(
            Specimen(label=label, collection=collection, donor=donor, visit=visit, material=material, collected=now)
        )
    if given or left_out:
        raise InputError(_("labels: this visit plans no such tube, or it was not taken."))
    for one in made:
        labelled(one)
    batch = custody.enter(made, Act.COLLECT, by=by)
    for key, specimen in zip(besides, made[len(made) - len(besides) :], strict=True):
        extra.taken(key, specimen, by=by)
    detail = {"specimens": len(made), "not_taken": len(set(not_taken)), "batch": str(batch)}
    record("biobank.collect", "visit", visit.id, by=by, **detail)
    return made


def _next_label(collection: Collection, number: int) -> tuple[int, str]:
    """The next label of a collection after that of `number`, with its own."""
    while True:
        number += 1
        label = f"{collection.code}-{number:06}"
        if not Specimen.objects.filter(label=label).exists():
            return number, label


@verb("biobank.decline")
def decline(visit: Visit, reason: str, *, by: Actor) -> None:
    """Nothing was taken, for one of `DECLINED`."""
    if by is not SYSTEM:
        rules.may_collect(by).require()
    if reason not in DECLINED:
        raise InputError(_("reason: choose one from the list."))
    _over(visit, Visit.Status.DECLINED, by, reason)
    record("biobank.decline", "visit", visit.id, by=by, reason=reason)


def _over(visit: Visit, status: str, by: Actor, reason: str = "") -> None:
    """A visit that is still planned is over: of two at once, one."""
    held = Visit.objects.filter(id=visit.id, revision=visit.revision, status=Visit.Status.PLANNED)
    who = None if by is SYSTEM else by.id
    if held.update(status=status, at=timezone.now(), by_id=who, reason=reason, revision=F("revision") + 1) != 1:
        raise BusyError(_("This visit is over already."))
    visit.refresh_from_db()

"""What donors refused outside any form, and the protocols and visits by which they are followed, as exchanged."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank import models
from wardbench.core.errors import InputError
from wardbench.ward.samples.exchange.inventory import Enrolment, Inventory, OptOut, Protocol

CHUNK = 500


def opt_outs(donors: Mapping[uuid.UUID, str]) -> list[OptOut]:
    """Of donors by id and code; also what was noted for the patient whom one is."""
    persons = dict(models.DonorLink.objects.values_list("person_id", "donor_id"))
    codes = {person: donors[donor] for person, donor in persons.items() if donor in donors}
    return [
        OptOut(
            id=str(one.id),
            donor=donors[one.donor_id] if one.donor_id in donors else codes[one.person_id],  # type: ignore[index]
            kind=one.kind,
            since=_moment(one.since),
            until=_moment(one.until),
        )
        for one in models.OptOut.objects.order_by("id")
        if one.donor_id in donors or (one.donor_id is None and one.person_id in codes)
    ]


def protocols(collections: Collection[str]) -> list[Protocol]:
    """Of collections, by their codes."""
    found = models.Protocol.objects.filter(collection__code__in=list(collections)).select_related("collection")
    return [_protocol(one) for one in found.prefetch_related("visits__planned")]


def _protocol(one: models.Protocol) -> Protocol:
    return Protocol(
        code=_code(one),
        collection=one.collection.code,
        name=one.name,
        version=one.version,
        ended=one.ended.isoformat() if one.ended else "",
        visits=tuple(_planned(each) for each in sorted(one.visits.all(), key=lambda each: (each.day, each.name))),
    )


def _code(one: models.Protocol) -> str:
    return f"{one.collection.code}/{one.name}/{one.version}"


def _planned(one: models.ProtocolVisit) -> Any:
    """A visit with what is taken at it, what others are made of before these."""
    listed = list(one.planned.all())
    parents = {each.id: each.parent_id for each in listed}

    def depth(at: uuid.UUID | None) -> int:
        return 0 if at is None or at not in parents else 1 + depth(parents[at])

    def told(each: models.PlannedSpecimen) -> tuple[Any, ...]:
        return (each.material, each.tube, each.count, each.amount or 0, each.unit, each.temperature)

    listed.sort(key=lambda each: (depth(each.id), told(each), str(each.id)))
    numbers = {each.id: number for number, each in enumerate(listed)}
    taken = tuple(
        (
            each.material, each.tube, each.count, each.amount, each.unit, each.temperature,
            numbers.get(each.parent_id) if each.parent_id else None,
        )
        for each in listed
    )  # fmt: skip
    return (one.name, one.day, one.before, one.after, taken)


def enrolments(donors: Collection[str], collections: Collection[str]) -> list[Enrolment]:
    """Of donors in protocols of collections, both by code."""
    listed = sorted(donors)
    found = models.Enrolment.objects.filter(protocol__collection__code__in=list(collections))
    found = found.select_related("protocol__collection", "donor").prefetch_related("visits__planned")
    return [
        _enrolment(one)
        for at in range(0, len(listed), CHUNK)
        for one in found.filter(donor__code__in=listed[at : at + CHUNK])
    ]


def _enrolment(one: models.Enrolment) -> Enrolment:
    visits = sorted(one.visits.all(), key=lambda each: (each.due, each.planned.name))
    return Enrolment(
        code=_enrolled(one),
        protocol=_code(one.protocol),
        donor=one.donor.code,
        day0=one.day0.isoformat(),
        ended=one.ended.isoformat() if one.ended else "",
        visits=tuple(
            (each.planned.name, each.due.isoformat(), each.place, str(each.status), _moment(each.at), each.reason)
            for each in visits
        ),
    )


def visits(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[str, ...]]:
    """By which enrolment, name and day a file names visits."""
    found = models.Visit.objects.filter(id__in=list(ids))
    found = found.select_related("planned", "enrolment__donor", "enrolment__protocol__collection")
    return {one.id: (_enrolled(one.enrolment), one.planned.name, one.due.isoformat()) for one in found}


def visits_of(donors: Collection[str]) -> dict[tuple[str, ...], uuid.UUID]:
    """The visits of donors, by how a file names them."""
    listed = sorted(donors)
    found: dict[tuple[str, ...], uuid.UUID] = {}
    for at in range(0, len(listed), CHUNK):
        ids = models.Visit.objects.filter(enrolment__donor__code__in=listed[at : at + CHUNK]).values_list(
            "id", flat=True
        )
        found |= {said: one for one, said in visits(list(ids)).items()}
    return found


def known_protocols() -> dict[str, str]:
    """The code of every protocol here, with that of its collection."""
    return {_code(one): one.collection.code for one in models.Protocol.objects.select_related("collection")}


def _enrolled(one: models.Enrolment) -> str:
    return f"{_code(one.protocol)}/{one.donor.code}"


def held(wanted: Inventory) -> tuple[tuple[OptOut, ...], tuple[Protocol, ...], tuple[Enrolment, ...]]:
    """What the inventory holds of those that a file names."""
    if not (wanted.opt_outs or wanted.protocols or wanted.enrolments):
        return (), (), ()
    donors = {one.donor for one in wanted.opt_outs} | {one.donor for one in wanted.enrolments}
    ids = dict(models.Donor.objects.filter(code__in=donors).values_list("id", "code"))
    here = known_protocols() if wanted.enrolments else {}
    collections = {one.collection for one in wanted.protocols}
    collections |= {here[one.protocol] for one in wanted.enrolments if one.protocol in here}
    named = (
        {one.id for one in wanted.opt_outs},
        {
            *(one.code for one in wanted.protocols),
            *(one.code for one in wanted.enrolments),
        },
    )
    return (
        tuple(one for one in opt_outs(ids) if one.id in named[0]),
        tuple(one for one in protocols(collections) if one.code in named[1]),
        tuple(one for one in enrolments(donors, collections) if one.code in named[1]),
    )


def as_entered(read: Inventory) -> Inventory:
    """Moments as this campus writes them."""
    return replace(
        read,
        opt_outs=tuple(replace(one, since=_local(one.since), until=_local(one.until)) for one in read.opt_outs),
        enrolments=tuple(
            replace(one, visits=tuple((*visit[:4], _local(visit[4]), *visit[5:]) for visit in one.visits))
            for one in read.enrolments
        ),
    )


def referred(wanted: Inventory) -> list[tuple[str, str, str, str]]:
    """What these refer to: the kind, the code, what, and its code."""
    return [
        *(("opt-out", one.id, "donor", one.donor) for one in wanted.opt_outs),
        *(("protocol", one.code, "collection", one.collection) for one in wanted.protocols),
        *(("enrolment", one.code, "donor", one.donor) for one in wanted.enrolments),
        *(("enrolment", one.code, "protocol", one.protocol) for one in wanted.enrolments),
    ]


def enter_protocols(some: Iterable[Protocol], collections: Mapping[str, uuid.UUID]) -> None:
    """Add protocols with their visits and what is taken at each."""
    for one in some:
        made = _kept(
            models.Protocol(collection_id=collections[one.collection], name=one.name, version=one.version,
                            ended=_day(one.ended))
        )  # fmt: skip
        for name, day, before, after, taken in one.visits:
            visit = _kept(models.ProtocolVisit(protocol=made, name=name, day=day, before=before, after=after))
            planned: list[models.PlannedSpecimen] = []
            for material, tube, count, amount, unit, temperature, parent in taken:
                of = planned[parent] if parent is not None and 0 <= parent < len(planned) else None
                if of is None and parent is not None:
                    raise InputError(_("protocol: what is taken is made of what comes after it."))
                one_of = models.PlannedSpecimen(visit=visit, parent=of, material=material, tube=tube)
                one_of.count, one_of.amount, one_of.unit, one_of.temperature = count, amount, unit, temperature
                planned.append(_kept(one_of))


def enter_donors(
    refused: Sequence[OptOut], followed: Sequence[Enrolment], donors: Mapping[str, uuid.UUID], by_id: str | None
) -> None:
    """Add what donors (ids by code) refused, and their enrolments with what became of each visit."""
    for one in refused:
        until = _at(one.until)
        since = _at(one.since)
        _kept(models.OptOut(id=uuid.UUID(one.id), donor_id=donors[one.donor], kind=one.kind, since=since, until=until,
                            by_id=by_id))  # fmt: skip
    of = {_code(one): one for one in models.Protocol.objects.select_related("collection")} if followed else {}
    for each in followed:
        protocol = of[each.protocol]
        made = _kept(
            models.Enrolment(protocol=protocol, donor_id=donors[each.donor], day0=_day(each.day0),
                             ended=_day(each.ended))
        )  # fmt: skip
        planned = {visit.name: visit for visit in protocol.visits.all()}
        for name, due, place, status, at, reason in each.visits:
            if name not in planned:
                raise InputError(_("enrolment: its protocol has no visit “{name}”.").format(name=name))
            _kept(
                models.Visit(enrolment=made, planned=planned[name], due=_day(due), place=place, status=status,
                             at=_at(at), reason=reason)
            )  # fmt: skip


def _kept(made: Any) -> Any:
    """Save what a file said; ValidationError for a value that cannot be."""
    made.full_clean(exclude=[field.name for field in made._meta.fields if field.is_relation])
    made.save(force_insert=True)
    return made


def _moment(at: datetime.datetime | None) -> str:
    return timezone.localtime(at).isoformat() if at else ""


def _local(said: str) -> str:
    return _moment(_at(said))


def _at(said: str) -> Any:
    """A moment; None where none is said, which not every field allows."""
    return datetime.datetime.fromisoformat(said) if said else None


def _day(said: str) -> Any:
    """A day; None where none is said, which not every field allows."""
    return datetime.date.fromisoformat(said) if said else None

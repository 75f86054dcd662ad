"""A permit that has ended frees what was reserved and stops picking; one that took its place takes requests along."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from campus.cast import make_cast
from campus.releases_things import World, again, at, change_permit, let_it_leave, lines, receive, sign, world
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.notices.models import Notice
from wardbench.campus.releases import ended_permits, picking, returning, shipping
from wardbench.campus.releases.models import Agreement, Request, RequestLine
from wardbench.campus.releases.picking import Outcome
from wardbench.campus.releases.rules import Status
from wardbench.campus.releases.shipping import Arrived
from wardbench.campus.studies import granting, permits
from wardbench.campus.studies.models import Permit
from wardbench.core.errors import InputError

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> World:
    return world(make_cast())


def revoke(w: World) -> None:
    Permit.objects.filter(id=w.permit.id).update(revoked=timezone.now(), why_revoked="Harm")


def due() -> int:
    return ended_permits.carry_out_due(timezone.now())


def renew(w: World) -> Permit:
    content = w.permit.content
    newer = Permit.objects.create(
        study=w.study, number=w.permit.number + 1, content=content, hash=permits.hash_of(content), made=timezone.now(),
        until=w.permit.until,
    )  # fmt: skip
    revoke(w)
    return newer


def reserved() -> int:
    return Specimen.objects.exclude(reserved=None).count()


@pytest.mark.parametrize("status", [Status.RESERVED, Status.READY])
def test_what_is_reserved_is_free_once_the_permit_has_ended(w: World, status: Status) -> None:
    request = at(w, status)
    assert due() == 0 and reserved() == 3
    revoke(w)
    assert due() == 1 and due() == 0
    assert again(request).status == Status.EXPIRED and reserved() == 0


def test_a_day_that_has_passed_ends_it_too(w: World) -> None:
    request = at(w, Status.QUOTED)
    Permit.objects.filter(id=w.permit.id).update(until=timezone.localdate() - datetime.timedelta(days=1))
    assert due() == 1
    assert again(request).status == Status.EXPIRED and reserved() == 0


def test_picking_stops_and_is_over_once_all_is_put_back(w: World) -> None:
    request = at(w, Status.PICKING)
    assert picking.scan(request.id, "T0-0", by=w.gives).outcome is Outcome.PICKED
    revoke(w)
    assert picking.scan(request.id, "T1-0", by=w.gives).outcome is Outcome.REFUSED
    assert due() == 1 and due() == 0
    assert lines(request) == {"T0-0": "picked", "T1-0": "dropped", "T2-0": "dropped"} and reserved() == 1
    assert Notice.objects.filter(sentence=ended_permits.PUT_BACK).exists()
    picking.put_back(request.id, RequestLine.objects.get(request=request, status="picked").id, by=w.gives)
    assert due() == 1
    assert again(request).status == Status.EXPIRED and reserved() == 0
    assert Specimen.objects.get(label="T0-0").status == "stored"


def test_a_suspended_permit_keeps_what_is_reserved(w: World) -> None:
    at(w, Status.READY)
    Permit.objects.filter(id=w.permit.id).update(suspended=timezone.now(), why_suspended="Audit")
    assert due() == 0 and reserved() == 3


@pytest.mark.parametrize("status", [Status.ASKED, Status.READY, Status.PICKING])
def test_a_request_goes_on_under_the_permit_that_took_its_place(w: World, status: Status) -> None:
    request = at(w, status)
    newer = renew(w)
    assert due() == 1 and due() == 0
    now = again(request)
    assert (now.permit_id, now.status) == (newer.id, status)


def test_an_agreement_names_the_newer_permit_and_is_signed_again(w: World) -> None:
    request = at(w, Status.READY, outside=True)
    newer = renew(w)
    due()
    now = again(request)
    found = Agreement.objects.get(request=request, void=False)
    assert now.status == Status.AGREEING and found.content["permit"]["number"] == newer.number
    assert found.provider_at is None and found.recipient_at is None
    assert Notice.objects.filter(sentence=ended_permits.ANEW).exists()


def test_a_newer_permit_that_asks_for_an_agreement_gets_one(w: World) -> None:
    """Or the request would be ready for ever, and never be picked."""
    request = at(w, Status.READY)
    let_it_leave(renew(w))
    due()
    assert again(request).status == Status.AGREEING
    sign(w, again(request))
    picking.start(request.id, by=w.gives)


def sent_back(w: World, request: Request, *labels: str) -> None:
    ids = [line.id for line in RequestLine.objects.filter(request=request, specimen__label__in=labels)]
    parcel = returning.send_back(request.id, ids, "dry_ice", by=w.asks)
    returning.take_back(parcel.id, list(labels), by=w.gives)


def test_what_comes_back_unused_is_the_permits_again(w: World) -> None:
    request = at(w, Status.RECEIVED)
    assert permits.used_of(w.permit, "Plasma") == 3.0
    used = RequestLine.objects.get(request=request, specimen__label="T0-0")
    returning.report_use(request.id, [used.id], amount_of("0.25", "ml"), by=w.asks)
    sent_back(w, request, "T0-0", "T1-0")
    assert permits.used_of(w.permit, "Plasma") == pytest.approx(1.25)
    with pytest.raises(InputError):
        granting.give_back(w.permit.id, "Plasma", 1.3, by=w.gives)


def test_a_tube_that_was_begun_is_taken_where_tubes_are_counted(w: World) -> None:
    change_permit(w.permit, material=[{"type": "Plasma", "amount": 10, "unit": "tubes", "donors": 10}])
    request = at(w, Status.RECEIVED)
    assert permits.used_of(w.permit, "Plasma") == 3
    used = RequestLine.objects.get(request=request, specimen__label="T0-0")
    returning.report_use(request.id, [used.id], amount_of("0.25", "ml"), by=w.asks)
    sent_back(w, request, "T0-0", "T1-0")
    assert permits.used_of(w.permit, "Plasma") == 2


def test_what_was_never_packed_was_not_taken(w: World) -> None:
    request = at(w, Status.SENT)
    receive(w, request, T0_0=Arrived("missing"))
    line = RequestLine.objects.get(request=request, specimen__label="T0-0")
    shipping.resolve(request.id, line.id, "here", "It was never packed.", by=w.gives)
    assert permits.used_of(w.permit, "Plasma") == 2.0


def test_a_newer_permit_that_does_not_name_whoever_asked_frees_the_tubes(w: World) -> None:
    request = at(w, Status.RESERVED)
    newer = renew(w)
    content = {**newer.content, "whom": []}
    Permit.objects.filter(id=newer.id).update(content=content, hash=permits.hash_of(content))
    assert due() == 1 and Request.objects.get(id=request.id).status == Status.EXPIRED

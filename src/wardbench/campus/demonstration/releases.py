"""The requests of the demonstration: one that was sent and used in part, one in the middle of being picked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import Biobank
from wardbench.campus.demonstration.clock import Clock
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.releases import (
    agreeing,
    baskets,
    picking,
    quoting,
    request_queries,
    requesting,
    shipping,
    standing,
)
from wardbench.campus.releases.models import Request
from wardbench.campus.samples import looking
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.permits import holding
from wardbench.ward.samples import Query

PRICES = {"administration": (5000, 9000), "retrieval": (250, 500), "aliquot": (400, 800), "shipment": (6000, 12000)}
"""Cents of euro on the campus and for others."""
LEAST = amount_of("0.1", "ml")


@dataclass(frozen=True)
class Pace:
    """How many days each side takes over a request before it goes on."""

    clock: Clock
    reserves: float
    quotes: float
    accepts: float
    signs: float = 0


def make_requests(people: Mapping[str, Person], study: Study, clock: Clock) -> list[Request]:
    """Two requests of a study with a permit for plasma: the first sent, the second being picked."""
    asks, gives = actor_of(people["researcher2"]), actor_of(people["manager"])
    for bank in Biobank.objects.all():
        for work, (own, other) in PRICES.items():
            quoting.set_tariff(bank, work, own, other, by=SYSTEM)
    first = reserve(study, "First series", 4, asks, gives, Pace(clock, 1.2, 0.4, 3))
    if first is None:
        return []
    for line in picking.start(first.id, by=gives):
        picking.scan(first.id, line.specimen.label, by=gives)
    clock.wait(days=2, hours=5)
    parcel = shipping.send(first.id, "dry_ice", by=gives, courier="Cold chain courier", tracking="CC-204-118").shipment
    began = timezone.now().replace(minute=0, second=0, microsecond=0)
    readings = [(began + datetime.timedelta(minutes=10 * n), -7_850 + 12 * n) for n in range(12)]
    shipping.note_temperatures(parcel, readings, by=gives)
    clock.wait(days=1)
    second = reserve(study, "Second series", 6, asks, gives, Pace(clock, 0.6, 1.5, 2))
    if second is None:
        return [first]
    for line in picking.start(second.id, by=gives)[:2]:
        picking.scan(second.id, line.specimen.label, by=gives)
    baskets.add_basket("Third series", study, by=asks)
    _collect(study, asks)
    return [first, second]


def make_request_abroad(people: Mapping[str, Person], study: Study, clock: Clock) -> Request | None:
    """A parcel on its way to a laboratory in another country, whose people say what arrived by the parcel's code."""
    asks, gives = actor_of(people["lecturer"]), actor_of(people["manager"])
    about = {
        "recipient": "Nordlicht Diagnostics",
        "recipient_email": "samples@nordlicht.example",
        "address": "Hafenstrasse 4, 24103 Kiel",
        "country": "DE",
        "outside": True,
    }
    made = _agreed(study, "Serum for Kiel", "Serum", 3, about, asks, gives, Pace(clock, 0.9, 0.8, 2.2, 4))
    if made is None:
        return None
    for line in picking.start(made.id, by=gives):
        picking.scan(made.id, line.specimen.label, by=gives)
    clock.wait(hours=20)
    shipping.send(made.id, "dry_ice", by=gives, courier="Cold chain courier", tracking="CC-204-131")
    return made


def _collect(study: Study, asks: Actor) -> None:
    """Plasma of women that is still to come: nurses see on the page of today's visits what to take besides."""
    scope = next((one for one in looking.scopes(asks) if one.study == study.reference), None)
    if scope is None or scope.permit is None:
        return
    query = Query.of({"material": frozenset({"Plasma"}), "sex": frozenset({"female"})})
    until = min(scope.permit.until, timezone.localdate() + datetime.timedelta(days=90))
    standing.keep(scope, query, "Plasma of women at their visits", 12, until, by=asks)


def reserve(study: Study, name: str, count: int, asks: Actor, gives: Actor, pace: Pace) -> Request | None:
    """A request for plasma that is paid for and ready to pick."""
    about = {
        "recipient": "Institute for Biotechnology, laboratory 3",
        "address": "Campuslaan 12, 3000 Leuven",
        "wanted_by": timezone.localdate() + datetime.timedelta(days=21),
        "words": "Please send on a Monday or Tuesday.",
    }
    return _agreed(study, name, "Plasma", count, about, asks, gives, pace)


def _agreed(
    study: Study,
    name: str,
    material: str,
    count: int,
    about: Mapping[str, object],
    asks: Actor,
    gives: Actor,
    pace: Pace,
) -> Request | None:
    """A request that is paid for, signed where material leaves, and ready to pick; None where the campus is too small
    to have the specimens."""
    permit = holding(study)
    if permit is None:
        return None
    basket = baskets.add_basket(name, study, by=asks)
    if not baskets.choose(basket, material, count, by=asks, amount=LEAST):
        return None
    request = requesting.draft(basket, permit, by=asks)
    agree(request, about, asks, gives, pace)
    return request


def agree(request: Request, about: Mapping[str, object], asks: Actor, gives: Actor, pace: Pace) -> None:
    """Bring a draft so far that it is paid for, signed where material leaves, and ready to pick."""
    requesting.edit(request.id, about, by=asks)
    requesting.ask(request.id, by=asks)
    pace.clock.wait(days=pace.reserves)
    requesting.reserve(request.id, by=gives)
    pace.clock.wait(days=pace.quotes)
    quoting.quote(request.id, by=gives)
    pace.clock.wait(days=pace.accepts)
    quoting.accept(request.id, 1, by=asks)
    agreement = request_queries.agreement_of(request)
    if agreement is not None:
        pace.clock.wait(days=pace.signs)
        agreeing.sign(request.id, agreement.hash, "Dr. Ilse Brandt, Nordlicht Diagnostics", by=asks)
        agreeing.sign(request.id, agreement.hash, gives.name, by=gives)

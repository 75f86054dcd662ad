"""What studies pay for the biobank's work: of requests that were sent in a period, by the quotes that they accepted,
less what was left out since."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.catalogue import rules
from wardbench.campus.catalogue.registers import Period
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases.models import Quote, Request, ShipmentLine
from wardbench.campus.releases.request_forms import euro
from wardbench.campus.releases.rules import WORKS
from wardbench.campus.releases.settling import Work, settled

HEADERS = (
    *("request", "study", "recipient", "country", "outside the campus", "sent", "specimens sent", "retrievals quoted"),
    *("quote", "accepted", "euro quoted", "euro"),
)
"""Fewer may have been sent than were quoted: what was left out after the quote was accepted, and is not paid."""


@dataclass(frozen=True)
class Paid:
    """What one request pays: the quote that was accepted, the day on which its first parcel left, and with how many
    specimens."""

    request: Request
    quote: Quote
    sent: datetime.date
    specimens: int
    works: Sequence[Work]

    @property
    def cents(self) -> int:
        """What is paid: for what was given."""
        return sum(one.total for one in self.works)

    @property
    def row(self) -> list[str]:
        one = self.request
        quoted = sum(line["count"] for line in self.quote.lines if line["work"] == "retrieval")
        accepted = timezone.localdate(self.quote.accepted).isoformat() if self.quote.accepted else ""
        return [
            one.reference, one.study.reference, one.recipient, one.country, "yes" if one.outside else "no",
            self.sent.isoformat(), str(self.specimens), str(quoted), str(self.quote.number), accepted,
            euro(self.quote.cents), euro(self.cents),
        ]  # fmt: skip


@dataclass(frozen=True)
class Recovered:
    """What was recovered in a period, in cents: together, from the campus and from others, and by the kind of work."""

    paid: Sequence[Paid]
    campus: int
    others: int
    works: Sequence[tuple[str, int, int]]
    """The kind of work, how often it was done, and what it brought."""

    @property
    def together(self) -> int:
        return self.campus + self.others


def recovered(period: Period, *, by: Actor) -> Recovered:
    """Of the requests whose first parcel left in a period. ForbiddenError for whom it is not."""
    rules.may_see_registers(by).require()
    begin, end = period.moments
    left = Request.objects.annotate(left=Min("shipments__sent", filter=Q(shipments__back=False)))
    there = left.filter(left__gte=begin, left__lt=end).select_related("study").order_by("left", "reference")
    quotes = {
        one.request_id: one for one in Quote.objects.filter(request__in=there).exclude(accepted=None).order_by("number")
    }
    parcels = ShipmentLine.objects.filter(shipment__request__in=there, shipment__back=False)
    specimens = Counter(parcels.values_list("shipment__request", flat=True))
    paid = [
        Paid(one, quotes[one.id], timezone.localdate(one.left), specimens[one.id], settled(quotes[one.id]))
        for one in there
        if one.id in quotes
    ]
    counts, cents = Counter[str](), Counter[str]()
    for one in paid:
        for line in one.works:
            counts[line.work] += line.count
            cents[line.work] += line.total
    works = [(_(title), counts[work], cents[work]) for work, title in WORKS.items() if counts[work]]
    outside = sum(one.cents for one in paid if one.request.outside)
    return Recovered(paid, sum(one.cents for one in paid) - outside, outside, works)


@verb("catalogue.recovered_file")
def rows(period: Period, *, by: Actor) -> list[list[str]]:
    """The lines of the file for the accounts, under `HEADERS`; each file is on the record."""
    found = recovered(period, by=by)
    days = {"first": period.first.isoformat(), "last": period.last.isoformat()}
    record("catalogue.recovered_file", "register", "recovered", by=by, requests=len(found.paid), **days)
    return [one.row for one in found.paid]

"""The verbs on money: what the biobank asks for its work, what a request costs, and that it is accepted."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank.curating import keeps
from wardbench.campus.biobank.models import Biobank
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import agreeing, request_queries
from wardbench.campus.releases.models import Quote, Request, RequestLine, Tariff
from wardbench.campus.releases.moves import allowed, leaves, lines_of, move
from wardbench.campus.releases.rules import WORKS, Verb
from wardbench.campus.releases.settling import Work
from wardbench.core.errors import BusyError, InputError

VALID_DAYS = 60
MOST_CENTS = 100_000_000


@verb("releases.set_tariff")
def set_tariff(biobank: Biobank, work: str, cents: int, outside_cents: int, *, by: Actor) -> Tariff:
    """Say what a biobank asks for a piece of work, of the campus and of others. Quotes that were made stay."""
    keeps(by)
    if work not in WORKS:
        raise InputError(_("work: choose one from the list."))
    if not 0 <= cents <= MOST_CENTS or not 0 <= outside_cents <= MOST_CENTS:
        raise InputError(_("price: give an amount that is not below nothing and not absurdly large."))
    made, _new = Tariff.objects.update_or_create(
        biobank=biobank, work=work, defaults={"cents": cents, "outside_cents": outside_cents}
    )
    record("releases.set_tariff", "biobank", biobank.id, by=by, work=work, cents=cents, outside_cents=outside_cents)
    return made


def proposal(request: Request) -> list[Work]:
    """What a request costs by the tariffs and its reserved specimens. What has no tariff costs nothing."""
    lines = lines_of(request)
    parts = sum(line.amount is not None for line in lines)
    counts = {"administration": 1, "retrieval": len(lines), "aliquot": parts, "shipment": 1}
    return _priced(request, counts)


def _done_on(lines: Sequence[RequestLine]) -> dict[str, list[str]]:
    """The lines of a request that each piece of work is done on, where it is done on single ones."""
    return {
        "retrieval": [str(line.id) for line in lines],
        "aliquot": [str(line.id) for line in lines if line.amount is not None],
    }


def _priced(request: Request, counts: Mapping[str, int]) -> list[Work]:
    """Work by the tariffs of the biobank; none of what is not done."""
    tariffs = Tariff.objects.filter(biobank=request_queries.biobank_of(request))
    prices = {one.work: one.outside_cents if request.outside else one.cents for one in tariffs}
    return [Work(work, count, prices.get(work, 0)) for work, count in counts.items() if count]


@verb("releases.quote")
def quote(
    request_id: uuid.UUID, *, by: Actor, counts: Mapping[str, int] | None = None, until: datetime.date | None = None
) -> Quote:
    """Say what a request costs. `counts` says how often each work is done where that is not what the specimens say.

    A newer quote takes the place of one that was not accepted yet.
    """
    request = allowed(request_id, Verb.QUOTE, by)
    until = until or timezone.localdate() + datetime.timedelta(days=VALID_DAYS)
    if until < timezone.localdate():
        raise InputError(_("until: choose a day that is still to come."))
    works = proposal(request)
    if counts is not None:
        if set(counts) - set(WORKS) or any(not 0 <= count <= 100_000 for count in counts.values()):
            raise InputError(_("work: choose one from the list."))
        works = _priced(request, counts)
    of = _done_on(lines_of(request))
    made = Quote.objects.create(
        request=request,
        number=request.quotes.count() + 1,
        lines=[{"work": one.work, "count": one.count, "cents": one.cents, "of": of.get(one.work, [])} for one in works],
        cents=sum(one.total for one in works),
        until=until,
        by_id=by.id,
    )
    move(request, Verb.QUOTE, by, detail={"number": made.number, "cents": made.cents})
    return made


@verb("releases.accept")
def accept(request_id: uuid.UUID, number: int, *, by: Actor) -> None:
    """Accept the quote with this number: the newest, and only while it is valid. Where material leaves, the transfer
    agreement is drawn up then."""
    request = allowed(request_id, Verb.ACCEPT, by)
    last = request_queries.quote_of(request)
    if last is None or last.number != number:
        raise BusyError(_("There is a newer quote; load the page again."))
    if last.until < timezone.localdate():
        until = date_format(last.until, "j F Y")
        raise BusyError(_("The quote was valid until {day}; ask for a new one.").format(day=until))
    Quote.objects.filter(id=last.id).update(accepted=timezone.now(), accepted_by_id=by.id)
    if leaves(request):
        agreeing.draw(request)
    move(request, Verb.ACCEPT, by, detail={"number": number, "cents": last.cents})

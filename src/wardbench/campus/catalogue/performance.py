"""How the biobank does: how long requests take, what is made of the stock, why requests came to nothing."""

from __future__ import annotations

import datetime
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.models import Event
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.rules import ENDED
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.catalogue import rules
from wardbench.campus.catalogue.measures import AGES, Spread, age_band, spread
from wardbench.campus.catalogue.registers import Period
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases.models import Request, RequestLine
from wardbench.campus.releases.rules import STATUSES, LineStatus, Status

STAGES = (
    ("asked", "reserved", gettext_noop("Asked until reserved")),
    ("reserved", "quoted", gettext_noop("Reserved until quoted")),
    ("quoted", "accepted", gettext_noop("Quoted until accepted")),
    ("accepted", "signed", gettext_noop("Accepted until the agreement is signed")),
    ("ready", "sent", gettext_noop("Ready until sent")),
    ("sent", "arrived", gettext_noop("Sent until arrived")),
    ("asked", "sent", gettext_noop("Asked until sent, all together")),
)
DAY = 86_400


@dataclass(frozen=True)
class Bar:
    """A line of a chart, and of the table that it is: a number and its share of the largest."""

    title: str
    value: float
    said: str
    most: float


@dataclass(frozen=True)
class Stage:
    title: str
    spread: Spread
    most: float


@dataclass(frozen=True)
class Performance:
    stages: Sequence[Stage]
    outcomes: Sequence[Bar]
    declined: Sequence[tuple[str, str, str]]
    """Requests that came to nothing: reference, status, the reason in its words."""
    left_out: Sequence[Bar]
    stock: Sequence[Bar]
    ages: Sequence[Bar]


def performance(period: Period, *, by: Actor) -> Performance:
    """Requests that were asked in a period, and the stock of today. ForbiddenError for whom it is not."""
    rules.may_see_registers(by).require()
    begin, end = period.moments
    requests = list(
        Request.objects.filter(asked__gte=begin, asked__lt=end)
        .prefetch_related("quotes", "agreements", "shipments")
        .order_by("asked")
    )
    reserved = _reserved([one.id for one in requests])
    times = [_times(one, reserved.get(one.id)) for one in requests]
    stages = [(title, spread(_between(times, first, last))) for first, last, title in STAGES]
    longest = max((one.p90 for _title, one in stages if one.p90 is not None), default=0)
    ended = [one for one in requests if one.status in (Status.REFUSED, Status.WITHDRAWN, Status.EXPIRED)]
    dropped = RequestLine.objects.filter(request__in=requests, status=LineStatus.DROPPED.value)
    # What the application left out by itself says so in a sentence of its own.
    reasons = Counter(_(one) if one else _("no reason given") for one in dropped.values_list("reason", flat=True))
    return Performance(
        stages=[Stage(_(title), one, longest) for title, one in stages],
        outcomes=_bars({_(STATUSES[Status(code)]): n for code, n in Counter(one.status for one in requests).items()}),
        declined=[
            (one.reference, _(STATUSES[Status(one.status)]), _(one.reason) if one.reason else "") for one in ended
        ],
        left_out=_bars(dict(reasons.most_common(20))),
        stock=_bars(_stock()),
        ages=_bars(_ages(timezone.now())),
    )


def _reserved(requests: Sequence[uuid.UUID]) -> dict[uuid.UUID, datetime.datetime]:
    """When each was first reserved, as the record has it."""
    found: dict[uuid.UUID, datetime.datetime] = {}
    ids = {str(one): one for one in requests}
    for at in range(0, len(ids), 500):
        some = list(ids)[at : at + 500]
        events = Event.objects.filter(verb="releases.reserve", object__in=some).order_by("-number")
        found.update({ids[one.object]: one.at for one in events})
    return found


def _times(one: Request, reserved: datetime.datetime | None) -> Mapping[str, datetime.datetime | None]:
    quotes = sorted(one.quotes.all(), key=lambda quote: quote.number)
    accepted = next((quote.accepted for quote in quotes if quote.accepted), None)
    agreement = next((each for each in one.agreements.all() if not each.void and each.provider_at), None)
    both = [agreement.provider_at, agreement.recipient_at] if agreement is not None else []
    signed = max((each for each in both if each), default=None) if all(both) else None
    parcels = sorted(
        (each for each in one.shipments.all() if not each.back and each.sent), key=lambda each: each.packed
    )
    return {
        "asked": one.asked,
        "reserved": reserved,
        "quoted": quotes[0].at if quotes else None,
        "accepted": accepted,
        "signed": signed,
        "ready": signed or accepted,
        "sent": parcels[0].sent if parcels else None,
        "arrived": parcels[0].arrived if parcels else None,
    }


def _between(times: Sequence[Mapping[str, datetime.datetime | None]], first: str, last: str) -> list[float]:
    found = []
    for one in times:
        begin, end = one[first], one[last]
        if begin is not None and end is not None:
            found.append(max(0.0, (end - begin).total_seconds() / DAY))
    return found


def _bars(counts: Mapping[str, int]) -> list[Bar]:
    most = max(counts.values(), default=0)
    return [Bar(title, count, str(count), most) for title, count in counts.items()]


def _stock() -> dict[str, int]:
    """Every specimen in one line: what was made of it so far."""
    asked = RequestLine.objects.filter(specimen=OuterRef("id"))
    sent = asked.filter(picked__isnull=False)
    found = Specimen.objects.annotate(asked=Exists(asked), sent=Exists(sent))
    here = found.exclude(status__in=[status.value for status in ENDED])
    away = [TubeStatus.SHIPPED.value, TubeStatus.AWAY.value]
    missing = here.filter(status=TubeStatus.MISSING.value)
    kept = here.exclude(status__in=[*away, TubeStatus.MISSING.value])
    return {
        _("Never asked for"): kept.filter(asked=False, reserved=None).count(),
        _("Asked for, and here still"): kept.filter(asked=True, reserved=None).count(),
        _("Reserved"): kept.exclude(reserved=None).count(),
        _("With a recipient, or on its way"): here.filter(status__in=away).count(),
        _("Missing"): missing.count(),
        _("Used up"): found.filter(status=TubeStatus.USED_UP.value).count(),
        _("Destroyed"): found.filter(status=TubeStatus.DISPOSED.value).count(),
    }


def _ages(now: datetime.datetime) -> dict[str, int]:
    """What is left, by the years since it was taken."""
    titles = [_("Less than a year")]
    titles += [_("{low} to {high} years").format(low=low, high=high) for low, high in pairwise(AGES)]
    titles += [_("{low} years or more").format(low=AGES[-1])]
    found = dict.fromkeys([*titles, _("Not known")], 0)
    left = Specimen.objects.exclude(status__in=[status.value for status in ENDED])
    for taken in left.values_list("collected", flat=True).iterator(chunk_size=5000):
        place = age_band((now - taken).days / 365.25 if taken else None)
        found[_("Not known") if place is None else titles[place]] += 1
    return found

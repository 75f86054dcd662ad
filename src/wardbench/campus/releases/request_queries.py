"""Reading baskets and requests: those somebody may see, where one stands, whose turn it is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.biobank.models import Biobank, Specimen
from wardbench.campus.biobank.rules import KEEPERS
from wardbench.campus.biobank.terms import materials_called
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.releases import rules
from wardbench.campus.releases.models import (
    Agreement,
    Basket,
    BasketLine,
    Quote,
    Request,
    RequestLine,
    Shipment,
    ShipmentLine,
    Tariff,
)
from wardbench.campus.releases.rules import WITH_RECIPIENT, Facts, LineStatus, Side, Status, Verb
from wardbench.campus.studies.material import may_leave
from wardbench.campus.studies.models import Permit, Study
from wardbench.campus.studies.permits import holding
from wardbench.core.errors import NotFoundError


def whole(found: QuerySet[Request] | None = None) -> QuerySet[Request]:
    """Requests, all or some, with what their rules ask for."""
    found = Request.objects.all() if found is None else found
    return found.select_related("study__investigator", "permit__study__investigator", "by").prefetch_related(
        "study__members", "agreements", "shipments"
    )


def request(request_id: uuid.UUID, *, by: Actor) -> Request:
    """One that somebody may see; NotFoundError for any other, as if it were not there."""
    found = whole().filter(id=request_id).first()
    if found is None or not rules.may_see(by, facts_of(found)):
        raise NotFoundError(_("There is no such request, or it is not for you to see."))
    return found


def team_of(study: Study) -> frozenset[str]:
    return frozenset({str(study.investigator_id), *(str(one.person_id) for one in study.members.all())})


def facts_of(found: Request) -> Facts:
    """What the rules ask of a request, read anew but for its study."""
    return facts_of_all([found])[found.id]


def facts_of_all(found: Sequence[Request]) -> dict[uuid.UUID, Facts]:
    """The same of many requests with three questions."""
    ids = [one.id for one in found]
    agreements = {one.request_id: one for one in Agreement.objects.filter(request__in=ids, void=False)}
    back = set(Shipment.objects.filter(request__in=ids, back=True, arrived=None).values_list("request_id", flat=True))
    open_lines = RequestLine.objects.filter(request__in=ids, status__in=[*WITH_RECIPIENT, LineStatus.MISSING])
    there: dict[uuid.UUID, int] = {}
    missing: dict[uuid.UUID, int] = {}
    for request_id, status, words in open_lines.values_list("request_id", "status", "reason"):
        if status != LineStatus.MISSING:
            there[request_id] = there.get(request_id, 0) + 1
        elif not words:
            missing[request_id] = missing.get(request_id, 0) + 1
    return {
        one.id: Facts(
            Status(one.status),
            team_of(one.study),
            one.outside or may_leave(one.permit),
            signed_by(agreements.get(one.id)),
            there.get(one.id, 0),
            missing.get(one.id, 0),
            one.id in back,
            one.outside,
        )
        for one in found
    }


def signed_by(agreement: Agreement | None) -> frozenset[Side]:
    """Which sides signed an agreement."""
    if agreement is None:
        return frozenset()
    found = {Side.BIOBANK} if agreement.provider_at else set()
    return frozenset(found | ({Side.RESEARCHER} if agreement.recipient_at else set()))


def visible(by: Actor, status: str = "", text: str = "") -> list[tuple[Request, Facts]]:
    """The requests that somebody may see with their facts, newest first; those in a status, or of a reference."""
    found = _of(by)
    if status:
        found = found.filter(status=status)
    if text:
        found = found.filter(Q(reference__istartswith=text) | Q(study__reference__istartswith=text))
    return _seen(by, found)


def _of(by: Actor) -> QuerySet[Request]:
    """Those that could be for somebody; `rules.may_see` has the last word."""
    if by is SYSTEM or by.has(*KEEPERS, *rules.WATCHERS):
        return Request.objects.all()
    if not by.id:
        return Request.objects.none()
    return Request.objects.filter(Q(study__investigator__id=by.id) | Q(study__members__person__id=by.id)).distinct()


def _seen(by: Actor, found: QuerySet[Request]) -> list[tuple[Request, Facts]]:
    # Most people have none, and to read them whole is dear: a home page asks twice.
    if not found.exists():
        return []
    read = list(whole(found))
    facts = facts_of_all(read)
    return [(one, facts[one.id]) for one in read if rules.may_see(by, facts[one.id])]


def waiting(by: Actor) -> list[tuple[Request, Side, Verb]]:
    """What waits for somebody, with the side they are on and what they have to do."""
    return [
        (one, side, rules.NEXT[facts.status, side][0])
        for one, facts in _seen(by, _of(by).exclude(status__in=[*rules.OVER]))
        for side in rules.turns(facts) & rules.sides(by, facts)
        if (facts.status, side) in rules.NEXT
    ]


def agreement_of(found: Request) -> Agreement | None:
    """The agreement that counts."""
    return found.agreements.filter(void=False).first()


def quote_of(found: Request) -> Quote | None:
    """The quote that counts: the newest."""
    return found.quotes.first()


def biobank_of(found: Request) -> Biobank:
    """The biobank that is asked: all specimens of a request are of one. NotFoundError for an empty draft."""
    line = found.lines.select_related("specimen__collection__biobank").first()
    if line is None:
        raise NotFoundError(_("There is nothing in this request."))
    return line.specimen.collection.biobank


def specimens_by_label(labels: Sequence[str]) -> dict[str, Specimen]:
    found = Specimen.objects.select_related("collection").filter(label__in=list(labels))
    return {one.label: one for one in found}


def basket(basket_id: uuid.UUID, *, by: Actor) -> Basket:
    """A basket of one's own; NotFoundError for any other."""
    found = Basket.objects.select_related("study").filter(id=basket_id, owner__id=by.id).first()
    if found is None:
        raise NotFoundError(_("There is no such basket, or it is somebody else's."))
    return found


def baskets(by: Actor) -> list[Basket]:
    return list(Basket.objects.select_related("study").filter(owner__id=by.id)) if by.id and by is not SYSTEM else []


def studies_with_material(by: Actor) -> list[tuple[Study, Permit]]:
    """The studies that somebody works on whose permit holds and covers material."""
    own = Study.objects.filter(Q(investigator__id=by.id) | Q(members__person__id=by.id)).distinct() if by.id else []
    found = [(study, holding(study)) for study in own]
    return [
        (study, permit)
        for study, permit in found
        if permit is not None and permit.content["material"] and by.id in permit.content["whom"]
    ]


def parcels(found: Request) -> list[Shipment]:
    """Its parcels, the one that went out first."""
    return list(found.shipments.order_by("back", "packed"))


def measured(parcel: Shipment) -> dict[str, int | None]:
    """How many temperatures of a parcel were kept, the lowest and the highest in hundredths of a degree."""
    found: dict[str, int | None] = parcel.temperatures.aggregate(count=Count("id"), low=Min("value"), high=Max("value"))
    return found


def parcel_lines(parcel: Shipment) -> list[ShipmentLine]:
    return list(parcel.lines.select_related("line__specimen").order_by("line__specimen__label"))


def basket_lines(basket: Basket) -> list[BasketLine]:
    return list(basket.lines.select_related("specimen__collection").order_by("specimen__label"))


def permit_of(basket: Basket, by: Actor) -> Permit | None:
    """The permit that a basket's study has, where it names whoever asks."""
    permit = holding(basket.study) if basket.study is not None else None
    return permit if permit is not None and by.id in permit.content["whom"] else None


def materials_of(permit: Permit | None) -> list[str]:
    """MIABIS's codes of the materials that a permit covers."""
    if permit is None:
        return []
    return materials_called(one.get("type", "") for one in permit.content["material"])


def biobank(biobank_id: uuid.UUID) -> Biobank:
    found = Biobank.objects.filter(id=biobank_id).first()
    if found is None:
        raise NotFoundError(_("There is no such biobank."))
    return found


def tariffs() -> list[Tariff]:
    return list(Tariff.objects.select_related("biobank").order_by("biobank__name", "work"))

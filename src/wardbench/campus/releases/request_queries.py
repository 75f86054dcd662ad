"""Reading baskets and requests: those somebody may see, where one stands, whose turn it is."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.biobank.models import Biobank, Specimen
from wardbench.campus.biobank.rules import KEEPERS
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.biobank.terms import materials_called
from wardbench.campus.people.models import Person
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
from wardbench.campus.releases.rules import WITH_RECIPIENT, Facts, LineStatus, Side, Status
from wardbench.campus.studies.material import may_leave
from wardbench.campus.studies.models import Member, Permit, Study
from wardbench.campus.studies.permits import all_holding, holding
from wardbench.campus.studies.queries import worked_on
from wardbench.core.errors import NotFoundError


def whole(found: QuerySet[Request] | None = None) -> QuerySet[Request]:
    """Requests, all or some, with what their rules ask for."""
    found = Request.objects.all() if found is None else found
    return found.select_related("study__investigator", "permit__study__investigator", "by").prefetch_related(
        "study__members"
    )


def request(request_id: uuid.UUID, *, by: Actor) -> Request:
    """One that somebody may see; NotFoundError for any other, as if it were not there."""
    return with_facts(request_id, by=by)[0]


def with_facts(request_id: uuid.UUID, *, by: Actor) -> tuple[Request, Facts]:
    """The same, with what its rules ask."""
    found = whole().filter(id=request_id).first()
    facts = facts_of(found) if found is not None else None
    if found is None or facts is None or not rules.may_see(by, facts):
        raise NotFoundError(_("There is no such request, or it is not for you to see."))
    return found, facts


def team_of(study: Study) -> frozenset[str]:
    return frozenset({str(study.investigator_id), *(str(one.person_id) for one in study.members.all())})


def facts_of(found: Request) -> Facts:
    """What the rules ask of a request, read anew but for its study."""
    return facts_of_all([found], {found.study_id: team_of(found.study)})[found.id]


def teams_of(studies: Iterable[Study]) -> dict[uuid.UUID, frozenset[str]]:
    """Who works on each of some studies, with one question."""
    teams = {one.id: {str(one.investigator_id)} for one in studies}
    members = Member.objects.filter(study__in=list(teams)).order_by() if teams else Member.objects.none()
    for study_id, person_id in members.values_list("study_id", "person_id"):
        teams[study_id].add(str(person_id))
    return {study_id: frozenset(team) for study_id, team in teams.items()}


def facts_of_all(found: Sequence[Request], teams: Mapping[uuid.UUID, frozenset[str]]) -> dict[uuid.UUID, Facts]:
    """The same of many requests, with three questions besides who works on their studies."""
    ids = [one.id for one in found]
    holds = Agreement.objects.filter(request__in=ids, void=False).order_by()
    signed = {one: _signed(*at) for one, *at in holds.values_list("request_id", "provider_at", "recipient_at")}
    coming = Shipment.objects.filter(request__in=ids, back=True, arrived=None).order_by()
    back = set(coming.values_list("request_id", flat=True))
    open_lines = RequestLine.objects.filter(request__in=ids, status__in=[*WITH_RECIPIENT, LineStatus.MISSING])
    there: dict[uuid.UUID, int] = {}
    missing: dict[uuid.UUID, int] = {}
    for request_id, status, words in open_lines.order_by().values_list("request_id", "status", "reason"):
        if status != LineStatus.MISSING:
            there[request_id] = there.get(request_id, 0) + 1
        elif not words:
            missing[request_id] = missing.get(request_id, 0) + 1
    return {
        one.id: Facts(
            Status(one.status),
            teams[one.study_id],
            one.outside or may_leave(one.permit),
            signed.get(one.id, frozenset()),
            there.get(one.id, 0),
            missing.get(one.id, 0),
            one.id in back,
            one.outside,
        )
        for one in found
    }


def signed_by(agreement: Agreement | None) -> frozenset[Side]:
    """Which sides signed an agreement."""
    return _signed(agreement.provider_at, agreement.recipient_at) if agreement is not None else frozenset()


def _signed(provider_at: datetime.datetime | None, recipient_at: datetime.datetime | None) -> frozenset[Side]:
    found = {Side.BIOBANK} if provider_at else set()
    return frozenset(found | ({Side.RESEARCHER} if recipient_at else set()))


def visible(by: Actor, status: str = "", text: str = "") -> list[tuple[Request, Facts]]:
    """The requests that somebody may see with their facts, newest first; those in a status, or of a reference."""
    found = _of(by)
    if found is None:
        return []
    if status:
        found = found.filter(status=status)
    if text:
        found = found.filter(Q(reference__istartswith=text) | Q(study__reference__istartswith=text))
    return _seen(by, found)


def under_way(by: Actor) -> list[tuple[Request, Facts]]:
    """Those of `visible` that are not over."""
    found = _of(by)
    return _seen(by, found.exclude(status__in=[*rules.OVER])) if found is not None else []


def of_side(by: Actor, own: Sequence[uuid.UUID]) -> list[tuple[Request, Facts, frozenset[Side]]]:
    """The requests that somebody is on a side of, newest first: all of the studies that they work on (`own`), and of
    those that the biobank is asked what is not over."""
    asked = Q(study__in=own) if own else Q(pk__in=[])
    if by.has(*KEEPERS):
        asked |= ~Q(status__in=[*rules.OVER])
    elif not own:
        return []
    found = _seen(by, Request.objects.filter(asked))
    return [(one, facts, side) for one, facts in found if (side := rules.sides(by, facts))]


def waiting(found: Iterable[tuple[Request, Facts, frozenset[Side]]]) -> list[tuple[Request, Side]]:
    """Those of `of_side` that cannot go on before the side has acted."""
    return [
        (one, side)
        for one, facts, held in found
        for side in rules.turns(facts) & held
        if (facts.status, side) in rules.NEXT
    ]


def _of(by: Actor) -> QuerySet[Request] | None:
    """Those that could be for somebody, None where none can; `rules.may_see` has the last word."""
    if by is SYSTEM or by.has(*KEEPERS, *rules.WATCHERS):
        return Request.objects.all()
    own = worked_on(by)
    return Request.objects.filter(study__in=own) if own else None


def _seen(by: Actor, found: QuerySet[Request]) -> list[tuple[Request, Facts]]:
    read = list(found.select_related("study", "permit").only(*LISTED))
    if not read:
        return []
    facts = facts_of_all(read, teams_of([one.study for one in read]))
    return [(one, facts[one.id]) for one in read if rules.may_see(by, facts[one.id])]


LISTED = (
    "reference", "status", "outside", "asked", "made", "wanted_by", "by", "permit__content", "study__reference",
    "study__title", "study__investigator",
)  # fmt: skip
"""What lists and rules read of each request."""


def names_of(found: Iterable[Request]) -> dict[uuid.UUID, str]:
    """Who made each of some requests, by the id of the person."""
    return dict(Person.objects.filter(id__in={one.by_id for one in found}).order_by().values_list("id", "name"))


def agreement_of(found: Request) -> Agreement | None:
    """The agreement that counts."""
    return found.agreements.filter(void=False).first()


def quote_of(found: Request) -> Quote | None:
    """The quote that counts: the newest."""
    return found.quotes.select_related("accepted_by").first()


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
    return with_material(by, worked_on(by))


def with_material(by: Actor, own: Sequence[uuid.UUID]) -> list[tuple[Study, Permit]]:
    """The same, where one knows the ids of the studies that they work on."""
    return [
        (permit.study, permit)
        for permit in (all_holding(own) if own else ())
        if permit.content["material"] and by.id in permit.content["whom"]
    ]


def parcels(found: Request) -> list[Shipment]:
    """Its parcels, the one that went out first."""
    return list(found.shipments.order_by("back", "packed"))


def measured(parcel: Shipment) -> dict[str, int | None]:
    """How many temperatures of a parcel were kept, the lowest and the highest in hundredths of a degree."""
    found: dict[str, int | None] = parcel.temperatures.aggregate(count=Count("id"), low=Min("value"), high=Max("value"))
    return found


def parcel_lines(parcel: Shipment) -> list[ShipmentLine]:
    return list(parcel.lines.select_related("line__specimen").order_by("line__code", "line__specimen__label"))


def remarks(found: Request) -> list[tuple[uuid.UUID, str]]:
    """What was remarked of specimens of a request on arrival, by their lines."""
    said = ShipmentLine.objects.filter(line__request=found).exclude(words="").order_by("shipment__packed")
    return list(said.values_list("line_id", "words"))


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


def left_out(of: Request) -> list[RequestLine]:
    """Lines that were left out after their tubes were picked, as long as these lie with what is to be sent: their
    donors took consent back meanwhile, most often."""
    there = of.lines.filter(status=LineStatus.DROPPED, specimen__status=TubeStatus.PICKED, specimen__reserved=None)
    return list(there.exclude(picked=None).select_related("specimen__collection").order_by("specimen__label"))

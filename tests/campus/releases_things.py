"""What the tests of releases begin with: a study with a permit for plasma, and tubes whose donors agreed."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast
from campus.kept import kept
from campus.test_studies import approved
from wardbench.campus.biobank import donors
from wardbench.campus.biobank.models import Collection, ConsentForm, Donor, Specimen
from wardbench.campus.biobank.storing import Put, put
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.releases import agreeing, baskets, picking, quoting, requesting, returning, shipping
from wardbench.campus.releases.models import Agreement, Request, RequestLine, Shipment, ShipmentLine
from wardbench.campus.releases.rules import Status
from wardbench.campus.releases.shipping import Arrived, Sent
from wardbench.campus.studies import permits
from wardbench.campus.studies.facts import Fact
from wardbench.campus.studies.models import Permit, Study
from wardbench.core.consent import Tier

TERMS = {"use": "DUO:0000042", "modifiers": ["DUO:0000021"]}
ALL = dict.fromkeys(Tier, True)


@dataclass
class World:
    """A campus with a permit and six tubes of 1 ml plasma of six donors, two in each of three boxes."""

    cast: Cast
    study: Study
    permit: Permit
    tubes: list[Specimen]

    @property
    def asks(self) -> Actor:
        return self.cast.actor("researcher")

    @property
    def gives(self) -> Actor:
        return self.cast.actor("biobank_manager")


def consent(donor: Donor, answers: Mapping[Tier, bool] = ALL, collection: Collection | None = None) -> None:
    form = ConsentForm.objects.first() or donors.add_form(
        "F", "1", "en", "Form", tuple(Tier), datetime.date(2020, 1, 1), by=SYSTEM
    )
    donors.give_consent(donor, form, dict(answers), datetime.date(2024, 1, 1), by=SYSTEM)


@kept
def world(cast: Cast) -> World:
    study = approved(cast)
    of = things.collection(cast, permission=TERMS)
    things.freezer(racks=2, boxes=2)
    made: list[Specimen] = []
    # The labels are against the order of the places on purpose.
    for number, name in enumerate(("Freezer Rack 2 Box 1", "Freezer Rack 1 Box 2", "Freezer Rack 1 Box 1")):
        box = things.box(name)
        for place in range(2):
            label = 2 * number + place
            donor = things.donor(f"D{label}")
            consent(donor)
            tube = things.tubes(cast, 1, None, prefix=f"T{label}-", donor=donor, collection=of)[0]
            put([Put(tube, box, place)], by=SYSTEM)
            made.append(Specimen.objects.get(id=tube.id))
    permit = Permit.objects.get(study=study)
    return World(cast, study, permit, made)


def let_it_leave(permit: Permit) -> None:
    """Let a permit have been given for material that leaves the hospital."""
    duty = next(sentence for fact, sentence in permits.OBLIGATIONS if fact is Fact.MATERIAL_LEAVES)
    change_permit(permit, obligations=[*permit.content["obligations"], duty])


def change_permit(permit: Permit, **values: object) -> None:
    content = {**permit.content, **values}
    Permit.objects.filter(id=permit.id).update(content=content, hash=permits.hash_of(content))
    permit.refresh_from_db()


def drafted(w: World, tubes: list[Specimen] | None = None, **values: object) -> Request:
    basket = baskets.add_basket("For the study", w.study, by=w.asks)
    baskets.fill_basket(basket, w.tubes[:3] if tubes is None else tubes, by=w.asks)
    made = requesting.draft(basket, w.permit, by=w.asks)
    about = {"recipient": "Institute", "address": "Street 1, Leuven", **values}
    return requesting.edit(made.id, about, by=w.asks)


STEPS = (Status.ASKED, Status.RESERVED, Status.QUOTED, Status.AGREEING, Status.READY, Status.PICKING, Status.SENT,
         Status.RECEIVED, Status.CLOSED)  # fmt: skip


def at(w: World, status: Status, *, outside: bool = False, tubes: list[Specimen] | None = None) -> Request:
    """A request that has come this far by the verbs themselves."""
    if outside:
        let_it_leave(w.permit)
    request = drafted(w, tubes, outside=outside)
    if status is Status.DRAFT:
        return again(request)
    if status is Status.WITHDRAWN:
        requesting.withdraw(request.id, "Not needed", by=w.asks)
        return again(request)
    requesting.ask(request.id, by=w.asks)
    if status is Status.REFUSED:
        requesting.refuse(request.id, "Too scarce", by=w.gives)
        return again(request)
    for step in STEPS[1:]:
        if again(request).status == status:
            break
        advance(w, again(request), step)
        if status is Status.EXPIRED and step is Status.RESERVED:
            requesting.expire(request.id, by=SYSTEM)
            break
    return again(request)


def advance(w: World, request: Request, to: Status) -> None:
    """One step further, by the real verbs; AGREEING and READY follow from accepting and signing."""
    if to is Status.RESERVED:
        requesting.reserve(request.id, by=w.gives)
    elif to is Status.QUOTED:
        quoting.quote(request.id, by=w.gives)
    elif to is Status.AGREEING:
        quoting.accept(request.id, 1, by=w.asks)
    elif to is Status.READY:
        sign(w, request)
    elif to is Status.PICKING:
        picking.start(request.id, by=w.gives)
    elif to is Status.SENT:
        for line in request.lines.filter(status="reserved"):
            picking.scan(request.id, line.specimen.label, by=w.gives)
        send(w, request)
    elif to is Status.RECEIVED:
        receive(w, request)
    elif to is Status.CLOSED:
        for line in request.lines.filter(status="received"):
            returning.report_use(request.id, [line.id], None, by=w.asks)
        returning.close(request.id, by=w.gives)


def sign(w: World, request: Request) -> None:
    if request.status == Status.AGREEING:
        seen = Agreement.objects.get(request=request, void=False).hash
        agreeing.sign(request.id, seen, "Head of the laboratory", by=w.asks)
        agreeing.sign(request.id, seen, "Biobank manager", by=w.gives)


def send(w: World, request: Request) -> Sent:
    return shipping.send(request.id, "dry_ice", by=w.gives, courier="Courier", tracking="1Z")


def receive(w: World, request: Request, **states: Arrived) -> None:
    parcel = Shipment.objects.get(request=request, back=False)
    inside = ShipmentLine.objects.filter(shipment=parcel).select_related("line__specimen")
    said = {one.id: states.get(one.line.specimen.label.replace("-", "_"), Arrived("received")) for one in inside}
    shipping.receive(parcel, said, by=w.asks)


def again(request: Request) -> Request:
    return Request.objects.get(id=request.id)


def lines(request: Request) -> dict[str, str]:
    """The status of each line, by the label of its tube."""
    return dict(RequestLine.objects.filter(request=request).values_list("specimen__label", "status"))


def tomorrow() -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=1)

"""A request from basket to return: the whole table of status, verb and role, and what stops specimens on their way."""

from __future__ import annotations

import datetime
import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from campus import releases_things as at_hand
from campus.biobank_things import box
from campus.biobank_things import tubes as tubes_of
from campus.cast import make_cast
from campus.releases_things import World, again, at, drafted, lines, world
from campus.test_studies import at_once
from wardbench.campus.audit.models import Event
from wardbench.campus.audit.queries import verify
from wardbench.campus.biobank import custody, storing, tubes
from wardbench.campus.biobank.amounts import Amount, amount_of
from wardbench.campus.biobank.models import Collection, Consent, Specimen
from wardbench.campus.notices.models import Notice
from wardbench.campus.people.rules import NOBODY, SYSTEM, Actor, ForbiddenError
from wardbench.campus.releases import (
    agreeing,
    baskets,
    checking,
    picking,
    quoting,
    request_queries,
    requesting,
    returning,
    rules,
    shipping,
)
from wardbench.campus.releases.models import Agreement, Quote, Request, RequestLine, Shipment
from wardbench.campus.releases.picking import Outcome
from wardbench.campus.releases.rules import MOVES, OVER, Facts, Side, Status, Verb
from wardbench.campus.releases.shipping import Arrived, Noted
from wardbench.campus.studies import granting
from wardbench.campus.studies.material import use_of
from wardbench.campus.studies.models import PermitUse, Study
from wardbench.campus.studies.queries import worked_on
from wardbench.campus.studies.vocabulary import FATES
from wardbench.core.consent import Tier
from wardbench.core.errors import BusyError, InputError, NotFoundError, WardbenchError
from wardbench.core.miabis import MATERIALS

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> World:
    return world(make_cast())


KEYS = ("researcher", "student", "researcher2", "biobank_manager", "biobank_board", "data_steward", "partner", "nobody")


def waiting(by: Actor) -> list[tuple[Request, Side]]:
    """What waits for somebody, as their home page finds it."""
    return request_queries.waiting(request_queries.of_side(by, worked_on(by)))


@pytest.mark.parametrize("status", Status)
def test_every_status_verb_and_role(w: World, status: Status) -> None:
    """The rule answers as the tables say; and the verb that is not allowed changes nothing."""
    request = at(w, status, outside=status is Status.AGREEING)
    assert request.status == status
    facts = request_queries.facts_of(request)
    team = {str(w.study.investigator_id)}
    for verb, key in itertools.product(Verb, KEYS):
        actor = w.cast.actor(key)
        side = Side.RESEARCHER if actor.id in team else Side.BIOBANK if key == "biobank_manager" else None
        if side is Side.BIOBANK and status is Status.DRAFT:
            side = None
        expected = (status, verb) in MOVES and side in rules.WHO[verb]
        if verb in (Verb.USE, Verb.DESTROY, Verb.SEND_BACK):
            expected = expected and facts.with_recipient > 0
        if verb in (Verb.RESOLVE, Verb.TAKE_BACK, Verb.OPEN) or (verb is Verb.CLOSE and facts.with_recipient):
            expected = False
        assert bool(rules.may(actor, verb, facts)) == expected, (status, verb, key)
        if not expected:
            before = (lines(request), again(request).revision, Event.objects.count())
            with pytest.raises(WardbenchError):
                carry_out(w, request, verb, key)
            assert (lines(request), again(request).revision, Event.objects.count()) == before
    assert not rules.may(NOBODY, Verb.ASK, facts)


def carry_out(w: World, request: Request, verb: Verb, key: str) -> None:
    """The verb itself, with whatever it takes."""
    by: Any = w.cast.actor(key)
    line = RequestLine.objects.filter(request=request)[0]
    parcel = Shipment.objects.filter(request=request).first() or Shipment(id=uuid.uuid4(), request=request)
    what: dict[Verb, Any] = {
        Verb.EDIT: lambda: requesting.edit(request.id, {"words": "x"}, by=by),
        Verb.AMOUNTS: lambda: requesting.change_amounts(request.id, [line.id], Amount(1_000, "ml"), by=by),
        Verb.ASK: lambda: requesting.ask(request.id, by=by),
        Verb.WITHDRAW: lambda: requesting.withdraw(request.id, "x", by=by),
        Verb.RESERVE: lambda: requesting.reserve(request.id, by=by),
        Verb.REFUSE: lambda: requesting.refuse(request.id, "x", by=by),
        Verb.LEAVE_OUT: lambda: requesting.leave_out(request.id, line.id, "x", by=by),
        Verb.EXTEND: lambda: requesting.extend(request.id, at_hand.tomorrow(), by=by),
        Verb.EXPIRE: lambda: requesting.expire(request.id, by=by),
        Verb.QUOTE: lambda: quoting.quote(request.id, by=by),
        Verb.ACCEPT: lambda: quoting.accept(request.id, 1, by=by),
        Verb.DRAW_UP: lambda: agreeing.draw_up(request.id, "x", by=by),
        Verb.SIGN: lambda: agreeing.sign(request.id, "0" * 64, "x", by=by),
        Verb.PICK: lambda: picking.start(request.id, by=by),
        Verb.SCAN: lambda: picking.scan(request.id, line.specimen.label, by=by),
        Verb.PUT_BACK: lambda: picking.put_back(request.id, line.id, by=by),
        Verb.STOP: lambda: picking.stop(request.id, by=by),
        Verb.SEND: lambda: shipping.send(request.id, "dry_ice", by=by),
        Verb.OPEN: lambda: shipping.open_parcel(request.id, by=by),
        Verb.LOG: lambda: shipping.note_temperatures(parcel, [(timezone.now(), -7000)], by=by),
        Verb.RECEIVE: lambda: shipping.receive(parcel, {}, by=by),
        Verb.RESOLVE: lambda: shipping.resolve(request.id, line.id, "lost", "x", by=by),
        Verb.USE: lambda: returning.report_use(request.id, [line.id], None, by=by),
        Verb.DESTROY: lambda: returning.destroy(request.id, [line.id], "x", by=by),
        Verb.SEND_BACK: lambda: returning.send_back(request.id, [line.id], "dry_ice", by=by),
        Verb.TAKE_BACK: lambda: returning.take_back(parcel.id, [], by=by),
        Verb.CLOSE: lambda: returning.close(request.id, by=by),
    }
    what[verb]()


def test_every_status_is_reached_and_whose_turn_it_is_ends_with_it() -> None:
    reached = {Status.DRAFT} | set(MOVES.values()) | {Status.AGREEING}
    assert reached == set(Status)
    assert rules.after(Status.QUOTED, Verb.ACCEPT) is Status.READY
    assert rules.after(Status.QUOTED, Verb.ACCEPT, leaves=True) is Status.AGREEING
    assert rules.after(Status.AGREEING, Verb.SIGN) is Status.AGREEING
    assert rules.after(Status.AGREEING, Verb.SIGN, signed=True) is Status.READY
    for status in Status:
        facts = Facts(status, frozenset(), with_recipient=1)
        assert bool(rules.turns(facts)) == (status not in OVER)
        for side in rules.turns(facts):
            verb, _sentence = rules.NEXT[status, side]
            assert (status, verb) in MOVES and side in rules.WHO[verb]


def test_who_works_on_the_study_gives_nothing_to_it(w: World) -> None:
    facts = Facts(Status.ASKED, frozenset({w.gives.id}))
    assert str(rules.may(w.gives, Verb.RESERVE, facts)) == "Nobody gives specimens to a study that they work on."


def test_a_request_goes_its_whole_way_and_everybody_is_told_in_turn(w: World) -> None:
    request = at(w, Status.AGREEING, outside=True)
    assert lines(request) == {"T0-0": "reserved", "T1-0": "reserved", "T2-0": "reserved"}
    with pytest.raises(ForbiddenError, match="signed by both sides first"):
        picking.start(request.id, by=w.gives)
    assert [one[1] for one in waiting(w.asks)] == [Side.RESEARCHER]
    agreement = Agreement.objects.get(request=request)
    assert [one["label"] for one in agreement.content["material"]] == ["T0-0", "T1-0", "T2-0"]
    agreeing.sign(request.id, agreement.hash, "Dr. Who", by=w.asks)
    assert again(request).status == Status.AGREEING
    assert not waiting(w.asks) and waiting(w.gives)
    agreeing.sign(request.id, agreement.hash, "The manager", by=w.gives)
    assert again(request).status == Status.READY
    order = [line.specimen.label for line in picking.start(request.id, by=w.gives)]
    assert order == ["T2-0", "T0-0", "T1-0"], "rack by rack and box by box, not by label"
    for label in order:
        assert picking.scan(request.id, label, by=w.gives).outcome is Outcome.PICKED
    sent = at_hand.send(w, request)
    assert sent.secret and sent.secret not in sent.shipment.token
    use = PermitUse.objects.get()
    assert (use.material, use.amount) == ("Plasma", 3.0)
    assert {one.status for one in Specimen.objects.filter(lines__request=request)} == {"shipped"}
    parcel = shipping.by_secret(sent.secret)
    states = {one.id: Arrived("received") for one in parcel.lines.all()}
    shipping.receive_outside(sent.secret, states, "Somebody there", by=SYSTEM)
    assert lines(request) == dict.fromkeys(lines(request), "received")
    first, second, third = RequestLine.objects.filter(request=request).order_by("specimen__label")
    assert returning.report_use(request.id, [first.id], amount_of("0.4", "ml"), by=w.asks, thawed=True) == [600_000]
    assert returning.report_use(request.id, [second.id], None, by=w.asks, thawed=True) == [0]
    assert Specimen.objects.get(label="T1-0").thaws == 0, "nothing is left of it to be thawed again"
    assert lines(request) == {"T0-0": "received", "T1-0": "used_up", "T2-0": "received"}
    returning.destroy(request.id, [third.id], "Autoclave", by=w.asks)
    with pytest.raises(ForbiddenError, match="not accounted for"):
        returning.close(request.id, by=w.gives)
    back = returning.send_back(request.id, [first.id], "dry_ice", by=w.asks)
    with pytest.raises(BusyError, match="on its way back"):
        returning.destroy(request.id, [first.id], "x", by=w.asks)
    assert returning.take_back(back.id, ["T0-0"], by=w.gives) == (1, [])
    tube = Specimen.objects.get(label="T0-0")
    assert (tube.status, tube.reserved, tube.amount, tube.thaws) == ("out", None, 600_000, 1)
    returning.close(request.id, by=w.gives)
    assert again(request).status == Status.CLOSED
    assert all(custody.verify(one) is None for one in Specimen.objects.all())
    assert verify({})[1] is None
    assert Notice.objects.filter(person=w.cast.people["researcher"], link__contains=str(request.id)).count() >= 3


def test_only_one_of_two_gets_the_tube(w: World) -> None:
    one, other = at(w, Status.ASKED), at(w, Status.ASKED)
    requesting.reserve(one.id, by=w.gives)
    with pytest.raises(InputError, match="none of the specimens can be given"):
        requesting.reserve(other.id, by=w.gives)
    third = drafted(w, w.tubes[:4])
    with pytest.raises(BusyError, match="promised to another request"):
        requesting.ask(third.id, by=w.asks)


def withdraw_consent(w: World) -> None:
    Consent.objects.filter(donor=w.tubes[0].donor).update(withdrawn=timezone.now())


def no_terms(w: World) -> None:
    Collection.objects.update(permission={"use": "DUO:0000011", "modifiers": []})


SPOIL: dict[str, Any] = {
    "consent withdrawn": (withdraw_consent, "withdrew or objected"),
    "terms narrowed": (no_terms, "may not be used for this purpose"),
    "kept back": (
        lambda w: tubes.retain(Specimen.objects.get(label="T0-0"), True, "Needed", by=SYSTEM),
        "kept back for diagnosis",
    ),
    "permit suspended": (
        lambda w: granting.suspend(w.study.id, "A look", by=w.cast.actor("data_protection")),
        "is suspended",
    ),
    "permit revoked": (lambda w: granting.revoke(w.study.id, "A leak", by=w.cast.actor("trial_centre")), "has ended"),
    "permit used elsewhere": (lambda w: use_elsewhere(w), "The permit allows 40"),
}


def use_elsewhere(w: World) -> None:
    PermitUse.objects.create(
        permit=w.permit, kind="material", material="Plasma", amount=38, by=w.cast.people["researcher"]
    )


@pytest.mark.parametrize("case", SPOIL)
@pytest.mark.parametrize("status", [Status.DRAFT, Status.ASKED, Status.READY, Status.PICKING])
def test_permit_consent_and_terms_are_looked_at_each_time(w: World, case: str, status: Status) -> None:
    """At asking, reserving, beginning to pick, and sending; and a scan refuses the tube itself."""
    request = at(w, status)
    if status is Status.PICKING:
        for label in ("T1-0", "T2-0"):
            picking.scan(request.id, label, by=w.gives)
    spoil, sentence = SPOIL[case]
    spoil(w)
    before = lines(request)
    if status is Status.DRAFT:
        with pytest.raises(WardbenchError, match=sentence):
            requesting.ask(request.id, by=w.asks)
    elif status is Status.ASKED and case in ("consent withdrawn", "kept back"):
        left_out = requesting.reserve(request.id, by=w.gives)
        assert [label for label, _why in left_out] == ["T0-0"]
        assert Specimen.objects.get(label="T0-0").reserved is None
        return
    elif status is Status.ASKED:
        with pytest.raises(WardbenchError):
            requesting.reserve(request.id, by=w.gives)
    elif status is Status.READY:
        with pytest.raises(WardbenchError, match=sentence):
            picking.start(request.id, by=w.gives)
    else:
        found = picking.scan(request.id, "T0-0", by=w.gives)
        if case == "permit used elsewhere":
            assert found.outcome is Outcome.PICKED
            before = lines(request)
            with pytest.raises(WardbenchError, match=sentence):
                at_hand.send(w, again(request))
        else:
            assert found.outcome is Outcome.REFUSED and sentence in found.words
    assert lines(request) == before


def test_a_consent_that_is_withdrawn_after_picking_stops_the_parcel(w: World) -> None:
    request = at(w, Status.PICKING)
    for label in lines(request):
        picking.scan(request.id, label, by=w.gives)
    withdraw_consent(w)
    with pytest.raises(BusyError, match="T0-0 cannot be given: The donor withdrew"):
        at_hand.send(w, request)
    line = RequestLine.objects.get(request=request, specimen__label="T0-0")
    assert picking.put_back(request.id, line.id, by=w.gives).endswith("Freezer Rack 2 Box 1: A1")
    requesting.leave_out(request.id, line.id, "Withdrawn", by=w.gives)
    at_hand.send(w, request)
    tube = Specimen.objects.get(label="T0-0")
    assert (tube.status, tube.place, tube.reserved) == ("stored", 0, None)


@pytest.mark.parametrize(
    ("tier", "values"),
    [
        (Tier.RESEARCH, {}),
        (Tier.GENETIC, {"genetic": True}),
        (Tier.ABROAD, {"country": "US", "outside": True}),
        (Tier.CLINICAL_DATA, {}),
    ],
)
def test_each_tier_that_a_use_needs_is_asked_for(w: World, tier: Tier, values: dict[str, Any]) -> None:
    assert w.tubes[0].donor is not None
    at_hand.consent(w.tubes[0].donor, {**at_hand.ALL, tier: False})
    at_hand.let_it_leave(w.permit)
    request = drafted(w, **values)
    with pytest.raises(BusyError, match="T0-0 cannot be given: The donor's consent does not cover this use"):
        requesting.ask(request.id, by=w.asks)


def test_a_tier_that_a_use_does_not_need_is_not_asked_for(w: World) -> None:
    assert w.tubes[0].donor is not None
    at_hand.consent(w.tubes[0].donor, {**at_hand.ALL, Tier.ABROAD: False, Tier.GENETIC: False, Tier.COMMERCIAL: False})
    requesting.ask(drafted(w).id, by=w.asks)


def test_a_pool_needs_the_consent_of_everybody_in_it(w: World) -> None:
    pool = tubes.pool("POOL", [(w.tubes[0], amount_of(1, "µl")), (w.tubes[1], amount_of(1, "µl"))], by=SYSTEM)
    assert pool.donor_id is None
    line = RequestLine(specimen=Specimen.objects.select_related("collection").get(id=pool.id))
    asked = use_of(w.permit)
    assert checking.judge([line], asked)[0].verdict
    withdraw_consent(w)
    assert "withdrew" in str(checking.judge([line], asked)[0].verdict)


def test_nobody_knows_whose_it_is(w: World) -> None:
    Specimen.objects.filter(label="T0-0").update(donor=None)
    with pytest.raises(BusyError, match="Nobody knows whose it is"):
        requesting.ask(drafted(w).id, by=w.asks)


def test_what_terms_leave_to_a_person_is_judged_in_words(w: World) -> None:
    Collection.objects.update(permission={})
    request = at(w, Status.ASKED)
    with pytest.raises(InputError, match="say why it is allowed"):
        requesting.reserve(request.id, by=w.gives)
    requesting.reserve(request.id, by=w.gives, judged="Collected for just this.")
    assert again(request).content["judged"] == "Collected for just this."
    for step in (Status.QUOTED, Status.AGREEING, Status.PICKING, Status.SENT):
        at_hand.advance(w, again(request), step)
    assert again(request).status == Status.SENT


def test_the_permit_bounds_material_amount_and_donors(w: World) -> None:
    at_hand.change_permit(w.permit, material=[{"type": "Plasma", "amount": 2.5, "unit": "ml", "donors": 100}])
    with pytest.raises(ForbiddenError, match=r"The permit allows 2\.5 ml, of which 0 is used"):
        requesting.ask(drafted(w).id, by=w.asks)
    requesting.ask(drafted(w, w.tubes[:2]).id, by=w.asks)
    with pytest.raises(ForbiddenError, match=r"The permit allows 2\.5 ml, of which 2 is used"):
        requesting.ask(drafted(w, w.tubes[2:3]).id, by=w.asks)
    at_hand.change_permit(w.permit, material=[{"type": "Plasma", "amount": 40, "unit": "ml", "donors": 2}])
    with pytest.raises(ForbiddenError, match="specimens of 2 donors"):
        requesting.ask(drafted(w, w.tubes[2:3]).id, by=w.asks)
    at_hand.change_permit(w.permit, material=[{"type": "Serum", "amount": 40, "unit": "ml", "donors": 2}])
    with pytest.raises(ForbiddenError, match="does not cover Plasma"):
        requesting.ask(drafted(w).id, by=w.asks)


def test_a_mismatch_changes_nothing_and_is_on_the_record(w: World) -> None:
    request = at(w, Status.PICKING)
    before = {one.label: one.events for one in Specimen.objects.all()}
    assert picking.scan(request.id, "T5-0", by=w.gives).outcome is Outcome.OTHER
    assert picking.scan(request.id, "nonsense", by=w.gives).outcome is Outcome.UNKNOWN
    assert {one.label: one.events for one in Specimen.objects.all()} == before
    picking.scan(request.id, "T0-0", by=w.gives)
    assert picking.scan(request.id, "T0-0", by=w.gives).outcome is Outcome.ALREADY
    said = [one.detail["outcome"] for one in Event.objects.filter(verb="releases.scan").order_by("number")]
    assert said == ["other", "unknown", "picked", "already"]
    with pytest.raises(BusyError, match="neither picked nor left out"):
        at_hand.send(w, request)
    with pytest.raises(BusyError, match="put them back first"):
        picking.stop(request.id, by=w.gives)


def test_a_picked_tube_that_went_missing_or_into_a_box_does_not_hold_the_request(w: World) -> None:
    request = at(w, Status.PICKING)
    for label in ("T0-0", "T1-0"):
        picking.scan(request.id, label, by=w.gives)
    line = {one.specimen.label: one for one in RequestLine.objects.filter(request=request)}
    with pytest.raises(BusyError, match="put them back first"):
        requesting.leave_out(request.id, line["T0-0"].id, "Lost", by=w.gives)
    storing.lose([Specimen.objects.get(label="T0-0")], "Fell behind the freezer", by=w.gives)
    requesting.leave_out(request.id, line["T0-0"].id, "Lost", by=w.gives)
    storing.put([storing.Put(Specimen.objects.get(label="T1-0"), box("Freezer Rack 1 Box 1"), 5)], by=w.gives)
    assert picking.put_back(request.id, line["T1-0"].id, by=w.gives).endswith("Freezer Rack 1 Box 1: B3")
    assert lines(request) == {"T0-0": "dropped", "T1-0": "reserved", "T2-0": "reserved"}
    assert Specimen.objects.get(label="T0-0").reserved is None
    picking.stop(request.id, by=w.gives)


def test_a_picked_tube_that_was_put_elsewhere_is_scanned_again(w: World) -> None:
    request = at(w, Status.PICKING)
    for label in lines(request):
        picking.scan(request.id, label, by=w.gives)
    storing.put([storing.Put(Specimen.objects.get(label="T1-0"), box("Freezer Rack 1 Box 1"), 5)], by=w.gives)
    client, address = w.cast.client("biobank_manager"), f"/releases/requests/{request.id}/picking/"
    page = client.get(address).content.decode()
    assert "scan it again" in page and "2 of 3 picked" in page
    with pytest.raises(BusyError, match="T1-0"):
        at_hand.send(w, request)
    assert picking.scan(request.id, "T1-0", by=w.gives).outcome is Outcome.PICKED
    assert picking.scan(request.id, "T1-0", by=w.gives).outcome is Outcome.ALREADY
    at_hand.send(w, again(request))
    assert set(lines(request).values()) == {"sent"}


def test_a_part_leaves_the_rest_where_it_is_and_free(w: World) -> None:
    basket = baskets.add_basket("Parts", w.study, by=w.asks)
    baskets.fill_basket(basket, w.tubes[:1], by=w.asks)
    request = requesting.draft(basket, w.permit, by=w.asks, amount=amount_of(300, "µl"))
    requesting.edit(request.id, {"recipient": "I", "address": "Street"}, by=w.asks)
    requesting.ask(request.id, by=w.asks)
    agreeing.draw(request)
    for step in (Status.RESERVED, Status.QUOTED, Status.AGREEING, Status.PICKING):
        at_hand.advance(w, again(request), step)
    found = picking.scan(request.id, "T0-0", by=w.gives)
    assert found.outcome is Outcome.PART and found.line is not None
    picking.take_part(request.id, found.line.id, "T0-0-A", by=w.gives)
    page = w.cast.client("biobank_manager").get(f"/releases/requests/{request.id}/picking/").content.decode()
    assert "taken from T0-0<" in page
    page = w.cast.client("researcher").get(f"/releases/requests/{request.id}/agreement/").content.decode()
    assert re.search(r"What travels for it.*<th scope=.row.>T0-0</th><td>T0-0-A</td><td>0.3 ml</td>", page, re.DOTALL)
    drawn = request_queries.agreement_of(request)
    assert drawn is not None and [one["label"] for one in drawn.content["material"]] == ["T0-0"], "as it was signed"
    whole, part = Specimen.objects.get(label="T0-0"), Specimen.objects.get(label="T0-0-A")
    assert (whole.status, whole.amount, whole.reserved, whole.place) == ("stored", 700_000, None, 0)
    assert (part.status, part.amount, part.parent_id) == ("picked", 300_000, whole.id)
    assert (whole.thaws, part.thaws) == (1, 1), "it lay frozen"
    at_hand.send(w, again(request))
    assert PermitUse.objects.get().amount == pytest.approx(0.3)
    assert custody.verify(Specimen.objects.get(label="T0-0-A")) is None


def test_a_label_is_scanned_in_any_letter_case_where_one_tube_can_be_meant(w: World) -> None:
    request = at(w, Status.PICKING)
    found = picking.scan(request.id, "t0-0", by=w.gives)
    assert found.outcome is Outcome.PICKED and lines(request)["T0-0"] == "picked"
    line = RequestLine.objects.get(request=request, specimen__label="T0-0")
    assert line.scanned == "t0-0"
    (twin,) = tubes_of(w.cast, 1, prefix="t1-", donor=w.tubes[1].donor)
    assert twin.label == "t1-0"
    assert picking.scan(request.id, "t1-0", by=w.gives).outcome is Outcome.OTHER
    assert picking.scan(request.id, "T1-0", by=w.gives).outcome is Outcome.PICKED
    tubes_of(w.cast, 1, prefix="Ab")
    tubes_of(w.cast, 1, prefix="aB")
    assert picking.scan(request.id, "AB0", by=w.gives).outcome is Outcome.UNKNOWN
    assert picking.scan(request.id, "T_-0", by=w.gives).outcome is Outcome.UNKNOWN
    client, address = w.cast.client("biobank_manager"), f"/releases/requests/{request.id}/picking/"
    page = client.post(address, {"scan": "t2-0"}).content.decode()
    assert '<p class="app-scan__label">T2-0</p>' in page


def test_labels_on_a_request_lead_to_the_tube_for_whoever_sees_the_inventory(w: World) -> None:
    request = at(w, Status.ASKED)
    for key, linked in (("biobank_manager", True), ("researcher", False)):
        page = w.cast.client(key).get(f"/releases/requests/{request.id}/").content.decode()
        assert "T0-0" in page
        assert (f'href="/biobank/specimens/{w.tubes[0].id}/"' in page) is linked, key


def test_a_quote_follows_the_tariffs_and_the_newest_counts(w: World) -> None:
    bank = w.tubes[0].collection.biobank
    quoting.set_tariff(bank, "retrieval", 500, 900, by=w.gives)
    quoting.set_tariff(bank, "shipment", 4000, 6000, by=w.gives)
    request = at(w, Status.QUOTED)
    assert Quote.objects.get(request=request).cents == 3 * 500 + 4000
    quoting.set_tariff(bank, "aliquot", 250, 400, by=w.gives)
    made = quoting.quote(request.id, by=w.gives, counts={"retrieval": 1, "aliquot": 2, "shipment": 0})
    assert made.cents == 500 + 2 * 250, "work that the specimens do not ask for has its price too"
    with pytest.raises(BusyError, match="newer quote"):
        quoting.accept(request.id, 1, by=w.asks)
    Quote.objects.filter(number=2).update(until=timezone.localdate() - datetime.timedelta(days=1))
    with pytest.raises(BusyError, match="was valid until"):
        quoting.accept(request.id, 2, by=w.asks)


def test_an_agreement_is_signed_as_it_was_read(w: World) -> None:
    request = at(w, Status.AGREEING, outside=True)
    first = Agreement.objects.get(request=request)
    agreeing.sign(request.id, first.hash, "Dr. Who", by=w.asks)
    agreeing.draw_up(request.id, "Results are shared.", by=w.gives)
    with pytest.raises(BusyError, match="was changed"):
        agreeing.sign(request.id, first.hash, "The manager", by=w.gives)
    second = Agreement.objects.get(request=request, void=False)
    assert second.content["clauses"] == "Results are shared." and not request_queries.signed_by(second)
    at_hand.sign(w, again(request))
    assert again(request).status == Status.READY
    Agreement.objects.filter(id=second.id).update(content={**second.content, "cents": 1})
    with pytest.raises(BusyError, match="signed by both sides"):
        picking.start(request.id, by=w.gives)


def test_an_agreement_shows_all_that_is_signed(w: World) -> None:
    """Whoever signs a hash has read what is under it, in words."""
    about = {"sponsor": "Sponsor NV", "ethics_reference": "S70001", "retention": "Ten years", "fate": "destroy"}
    Study.objects.filter(id=w.study.id).update(**about)
    use = {"use": "DUO:0000007", "diseases": ["C18.9"], "concerns": [], "commercial": True}
    at_hand.change_permit(w.permit, purpose=use, conditions=[{"step": "ethics", "words": "Report each year."}])
    Specimen.objects.filter(label="T0-0").update(material="TissueFreshFrozen")
    request = drafted(w, outside=True, recipient_email="lab@test.example")
    agreeing.draw(request, "No third party.")
    page = unescape(w.cast.client("researcher").get(f"/releases/requests/{request.id}/agreement/").content.decode())
    page = page.partition("<article")[2].partition("</article>")[0]
    found = request_queries.agreement_of(request)
    assert found is not None
    words = {"TissueFreshFrozen": MATERIALS["TissueFreshFrozen"], "destroy": FATES["destroy"],
             "DUO:0000007": "disease specific research", "ethics": "Report each year."}  # fmt: skip

    def leaves(said: Any) -> Iterator[str]:
        for one in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
            yield from leaves(one)
        if isinstance(said, str) and said:
            yield words.get(said, said)

    missing = [one for one in leaves(found.content) if one not in page]
    assert not missing and "TissueFreshFrozen" not in page and "outside the campus" in page
    assert "What travels for it" not in page


def test_leaving_a_tube_out_draws_the_agreement_up_anew(w: World) -> None:
    request = at(w, Status.AGREEING, outside=True)
    line = RequestLine.objects.get(request=request, specimen__label="T1-0")
    requesting.leave_out(request.id, line.id, "Leaks", by=w.gives)
    assert [one["label"] for one in request_queries.agreement_of(request).content["material"]] == ["T0-0", "T2-0"]  # type: ignore[union-attr]


def test_material_leaves_only_where_it_was_approved(w: World) -> None:
    with pytest.raises(BusyError, match="approved without material that leaves"):
        requesting.ask(drafted(w, outside=True).id, by=w.asks)


@pytest.mark.parametrize("status", [Status.READY, Status.PICKING])
def test_nothing_leaves_once_the_permit_does_not_cover_that_it_leaves(w: World, status: Status) -> None:
    """An amendment may take it back while the request is under way."""
    duties = w.permit.content["obligations"]
    request = at(w, status, outside=True)
    at_hand.change_permit(w.permit, obligations=duties)
    if status is Status.READY:
        with pytest.raises(ForbiddenError, match="approved without material that leaves"):
            picking.start(request.id, by=w.gives)
    else:
        found = picking.scan(request.id, "T0-0", by=w.gives)
        assert found.outcome is Outcome.REFUSED and "approved without material that leaves" in found.words


def test_another_country_is_outside_whatever_the_request_says(w: World) -> None:
    """Or it would leave without an agreement."""
    with pytest.raises(InputError, match="the biobank is in BE"):
        requesting.ask(drafted(w, country="US").id, by=w.asks)


def test_an_empty_tube_is_not_given(w: World) -> None:
    tubes.adjust(w.tubes[0], amount_of(0, "ml"), "Dried up", by=w.gives)
    with pytest.raises(BusyError, match="T0-0 cannot be given: There is not as much of it left"):
        requesting.ask(drafted(w).id, by=w.asks)


@pytest.mark.parametrize("status", [Status.RESERVED, Status.QUOTED, Status.READY])
def test_an_ended_request_frees_its_tubes(w: World, status: Status) -> None:
    request = at(w, status)
    held = Specimen.objects.exclude(reserved=None).count()
    Request.objects.filter(id=request.id).update(reserved_until=timezone.localdate() - datetime.timedelta(days=1))
    assert held == 3 and requesting.carry_out_due(timezone.now()) == 1
    assert again(request).status == Status.EXPIRED
    assert not Specimen.objects.exclude(reserved=None).exists()
    assert requesting.carry_out_due(timezone.now()) == 0


def test_what_is_missing_and_damaged_is_settled(w: World) -> None:
    request = at(w, Status.SENT)
    at_hand.receive(w, request, T0_0=Arrived("missing"), T1_0=Arrived("damaged", "cracked"))
    assert lines(request) == {"T0-0": "missing", "T1-0": "damaged", "T2-0": "received"}
    assert [side for _one, side in waiting(w.gives)] == [Side.BIOBANK]
    line = RequestLine.objects.get(request=request, specimen__label="T0-0")
    shipping.resolve(request.id, line.id, "here", "It was never packed.", by=w.gives)
    tube = Specimen.objects.get(label="T0-0")
    assert (tube.status, tube.reserved) == ("out", None)
    with pytest.raises(ForbiddenError, match="Nothing is missing"):
        shipping.resolve(request.id, line.id, "lost", "x", by=w.gives)
    rest = [one.id for one in RequestLine.objects.filter(request=request).exclude(id=line.id)]
    back = returning.send_back(request.id, rest, "dry_ice", by=w.asks)
    assert returning.take_back(back.id, ["t1-0"], by=w.gives) == (1, ["T2-0"])
    assert lines(request)["T2-0"] == "missing"
    gone = RequestLine.objects.get(request=request, specimen__label="T2-0")
    shipping.resolve(request.id, gone.id, "lost", "The courier lost it.", by=w.gives)
    returning.close(request.id, by=w.gives)


def test_no_more_is_used_than_there_was(w: World) -> None:
    request = at(w, Status.RECEIVED)
    line = RequestLine.objects.filter(request=request)[0]
    for wrong in ("1.5", "0"):
        with pytest.raises(InputError, match="there are 1 ml"):
            returning.report_use(request.id, [line.id], amount_of(wrong, "ml"), by=w.asks)
    with pytest.raises(InputError, match="kept in ml"):
        returning.report_use(request.id, [line.id], amount_of(1, "mg"), by=w.asks)
    several = [one.id for one in RequestLine.objects.filter(request=request)]
    assert returning.report_use(request.id, several, amount_of("0.4", "ml"), by=w.asks) == [600_000] * 3
    Specimen.objects.filter(label="T1-0").update(amount=300_000)
    with pytest.raises(InputError, match=r"0\.3 ml in T1-0"):
        returning.report_use(request.id, several, amount_of("0.4", "ml"), by=w.asks)
    assert set(Specimen.objects.filter(status="away").values_list("amount", flat=True)) == {600_000, 300_000}
    assert returning.report_use(request.id, several, None, by=w.asks) == [0] * 3


def test_a_secret_opens_one_parcel_once_and_for_a_time(w: World) -> None:
    request = at(w, Status.SENT, outside=True)
    secret = shipping.open_parcel(request.id, by=w.gives)
    parcel = shipping.by_secret(secret)
    assert secret not in str(Shipment.objects.values_list())
    newer = shipping.open_parcel(request.id, by=w.gives)
    for dead in (secret, "", parcel.token):
        with pytest.raises(NotFoundError, match="opens nothing"):
            shipping.by_secret(dead)
    states = {one.id: Arrived("received") for one in parcel.lines.all()}
    with pytest.raises(InputError, match="Say of each specimen"):
        shipping.receive_outside(newer, {}, "Somebody", by=SYSTEM)
    shipping.receive_outside(newer, states, "Somebody", by=SYSTEM)
    with pytest.raises(BusyError, match="said already"):
        shipping.receive_outside(newer, states, "Somebody", by=SYSTEM)
    Shipment.objects.update(token_until=timezone.now() - datetime.timedelta(minutes=1))
    with pytest.raises(NotFoundError):
        shipping.by_secret(newer)


def test_temperatures_outside_what_was_promised_are_told(w: World) -> None:
    request = at(w, Status.SENT)
    parcel = Shipment.objects.get(request=request)
    now = timezone.now()
    readings = [(now, -7_800), (now + datetime.timedelta(hours=1), -5_900)]
    assert shipping.note_temperatures(parcel, readings, by=w.asks) == Noted(2, 0, 1)
    assert shipping.note_temperatures(parcel, [*readings, readings[0]], by=w.gives) == Noted(0, 3, 1)
    assert parcel.temperatures.count() == 2


def test_no_temperature_of_a_parcel_is_dropped_and_none_is_of_another_time(w: World) -> None:
    """A warm one would vanish behind another of the same moment; one of years ago is of another parcel."""
    parcel = Shipment.objects.get(request=at(w, Status.RECEIVED))
    clock = ZoneInfo("Europe/Brussels")
    sent = datetime.datetime(2026, 10, 24, 18, 0, tzinfo=clock)
    Shipment.objects.filter(id=parcel.id).update(sent=sent, arrived=sent + datetime.timedelta(hours=20))
    hour, day = datetime.timedelta(hours=1), datetime.timedelta(days=1)

    def note(*readings: tuple[datetime.datetime, int], lines: tuple[int, ...] = ()) -> Noted:
        return shipping.note_temperatures(parcel, readings, by=w.asks, lines=lines)

    with pytest.raises(InputError, match="Line 2: there is another temperature"):
        note((sent, -7_800), (sent, -5_900))
    with pytest.raises(InputError, match="Line 9: this is more than a day before parcel T00001 was sent"):
        note((sent, -7_800), (sent - day - hour, -7_800), lines=(7, 9))
    with pytest.raises(InputError, match="Line 1: this is more than a day after parcel T00001 arrived"):
        note((sent + 20 * hour + day + hour, -7_800))
    assert not parcel.temperatures.exists(), "a file with a fault is kept in no part"
    # The hour that the clock shows twice.
    twice = datetime.datetime(2026, 10, 25, 2, 30, tzinfo=clock)
    assert note((sent - 23 * hour, -7_800), (twice, -7_800), (twice.replace(fold=1), -7_700)) == Noted(3, 0, 0)
    assert note((twice, -7_800), (sent + 43 * hour, -7_800)) == Noted(1, 1, 0)
    with pytest.raises(InputError, match="Line 1: there is another temperature"):
        note((twice, -5_900))
    assert list(parcel.temperatures.values_list("value", flat=True)) == [-7_800, -7_800, -7_700, -7_800]


def test_a_basket_is_ones_own_and_chosen_from_what_can_be_given(w: World) -> None:
    basket = baskets.add_basket("Mine", w.study, by=w.asks)
    withdraw_consent(w)
    assert baskets.choose(basket, "Plasma", 10, by=w.asks) == 5
    chosen = [one.specimen.label for one in basket.lines.order_by("id")]
    assert "T0-0" not in chosen and chosen[0].startswith("T4")
    assert baskets.choose(basket, "Plasma", 10, by=w.asks) == 0
    with pytest.raises(InputError, match="does not cover it"):
        baskets.choose(basket, "Serum", 1, by=w.asks)
    with pytest.raises(NotFoundError):
        baskets.fill_basket(basket, w.tubes, by=w.cast.actor("researcher2"))
    with pytest.raises(InputError, match="do not work on it"):
        baskets.add_basket("Theirs", w.study, by=w.cast.actor("researcher2"))


def test_a_draft_is_seen_by_its_study_alone(w: World) -> None:
    request = at(w, Status.DRAFT)
    for key in ("biobank_manager", "researcher2", "data_steward", "nobody"):
        with pytest.raises(NotFoundError):
            request_queries.request(request.id, by=w.cast.actor(key))
    requesting.ask(request.id, by=w.asks)
    seen = {key for key in w.cast.people if request_queries.visible(w.cast.actor(key))}
    assert seen == {"researcher", "biobank_manager", "biobank_board", "biobank_board2", "data_steward",
                    "data_protection", "trial_centre"}  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_gets_the_tube() -> None:
    """On both databases: two managers reserve the same tubes for two requests, each in a connection of its own."""
    w = world(make_cast())
    requests = [at(w, Status.ASKED), at(w, Status.ASKED)]

    def work(one: Request) -> Callable[[], object]:
        return lambda: requesting.reserve(one.id, by=w.gives)

    failed = at_once(*(work(one) for one in requests))
    assert len(failed) == 1 and isinstance(failed[0], BusyError | InputError), failed
    claims = {one.reserved for one in Specimen.objects.exclude(reserved=None)}
    winner = Request.objects.get(status="reserved")
    assert claims == set(winner.lines.values_list("id", flat=True)) and len(claims) == 3
    assert all(custody.verify(one) is None for one in Specimen.objects.all())


@pytest.mark.django_db(transaction=True)
def test_of_two_scanners_at_the_same_moment_one_picks() -> None:
    w = world(make_cast())
    request = at(w, Status.PICKING)
    at_once(*(lambda: picking.scan(request.id, "T0-0", by=w.gives) for _ in range(2)))
    assert lines(request)["T0-0"] == "picked"
    assert Specimen.objects.get(label="T0-0").custody.filter(act="pick").count() == 1

"""A withdrawal stops everything at once, reaches everything that is somewhere, and ends with a proof that fits."""

from __future__ import annotations

import datetime
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from campus import biobank_things as things
from campus import releases_things as at_hand
from campus.cast import make_cast
from campus.releases_things import World, again, at, drafted, lines, world
from campus.test_studies import at_once
from wardbench.campus.audit import guards
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import consents, custody, donors, tubes, withdrawing
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import Consent, ConsentForm, CustodyEvent, Donor, DonorLink, OptOut, Specimen
from wardbench.campus.biobank.rules import KEEPERS
from wardbench.campus.counting import sessions
from wardbench.campus.notices.models import Notice
from wardbench.campus.people.roles import CARE, Role
from wardbench.campus.people.rules import SYSTEM, Actor, Affiliation, ForbiddenError
from wardbench.campus.releases import (
    baskets,
    picking,
    proving,
    reaching,
    requesting,
    returning,
    withdrawal_queries,
    withdrawals,
)
from wardbench.campus.releases.models import Agreement, Request, RequestLine, Withdrawal, WithdrawalTask
from wardbench.campus.releases.rules import LineStatus, Status
from wardbench.campus.releases.shipping import Arrived
from wardbench.campus.releases.withdrawal_rules import (
    ANSWERS,
    BANKS,
    IN_PLACE,
    Facts,
    Kind,
    Outcome,
    Reached,
    Where,
    Wish,
    is_turn,
    may_answer,
)
from wardbench.campus.samples import current, looking
from wardbench.core.consent import Tier
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.ward.samples import Query

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> World:
    return world(make_cast())


def donor(code: str = "D0") -> Donor:
    return Donor.objects.get(code=code)


def tube(label: str) -> Specimen:
    return Specimen.objects.get(label=label)


def take_back(w: World, code: str = "D0", kind: Kind = Kind.WHOLE, **values: Any) -> Withdrawal:
    return withdrawals.withdraw(donor(code), kind, by=w.cast.actor("coordinator"), **values)


def task(of: Withdrawal, what: str) -> WithdrawalTask:
    return WithdrawalTask.objects.get(withdrawal=of, what=what)


def outcomes(of: Withdrawal) -> dict[str, str]:
    return dict(WithdrawalTask.objects.filter(withdrawal=of).values_list("what", "outcome"))


@pytest.mark.parametrize(
    "status",
    [Status.DRAFT, Status.ASKED, Status.AGREEING, Status.PICKING],
)
def test_whatever_was_not_sent_is_free_at_once_and_the_rest_goes_on(w: World, status: Status) -> None:
    request = at(w, status, outside=status is Status.AGREEING)
    if status is Status.PICKING:
        picking.scan(request.id, "T0-0", by=w.gives)
    take_back(w)
    assert lines(request) == {"T0-0": "dropped", "T1-0": lines(request)["T1-0"], "T2-0": lines(request)["T2-0"]}
    assert "dropped" not in (lines(request)["T1-0"], lines(request)["T2-0"])
    assert tube("T0-0").reserved is None
    if status is Status.AGREEING:
        said = Agreement.objects.get(request=request, void=False).content["material"]
        assert [one["label"] for one in said] == ["T1-0", "T2-0"]
    if status is Status.DRAFT:
        requesting.ask(request.id, by=w.asks)
    if status is Status.PICKING:
        picking.scan(request.id, "T1-0", by=w.gives)
        picking.scan(request.id, "T2-0", by=w.gives)
        with pytest.raises(BusyError, match="put it back first"):
            at_hand.send(w, request)
        picking.put_back(request.id, request.lines.get(specimen__label="T0-0").id, by=w.gives)
    for step in at_hand.STEPS[1:]:
        if at_hand.STEPS.index(step) > at_hand.STEPS.index(Status(again(request).status)):
            at_hand.advance(w, again(request), step)
        if again(request).status == Status.SENT:
            break
    assert lines(request) == {"T0-0": "dropped", "T1-0": "sent", "T2-0": "sent"}
    told = set(Notice.objects.filter(sentence__contains="has less").values_list("person__email", flat=True))
    assert "researcher@test.example" in told


def test_asking_reserving_picking_and_sending_are_refused(w: World) -> None:
    """The checks that stand beside the freeing: where a withdrawal came in between."""
    basket = baskets.add_basket("B", w.study, by=w.asks)
    baskets.fill_basket(basket, w.tubes[:2], by=w.asks)
    take_back(w)
    assert [one.specimen.label for one in basket.lines.all()] == ["T1-0"]
    with pytest.raises(BusyError, match="withdrew"):
        requesting.ask(drafted(w, [tube("T0-0")]).id, by=w.asks)
    # What a clumsy hand put past the verb is still stopped at the next step.
    for status in (Status.ASKED, Status.READY, Status.PICKING):
        request = at(w, status, tubes=[tube("T3-0"), tube("T4-0")])
        own = Consent.objects.filter(donor=donor("D3"))
        own.update(withdrawn=timezone.now())
        if status is Status.ASKED:
            assert [label for label, _why in requesting.reserve(request.id, by=w.gives)] == ["T3-0"]
        elif status is Status.READY:
            with pytest.raises(BusyError, match="withdrew"):
                picking.start(request.id, by=w.gives)
        else:
            assert picking.scan(request.id, "T3-0", by=w.gives).outcome is picking.Outcome.REFUSED
            own.update(withdrawn=None)
            for label in ("T3-0", "T4-0"):
                picking.scan(request.id, label, by=w.gives)
            own.update(withdrawn=timezone.now())
            with pytest.raises(BusyError, match="withdrew"):
                at_hand.send(w, again(request))
        own.update(withdrawn=None)
        if status is not Status.PICKING:
            requesting.refuse(request.id, "Over", by=w.gives)


def test_it_is_not_counted_from_then_on(w: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "folder", lambda: tmp_path / "samples")
    (scope,) = looking.scopes(w.gives)
    at_once_seen = looking.look(scope, Query.of(), by=w.gives)
    assert at_once_seen.facets.total.specimens == 6
    take_back(w)
    looked = looking.look(scope, Query.of(), by=w.gives)
    assert looked.facets.total.specimens == 5 and "T0-0" not in {one.label for one in looked.specimens}
    take_back(w, "D1", Kind.DATA)
    assert looking.look(scope, Query.of(), by=w.gives).facets.total.specimens == 5
    withdrawals.withdraw(donor("D2"), Kind.TIERS, by=w.gives, tiers=[Tier.RESEARCH])
    assert looking.look(scope, Query.of(), by=w.gives).facets.total.specimens == 4
    assert current.refresh() is True
    assert looking.look(scope, Query.of(), by=w.gives).facets.total.specimens == 4
    current.latest.forget()


def test_it_reaches_the_whole_tree_and_nobody_else(w: World) -> None:
    first, other = tube("T0-0"), tube("T1-0")
    part = tubes.aliquot(first, [tubes.Part("A1", amount_of("0.2", "ml"))], by=w.gives)[0]
    tubes.derive(part, "DNA", [tubes.Part("N1")], by=w.gives)
    mixed = tubes.pool("P1", [(tube("T0-0"), amount_of("0.1", "ml")), (other, amount_of("0.1", "ml"))], by=w.gives)
    tubes.aliquot(mixed, [tubes.Part("P1a", amount_of("0.1", "ml"))], by=w.gives)
    of = take_back(w)
    assert outcomes(of) == {"T0-0": "", "A1": "gone", "N1": "", "P1": "", "P1a": ""}
    assert tube("N1").custody.order_by("number").last().act == "withdraw"  # type: ignore[union-attr]
    assert not tube("T1-0").custody.filter(act="withdraw").exists()
    with pytest.raises(BusyError, match="withdrew"):
        tubes.aliquot(tube("T0-0"), [tubes.Part("more", amount_of("0.1", "ml"))], by=w.gives)
    # What was divided before comes into the inventory late: by an import, say.
    made = things.tubes(w.cast, 1, prefix="late", donor=first.donor, parent=tube("T0-0"))[0]
    for what in ("T0-0", "N1", "P1"):
        withdrawals.answer(task(of, what).id, Outcome.DESTROYED, "Incinerated", by=w.gives)
    withdrawals.answer(task(of, "P1a").id, Outcome.KEPT, "Mixed with another; no part is of one person", by=w.gives)
    assert tube("P1").status == "disposed" and tube("P1a").status == "collected" and tube("T1-0").status == "stored"
    # What was made of it meanwhile is found before it can end.
    assert Withdrawal.objects.get().ended is None and outcomes(of)["late0"] == ""
    tubes.dispose([Specimen.objects.get(id=made.id)], "Old", by=w.gives)
    assert withdrawals.carry_out_due() == 1 and withdrawals.carry_out_due() == 0
    of = Withdrawal.objects.get()
    assert of.ended is not None and outcomes(of)["late0"] == "destroyed"


def test_whoever_has_it_answers_and_the_biobank_destroys_what_comes_back(w: World) -> None:
    request = at(w, Status.SENT)
    of = take_back(w)
    take_back(w, "D1")
    own = task(of, "T0-0")
    assert own.study_id == w.study.id and [r.task.what for r in withdrawal_queries.waiting(w.asks)] == ["T0-0", "T1-0"]
    assert Notice.objects.filter(person__email="researcher@test.example", sentence__contains="became").count() == 2
    assert withdrawal_queries.waiting(w.cast.actor("researcher2")) == []
    with pytest.raises(ForbiddenError, match="on its way"):
        withdrawals.answer(own.id, Outcome.DESTROYED, "At once", by=w.asks)
    at_hand.receive(w, again(request), T2_0=Arrived("missing"))
    with pytest.raises(InputError, match="words"):
        withdrawals.answer(own.id, Outcome.DESTROYED, " ", by=w.asks)
    with pytest.raises(InputError, match="outcome"):
        withdrawals.answer(own.id, Outcome.KEPT, "We need it", by=w.asks)
    with pytest.raises(ForbiddenError):
        withdrawals.answer(own.id, Outcome.DESTROYED, "I did", by=w.cast.actor("researcher2"))
    withdrawals.answer(own.id, Outcome.DESTROYED, "Autoclaved on Monday by A", by=w.asks)
    assert tube("T0-0").status == "disposed" and lines(request)["T0-0"] == LineStatus.DESTROYED
    assert Withdrawal.objects.get(id=of.id).ended is not None
    with pytest.raises(ForbiddenError, match="already"):
        withdrawals.answer(own.id, Outcome.DESTROYED, "Again", by=w.asks)
    line = request.lines.get(specimen__label="T1-0")
    parcel = returning.send_back(request.id, [line.id], "dry_ice", by=w.asks)
    (reach,) = withdrawal_queries.waiting(w.asks)
    assert reach.facts.where is Where.TRAVELLING and not may_answer(w.asks, reach.facts)
    returning.take_back(parcel.id, ["T1-0"], by=w.gives)
    assert withdrawal_queries.waiting(w.asks) == []
    assert [one.task.what for one in withdrawal_queries.waiting(w.gives)] == ["T1-0"]
    withdrawals.answer(reach.task.id, Outcome.DESTROYED, "Incinerated", by=w.gives)
    third = take_back(w, "D2")
    with pytest.raises(ForbiddenError, match="Biobank manager"):
        withdrawals.answer(task(third, "T2-0").id, Outcome.IMPOSSIBLE, "Lost", by=w.cast.actor("data_protection"))
    withdrawals.answer(task(third, "T2-0").id, Outcome.IMPOSSIBLE, "Never found", by=w.gives)
    assert Withdrawal.objects.filter(ended=None).count() == 0


def test_what_was_used_up_by_a_study_settles_itself(w: World) -> None:
    request = at(w, Status.RECEIVED)
    of = take_back(w)
    returning.report_use(request.id, [request.lines.get(specimen__label="T0-0").id], None, by=w.asks)
    assert withdrawals.carry_out_due() == 1
    of.refresh_from_db()
    assert outcomes(of) == {"T0-0": "gone"} and of.ended is not None


def test_what_is_kept_for_diagnosis_or_by_wish_is_kept_and_named(w: World) -> None:
    tubes.retain(tube("T0-0"), True, "Second opinion", by=w.gives)
    of = take_back(w)
    assert outcomes(of) == {"T0-0": "kept"} and of.ended is not None and tube("T0-0").status == "stored"
    (line,) = proving.shown(of).unreached
    assert line.words == reaching.FOR_DIAGNOSIS and line.where
    kept = take_back(w, "D1", wish=Wish.KEEP)
    assert outcomes(kept) == {"T1-0": "kept"} and tube("T1-0").status == "stored"


def test_a_proof_holds_what_was_done_and_notices_what_was_changed(w: World) -> None:
    tubes.pool("P1", [(tube("T0-0"), amount_of("0.1", "ml")), (tube("T1-0"), amount_of("0.1", "ml"))], by=w.gives)
    of = take_back(w)
    for one in of.tasks.filter(outcome=""):
        withdrawals.answer(one.id, Outcome.DESTROYED, "Incinerated by A", by=w.gives)
    of.refresh_from_db()
    text = json.dumps(of.proof)
    assert "D0" in text and "T1-0" not in text and "D1" not in text
    assert proving.verify(of) and {one.by for one in proving.shown(of).found} == {"Biobank manager"}
    assert Event.objects.filter(verb="releases.prove", detail__hash=of.hash).count() == 1
    changed = {**of.proof, "found": of.proof["found"][:1]}
    assert not proving.verify(Withdrawal(id=of.id, proof=changed, hash=of.hash)).fits_hash
    forged = Withdrawal(id=of.id, proof=changed, hash=proving.hash_of(changed))
    assert proving.verify(forged).fits_hash and not proving.verify(forged).on_record
    guards.remove(connection, guards.CUSTODY)
    CustodyEvent.objects.filter(specimen=tube("T0-0"), number=1).update(place="Elsewhere")
    guards.install(connection, guards.CUSTODY)
    assert proving.verify(of).broken == ("T0-0",)


def test_some_uses_are_taken_back_and_the_others_stay(w: World) -> None:
    genetic = at(w, Status.ASKED, tubes=w.tubes[:2])
    other = drafted(w, w.tubes[:2], genetic=True)
    requesting.ask(other.id, by=w.asks)
    of = take_back(w, kind=Kind.TIERS, tiers=[Tier.GENETIC])
    assert lines(other) == {"T0-0": "dropped", "T1-0": "asked"} and lines(genetic)["T0-0"] == "asked"
    given = consents.given([donor().id], [tube("T0-0").collection])[donor().id, tube("T0-0").collection_id]
    assert Tier.GENETIC not in given.tiers and Tier.RESEARCH in given.tiers and not given.withdrawn
    assert of.ended is not None and not of.tasks.exists()
    for tiers, match in (([], "which"), ([Tier.STORAGE], "everything"), ([Tier.GENETIC], "any of these")):
        with pytest.raises(InputError, match=match):
            take_back(w, kind=Kind.TIERS, tiers=tiers)
    with pytest.raises(InputError, match="after this day"):
        take_back(w, kind=Kind.TIERS, tiers=[Tier.ABROAD], received=datetime.date(2020, 1, 1))


def test_what_is_left_out_after_picking_does_not_travel_along(w: World) -> None:
    request = at(w, Status.PICKING)
    for label in ("T0-0", "T1-0", "T2-0"):
        picking.scan(request.id, label, by=w.gives)
    donor = w.tubes[0].donor
    assert donor is not None
    withdrawals.withdraw(donor, Kind.TIERS, by=w.gives, tiers=(Tier.CLINICAL_DATA,))
    client, address = w.cast.client("biobank_manager"), f"/releases/requests/{request.id}/picking/"
    page = client.get(address).content.decode()
    assert "Left out after they were picked" in page and "T0-0" in page and "2 of 2 picked" in page
    of = Withdrawal.objects.get()
    said = client.get(f"/releases/withdrawals/{of.id}/").content.decode()
    assert "was left out" in said and "nothing of this person" not in said
    with pytest.raises(BusyError, match="T0-0 was left out after it was picked"):
        at_hand.send(w, again(request))
    line = RequestLine.objects.get(request=request, specimen__label="T0-0")
    assert b"Put it back: Freezer" in client.post(address, {"back": str(line.id)}).content
    assert lines(request)["T0-0"] == "dropped" and Specimen.objects.get(label="T0-0").status == "stored"
    assert "Left out after" not in client.get(address).content.decode()
    at_hand.send(w, again(request))


def test_a_use_that_is_allowed_no_more_is_answered_for(w: World) -> None:
    at_hand.change_permit(w.permit, data="pseudonymised")
    request = at(w, Status.RECEIVED)
    of = take_back(w, kind=Kind.DATA)
    own = task(of, "T0-0")
    assert own.kind == Reached.USE and Withdrawal.objects.get().ended is None
    withdrawals.answer(own.id, Outcome.STOPPED, "The link to the record was cut", by=w.asks)
    assert Withdrawal.objects.get().ended is not None and tube("T0-0").status == "away"
    second = take_back(w, "D1", Kind.DATA)
    line = request.lines.get(specimen__label="T1-0")
    parcel = returning.send_back(request.id, [line.id], "dry_ice", by=w.asks)
    returning.take_back(parcel.id, ["T1-0"], by=w.gives)
    withdrawals.carry_out_due()
    assert outcomes(second) == {"T1-0": "returned"}
    # Without data of the record there is nothing to stop.
    at_hand.change_permit(w.permit, data="none")
    assert not take_back(w, "D2", Kind.DATA).tasks.exists()


def test_an_opt_out_of_a_patient_is_taken_back(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdrawals, "_known", lambda person, by: person == 7)
    donors.link_donor(donor(), 7, by=SYSTEM)
    dpo = w.cast.actor("data_protection")
    with pytest.raises(NotFoundError):
        withdrawals.opt_out(8, by=dpo)
    of = withdrawals.opt_out(7, by=dpo, words="By letter")
    assert of.donor is None and of.ended is not None and "D0" not in json.dumps(of.proof)
    assert withdrawing.opted_out() == {7} and withdrawing.opted_out([8]) == frozenset()
    given = consents.given([donor().id], [tube("T0-0").collection])[donor().id, tube("T0-0").collection_id]
    assert given.opted_out
    with pytest.raises(BusyError, match="already"):
        withdrawals.withdraw(donor(), Kind.DATA, by=dpo)
    withdrawals.end_opt_out(of, "By telephone", by=dpo)
    assert withdrawing.opted_out() == frozenset()
    with pytest.raises(BusyError, match="already"):
        withdrawals.end_opt_out(of, "Again", by=dpo)
    assert Event.objects.filter(verb="biobank.opt_out", patient="7").exists()


def test_a_nurse_opts_out_patients_in_care_alone(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "snapshot", lambda place: pytest.fail("looked into the store"))
    with pytest.raises(NotFoundError):
        withdrawals.opt_out(7, by=w.cast.actor("coordinator"))


def test_an_older_form_that_is_entered_later_revives_nothing(w: World) -> None:
    take_back(w)
    with pytest.raises(BusyError, match="already"):
        take_back(w)
    collection = tube("T0-0").collection
    key = donor().id, collection.id
    form, yes = ConsentForm.objects.get(), dict.fromkeys(Tier, True)
    donors.give_consent(donor(), form, yes, timezone.localdate() - datetime.timedelta(days=1), by=SYSTEM)
    assert consents.given([donor().id], [collection])[key].withdrawn
    DonorLink.objects.create(donor=donor(), person_id=7)
    assert withdrawing.opted_out() == {7}
    donors.give_consent(donor(), form, yes, timezone.localdate(), by=SYSTEM)
    assert not consents.given([donor().id], [collection])[key].withdrawn and withdrawing.opted_out() == frozenset()
    with pytest.raises(InputError, match="not come yet"):
        take_back(w, "D1", received=timezone.localdate() + datetime.timedelta(days=1))


def test_residual_material_without_any_form_is_reached(w: World) -> None:
    rest = things.collection(w.cast, "REST", basis="residual", permission=at_hand.TERMS)
    nobody = things.donor("R1")
    things.tubes(w.cast, 1, prefix="R", donor=nobody, collection=rest)
    of = take_back(w, "R1")
    assert consents.given([nobody.id], [rest])[nobody.id, rest.id].withdrawn and outcomes(of) == {"R0": ""}
    assert OptOut.objects.get().kind == "material"
    DonorLink.objects.create(donor=nobody, person_id=7)
    assert withdrawing.opted_out() == {7}, "everything that is taken back is the data, too"
    donors.give_consent(nobody, ConsentForm.objects.get(), dict.fromkeys(Tier, True), timezone.localdate(), by=SYSTEM)
    assert withdrawing.opted_out() == frozenset()


def test_a_no_on_a_newer_form_is_a_withdrawal_of_that_use(w: World) -> None:
    """Whoever has the tube is asked, what is promised is free, as if it had been written down as a withdrawal."""
    there = at(w, Status.RECEIVED, tubes=[tube("T0-0")])
    things.tubes(w.cast, 1, prefix="X", donor=donor(), collection=tube("T0-0").collection)
    held = at(w, Status.READY, tubes=[tube("X0")])
    nurse, form, today = w.cast.actor("coordinator"), ConsentForm.objects.get(), timezone.localdate()
    said = dict.fromkeys(Tier, True)
    donors.give_consent(donor(), form, said, today, by=nurse)
    assert not Withdrawal.objects.exists()
    with pytest.raises(InputError, match="takes everything back"):
        donors.give_consent(donor(), form, {**said, Tier.STORAGE: False}, today, by=nurse)
    older = today - datetime.timedelta(days=400)
    donors.give_consent(donor(), form, {**said, Tier.RESEARCH: False}, older, by=nurse)
    assert not Withdrawal.objects.exists()
    client = w.cast.client("biobank_manager")
    address = reverse("donor_consent", args=[donor().id, form.id])
    assert "takes that use back, as a withdrawal" in client.get(address).content.decode()
    given = {tier.value: "no" if tier is Tier.RESEARCH else "yes" for tier in Tier}
    assert client.post(address, {**given, "given": today.isoformat()}).status_code == 302
    of = Withdrawal.objects.get()
    assert (of.kind, of.tiers, of.donor) == ("tiers", ["research"], donor()) and of.ended is None
    page = client.get(reverse("donor", args=[donor().id])).content.decode()
    assert reverse("withdrawal", args=[of.id]) in page and "Some uses are taken back: " in page
    assert "What the donor took back" in page and "1 thing is open" in page
    assert (
        reverse("withdrawal", args=[of.id])
        not in client.get(reverse("donor", args=[things.donor("X9").id])).content.decode()
    )
    assert outcomes(of) == {"T0-0": ""} and task(of, "T0-0").study == there.study
    assert lines(held) == {"X0": "dropped"} and tube("X0").reserved is None


def test_who_may_write_one_down() -> None:
    cast = make_cast()
    for role in Role:
        own = things.donor(f"D-{role}")
        (made,) = things.tubes(cast, 1, prefix=f"{role}-", donor=own)
        if role in {*CARE, *KEEPERS, Role.DATA_PROTECTION, Role.DATA_STEWARD}:
            assert withdrawals.withdraw(own, Kind.WHOLE, by=cast.actor(role)).by_id is not None
        else:
            with pytest.raises(ForbiddenError):
                withdrawals.withdraw(own, Kind.WHOLE, by=cast.actor(role))
            assert tube(made.label).events == 1 and not Withdrawal.objects.filter(donor=own).exists()


def test_who_may_answer_for_what_where() -> None:
    """The whole table: every kind of thing, everywhere, by everybody."""
    team = Actor("t", "T", (Affiliation(Role.RESEARCHER, "o"),))
    people = [team, *(Actor(role, role, (Affiliation(role, "o"),)) for role in Role), Actor("x"), Actor("")]
    for kind, where, done, actor in itertools.product(Reached, Where, (False, True), people):
        facts = Facts(kind, where, frozenset({"t"}), done)
        keeps = actor.has(*KEEPERS)
        knows = actor is team or actor.has(*IN_PLACE)
        can = (kind, where) in ANSWERS and not done
        assert bool(may_answer(actor, facts)) == (can and knows and (keeps or where not in BANKS)), (kind, where, actor)
        turn = not done and (can or where is Where.TRAVELLING)
        assert is_turn(actor, facts) == (turn and (keeps if where in BANKS else actor is team)), (kind, where, actor)


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_nobody_claims_what_is_taken_back() -> None:
    """On both databases: a reservation and a withdrawal at once leave no specimen of the donor promised."""
    w = world(make_cast())
    request = at(w, Status.ASKED)
    failed = at_once(lambda: requesting.reserve(request.id, by=w.gives), lambda: take_back(w))
    assert all(isinstance(one, BusyError) for one in failed) and len(failed) < 2, failed
    if not Withdrawal.objects.exists():
        take_back(w)
    if again(request).status == Status.ASKED:
        requesting.reserve(request.id, by=w.gives)
    assert tube("T0-0").reserved is None and lines(request)["T0-0"] == "dropped"
    assert all(custody.verify(one) is None for one in Specimen.objects.all())


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_the_same_moment_one_counts() -> None:
    w = world(make_cast())
    at(w, Status.RECEIVED)
    own = task(take_back(w), "T0-0")
    failed = at_once(
        lambda: withdrawals.answer(own.id, Outcome.DESTROYED, "By me", by=w.asks),
        lambda: withdrawals.answer(own.id, Outcome.IMPOSSIBLE, "By them", by=w.gives),
    )
    assert len(failed) == 1 and isinstance(failed[0], BusyError | ForbiddenError | InputError), failed
    own.refresh_from_db()
    assert (own.outcome == "destroyed") == (tube("T0-0").status == "disposed")
    assert Withdrawal.objects.get().ended is not None and proving.verify(Withdrawal.objects.get())


def test_the_whole_way_on_pages(w: World) -> None:
    request = at(w, Status.RECEIVED)
    nurse, asks, gives = (w.cast.client(key) for key in ("coordinator", "researcher", "biobank_manager"))
    page = nurse.get(f"/biobank/collections/donors/{donor().id}/").content
    assert b"/releases/withdrawals/new/?donor=D0" in page
    assert b'value="D0"' in nurse.get("/releases/withdrawals/new/?donor=D0").content
    given = {"donor": "d0", "kind": "whole", "wish": "destroy", "received": timezone.localdate().isoformat()}
    assert b"There is no such donor" in nurse.post("/releases/withdrawals/new/", {**given, "donor": "D99"}).content
    here = nurse.post("/releases/withdrawals/new/", given)["Location"]
    assert b"waits for the study" in nurse.get(here).content and nurse.get(f"{here}proof/").status_code == 404
    own = WithdrawalTask.objects.get()
    thing = f"/releases/withdrawals/things/{own.id}/"
    home = asks.get("/").content
    assert b"Say what became of T0-0" in home and thing.encode() in home
    shown = asks.get(thing).content
    assert b"T0-0" in shown and b"D0" not in shown and request.reference.encode() in shown
    for stranger in ("researcher2", "physician2", "nobody", "student"):
        client = w.cast.client(stranger)
        assert client.get(thing).status_code == 404 and client.post(thing, {}).status_code == 404, stranger
    for stranger in ("researcher", "student", "ethics"):
        client = w.cast.client(stranger)
        assert client.get(here).status_code == 404 and client.get(f"{here}proof/").status_code == 404, stranger
        assert client.get("/releases/withdrawals/").status_code == 403, stranger
    assert b"errors" in asks.post(thing, {"outcome": "kept", "words": "x"}).content or own.outcome == ""
    assert asks.post(thing, {"outcome": "destroyed", "words": "Autoclaved"}).status_code == 302
    proof = gives.get(f"{here}proof/").content
    assert b"It fits" in proof and b"Autoclaved" in proof and b"T1-0" not in proof
    assert b"Has reached everything" in gives.get("/releases/withdrawals/").content
    assert b"Every withdrawal has reached everything" in gives.get("/biobank/").content
    dpo = w.cast.client("data_protection")
    assert b"Withdrawals and opt-outs" in dpo.get("/").content
    again_ = dpo.post("/releases/withdrawals/new/", {**given, "donor": "D1", "kind": "data"})["Location"]
    assert dpo.post(f"{again_}end/", {"words": "By letter"}).status_code == 302
    assert b"Taken back" in dpo.get(again_).content
    assert dpo.post("/releases/withdrawals/opt-out/", {"patient": "5"}).status_code == 200
    Request.objects.get(id=request.id)


def test_what_comes_in_after_a_withdrawal_has_ended_is_reached_too(w: World) -> None:
    of = take_back(w)
    for task in WithdrawalTask.objects.filter(outcome=""):
        withdrawals.answer(task.id, Outcome.DESTROYED, "Burnt.", by=w.gives)
    of.refresh_from_db()
    former = of.hash
    assert of.ended is not None and former and withdrawals.carry_out_due() == 0
    here = tube("T0-0").collection
    (late,) = things.tubes(w.cast, 1, prefix="LATE", donor=donor(), collection=here)
    (other,) = things.tubes(w.cast, 1, prefix="OTHER", donor=donor("D1"), collection=here)
    assert withdrawals.carry_out_due() == 1 and withdrawals.carry_out_due() == 0
    of.refresh_from_db()
    assert of.ended is None and not of.hash and Withdrawal.objects.count() == 1
    task = WithdrawalTask.objects.get(withdrawal=of, outcome="")
    assert task.specimen == late and things.again(late).custody.filter(act="withdraw").exists()
    assert not things.again(other).custody.filter(act="withdraw").exists()
    assert Event.objects.get(verb="releases.reopen_withdrawal").detail["former"] == former
    withdrawals.answer(task.id, Outcome.DESTROYED, "Burnt too.", by=w.gives)
    of.refresh_from_db()
    assert of.ended is not None and of.hash not in ("", former) and things.again(late).status == "disposed"


def test_who_agreed_anew_gives_again(w: World) -> None:
    of = take_back(w)
    for task in WithdrawalTask.objects.filter(outcome=""):
        withdrawals.answer(task.id, Outcome.DESTROYED, "Burnt.", by=w.gives)
    form = ConsentForm.objects.get()
    donors.give_consent(donor(), form, dict(at_hand.ALL), timezone.localdate(), by=SYSTEM)
    things.tubes(w.cast, 1, prefix="NEW", donor=donor(), collection=tube("T0-0").collection)
    assert withdrawals.carry_out_due() == 0
    of.refresh_from_db()
    assert of.ended is not None

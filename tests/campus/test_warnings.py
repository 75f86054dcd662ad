"""What was sent before a time outside the temperatures was found: who is told, where it stands, and that it is once."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import make_cast
from campus.releases_things import World, at, world
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import custody, equipment, exposure, tubes
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import Container, Equipment, Excursion, Specimen
from wardbench.campus.biobank.rules import Act
from wardbench.campus.biobank.tubes import Part
from wardbench.campus.notices.models import Notice
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, Actor, Affiliation
from wardbench.campus.releases import checking, picking, returning, shipping, warning, warning_rules
from wardbench.campus.releases.models import Request, Warned
from wardbench.campus.releases.rules import Status
from wardbench.campus.releases.warning_rules import Facts
from wardbench.core.errors import BusyError, InputError, NotFoundError

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def w() -> World:
    return world(make_cast())


def machine(w: World) -> Equipment:
    return equipment.add_equipment(Container.objects.get(name="Freezer"), -8600, -6000, by=w.gives)


def found(w: World, of: Equipment, *, begins: datetime.timedelta = -HOUR) -> Excursion:
    """A time outside the temperatures that began an hour ago and is over in an hour, as a log says that is read now."""
    now = timezone.now()
    (one,) = equipment.add_readings(of, [(now + begins, -2000), (now + HOUR, -8000)], by=SYSTEM)
    return one


def told(key: str, w: World) -> list[str]:
    own = Notice.objects.filter(person=w.cast.people[key]).order_by("made")
    return [str(one.sentence) for one in own if "temperatures" in one.sentence]


def warned_acts(tube: Specimen) -> list[str]:
    return [event.detail["why"] for event in things.again(tube).custody.filter(act=Act.WARN.value)]


def test_a_study_the_biobank_and_each_tube_are_told(w: World) -> None:
    request = at(w, Status.SENT)
    one = found(w, machine(w))
    warned = Warned.objects.get()
    assert warned.request == request and warned.lines.count() == 3 and not warned.seen
    assert told("researcher", w) == [warning.FOUND] and told("biobank_manager", w) == [warning.TOLD_THE_BIOBANK]
    assert Notice.objects.get(sentence=warning.FOUND).urgent, "mailed at once"
    assert not told("researcher2", w)
    for tube in w.tubes[:3]:
        (why,) = warned_acts(tube)
        assert "Freezer was outside its temperatures" in why and custody.verify(things.again(tube)) is None
        assert things.again(tube).status == "shipped" and things.again(tube).thaws == 0
    assert not warned_acts(w.tubes[4]), "what stayed is seen to in the freezer"
    equipment.judge(one, "thawed", "The log.", by=w.gives)
    assert told("researcher", w) == [warning.FOUND, warning.JUDGED["thawed"]]
    assert all(len(warned_acts(tube)) == 2 and "thawed once more" in warned_acts(tube)[1] for tube in w.tubes[:3])
    assert [things.again(tube).thaws for tube in (*w.tubes[:3], w.tubes[4])] == [1] * 4, "and may come back"
    assert all(custody.verify(things.again(tube)) is None for tube in w.tubes[:3])
    events = Event.objects.filter(verb="releases.warn_of_excursion")
    assert [event.detail["judged"] for event in events.order_by("number")] == ["", "thawed"]


def test_nothing_is_told_twice_and_what_grows_is_told_of_more(w: World) -> None:
    of = machine(w)
    at(w, Status.SENT, tubes=w.tubes[:2])
    now = timezone.now()
    equipment.add_readings(of, [(now - HOUR, -2000)], by=SYSTEM)
    assert Warned.objects.get().lines.count() == 2
    equipment.add_readings(of, [(now - HOUR / 2, -1000)], by=SYSTEM)
    assert len(told("researcher", w)) == 1, "of the same specimens nothing new is known"
    other = at(w, Status.SENT, tubes=w.tubes[2:4])
    equipment.add_readings(of, [(now + HOUR, -8000)], by=SYSTEM)
    assert set(Warned.objects.values_list("request__reference", "lines")) >= {
        (other.reference, line.id) for line in other.lines.all()
    }
    assert len(told("researcher", w)) == 2


def test_nobody_judges_what_has_grown_since_they_read_it(w: World) -> None:
    of, now = machine(w), timezone.now()
    one = found(w, of)
    equipment.add_readings(of, [(now, 2000)], by=SYSTEM)
    with pytest.raises(BusyError, match="at the same moment"):
        equipment.judge(one, "kept", "The door stood open.", by=w.gives)
    grown = Excursion.objects.get()
    assert not grown.judged and grown.highest == 2000
    equipment.judge(grown, "destroy", "It was warm.", by=w.gives)


def test_what_had_left_before_it_began_or_was_elsewhere_is_let_be(w: World) -> None:
    at(w, Status.SENT)
    now = timezone.now()
    later = [(now + HOUR, -2000), (now + 2 * HOUR, -8000)]
    equipment.add_readings(machine(w), later, by=SYSTEM)
    assert not Warned.objects.exists() and not warned_acts(w.tubes[0])


def test_what_was_made_of_it_afterwards_is_followed(w: World) -> None:
    of = machine(w)
    before = tubes.aliquot(w.tubes[0], [Part("OLD", amount_of("0.1", "ml"))], by=w.gives)[0]
    began = timezone.now()
    tubes.aliquot(things.again(w.tubes[0]), [Part("NEW", amount_of("0.1", "ml"))], by=w.gives)
    new = Specimen.objects.get(label="NEW")
    at(w, Status.SENT, tubes=[things.again(before), new])
    equipment.add_readings(of, [(began, -2000), (timezone.now() + HOUR, -8000)], by=SYSTEM)
    assert [line.specimen.label for line in Warned.objects.get().lines.all()] == ["NEW"], "OLD was never in it"


def test_a_study_says_what_it_means_and_is_asked_anew_where_more_is_known(w: World) -> None:
    request = at(w, Status.RECEIVED)
    one = found(w, machine(w))
    warned = Warned.objects.get()
    with pytest.raises(InputError):
        warning.answer(warned.id, " ", by=w.asks)
    with pytest.raises(NotFoundError):
        warning.answer(warned.id, "Mine", by=w.cast.actor("researcher2"))
    warning.answer(warned.id, "Assay 3 is left out.", by=w.asks)
    with pytest.raises(Exception, match="has said that it knows"):
        warning.answer(warned.id, "Again", by=w.asks)
    equipment.judge(one, "destroy", "All was liquid.", by=w.gives)
    warned.refresh_from_db()
    assert warned.seen is None and warned.words == "Assay 3 is left out." and warned.judged == "destroy"
    client = w.cast.client("researcher")
    assert b"had been outside their temperatures: say what it means" in client.get("/").content
    client.post(f"/releases/requests/warnings/{warned.id}/", {"words": "All of it is thrown away."})
    warned.refresh_from_db()
    assert warned.seen is not None and b"say what it means" not in client.get("/").content
    assert Event.objects.filter(verb="releases.answer_warning", detail__reference=request.reference).count() == 2


def test_it_stands_on_every_page_that_concerns_it(w: World) -> None:
    request = at(w, Status.RECEIVED)
    one = found(w, machine(w))
    manager, asks, board = (w.cast.client(key) for key in ("biobank_manager", "researcher", "biobank_board"))
    page = asks.get(f"/releases/requests/{request.id}/").content.decode()
    assert "Outside their temperatures before they were sent" in page and "Say that you know" in page
    assert "The biobank has still to say" in page and w.tubes[0].label in page
    page = manager.get(f"/releases/requests/{request.id}/").content.decode()
    assert "The study has not said yet that it knows." in page and "Say that you know" not in page
    assert "Sent before it was known" in manager.get("/biobank/").content.decode()
    page = manager.get(f"/biobank/places/excursions/{one.id}/").content.decode()
    assert request.reference in page and "waits for the study" in page
    page = manager.get(f"/biobank/specimens/{w.tubes[0].id}/").content.decode()
    assert "told of a time outside its temperatures" in page and "Freezer was outside its temperatures" in page
    warned = Warned.objects.get()
    for client in (manager, board):
        client.post(f"/releases/requests/warnings/{warned.id}/", {"words": "x"})
    warned.refresh_from_db()
    assert warned.seen is None
    assert (
        w.cast.client("researcher2").post(f"/releases/requests/warnings/{warned.id}/", {"words": "x"}).status_code
        == 404
    )


def test_a_recipient_outside_reads_it_on_the_page_of_the_parcel(w: World) -> None:
    at(w, Status.PICKING, outside=True)
    request = Request.objects.get()
    for line in request.lines.filter(status="reserved"):
        picking.scan(request.id, line.specimen.label, by=w.gives)
    sent = shipping.send(request.id, "dry_ice", by=w.gives, courier="Courier", tracking="1Z")
    found(w, machine(w))
    page = w.cast.client("nobody").post("/releases/shipments/arrived/", {"code": sent.secret}).content.decode()
    assert "had been outside their temperatures before" in page and "Freezer" not in page


def test_what_is_used_up_is_told_of_and_its_chain_is_closed(w: World) -> None:
    request = at(w, Status.RECEIVED)
    line = request.lines.order_by("specimen__label").first()
    assert line is not None
    returning.report_use(request.id, [line.id], None, by=w.asks)
    found(w, machine(w))
    assert Warned.objects.get().lines.filter(id=line.id).exists()
    assert not warned_acts(line.specimen) and things.again(line.specimen).status == "used_up"


@pytest.mark.parametrize("seen", [False, True])
def test_the_study_alone_answers(seen: bool) -> None:
    member, stranger = (Actor(name, affiliations=(Affiliation(Role.RESEARCHER, "1"),)) for name in ("a", "b"))
    told_of = Facts(frozenset({"a"}), seen)
    assert bool(warning_rules.may_answer(member, told_of)) is not seen
    assert not warning_rules.may_answer(stranger, told_of) and not warning_rules.may_answer(SYSTEM, told_of)
    assert not warning_rules.may_answer(Actor("a"), told_of), "without a role nobody answers"


def test_what_leaves_after_it_was_known_is_told_of_as_it_is_sent(w: World) -> None:
    of = machine(w)
    thawed = found(w, of)
    equipment.judge(thawed, "thawed", "The log.", by=w.gives)
    now = timezone.now()
    (kept,) = equipment.add_readings(of, [(now + 2 * HOUR, -5900), (now + 3 * HOUR, -8000)], by=SYSTEM)
    equipment.judge(kept, "kept", "The door.", by=w.gives)
    (unjudged,) = equipment.add_readings(of, [(now + 4 * HOUR, -5900), (now + 5 * HOUR, -8000)], by=SYSTEM)
    request = at(w, Status.PICKING)
    assert not Warned.objects.exists()
    page = w.cast.client("biobank_manager").get(f"/releases/requests/{request.id}/picking/").content.decode()
    for said in ("count as thawed once more", "Nothing was harmed", "has still to say"):
        assert page.count(said) == 3, "each tube on the list says so"
    for line in request.lines.all():
        picking.scan(request.id, line.specimen.label, by=w.gives)
    shipping.send(request.id, "dry_ice", by=w.gives)
    # That two hours ahead begins after the parcel left, as the clock of this test has it.
    assert [(one.excursion_id, one.judged, one.lines.count()) for one in Warned.objects.all()] == [
        (thawed.id, "thawed", 3)
    ]
    assert told("researcher", w) == [warning.JUDGED["thawed"]]
    assert not Warned.objects.filter(excursion=unjudged).exists()


def test_what_nobody_has_judged_yet_is_told_of_as_it_is_sent_and_what_harmed_nothing_is_not(w: World) -> None:
    of, now = machine(w), timezone.now()
    warm = [(now - 3 * HOUR, -5900), (now + HOUR / 60, -8000)]
    (one,) = equipment.add_readings(of, warm, by=SYSTEM)
    at(w, Status.SENT, tubes=w.tubes[:2])
    assert Warned.objects.get().judged == "" and told("researcher", w) == [warning.FOUND]
    equipment.judge(one, "kept", "The door.", by=w.gives)
    assert Warned.objects.get().judged == "kept"
    at(w, Status.SENT, tubes=w.tubes[2:4])
    assert Warned.objects.count() == 1


def test_what_is_to_be_destroyed_is_neither_reserved_nor_picked_nor_sent(w: World) -> None:
    of, now = machine(w), timezone.now()
    request = at(w, Status.PICKING)
    first, second, _third = request.lines.all()
    picking.scan(request.id, first.specimen.label, by=w.gives)
    (one,) = equipment.add_readings(of, [(now - HOUR, 2000), (now + HOUR, -8000)], by=SYSTEM)
    equipment.judge(one, "destroy", "All was liquid.", by=w.gives)
    scanned = picking.scan(request.id, second.specimen.label, by=w.gives)
    assert scanned.outcome is picking.Outcome.REFUSED and "is to be destroyed" in scanned.words
    judged = checking.judge(list(request.lines.all()), checking.asked_of(request))
    assert all("is to be destroyed" in judge.verdict.reason for judge in judged)
    tubes.aliquot(things.again(w.tubes[5]), [Part("NEW", amount_of("0.1", "ml"))], by=w.gives)
    made = Specimen.objects.get(label="NEW")
    assert exposure.exposed([made.id], judged="destroy") == {made.id: [one]}, "what is made of it is no better"

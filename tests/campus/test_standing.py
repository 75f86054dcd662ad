"""Collect for me: criteria that stand, held against planned visits and against what comes into the inventory."""

from __future__ import annotations

import datetime
import re

import pytest
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import make_cast
from campus.releases_things import World, at, change_permit, consent, world
from wardbench.campus.biobank import collection_queries, extra, storing, tubes, visiting
from wardbench.campus.biobank.models import Collection, Donor, OptOut, ProtocolVisit, Specimen, Visit
from wardbench.campus.biobank.storing import Put, put
from wardbench.campus.biobank.visiting import Planned
from wardbench.campus.notices.models import Notice
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.releases import requesting, standing, standing_matching, standing_queries
from wardbench.campus.releases.models import Basket, Standing, StandingMatch
from wardbench.campus.releases.rules import Status
from wardbench.campus.samples import current, looking
from wardbench.campus.samples.looking import Scope
from wardbench.campus.samples.rules import Mode
from wardbench.campus.studies.models import Permit
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.ward.samples import Query, range_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("samples_folder")]
PLASMA = Query.of({"material": frozenset({"Plasma"})})
MONTH = datetime.timedelta(days=30)


@pytest.fixture
def w() -> World:
    return world(make_cast())


def scope_of(w: World) -> Scope:
    return next(one for one in looking.scopes(w.asks) if one.mode is Mode.STUDY)


def kept(w: World, query: Query = PLASMA, wanted: int = 3) -> Standing:
    until = min(timezone.localdate() + MONTH, w.permit.until)
    return standing.keep(scope_of(w), query, "For me", wanted, until, by=w.asks)


def visits(w: World, *donors: Donor, material: str = "Urine") -> list[Visit]:
    """A visit today of each donor, at which `material` is planned."""
    collection = w.tubes[0].collection
    protocol = visiting.add_protocol(
        collection, f"Plan {material}", [(ProtocolVisit(name="Now", day=0, before=0, after=5), [Planned(material)])],
        by=SYSTEM,
    )  # fmt: skip
    for donor in donors:
        visiting.enrol(donor, protocol, timezone.localdate(), by=SYSTEM)
    return list(Visit.objects.filter(enrolment__protocol=protocol).order_by("enrolment__donor__code"))


def donor_of(specimen: Specimen) -> Donor:
    assert specimen.donor is not None
    return specimen.donor


def hold() -> int:
    current.refresh()
    return standing_matching.carry_out_due(timezone.now())


def test_what_was_there_before_is_not_found_and_what_comes_is(w: World) -> None:
    one = kept(w)
    assert hold() == 0 and hold() == 0
    tube = things.tubes(w.cast, 1, things.box("Freezer Rack 2 Box 2"), prefix="N", donor=donor_of(w.tubes[0]),
                        collection=w.tubes[0].collection)[0]  # fmt: skip
    things.tubes(w.cast, 1, None, prefix="S", material="Serum", donor=donor_of(w.tubes[0]))
    assert hold() == 1
    assert [match.specimen_id for match in StandingMatch.objects.filter(standing=one)] == [tube.id]
    assert hold() == 0, "each once"
    notice = Notice.objects.get(sentence=standing.NEWS)
    assert str(notice.person_id) == w.asks.id


def test_what_was_there_before_is_not_found_because_somebody_touched_it(w: World) -> None:
    early = things.tubes(w.cast, 1, None, prefix="E", donor=donor_of(w.tubes[0]), collection=w.tubes[0].collection)[0]
    one = kept(w)
    storing.move_container(things.box("Freezer Rack 1"), None, by=SYSTEM)
    storing.take_out([things.again(w.tubes[0])], by=SYSTEM)
    tubes.thaw([things.again(w.tubes[0])], by=SYSTEM)
    put([Put(things.again(w.tubes[0]), things.box("Freezer Rack 2 Box 2"), 4)], by=SYSTEM)
    assert hold() == 0 and Standing.objects.get(id=one.id).ended is None
    put([Put(early, things.box("Freezer Rack 2 Box 2"), 3)], by=SYSTEM)
    tubes.retain(things.again(w.tubes[1]), True, "For the pathologist", by=SYSTEM)
    tubes.retain(things.again(w.tubes[1]), False, "The report is out", by=SYSTEM)
    assert hold() == 2
    found = set(StandingMatch.objects.filter(standing=one).values_list("specimen", flat=True))
    assert found == {early.id, w.tubes[1].id}, "what was on its way then, and what could not be given then"


def test_what_becomes_free_by_a_later_consent_or_an_ended_reservation_is_found(w: World) -> None:
    silent, opted = things.donor("LATER"), donor_of(w.tubes[1])
    (tube,) = things.tubes(w.cast, 1, things.box("Freezer Rack 2 Box 2"), prefix="L", donor=silent,
                           collection=w.tubes[0].collection)  # fmt: skip
    out = OptOut.objects.create(donor=opted, kind="data", since=timezone.now() - MONTH)
    reserved = at(w, Status.RESERVED, tubes=[w.tubes[2]])
    one = kept(w, wanted=9)
    assert hold() == 0
    consent(donor_of(w.tubes[4]))
    assert hold() == 0, "a donor who had agreed already says nothing new by agreeing again"
    consent(silent)
    assert hold() == 1
    OptOut.objects.filter(id=out.id).update(until=timezone.now())
    requesting.withdraw(reserved.id, "Not needed", by=w.asks)
    assert hold() == 2 and hold() == 0
    found = set(StandingMatch.objects.filter(standing=one).values_list("specimen", flat=True))
    assert found == {tube.id, w.tubes[1].id, w.tubes[2].id}


def test_a_nurse_sees_what_to_take_besides_and_it_becomes_the_studys(w: World) -> None:
    agreed, opted, stranger = donor_of(w.tubes[0]), donor_of(w.tubes[1]), things.donor("NEW")
    OptOut.objects.create(donor=opted, kind="data", since=timezone.now())
    one = kept(w)
    mine, out, _new = sorted(visits(w, agreed, opted, stranger), key=lambda one: one.enrolment.donor.code)
    assert hold() >= 1
    nurse = w.cast.actor("physician")
    shown = {one.visit.id: list(one.besides) for one in collection_queries.visits(timezone.localdate(), by=nurse)}
    assert [tube.material for tube in shown[mine.id]] == ["Plasma"] and w.study.reference in shown[mine.id][0].why
    assert shown[out.id] == [], "the permit uses the record, and this donor opted out of it"
    made = visiting.collect(mine, by=nurse, besides=[shown[mine.id][0].key])
    assert [tube.material for tube in made] == ["Urine", "Plasma"]
    match = StandingMatch.objects.get(standing=one, visit=mine)
    assert match.state == standing.TAKEN and match.specimen_id == made[1].id
    put([Put(made[1], things.box("Freezer Rack 2 Box 2"), 3)], by=SYSTEM)
    assert hold() == 0, "it is the visit's, and no match of its own"
    assert standing_queries.specimens(one, w.asks) == [made[1].id]


def test_nothing_is_taken_besides_once_permit_or_consent_ends(w: World) -> None:
    kept(w)
    (visit,) = visits(w, donor_of(w.tubes[0]))
    hold()
    (asked,) = extra.wanted([visit])[visit.id]
    w.tubes[0].donor.consents.update(withdrawn=timezone.now())  # type: ignore[union-attr]
    assert extra.wanted([visit]) == {}
    w.tubes[0].donor.consents.update(withdrawn=None)  # type: ignore[union-attr]
    Permit.objects.filter(id=w.permit.id).update(suspended=timezone.now(), why_suspended="Audit")
    assert extra.wanted([visit]) == {}
    with pytest.raises(BusyError):
        visiting.collect(visit, by=w.cast.actor("physician"), besides=[asked.key])
    assert Visit.objects.get(id=visit.id).status == "planned", "nothing of it was done"
    Permit.objects.filter(id=w.permit.id).update(suspended=None, revoked=timezone.now(), why_revoked="Ended")
    hold()
    assert Standing.objects.get().ended is not None and Notice.objects.filter(sentence=standing.ENDED).exists()


def test_a_visit_that_takes_it_anyway_asks_for_nothing_besides(w: World) -> None:
    one = kept(w)
    (visit,) = visits(w, donor_of(w.tubes[0]), material="Plasma")
    assert hold() == 1 and extra.wanted([visit]) == {}
    made = visiting.collect(visit, by=SYSTEM)
    put([Put(made[0], things.box("Freezer Rack 2 Box 2"), 3)], by=SYSTEM)
    hold()
    match = StandingMatch.objects.get(standing=one)
    assert match.specimen_id == made[0].id and match.state == standing.TAKEN


def test_no_more_is_found_than_is_wanted_and_then_it_ends(w: World) -> None:
    one = kept(w, wanted=2)
    boxes = things.box("Freezer Rack 2 Box 2")
    things.tubes(w.cast, 3, boxes, prefix="N", donor=donor_of(w.tubes[0]), collection=w.tubes[0].collection)
    assert hold() == 2
    assert Standing.objects.get(id=one.id).ended is not None
    assert Notice.objects.filter(sentence=standing.MET).count() == 1


def test_a_visit_that_brought_nothing_makes_room(w: World) -> None:
    one = kept(w, wanted=1)
    first, second = visits(w, donor_of(w.tubes[0]), donor_of(w.tubes[1]))
    assert hold() == 1
    assert StandingMatch.objects.get(standing=one).visit_id == first.id
    visiting.decline(first, "donor", by=SYSTEM)
    assert hold() == 1
    assert set(StandingMatch.objects.exclude(state="dropped").values_list("visit", flat=True)) == {second.id}


def test_what_is_not_known_yet_is_left_open_and_what_is_known_counts(w: World) -> None:
    Donor.objects.filter(id=donor_of(w.tubes[0]).id).update(birth_year=1950, sex="Female")
    Donor.objects.filter(id=donor_of(w.tubes[1]).id).update(birth_year=2000, sex="Female")
    old = Query.of({"material": frozenset({"Plasma"}), "age": (range_of("60.."),), "temperature": frozenset({"-80"})})
    one = kept(w, old)
    visits(w, donor_of(w.tubes[0]), donor_of(w.tubes[1]))
    hold()
    found = StandingMatch.objects.get(standing=one)
    assert found.visit is not None and found.visit.enrolment.donor == donor_of(w.tubes[0])


def test_days_around_entry_into_a_cohort_are_those_of_the_visit(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one = kept(w)
    visit, other = visits(w, donor_of(w.tubes[0]), donor_of(w.tubes[1]))
    held = standing_matching.opened(one)
    assert held is not None
    today = (timezone.localdate() - datetime.date(1970, 1, 1)).days
    inside = standing_matching.replace(
        held, entries={1: today + 10, 2: today - 1},
        criteria=standing.Criteria(held.criteria.standing, first=-30, last=0),
    )  # fmt: skip
    assert standing_matching._inside(inside, 1, timezone.localdate())
    assert not standing_matching._inside(inside, 2, timezone.localdate())
    assert not standing_matching._inside(inside, None, timezone.localdate())
    assert visit.id != other.id


@pytest.mark.parametrize("wanted", [0, 101, 5_000])
def test_the_permit_says_how_many(w: World, wanted: int) -> None:
    with pytest.raises(InputError):
        kept(w, wanted=wanted)


def test_a_permit_that_is_used_up_waits_for_nothing(w: World) -> None:
    one = kept(w)
    change_permit(w.permit, material=[{"type": "Plasma", "amount": 0, "unit": "ml", "donors": 100}])
    assert standing_matching.opened(one) is None
    with pytest.raises(InputError):
        kept(w)


def test_criteria_are_the_studys(w: World) -> None:
    one = kept(w)
    for key in ("researcher2", "biobank_manager"):
        with pytest.raises(NotFoundError):
            standing.end(one.id, by=w.cast.actor(key))
    with pytest.raises(ForbiddenError):
        standing.keep(scope_of(w), PLASMA, "x", 1, w.permit.until, by=w.cast.actor("researcher2"))
    with pytest.raises(InputError):
        standing.change(one.id, "x", 1, w.permit.until + MONTH, by=w.asks)
    standing.end(one.id, by=w.asks)
    with pytest.raises(BusyError):
        standing.change(one.id, "x", 1, timezone.localdate(), by=w.asks)


def test_after_its_last_day_it_looks_no_more(w: World) -> None:
    one = kept(w)
    Standing.objects.filter(id=one.id).update(until=timezone.localdate() - datetime.timedelta(days=1))
    hold()
    assert Standing.objects.get().ended is not None and Notice.objects.filter(sentence=standing.OVER).exists()


def test_on_pages_from_the_finder_to_a_basket(w: World) -> None:
    asks = w.cast.client("researcher")
    page = asks.get("/samples/?material=Plasma").content.decode()
    link = re.search(r'href="(/releases/standing/new/\?[^"]*)"', page)
    assert link is not None
    address = link[1].replace("&amp;", "&")
    assert b"Material: Plasma" in asks.get(address).content
    given = {"name": "For me", "wanted": "4", "until": w.permit.until.isoformat()}
    assert b"You will hear of what comes." in asks.post(address, given, follow=True).content
    assert b"at most 100" in asks.post(address, {**given, "wanted": "1900"}).content
    one = Standing.objects.get()
    (visit,) = visits(w, donor_of(w.tubes[0]))
    box = things.box("Freezer Rack 2 Box 2")
    things.tubes(w.cast, 1, box, prefix="N", donor=donor_of(w.tubes[1]), collection=w.tubes[0].collection)
    assert hold() == 2
    nurse = w.cast.client("physician")
    key = re.search(r'name="besides" value="([^"]+)" checked', nurse.get("/biobank/visits/").content.decode())
    assert key is not None
    assert nurse.post(f"/biobank/visits/{visit.id}/", {"besides": key[1]}).status_code == 302
    here = f"/releases/standing/{one.id}/"
    shown = asks.get(here).content.decode()
    assert "N0" in shown and "can be given" in shown and "cannot be given now" not in shown
    assert b"Collect for me" in asks.get("/").content and b"For me" in asks.get("/releases/standing/").content
    asks.post(here, {"do": "basket", "basket": "new", "name": "Came"})
    assert [line.specimen.label for line in Basket.objects.get().lines.all()] == ["N0"]
    assert w.cast.client("researcher2").get(here).status_code == 404
    asks.post(here, {"do": "stop"})
    assert Standing.objects.get().ended is not None


def test_somebody_elses_collection_is_not_asked(w: World) -> None:
    other: Collection = things.collection(w.cast, "OTHER", permission={"use": "DUO:0000007", "diseases": ["gout"]})
    one = kept(w)
    protocol = visiting.add_protocol(
        other, "P", [(ProtocolVisit(name="Now", day=0, before=0, after=5), [Planned("Urine")])], by=SYSTEM
    )
    consent(donor_of(w.tubes[0]), collection=other)
    visiting.enrol(donor_of(w.tubes[0]), protocol, timezone.localdate(), by=SYSTEM)
    assert hold() == 0 and not StandingMatch.objects.filter(standing=one).exists()

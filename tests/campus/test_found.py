"""From the finder into a basket: within the permit, net of what cannot be given, all of it or some."""

from __future__ import annotations

import re
import uuid

import pytest
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import make_cast
from campus.releases_things import World, at, change_permit, world
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import custody, donors
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.models import Consent, OptOut, Specimen
from wardbench.campus.biobank.rules import Act
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.releases import baskets, found
from wardbench.campus.releases.models import Basket
from wardbench.campus.releases.rules import Status
from wardbench.campus.samples import current, looking
from wardbench.campus.samples.looking import Scope, Window
from wardbench.campus.samples.rules import Mode
from wardbench.core.errors import InputError, NotFoundError
from wardbench.ward.samples import Query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("samples_folder")]
PAGE = "/releases/requests/found/"


@pytest.fixture
def w() -> World:
    return world(make_cast())


def scope_of(w: World) -> Scope:
    return next(one for one in looking.scopes(w.asks) if one.mode is Mode.STUDY)


def labels(basket: Basket) -> list[str]:
    return list(basket.lines.order_by("specimen__label").values_list("specimen__label", flat=True))


def test_all_or_some_of_what_was_found(w: World) -> None:
    scope, by = scope_of(w), w.asks
    basket = baskets.add_basket("One", w.study, by=by)
    assert found.put_found(basket, scope, Query.of(), by=by, count=2).new == 2
    assert labels(basket) == ["T4-0", "T5-0"], "those in the first box of the first rack"
    assert found.put_found(basket, scope, Query.of(), by=by).new == 4
    assert found.put_found(basket, scope, Query.of(), by=by).new == 0
    assert set(Event.objects.values_list("verb", flat=True)) >= {"samples.list", "releases.fill_basket"}
    for count in (0, -1, 2_001):
        with pytest.raises(InputError):
            found.put_found(basket, scope, Query.of(), by=by, count=count)


def test_one_of_each_donor(w: World) -> None:
    first = w.tubes[0]
    things.tubes(w.cast, 3, None, prefix="More-", donor=first.donor, collection=first.collection)
    basket = baskets.add_basket("One", w.study, by=w.asks)
    assert found.put_found(basket, scope_of(w), Query.of(), by=w.asks, one_each=True).new == 6
    chosen = Specimen.objects.filter(label__in=labels(basket))
    assert chosen.values("donor").distinct().count() == 6
    assert found.put_found(basket, scope_of(w), Query.of(), by=w.asks, one_each=True).new == 0, "nor later"


def test_what_changed_since_it_was_counted_is_left_out_and_said(w: World) -> None:
    scope, by = scope_of(w), w.asks
    current.refresh()
    Consent.objects.filter(donor=w.tubes[0].donor).update(withdrawn="2026-01-01T00:00Z")
    custody.carry_out([Change(w.tubes[1], Act.RESERVE, values={"reserved": uuid.uuid4()})], by=SYSTEM)
    basket = baskets.add_basket("One", w.study, by=by)
    made = found.put_found(basket, scope, Query.of(), by=by)
    assert made.new == 4 and sorted(n for _why, n in made.left_out) == [1, 1]
    said = {why for why, _n in made.left_out}
    assert said == {"It is promised to another request.", "The donor withdrew or objected."}


def test_a_basket_of_another_study_or_person_stays_as_it_is(w: World) -> None:
    scope = scope_of(w)
    other = Basket.objects.create(owner=w.cast.people["researcher"], name="No study")
    with pytest.raises(InputError):
        found.put_found(other, scope, Query.of(), by=w.asks)
    mine = baskets.add_basket("Mine", w.study, by=w.asks)
    Basket.objects.filter(id=mine.id).update(owner=w.cast.people["lecturer"])
    with pytest.raises(NotFoundError):
        found.put_found(mine, scope, Query.of(), by=w.asks)


def test_more_than_a_basket_holds_is_not_cut_in_silence(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "MOST", 4)
    basket = baskets.add_basket("One", w.study, by=w.asks)
    with pytest.raises(InputError, match="how many"):
        found.put_found(basket, scope_of(w), Query.of(), by=w.asks)
    assert labels(basket) == []
    assert found.put_found(basket, scope_of(w), Query.of(), by=w.asks, count=4).new == 4


def test_from_the_page_of_counts_and_from_its_list(w: World) -> None:
    asks = w.cast.client("researcher")
    page = asks.get("/samples/").content.decode()
    link = re.search(r'href="(/releases/requests/found/\?[^"]*)"', page)
    assert link is not None
    address = link[1].replace("&amp;", "&")
    assert b"6 specimens can be given" in asks.get(address).content
    assert b"Give the new basket a name" in asks.post(address, {"basket": "new", "name": " "}).content
    answer = asks.post(address, {"basket": "new", "name": "Mine", "count": "2"}, follow=True)
    assert b"2 specimens were put into the basket." in answer.content and b"Begin the request" in answer.content
    basket = Basket.objects.get()
    ticked = re.findall(r'name="one" value="([^"]+)"', page)[:6]
    here = f"{PAGE}?in={w.study.reference}&sex=female&" + "&".join(f"one={one}" for one in ticked)
    assert b"6 specimens were ticked" in asks.get(here).content
    asks.post(here, {"basket": str(basket.id)})
    assert len(labels(basket)) == 6


def test_what_the_permit_does_not_cover_cannot_be_ticked(w: World) -> None:
    serum = things.tubes(w.cast, 1, None, prefix="S", material="Serum", donor=w.tubes[0].donor)[0]
    asks = w.cast.client("researcher")
    answer = asks.post(f"{PAGE}?in={w.study.reference}&one={serum.id}", {"basket": "new", "name": "Mine"}, follow=True)
    assert b"not among what can be given" in answer.content and Basket.objects.get().lines.count() == 0


@pytest.mark.parametrize(
    ("asked", "status"),
    [("", 403), ("?in=nothing", 403), ("?in=S&one=x", 400), ("?in=S&age=9..1", 400), ("?in=S&cohort=none", 404),
     ("?in=S&nonsense=1", 200)],
)  # fmt: skip
def test_any_address_gets_a_sentence(w: World, asked: str, status: int) -> None:
    asked = asked.replace("in=S", f"in={w.study.reference}")
    assert w.cast.client("researcher").get(f"{PAGE}{asked}").status_code == status


def test_others_reach_no_basket_from_here(w: World) -> None:
    for key in ("researcher2", "biobank_manager", "data_steward", "lecturer"):
        assert w.cast.client(key).get(f"{PAGE}?in={w.study.reference}").status_code == 403, key


def test_a_cohort_needs_a_permit_for_it_and_the_record(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    change_permit(w.permit, data="aggregated")
    hash_of = w.permit.content["cohorts"][0]
    people = [101, 102, 103]
    monkeypatch.setattr(looking.sessions, "members", lambda *_: (people, [0, 0, 0]))
    monkeypatch.setattr(looking.cohorts, "version", lambda _: None)
    monkeypatch.setattr(looking.cohorts, "definition_of", lambda _: None)
    for tube, person in zip(w.tubes, people, strict=False):
        assert tube.donor is not None
        donors.link_donor(tube.donor, person, by=SYSTEM)
    look = looking.look(scope_of(w), Query.of(), by=w.asks, window=Window(hash_of))
    assert look.facets.total.donors == 3
    # Whoever did not allow the use of the record is not found by it.
    assert w.tubes[0].donor is not None
    OptOut.objects.create(donor=w.tubes[0].donor, kind="data", since=timezone.now())
    current.refresh()
    assert looking.look(scope_of(w), Query.of(), by=w.asks).facets.total.donors == 6
    assert looking.look(scope_of(w), Query.of(), by=w.asks, window=Window(hash_of)).facets.total.donors == 2
    change_permit(w.permit, cohorts=[])
    with pytest.raises(ForbiddenError):
        looking.look(scope_of(w), Query.of(), by=w.asks, window=Window(hash_of))
    assert looking.cohorts_of(scope_of(w)) == []


def test_a_request_of_it_goes_on(w: World) -> None:
    request = at(w, Status.RESERVED)
    assert request.lines.count() == 3
    current.refresh()
    assert looking.look(scope_of(w), Query.of(), by=w.asks).facets.total.specimens == 3

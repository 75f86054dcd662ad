"""Pick lists of cases and controls: alike, each donor once, told in full, and into a basket as they were seen."""

from __future__ import annotations

import datetime
import re

import pytest
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import make_cast
from campus.releases_things import World, consent, world
from wardbench.campus.biobank.models import Consent, Donor, Specimen
from wardbench.campus.biobank.rules import Status
from wardbench.campus.releases import baskets, pairing
from wardbench.campus.releases.models import BasketLine
from wardbench.campus.releases.pairing import Side, Wish
from wardbench.campus.samples import looking
from wardbench.campus.samples.looking import Scope
from wardbench.campus.samples.rules import Mode
from wardbench.core.errors import BusyError, InputError
from wardbench.ward.samples import Query, range_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("samples_folder")]
PAGE = "/releases/requests/pairs/"
OLD = Side(Query.of({"age": (range_of("60.."),)}))
YOUNG = Side(Query.of({"age": (range_of("0..59"),)}))
ALL = Side(Query.of())


@pytest.fixture
def w() -> World:
    """Women of 70, 65, 50 and 40, men of 62 and 41, all of them plasma of one day, and somebody of unknown age."""
    made = world(make_cast())
    day = timezone.make_aware(datetime.datetime(2020, 6, 1, 12))
    ages = (70, 65, 50, 40, 62, 41)
    for tube, age, sex in zip(made.tubes, ages, ("Female",) * 4 + ("Male",) * 2, strict=True):
        assert tube.donor is not None
        Donor.objects.filter(id=tube.donor.id).update(birth_year=2020 - age, sex=sex)
        Specimen.objects.filter(id=tube.id).update(collected=day)
    unknown = things.donor("DX")
    consent(unknown)
    things.tubes(
        made.cast, 1, things.box("Freezer Rack 2 Box 2"), prefix="X", donor=unknown, collection=made.tubes[0].collection
    )
    Donor.objects.filter(id=unknown.id).update(birth_year=None)
    return made


def scope_of(w: World) -> Scope:
    return next(one for one in looking.scopes(w.asks) if one.mode is Mode.STUDY)


def labels(found: pairing.Paired) -> list[tuple[str, ...]]:
    return [tuple(found.specimens[name].label for name in (one.case, *one.controls)) for one in found.list.sets]


def test_the_most_alike_within_a_sex(w: World) -> None:
    found = pairing.pair(scope_of(w), OLD, YOUNG, Wish(3), by=w.asks)
    assert {pair[0][:2]: pair[1][:2] for pair in labels(found)} in (
        {"T0": "T2", "T1": "T3", "T4": "T5"},
        {"T0": "T3", "T1": "T2", "T4": "T5"},
    )
    after = {one.covariate: one.after for one in found.list.balance}
    assert after["sex female"] == 0.0 and after["material Plasma"] == 0.0
    assert (found.cases, found.controls, found.both, found.unknown) == (3, 3, 0, (0, 0))


def test_a_donor_of_the_cases_is_no_control_and_what_is_unknown_is_said(w: World) -> None:
    found = pairing.pair(scope_of(w), OLD, ALL, Wish(2), by=w.asks)
    assert found.both == 3 and found.unknown == (0, 1)
    assert {label[:2] for pair in labels(found) for label in pair[1:]} <= {"T2", "T3", "T5"}


def test_cases_without_enough_controls_are_told(w: World) -> None:
    found = pairing.pair(scope_of(w), OLD, YOUNG, Wish(3, 2), by=w.asks)
    assert len(found.list.sets) == 1 and len(found.list.unmatched) == 2


def test_the_list_that_was_seen_goes_into_the_basket_with_its_roles(w: World) -> None:
    scope, wish = scope_of(w), Wish(3)
    found = pairing.pair(scope, OLD, YOUNG, wish, by=w.asks)
    basket = baskets.add_basket("Pairs", w.study, by=w.asks)
    # What can be given is read as it is now, not as it was when the index was made.
    control = found.specimens[found.list.sets[0].controls[0]]
    Specimen.objects.filter(id=control.id).update(status=Status.MISSING, box=None, place=None)
    new, left_out = pairing.put_pairs(basket, scope, OLD, YOUNG, wish, found.digest, by=w.asks)
    assert new == 4 and left_out == [found.specimens[found.list.sets[0].case].label]
    roles = BasketLine.objects.filter(basket=basket).values_list("role", flat=True)
    assert sorted(roles) == ["case", "case", "control", "control"]
    Consent.objects.filter(donor=control.donor).update(withdrawn=timezone.now())
    with pytest.raises(BusyError):
        pairing.put_pairs(basket, scope, OLD, YOUNG, wish, found.digest, by=w.asks)


@pytest.mark.parametrize(
    "wish", [{"count": 0}, {"count": 201}, {"count": 1, "each": 6}, {"count": 1, "exact": ("label",)},
             {"count": 1, "close": ("amount",)}],
)  # fmt: skip
def test_a_wish_that_cannot_be(wish: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Wish(**wish)  # type: ignore[arg-type]


def test_more_than_can_be_compared_is_said(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "MOST_LOOKED_AT", 2)
    with pytest.raises(InputError):
        pairing.pair(scope_of(w), OLD, YOUNG, Wish(1), by=w.asks)


def test_from_the_finder_to_a_basket_on_pages(w: World) -> None:
    asks = w.cast.client("researcher")
    page = asks.get("/samples/?age=60..69&age=70..79").content.decode()
    as_cases = re.search(r'href="(\?[^"]*cases=[^"]*)"', page)
    assert as_cases is not None
    asks_controls = asks.get("/samples/" + as_cases[1].replace("&amp;", "&")).content.decode()
    assert "Cases: Age when it was taken: 60 to 69, 70 to 79." in asks_controls
    cases = re.search(r'name="cases" value="([^"]*)"', asks_controls)
    assert cases is not None
    young = {"in": w.study.reference, "age": ["40..49", "50..59"], "cases": cases[1].replace("&amp;", "&")}
    as_controls = re.search(r'href="(/releases/requests/pairs/[^"]*)"', asks.get("/samples/", young).content.decode())
    assert as_controls is not None
    here = as_controls[1].replace("&amp;", "&")
    assert b"Find the most alike" in asks.get(here).content
    asked = f"{here}&count=3&each=1&exact=sex&exact=material&close=age&close=stored"
    shown = asks.get(asked).content.decode()
    assert "3 cases with their controls" in shown and shown.count("app-balance__after") == 5
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', shown)
    assert seen is not None
    assert "Give the new basket a name" in asks.post(asked, {"basket": "new", "seen": seen[1]}).content.decode()
    put = asks.post(asked, {"basket": "new", "name": "Pairs", "seen": seen[1]}, follow=True).content.decode()
    assert "6 specimens were put into the basket." in put
    stale = asks.post(asked, {"basket": "new", "name": "Again", "seen": "0" * 64}).content.decode()
    assert "The inventory changed, and the list with it" in stale
    assert asks.get(f"{here}&count=0").status_code == 200
    for wrong in ("?in=S", f"?in={w.study.reference}&cases=age%3Dx", f"?in={w.study.reference}&cases={'a' * 8_001}"):
        assert asks.get(PAGE + wrong).status_code in (400, 403)
    assert w.cast.client("biobank_manager").get(here).status_code == 403

"""The pages of requests: each verb from its button, picking by scanning, and the page of a recipient outside."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campus import releases_things as at_hand
from campus.cast import make_cast
from campus.releases_things import World, again, at, lines, receive, world
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import storing
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people.rules import ForbiddenError
from wardbench.campus.releases import picking, requesting, returning, shipping
from wardbench.campus.releases.models import Agreement, Basket, Request, RequestLine
from wardbench.campus.releases.rules import Status, Verb
from wardbench.campus.releases.shipping import Arrived
from wardbench.campus.studies import ending
from wardbench.core.errors import BusyError

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> World:
    return world(make_cast())


def act(client: Client, request: Request, verb: Verb, **given: Any) -> None:
    """Press the button of a verb: its page opens, and its form leads back."""
    address = f"/releases/requests/{request.id}/{verb.value}/"
    assert client.get(address).status_code == 200
    answer = client.post(address, {"sure": "yes", **given})
    assert answer.status_code == 302, re.findall(r"error[^>]*>([^<]+)", answer.content.decode())


def test_a_draft_is_asked_for_less_of_some_and_without_others(w: World) -> None:
    request = at(w, Status.DRAFT)
    asks = w.cast.client("researcher")
    page = f"/releases/requests/{request.id}/"
    one, two, gone = request.lines.order_by("specimen__label")
    shown = asks.get(page).content.decode()
    assert shown.count('type="checkbox" name="line"') == 3 and f"{page}amounts/" in shown
    act(asks, request, Verb.AMOUNTS, chosen=[str(one.id), str(two.id)], amount="0,4", unit="ml")
    assert list(request.lines.order_by("specimen__label").values_list("amount", flat=True)) == [400_000, 400_000, None]
    for wrong in ("1.2", "0", "-1", "x"):
        answer = asks.post(f"{page}amounts/", {"chosen": [str(one.id)], "amount": wrong, "unit": "ml"})
        assert answer.status_code == 200 and b"nhsuk-error" in answer.content, wrong
    assert asks.post(f"{page}amounts/", {"chosen": [str(one.id)], "amount": "1", "unit": "mg"}).status_code == 200
    act(asks, request, Verb.AMOUNTS, chosen=[str(two.id)], amount="")
    assert list(request.lines.order_by("specimen__label").values_list("amount", flat=True)) == [400_000, None, None]
    told = Event.objects.filter(verb="releases.amounts").order_by("number").first()
    assert told is not None and told.detail["wanted"] == "0.4 ml" and len(told.detail["specimens"]) == 2
    assert asks.post(f"{page}drop/", {"line": [str(gone.id)]}).status_code == 302
    assert request.lines.count() == 2
    requesting.ask(request.id, by=w.asks)
    assert [one["amount"] for one in again(request).content["lines"]] == [400_000, 1_000_000]
    assert b'name="line"' not in asks.get(page).content
    assert asks.get(f"{page}amounts/").status_code == 403


def test_a_recipient_who_forgets_the_name_says_what_is_missing_once(w: World) -> None:
    request = at(w, Status.PICKING, outside=True)
    for line in request.lines.all():
        picking.scan(request.id, line.specimen.label, by=w.gives)
    sent = at_hand.send(w, request)
    one, two, three = sent.shipment.lines.order_by("line__specimen__label")
    outside, here = Client(headers={"host": "localhost"}), "/releases/shipments/arrived/"
    said = {"code": sent.secret, "arrived": "yes", "words": "The box was wet.", f"state_{one.id}": "missing",
            f"words_{one.id}": "Not in the bag", f"state_{two.id}": "damaged", f"words_{two.id}": "Cracked",
            f"state_{three.id}": "received"}  # fmt: skip
    page = outside.post(here, said).content.decode()
    assert "write the name" in page and "The box was wet." in page and 'value="Not in the bag"' in page
    assert re.findall(r'<option value="(\w+)" selected>', page) == ["missing", "damaged", "received"]
    assert outside.post(here, {**said, "name": "Ana"}).status_code == 200
    assert sorted(lines(request).values()) == ["damaged", "missing", "received"]
    shown = w.cast.client("biobank_manager").get(f"/releases/requests/{request.id}/").content.decode()
    assert "Not in the bag" in shown and "Cracked" in shown
    # A remark settles nothing: whoever gave the specimens says what became of what is missing.
    assert f"/releases/requests/{request.id}/resolve/" in shown
    asks = w.cast.client("researcher")
    act(asks, request, Verb.DESTROY, chosen=[str(two.line_id), str(three.line_id)], how="Autoclave")
    with pytest.raises(ForbiddenError):
        returning.close(request.id, by=w.gives)
    act(w.cast.client("biobank_manager"), request, Verb.RESOLVE, line=str(one.line_id), where="lost", words="Searched")
    returning.close(request.id, by=w.gives)


def test_a_study_ends_once_its_specimens_are_accounted_for(w: World) -> None:
    request = at(w, Status.RECEIVED)
    owner = w.cast.client("researcher")
    page = f"/studies/{w.study.id}/do/close/"
    said = owner.post(page, {"reason": "Done."}, follow=True).content.decode()
    assert f"3 specimens of request {request.reference} are not accounted for" in said
    assert w.study.__class__.objects.get(id=w.study.id).closed is None
    one, two, back = request.lines.all()
    returning.report_use(request.id, [one.id], None, by=w.asks)
    returning.destroy(request.id, [two.id], "Autoclave", by=w.asks)
    with pytest.raises(BusyError, match="1 specimen of request"):
        ending.close(w.study.id, "Done.", by=w.asks)
    returning.send_back(request.id, [back.id], "dry_ice", by=w.asks)
    ending.close(w.study.id, "Done.", by=w.asks)
    assert w.study.__class__.objects.get(id=w.study.id).closed is not None


def test_the_whole_way_on_pages(w: World) -> None:
    at_hand.let_it_leave(w.permit)
    asks, gives = w.cast.client("researcher"), w.cast.client("biobank_manager")
    asks.post("/releases/requests/baskets/", {"name": "Mine", "study": str(w.study.id)})
    basket = Basket.objects.get()
    here = f"/releases/requests/baskets/{basket.id}/"
    asks.post(here, {"do": "choose", "material": "Plasma", "count": "2", "amount": "0.5", "unit": "ml"})
    assert b"T4-0" in asks.get(here).content
    assert asks.post(here, {"do": "draft"}).status_code == 302
    request = Request.objects.get()
    about = {"recipient": "Lab", "address": "Street 1", "country": "FR", "outside": "on"}
    act(asks, request, Verb.EDIT, **about)
    act(asks, request, Verb.ASK)
    page = f"/releases/requests/{request.id}/"
    assert b"It waits for: the biobank" in gives.get(page).content
    act(gives, request, Verb.RESERVE, until=at_hand.tomorrow().isoformat())
    act(gives, request, Verb.QUOTE, until=at_hand.tomorrow().isoformat(), administration=1, retrieval=2, aliquot=0,
        shipment=1)  # fmt: skip
    act(asks, request, Verb.ACCEPT)
    seen = Agreement.objects.get().hash
    for client in (asks, gives):
        assert b"Street 1" in client.get(f"{page}agreement/").content
        assert b"agreement/sign/" in client.get(f"{page}agreement/").content
        unsigned = 2 if client is asks else 1
        assert client.get(f"{page}agreement/").content.count(b"Name, day, signature") == unsigned, "lines to sign on"
        client.post(f"{page}agreement/sign/", {"hash": seen, "name": "Somebody", "read": "on"})
    assert again(request).status == Status.READY
    act(gives, request, Verb.PICK)
    for label in lines(request):
        assert label.encode() in gives.post(f"{page}picking/", {"scan": label}).content
    act(gives, request, Verb.SEND, conditions="dry_ice", courier="C", tracking="1")
    sent = gives.get(page).content
    code = re.search(rb"<code>([^<]+)</code>", sent)
    assert code is not None and b"<code>" not in gives.get(page).content
    assert re.search(rb"https?://[a-z.:0-9]+/releases/shipments/arrived/<", sent), (
        "the address as somebody outside types it"
    )
    out = request.shipments.get()
    now = f"{timezone.localtime():%Y-%m-%d %H:%M}"
    act(gives, request, Verb.LOG, parcel=str(out.id), readings=f"{now}, -79.5\n{now}, -79.5")
    assert b"1 temperature is kept. 1 was there already." in gives.get(page).content
    faulty = {"parcel": str(out.id), "readings": f"time, value\n{now}, -79.5\n\n2020-01-31 14:00, -79.5"}
    assert b"Line 4: this is more than a day before parcel T00001 was sent" in gives.post(f"{page}log/", faulty).content
    assert out.temperatures.count() == 1
    outside = Client(headers={"host": "localhost"})
    shown = outside.post("/releases/shipments/arrived/", {"code": code[1].decode()})
    assert b"T4-0" in shown.content and b"Plasma" not in shown.content and w.study.title.encode() not in shown.content
    fields = dict.fromkeys(re.findall(r'name="(state_\d+)"', shown.content.decode()), "received")
    fields[min(fields).replace("state", "words")] = "A little frost"
    done = outside.post(
        "/releases/shipments/arrived/", {"code": code[1].decode(), "arrived": "yes", "name": "Ana", **fields}
    )
    assert b"The biobank knows what arrived" in done.content
    assert again(request).status == Status.RECEIVED
    assert b"A little frost" in gives.get(page).content
    one, other = RequestLine.objects.filter(request=request)
    # An empty amount says that all is used up: nothing is chosen before somebody does.
    assert not re.search(rb'name="chosen"[^>]* checked', asks.get(f"{page}use/").content)
    act(asks, request, Verb.USE, chosen=[str(one.id)], amount="", words="Assay")
    act(asks, request, Verb.SEND_BACK, chosen=[str(other.id)], conditions="dry_ice")
    back = request.shipments.get(back=True)
    offered = re.findall(r'<option value="([0-9a-f-]{36})"', gives.get(f"{page}log/").content.decode())
    assert offered == [str(back.id), str(out.id)], "the latest first"
    act(asks, request, Verb.LOG, parcel=str(back.id), readings=f"{now}, -50")
    assert [one.temperatures.count() for one in (out, back)] == [1, 1]
    assert asks.get(page).content.count(b"Outside its temperatures") == 1
    act(gives, request, Verb.TAKE_BACK, parcel=str(back.id), scanned=other.specimen.label)
    act(gives, request, Verb.CLOSE)
    assert b"Nobody has to do anything now" in asks.get(page).content


def test_the_page_of_a_request_asks_once_for_what_its_rules_need(w: World) -> None:
    request, client = at(w, Status.RECEIVED), w.cast.client("biobank_manager")
    with CaptureQueriesContext(connection) as found:
        assert client.get(f"/releases/requests/{request.id}/").status_code == 200
    said = [one["sql"] for one in found.captured_queries]
    assert sum('"releases_requestline"."reason" AS "reason"' in one for one in said) == 1
    assert sum('"releases_agreement"."provider_at" AS "provider_at"' in one for one in said) == 1


def test_what_left_is_written_down_at_its_request_and_not_on_the_page_of_the_tube(w: World) -> None:
    request, client = at(w, Status.RECEIVED), w.cast.client("biobank_manager")
    tube = Specimen.objects.get(label="T0-0")
    page = client.get(f"/biobank/specimens/{tube.id}/").content.decode()
    for name in ("use", "dispose", "lose"):
        assert f"/{name}/" not in page
        assert client.post(f"/biobank/specimens/{tube.id}/{name}/", {"why": "Because"}).status_code == 403
    assert Specimen.objects.get(id=tube.id).status == "away" and lines(request)["T0-0"] == "received"


def test_what_was_missing_in_a_parcel_is_found_at_its_request_until_it_is_given_up(w: World) -> None:
    request, client = at(w, Status.SENT), w.cast.client("biobank_manager")
    receive(w, request, T0_0=Arrived("missing"))
    tube = Specimen.objects.get(label="T0-0")
    address = f"/biobank/specimens/{tube.id}/find/"
    assert client.post(address, {"why": "Under the bench"}).status_code == 403
    line = RequestLine.objects.get(request=request, specimen=tube)
    shipping.resolve(request.id, line.id, "lost", "The courier lost it.", by=w.gives)
    assert client.post(address, {"why": "Under the bench"}).status_code == 302
    tube.refresh_from_db()
    assert (tube.status, tube.reserved) == ("out", None)


def test_a_mismatch_cannot_be_missed(w: World) -> None:
    request = at(w, Status.PICKING)
    gives = w.cast.client("biobank_manager")
    page = f"/releases/requests/{request.id}/picking/"
    assert b"autofocus" in gives.get(page).content
    for label in ("T5-0", "nonsense"):
        said = gives.post(page, {"scan": label}).content.decode()
        assert 'app-scan--bad" role="alert"' in said and "STOP" in said and label in said
    fragment = gives.post(page, {"scan": "T0-0"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and 'role="status"' in fragment and "1 of 3 picked" in fragment
    assert stopped(fragment) == ["T5-0", "nonsense"] and 'role="alert"' not in fragment, "they stand, and are said once"
    line = RequestLine.objects.get(request=request, specimen__label="T0-0")
    assert b"Put it back: Freezer" in gives.post(page, {"back": str(line.id)}).content
    assert Specimen.objects.get(label="T0-0").status == "stored"


def stopped(page: str) -> list[str]:
    """The labels that stand as not belonging in the parcel."""
    return re.findall(r'app-scan--bad"[^>]*>.*?app-scan__label">([^<]+)', page)


def test_a_wrong_tube_stands_until_somebody_says_that_it_was_put_back(w: World) -> None:
    request = at(w, Status.PICKING)
    gives = w.cast.client("biobank_manager")
    page = f"/releases/requests/{request.id}/picking/"
    for label in ("T0-0", "T5-0", "T1-0", "T2-0"):
        said = gives.post(page, {"scan": label}).content.decode()
    assert "3 of 3 picked" in said and stopped(said) == ["T5-0"] and "Send the parcel" not in said
    assert stopped(gives.get(page).content.decode()) == ["T5-0"], "also when the page is loaded again"
    with pytest.raises(BusyError, match="T5-0 was scanned and does not belong"):
        at_hand.send(w, request)
    (number,) = re.findall(r'name="aside" value="(\d+)"', said)
    picked = Event.objects.filter(verb="releases.scan").order_by("number").first()
    assert picked is not None
    for wrong in (picked.number, int(number) + 1_000, "x", "9" * 40):
        answer = gives.post(page, {"aside": wrong}).content.decode()
        assert "no such scan" in answer and number in answer, wrong
    other = at(w, Status.PICKING, tubes=w.tubes[3:4])
    assert b"no such scan" in gives.post(f"/releases/requests/{other.id}/picking/", {"aside": number}).content
    assert w.cast.client("researcher").post(page, {"aside": number}).status_code == 403
    for _twice in range(2):
        said = gives.post(page, {"aside": number}).content.decode()
        assert not stopped(said) and "Send the parcel" in said
    told = Event.objects.filter(verb="releases.put_aside").order_by("number").first()
    assert told is not None and told.detail["scanned"] == "T5-0" and told.actor == str(w.gives.id)
    gives.post(page, {"scan": "T5-0"})
    with pytest.raises(BusyError, match="T5-0 was scanned"):
        at_hand.send(w, request)
    again_number = Event.objects.filter(verb="releases.scan").order_by("-number")[0].number
    gives.post(page, {"aside": again_number})
    at_hand.send(w, again(request))


def test_why_a_tube_may_not_be_given_stands_with_it(w: World) -> None:
    request = at(w, Status.PICKING)
    Specimen.objects.filter(label="T1-0").update(retained=True)
    gives = w.cast.client("biobank_manager")
    page = f"/releases/requests/{request.id}/picking/"
    gives.post(page, {"scan": "T1-0"})
    gives.post(page, {"scan": "T0-0"})
    said = gives.get(page).content.decode()
    assert stopped(said) == ["T1-0"] and "It is kept back for diagnosis." in said
    assert stopped(gives.post(page, {"scan": "T0-0"}).content.decode()) == ["T1-0"], "a double reading is no wrong tube"


def test_a_tube_that_is_not_in_its_place_is_left_out_and_missing_in_one_act(w: World) -> None:
    request = at(w, Status.PICKING)
    line = {one.specimen.label: str(one.id) for one in RequestLine.objects.filter(request=request)}
    gives = w.cast.client("biobank_manager")
    page = f"/releases/requests/{request.id}/picking/"
    gives.post(page, {"scan": "T0-0"})
    shown = gives.get(page).content.decode()
    assert set(re.findall(r'name="missing" value="([^"]+)"', shown)) == {line["T1-0"], line["T2-0"]}
    for wrong in (line["T0-0"], "x"):
        assert "STOP" in gives.post(page, {"missing": wrong}).content.decode()
    assert Specimen.objects.get(label="T0-0").status == "picked" and lines(request)["T0-0"] == "picked"
    said = gives.post(page, {"missing": line["T1-0"]}).content.decode()
    assert "T1-0 is left out, and missing from now on." in said and "1 of 2 picked" in said
    tube = Specimen.objects.get(label="T1-0")
    assert (tube.status, tube.reserved, tube.box) == ("missing", None, None) and lines(request)["T1-0"] == "dropped"
    assert re.search(r"T1-0.*?Missing</span> Left out", said, re.DOTALL), "and the list says so"
    verbs = set(Event.objects.order_by("-number").values_list("verb", flat=True)[:3])
    assert verbs == {"releases.leave_out", "biobank.lose", "releases.not_in_place"}
    # One that was marked as missing on its own page stands as missing, and is left out by the same button.
    storing.lose([Specimen.objects.get(label="T2-0")], "Not there", by=w.gives)
    shown = gives.get(page).content.decode()
    assert shown.count(">Missing</span>") == 2 and "1 of 2 picked" in shown and "Send the parcel" not in shown
    said = gives.post(page, {"missing": line["T2-0"]}).content.decode()
    assert "1 of 1 picked" in said and "Send the parcel" in said
    at_hand.send(w, again(request))
    assert lines(request) == {"T0-0": "sent", "T1-0": "dropped", "T2-0": "dropped"}


def test_a_tube_is_both_left_out_and_missing_or_neither(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    request = at(w, Status.PICKING)
    line = RequestLine.objects.get(request=request, specimen__label="T1-0")

    def refused(*_given: Any, **_named: Any) -> None:
        raise BusyError("no")

    monkeypatch.setattr(storing, "lose", refused)
    with pytest.raises(BusyError):
        picking.not_in_place(request.id, line.id, by=w.gives)
    assert lines(request)["T1-0"] == "reserved" and Specimen.objects.get(label="T1-0").reserved == line.id


def test_pages_are_for_those_whom_they_concern(w: World) -> None:
    request = at(w, Status.RESERVED)
    page = f"/releases/requests/{request.id}/"
    for key, status in (("researcher", 200), ("biobank_manager", 200), ("data_steward", 200), ("researcher2", 404)):
        client = w.cast.client(key)
        assert client.get(page).status_code == status
        assert client.get("/releases/requests/").status_code == 200
        assert (request.reference.encode() in client.get("/releases/requests/").content) == (status == 200)
    assert w.cast.client("researcher").get(f"{page}quote/").status_code == 403
    assert w.cast.client("biobank_manager").get(f"{page}quote/").status_code == 200
    assert w.cast.client("biobank_manager").get("/releases/requests/tariffs/").status_code == 200
    # Where tubes stand is the biobank's to know.
    assert b"Freezer" not in w.cast.client("researcher").get(page).content
    assert b"Freezer" in w.cast.client("biobank_manager").get(page).content


def test_codes_cannot_be_guessed_for_long(w: World) -> None:
    request = at(w, Status.SENT, outside=True)
    code = shipping.open_parcel(request.id, by=w.gives)
    cache.clear()
    outside = Client(headers={"host": "localhost"})
    answers = [outside.post("/releases/shipments/arrived/", {"code": f"guess{n}"}).status_code for n in range(21)]
    assert answers[:20] == [200] * 20 and answers[20] == 429
    assert outside.post("/releases/shipments/arrived/", {"code": code}).status_code == 429
    cache.clear()
    answer = outside.post("/releases/shipments/arrived/", {"code": code})
    assert b"T0-0" in answer.content and answer.headers["Referrer-Policy"] == "no-referrer"

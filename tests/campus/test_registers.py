"""The registers of human body material, and how the biobank does: who reads them, and that they say what happened."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import io
from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from hypothesis import given
from hypothesis import strategies as st

from campus import biobank_things as things
from campus import releases_things as releases
from campus.cast import Cast, make_cast
from wardbench.campus.audit import guards
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import tubes
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import CustodyEvent, Specimen
from wardbench.campus.biobank.tubes import Part
from wardbench.campus.catalogue import recovered, register_views, registers
from wardbench.campus.catalogue.measures import age_band, spread
from wardbench.campus.catalogue.performance import performance
from wardbench.campus.catalogue.registers import Kind, Period
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import ForbiddenError
from wardbench.campus.releases import quoting, request_queries, requesting, settling, withdrawals
from wardbench.campus.releases.models import Quote, Request, RequestLine, Shipment
from wardbench.campus.releases.rules import Status
from wardbench.core.workbook import read_workbook

READERS = (Role.BIOBANK_MANAGER, Role.BIOBANK_BOARD, Role.DATA_STEWARD, Role.DATA_PROTECTION)
TODAY = timezone.localdate()
NOW = Period(TODAY, TODAY)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def rows(cast: Cast, kind: Kind, period: Period = NOW, collection: str = "") -> list[dict[str, str]]:
    found = registers.read(kind, period, by=cast.actor("biobank_manager"), collection=collection)
    return [dict(zip(found.headers, row, strict=True)) for row in found.rows(found.found)]


def test_what_is_given_stands_with_to_whom_why_and_under_what(cast: Cast) -> None:
    w = releases.world(cast)
    request = releases.at(w, Status.RECEIVED, outside=True)
    given = rows(cast, Kind.GIVEN)
    assert [one["Specimen"] for one in given] == sorted(one.label for one in w.tubes[:3])
    one = given[0]
    assert one["To whom"] == "Institute" and one["Country"] == "BE" and one["Study"] == w.study.reference
    assert one["Purpose"] and one["Permit"].startswith(w.permit.hash[:12]) and one["Day"] == TODAY.isoformat()
    agreement = request.agreements.get(void=False)
    assert one["Agreement"].startswith(agreement.hash[:12]), "who signed what"
    assert one["Amount"] == "1 ml"
    assert one["Parcel"] == request.shipments.get().reference and one["What became of it"] == "Received"
    received = rows(cast, Kind.RECEIVED)
    assert {one["Specimen"] for one in received} == {one.label for one in w.tubes}
    assert received[0]["Amount"] == "1 ml" and received[0]["On what it rests"] == "Written consent"
    tubes.dispose([Specimen.objects.get(id=w.tubes[5].id)], "The box fell", by=w.gives)
    (gone,) = rows(cast, Kind.ENDED)
    assert gone["Specimen"] == w.tubes[5].label and gone["Why"] == "The box fell" and gone["By"] == w.gives.name


def test_what_was_made_here_was_not_received_once_more(cast: Cast) -> None:
    """Three tubes came in, however many are made of them."""
    by = cast.actor("biobank_manager")
    things.freezer()
    first, second, third = things.tubes(cast, 3)
    tubes.aliquot(first, [Part("A1", amount_of("0.3", "ml"))], by=by)
    tubes.derive(things.again(first), "DNA", [Part("N1", amount_of("5", "ug"))], amount_of("0.1", "ml"), by=by)
    tubes.pool("P1", [(second, amount_of("0.2", "ml")), (third, amount_of("0.2", "ml"))], by=by)
    assert [one["Specimen"] for one in rows(cast, Kind.RECEIVED)] == ["T0", "T1", "T2"]
    assert Specimen.objects.count() == 6


@contextlib.contextmanager
def rewriting(table: str) -> Iterator[None]:
    """Time passes: events of a table may be written with other days, within this test's transaction."""
    guards.remove(connection, table)
    yield
    guards.install(connection, table)


def test_a_register_holds_its_days_and_its_collection(cast: Cast) -> None:
    made = things.tubes(cast, 3)
    things.tubes(cast, 1, prefix="O", collection=things.collection(cast, "OTHER"))
    first, last = (
        timezone.make_aware(datetime.datetime.combine(TODAY, datetime.time())) - datetime.timedelta(days=days)
        for days in (9, 8)
    )
    with rewriting(guards.CUSTODY):
        CustodyEvent.objects.filter(specimen=made[0]).update(at=first)
        CustodyEvent.objects.filter(specimen=made[1]).update(at=last)
    day = Period(first.date(), first.date())
    assert [one["Specimen"] for one in rows(cast, Kind.RECEIVED, day)] == ["T0"], "the next midnight is the next day"
    assert len(rows(cast, Kind.RECEIVED, Period(first.date(), TODAY))) == 4
    assert [one["Specimen"] for one in rows(cast, Kind.RECEIVED, collection="OTHER")] == ["O0"]
    assert rows(cast, Kind.RECEIVED, collection="NONE") == []


def test_who_reads_registers_and_figures_and_it_is_on_the_record(cast: Cast) -> None:
    things.tubes(cast, 1)
    for role in Role:
        client, may = cast.client(role), role in READERS
        for address in ("", "?kind=given", "?kind=ended", "file/?kind=received", "figures/", "figures/recovered.csv"):
            assert client.get(f"/biobank/registers/{address}").status_code == (200 if may else 403), (role, address)
        if not may:
            with pytest.raises(ForbiddenError):
                registers.read(Kind.GIVEN, NOW, by=cast.actor(role))
    event = Event.objects.filter(verb="catalogue.read_register", detail__file=True).last()
    officer = cast.client("data_protection")
    assert b'href="/biobank/registers/"' in officer.get("/").content
    assert event is not None and event.object == "received" and event.detail["entries"] == 1
    assert Event.objects.filter(verb="catalogue.read_register").count() == 4 * len(READERS)
    page = officer.get("/biobank/registers/").content
    assert b'href="/biobank/"' not in page and b"Back to the home page" in page


def test_the_file_says_what_the_page_says_and_calculates_nothing(cast: Cast) -> None:
    things.tubes(cast, 1, prefix="=cmd|")
    client = cast.client("biobank_manager")
    answer = client.get("/biobank/registers/file/?kind=received")
    found = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert found[0][1] == "Specimen" and found[1][1] == "'=cmd|0" and len(found) == 2
    answer = client.get("/biobank/registers/workbook/?kind=received")
    (sheet,) = read_workbook(answer.getvalue())  # type: ignore[attr-defined]
    assert sheet.name == "Received" and sheet.rows[0] == tuple(found[0]) and sheet.rows[1][1] == "=cmd|0"
    assert "=cmd|0" in client.get("/biobank/registers/?kind=received").content.decode()


def test_a_printed_page_says_which_of_the_entries_it_holds(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    things.tubes(cast, 3)
    client, said = cast.client("biobank_manager"), "of 3 are printed here; the rest stands on other pages."
    assert said not in client.get("/biobank/registers/").content.decode(), "all of them"
    monkeypatch.setattr(register_views, "ON_A_PAGE", 2)
    page = client.get("/biobank/registers/").content.decode()
    assert f'<p class="app-print-only">Only 1 to 2 {said}</p>' in page
    assert f"Only 3 to 3 {said}" in client.get("/biobank/registers/?page=2").content.decode()


def test_a_register_is_printed_whole_on_one_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    things.tubes(cast, 5)
    client = cast.client("biobank_manager")
    monkeypatch.setattr(register_views, "ON_A_PAGE", 2)
    page = client.get("/biobank/registers/").content.decode()
    assert "All of it on one page, to print" in page and ">T4<" not in page
    whole = client.get("/biobank/registers/?whole=1").content.decode()
    assert all(f">T{n}<" in whole for n in range(5)) and "are printed here" not in whole and "In pages again" in whole
    assert "Received. Printed by" in whole
    monkeypatch.setattr(register_views, "MOST_PRINTED", 4)
    page = client.get("/biobank/registers/").content.decode()
    assert "to print</a>" not in page and "holds at most 4 entries" in page
    refused = client.get("/biobank/registers/?whole=1")
    assert refused.status_code == 400 and b"at most 4 fit" in refused.content
    monkeypatch.setattr(register_views, "MOST_IN_WORKBOOK", 4)
    assert client.get("/biobank/registers/workbook/").status_code == 400
    assert b"workbook" not in client.get("/biobank/registers/").content


def test_a_long_register_is_written_in_pieces_and_in_the_language_it_was_asked_in(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.tubes(cast, 7)
    monkeypatch.setattr(registers, "PIECE", 2)
    monkeypatch.setattr(register_views, "LINES", 3)
    held: list[int] = []
    with translation.override("nl"):
        found = registers.read(Kind.RECEIVED, NOW, by=cast.actor("biobank_manager"))
        watched = dataclasses.replace(found, rows=lambda some: (held.append(len(some)), found.rows(some))[1])  # type: ignore[arg-type,func-returns-value]
        later = watched.each()
        basis = found.rows(found.found[:1])[0][6]
    assert basis != "Written consent"
    said = list(later)
    assert [row[1] for row in said] == [f"T{n}" for n in range(7)] and {row[6] for row in said} == {basis}
    assert held == [2, 2, 2, 1], "never more than a piece of them"
    answer = cast.client("biobank_manager").get("/biobank/registers/file/")
    parts = list(answer.streaming_content)  # type: ignore[attr-defined]
    assert len(parts) == 3 and len(b"".join(parts).splitlines()) == 8


@pytest.mark.parametrize(
    "asked",
    ["?kind=x", "?first=x&last=y", "?first=2030-01-01&last=2020-01-01", "?first=0001-01-01", "?last=9999-12-31",
     "?page=99", "?collection=%27%3B--", "figures/?first=x"],
)  # fmt: skip
def test_what_cannot_be_read_does_no_harm(cast: Cast, asked: str) -> None:
    assert cast.client("biobank_manager").get(f"/biobank/registers/{asked}").status_code == 200


def test_how_long_each_stage_took(cast: Cast) -> None:
    w = releases.world(cast)
    request = releases.at(w, Status.RECEIVED)
    asked = timezone.now() - datetime.timedelta(days=12)
    Request.objects.filter(id=request.id).update(asked=asked)
    with rewriting(guards.RECORD):
        Event.objects.filter(verb="releases.reserve").update(at=asked + datetime.timedelta(days=2))
    Quote.objects.update(at=asked + datetime.timedelta(days=3), accepted=asked + datetime.timedelta(days=7))
    Shipment.objects.update(
        sent=asked + datetime.timedelta(days=10), arrived=asked + datetime.timedelta(days=10, hours=12)
    )
    second = releases.drafted(w, w.tubes[3:5])
    requesting.ask(second.id, by=w.asks)
    requesting.refuse(second.id, "Too scarce", by=w.gives)
    shown = performance(Period(asked.date(), TODAY), by=w.gives)
    days = {one.title: one.spread.median for one in shown.stages}
    assert days == {
        "Asked until reserved": 2, "Reserved until quoted": 1, "Quoted until accepted": 4,
        "Accepted until the agreement is signed": None, "Ready until sent": 3, "Sent until arrived": 0.5,
        "Asked until sent, all together": 10,
    }  # fmt: skip
    assert [(status, reason) for _reference, status, reason in shown.declined] == [("Refused", "Too scarce")]
    stock = {one.title: one.value for one in shown.stock}
    assert stock == {
        "Never asked for": 1, "Asked for, and here still": 2, "Reserved": 0, "With a recipient, or on its way": 3,
        "Missing": 0, "Used up": 0, "Destroyed": 0,
    }  # fmt: skip
    Specimen.objects.filter(label="T5-0").update(status="missing", box=None, place=None)
    now = {one.title: one.value for one in performance(NOW, by=w.gives).stock}
    assert (now["Missing"], now["Never asked for"]) == (1, 0), "what nobody finds is no stock to be asked for"
    RequestLine.objects.filter(request=request, specimen__label="T0-0").update(
        status="dropped", reason=withdrawals.WITHDREW
    )
    with translation.override("nl"):
        (why,) = performance(Period(asked.date(), TODAY), by=w.gives).left_out
        assert why.title == _(withdrawals.WITHDREW) != withdrawals.WITHDREW
    assert sum(one.value for one in shown.ages) == 6
    page = cast.client("biobank_manager").get(f"/biobank/registers/figures/?first={asked.date()}").content.decode()
    assert "Too scarce" in page and ">10.0</td>" in page
    tomorrow = TODAY + datetime.timedelta(days=1)
    assert performance(Period(tomorrow, tomorrow), by=w.gives).declined == []


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 9.0]), max_size=12))
def test_a_spread_is_of_days_that_were(days: list[float]) -> None:
    found = spread(days)
    assert found.count == len(days)
    if not days:
        assert found.median is None and found.p90 is None
        return
    assert found.median in days and found.p90 in days and found.median <= found.p90  # type: ignore[operator]
    for share, value in ((0.5, found.median), (0.9, found.p90)):
        assert sum(day <= value for day in days) >= share * len(days)  # type: ignore[operator]
        assert sum(day < value for day in days) < share * len(days)  # type: ignore[operator]


def test_bands_of_age() -> None:
    assert [age_band(years) for years in (None, 0, 0.99, 1, 1.9, 2, 5, 9.9, 10, 80)] == [
        None,
        0,
        0,
        1,
        1,
        2,
        3,
        3,
        4,
        4,
    ]


def test_what_was_recovered_is_what_was_sent_at_the_price_that_was_accepted(cast: Cast) -> None:
    w = releases.world(cast)
    quoting.set_tariff(w.tubes[0].collection.biobank, "retrieval", 500, 900, by=w.gives)
    quoting.set_tariff(w.tubes[0].collection.biobank, "shipment", 4050, 6000, by=w.gives)
    request = releases.at(w, Status.READY)
    line = RequestLine.objects.get(request=request, specimen__label="T0-0")
    requesting.leave_out(request.id, line.id, "The tube is broken", by=w.gives)
    for step in (Status.PICKING, Status.SENT, Status.RECEIVED):
        releases.advance(w, releases.again(request), step)
    releases.at(w, Status.QUOTED, tubes=w.tubes[3:5])
    found = recovered.recovered(NOW, by=w.gives)
    assert [(one.request.id, one.quote.cents) for one in found.paid] == [(request.id, 3 * 500 + 4050)]
    assert (found.campus, found.others, found.together) == (5050, 0, 5050), "what was left out is not paid"
    assert [(count, cents) for _title, count, cents in found.works if cents] == [(2, 1000), (1, 4050)]
    client = cast.client("biobank_manager")
    assert ">50.50<" in client.get("/biobank/registers/figures/").content.decode()
    file = client.get("/biobank/registers/figures/recovered.csv").content.decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(file))
    assert tuple(head) == recovered.HEADERS and row[0] == request.reference
    said = dict(zip(head, row, strict=True))
    assert (said["specimens sent"], said["retrievals quoted"]) == ("2", "3"), "one was left out once it was agreed"
    assert (said["euro quoted"], said["euro"]) == ("55.50", "50.50")
    page = cast.client("researcher").get(f"/releases/requests/{request.id}/").content.decode()
    assert "€ 5.00 is not asked, and € 50.50 is paid" in page
    assert Event.objects.filter(verb="catalogue.recovered_file", detail__requests=1).exists()
    Request.objects.filter(id=request.id).update(outside=True)
    assert recovered.recovered(NOW, by=w.gives).others == 5050
    before = TODAY - datetime.timedelta(days=1)
    assert not recovered.recovered(Period(before, before), by=w.gives).paid


def test_what_falls_out_lessens_the_agreement_and_parts_that_are_not_taken(cast: Cast) -> None:
    w = releases.world(cast)
    for work, cents in (("retrieval", 500), ("aliquot", 250), ("administration", 1000)):
        quoting.set_tariff(w.tubes[0].collection.biobank, work, cents, cents, by=w.gives)
    request = releases.at(w, Status.RESERVED, outside=True)
    lines = list(request.lines.all())
    RequestLine.objects.filter(id__in=[lines[0].id, lines[1].id]).update(amount=100_000)
    requesting.leave_out(request.id, lines[2].id, "Broken before the quote", by=w.gives)
    quote = quoting.quote(request.id, by=w.gives)
    assert quote.cents == 1000 + 2 * 500 + 2 * 250
    assert sum(one.total for one in settling.settled(quote)) == quote.cents, "what was out already was not in it"
    assert "is not asked" not in cast.client("researcher").get(f"/releases/requests/{request.id}/").content.decode()
    quoting.accept(request.id, 1, by=w.asks)
    requesting.leave_out(request.id, lines[0].id, "Broken since", by=w.gives)
    agreement = request_queries.agreement_of(releases.again(request))
    assert agreement is not None and agreement.content["cents"] == 1000 + 500 + 250
    old = [{name: value for name, value in line.items() if name != "of"} for line in quote.lines]
    assert sum(one.total for one in settling.settled(Quote(request=request, lines=old))) == quote.cents

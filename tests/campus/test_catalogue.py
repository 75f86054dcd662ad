"""The public catalogue: what is published, for everybody, in words and as records; nothing of what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import curating, donors, registering, visiting
from wardbench.campus.biobank.models import Biobank, Collection, ProtocolVisit, Specimen
from wardbench.campus.biobank.visiting import Planned
from wardbench.campus.catalogue.released import figures
from wardbench.campus.configuration import Catalogue, Configuration
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.samples import current
from wardbench.core.consent import Tier
from wardbench.core.errors import InputError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("samples_folder")]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def publish(cast: Cast, one: Collection, **words: Any) -> Collection:
    said = {"description": "Blood of patients", "purpose": "Why kidneys fail"}
    permission = {"use": "DUO:0000006", "modifiers": ["DUO:0000021"]}
    curating.change_collection(one, {**said, "permission": permission, **words}, by=SYSTEM)
    for key in ("physician", "biobank_manager"):
        curating.name_responsible(one, cast.people[key].id, by=SYSTEM)
        curating.confirm_reached(one, by=cast.actor(key))
    curating.publish(one, by=SYSTEM)
    return one


def stock(cast: Cast, donors_of: dict[str, int]) -> None:
    """Tubes of plasma in storage, one of each donor, so many in each collection."""
    form = donors.add_form("F", "1", "en", "F", [Tier.STORAGE, Tier.RESEARCH], "2026-01-01", by=SYSTEM)
    things.freezer(boxes=4, rows=9, columns=9)
    for place, (code, count) in enumerate(donors_of.items()):
        box = things.box(f"Freezer Rack 1 Box {place + 1}")
        for n in range(count):
            donor = things.donor(f"{code}-D{n}")
            donors.give_consent(donor, form, {Tier.STORAGE: True, Tier.RESEARCH: True}, "2026-01-02", by=SYSTEM)
        made = [
            Specimen(
                label=f"{code}{n}", collection=Collection.objects.get(code=code), donor=things.donor(f"{code}-D{n}"),
                material="Plasma", amount=10, unit="ml", box=box, place=n,
            )
            for n in range(count)
        ]  # fmt: skip
        registering.register(made, by=SYSTEM)


def anybody() -> Client:
    return Client(headers={"host": "localhost"})


def test_everybody_sees_what_is_published_and_nothing_else(cast: Cast) -> None:
    shown = publish(cast, things.collection(cast, "C1"))
    hidden = things.collection(cast, "SECRET-2", description="Not yet")
    page = anybody().get("/catalogue/").content.decode()
    assert shown.name in page and hidden.name not in page and "SECRET-2" not in page
    assert anybody().get(f"/catalogue/{shown.id}/").status_code == 200
    for address in ("", "miabis.json", "record.ttl", "record.jsonld"):
        assert anybody().get(f"/catalogue/{hidden.id}/{address}").status_code == 404, address
    for address in ("miabis.json", "records.ttl", "records.jsonld"):
        said = anybody().get(f"/catalogue/{address}").content.decode()
        assert shown.code in said and "SECRET-2" not in said, address
    curating.publish(shown, False, by=SYSTEM)
    assert anybody().get(f"/catalogue/{shown.id}/").status_code == 404


def test_who_answers_is_told_to_people_of_the_campus_alone(cast: Cast) -> None:
    one = publish(cast, things.collection(cast))
    name = cast.people["physician"].name
    page = anybody().get(f"/catalogue/{one.id}/").content.decode()
    assert name not in page and "biobank@hospital.example" in page
    assert name in cast.client("student").get(f"/catalogue/{one.id}/").content.decode()


def test_a_campus_may_keep_it_to_those_who_sign_in(cast: Cast, settings: Any) -> None:
    one = publish(cast, things.collection(cast))
    settings.CAMPUS = Configuration(catalogue=Catalogue(open=False))
    for address in ("/catalogue/", f"/catalogue/{one.id}/", "/catalogue/miabis.json", "/catalogue/records.ttl"):
        answer = anybody().get(address)
        assert answer.status_code == 302 and "/account/login/" in answer.headers["location"], address
        assert cast.client("student").get(address).status_code == 200
    assert 'href="/catalogue/"' not in anybody().get("/account/login/").content.decode()


def test_figures_are_those_of_the_released_cube(cast: Cast) -> None:
    big, small = publish(cast, things.collection(cast, "BIG")), publish(cast, things.collection(cast, "SMALL"))
    page = anybody().get(f"/catalogue/{big.id}/").content.decode()
    assert "No numbers of this collection alone" in page
    stock(cast, {"BIG": 32, "SMALL": 3})
    assert "No numbers of this collection alone" in anybody().get(f"/catalogue/{big.id}/").content.decode()
    assert not (current.folder() / "current.json").exists(), "nothing is made for whoever comes by"
    cube = current.cube()
    found, few = figures(cube, big.code), figures(cube, small.code)
    assert not few.alone or few.donors == "fewer than 10"
    for one in (big, small):
        page = anybody().get(f"/catalogue/{one.id}/").content.decode()
        assert "<dd>32</dd>" not in page and "<dd>3</dd>" not in page
    said = anybody().get("/catalogue/miabis.json").json()["biobanks"][0]["collections"]
    numbers = {one["COLLECTION-01"]: one.get("COLLECTION-21") for one in said}
    assert numbers["SMALL"] is None
    assert numbers["BIG"] == found.extent.donors and numbers["BIG"] != 32


def test_small_collections_are_counted_together(cast: Cast) -> None:
    one, few = publish(cast, things.collection(cast, "A")), publish(cast, things.collection(cast, "B"))
    visit = ProtocolVisit(name="First", day=0, before=0, after=1)
    visiting.add_protocol(one, "Yearly", [(visit, [Planned("Urine", "", 1)])], by=SYSTEM)
    stock(cast, {"A": 12, "B": 3})
    current.refresh()
    page = anybody().get(f"/catalogue/{one.id}/").content.decode()
    assert "released together" in page and "Donors: 15" in page and "<dd>10</dd>" not in page
    assert "released together" in anybody().get(f"/catalogue/{few.id}/").content.decode()
    said = anybody().get(f"/catalogue/{one.id}/miabis.json").json()["biobanks"][0]["collections"][0]
    assert said["COLLECTION-14"] == ["Urine"] and "COLLECTION-21" not in said


@pytest.mark.parametrize(("materials", "told"), [([["Plasma", "DNA"]], True), ([["Plasma"], ["DNA"]], False)])
def test_materials_on_one_line_are_said_to_be_released_together(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, materials: list[list[str]], told: bool
) -> None:
    one = publish(cast, things.collection(cast, "A"))
    cells = [{"places": [["A"], held], "donors": "50", "specimens": "90"} for held in materials]
    cube = {
        "released": "2026-10-01", "dimensions": ["material", "temperature", "sex", "age"], "cells": [],
        "coarser": [[{"places": [["A"]], "donors": "50", "specimens": "90"}], cells],
    }  # fmt: skip
    monkeypatch.setattr(current, "released", lambda: cube)
    page = anybody().get(f"/catalogue/{one.id}/").content.decode()
    assert "DNA</th>" in page and ("Materials on one line were released together" in page) == told


def test_a_collection_that_shares_its_donors_has_their_number_and_no_other(cast: Cast) -> None:
    one, shares = publish(cast, things.collection(cast, "A")), publish(cast, things.collection(cast, "B"))
    stock(cast, {"A": 52})
    box = things.box("Freezer Rack 1 Box 2")
    registering.register(
        [
            Specimen(label=f"B{n}", collection=shares, donor=things.donor(f"A-D{n}"), material="Plasma", amount=10,
                     unit="ml", box=box, place=n)
            for n in range(21)
        ],
        by=SYSTEM,
    )  # fmt: skip
    current.refresh()
    assert current.cube()["own"] == {"B": "20"}
    page = anybody().get(f"/catalogue/{shares.id}/").content.decode()
    assert "<dd>20</dd>" in page and "released together" in page and "Donors: 50" in page
    page = anybody().get(f"/catalogue/{one.id}/").content.decode()
    assert "<dd>50</dd>" not in page and "released together" in page, "all less these would be nobody"
    rows = anybody().get("/catalogue/").content.decode()
    assert rows.count('<td class="app-number">20</td>') == 1 and rows.count('">not shown<') == 3
    said = anybody().get("/catalogue/miabis.json").json()["biobanks"][0]["collections"]
    assert {each["COLLECTION-01"]: each.get("COLLECTION-21") for each in said} == {"A": None, "B": 20}


def test_a_collection_that_is_large_enough_has_its_figures(cast: Cast) -> None:
    one, other = publish(cast, things.collection(cast, "A")), publish(cast, things.collection(cast, "B"))
    stock(cast, {"A": 32, "B": 21})
    current.refresh()
    page = anybody().get(f"/catalogue/{one.id}/").content.decode()
    assert "<dd>30</dd>" in page and "Plasma" in page and "<dd>not shown</dd>" in page
    assert "<dd>20</dd>" in anybody().get(f"/catalogue/{other.id}/").content.decode()
    said = anybody().get(f"/catalogue/{one.id}/miabis.json").json()["biobanks"][0]["collections"][0]
    assert said["COLLECTION-14"] == ["Plasma"] and said["COLLECTION-21"] == 30
    assert said["COLLECTION-15"] == ["-60 °C to -85 °C"] and said["COLLECTION-08"] == ["Female"]
    assert '"numberOfUniqueIndividuals' not in page
    record = anybody().get(f"/catalogue/{one.id}/record.ttl").content.decode()
    assert 'healthdcatap:numberOfUniqueIndividuals "30"^^xsd:nonNegativeInteger' in record
    assert anybody().get("/catalogue/?kind=Plasma").content.decode().count('<th scope="row"') == 2
    assert "No collection fits" in anybody().get("/catalogue/?kind=Serum").content.decode()


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ("", True), ("?text=kidneys", True), ("?text=KIDNEYS+why", True), ("?text=liver", False),
        ("?text=C1", True), ("?use=DUO:0000006", True), ("?use=DUO:0000042", False), ("?kind=Nonsense", False),
        ("?page=99", True), ("?page=x", True), ("?text=" + "a" * 5000, False),
    ],
)  # fmt: skip
def test_it_is_narrowed(cast: Cast, asked: str, fits: bool) -> None:
    one = publish(cast, things.collection(cast))
    answer = anybody().get("/catalogue/" + asked)
    assert answer.status_code == 200 and (f">{one.name}</a>" in answer.content.decode()) == fits


def test_what_is_written_in_a_collection_stays_text(cast: Cast) -> None:
    nasty = '"<script>alert(1)</script>\\ \n^^<http://evil.example/> é'
    one = publish(cast, things.collection(cast), description=nasty, diseases=["E11", 'a"b@en'], purpose="x\ty")
    page = anybody().get(f"/catalogue/{one.id}/").content.decode()
    assert "<script>alert" not in page
    said = anybody().get(f"/catalogue/{one.id}/record.jsonld").json()
    (node,) = said["@graph"]
    assert node["dct:description"] == [{"@value": nasty + "\n\nx\ty", "@language": "en"}]
    turtle = anybody().get(f"/catalogue/{one.id}/record.ttl").content.decode()
    assert r"\"<script>alert(1)</script>\\ \n^^<http://evil.example/> é\n\nx\ty" in turtle


def test_only_reading_is_answered(cast: Cast) -> None:
    one = publish(cast, things.collection(cast))
    for address in ("/catalogue/", f"/catalogue/{one.id}/", "/catalogue/miabis.json"):
        assert anybody().post(address).status_code == 405
        assert anybody().head(address).status_code == 200
    assert anybody().get("/catalogue/records.exe").status_code == 404


def test_the_manager_says_what_catalogues_ask(cast: Cast) -> None:
    one = publish(cast, things.collection(cast))
    address = f"/biobank/collections/{one.id}/describe/"
    given = {"designs": ["CaseControl"], "dataset_types": ["Clinical"], "diseases": "E11\n\nE10\nE11", "url": ""}
    assert cast.client("biobank_manager").post(address, given).status_code == 302
    said = anybody().get("/catalogue/miabis.json").json()["biobanks"][0]["collections"][0]
    assert said["COLLECTION-18"] == ["Case-control"] and said["COLLECTION-16"] == ["E11", "E10"]
    assert said["COLLECTION-13"] == ["Clinical"]
    form = cast.client("biobank_manager").get(address).content.decode()
    assert "E11\nE10" in form
    assert cast.client("biobank_manager").post(address, {"designs": ["Nonsense"]}).status_code == 200
    assert cast.client("biobank_board").post(address, given).status_code == 403


@pytest.mark.parametrize("role", sorted(Role))
def test_who_says_what_a_biobank_is(cast: Cast, role: Role) -> None:
    bank = things.biobank(cast)
    may = role is Role.BIOBANK_MANAGER
    for address in ("/biobank/collections/biobanks/new/", f"/biobank/collections/biobanks/{bank.id}/"):
        assert cast.client(role).get(address).status_code == (200 if may else 403), address


def test_a_biobank_is_added_and_changed(cast: Cast) -> None:
    client = cast.client("biobank_manager")
    given = {
        "code": "NEW", "name": "New biobank", "organisation": str(cast.hospital.id), "country": "BE",
        "contact_name": "Office", "contact_email": "office@hospital.example", "quality_standards": "ISO 20387",
        "infrastructural": ["SampleStorage"],
    }  # fmt: skip
    assert client.post("/biobank/collections/biobanks/new/", given).status_code == 302
    made = Biobank.objects.get(code="NEW")
    assert made.quality_standards == ["ISO 20387"] and made.organisation == cast.hospital
    assert "NEW" in client.post("/biobank/collections/biobanks/new/", given).content.decode(), "the code is taken"
    address = f"/biobank/collections/biobanks/{made.id}/"
    assert client.post(address, {**given, "name": "Better name", "code": "OTHER"}).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.code) == ("Better name", "NEW")
    event = Event.objects.last()
    assert event is not None and event.verb == "biobank.change_biobank"
    assert client.post(address, {**given, "country": "Belgium"}).status_code == 200


def test_a_published_collection_can_always_be_written_to(cast: Cast) -> None:
    one = publish(cast, things.collection(cast))
    with pytest.raises(InputError, match="address"):
        curating.change_biobank(one.biobank, {"contact_email": ""}, by=SYSTEM)
    curating.publish(one, False, by=SYSTEM)
    curating.change_biobank(one.biobank, {"contact_email": ""}, by=SYSTEM)
    one.refresh_from_db()
    with pytest.raises(InputError, match="address"):
        curating.publish(one, by=SYSTEM)
    with pytest.raises(InputError, match="no such field"):
        curating.change_biobank(one.biobank, {"code": "X"}, by=SYSTEM)


def test_what_healthdcat_asks_and_nobody_said_is_named(cast: Cast, settings: Any) -> None:
    one = publish(cast, things.collection(cast))
    assert "healthdcatap:hdab" in cast.client("biobank_manager").get(f"/catalogue/{one.id}/").content.decode()
    body = Catalogue(access_body="Health Data Agency", access_body_email="info@hda.example")
    settings.CAMPUS = Configuration(catalogue=body)
    assert "asks for more" not in cast.client("biobank_manager").get(f"/catalogue/{one.id}/").content.decode()
    said = json.loads(anybody().get("/catalogue/records.jsonld").content)
    assert said["@graph"][1]["healthdcatap:hdab"][0]["foaf:name"] == ["Health Data Agency"]

"""Who reads the description of the API, and that a value given twice or in two places is taken in one way."""

from __future__ import annotations

import json

import pytest
from django.db.utils import OperationalError
from django.test import Client

from campus.cast import Cast
from wardbench.campus.api import services as keys
from wardbench.campus.people.models import Person
from wardbench.campus.studies import services as studies
from wardbench.campus.studies.facts import Section
from wardbench.core.errors import InputError

OPENAPI = "/api/openapi.json"


def program(cast: Cast, key: str, *scopes: str) -> Client:
    """A program with a key of somebody's."""
    _, secret = keys.make_key("a program", list(scopes), 1, by=cast.actor(key))
    return Client(headers={"host": "localhost", "authorization": f"Bearer {secret}"})


def test_the_description_of_the_api_is_for_whoever_may_use_it(cast: Cast, client: Client) -> None:
    refused = client.get(OPENAPI)
    assert refused.status_code == 401 and refused["WWW-Authenticate"] == "Bearer" and "paths" not in refused.json()
    for given in ("Bearer wb_1234_x", "Bearer", "Basic YTpi", "x"):
        assert Client(headers={"host": "localhost", "authorization": given}).get(OPENAPI).status_code == 401
    for reader in (cast.client("student"), program(cast, "researcher", "count")):
        assert reader.get(OPENAPI).json()["openapi"].startswith("3.1")


@pytest.mark.parametrize("path", ["/api/docs", "/api/", "/metrics", "/health", "/status", "/admin/", "/__debug__/"])
def test_nothing_tells_strangers_how_the_campus_is_made_or_how_it_does(client: Client, path: str, db: None) -> None:
    answer = client.get(path, follow=True)
    assert answer.status_code == 404


def test_of_two_values_with_one_name_the_last_counts(cast: Cast) -> None:
    """Everywhere: in an address for a page, in one for a program, and in a form."""
    page = cast.client("researcher").get("/people/?text=Physician&text=Lecturer").content.decode()
    assert "Lecturer" in page.split("<main")[1] and "Physician2" not in page.split("<main")[1]
    found = program(cast, "researcher", "read").get("/api/people?text=Physician&text=Lecturer").json()
    assert [one["name"] for one in found["items"]] == ["Lecturer"]
    person, sent = cast.people["researcher"], "language=fr&language=nl"
    cast.client("researcher").post("/language/", sent, content_type="application/x-www-form-urlencoded")
    person.refresh_from_db()
    assert person.language == "nl"


def test_a_value_in_the_address_is_none_of_a_form_and_the_other_way_round(cast: Cast) -> None:
    browser = cast.client("administrator")
    sent = {"name": "From the form", "email": "form@test.example", "language": "en"}
    browser.post("/people/add/?name=From+the+address&email=address@test.example", sent)
    assert Person.objects.filter(email="form@test.example", name="From the form").exists()
    browser.post("/people/add/?name=From+the+address&language=en&email=address@test.example", {})
    assert not Person.objects.filter(email="address@test.example").exists()
    browser.cookies["text"] = "Lecturer"
    assert "Physician2" in browser.get("/people/", headers={"text": "Lecturer"}).content.decode()


def test_a_program_gives_a_value_in_its_place_or_not_at_all(cast: Cast) -> None:
    asking = program(cast, "researcher", "write", "read")
    body = json.dumps({"title": "In the body", "text": "Why?", "side": "bench"})
    made = asking.post("/api/questions", body, content_type="application/json")
    assert made.status_code == 201 and made.json()["title"] == "In the body"
    both = asking.post("/api/questions?title=In+the+address", body, content_type="application/json")
    assert both.status_code == 422 and "title" in both.content.decode()
    nothing = asking.post("/api/questions?title=In+the+address&text=Why", "{}", content_type="application/json")
    assert nothing.status_code == 422
    form = asking.post("/api/questions", {"title": "As a form", "text": "Why?"})
    assert form.status_code in (400, 422)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/nothing", 404), ("DELETE", "/api/studies", 405), ("GET", "/api/people?text=%00", 400)],
)
def test_every_error_of_the_api_has_one_shape(cast: Cast, method: str, path: str, status: int) -> None:
    answer = program(cast, "researcher", "read").generic(method, path)
    assert answer.status_code == status and answer["Content-Type"].startswith("application/json")
    assert answer.json()["error"]["status"] == status and answer.json()["error"]["sentence"]
    assert (status == 405) == ("Allow" in answer)


@pytest.mark.parametrize("title", ["\x00", "\u200b", " \u200e "])
def test_a_title_of_letters_that_are_not_kept_is_none(cast: Cast, title: str) -> None:
    writer = program(cast, "researcher", "write")
    answer = writer.post("/api/studies", {"title": title, "kind": "thesis"}, content_type="application/json")
    assert answer.status_code == 400 and "title" in answer.json()["error"]["sentence"]
    study = studies.register("A title", "thesis", by=cast.actor("researcher"))
    with pytest.raises(InputError, match="title"):
        studies.edit(study.id, Section.ABOUT, {"title": title}, by=cast.actor("researcher"))


@pytest.mark.parametrize("said", ["database or disk is full", 'could not extend file "base": No space left on device'])
def test_a_full_disk_is_a_sentence_for_pages_and_programs(
    cast: Cast, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OperationalError(said)

    monkeypatch.setattr(studies, "register", full)
    sent = {"title": "A title", "kind": "thesis"}
    page = cast.client("researcher").post("/studies/new/", sent)
    assert page.status_code == 507 and "disk of the campus is full" in page.content.decode()
    answer = program(cast, "researcher", "write").post("/api/studies", sent, content_type="application/json")
    assert answer.status_code == 507 and "disk of the campus is full" in answer.json()["error"]["sentence"]
    assert "no room" in caplog.text

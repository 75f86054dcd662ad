"""The pages of people: found, changed, given roles, closed; and by whom not."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from campus.cast import Cast, make_cast
from wardbench.campus.audit.models import Event
from wardbench.campus.people import queries, services
from wardbench.campus.people.models import Affiliation, Organisation, Person, Unit
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.core.errors import InputError, WardbenchError

ADMINISTRATION = ("/people/add/", "/people/import/", "/people/import/template/")


def page(cast: Cast, key: str, address: str) -> str:
    answer = cast.client(key).get(address)
    assert answer.status_code == 200, (key, address, answer.status_code)
    return answer.content.decode()


def verbs(*names: str) -> int:
    return Event.objects.filter(verb__in=names).count()


def test_every_role_reaches_what_it_may_and_nothing_else(cast: Cast) -> None:
    physician = cast.people["physician"]
    of_person = [f"/people/{physician.id}/{part}/" for part in ("roles", "close", "reopen")]
    for key in cast.people:
        client, administers = cast.client(key), key == "administrator"
        sees = key not in ("partner", "nobody")
        for address in ("/people/", "/people/organisations/", f"/people/{physician.id}/"):
            assert client.get(address).status_code == (200 if sees else 403), (key, address)
        for address in (*ADMINISTRATION, *of_person):
            assert client.get(address).status_code == (200 if administers else 403), (key, address)
        own = key == "physician"
        assert client.get(f"/people/{physician.id}/edit/").status_code == (200 if administers or own else 403), key


def test_the_directory_finds_by_name_topic_role_and_place(cast: Cast) -> None:
    services.edit_profile(
        cast.people["physician"],
        by=cast.actor("physician"),
        name="An Peeters",
        title="Nephrologist",
        language="en",
        orcid="0000-0002-1825-0097",
        about="",
        topics=["diabetic nephropathy", "Diabetic Nephropathy", "dialysis"],
    )
    assert [one.topic for one in cast.people["physician"].expertise.all()] == ["Diabetic Nephropathy", "dialysis"]
    for asked in (
        "text=peeters+nephropathy",
        "text=dialysis",
        f"where={cast.endocrinology.id}",
        "text=peet&role=physician",
    ):
        found = page(cast, "student", f"/people/?{asked}")
        assert "An Peeters" in found and "Physician2" not in found, asked
    assert "Nobody matches" in page(cast, "student", "/people/?text=peeters&role=researcher")
    assert "Researcher2" in page(cast, "student", f"/people/?where={cast.institute.id}")
    assert "1 person" in page(cast, "student", f"/people/?where={cast.cardiology.id}")


def test_a_profile_is_changed_by_its_person_in_their_own_language(cast: Cast) -> None:
    client, person = cast.client("physician"), cast.people["physician"]
    said = {
        "name": "An",
        "title": "",
        "topics": "kidney\n\n  kidney \nheart",
        "orcid": "",
        "about": "",
        "language": "nl",
        "mail": "at_once",
    }
    wrong = client.post(f"/people/{person.id}/edit/", {**said, "orcid": "0000-0002-1825-0098"})
    assert wrong.status_code == 200 and "not an ORCID iD" in wrong.content.decode()
    assert client.post(f"/people/{person.id}/edit/", said).status_code == 302
    assert [one.topic for one in person.expertise.all()] == ["heart", "kidney"]
    assert 'lang="nl"' in client.get("/people/").content.decode()
    assert 'lang="en"' in page(cast, "researcher", "/people/")
    client.post("/language/", {"language": "fr", "next": "//elsewhere.example/"}, follow=False)
    person.refresh_from_db()
    assert person.language == "fr" and 'lang="fr"' in client.get("/people/").content.decode()
    answer = client.post("/language/", {"language": "fr", "next": "//elsewhere.example/"})
    assert answer["location"] == "/"
    assert client.post(f"/people/{cast.people['student'].id}/edit/", said).status_code == 403


def test_an_administrator_adds_somebody_and_gives_a_role(cast: Cast) -> None:
    client = cast.client("administrator")
    taken = client.post("/people/add/", {"name": "X", "email": "PHYSICIAN@test.example", "language": "en"})
    assert taken.status_code == 200 and "has an account already" in taken.content.decode()
    answer = client.post("/people/add/", {"name": "Eva", "email": "eva@test.example", "language": "nl"})
    made = Person.objects.get(email="eva@test.example")
    assert answer["location"] == f"/people/{made.id}/roles/" and not made.has_usable_password()
    role = {"role": "physician", "where": str(cast.cardiology.id), "since": "2026-01-01", "until": "2025-01-01"}
    assert "on the day it began or later" in client.post(f"/people/{made.id}/roles/", role).content.decode()
    assert client.post(f"/people/{made.id}/roles/", {**role, "until": ""}).status_code == 302
    held = made.affiliations.get()
    assert (held.role, held.unit, held.organisation) == ("physician", cast.cardiology, cast.hospital)
    assert queries.actor_of(made).has(Role.PHYSICIAN)


def test_a_role_ends_on_a_day_or_at_once(cast: Cast) -> None:
    client, person = cast.client("administrator"), cast.people["student"]
    held = person.affiliations.get()
    address = f"/people/{person.id}/roles/{held.id}/"
    assert "give today or a later day" in client.post(address, {"last": "2020-01-01"}).content.decode()
    assert client.post(address, {"last": "2999-01-01"}).status_code == 302
    assert queries.actor_of(person).has(Role.STUDENT)
    assert client.post(address, {}).status_code == 302
    assert not queries.actor_of(person).roles
    assert client.post(address, {}).status_code in (404, 409)
    other = cast.people["researcher"].affiliations.get()
    assert client.get(f"/people/{person.id}/roles/{other.id}/").status_code == 404


def test_an_account_is_closed_and_reopened(cast: Cast) -> None:
    client, person = cast.client("administrator"), cast.people["student"]
    assert client.post(f"/people/{person.id}/reopen/").status_code == 409
    assert client.post(f"/people/{person.id}/close/").status_code == 302
    assert client.post(f"/people/{person.id}/close/").status_code == 409
    assert "Nobody matches" in page(cast, "physician", "/people/?text=student@")
    assert str(person.id) in page(cast, "administrator", "/people/?text=student@&closed=1")
    assert "Reopen the account" in page(cast, "administrator", f"/people/{person.id}/")
    assert client.post(f"/people/{person.id}/reopen/").status_code == 302
    assert verbs("people.close_account", "people.reopen_account") == 2


def test_the_last_administrator_stays(cast: Cast) -> None:
    person = cast.people["administrator"]
    held = person.affiliations.get()
    for remove in (lambda: services.end_role(held, by=SYSTEM), lambda: services.close_account(person, by=SYSTEM)):
        with pytest.raises(ForbiddenError, match="last administrator"):
            remove()
    person.refresh_from_db()
    assert person.is_active and queries.actor_of(person).has(Role.ADMINISTRATOR)
    assert "last administrator" in page(cast, "administrator", f"/people/{person.id}/")
    client = cast.client("administrator")
    assert client.post(f"/people/{person.id}/close/").status_code == 403
    assert client.get(f"/people/{person.id}/roles/").status_code == 403, "nobody gives themselves a role"


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_close_each_other_one_stays() -> None:
    cast = make_cast()
    second = cast.people["student"]
    services.give_role(second, Role.ADMINISTRATOR, cast.hospital, by=SYSTEM)
    pairs = [(cast.people["administrator"], second), (second, cast.people["administrator"])]
    actors = [queries.actor_of(by) for by, _ in pairs]
    outcomes: list[str] = []

    def close(actor_number: int) -> None:
        try:
            services.close_account(pairs[actor_number][1], by=actors[actor_number])
            outcomes.append("closed")
        except WardbenchError as error:
            outcomes.append(type(error).__name__)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=close, args=(number,)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(outcomes) == ["ForbiddenError", "closed"]
    assert queries.administrators().count() == 1


def test_organisations_and_units_are_added_once(cast: Cast) -> None:
    client = cast.client("administrator")
    assert client.post("/people/organisations/", {"name": "Firm", "kind": "partner"}).status_code == 302
    again = client.post("/people/organisations/", {"name": "firm", "kind": "partner"})
    assert "already" in again.content.decode() and Organisation.objects.filter(name__iexact="firm").count() == 1
    firm = Organisation.objects.get(name="Firm")
    address = f"/people/organisations/{firm.id}/"
    assert client.post(address, {"name": "Sales", "kind": "department"}).status_code == 302
    assert "does not have yet" in client.post(address, {"name": "sales", "kind": "department"}).content.decode()
    assert Unit.objects.filter(organisation=firm).count() == 1
    assert cast.client("data_steward").post(address, {"name": "X", "kind": "department"}).status_code == 403
    assert "Sales" in page(cast, "student", address)
    assert cast.client("student").get(f"/people/organisations/{cast.cardiology.id}/").status_code == 404


def test_a_password_that_is_easy_to_guess_is_refused(cast: Cast) -> None:
    for easy in ("short", "student@test.example"):
        with pytest.raises(InputError, match="password:"):
            services.set_password(cast.people["student"], easy, by=SYSTEM)
    services.set_password(cast.people["student"], "a long and odd sentence", by=SYSTEM)
    cast.people["student"].refresh_from_db()
    assert cast.people["student"].check_password("a long and odd sentence")
    assert "odd sentence" not in str(list(Event.objects.values_list("detail", flat=True)))


def test_a_role_of_the_past_or_future_does_not_hold_today(cast: Cast) -> None:
    person = cast.people["nobody"]
    Affiliation.objects.create(person=person, organisation=cast.hospital, role="physician", since="2999-01-01")
    assert not queries.actor_of(person).roles
    assert "Earlier and later roles" in page(cast, "administrator", f"/people/{person.id}/")
    assert "Earlier and later roles" not in page(cast, "physician", f"/people/{person.id}/")

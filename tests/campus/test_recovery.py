"""Letting people in: first passwords, a second factor that was lost, and an administrator who ends sessions."""

from __future__ import annotations

import datetime
import re
from typing import Any

import msgspec
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from campus.cast import Cast
from campus.test_sign_in import PASSWORD, sign_in, who
from wardbench.campus.audit.models import Event
from wardbench.campus.configuration import Mail
from wardbench.campus.notices.mail import send_due
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import recovery, services
from wardbench.campus.people.first_passwords import IN_USE, LASTS, made_for
from wardbench.campus.people.models import Person
from wardbench.campus.people.rules import SYSTEM, ForbiddenError, Proof
from wardbench.core.errors import BusyError, InputError

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SAID = {"proof": "badge", "seen": "staff badge 4711 at the desk"}
OWN = "nine green bottles on a wall"


@pytest.fixture(autouse=True)
def _nobody_tried_before(db: None, alone: None) -> None:
    cache.clear()


@pytest.fixture
def person(cast: Cast) -> Person:
    return cast.people["researcher"]


def browser() -> Client:
    return Client(headers={"host": "localhost"})


def shown(answer: Any) -> str:
    """The password that a page shows."""
    found = re.search(r'<code class="app-break" id="password">([^<]+)</code>', answer.content.decode())
    return found[1] if found else ""


def given(cast: Cast, key: str = "researcher") -> str:
    return recovery.give_first_password(cast.people[key], Proof.BADGE, SAID["seen"], by=cast.actor("administrator"))


class TestFirstPasswords:
    def test_they_are_made_at_random_and_keep_the_rules(self, person: Person) -> None:
        made = {made_for(person) for _ in range(50)}
        assert len(made) == 50 and all(re.fullmatch(r"([a-z2-9]{4}-){4}[a-z2-9]{4}", one) for one in made)
        for one in made:
            validate_password(one, person)

    def test_one_is_shown_once_to_the_administrator_and_to_nobody_else(self, cast: Cast, person: Person) -> None:
        signed, client = cast.client("researcher"), cast.client("administrator")
        address = f"/people/{person.id}/first-password/"
        answer = client.post(address, SAID)
        password = shown(answer)
        person.refresh_from_db()
        assert person.check_password(password) and answer["Cache-Control"] == "no-store"
        assert password not in client.get(address).content.decode() and not who(signed)
        (event,) = Event.objects.filter(verb="people.give_first_password")
        assert event.detail == SAID and event.actor == str(cast.people["administrator"].id)
        assert password not in str(list(Event.objects.values())) + str(list(Notice.objects.values()))

    def test_it_opens_the_page_of_a_new_one_and_nothing_else(self, cast: Cast, person: Person) -> None:
        password, client = given(cast), browser()
        sign_in(client, person.email, password)
        for path in ("/", "/people/", "/account/keys/", "/account/2fa/totp/activate/", "/search/?q=heart"):
            assert client.get(path)["Location"] == "/account/password/change/", path
        page = client.get("/account/password/change/").content.decode()
        assert "Choose a password of your own" in page
        change = {"oldpassword": password, "password1": password, "password2": password}
        again = client.post("/account/password/change/", change).content.decode()
        assert "the password that you were given" in again
        client.post("/account/password/change/", {**change, "password1": OWN, "password2": OWN})
        assert not who(client)
        sign_in(client, person.email, password)
        assert not who(client), "it has ended"
        sign_in(client, person.email, OWN)
        assert client.get("/people/").status_code == 200

    @pytest.mark.parametrize("used", [False, True])
    def test_it_ends_after_three_days_and_a_quarter_of_an_hour_after_it_was_used(
        self, cast: Cast, person: Person, used: bool
    ) -> None:
        password, client = given(cast), browser()
        if used:
            sign_in(client, person.email, password)
        person.refresh_from_db()
        assert person.first_password_ends is not None
        left = person.first_password_ends - timezone.now()
        assert datetime.timedelta(0) < (IN_USE if used else LASTS) - left < datetime.timedelta(minutes=1)
        Person.objects.filter(id=person.id).update(first_password_ends=timezone.now())
        late = browser()
        sign_in(late, person.email, password)
        assert not who(late)
        if used:
            page = client.get("/", follow=True).content.decode()
            assert "has ended" in page and not who(client)

    def test_using_it_late_makes_it_no_longer(self, cast: Cast, person: Person) -> None:
        password = given(cast)
        soon = timezone.now() + datetime.timedelta(minutes=2)
        Person.objects.filter(id=person.id).update(first_password_ends=soon)
        sign_in(browser(), person.email, password)
        person.refresh_from_db()
        assert person.first_password_ends == soon

    def test_a_password_that_an_administrator_chose_is_one_too(self, cast: Cast, person: Person) -> None:
        services.set_password(person, PASSWORD, by=SYSTEM)
        added = services.add_person("new@test.example", "New", by=SYSTEM, password=PASSWORD)
        for one in (person, added):
            client = browser()
            sign_in(client, one.email)
            assert client.get("/people/")["Location"] == "/account/password/change/"

    def test_a_password_of_ones_own_is_none(self, person: Person) -> None:
        person.set_password(PASSWORD)
        person.save()
        client = browser()
        sign_in(client, person.email)
        assert client.get("/people/").status_code == 200

    def test_a_hash_that_is_made_anew_makes_it_no_password_of_ones_own(self, cast: Cast, settings: Any) -> None:
        password = given(cast)
        settings.PASSWORD_HASHERS = [
            "django.contrib.auth.hashers.PBKDF2PasswordHasher",
            "django.contrib.auth.hashers.MD5PasswordHasher",
        ]
        person = Person.objects.get(email="researcher@test.example")
        assert person.check_password(password) and person.password.startswith("pbkdf2")
        assert person.first_password_ends is not None
        person.refresh_from_db()
        assert person.password.startswith("pbkdf2") and person.first_password_ends is not None


class TestALostSecondFactor:
    @pytest.fixture
    def person(self, cast: Cast) -> Person:
        person = cast.people["researcher"]
        person.set_password(PASSWORD)
        person.save()
        TOTP.activate(person, SECRET)
        return person

    def test_an_administrator_removes_it_with_a_reason_on_the_record(self, cast: Cast, person: Person) -> None:
        signed = cast.client("researcher")
        answer = cast.client("administrator").post(f"/people/{person.id}/second-factor/", SAID)
        password = shown(answer)
        assert password and not Authenticator.objects.filter(user=person).exists() and not who(signed)
        (event,) = Event.objects.filter(verb="people.remove_second_factor")
        by = str(cast.people["administrator"].id)
        assert (event.actor, event.object, event.detail) == (by, str(person.id), SAID)
        removed = Event.objects.filter(verb="account.second_factor", detail__change="removed")
        assert {one.actor for one in removed} == {by} and {one.object for one in removed} == {str(person.id)}

    def test_the_old_password_opens_nothing_afterwards(self, cast: Cast, person: Person, settings: Any) -> None:
        """Or whoever knows it could set up a factor in the place of the person."""
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, password_alone=())
        password = recovery.remove_second_factor(person, Proof.KNOWN, SAID["seen"], by=cast.actor("administrator"))
        thief, client = browser(), browser()
        sign_in(thief, person.email)
        assert not who(thief)
        sign_in(client, person.email, password)
        change = {"oldpassword": password, "password1": OWN, "password2": OWN}
        client.post("/account/password/change/", change)
        sign_in(client, person.email, OWN)
        assert client.get("/")["Location"] == "/account/2fa/totp/activate/"

    def test_whoever_signs_in_through_an_institution_gets_no_password(self, cast: Cast, person: Person) -> None:
        person.set_unusable_password()
        person.save()
        answer = cast.client("administrator").post(f"/people/{person.id}/second-factor/", SAID)
        assert not shown(answer) and "through their institution" in answer.content.decode()
        person.refresh_from_db()
        assert not person.has_usable_password() and person.first_password_ends is None

    @pytest.mark.parametrize("choice", [Person.Mail.NEVER, Person.Mail.DAILY])
    def test_the_person_is_told_by_mail_whatever_they_chose(
        self, cast: Cast, person: Person, settings: Any, choice: str
    ) -> None:
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, mail=Mail(host="localhost"))
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        Person.objects.filter(id=person.id).update(mail=choice, language="nl")
        recovery.remove_second_factor(person, Proof.CALLED, SAID["seen"], by=cast.actor("administrator"))
        assert send_due() == 1 and mail.outbox[0].to == [person.email]
        assert "Administrator" in mail.outbox[0].body and "tweede factor" in mail.outbox[0].body
        assert send_due() == 0

    @pytest.mark.parametrize(
        "said", [{}, {"proof": "badge"}, {"proof": "mail", "seen": SAID["seen"]}, {**SAID, "seen": "yes"}]
    )
    def test_nothing_happens_without_saying_how_one_made_sure(
        self, cast: Cast, person: Person, said: dict[str, str]
    ) -> None:
        for part in ("second-factor", "first-password"):
            answer = cast.client("administrator").post(f"/people/{person.id}/{part}/", said)
            assert answer.status_code == 200 and "nhsuk-error" in answer.content.decode() and not shown(answer)
        assert Authenticator.objects.filter(user=person).exists()
        person.refresh_from_db()
        assert person.check_password(PASSWORD)

    def test_it_asks_the_administrator_who_they_are(self, cast: Cast, person: Person) -> None:
        cast.people["administrator"].set_password(PASSWORD)
        cast.people["administrator"].save()
        client = cast.client("administrator", proved=False)
        for address in (f"/people/{person.id}/second-factor/", f"/people/{person.id}/first-password/"):
            assert client.post(address, SAID)["Location"].startswith("/account/reauthenticate/")
        assert Authenticator.objects.filter(user=person).exists()

    def test_nobody_but_another_administrator_does_it(self, cast: Cast, person: Person) -> None:
        own = cast.people["administrator"]
        TOTP.activate(own, SECRET)
        for key in ("data_steward", "data_protection", "researcher", "nobody"):
            assert cast.client(key).post(f"/people/{person.id}/second-factor/", SAID).status_code == 403
            with pytest.raises(ForbiddenError):
                recovery.give_first_password(person, Proof.BADGE, SAID["seen"], by=cast.actor(key))
        assert cast.client("administrator").post(f"/people/{own.id}/second-factor/", SAID).status_code == 403
        with pytest.raises(ForbiddenError, match="themselves"):
            recovery.remove_second_factor(own, Proof.BADGE, SAID["seen"], by=cast.actor("administrator"))
        assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).count() == 2

    def test_what_is_not_there_is_not_removed(self, cast: Cast, person: Person) -> None:
        by = cast.actor("administrator")
        with pytest.raises(BusyError, match="no second factor"):
            recovery.remove_second_factor(cast.people["student"], Proof.BADGE, SAID["seen"], by=by)
        services.close_account(person, by=SYSTEM)
        with pytest.raises(BusyError, match="closed"):
            recovery.remove_second_factor(person, Proof.BADGE, SAID["seen"], by=by)
        with pytest.raises(InputError, match="seen"):
            recovery.remove_second_factor(person, Proof.BADGE, "  ", by=by)


class TestEndingOthersSessions:
    def test_an_administrator_ends_one_or_all_of_somebody(self, cast: Cast, person: Person) -> None:
        first, second, other = cast.client("researcher"), cast.client("researcher"), cast.client("student")
        assert [one.get("/").status_code for one in (first, second, other)] == [200, 200, 200]
        client, address = cast.client("administrator"), f"/people/{person.id}/sessions/"
        page = client.get(address).content.decode()
        numbers = re.findall(r'name="session" value="(\d+)"', page)
        assert len(numbers) == 2 and "Researcher" in page
        client.post(address, {"session": numbers[0]})
        assert [bool(who(one)) for one in (first, second)].count(True) == 1 and who(other)
        for nothing in ("", "x", "99999999"):
            client.post(address, {"session": nothing})
        assert [bool(who(one)) for one in (first, second)].count(True) == 1
        client.post(address, {"session": "all"})
        assert not who(first) and not who(second) and who(other) and who(client)
        ended = Event.objects.filter(verb="people.end_sessions", object=str(person.id)).order_by("number")
        assert [one.detail["sessions"] for one in ended] == [1, 0, 0, 0, 1]
        assert {one.actor for one in ended} == {str(cast.people["administrator"].id)}

    def test_a_session_of_somebody_else_is_not_ended_by_this_page(self, cast: Cast, person: Person) -> None:
        other, client = cast.client("student"), cast.client("administrator")
        assert other.get("/").status_code == 200
        page = client.get(f"/people/{cast.people['student'].id}/sessions/").content.decode()
        number = re.findall(r'name="session" value="(\d+)"', page)[0]
        client.post(f"/people/{person.id}/sessions/", {"session": number})
        assert who(other)

    def test_an_administrator_signs_everybody_out(self, cast: Cast) -> None:
        others, client = (
            [cast.client(key) for key in ("researcher", "student", "physician")],
            cast.client("administrator"),
        )
        assert all(one.get("/").status_code == 200 for one in (*others, client))
        assert client.get("/people/sessions/").status_code == 200 and all(who(one) for one in others)
        client.post("/people/sessions/")
        assert not any(who(one) for one in others) and who(client)
        assert Event.objects.get(verb="people.end_all_sessions").detail == {"people": 3}

    def test_nobody_else_does(self, cast: Cast, person: Person) -> None:
        signed = cast.client("researcher")
        assert signed.get("/").status_code == 200
        for key in ("data_steward", "data_protection", "student", "nobody"):
            for address in (f"/people/{person.id}/sessions/", "/people/sessions/"):
                for answer in (cast.client(key).get(address), cast.client(key).post(address, {"session": "all"})):
                    assert answer.status_code == 403, (key, address)
            with pytest.raises(ForbiddenError):
                recovery.end_sessions_of(person, by=cast.actor(key))
            with pytest.raises(ForbiddenError):
                recovery.end_all_sessions(by=cast.actor(key))
        assert who(signed)

    def test_it_asks_the_administrator_who_they_are(self, cast: Cast, person: Person) -> None:
        cast.people["administrator"].set_password(PASSWORD)
        cast.people["administrator"].save()
        client = cast.client("administrator", proved=False)
        for address in (f"/people/{person.id}/sessions/", "/people/sessions/"):
            assert client.get(address)["Location"].startswith("/account/reauthenticate/")

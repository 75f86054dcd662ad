"""How long a session lasts, what ends it, and what needs somebody to show who they are once more."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client, RequestFactory

from campus.cast import Cast
from campus.identity import just_proved
from campus.test_sign_in import PASSWORD, sign_in, who
from wardbench.campus.audit.models import Event
from wardbench.campus.configuration import Configuration, read_configuration
from wardbench.campus.people import services
from wardbench.campus.people.models import Affiliation
from wardbench.campus.people.reauthentication import reauthenticated
from wardbench.campus.people.roles import ADMINISTRATION, CARE, SECOND_FACTOR, Role
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.people.sessions import limits_of, needs_second_factor
from wardbench.core.errors import InputError

MINUTE, HOUR = 60, 3600


@pytest.fixture(autouse=True)
def _nobody_tried_before(db: None) -> None:
    cache.clear()


def aged(client: Client, *, idle: int = 0, old: int = 0) -> Client:
    """The same browser after so many seconds without a request, and so many since signing in."""
    session, now = client.session, int(time.time())
    session["seen"], session["began"] = now - idle, now - old
    session.save()
    return client


@pytest.mark.parametrize("role", list(Role))
def test_a_session_ends_by_the_limits_of_the_role(cast: Cast, role: Role) -> None:
    expected = (10, 4) if role in ADMINISTRATION else (15, 12) if role in CARE else (30, 12)
    idle, absolute = expected[0] * MINUTE, expected[1] * HOUR
    for age, alive in (
        ({"idle": idle - 5, "old": idle}, True),
        ({"idle": idle + 5, "old": idle + 5}, False),
        ({"idle": 5, "old": absolute - 30}, True),
        ({"idle": 5, "old": absolute + 5}, False),
    ):
        client = aged(cast.client(role), **age)
        key = client.session.session_key
        assert client.get("/").status_code == (200 if alive else 302)
        assert bool(who(client)) is alive
        assert Session.objects.filter(session_key=key).exists() is alive, "it ends on the server, not in the browser"


def test_the_strictest_role_counts(cast: Cast) -> None:
    services.give_role(cast.people["researcher"], Role.DATA_STEWARD, cast.hospital, by=SYSTEM)
    services.give_role(cast.people["researcher2"], Role.PHYSICIAN, cast.hospital, by=SYSTEM)
    assert [limits_of(cast.actor(key)).idle for key in ("researcher", "researcher2")] == [10 * MINUTE, 15 * MINUTE]


def test_whoever_works_stays_signed_in(cast: Cast) -> None:
    client = aged(cast.client("researcher"), idle=20 * MINUTE, old=HOUR)
    assert client.get("/").status_code == 200
    assert time.time() - client.session["seen"] < MINUTE


def test_a_cookie_of_an_ended_session_opens_nothing(cast: Cast) -> None:
    client = cast.client("researcher")
    stolen = client.cookies["session"].value
    client.post("/account/logout/")
    client.cookies["session"] = stolen
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("act", ["give", "end", "close", "password"])
def test_all_sessions_of_a_person_end_at_once(cast: Cast, act: str) -> None:
    person = cast.people["researcher"]
    own, other = [cast.client("researcher"), cast.client("researcher")], cast.client("researcher2")
    assert [one.get("/").status_code for one in (*own, other)] == [200, 200, 200]
    if act == "give":
        services.give_role(person, Role.LECTURER, cast.institute, by=SYSTEM)
    elif act == "end":
        services.end_role(Affiliation.objects.get(person=person), by=SYSTEM)
    elif act == "close":
        services.close_account(person, by=SYSTEM)
    else:
        person.set_password(PASSWORD)
        person.save()
    assert [one.get("/").status_code for one in own] == [302, 302]
    assert other.get("/").status_code == 200


def test_a_session_can_be_ended_from_its_first_moment(cast: Cast, settings: Any) -> None:
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, demo=True)
    client = Client(headers={"host": "localhost"})
    client.post("/account/demonstration/", {"email": "researcher@test.example"})
    assert who(client)
    services.close_account(cast.people["researcher"], by=SYSTEM)
    assert not Session.objects.filter(session_key=client.cookies["session"].value).exists()


def test_a_right_that_ended_is_gone_with_the_next_request(cast: Cast) -> None:
    """Also where the session itself was not ended: roles are read for every request."""
    client = cast.client("data_steward")
    assert client.get("/record/").status_code == 200
    Affiliation.objects.filter(person=cast.people["data_steward"]).delete()
    assert client.get("/record/").status_code == 403


@pytest.mark.parametrize("alone", [(), (Role.STUDENT, Role.PARTNER)])
@pytest.mark.parametrize("role", list(Role))
def test_who_works_only_with_a_second_factor(cast: Cast, role: Role, alone: tuple[Role, ...], settings: Any) -> None:
    """Everybody, but in roles that the campus lets in by a password alone; administrators and those like them never."""
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, password_alone=alone)
    person = cast.people[role]
    person.set_password(PASSWORD)
    person.save()
    client = Client(headers={"host": "localhost"})
    sign_in(client, person.email)
    needed = role not in alone
    for path in ("/", "/people/", "/account/keys/", "/account/sessions/", "/account/2fa/", "/account/password/change/"):
        answer = client.get(path)
        led = answer.status_code == 302 and answer["Location"] == "/account/2fa/totp/activate/"
        assert led is needed, (path, answer)
    assert client.get("/account/logout/").status_code == 200
    if needed:
        TOTP.activate(person, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        assert client.get("/").status_code == 200


def test_every_role_of_a_person_has_to_be_let_in_alone(cast: Cast, settings: Any) -> None:
    def needed(*alone: Role) -> list[bool]:
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, password_alone=alone)
        return [needs_second_factor(cast.actor(key)) for key in ("student", "researcher", "nobody", "administrator")]

    assert needed() == [True] * 4
    assert needed(Role.STUDENT) == [False, True, True, True]
    services.give_role(cast.people["student"], Role.RESEARCHER, cast.institute, by=SYSTEM)
    assert needed(Role.STUDENT) == [True] * 4
    assert needed(Role.STUDENT, Role.RESEARCHER, *SECOND_FACTOR) == [False, False, True, True]


def test_roles_that_can_do_most_harm_are_never_let_in_alone(tmp_path: Path) -> None:
    assert Configuration().password_alone == ()
    for role, well in (("student", True), ("administrator", False), ("data_steward", False), ("nurse", False)):
        (tmp_path / "campus.toml").write_text(f'password_alone = ["{role}"]\n')
        if well:
            assert read_configuration(tmp_path).password_alone == (Role.STUDENT,)
        else:
            with pytest.raises(InputError, match="password_alone"):
                read_configuration(tmp_path)


def test_in_a_demonstration_nobody_needs_one(cast: Cast, settings: Any) -> None:
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, demo=True)
    client = Client(headers={"host": "localhost"})
    client.post("/account/demonstration/", {"email": "data_steward@test.example"})
    assert client.get("/record/").status_code == 200


def test_somebody_sees_where_they_are_signed_in_and_ends_it(cast: Cast) -> None:
    keys = ("researcher",) * 3 + ("researcher2",)
    here, there, elsewhere, others = (just_proved(cast.client(key)) for key in keys)
    assert [one.get("/").status_code for one in (there, elsewhere)] == [200, 200]
    page = here.get("/account/sessions/").content.decode()
    assert page.count('name="session"') == 3, "two to end, and all others"
    foreign = others.get("/account/sessions/")
    assert 'name="session"' not in foreign.content.decode()
    number = int(page.split('name="session" value="')[1].split('"')[0])
    others.post("/account/sessions/end/", {"session": str(number)})
    assert all(who(one) for one in (here, there, elsewhere)), "nobody ends another's"
    here.post("/account/sessions/end/", {"session": str(number)})
    assert [bool(who(one)) for one in (here, there, elsewhere)].count(True) == 2 and who(here)
    here.post("/account/sessions/end/", {"session": "others"})
    assert who(here) and not who(there) and not who(elsewhere) and who(others)
    assert Event.objects.filter(verb="account.end_sessions").count() == 2
    assert here.post("/account/sessions/end/", {"session": "x' OR 1=1"}).status_code == 302 and who(others)


def test_ending_sessions_needs_to_show_who_one_is(cast: Cast, alone: None) -> None:
    person = cast.people["researcher"]
    person.set_password(PASSWORD)
    person.save()
    here, there = Client(headers={"host": "localhost"}), Client(headers={"host": "localhost"})
    for one in (here, there):
        sign_in(one, person.email)
    session = here.session
    session["account_authentication_methods"][0]["at"] -= 301
    session.save()
    asked = here.post("/account/sessions/end/", {"session": "others"})["Location"]
    assert asked.startswith("/account/reauthenticate/") and who(there)
    here.post(asked, {"password": PASSWORD})
    assert who(here) and not who(there), "what was sent with the form was kept until then"


def test_every_page_has_the_way_out(cast: Cast) -> None:
    client = cast.client("researcher")
    for path in ("/", "/people/", "/account/sessions/", "/no/such/page", "/record/"):
        assert 'action="/account/logout/"' in client.get(path).content.decode(), path


class TestShowingWhoOneIs:
    @pytest.fixture
    def client(self, cast: Cast, alone: None) -> Client:
        person = cast.people["researcher"]
        person.set_password(PASSWORD)
        person.save()
        client = Client(headers={"host": "localhost"})
        sign_in(client, person.email)
        return client

    @staticmethod
    def ask(client: Client, person: Any) -> str:
        request = RequestFactory().post("/sensitive/", {"decision": "yes"})
        request.session, request.user = client.session, person
        try:
            return str(reauthenticated(lambda request: "done")(request))  # type: ignore[arg-type,return-value]
        except ReauthenticationRequired:
            return "asked"

    def test_five_minutes_after_signing_in_it_is_asked(self, client: Client, cast: Cast) -> None:
        person = cast.people["researcher"]
        assert self.ask(client, person) == "done"
        session = client.session
        session["account_authentication_methods"][0]["at"] -= 301
        session.save()
        assert self.ask(client, person) == "asked"
        assert client.post("/account/reauthenticate/", {"password": "something else"}).status_code == 200
        assert self.ask(client, person) == "asked"
        client.post("/account/reauthenticate/", {"password": PASSWORD})
        assert self.ask(client, person) == "done"

    def test_what_one_person_showed_serves_nobody_else(self, client: Client, cast: Cast) -> None:
        cast.people["researcher2"].set_password(PASSWORD)
        assert self.ask(client, cast.people["researcher2"]) == "asked"

    def test_whoever_has_no_password_signs_in_again(self, cast: Cast) -> None:
        request = RequestFactory().get("/sensitive/")
        client = cast.client("researcher", proved=False)
        request.session, request.user = client.session, cast.people["researcher"]
        request._messages = _Silent()  # type: ignore[attr-defined]
        answer = reauthenticated(lambda request: "done")(request)  # type: ignore[arg-type,return-value]
        assert answer["Location"] == "/account/login/?next=/sensitive/" and not who(client)

    def test_it_cannot_be_tried_for_ever(self, client: Client) -> None:
        answers = [client.post("/account/reauthenticate/", {"password": f"guess {n} of it"}) for n in range(12)]
        assert answers[0].status_code == 200 and answers[-1].status_code == 429
        assert "Too many attempts" in answers[-1].content.decode()


class _Silent:
    def add(self, *said: object) -> None:
        """Nobody reads it here."""

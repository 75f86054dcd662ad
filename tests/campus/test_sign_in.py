"""Signing in with a password and a second factor; what does not exist: signing up, and one click outside a demo."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import msgspec
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.socialaccount.models import SocialAccount
from django.conf import global_settings
from django.contrib.auth import get_user
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from campus.cast import Cast
from wardbench.campus.audit.models import Event
from wardbench.campus.configuration import Mail
from wardbench.campus.people import services
from wardbench.campus.people.account_urls import CLOSED
from wardbench.campus.people.adapters import MAIL
from wardbench.campus.people.models import Person
from wardbench.campus.people.rules import SYSTEM

PASSWORD = "four old words for a test"


@pytest.fixture(autouse=True)
def _nobody_tried_before(db: None) -> None:
    cache.clear()


@pytest.fixture
def researcher(cast: Cast, alone: None) -> Any:
    person = cast.people["researcher"]
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/account/login/", {"login": email, "password": password})


def who(client: Client) -> str:
    """The id of whoever a browser has signed in as."""
    request = HttpRequest()
    request.session = client.session
    return str(get_user(request).pk or "")


def verbs() -> list[str]:
    return list(Event.objects.filter(verb__startswith="account.").order_by("number").values_list("verb", flat=True))


def code(secret: str) -> str:
    """What the app shows, a moment later where it is about to change."""
    while time.time() % 30 > 27:
        time.sleep(0.5)
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def activate(client: Client) -> str:
    """Set up a second factor some minutes after signing in, as a person does who shows first that it is them; its
    secret."""
    session = client.session
    for one in session["account_authentication_methods"]:
        one["at"] -= 301
    session.save()
    asked = client.get("/account/2fa/totp/activate/")["Location"]
    assert asked.startswith("/account/reauthenticate/")
    assert client.post(asked, {"password": "a guess at it"}).status_code == 200
    assert client.post(asked, {"password": PASSWORD})["Location"] == "/account/2fa/totp/activate/"
    page = client.get("/account/2fa/totp/activate/").content.decode()
    secret = re.search(r"<code class=\"app-break\">([A-Z2-7]+)</code>", page)
    assert secret and 'src="data:image/svg+xml' in page, page
    assert "<script" not in page.split("<main")[1].split("</main>")[0]
    answer = client.post("/account/2fa/totp/activate/", {"code": code(secret[1])})
    assert answer.status_code == 302, answer.content.decode()
    return secret[1]


def test_somebody_signs_in_and_out(client: Client, researcher: Any) -> None:
    assert client.get("/").status_code == 302
    assert sign_in(client, researcher.email)["Location"] == "/"
    assert who(client) == str(researcher.pk) and client.get("/").status_code == 200
    assert client.get("/account/logout/").status_code == 200 and who(client), "asking is not signing out"
    client.post("/account/logout/")
    assert not who(client) and client.get("/").status_code == 302
    assert verbs() == ["account.sign_in", "account.sign_out"]


def test_whoever_signs_in_reads_nothing_in_a_language_that_is_not_theirs(client: Client, researcher: Any) -> None:
    researcher.language = "nl"
    researcher.save()
    sign_in(client, researcher.email)
    page = client.get("/").content.decode()
    assert 'lang="nl"' in page and "signed in" not in page.lower()


def test_a_link_to_a_new_password_is_where_mail_can_be_sent_and_nowhere_else(
    client: Client, researcher: Any, settings: Any
) -> None:
    link = 'href="/account/password/reset/"'
    pages = {"/account/login/": client}
    sign_in(own := Client(headers={"host": "localhost"}), researcher.email)
    pages["/account/password/change/"] = own
    for mail_sent in (False, True):
        if mail_sent:
            sender = Mail("mail.example", 25, "campus@example.org")
            settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, mail=sender)
        for address, browser in pages.items():
            assert browser.get(address).content.decode().count(link) == int(mail_sent), (address, mail_sent)
        assert client.get("/account/password/reset/").status_code == (200 if mail_sent else 404)


def test_nobody_is_promised_to_be_remembered_for_longer_than_their_roles_allow(client: Client) -> None:
    assert 'name="remember"' not in client.get("/account/login/").content.decode()


def test_the_session_of_before_signing_in_is_not_the_one_after(client: Client, researcher: Any) -> None:
    client.get("/account/login/?next=/people/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["session"] = before = session.session_key
    sign_in(client, researcher.email)
    assert client.session.session_key != before and who(client)
    assert not who(_with_session(before))


def _with_session(key: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.cookies["session"] = key
    return client


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Client, researcher: Any) -> None:
    def answer(email: str) -> str:
        page = sign_in(client, email, "not the password at all").content.decode()
        return re.sub(r"[A-Za-z0-9]{64}", "TOKEN", page.replace(email, "ADDRESS"))

    wrong, unknown = answer(researcher.email), answer("nobody.knows@test.example")
    assert "nhsuk-error-summary" in wrong and wrong == unknown and not who(client)
    failed = Event.objects.filter(verb="account.refused")
    assert failed.count() == 2
    for event in failed:
        said = f"{event.actor}{event.object}{event.detail}{event.origin}"
        assert researcher.email not in said and "nobody.knows" not in said and "not the password" not in said


def test_a_closed_account_gets_the_answer_of_a_wrong_password(client: Client, cast: Cast, researcher: Any) -> None:
    services.close_account(researcher, by=SYSTEM)
    answer = sign_in(client, researcher.email)
    assert not who(client) and answer.status_code in (200, 302)
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("email", ["researcher@test.example", "nobody.knows@test.example"])
def test_after_five_failures_an_address_waits_whether_it_exists_or_not(
    client: Client, researcher: Any, email: str
) -> None:
    pages = [sign_in(client, email, "wrong wrong wrong").content.decode() for _ in range(6)]
    assert ["Too many failed" in page for page in pages] == [False] * 5 + [True]
    assert "Too many failed" in sign_in(client, email).content.decode(), "nor does the right password help now"
    assert not who(client)


def test_a_stranger_who_fails_keeps_nobody_from_showing_who_they_are(client: Client, researcher: Any) -> None:
    sign_in(client, researcher.email)
    stranger = Client(headers={"host": "localhost"}, REMOTE_ADDR="192.0.2.7")
    for _ in range(6):
        sign_in(stranger, researcher.email, "a guess at it")
    assert client.post("/account/reauthenticate/", {"password": PASSWORD}).status_code == 302
    for _ in range(5):
        client.post("/account/reauthenticate/", {"password": "a guess at it"})
    assert client.post("/account/reauthenticate/", {"password": PASSWORD}).status_code == 200, "guesses count here"


def test_one_address_of_the_network_tries_ten_times_a_minute(client: Client, researcher: Any) -> None:
    for number in range(10):
        sign_in(client, f"person{number}@test.example", "wrong wrong wrong")
    assert "Too many failed" in sign_in(client, "person99@test.example", "wrong wrong wrong").content.decode()


@pytest.mark.parametrize("short", ["elevenchars", "password1234", "researcher@test"])
def test_a_password_is_long_and_not_a_common_one(client: Client, researcher: Any, short: str) -> None:
    sign_in(client, researcher.email)
    change = {"oldpassword": PASSWORD, "password1": short, "password2": short}
    assert client.post("/account/password/change/", change).status_code == 200
    researcher.refresh_from_db()
    assert researcher.check_password(PASSWORD)


def test_a_long_password_of_any_signs_is_taken_whole_and_ends_every_session(client: Client, researcher: Any) -> None:
    new = "ñandú 鹿 🦌 " + "x" * 110
    other = Client(headers={"host": "localhost"})
    sign_in(client, researcher.email)
    sign_in(other, researcher.email)
    change = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/account/password/change/", change).status_code == 302
    assert not who(client) and not who(other)
    assert not who(_signed(researcher.email, new[:-1])) and who(_signed(researcher.email, new))
    assert "account.password" in verbs()


def _signed(email: str, password: str) -> Client:
    client = Client(headers={"host": "localhost"})
    sign_in(client, email, password)
    return client


def test_changing_a_password_needs_the_present_one(client: Client, researcher: Any) -> None:
    sign_in(client, researcher.email)
    change = {"oldpassword": "something else", "password1": "another long one", "password2": "another long one"}
    assert client.post("/account/password/change/", change).status_code == 200
    researcher.refresh_from_db()
    assert researcher.check_password(PASSWORD)


@pytest.mark.parametrize("path", [*CLOSED, "password/reset/", "demonstration/", "password/set/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_does_not_exist_here_answers_404(
    client: Client, cast: Cast, researcher: Any, path: str, method: str
) -> None:
    path = path.replace("<str:key>", "abc")
    data = {"email": researcher.email, "password1": PASSWORD, "password2": PASSWORD}
    for browser in (client, cast.client("researcher")):
        assert getattr(browser, method)(f"/account/{path}", data).status_code == 404
    assert not who(client)


def test_a_demonstration_signs_in_by_one_click_on_the_record(client: Client, cast: Cast, settings: Any) -> None:
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, demo=True)
    page = client.get("/account/login/").content.decode()
    for key in ("physician", "researcher", "administrator"):
        assert f'value="{key}@test.example"' in page
    assert client.get("/account/demonstration/?email=physician@test.example").status_code == 404 and not who(client)
    assert client.post("/account/demonstration/", {"email": "physician@test.example"}).status_code == 302
    assert who(client) == str(cast.people["physician"].pk) and verbs() == ["account.sign_in"]
    assert client.post("/account/demonstration/", {"email": "nobody.knows@test.example"}).status_code == 404


def test_elsewhere_the_page_has_no_such_buttons(client: Client, cast: Cast) -> None:
    page = client.get("/account/login/").content.decode()
    assert "demonstration" not in page and "physician@test.example" not in page


def test_a_second_factor_is_set_up_and_asked_for(client: Client, researcher: Any) -> None:
    sign_in(client, researcher.email)
    secret = activate(client)
    client.post("/account/logout/")
    cache.clear()  # the code that set it up is used; the next comes in half a minute
    assert sign_in(client, researcher.email)["Location"] == "/account/2fa/authenticate/" and not who(client)
    assert client.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200 and not who(client)
    client.post("/account/2fa/authenticate/", {"code": code(secret)})
    assert who(client) == str(researcher.pk)
    assert f"Since {date_format(timezone.localdate(), 'j F Y')}." in client.get("/account/2fa/").content.decode()
    factors = Event.objects.filter(verb="account.second_factor").values_list("detail", flat=True)
    assert [(one["type"], one["change"]) for one in factors] == [("totp", "added"), ("recovery_codes", "added")]
    assert "account.refused" in verbs(), "the wrong code is on the record"


def test_whoever_signed_in_a_moment_ago_is_not_asked_for_the_password_again(client: Client, researcher: Any) -> None:
    sign_in(client, researcher.email)
    page = client.get("/account/2fa/totp/activate/")
    assert page.status_code == 200 and "data:image/svg+xml" in page.content.decode()


def test_a_code_works_once(client: Client, researcher: Any) -> None:
    TOTP.activate(researcher, secret := "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    used = code(secret)
    for wanted in (True, False):
        client.post("/account/logout/")
        sign_in(client, researcher.email)
        client.post("/account/2fa/authenticate/", {"code": used})
        assert bool(who(client)) is wanted


def test_a_recovery_code_opens_once(client: Client, researcher: Any) -> None:
    sign_in(client, researcher.email)
    activate(client)
    stored = Authenticator.objects.get(user=researcher, type="recovery_codes").wrap()
    first = stored.get_unused_codes()[0]
    assert first in client.get("/account/2fa/recovery-codes/").content.decode()
    for wanted in (True, False):
        client.post("/account/logout/")
        sign_in(client, researcher.email)
        client.post("/account/2fa/authenticate/", {"code": first})
        assert bool(who(client)) is wanted


def test_codes_cannot_be_tried_for_ever(client: Client, researcher: Any) -> None:
    TOTP.activate(researcher, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    sign_in(client, researcher.email)
    pages = [client.post("/account/2fa/authenticate/", {"code": f"{n:06}"}).content.decode() for n in range(7)]
    assert "Too many" in pages[-1] and "Too many" not in pages[0]


def test_the_secret_of_a_second_factor_is_not_readable_in_the_database(client: Client, researcher: Any) -> None:
    sign_in(client, researcher.email)
    secret = activate(client)
    stored = [one.data for one in Authenticator.objects.filter(user=researcher)]
    assert len(stored) == 2 and secret not in str(stored)


def test_turning_it_off_needs_to_show_who_one_is(client: Client, researcher: Any) -> None:
    sign_in(client, researcher.email)
    activate(client)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    answer = client.post("/account/2fa/totp/deactivate/")
    assert answer.status_code == 302 and "reauthenticate" in answer["Location"]
    assert Authenticator.objects.filter(user=researcher, type="totp").exists()


def test_a_code_of_another_half_minute_does_not_work(client: Client, researcher: Any) -> None:
    TOTP.activate(researcher, secret := "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    code(secret)
    for away in (-2, -1, 1, 2):
        sign_in(client, researcher.email)
        old = str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + away)))
        client.post("/account/2fa/authenticate/", {"code": old})
        assert not who(client)


def test_fields_of_passwords_hide_them_and_let_managers_fill_them(client: Client, researcher: Any) -> None:
    page = client.get("/account/login/").content.decode()
    sign_in(client, researcher.email)
    page += client.get("/account/password/change/").content.decode()
    fields = re.findall(r'<input[^>]*name="(?:old)?password[12]?"[^>]*>', page)
    assert len(fields) == 4 and "onpaste" not in page
    for one in fields:
        assert 'type="password"' in one and "maxlength" not in one and 'autocomplete="off"' not in one
    assert 'autocomplete="current-password"' in page and 'autocomplete="new-password"' in page


@pytest.mark.django_db
def test_a_new_campus_has_no_account() -> None:
    assert not Person.objects.exists()


def test_passwords_are_kept_by_a_slow_hash() -> None:
    """By Django's own choice; the tests of the campus use a quick one, which no setting of the campus does."""
    from wardbench.campus import settings as campus

    assert not hasattr(campus, "PASSWORD_HASHERS")
    kept = PBKDF2PasswordHasher().encode(PASSWORD, "salt of a test")
    assert kept.startswith("pbkdf2_sha256$") and int(kept.split("$")[1]) >= 600_000
    assert global_settings.PASSWORD_HASHERS[0].endswith(".PBKDF2PasswordHasher")


class Failing(BaseEmailBackend):
    """A mail server that cannot be reached."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError


def mailed() -> None:
    """Wait for the mails that are on their way."""
    for thread in threading.enumerate():
        if thread.name == MAIL:
            thread.join()


class TestForgottenPassword:
    @pytest.fixture(autouse=True)
    def _with_mail(self, settings: Any) -> None:
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, mail=Mail(host="localhost"))
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    def test_a_link_comes_by_mail_works_once_and_ends_sessions(
        self, client: Client, researcher: Any, settings: Any
    ) -> None:
        signed = _signed(researcher.email, PASSWORD)
        assert client.post("/account/password/reset/", {"email": researcher.email}).status_code == 302
        mailed()
        link = re.search(r"/account/password/reset/key/\S+", mail.outbox[0].body)
        assert link and mail.outbox[0].to == [researcher.email]
        name = settings.CAMPUS.name
        assert name and mail.outbox[0].subject.startswith(f"[{name}] ") and f"Hello from {name}!" in mail.outbox[0].body
        page = client.get(link[0])
        address = page["Location"]
        new = "an entirely new one"
        assert client.post(address, {"password1": new, "password2": new}).status_code == 302
        assert not who(signed) and who(_signed(researcher.email, new))
        again = client.get(link[0], follow=True)
        assert "used already" in again.content.decode()

    def test_whoever_asks_for_a_link_keeps_nobody_from_a_second_factor(self, client: Client, researcher: Any) -> None:
        """Anybody may ask, for anybody: afterwards the two pages of second factors led to one another for ever."""
        assert client.post("/account/password/reset/", {"email": researcher.email}).status_code == 302
        mailed()
        signed = _signed(researcher.email, PASSWORD)
        assert signed.get("/account/2fa/totp/activate/").status_code == 200
        assert activate(signed)

    def test_nothing_tells_whether_an_address_exists(self, client: Client, researcher: Any) -> None:
        answers = [client.post("/account/password/reset/", {"email": one}) for one in (researcher.email, "x@y.example")]
        assert [a.status_code for a in answers] == [302, 302] and answers[0]["Location"] == answers[1]["Location"]
        mailed()
        assert [message.to for message in mail.outbox] == [[researcher.email]]

    def test_nor_does_a_mail_server_that_fails(self, client: Client, researcher: Any, settings: Any) -> None:
        settings.EMAIL_BACKEND = "campus.test_sign_in.Failing"
        answers = [client.post("/account/password/reset/", {"email": one}) for one in (researcher.email, "x@y.example")]
        mailed()
        assert [a.status_code for a in answers] == [302, 302]

    def test_whoever_comes_through_an_institution_gets_no_password_by_mail(
        self, client: Client, researcher: Any
    ) -> None:
        SocialAccount.objects.create(user=researcher, provider="idp", uid="42")
        Person.objects.filter(id=researcher.id).update(password="!")
        assert client.post("/account/password/reset/", {"email": researcher.email}).status_code == 302
        mailed()
        assert mail.outbox == []

    def test_a_new_password_does_not_pass_by_the_second_factor(self, client: Client, researcher: Any) -> None:
        TOTP.activate(researcher, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        client.post("/account/password/reset/", {"email": researcher.email})
        mailed()
        link = re.search(r"/account/password/reset/key/\S+", mail.outbox[0].body)
        assert link
        new = "an entirely new one"
        client.post(client.get(link[0])["Location"], {"password1": new, "password2": new})
        assert not who(client) and not who(_signed(researcher.email, new))

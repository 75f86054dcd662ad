"""OpenID Connect against a provider, or somebody in between, that does not keep the rules: nobody is signed in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.test import Client

from campus.cast import Cast
from campus.identity import CLIENT, SECRET, Hostile, challenge, hostile, leave
from campus.test_sign_in import PASSWORD, who
from wardbench.campus.audit.models import Event
from wardbench.campus.configuration import Configuration, OpenIDProvider
from wardbench.campus.people import services
from wardbench.campus.people.models import Person
from wardbench.campus.people.providers import provider_settings
from wardbench.campus.people.rules import SYSTEM
from wardbench.core.errors import InputError, NotFoundError


@pytest.fixture
def provider(cast: Cast, tmp_path: Path, settings: Any) -> Iterator[Hostile]:
    cache.clear()
    with hostile() as first, hostile() as second:
        (tmp_path / "secret").write_text(SECRET + "\n")
        known = tuple(
            OpenIDProvider(name, name.capitalize(), one.issuer, CLIENT, "secret")
            for name, one in (("idp", first), ("other", second))
        )
        settings.SOCIALACCOUNT_PROVIDERS = provider_settings(Configuration(openid=known), tmp_path)
        yield first


def come_back(client: Client, provider: Hostile, **changes: str) -> Any:
    """Leave, sign in there as the provider says, and come back with what it was told to say."""
    _, asked = leave(client, "idp")
    provider.nonce = asked["nonce"]
    sent = {"code": "abc", "state": asked["state"], **changes}
    return client.get("/account/oidc/idp/login/callback/", sent)


def test_the_whole_way_works_when_nobody_lies(client: Client, provider: Hostile, cast: Cast) -> None:
    """The positive control: every refusal below is for its own reason."""
    assert come_back(client, provider)["Location"] == "/"
    assert who(client) == str(cast.people["researcher"].pk)


LIES: dict[str, dict[str, Any]] = {
    "nonce of another request": {"claims": {"nonce": "of another request"}},
    "no nonce": {"without": ("nonce",)},
    "another audience": {"claims": {"aud": "another application"}},
    "several audiences, and not made for us": {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
    "several audiences, and nobody named": {"claims": {"aud": [CLIENT, "another"]}},
    "one audience, made for another": {"claims": {"azp": "another"}},
    "another issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "expired": {"claims": {"exp": int(time.time()) - 120}},
    "made in the future": {"claims": {"iat": int(time.time()) + 3600}},
    "not valid yet": {"claims": {"nbf": int(time.time()) + 3600}},
    "without expiry": {"without": ("exp",)},
    "without a subject": {"without": ("sub",)},
    "without a moment": {"without": ("iat",)},
    "not signed": {"algorithm": "none"},
    "signed with the shared secret": {"algorithm": "HS256"},
    "signed with another key": {"sign_with": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
    "a key that the provider has not": {"header": {"kid": "another"}},
    "an algorithm that does not fit the key": {"algorithm": "PS256"},
    "userinfo of somebody else": {"info": {"sub": "43"}},
    "userinfo that is none": {"info": {"sub": None}},
    "discovery of another issuer": {"discovery": {"issuer": "https://elsewhere.example"}},
    "keys from an unsafe address": {"discovery": {"jwks_uri": "http://elsewhere.example/keys"}},
    "userinfo from an unsafe address": {"discovery": {"userinfo_endpoint": "http://elsewhere.example/userinfo"}},
    "a token endpoint at an unsafe address": {"discovery": {"token_endpoint": "http://elsewhere.example/token"}},
}


@pytest.mark.parametrize("lie", list(LIES))
def test_a_lie_of_the_provider_signs_nobody_in(client: Client, provider: Hostile, lie: str) -> None:
    _, asked = leave(client, "idp")
    provider.nonce = asked["nonce"]
    for name, value in LIES[lie].items():
        setattr(provider, name, value)
    answer = client.get("/account/oidc/idp/login/callback/", {"code": "abc", "state": asked["state"]})
    assert answer.status_code == 401 and not who(client) and not SocialAccount.objects.exists()
    assert "did not hold" in answer.content.decode()
    assert Event.objects.get(verb="account.refused").detail == {"why": "invalid"}


@pytest.mark.parametrize("lie", ["discovery of another issuer", "keys from an unsafe address"])
def test_a_provider_that_cannot_be_used_is_not_gone_to(client: Client, provider: Hostile, lie: str) -> None:
    provider.discovery = LIES[lie]["discovery"]
    answer = client.post("/account/oidc/idp/login/")
    said = answer.content.decode()
    assert answer.status_code == 401 and "You were not sent there" in said and "did not hold" not in said


class TestTheStateOfARequest:
    def test_an_answer_without_it_or_with_another_is_refused(self, client: Client, provider: Hostile) -> None:
        for state in ("", "somebody else's"):
            assert come_back(client, provider, state=state).status_code == 401 and not who(client)
        assert not provider.asked, "the code was not even redeemed"

    def test_it_is_of_one_browser(self, client: Client, provider: Hostile) -> None:
        _, asked = leave(client, "idp")
        provider.nonce = asked["nonce"]
        victim = Client(headers={"host": "localhost"})
        victim.get("/account/login/")
        answer = victim.get("/account/oidc/idp/login/callback/", {"code": "abc", "state": asked["state"]})
        assert answer.status_code == 401 and not who(victim)

    def test_it_serves_once(self, client: Client, provider: Hostile) -> None:
        _, asked = leave(client, "idp")
        provider.nonce = asked["nonce"]
        sent = {"code": "abc", "state": asked["state"]}
        assert client.get("/account/oidc/idp/login/callback/", sent).status_code == 302
        client.post("/account/logout/")
        assert client.get("/account/oidc/idp/login/callback/", sent).status_code == 401 and not who(client)

    def test_it_is_of_one_provider(self, client: Client, provider: Hostile) -> None:
        """A mix-up: the browser left for one provider, and the answer is brought to another's door."""
        _, asked = leave(client, "idp")
        answer = client.get("/account/oidc/other/login/callback/", {"code": "abc", "state": asked["state"]})
        assert answer.status_code == 401 and not who(client) and not provider.asked


def test_an_answer_in_the_name_of_another_provider_is_refused(client: Client, provider: Hostile) -> None:
    answer = come_back(client, provider, iss="https://elsewhere.example")
    assert answer.status_code == 401 and not who(client) and not provider.asked
    assert come_back(client, provider, iss=provider.issuer).status_code == 302 and who(client)


def test_a_provider_that_promises_its_name_in_the_answer_has_to_give_it(client: Client, provider: Hostile) -> None:
    provider.discovery = {"authorization_response_iss_parameter_supported": True}
    assert come_back(client, provider).status_code == 401 and not who(client)
    assert come_back(client, provider, iss=provider.issuer).status_code == 302 and who(client)


def test_the_request_is_bound_by_pkce_and_new_each_time(client: Client, provider: Hostile) -> None:
    _, first = leave(client, "idp")
    _, asked = leave(client, "idp")
    assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != asked[name] and len(asked[name]) >= 16
    provider.nonce = asked["nonce"]
    client.get("/account/oidc/idp/login/callback/", {"code": "abc", "state": asked["state"]})
    (redeemed,) = provider.asked
    assert challenge(redeemed["code_verifier"]) == asked["code_challenge"]
    assert redeemed["redirect_uri"] == "http://localhost/account/oidc/idp/login/callback/"


def test_what_a_link_adds_changes_nothing_of_what_is_asked(client: Client, provider: Hostile) -> None:
    added = "?auth_params=nonce%3Dchosen%26prompt%3Dnone&scope=offline_access"
    target, asked = leave(client, "idp", added)
    assert asked["nonce"] != "chosen" and "prompt" not in asked and "offline_access" not in target


def test_a_link_alone_does_not_begin_it(client: Client, provider: Hostile) -> None:
    """Otherwise another site could sign somebody in as its own author."""
    answer = client.get("/account/oidc/idp/login/")
    assert (
        answer.status_code == 200 and 'method="post"' in answer.content.decode() and "url=" not in str(answer.headers)
    )


@pytest.mark.parametrize("said", ["true", 1, False, None, "yes"])
def test_an_address_is_verified_only_when_it_is_said_exactly(client: Client, provider: Hostile, said: Any) -> None:
    provider.info = {"email_verified": said}
    assert come_back(client, provider).status_code == 403 and not who(client)


def test_a_closed_account_keeps_no_session_and_gets_none(client: Client, provider: Hostile, cast: Cast) -> None:
    come_back(client, provider)
    assert who(client)
    services.close_account(cast.people["researcher"], by=SYSTEM)
    assert client.get("/").status_code == 302 and not who(client)
    come_back(client, provider)
    assert client.get("/").status_code == 302 and not who(client)


@pytest.mark.usefixtures("alone")
def test_an_identity_that_changes_its_address_stays_the_person_it_was_linked_to(
    client: Client, provider: Hostile, cast: Cast
) -> None:
    come_back(client, provider)
    provider.info = {"email": "administrator@test.example"}
    come_back(client, provider)
    assert who(client) == str(cast.people["researcher"].pk) and SocialAccount.objects.count() == 1


def test_what_is_kept_of_an_identity_is_little(client: Client, provider: Hostile) -> None:
    provider.info = {"name": "R. Searcher", "birthdate": "1980-01-01", "groups": ["administrator"]}
    come_back(client, provider)
    assert SocialAccount.objects.get().extra_data == {"sub": "42", "email": "researcher@test.example"}


def test_nobody_is_added(client: Client, provider: Hostile) -> None:
    people = Person.objects.count()
    provider.info = {"email": "stranger@elsewhere.example"}
    answer = come_back(client, provider)
    assert answer.status_code == 403 and "no account on this campus" in answer.content.decode()
    assert Person.objects.count() == people and not SocialAccount.objects.exists() and not who(client)
    assert client.get("/account/3rdparty/signup/").status_code == 404


@pytest.mark.parametrize(
    "issuer", ["http://idp.example", "ftp://idp.example", "idp.example", "https://", "javascript:x"]
)
def test_a_provider_elsewhere_is_reached_by_https(tmp_path: Path, issuer: str) -> None:
    (tmp_path / "secret").write_text("s")
    with pytest.raises(InputError, match="idp: issuer"):
        provider_settings(Configuration(openid=(OpenIDProvider("idp", "IdP", issuer, "c", "secret"),)), tmp_path)


def test_a_provider_needs_its_secret_and_an_id_of_its_own(tmp_path: Path) -> None:
    one = OpenIDProvider("idp", "IdP", "https://idp.example", "c", "secret")
    with pytest.raises(NotFoundError, match="secret"):
        provider_settings(Configuration(openid=(one,)), tmp_path)
    (tmp_path / "secret").write_text("s")
    assert provider_settings(Configuration(openid=(one,)), tmp_path)["openid_connect"]["APPS"][0]["secret"] == "s"
    for wrong in ((one, one), (OpenIDProvider("a/b", "IdP", "https://idp.example", "c", "secret"),)):
        with pytest.raises(InputError, match="its own"):
            provider_settings(Configuration(openid=wrong), tmp_path)


ELSEWHERE: dict[str, tuple[dict[str, Any], bool]] = {
    "by the method": ({"amr": ["pwd", "mfa"]}, True),
    "by the class": ({"acr": "urn:campus:two"}, True),
    "by neither": ({}, False),
    "by one method": ({"amr": ["pwd"]}, False),
    "by a text that is no list": ({"amr": "mfa"}, False),
    "by a class that is not named": ({"acr": "urn:campus:one"}, False),
    "by a class that is none": ({"acr": ["urn:campus:two"]}, False),
}


@pytest.mark.parametrize("said", list(ELSEWHERE))
def test_a_second_factor_that_the_provider_tells_of_counts(
    client: Client, provider: Hostile, cast: Cast, tmp_path: Path, settings: Any, said: str
) -> None:
    """Whoever used none there sets one up here, before anything else."""
    one = OpenIDProvider("idp", "Idp", provider.issuer, CLIENT, "secret", ("mfa", "urn:campus:two"))
    settings.SOCIALACCOUNT_PROVIDERS = provider_settings(Configuration(openid=(one,)), tmp_path)
    provider.claims, counts = ELSEWHERE[said]
    _, asked = leave(client, "idp")
    assert asked["acr_values"] == "urn:campus:two"
    come_back(client, provider)
    assert who(client) == str(cast.people["researcher"].pk)
    answer = client.get("/people/")
    assert (answer.status_code == 200) is counts
    if not counts:
        assert answer["Location"] == "/account/2fa/totp/activate/"
        assert client.get("/account/2fa/totp/activate/").status_code == 200, "they showed who they are a moment ago"


def test_what_the_userinfo_says_of_a_second_factor_does_not_count(client: Client, provider: Hostile) -> None:
    """It is not signed, and not of this sign-in."""
    provider.info = {"amr": ["mfa"]}
    come_back(client, provider)
    assert client.get("/people/")["Location"] == "/account/2fa/totp/activate/"


def test_a_browser_cannot_say_that_a_second_factor_was_used(client: Client, cast: Cast) -> None:
    person = cast.people["researcher"]
    person.set_password(PASSWORD)
    person.save()
    headers = {"wardbench.second_factor": "1", "wardbench-second-factor": "1"}
    client.post("/account/login/", {"login": person.email, "password": PASSWORD}, headers=headers)
    assert who(client) and client.get("/people/", headers=headers).status_code == 302


def test_a_session_without_a_password_gives_its_thief_no_second_factor(
    client: Client, provider: Hostile, cast: Cast
) -> None:
    """With one of their own they would be taken for the person wherever it is asked who somebody is."""
    come_back(client, provider)
    session = client.session
    for one in session["account_authentication_methods"]:
        one["at"] -= 301
    session.save()
    answer = client.get("/account/2fa/totp/activate/")
    assert answer["Location"].startswith("/account/login/") and not who(client)


def test_being_signed_in_links_no_identity(client: Client, provider: Hostile, cast: Cast) -> None:
    """Or whoever finds a session open makes a way in that stays."""
    thiefs = cast.client("researcher")
    provider.info = {"email": "thief@elsewhere.example"}
    _, asked = leave(thiefs, "idp", "?process=connect")
    provider.nonce = asked["nonce"]
    answer = thiefs.get("/account/oidc/idp/login/callback/", {"code": "abc", "state": asked["state"]})
    assert answer.status_code == 403 and not SocialAccount.objects.exists()

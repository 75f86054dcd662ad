"""OpenID Connect against a real provider: `oidc-provider` for Node, in a process of its own."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client

from campus.cast import Cast
from campus.identity import CALLBACK, CLIENT, SECRET, challenge, leave
from campus.test_sign_in import activate, who
from wardbench.campus.audit.models import Event
from wardbench.campus.configuration import Configuration, OpenIDProvider
from wardbench.campus.people.models import Person
from wardbench.campus.people.providers import provider_settings

FOLDER = Path(__file__).parents[1] / "identity"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        pytest.skip("the identity provider is not installed (npm ci in tests/identity)")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [node, str(FOLDER / "provider.mjs"), str(port), CALLBACK.format("hospital")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None and any("ready" in line for line in server.stdout)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture
def provider(cast: Cast, issuer: str, tmp_path: Path, settings: Any, alone: None) -> str:
    cache.clear()
    (tmp_path / "secret").write_text(SECRET)
    one = OpenIDProvider("hospital", "University Hospital", issuer, CLIENT, "secret")
    settings.SOCIALACCOUNT_PROVIDERS = provider_settings(Configuration(openid=(one,)), tmp_path)
    return issuer


def sign_in_there(target: str, login: str) -> str:
    """Walk through the provider's own pages as `login`; the address of ours that it sends the browser back to."""
    browser = requests.Session()
    answer = browser.get(target, allow_redirects=False)
    for _ in range(12):
        if "Location" in answer.headers:
            address = urljoin(answer.url, answer.headers["Location"])
            if address.startswith("http://localhost/"):
                return address
            answer = browser.get(address, allow_redirects=False)
        else:
            action, prompt = (
                re.search(pattern, answer.text) for pattern in (r'action="([^"]+)"', r'name="prompt" value="(\w+)"')
            )
            assert action and prompt, answer.text
            sent = {"prompt": prompt[1], "login": login, "password": "any"}
            answer = browser.post(urljoin(answer.url, action[1]), sent, allow_redirects=False)
    raise AssertionError("the provider sent the browser in circles")


def through(client: Client, login: str) -> Any:
    target, _ = leave(client, "hospital")
    return client.get(sign_in_there(target, login))


def test_the_sign_in_page_has_its_button(client: Client, provider: str) -> None:
    page = client.get("/account/login/?next=/people/").content.decode()
    assert "University Hospital" in page and "/account/oidc/hospital/login/?next=%2Fpeople%2F" in page


def test_somebody_is_known_by_the_address_that_the_provider_verified(client: Client, provider: str, cast: Cast) -> None:
    assert through(client, "researcher")["Location"] == "/"
    assert who(client) == str(cast.people["researcher"].pk) and client.get("/").status_code == 200
    linked = SocialAccount.objects.get()
    assert (linked.provider, linked.uid) == ("hospital", "researcher")
    assert list(Event.objects.filter(verb__startswith="account.").values_list("verb", flat=True)) == [
        "account.link",
        "account.sign_in",
    ]


def test_the_second_time_the_link_counts_and_not_the_address(client: Client, provider: str, cast: Cast) -> None:
    through(client, "researcher")
    client.post("/account/logout/")
    Person.objects.filter(id=cast.people["researcher"].pk).update(email="renamed@test.example")
    through(client, "researcher")
    assert who(client) == str(cast.people["researcher"].pk) and SocialAccount.objects.count() == 1


def test_capitals_make_no_other_address(client: Client, provider: str, cast: Cast) -> None:
    through(client, "capitals")
    assert who(client) == str(cast.people["physician"].pk)


@pytest.mark.parametrize("login", ["unverified", "stranger", "nothing_is_known_of_them"])
def test_whoever_is_not_known_here_reads_so(client: Client, provider: str, login: str) -> None:
    people = Person.objects.count()
    answer = through(client, login)
    assert answer.status_code == 403 and "You have no account on this campus" in answer.content.decode()
    assert not who(client) and Person.objects.count() == people and not SocialAccount.objects.exists()
    assert Event.objects.get(verb="account.refused").detail == {"why": "unknown"}


def test_groups_of_the_provider_are_no_roles(client: Client, provider: str, cast: Cast) -> None:
    """It says that the researcher is in the group `administrator`."""
    through(client, "researcher")
    assert {str(role) for role in cast.actor("researcher").roles} == {"researcher"}


def test_a_code_that_was_used_is_refused_by_the_provider(client: Client, provider: str) -> None:
    target, asked = leave(client, "hospital")
    back = sign_in_there(target, "researcher")
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert client.get(back).status_code == 302
    client.post("/account/logout/")
    _, again = leave(client, "hospital")
    query = {"code": code, "state": again["state"], "iss": provider}
    answer = client.get("/account/oidc/hospital/login/callback/", query)
    assert answer.status_code == 401 and not who(client) and asked["state"] != again["state"]


def test_a_stolen_code_is_worth_nothing_without_the_verifier(client: Client, provider: str) -> None:
    target, asked = leave(client, "hospital")
    code = parse_qs(urlsplit(sign_in_there(target, "researcher")).query)["code"][0]
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": asked["redirect_uri"]}
    for verifier in ({}, {"code_verifier": "a" * 43}):
        answer = requests.post(f"{provider}/token", {**sent, **verifier}, auth=(CLIENT, SECRET), timeout=20)
        assert answer.status_code == 400 and "id_token" not in answer.text
        assert challenge("a" * 43) != asked["code_challenge"]
    thief = Client(headers={"host": "localhost"})
    _, own = leave(thief, "hospital")
    answer = thief.get("/account/oidc/hospital/login/callback/", {"code": code, "state": own["state"], "iss": provider})
    assert answer.status_code == 401 and not who(thief), "another browser's verifier does not fit the code"


def test_somebody_who_stops_there_is_not_signed_in(client: Client, provider: str) -> None:
    _, asked = leave(client, "hospital")
    query = {"error": "access_denied", "state": asked["state"], "iss": provider}
    answer = client.get("/account/oidc/hospital/login/callback/", query, follow=True)
    assert "You stopped at your institution" in answer.content.decode() and not who(client)


def test_a_second_factor_of_ours_is_asked_also_after_theirs(client: Client, provider: str, cast: Cast) -> None:
    from campus.test_sign_in import PASSWORD, sign_in

    person = cast.people["researcher"]
    person.set_password(PASSWORD)
    person.save()
    sign_in(client, person.email)
    activate(client)
    client.post("/account/logout/")
    assert through(client, "researcher")["Location"] == "/account/2fa/authenticate/" and not who(client)


def test_a_provider_that_is_down_is_said_in_a_sentence(
    client: Client, cast: Cast, tmp_path: Path, settings: Any
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    (tmp_path / "secret").write_text(SECRET)
    one = OpenIDProvider("hospital", "University Hospital", f"http://localhost:{port}", CLIENT, "secret")
    settings.SOCIALACCOUNT_PROVIDERS = provider_settings(Configuration(openid=(one,)), tmp_path)
    answer = client.post("/account/oidc/hospital/login/")
    assert answer.status_code == 401 and "You were not signed in" in answer.content.decode()


def test_a_provider_that_is_not_configured_does_not_exist(client: Client, provider: str) -> None:
    for path in ("login/", "login/callback/?code=a&state=b"):
        assert client.get(f"/account/oidc/another/{path}").status_code == 404

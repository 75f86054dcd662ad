"""What every answer tells the browser: where things may come from, what is kept, and by whom it may be framed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from campus.cast import Cast
from campus.laid_out import laid_out
from wardbench.campus.configuration import make_keys

SERVED = """
import json, sys
from pathlib import Path
from wardbench.campus.installation import make_campus
make_campus(Path(sys.argv[1]), name="Campus", address=sys.argv[2], hosts=("campus.example",), database=sys.argv[4])
from django.test import Client
client = Client(headers={"host": "campus.example"}, **json.loads(sys.argv[3]))
from wardbench.campus.people.services import add_person
from wardbench.campus.people.rules import SYSTEM
add_person("a@b.example", "A", by=SYSTEM, password="a password for one test")
page = client.get("/account/login/")
client.post("/language/", {"language": "nl"})
answer = client.post("/account/login/", {"login": "a@b.example", "password": "a password for one test"})
from wardbench.campus.audit.models import Event
from django.conf import settings
print(json.dumps({
    "headers": dict(page.headers), "signed": answer.status_code,
    "cookies": {name: dict(morsel) for name, morsel in client.cookies.items()},
    "named": [getattr(settings, name) for name in dir(settings) if name.endswith("COOKIE_NAME")],
    "origin": Event.objects.get(verb="account.sign_in").origin,
}))
"""


def served(folder: Path, address: str, database: str, **extra: str) -> Any:
    """What a campus at `address` answers, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": "src"}
    command = [sys.executable, "-c", SERVED, str(folder), address, json.dumps(extra), database]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Any:
    forwarded = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 10.1.2.3"}
    folder = tmp_path_factory.mktemp("https") / "c"
    return served(folder, "https://campus.example", laid_out(tmp_path_factory, folder), **forwarded)


def policy(header: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for part in header.split(";") if (words := part.split())}


def test_by_https_every_cookie_is_bound_to_this_host(secured: Any) -> None:
    assert secured["signed"] == 302
    assert set(secured["cookies"]) == {"__Host-session", "__Host-csrf", "__Host-language"}
    for name, cookie in secured["cookies"].items():
        assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/" and not cookie["domain"], name
        assert cookie["samesite"] == "Lax", name
    assert len(secured["named"]) == 4 and all(name.startswith("__Host-") for name in secured["named"])


def test_by_https_the_browser_comes_back_by_https_only(secured: Any) -> None:
    assert secured["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_behind_a_proxy_the_address_that_it_saw_counts_and_no_other(secured: Any) -> None:
    assert secured["origin"].startswith("10.1.2.3 "), "the first address is what the browser said of itself"


def test_without_a_proxy_nobody_chooses_their_address(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    database = laid_out(tmp_path_factory, tmp_path / "c")
    plain = served(tmp_path / "c", "http://campus.example", database, HTTP_X_FORWARDED_FOR="6.6.6.6")
    assert plain["origin"].startswith("127.0.0.1 ") and set(plain["cookies"]) == {"session", "csrf", "language"}
    assert "Strict-Transport-Security" not in plain["headers"]


@pytest.mark.parametrize(
    "path", ["/", "/people/", "/account/sessions/", "/account/2fa/", "/no/such/page", "/people/why/"]
)
def test_what_a_person_was_shown_is_kept_nowhere(cast: Cast, path: str) -> None:
    assert "no-store" in cast.client("researcher").get(path)["Cache-Control"]


def test_the_policy_of_a_page_lets_in_nothing_but_ours(cast: Cast) -> None:
    for browser in (Client(headers={"host": "localhost"}), cast.client("researcher")):
        for path in ("/account/login/", "/people/", "/no/such/page"):
            answer = browser.get(path)
            said = policy(answer["Content-Security-Policy"])
            nonces = [one for one in said["script-src"] if one.startswith("'nonce-")]
            assert said["default-src"] == ["'none'"] and said["base-uri"] == ["'none'"]
            assert said["frame-ancestors"] == ["'none'"] and said["object-src"] == ["'none'"]
            assert [one for one in said["script-src"] if one not in nonces] == ["'self'"]
            assert said["style-src"] == ["'self'"] and said["img-src"] == ["'self'", "data:"]
            for name in ("font-src", "connect-src", "form-action"):
                assert said[name] == ["'self'"]
            assert answer["X-Frame-Options"] == "DENY" and answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Referrer-Policy"] == "same-origin" and answer["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "charset=utf-8" in answer["Content-Type"].lower() and "Server" not in answer.headers


def test_a_nonce_serves_one_answer(client: Client, db: None) -> None:
    nonces = {re.search(r"'nonce-([^']+)'", client.get("/account/login/")["Content-Security-Policy"]) for _ in range(3)}
    assert len({found[1] for found in nonces if found}) in (0, 3)


def test_pages_have_neither_style_nor_script_in_them(cast: Cast) -> None:
    client = cast.client("data_steward")
    for path in addresses(get_resolver().url_patterns):
        answer = client.get(path)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            page = answer.content.decode()
            assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|javascript:", page), path
            assert not re.search(r"<script(?![^>]*(?:\ssrc=|type=\"application/json\"))", page), path


def addresses(patterns: list[Any], prefix: str = "/") -> list[str]:
    """The addresses that take no arguments."""
    found: list[str] = []
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if "<" in here or "(" in here or "^" in here:
            continue
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            found.append(here)
    return found


def test_a_form_from_elsewhere_is_refused(cast: Cast, alone: None) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    client.force_login(cast.people["researcher"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/account/sessions/end/", {"session": "others"}).status_code == 403
    page = client.get("/account/sessions/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    sent = {"session": "others", "csrfmiddlewaretoken": token[1]}
    elsewhere = client.post("/account/sessions/end/", sent, headers={"origin": "http://evil.example"})
    assert elsewhere.status_code == 403
    assert client.post("/account/sessions/end/", sent).status_code == 302


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", ""])
def test_only_the_hosts_of_the_campus_are_answered(db: None, host: str) -> None:
    assert Client(headers={"host": host}).get("/account/login/").status_code == 400


@pytest.mark.parametrize(
    "target", ["//evil.example/", "http://evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_signing_in_leads_nowhere_else(cast: Cast, target: str) -> None:
    person = cast.people["researcher"]
    person.set_password("a password for one test")
    person.save()
    client = Client(headers={"host": "localhost"})
    answer = client.post(
        "/account/login/", {"login": person.email, "password": "a password for one test", "next": target}
    )
    assert answer.status_code == 302 and answer["Location"] == "/"


def test_no_other_site_may_read_an_answer(cast: Cast) -> None:
    for method in ("get", "options"):
        for path in ("/", "/api/people"):
            answer = getattr(cast.client("researcher"), method)(path, headers={"origin": "http://evil.example"})
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_nothing_is_said_for_those_who_debug(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardbench.campus.people import queries

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the inner workings")

    monkeypatch.setattr(queries, "profile", fails)
    client = cast.client("researcher")
    client.raise_request_exception = False
    answer = client.get(f"/people/{cast.people['researcher'].pk}/")
    page = answer.content.decode()
    assert answer.status_code == 500 and "inner workings" not in page and "Traceback" not in page


def test_there_are_no_listings_of_folders(client: Client, db: None) -> None:
    for path in ("/static/", "/static/web/", "/documents/", "/static/../settings.py", "/static/%2e%2e/settings.py"):
        assert client.get(path).status_code == 404, path


def test_a_trace_is_not_answered(client: Client, db: None) -> None:
    assert b"secret" not in client.trace("/account/login/", headers={"x-secret": "secret"}).content


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    make_keys(tmp_path)
    found = list((tmp_path / "keys").iterdir())
    assert found and all(one.stat().st_mode & 0o077 == 0 for one in (*found, tmp_path / "keys"))
    assert len({one.read_text() for one in found}) == len(found)


@pytest.mark.parametrize("page", ["/people/", "/questions/", "/cohorts/", "/studies/", "/search/", "/record/"])
def test_a_null_character_is_refused_in_words(cast: Cast, page: str) -> None:
    answer = cast.client("data_steward").get(page + "?text=a%00b&q=a%00b")
    assert answer.status_code == 400 and "null character" in answer.content.decode()

"""What the campus asks of others: at the address it was told and nowhere else, by a certificate that holds."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.core.cache import cache
from django.test import Client

from campus.cast import Cast
from campus.identity import CLIENT, SECRET, Hostile, hostile, leave
from campus.test_sign_in import who
from wardbench.campus.configuration import Configuration, OpenIDProvider
from wardbench.campus.people.providers import provider_settings


def known(settings: Any, folder: Path, issuer: str) -> None:
    (folder / "secret").write_text(SECRET)
    one = OpenIDProvider("idp", "Hospital", issuer, CLIENT, "secret")
    settings.SOCIALACCOUNT_PROVIDERS = provider_settings(Configuration(openid=(one,)), folder)
    cache.clear()


@contextmanager
def answering(
    answer: Callable[[str], tuple[int, dict[str, str], bytes]],
) -> Iterator[tuple[ThreadingHTTPServer, list[str]]]:
    """A server on this machine that answers each path so; which paths it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *said: Any) -> None:
            """Not into the output of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def provider(cast: Cast, tmp_path: Path, settings: Any) -> Iterator[Hostile]:
    with hostile() as one:
        known(settings, tmp_path, one.issuer)
        yield one


PLACES = {
    "authorization_endpoint": None,
    "token_endpoint": "/token",
    "jwks_uri": "/keys",
    "userinfo_endpoint": "/userinfo",
}


@pytest.mark.parametrize("place", [name for name, path in PLACES.items() if path])
def test_a_provider_is_not_followed_to_another_place(client: Client, provider: Hostile, place: str) -> None:
    """Each of the places that are asked sends on to the provider's own right answer, and is not followed to it."""

    def sends_on(path: str) -> tuple[int, dict[str, str], bytes]:
        return 307, {"Location": f"{provider.issuer}{path}"}, b""

    with answering(sends_on) as (server, asked):
        provider.discovery = {place: f"http://localhost:{server.server_address[1]}{PLACES[place]}"}
        _, left = leave(client, "idp")
        provider.nonce = left["nonce"]
        client.get("/account/oidc/idp/login/callback/", {"code": "abc", "state": left["state"]})
        assert asked == [PLACES[place]], "it was asked once"
        assert not who(client)


def test_a_discovery_document_is_taken_from_its_own_place_alone(
    client: Client, provider: Hostile, tmp_path: Path, settings: Any
) -> None:
    def sends_on(path: str) -> tuple[int, dict[str, str], bytes]:
        return 302, {"Location": f"{provider.issuer}{path}"}, b""

    with answering(sends_on) as (server, asked):
        known(settings, tmp_path, f"http://localhost:{server.server_address[1]}")
        answer = client.post("/account/oidc/idp/login/")
        assert asked == ["/.well-known/openid-configuration"]
        assert answer.status_code == 401 and "You were not signed in" in answer.content.decode()


def test_the_metadata_of_a_saml_provider_are_taken_from_their_own_place_alone(
    client: Client, cast: Cast, tmp_path: Path, settings: Any
) -> None:
    pytest.importorskip("onelogin", reason="SAML is not set up (./wardbench setup saml)")
    from campus.test_saml import IDP, OURS
    from wardbench.campus.configuration import SAMLProvider

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        if path == "/moved":
            return 302, {"Location": "/there"}, b""
        if path == "/none":
            return 200, {}, b"<html/>"
        sso = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        described = (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}">'
            '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
            f"<ds:X509Certificate>{OURS.base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            "<md:SingleSignOnService"
            f' Binding="{sso}" Location="https://idp.hospital.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )
        return 200, {}, described.encode()

    with answering(answer) as (server, asked):
        for path, status in (("/there", 200), ("/moved", 401), ("/none", 401)):
            cache.clear()
            one = SAMLProvider("hospital", "Hospital", IDP, f"http://localhost:{server.server_address[1]}{path}")
            settings.SOCIALACCOUNT_PROVIDERS = provider_settings(Configuration(saml=(one,)), tmp_path)
            assert client.post("/account/saml/hospital/login/").status_code == status
    assert asked == ["/there", "/moved", "/none"]


def certificate(folder: Path) -> Path:
    """A certificate of this machine that nobody vouches for, and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_provider_whose_certificate_does_not_hold_is_refused_and_logged(
    client: Client, cast: Cast, tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        issuer = f"https://localhost:{server.server_address[1]}"
        places = {name: f"{issuer}/{name}" for name in PLACES}
        return 200, {"Content-Type": "application/json"}, json.dumps({"issuer": issuer, **places}).encode()

    with answering(answer) as (server, asked):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pem = certificate(tmp_path)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        known(settings, tmp_path, f"https://localhost:{server.server_address[1]}")
        assert client.post("/account/oidc/idp/login/").status_code == 401 and not asked
        logged = [json.loads(one.getMessage()) for one in caplog.records if one.name == "wardbench.security"]
        assert [one["event"] for one in logged] == ["provider"] and "SSLError" in logged[0]["why"]
        # The positive control: with somebody who vouches for it, the same provider is gone to.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
        cache.clear()
        assert client.post("/account/oidc/idp/login/").status_code == 200 and asked

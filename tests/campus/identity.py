"""Identity providers of the tests: a real one in Node, and one of our own that lies as it is told."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

CLIENT, SECRET = "campus", "a secret between the two"
CALLBACK = "http://localhost/account/oidc/{}/login/callback/"


def leave(client: Client, provider: str, query: str = "") -> tuple[str, dict[str, str]]:
    """Press the button of a provider; where the browser is sent, and with what."""
    page = client.post(f"/account/oidc/{provider}/login/{query}")
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())
    assert page.status_code == 200 and found, page.content.decode()
    target = html.unescape(found[1])
    return target, {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


def just_proved(client: Client) -> Client:
    """The same browser, whose person has shown who they are a moment ago."""
    session = client.session
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    return client


@dataclass
class Hostile:
    """A provider that answers as `claims`, `header`, `info` and `discovery` say, and keeps what it was asked."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    algorithm: str = "RS256"
    sign_with: Any = None
    nonce: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    key: Any = field(default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def document(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                **self.discovery,
            }
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        if path == "/userinfo":
            return {"sub": "42", "email": "researcher@test.example", "email_verified": True, **self.info}
        return None

    def token(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "42",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if name not in self.without}
        key = {"none": None, "HS256": SECRET}.get(self.algorithm, self.sign_with or self.key)
        signed = jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": "one", **self.header})
        return {"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": signed}


@contextmanager
def hostile() -> Iterator[Hostile]:
    """The lying provider, on a free port of this machine."""
    provider = Hostile()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(provider.document(self.path))

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            provider.asked.append({name: values[0] for name, values in parse_qs(sent).items()})
            self._answer(provider.token())

        def _answer(self, said: Any) -> None:
            body = json.dumps(said).encode()
            self.send_response(200 if said is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: Any) -> None:
            """Not into the output of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def challenge(verifier: str) -> str:
    """What PKCE's S256 makes of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()

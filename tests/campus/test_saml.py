"""SAML 2.0: an assertion that the hospital's identity provider signed signs in, anything else does not."""

from __future__ import annotations

import base64
import datetime
import html
import re
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.core.cache import cache
from django.test import Client

from campus.cast import Cast
from campus.test_sign_in import who
from wardbench.campus.configuration import Configuration, SAMLProvider
from wardbench.campus.people import services
from wardbench.campus.people.models import Person
from wardbench.campus.people.providers import provider_settings
from wardbench.campus.people.rules import SYSTEM
from wardbench.core.errors import InputError, NotFoundError

xmlsec = pytest.importorskip("xmlsec", reason="SAML is not set up (./wardbench setup saml)")
etree = pytest.importorskip("lxml.etree")

IDP = "https://idp.hospital.example/metadata"
ACS = "http://localhost/account/saml/hospital/acs/"
AUDIENCE = "http://localhost/account/saml/hospital/metadata/"
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"
NOW = "%Y-%m-%dT%H:%M:%SZ"


class Signer:
    """A key with its certificate."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.hospital.example")])
        now = datetime.datetime.now(datetime.UTC)
        self.certificate = (
            x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )

    @property
    def base64(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    def sign(self, node: Any, method: Any = None) -> None:
        """An enveloped signature in `node`, after its issuer, by its ID."""
        method = method or xmlsec.constants.TransformRsaSha256
        signature = xmlsec.template.create(node, xmlsec.constants.TransformExclC14N, method, ns="ds")
        node.insert(1, signature)
        digest = xmlsec.constants.TransformSha256
        if method is xmlsec.constants.TransformRsaSha1:
            digest = xmlsec.constants.TransformSha1
        reference = xmlsec.template.add_reference(signature, digest, uri="#" + node.get("ID"))
        xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
        xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
        xmlsec.tree.add_ids(node, ["ID"])
        context = xmlsec.SignatureContext()
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
        context.sign(signature)


OURS, ANOTHER = Signer(), Signer()


@pytest.fixture
def provider(cast: Cast, tmp_path: Path, settings: Any, alone: None) -> Path:
    cache.clear()
    (tmp_path / "idp.xml").write_text(
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}">'
        '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{OURS.base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        ' Location="https://idp.hospital.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    )
    one = SAMLProvider("hospital", "University Hospital", IDP, "idp.xml")
    settings.SOCIALACCOUNT_PROVIDERS = provider_settings(Configuration(saml=(one,)), tmp_path)
    return tmp_path


def ask(client: Client) -> str:
    """Press the button; the id of the request that the browser carries to the identity provider."""
    page = client.post("/account/saml/hospital/login/").content.decode()
    found = re.search(r'content="0; url=([^"]+)"', page)
    assert found, page
    target = html.unescape(found[1])
    assert target.startswith("https://idp.hospital.example/sso?")
    sent = zlib.decompress(base64.b64decode(parse_qs(urlsplit(target).query)["SAMLRequest"][0]), -15)
    return str(etree.fromstring(sent).get("ID"))


def moment(minutes: float) -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)).strftime(NOW)


def response(
    answers: str,
    *,
    email: str = "researcher@test.example",
    audience: str = AUDIENCE,
    recipient: str = ACS,
    destination: str = ACS,
    issuer: str = IDP,
    until: float = 5,
    since: float = -1,
    subject: str = "42",
    context: str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    signer: Signer | None = OURS,
    method: Any = None,
) -> Any:
    """A response with one assertion that is signed unless `signer` is None, as a tree."""
    replies = f'InResponseTo="{answers}"' if answers else ""
    made = etree.fromstring(
        f'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0" ID="_r1" {replies}'
        f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" IssueInstant="{moment(0)}" Destination="{destination}">'
        f"<saml:Issuer>{issuer}</saml:Issuer><samlp:Status>"
        '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f'<saml:Assertion Version="2.0" ID="_a1" IssueInstant="{moment(0)}"><saml:Issuer>{issuer}</saml:Issuer>'
        '<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">'
        f'{subject}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData {replies} Recipient="{recipient}" NotOnOrAfter="{moment(until)}"/>'
        "</saml:SubjectConfirmation></saml:Subject>"
        f'<saml:Conditions NotBefore="{moment(since)}" NotOnOrAfter="{moment(until)}"><saml:AudienceRestriction>'
        f"<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
        f'<saml:AuthnStatement AuthnInstant="{moment(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>'
        f"{context}</saml:AuthnContextClassRef>"
        "</saml:AuthnContext></saml:AuthnStatement>"
        f'<saml:AttributeStatement><saml:Attribute Name="{MAIL}">'
        f"<saml:AttributeValue>{email}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
        "</saml:Assertion></samlp:Response>"
    )
    if signer:
        signer.sign(made.find("{*}Assertion"), method)
    return made


def come_back(client: Client, tree: Any) -> Any:
    sent = base64.b64encode(etree.tostring(tree)).decode()
    return client.post("/account/saml/hospital/acs/", {"SAMLResponse": sent, "RelayState": ""}, follow=True)


def refused(client: Client, answer: Any) -> bool:
    return not who(client) and answer.status_code in (401, 403) and not SocialAccount.objects.exists()


def test_the_campus_describes_itself(client: Client, provider: Path) -> None:
    answer = client.get("/account/saml/hospital/metadata/")
    described = etree.fromstring(answer.content)
    service = described.find(".//{*}AssertionConsumerService")
    assert answer.status_code == 200 and described.get("entityID") == AUDIENCE and service.get("Location") == ACS
    assert described.find("{*}SPSSODescriptor").get("WantAssertionsSigned") == "true"


def test_a_signed_assertion_signs_in(client: Client, provider: Path, cast: Cast) -> None:
    answer = come_back(client, response(ask(client)))
    assert answer.status_code == 200 and who(client) == str(cast.people["researcher"].pk)
    assert SocialAccount.objects.get().uid == "42"
    client.post("/account/logout/")
    come_back(client, response(ask(client), email="administrator@test.example"))
    assert who(client) == str(cast.people["researcher"].pk), "the link counts, not the address"


@pytest.mark.parametrize(
    ("context", "counts"),
    [
        ("https://refeds.org/profile/mfa", True),
        ("https://refeds.org/profile/sfa", False),
        ("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", False),
    ],
)
def test_a_second_factor_that_the_provider_tells_of_counts(
    client: Client, provider: Path, cast: Cast, context: str, counts: bool
) -> None:
    answer = come_back(client, response(ask(client), email="administrator@test.example", context=context))
    assert who(client) == str(cast.people["administrator"].pk)
    assert (answer.request["PATH_INFO"] == "/account/2fa/totp/activate/") is not counts
    assert (client.get("/people/").status_code == 200) is counts


BAD: dict[str, dict[str, Any]] = {
    "not signed": {"signer": None},
    "signed by another": {"signer": ANOTHER},
    "signed with SHA-1": {"method": xmlsec.constants.TransformRsaSha1},
    "expired": {"until": -10, "since": -20},
    "not valid yet": {"since": 10, "until": 20},
    "for another audience": {"audience": "https://another.example"},
    "for another recipient": {"recipient": "https://another.example/acs/"},
    "sent elsewhere": {"destination": "https://another.example/acs/"},
    "of another provider": {"issuer": "https://another.example"},
}


@pytest.mark.parametrize("fault", list(BAD))
def test_an_assertion_that_does_not_hold_signs_nobody_in(client: Client, provider: Path, fault: str) -> None:
    assert refused(client, come_back(client, response(ask(client), **BAD[fault])))


def test_one_that_was_changed_after_signing_is_refused(client: Client, provider: Path) -> None:
    tree = response(ask(client))
    tree.find(".//{*}AttributeValue").text = "administrator@test.example"
    assert refused(client, come_back(client, tree))


def test_a_second_assertion_beside_the_signed_one_is_refused(client: Client, provider: Path) -> None:
    """Signature wrapping: what was signed is there still, and another assertion is put before it."""
    for wrap in (False, True):
        tree = response(ask(client))
        forged = response("x", email="administrator@test.example", signer=None).find("{*}Assertion")
        forged.set("ID", "_a2")
        signed = tree.find("{*}Assertion")
        tree.insert(tree.index(signed), forged)
        if wrap:
            tree.remove(signed)
            holder = etree.SubElement(forged, "Wrapped")
            holder.append(signed)
        assert refused(client, come_back(client, tree))


def test_a_comment_does_not_cut_an_address(client: Client, provider: Path, cast: Cast) -> None:
    tree = response(ask(client), signer=None, email="researcher@test.example")
    value = tree.find(".//{*}AttributeValue")
    value.text = "researcher@test.example"
    comment = etree.Comment("x")
    comment.tail = ".evil.example"
    value.append(comment)
    OURS.sign(tree.find("{*}Assertion"))
    come_back(client, tree)
    assert who(client) != str(cast.people["researcher"].pk)


def test_a_response_serves_once_and_one_browser(client: Client, provider: Path) -> None:
    tree = response(ask(client))
    thief = Client(headers={"host": "localhost"})
    assert come_back(thief, tree).status_code in (401, 403) and not who(thief), "it answers another's request"
    come_back(client, tree)
    assert who(client)
    client.post("/account/logout/")
    come_back(client, tree)
    assert not who(client)


def test_what_nobody_asked_for_is_refused(client: Client, provider: Path) -> None:
    assert refused(client, come_back(client, response("")))
    assert refused(client, come_back(client, response("_made_up")))


@pytest.mark.parametrize(
    "sent", ["", "not base64!", base64.b64encode(b"<a").decode(), base64.b64encode(b"<a/>").decode()]
)
def test_what_is_no_response_is_refused(client: Client, provider: Path, sent: str) -> None:
    assert refused(client, client.post("/account/saml/hospital/acs/", {"SAMLResponse": sent}, follow=True))


def test_entities_are_not_resolved(client: Client, provider: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("researcher@test.example")
    text = etree.tostring(response(ask(client), signer=None)).decode().replace("researcher@test.example", "&x;")
    text = f'<!DOCTYPE r [<!ENTITY x SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>{text}'
    sent = base64.b64encode(text.encode()).decode()
    assert refused(client, client.post("/account/saml/hospital/acs/", {"SAMLResponse": sent}, follow=True))


def test_nobody_is_added_and_closed_accounts_stay_closed(client: Client, provider: Path, cast: Cast) -> None:
    people = Person.objects.count()
    answer = come_back(client, response(ask(client), email="stranger@elsewhere.example"))
    assert answer.status_code == 403 and "no account on this campus" in answer.content.decode()
    assert Person.objects.count() == people
    services.close_account(cast.people["researcher"], by=SYSTEM)
    come_back(client, response(ask(client)))
    assert not who(client)


def test_by_https_the_cookie_of_an_answer_is_bound_to_this_host(client: Client, provider: Path, settings: Any) -> None:
    settings.SAML_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "__Host-saml", True
    sent = base64.b64encode(etree.tostring(response(ask(client)))).decode()
    answer = client.post("/account/saml/hospital/acs/", {"SAMLResponse": sent, "RelayState": ""})
    ours = {name: cookie for name, cookie in answer.cookies.items() if "saml" in name}
    assert set(ours) == {"__Host-saml"}
    cookie = ours["__Host-saml"]
    assert cookie["path"] == "/" and cookie["secure"] and cookie["httponly"] and not cookie["domain"]
    assert cookie["samesite"] == "Lax"
    gone = client.get(answer["Location"]).cookies["__Host-saml"]
    assert gone["max-age"] == 0 and who(client)


def test_a_cookie_by_allauths_own_name_counts_for_nothing(client: Client, provider: Path, settings: Any) -> None:
    settings.SAML_COOKIE_NAME = "__Host-saml"
    sent = base64.b64encode(etree.tostring(response(ask(client)))).decode()
    answer = client.post("/account/saml/hospital/acs/", {"SAMLResponse": sent, "RelayState": ""})
    client.cookies["saml-acs-session"] = client.cookies.pop("__Host-saml").value
    client.get(answer["Location"])
    assert not who(client)


def test_answers_are_taken_for_providers_there_are_and_of_a_size_of_theirs(client: Client, provider: Path) -> None:
    from django.contrib.sessions.models import Session

    before = Session.objects.count()
    assert client.post("/account/saml/another/acs/", {"SAMLResponse": "x"}).status_code == 404
    assert client.post("/account/saml/hospital/acs/", {"SAMLResponse": "x" * 200_000}).status_code == 400
    assert Session.objects.count() == before


def test_nobody_is_signed_out_by_a_link_that_the_provider_did_not_sign(client: Client, provider: Path) -> None:
    come_back(client, response(ask(client)))
    made = (
        '<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_x" Version="2.0"'
        f' IssueInstant="{moment(0)}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{IDP}'
        '</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>'
        "</samlp:Status></samlp:LogoutResponse>"
    )
    sent = base64.b64encode(zlib.compress(made.encode())[2:-4]).decode()
    signed = {"SigAlg": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "Signature": "eA=="}
    for said in ({"SAMLResponse": sent}, {"SAMLResponse": sent, **signed}, {"SAMLRequest": "%", **signed}, signed):
        assert client.get("/account/saml/hospital/sls/", said).status_code == 400
        assert who(client)
    assert client.get("/account/saml/another/sls/", signed).status_code == 404


def test_metadata_come_by_https_or_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="https"):
        provider_settings(Configuration(saml=(SAMLProvider("a", "A", IDP, "http://idp.example/m"),)), tmp_path)
    with pytest.raises(NotFoundError, match="metadata"):
        provider_settings(Configuration(saml=(SAMLProvider("a", "A", IDP, "missing.xml"),)), tmp_path)

"""Signing in by SAML 2.0, through allauth and python3-saml; in the extra `saml`.

Assertions are signed, answer a request that this browser made, and serve once: the request is forgotten with the first
answer. The addresses that the hospital's own identity provider gives count as verified.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.saml import utils
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from onelogin.saml2.errors import OneLogin_Saml2_Error
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as Parser

from wardbench.campus.people.sessions import vouched_for
from wardbench.core.errors import InputError

ALLAUTHS_COOKIE = "saml-acs-session"
FAULTS = (requests.RequestException, OneLogin_Saml2_Error, ValueError, SyntaxError)
"""What goes wrong where a provider cannot be asked, or what it says is no XML or not of it."""
LARGEST = 200_000
"""Bytes of what an identity provider's page may post: an assertion has some thousands."""


class Provider(SAMLProvider):  # type: ignore[misc]
    package = "allauth.socialaccount.providers.saml"

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        """What is kept of an identity beside its subject: nothing but the address that it was linked by."""
        return {"email": self.extract_common_fields(data).get("email", "")}

    def sociallogin_from_response(self, request: HttpRequest, data: Any) -> Any:
        """The identity, and whether the provider says that a second factor was used."""
        said = set(data.get_last_authn_contexts())
        vouched_for(request, not said.isdisjoint(self.app.settings.get("second_factor", [])))
        return super().sociallogin_from_response(request, data)

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """To the provider; a page that says so where it cannot be asked who it is. Whoever comes back signs in: nobody
        links an identity to an account by being signed in to it."""
        try:
            leaving: HttpResponse = super().redirect(request, AuthProcess.LOGIN, next_url, data, **kwargs)
        except FAULTS as error:
            leaving = render_authentication_error(request, self, exception=error)
        return leaving


def answer(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Take an answer over into a cookie that is bound to this host; 404 where there is no such provider."""
    from allauth.socialaccount.providers.saml import views

    utils.get_app_or_404(request, organization_slug)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        raise InputError(_("This is larger than an answer of an identity provider."))
    taken: HttpResponse = views.acs(request, organization_slug=organization_slug)
    key = taken.cookies.pop(ALLAUTHS_COOKIE).value
    taken.set_cookie(
        settings.SAML_COOKIE_NAME,
        key,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return taken


def finish(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Sign in whom the provider vouches for, or say why not, also where what it sent is no XML at all."""
    from allauth.socialaccount.providers.saml import views

    # What another host set by allauth's own name counts for nothing.
    request.COOKIES.pop(ALLAUTHS_COOKIE, None)
    if key := request.COOKIES.get(settings.SAML_COOKIE_NAME):
        request.COOKIES[ALLAUTHS_COOKIE] = key
    try:
        answered: HttpResponse = views.finish_acs(request, organization_slug=organization_slug)
    except FAULTS as error:
        provider = get_adapter().get_provider(request, provider=organization_slug)
        answered = render_authentication_error(request, provider, exception=error)
    answered.delete_cookie(settings.SAML_COOKIE_NAME, samesite="Lax")
    return answered


def sign_out(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Sign out whom the provider signs out. Without its signature anybody's link would do that; InputError then."""
    from allauth.socialaccount.providers.saml import views

    utils.get_app_or_404(request, organization_slug)
    if not request.GET.get("Signature"):
        raise InputError(_("This does not come from an identity provider: it is not signed."))
    try:
        answered: HttpResponse = views.sls(request, organization_slug=organization_slug)
    except FAULTS as error:
        raise InputError(_("This is not what an identity provider says to sign somebody out.")) from error
    return answered


def metadata(idp: dict[str, Any]) -> dict[str, Any]:
    """What a provider says of itself, kept for a while. It is asked at its own address and at no other."""
    address, entity = idp["metadata_url"], idp["entity_id"]
    kept = f"saml-metadata-{hashlib.sha256(f'{address} {entity}'.encode()).hexdigest()}"
    found: dict[str, Any] | None = cache.get(kept)
    if found is None:
        if address.startswith("file:"):
            text = Path(url2pathname(urlsplit(address).path)).read_bytes()
        else:
            with get_adapter().get_requests_session() as session:
                said = session.get(address)
                said.raise_for_status()
                text = said.content
        found = Parser.parse(text, entity_id=entity)
        if "idp" not in found:
            raise ValueError("the metadata are not of this provider")
        cache.set(kept, found, idp["metadata_cache_timeout"])
    return found


# allauth's own goes wherever it is sent on to.
utils.fetch_metadata_url_config = metadata

"""Signing in by SAML 2.0, through allauth and python3-saml; in the extra `saml`.

Assertions are signed, answer a request that this browser made, and serve once: the request is forgotten with the first
answer. The addresses that the hospital's own identity provider gives count as verified.
"""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.http import HttpRequest, HttpResponse


class Provider(SAMLProvider):  # type: ignore[misc]
    package = "allauth.socialaccount.providers.saml"

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        """What is kept of an identity beside its subject: nothing but the address that it was linked by."""
        return {"email": self.extract_common_fields(data).get("email", "")}


def finish(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Sign in whom the provider vouches for, or say why not, also where what it sent is no XML at all."""
    from allauth.socialaccount.providers.saml import views

    try:
        answer: HttpResponse = views.finish_acs(request, organization_slug=organization_slug)
    except (ValueError, SyntaxError) as error:
        provider = get_adapter().get_provider(request, provider=organization_slug)
        answer = render_authentication_error(request, provider, exception=error)
    return answer

"""Signing in by OpenID Connect, more strictly than allauth does it by itself.

allauth keeps the state and PKCE. Here come the nonce, the signature of every ID token by a key and an algorithm that
fit, the issuer as it was configured (in the discovery document, in the ID token and, against mix-ups, in the answer:
RFC 9207), and that the claims of the userinfo endpoint are those of the same subject. What a browser adds to the
request changes nothing of what is asked of the provider.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

import jwt
import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse

from wardbench.campus.people.providers import check_address
from wardbench.campus.people.sessions import vouched_for
from wardbench.core.errors import InputError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key alone: neither "none" nor one with a secret that both sides know."""

LEEWAY = 30
"""Seconds by which the clocks of two hosts may differ."""

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
USERINFO = "userinfo_endpoint"
"""An address that a provider need not have."""


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    nonce = ""

    @property
    def issuer(self) -> str:
        return str(self.get_provider().app.settings["issuer"])

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself; OAuth2Error where it is another's or leads to an unsafe address."""
        if not hasattr(self, "_checked"):
            try:
                found: dict[str, Any] = super().openid_config
                if found["issuer"] != self.issuer:
                    raise OAuth2Error("the discovery document is of another issuer")
                for name in ENDPOINTS:
                    check_address(found[name], name)
                if found.get(USERINFO):
                    check_address(found[USERINFO], USERINFO)
            except (requests.RequestException, ValueError, KeyError, TypeError, InputError) as error:
                raise OAuth2Error("the discovery document cannot be used") from error
            self._checked = found
        return self._checked

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """The identity that the provider vouches for; OAuth2Error where what it sent does not hold."""
        response: dict[str, Any] = kwargs["response"]
        claims = self._claims(str(response.get("id_token") or ""), app.client_id)
        data = {"id_token": claims}
        if self.openid_config.get(USERINFO):
            info = self._fetch_user_info(token.token)
            if not isinstance(info, dict) or info.get("sub") != claims["sub"]:
                raise OAuth2Error("the userinfo is of another subject")
            data["userinfo"] = info
        said = {str(claims.get("acr", "")), *_listed(claims.get("amr"))}
        vouched_for(request, not said.isdisjoint(self._second_factor))
        return self.get_provider().sociallogin_from_response(request, data)

    @property
    def _second_factor(self) -> list[str]:
        found: list[str] = self.get_provider().app.settings.get("second_factor", [])
        return found

    def _claims(self, id_token: str, client_id: str) -> dict[str, Any]:
        """The claims of an ID token that was made for us, now, in answer to what this browser asked."""
        try:
            with get_adapter().get_requests_session() as session:
                answer = session.get(self.openid_config["jwks_uri"])
                answer.raise_for_status()
                keys = jwt.PyJWKSet.from_dict(answer.json()).keys
            header = jwt.get_unverified_header(id_token)
            fitting = [one for one in keys if header.get("kid") in (None, one.key_id) and one.public_key_use != "enc"]
            if len(fitting) != 1 or header.get("alg") not in ALGORITHMS:
                raise OAuth2Error("no key of the provider fits the ID token")
            claims: dict[str, Any] = jwt.decode(
                id_token,
                fitting[0],
                algorithms=[str(header["alg"])],
                audience=client_id,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise OAuth2Error("the ID token does not hold") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else client_id) != client_id:
            raise OAuth2Error("the ID token was made for somebody else")
        if not self.nonce or not hmac.compare_digest(str(claims.get("nonce", "")), self.nonce):
            raise OAuth2Error("the ID token answers another request")
        return claims


def _listed(claim: Any) -> list[str]:
    """The texts of a claim that is a list; none where it is anything else."""
    return [one for one in claim if isinstance(one, str)] if isinstance(claim, list) else []


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    oauth2_adapter_class = Adapter
    package = "allauth.socialaccount.providers.openid_connect"

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """To the provider, with a nonce that its answer has to carry. Whoever comes back signs in: nobody links an
        identity to an account by being signed in to it."""
        nonce = secrets.token_urlsafe(32)
        kwargs["auth_params"] = {**self.get_auth_params(), "nonce": nonce}
        # "mfa" is a method, which cannot be asked for; what else says that a second factor was used is a class of them.
        if classes := [one for one in self.app.settings.get("second_factor", []) if one != "mfa"]:
            kwargs["auth_params"]["acr_values"] = " ".join(classes)
        try:
            answer: HttpResponse = super().redirect(request, AuthProcess.LOGIN, next_url, data, nonce=nonce, **kwargs)
        except OAuth2Error as error:
            answer = render_authentication_error(request, self, exception=error, extra_context={"unasked": True})
        return answer

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, Any]:
        return dict(self.get_auth_params())

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return list(self.get_scope())

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is kept of an identity beside its subject: nothing but the address that it was linked by."""
        claims = data.get("userinfo") or data["id_token"]
        return {"sub": claims["sub"], "email": claims.get("email", "")}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """The address, verified only where the provider says exactly so."""
        claims = data.get("userinfo") or data["id_token"]
        addresses: list[Any] = super().extract_email_addresses(data)
        for address in addresses:
            address.verified = claims.get("email_verified") is True
        return addresses

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["id_token"]["sub"])


class Callback(OAuth2CallbackView):  # type: ignore[misc]
    """Where the provider sends the browser back to."""

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, HttpResponse | None]:
        state, response = super()._get_state(request, provider)
        if response is not None:
            return state, response
        self.adapter.nonce = state.get("nonce", "")
        try:
            said = request.GET.get("iss")
            expected = self.adapter.openid_config.get("authorization_response_iss_parameter_supported")
            if said != self.adapter.issuer and (said is not None or expected):
                raise OAuth2Error("the answer comes from another provider")
        except OAuth2Error as error:
            return state, render_authentication_error(request, provider, exception=error)
        return state, None


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Sign in whom the provider sends back, or say why not; 404 where there is no such provider."""
    view = Callback()
    view.request = request
    view.adapter = Adapter(request, provider_id)
    try:
        answer: HttpResponse = view.dispatch(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except ImmediateHttpResponse as answered:
        answer = answered.response
    return answer

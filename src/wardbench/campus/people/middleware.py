"""Every request gets its actor, and everything recorded during it gets its origin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardbench.campus.audit.services import origin
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.rules import NOBODY


class ActorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        request.actor = actor_of(user) if user.is_authenticated else NOBODY  # type: ignore[attr-defined]
        with origin(_origin(request)):
            return self.get_response(request)


class LeavingMiddleware:
    """Leads to an institution's sign-in by a page of ours.

    A form that is answered by a redirect to another host is stopped by the content security policy, which lets forms
    be sent to us alone; a page that goes on by itself, or by its link, is not.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "POST" or response.status_code != 302:
            return response
        target = response["Location"]
        parts = urlsplit(target)
        if parts.netloc in ("", request.get_host()) or parts.scheme not in ("http", "https"):
            return response
        left = render(request, "account/leaving.html", {"target": target, "host": parts.hostname})
        left.cookies = response.cookies
        return left


def _origin(request: HttpRequest) -> str:
    """The address and, without giving it away, which session."""
    key = request.session.session_key
    session = hashlib.sha256(key.encode()).hexdigest()[:12] if key else "none"
    try:
        address = get_adapter(request).get_client_ip(request)
    except PermissionDenied:  # a proxy that did not say whom it asks for
        address = request.META.get("REMOTE_ADDR", "")
    return f"{address} session {session}"

"""Every request gets its actor, and everything recorded during it gets its origin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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


def _origin(request: HttpRequest) -> str:
    """The address and, without giving it away, which session."""
    key = request.session.session_key
    session = hashlib.sha256(key.encode()).hexdigest()[:12] if key else "none"
    return f"{request.META.get('REMOTE_ADDR', '')} session {session}"

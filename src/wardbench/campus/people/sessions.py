"""How long somebody stays signed in, and who needs a second factor.

Limits are those of facts for clinical systems: whoever treats patients works at shared computers, whoever administers
can do more harm. A session that is over is removed on the server; the cookie then opens nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from wardbench.campus.people.models import Person
from wardbench.campus.people.roles import ADMINISTRATION, CARE, Role
from wardbench.campus.people.rules import Actor

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Limits:
    """Seconds without a request, and seconds since signing in, after which a session is over."""

    idle: int
    absolute: int


CLINICAL = Limits(15 * MINUTE, 12 * HOUR)
ADMINISTRATIVE = Limits(10 * MINUTE, 4 * HOUR)
OTHERS = Limits(30 * MINUTE, 12 * HOUR)
SECOND_FACTOR = frozenset({Role.ADMINISTRATOR, Role.DATA_STEWARD, Role.DATA_PROTECTION})
"""Roles that work only after a second factor was set up."""


def limits_of(actor: Actor) -> Limits:
    """The strictest limits of the roles that somebody holds."""
    if actor.has(*ADMINISTRATION):
        return ADMINISTRATIVE
    return CLINICAL if actor.has(*CARE) else OTHERS


class SessionsMiddleware:
    """Ends a session that is over, and leads to the second factor whoever needs one and has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if not actor.id:
            return self.get_response(request)
        now, limits = int(time.time()), limits_of(actor)
        began = request.session.setdefault("began", now)
        seen = request.session.get("seen", now)
        if now - seen > limits.idle or now - began > limits.absolute:
            logout(request)
            messages.info(request, _("You were signed out because the time of your session was over."))
            return redirect(f"{settings.LOGIN_URL}")
        # Once a minute is enough to tell idle from busy, and spares a write for each request.
        if now - seen >= MINUTE or "seen" not in request.session:
            request.session["seen"] = now
        if self._needs_second_factor(request, actor):
            messages.warning(request, _("Your role needs a second factor. Set it up first."))
            return redirect("mfa_activate_totp")
        return self.get_response(request)

    @staticmethod
    def _needs_second_factor(request: HttpRequest, actor: Actor) -> bool:
        if settings.CAMPUS.demo or not actor.has(*SECOND_FACTOR):
            return False
        if request.path.startswith(("/account/", "/static/", "/language/")):
            return False
        if not request.session.get("second_factor"):
            has_one = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists()
            request.session["second_factor"] = has_one
        return not request.session["second_factor"]


def end_sessions(person: Person) -> None:
    """Sign somebody out everywhere, at once."""
    for session in UserSession.objects.filter(user=person):
        session.end()

"""How long somebody stays signed in, and who needs a second factor.

Limits are those of facts for clinical systems: whoever treats patients works at shared computers, whoever administers
can do more harm. A session that is over is removed on the server; the cookie then opens nothing.
"""

from __future__ import annotations

import datetime
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed, authenticator_reset
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import person
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
            UserSession.objects.create_from_request(request)
        if self._needs_second_factor(request, actor):
            messages.warning(request, _("Your role needs a second factor. Set it up first."))
            return redirect("mfa_activate_totp")
        response = self.get_response(request)
        # What somebody who signed in was shown is for nobody who sits down at the same computer afterwards.
        response.headers.setdefault("Cache-Control", "no-store")
        if not request.user.is_authenticated:
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    @staticmethod
    def _needs_second_factor(request: HttpRequest, actor: Actor) -> bool:
        if settings.CAMPUS.demo or not actor.has(*SECOND_FACTOR) or request.path in _before_second_factor():
            return False
        if not request.session.get("second_factor"):
            has_one = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists()
            request.session["second_factor"] = has_one
        return not request.session["second_factor"]


@functools.cache
def _before_second_factor() -> frozenset[str]:
    """What is open before a second factor is set up: that, showing who one is, and the way out."""
    names = ("mfa_activate_totp", "account_reauthenticate", "account_logout", "set_language")
    return frozenset(reverse(name) for name in names)


@receiver(user_logged_in)
def _begin(request: HttpRequest, **_: object) -> None:
    """A session begins when somebody signs in, also where they had another one before."""
    request.session["began"] = int(time.time())
    request.session.pop("seen", None)
    if "REMOTE_ADDR" in request.META:
        request.session["seen"] = request.session["began"]
        UserSession.objects.create_from_request(request)


@receiver((authenticator_removed, authenticator_reset))
def _forget(request: HttpRequest | None = None, **_: object) -> None:
    """Without its second factor a session that needs one goes back to setting it up."""
    if request is not None:
        request.session.pop("second_factor", None)


def end_sessions(person: Person) -> None:
    """Sign somebody out everywhere, at once."""
    for session in UserSession.objects.filter(user=person):
        session.end()


@dataclass(frozen=True)
class Session:
    """One place where somebody is signed in."""

    id: int
    began: datetime.datetime
    seen: datetime.datetime
    address: str
    browser: str
    current: bool


def sessions_of(by: Actor, key: str) -> list[Session]:
    """Where somebody is signed in now, the newest first; `key` is the session that asks."""
    found = sorted(UserSession.objects.purge_and_list(person(by.id)), key=lambda one: one.last_seen_at, reverse=True)
    return [
        Session(one.pk, one.created_at, one.last_seen_at, one.ip, one.user_agent, one.session_key == key)
        for one in found
    ]


def end_own(by: Actor, session: str, key: str) -> int:
    """End one of somebody's own sessions by its number, or "others": all but the one that asks; how many."""
    own = UserSession.objects.filter(user__id=by.id).exclude(session_key=key)
    chosen = list(own if session == "others" else own.filter(pk=int(session)) if session.isdecimal() else ())
    with transaction.atomic():
        for one in chosen:
            one.end()
        if chosen:
            record("account.end_sessions", "person", by.id, by=by, sessions=len(chosen))
    return len(chosen)

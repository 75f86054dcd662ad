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
from typing import Any, cast

from allauth.account.signals import user_logged_in as allauth_logged_in
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
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record
from wardbench.campus.people.first_passwords import begin_use
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import person
from wardbench.campus.people.roles import ADMINISTRATION, CARE, SECOND_FACTOR
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


def needs_second_factor(actor: Actor) -> bool:
    """Everybody does but those all of whose roles the campus lets in by a password alone; nobody in a demonstration."""
    alone = frozenset(settings.CAMPUS.password_alone) - SECOND_FACTOR
    return not settings.CAMPUS.demo and not (actor.roles and actor.roles <= alone)


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
        if led := self._led_elsewhere(request, actor):
            return led
        response = self.get_response(request)
        # What somebody who signed in was shown is for nobody who sits down at the same computer afterwards.
        response.headers.setdefault("Cache-Control", "no-store")
        if not request.user.is_authenticated:
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def _led_elsewhere(self, request: HttpRequest, actor: Actor) -> HttpResponse | None:
        """Where somebody goes before anything else: to a password of their own, then to a second factor."""
        ends = None if request.session.get("institution") else cast(Person, request.user).first_password_ends
        if ends and ends <= timezone.now():
            logout(request)
            messages.warning(
                request, _("The password that you were given has ended. Ask an administrator for another.")
            )
            return redirect(f"{settings.LOGIN_URL}")
        if ends:
            if request.path in _open_to("account_change_password"):
                return None
            messages.warning(request, _("Choose a password of your own: the one that you were given ends soon."))
            return redirect("account_change_password")
        if request.path in _open_to("mfa_activate_totp") or not self._lacks_second_factor(request, actor):
            return None
        messages.warning(request, _("You need a second factor here. Set it up first."))
        return redirect("mfa_activate_totp")

    @staticmethod
    def _lacks_second_factor(request: HttpRequest, actor: Actor) -> bool:
        if not needs_second_factor(actor):
            return False
        if not request.session.get("second_factor"):
            has_one = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists()
            request.session["second_factor"] = has_one
        return not request.session["second_factor"]


@functools.cache
def _open_to(page: str) -> frozenset[str]:
    """What is open to whoever is led to a page first: that, showing who one is, and the way out."""
    names = (page, "account_reauthenticate", "account_logout", "set_language")
    return frozenset(reverse(name) for name in names)


@receiver(user_logged_in)
def _begin(request: HttpRequest, **_: object) -> None:
    """A session begins when somebody signs in, also where they had another one before."""
    request.session["began"] = int(time.time())
    request.session.pop("seen", None)
    if "REMOTE_ADDR" in request.META:
        request.session["seen"] = request.session["began"]
        UserSession.objects.create_from_request(request)


def vouched_for(request: HttpRequest, second_factor: bool) -> None:
    """Keep, until whoever signs in by this request has, whether their institution says they used a second factor."""
    request.META[VOUCHED] = second_factor


VOUCHED = "wardbench.second_factor"
"""Where a request holds it; nothing that a browser sends is under such a name."""


@receiver(allauth_logged_in)
def _came(request: HttpRequest, user: Any, sociallogin: Any = None, **_: object) -> None:
    """How somebody came: what their institution vouches for counts in this session, a first password ends soon."""
    request.session["institution"] = sociallogin is not None
    request.session["second_factor"] = sociallogin is not None and bool(request.META.get(VOUCHED))
    if sociallogin is None:
        begin_use(user)


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
    return listed(person(by.id), key)


def listed(of: Person, key: str) -> list[Session]:
    """Where a person is signed in now, as `sessions_of`."""
    found = sorted(UserSession.objects.purge_and_list(of), key=lambda one: one.last_seen_at, reverse=True)
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

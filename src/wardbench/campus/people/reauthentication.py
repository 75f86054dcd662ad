"""Confirming who one is before an act that cannot be taken back: giving roles, decisions, emergency access."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


READING = 3600
"""Seconds in which somebody who proved who they are may read a case and decide on it."""


def recently_authenticated(request: HttpRequest, within: int | None = None) -> bool:
    """Whether this person proved who they are in the last five minutes (or `within` seconds), in this session."""
    user = request.user
    if not user.is_authenticated:
        return False
    records = get_authentication_records(request, user)
    limit = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT if within is None else within
    return any(time.time() - record["at"] < limit for record in records)


def reauthenticated(view: View[P]) -> View[P]:
    """A page for people who have just shown who they are; the others do it first, and come back.

    Put it under `@signed_in`. What was sent with a form is kept until they are back. Nobody in a demonstration has a
    password, so there nothing is asked.
    """
    return _asking(view, None)


def reauthenticated_to_decide(view: View[P]) -> View[P]:
    """As `reauthenticated`, for pages that take their time: who they are is asked when the page is opened, so that what
    was thought about and written for up to an hour is taken."""
    return _asking(view, READING)


def _asking(view: View[P], sending: int | None) -> View[P]:
    @functools.wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        within = None if request.method in ("GET", "HEAD") else sending
        if settings.CAMPUS.demo or recently_authenticated(request, within):
            return view(request, *args, **kwargs)
        if get_adapter().get_reauthentication_methods(request.user):
            raise ReauthenticationRequired
        # Whoever signs in through their institution alone proves it there again.
        path = request.get_full_path() if request.method == "GET" else "/"
        logout(request)
        messages.info(request, _("Sign in once more: this needs you to show who you are."))
        return redirect_to_login(path)

    answered.reauthenticated = True  # type: ignore[attr-defined]
    return cast(View[P], answered)

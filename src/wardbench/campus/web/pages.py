"""How a page is answered: who may ask, and what becomes of a refusal."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardbench.campus.limits.pace import take
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.rules import Actor

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def actor(request: HttpRequest) -> Actor:
    """Who is asking."""
    return cast(Actor, cast(Any, request).actor)


def signed_in(view: View[P]) -> View[P]:
    """A page for people who have signed in; others are asked to, and come back. What is sent to it is counted.

    A part of a page that is asked for after the session ended is answered with a sentence, for the page it belongs to
    is still there, with what is typed in it.
    """

    @functools.wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not actor(request).id:
            if getattr(request, "htmx", False):
                return render(request, "web/signed_out.html", status=401)
            return _asked_to_sign_in(request)
        if request.method == "POST":
            take(actor(request), Doing.CHANGE)
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    answered.signed_in = True  # type: ignore[attr-defined]
    return cast(View[P], answered)


def _asked_to_sign_in(request: HttpRequest) -> HttpResponse:
    """To sign in, and then back. Where a form was sent nothing came of it, which is said there, and the way back leads
    to the page that it stood on: what it is sent to may be no page."""
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    page = request.headers.get("Referer", "").partition("://")[2]
    host, slash, path = page.partition("/")
    asked = redirect_to_login(slash + path if path and host == request.get_host() else "/")
    asked["Location"] += "&sent=yes"
    return asked


def open_to_all(view: View[P]) -> View[P]:
    """A page for everybody: says so, so that a page without either word is noticed by a test."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view

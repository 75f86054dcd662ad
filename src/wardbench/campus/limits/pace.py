"""Counting what somebody does, over all processes, and the word that a page is limited."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from wardbench.campus.limits.models import Pace
from wardbench.campus.limits.rates import RATES, Doing, TooOftenError, after
from wardbench.campus.people.rules import Actor

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
TRIES = 20
"""How often two requests of one person at once may come in each other's way."""

VISITORS = 50
"""How many may be the same person of a demonstration at once."""


def take(by: Actor, kind: Doing) -> None:
    """Count that `by` does something. TooOftenError where they did it too often; nothing is counted then."""
    rate = RATES[kind].shared(VISITORS) if settings.CAMPUS.demo else RATES[kind]
    for _try in range(TRIES):
        now = time.time()
        pace, _new = Pace.objects.get_or_create(person_id=by.id, kind=kind, defaults={"full": now})
        full = after(pace.full, now, rate)
        with unforced():
            if Pace.objects.filter(id=pace.id, full=pace.full).update(full=full):
                return
    raise TooOftenError(rate.each)


@contextlib.contextmanager
def unforced() -> Iterator[None]:
    """Let SQLite not wait for the disk: when the power goes, what was counted in the last moments may go with it.

    Nobody was told that it is kept. Other processes see it at once, and what is written afterwards carries it along.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            cursor.execute("PRAGMA synchronous=FULL")


def limited(kind: Doing, method: str = "") -> Callable[[View[P]], View[P]]:
    """A page that counts as `kind`, by every method or by one; a search only where something is asked. Put it under
    `@signed_in`."""

    def decorate(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            asks = kind is not Doing.SEARCH or any(str(value).strip() for value in request.GET.values())
            if asks and method in ("", request.method):
                take(request.actor, kind)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        answered.limited = kind  # type: ignore[attr-defined]
        return cast(View[P], answered)

    return decorate

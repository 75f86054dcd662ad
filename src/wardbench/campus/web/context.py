"""What every page knows: the campus, the way around, who is asking."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from wardbench.campus.access.queries import open_accesses
from wardbench.campus.people.rules import NOBODY
from wardbench.campus.web.navigation import items_for


def shell(request: HttpRequest) -> dict[str, Any]:
    actor = getattr(request, "actor", NOBODY)
    return {
        "campus": settings.CAMPUS,
        "actor": actor,
        "navigation": items_for(actor, request.path),
        "emergencies": open_accesses(actor),
        "languages": spoken(),
    }


@cache
def spoken() -> tuple[str, ...]:
    """The languages that pages can be read in: English, and those that have a catalogue."""
    catalogue = "LC_MESSAGES/django.mo"
    known = (code for code, _ in settings.LANGUAGES)
    return tuple(code for code in known if code == "en" or (settings.BASE / "locale" / code / catalogue).is_file())

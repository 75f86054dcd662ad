"""What every page knows: the campus, the way around, who is asking.

What takes work is given as a function, which a template calls where it shows it: parts of a page, of which one change
in the builder renders dozens, show neither the menu nor the banner.
"""

from __future__ import annotations

from functools import cache, partial
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
        "navigation": partial(items_for, actor, request.path),
        "emergencies": partial(open_accesses, actor),
        "languages": spoken(),
    }


@cache
def spoken() -> tuple[str, ...]:
    """The languages that pages can be read in: English, and those that have a catalogue."""
    catalogue = "LC_MESSAGES/django.mo"
    known = (code for code, _ in settings.LANGUAGES)
    return tuple(code for code in known if code == "en" or (settings.BASE / "locale" / code / catalogue).is_file())

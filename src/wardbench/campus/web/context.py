"""What every page knows: the campus, the way around, who is asking."""

from __future__ import annotations

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
    }

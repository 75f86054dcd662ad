"""What was refused to whom is logged, one line of JSON each, for whoever watches over the campus.

A line says the page by its name and never by its address, which may hold an identifier; and nothing that was typed.
"""

from __future__ import annotations

import json
import logging

from django.http import HttpRequest

from wardbench.campus.audit.services import where
from wardbench.campus.people.rules import NOBODY, Actor

log = logging.getLogger("wardbench.security")


def log_refusal(request: HttpRequest, status: int) -> None:
    """Log that a right was missing (403), or who somebody is (401), or that there is nothing of what was asked for that
    they may know of (404): whoever tries addresses is answered as if there were nothing; or that they asked too often
    (429)."""
    if status not in (401, 403, 404, 429):
        return
    actor, page = getattr(request, "actor", NOBODY), request.resolver_match
    said = {
        "event": "not_found" if status == 404 else "refused",
        "status": status,
        "method": request.method,
        "page": page.view_name if page else "",
        "person": actor.id,
        "from": where(),
    }
    log.warning(json.dumps(said))


def log_provider(provider: str, fault: BaseException | None) -> None:
    """Log that an identity provider could not be asked, or that what it said does not hold: the kinds of the faults,
    a failure of TLS among them, and nothing of what was said."""
    kinds: list[str] = []
    while fault is not None and len(kinds) < MOST_KINDS:
        kinds.append(type(fault).__name__)
        fault = fault.__cause__ or fault.__context__
    log.warning(json.dumps({"event": "provider", "provider": provider, "why": kinds, "from": where()}))


MOST_KINDS = 10


def log_malware(by: Actor, found: str) -> None:
    """Log that somebody sent a file in which the scanner found something."""
    log.warning(json.dumps({"event": "malware", "person": by.id, "found": found, "from": where()}))

"""A report as a page of its own, that can be saved: its style is the only one that the browser may use."""

from __future__ import annotations

import re

from django.http import HttpResponse

STYLE = re.compile(r"style-src '(sha256-[^']+)'")


def standalone(page: str, saved_as: str = "") -> HttpResponse:
    """The page, or the file `saved_as` where it is to be saved."""
    response = HttpResponse(page)
    found = STYLE.search(page)
    response._csp_replace = {"style-src": [f"'{found[1]}'"] if found else ["'none'"]}  # type: ignore[attr-defined]
    if saved_as:
        response.headers["Content-Disposition"] = f'attachment; filename="{saved_as}"'
    return response

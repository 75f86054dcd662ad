"""Samples, for programs: the query of the Sample Locator."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja import Router

from wardbench.campus.api.access import COUNT
from wardbench.campus.api.shapes import LensIn, Refusal
from wardbench.campus.samples import locating
from wardbench.campus.web.pages import actor

router = Router(tags=["samples"])
REFUSED = {400: Refusal, 401: Refusal, 403: Refusal, 409: Refusal, 422: Refusal, 429: Refusal}


@router.post("/locate", response={200: dict, **REFUSED}, auth=COUNT, summary="Answer a query of Lens (MeasureReport)")
def locate(request: HttpRequest, given: LensIn) -> Any:
    return locating.locate(json.dumps({"ast": given.ast}), by=actor(request), query_id=given.id)

"""Studies, for programs."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router, Status
from pydantic import StringConstraints

from wardbench.campus.api.access import READ, WRITE, Limit, Offset, Text
from wardbench.campus.api.shapes import Page, Refusal, StudyIn, StudyOut, StudyWhole
from wardbench.campus.studies import presenting, queries, services, standings
from wardbench.campus.web.pages import actor

router = Router(tags=["studies"])
Reference = Annotated[str, StringConstraints(pattern=r"^S[0-9]{5,15}$")]
Named = Annotated[uuid.UUID | Reference, Path()]
REFUSED = {400: Refusal, 401: Refusal, 403: Refusal, 404: Refusal, 409: Refusal, 422: Refusal, 429: Refusal}


@router.get("", response={200: Page[StudyOut], **REFUSED}, auth=READ, summary="The studies that you may see")
def studies(request: HttpRequest, text: Text = "", limit: Limit = 25, offset: Offset = 0) -> Any:
    found = queries.visible(actor(request), text)
    return {"total": len(found), "offset": offset, "items": [_line(one) for one in found[offset : offset + limit]]}


@router.post("", response={201: StudyOut, **REFUSED}, auth=WRITE, summary="Register a study")
def register(request: HttpRequest, given: StudyIn) -> Any:
    by = actor(request)
    study = services.register(given.title, given.kind, by=by)
    return Status(201, _line(queries.study(study.id, by=by)))


@router.get("/{study}", response={200: StudyWhole, **REFUSED}, auth=READ, summary="Where a study stands")
def study(request: HttpRequest, study: Named) -> Any:
    """By its id, or by its reference number."""
    by = actor(request)
    here = queries.study(study, by=by) if isinstance(study, uuid.UUID) else queries.numbered(study, by=by)
    waits = [
        {"who": turn.who, "step": turn.step, "since": turn.since, "due": turn.due}
        for turn in presenting.whose_turn(here, timezone.localdate())
    ]
    steps = [
        {"id": stand.step.id, "state": stand.state.value, "since": stand.since, "due": stand.due}
        for stand in here.steps
    ]
    versions = [
        {"number": one.number, "section": one.section, "reason": one.reason, "hash": one.hash, "at": one.at}
        for one in here.study.submissions.all()
    ]
    return {
        **_line(here),
        "summary": here.study.summary,
        "waits_for": waits,
        "steps": steps,
        "versions": versions,
    }


def _line(here: standings.Standing) -> dict[str, Any]:
    study = here.study
    return {
        "id": study.id,
        "reference": study.reference,
        "title": study.title,
        "kind": study.kind,
        "investigator": study.investigator.name,
        "status": here.status.value,
    }

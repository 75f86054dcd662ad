"""Studies, for programs."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from wardbench.campus.api.access import READ, WRITE, Text
from wardbench.campus.api.shapes import Page, Refusal, StudyIn, StudyOut, StudyWhole
from wardbench.campus.studies import queries, services, standings
from wardbench.campus.web.pages import actor

router = Router(tags=["studies"])
REFUSED = {400: Refusal, 401: Refusal, 403: Refusal, 404: Refusal, 409: Refusal, 422: Refusal, 429: Refusal}


@router.get("", response={200: Page[StudyOut], **REFUSED}, auth=READ, summary="The studies that you may see")
def studies(request: HttpRequest, text: Text = "") -> Any:
    found = queries.visible(actor(request), text)
    return {"total": len(found), "offset": 0, "items": [_line(one) for one in found]}


@router.post("", response={201: StudyOut, **REFUSED}, auth=WRITE, summary="Register a study")
def register(request: HttpRequest, given: StudyIn) -> Any:
    by = actor(request)
    study = services.register(given.title, given.kind, by=by)
    return Status(201, _line(queries.study(study.id, by=by)))


@router.get("/{study_id}", response={200: StudyWhole, **REFUSED}, auth=READ, summary="Where a study stands")
def study(request: HttpRequest, study_id: uuid.UUID) -> Any:
    here = queries.study(study_id, by=actor(request))
    steps = [
        {"id": stand.step.id, "state": stand.state.value, "since": stand.since, "due": stand.due}
        for stand in here.steps
    ]
    versions = [
        {"number": one.number, "section": one.section, "reason": one.reason, "hash": one.hash, "at": one.at}
        for one in here.study.submissions.all()
    ]
    return {**_line(here), "summary": here.study.summary, "steps": steps, "versions": versions}


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

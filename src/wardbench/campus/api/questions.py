"""Questions, for programs."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status

from wardbench.campus.api.access import READ, WRITE, Limit, Offset, Text
from wardbench.campus.api.shapes import Page, QuestionIn, QuestionOut, Refusal
from wardbench.campus.questions import queries, services
from wardbench.campus.questions.rules import Side
from wardbench.campus.questions.services import Topic
from wardbench.campus.web.pages import actor
from wardbench.core.errors import InputError

router = Router(tags=["questions"])
REFUSED = {400: Refusal, 401: Refusal, 403: Refusal, 404: Refusal, 422: Refusal, 429: Refusal}


@router.get("", response={200: Page[QuestionOut], **REFUSED}, auth=READ, summary="The questions that you may see")
def questions(request: HttpRequest, text: Text = "", limit: Limit = 25, offset: Offset = 0) -> Any:
    found = queries.find(actor(request), queries.Filter(text=text))
    return {"total": found.count(), "offset": offset, "items": [_out(q) for q in found[offset : offset + limit]]}


@router.post("", response={201: QuestionOut, **REFUSED}, auth=WRITE, summary="Raise a question")
def raise_question(request: HttpRequest, given: QuestionIn) -> Any:
    if given.side not in list(Side):
        raise InputError(
            _("side: %(name)s is none of %(known)s.") % {"name": repr(given.side), "known": ", ".join(Side)}
        )
    topics = [Topic(name) for name in given.topics]
    raised = services.raise_question(
        title=given.title, text=given.text, side=Side(given.side), topics=topics, by=actor(request)
    )
    return Status(201, _out(raised))


@router.get("/{question_id}", response={200: QuestionOut, **REFUSED}, auth=READ, summary="One question")
def question(request: HttpRequest, question_id: uuid.UUID) -> Any:
    return _out(queries.question(actor(request), question_id))


def _out(question: Any) -> dict[str, Any]:
    return {
        "id": question.id,
        "title": question.title,
        "text": question.text,
        "side": question.side,
        "status": question.status,
        "raised_by": question.raised_by.name,
        "raised_at": question.raised_at,
        "figure": question.figure,
    }

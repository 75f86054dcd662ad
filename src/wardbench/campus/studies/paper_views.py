"""What can be printed or taken away: letters, permits, versions, documents."""

from __future__ import annotations

import uuid
from typing import cast

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.studies import letters, queries, shown, versions
from wardbench.campus.web.pages import actor, signed_in


@signed_in
@limited(Doing.EXPORT)
def letter(request: HttpRequest, study_id: uuid.UUID, number: int) -> HttpResponse:
    """A decision as a letter, in the applicant's language unless another is asked for."""
    by = actor(request)
    here = queries.study(study_id, by=by)
    decision = shown.decision(here, number)
    language = request.GET.get("language", "")
    if language not in letters.LANGUAGES:
        language = letters.language_of(here.study.investigator.language)
    with translation.override(language):
        context = {"here": here, "study": here.study, "decision": decision, "letter": letters.letter(here, decision)}
        return render(request, "studies/letter.html", context | {"languages": letters.LANGUAGES, "chosen": language})


@signed_in
@limited(Doing.EXPORT)
def permit(request: HttpRequest, study_id: uuid.UUID, number: int) -> HttpResponse:
    by = actor(request)
    here = queries.study(study_id, by=by)
    found = shown.permit(here, number)
    context = {"here": here, "study": here.study, "permit": found, "shown": shown.permit_shown(found, here)}
    return render(request, "studies/permit.html", context | {"today": timezone.localdate()})


@signed_in
def version(request: HttpRequest, study_id: uuid.UUID, number: int) -> HttpResponse:
    """What a study said when it was handed in or amended, and what changed since the version `since`, or the last."""
    here = queries.study(study_id, by=actor(request))
    given = request.GET.get("since", "")
    since = int(given) if given.isdecimal() and given.isascii() and len(given) < 6 else None
    found = versions.version(here.study, number, since)
    return render(request, "studies/version.html", {"here": here, "study": here.study, "version": found})


@signed_in
@limited(Doing.EXPORT)
def document(request: HttpRequest, study_id: uuid.UUID, document_id: uuid.UUID) -> HttpResponse:
    """A document, always as a file to save: nothing that was uploaded is ever shown by the browser as a page."""
    here = queries.study(study_id, by=actor(request))
    found = shown.document(here, document_id)
    response = cast(HttpResponse, FileResponse(shown.content(found), as_attachment=True, filename=found.name))
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

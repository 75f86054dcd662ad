"""Counting a study's cohort exactly, under its permit: asked again at every look, and on the record."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.counting import services as counting
from wardbench.campus.counting import sessions
from wardbench.campus.counting.purposes import whom
from wardbench.campus.counting.rules import WORDS, Mode, Purpose
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.studies import permits, queries
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError
from wardbench.ward.cohorts.editing import content_hash


@signed_in
@limited(Doing.COUNT)
def count(request: HttpRequest, study_id: uuid.UUID, content: str) -> HttpResponse:
    """The cohort of this content that is attached to the study, counted on the hospital's records."""
    by = actor(request)
    here = queries.study(study_id, by=by)
    attached = here.study.cohorts.filter(hash=content).first()
    permit = here.study.permits.first()
    if attached is None:
        raise NotFoundError(_("No such cohort is attached to this study."))
    context = {"study": here.study, "cohort": attached, "words": WORDS[Mode.STUDY]}
    if permit is None:
        return render(request, "studies/count.html", context)
    verdict = permits.check(permit, by, Wanted(Use.COUNT, cohort=content))
    definition = cohorts.definition_of(cohorts.version(attached.version))
    if content_hash(definition) != content:
        raise NotFoundError(_("The cohort is not what was attached to the study any more."))
    if verdict:
        of = whom(Purpose.RESEARCH)
        looked = sessions.look(of, definition)
        found = counting.count(looked, of, by=by, mode=Mode.STUDY, permitted=verdict, study=here.study.reference)
        context |= {"shown": found}
    return render(request, "studies/count.html", context | {"verdict": verdict, "permit": permit})

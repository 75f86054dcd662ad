"""Saving a draft as a version, also where somebody saved another one meanwhile."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.cohorts import builder, queries, services
from wardbench.campus.cohorts.builder_views import at_desk, number_in, revision_of, versions_of
from wardbench.campus.cohorts.differences import differences
from wardbench.campus.cohorts.forms import SaveForm
from wardbench.campus.cohorts.queries import Seen
from wardbench.campus.cohorts.services import Shown
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import BusyError, InputError


@signed_in
@require_POST
def save(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """Save the draft as the next version, with the figure that was shown."""
    by = actor(request)
    seen, desk = at_desk(request, cohort_id)
    seen.may("save").require()
    form = SaveForm(request.POST)
    if not form.is_valid():
        raise InputError(_("The note is too long: 500 letters at most."))
    mode = builder.mode_of(request, by)
    desk.working.definition(seen.cohort.name)
    counted = builder.count(desk.working, seen.cohort.name, by, mode)
    shown = Shown()
    if counted.shown:
        persons = counted.shown.persons
        shown = Shown(persons.text, persons.value, mode.value, counted.shown.snapshot_version)
    note, revision, over = form.cleaned_data["note"], revision_of(request, desk), number_in(request, "over")
    try:
        version = services.save_version(cohort_id, revision, by=by, note=note, shown=shown, over=over)
    except BusyError as error:
        return _overtaken(request, seen, note, error)
    messages.success(request, _("Saved as version {n}.").format(n=version.number))
    return redirect("cohort", cohort_id)


def _overtaken(request: HttpRequest, seen: Seen, note: str, error: BusyError) -> HttpResponse:
    """Why a version was not saved: what somebody saved meanwhile, what saving would change of it, and the way on."""
    desk = queries.desk(seen.cohort, actor(request))
    versions = versions_of(seen, desk)
    latest = versions["latest"]
    began = queries.version_of(seen.cohort, desk.based_on) if desk.based_on else None
    context = {"cohort": seen.cohort, "seen": seen, "desk": desk, "tab": "simple", "refusal": said_of(error)}
    context |= {"note": note, **versions}
    if latest is not None:
        saved = queries.definition_of(latest)
        context["mine"] = differences(saved, desk.working.definition(seen.cohort.name))
        if began is not None and began.number != latest.number:
            context["theirs"] = differences(queries.definition_of(began), saved)
    return render(request, "cohorts/overtaken.html", context, status=error.http_status)

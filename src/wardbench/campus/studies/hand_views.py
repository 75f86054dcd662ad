"""Naming another principal investigator, and taking a study on as the one who was named."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.studies import forms, handing, queries, rules, shown
from wardbench.campus.studies.rules import Verb
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import BusyError, InputError, NotFoundError


@signed_in
@reauthenticated_to_decide
def investigator(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    """Who answers for the study from now on, with the reason; says what becomes of permits, and who decides again."""
    by = actor(request)
    here = queries.study(study_id, by=by)
    rules.may(by, Verb.HAND_OVER, here.facts).require()
    form = forms.InvestigatorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            to = shown.person_by_email(form.cleaned_data["email"])
            handing.name_investigator(study_id, to, form.cleaned_data["reason"], by=by)
        except (NotFoundError, InputError, BusyError) as error:
            form.add_error("email", said_of(error))
        else:
            messages.success(request, _("The new principal investigator is named, and told of it."))
            # Whoever named one of a draft that was nobody's sees it no more.
            still = rules.may_see(by, queries.standing_of(study_id).facts)
            return redirect("study", study_id) if still else redirect("home")
    context = {
        "here": here,
        "study": here.study,
        "form": form,
        "again": shown.titles_of(here, handing.judges(here)),
        "stays": shown.has_role(here.study.investigator),
    }
    return render(request, "studies/investigator.html", context)


@signed_in
@require_POST
def take_on(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    handing.take_on(study_id, by=actor(request))
    messages.success(request, _("You answer for the study from now on. Those who decide go on."))
    return redirect("study", study_id)

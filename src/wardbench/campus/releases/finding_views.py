"""The pages of what came back: those of a study with the form, one of them, its file."""

from __future__ import annotations

import uuid
from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import told_in
from wardbench.campus.releases import finding_queries as queries
from wardbench.campus.releases import finding_rules, findings
from wardbench.campus.releases.finding_forms import FindingForm, RetractForm
from wardbench.campus.web.pages import actor, signed_in

ON_A_PAGE = 200


@signed_in
@limited(Doing.CREATE, "POST")
def listed(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    """What came back from a study, and saying more."""
    by = actor(request)
    study = queries.study(study_id, by=by)
    facts = queries.facts_of(study)
    may = finding_rules.may_add_finding(by, facts)
    if request.method == "POST":
        may.require()
    wrong = queries.to_correct(study, request.GET.get("corrects", ""), by=by)
    given = (request.POST or None, request.FILES or None)
    form = FindingForm(*given, corrects=wrong, specimens=facts.received) if may else None
    if form is not None and request.method == "POST" and form.is_valid():
        with told_in(form):
            made = findings.add(study.id, by=by, **form.values())
            messages.success(request, _told(facts.received))
            return redirect("finding", made.id)
    context = {"study": study, "found": queries.of_study(study), "may": may, "form": form, "wrong": wrong}
    context["data_alone"] = not facts.received
    return render(request, "releases/findings.html", context)


def _told(received: bool) -> str:
    if received:
        return _("Thank you. The biobank, the doctors and whoever asked the question are told.")
    return _("Thank you. It stands on the study's page, and whoever asked the question is told.")


@signed_in
def finding(request: HttpRequest, finding_id: uuid.UUID) -> HttpResponse:
    """One of them; by POST it is retracted."""
    by = actor(request)
    one = queries.finding(finding_id, by=by)
    facts = queries.facts_of(one.study)
    may_retract = finding_rules.may_retract_finding(by, facts)
    form = RetractForm(request.POST or None)
    if request.method == "POST":
        may_retract.require()
        if form.is_valid():
            with told_in(form):
                findings.retract(one.id, form.cleaned_data["why"], by=by)
                messages.success(request, _("It is retracted, and everybody who was told of it is told."))
                return redirect("finding", one.id)
    context = {
        "one": one,
        "found": Paginator(queries.values_of(one), ON_A_PAGE).get_page(request.GET.get("page")),
        "corrected_by": getattr(one, "corrected_by", None),
        "form": form if may_retract and one.retracted is None else None,
        "may_correct": one.retracted is None and finding_rules.may_add_finding(by, facts),
        "why": finding_rules.may_see_finding(by, facts),
    }
    return render(request, "releases/finding.html", context)


@signed_in
@require_POST
@limited(Doing.EXPORT)
def file(request: HttpRequest, finding_id: uuid.UUID) -> HttpResponse:
    """The file, always to save. By POST, because each time is on the record."""
    found, content = findings.open_file(finding_id, by=actor(request))
    response = cast(HttpResponse, FileResponse(content, as_attachment=True, filename=found.file_name))
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response

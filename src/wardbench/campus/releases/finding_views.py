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
from wardbench.campus.releases.finding_forms import FindingForm
from wardbench.campus.web.pages import actor, signed_in

ON_A_PAGE = 200


@signed_in
@limited(Doing.CREATE, "POST")
def listed(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    """What came back from a study, and saying more."""
    by = actor(request)
    study = queries.study(study_id, by=by)
    may = finding_rules.may_add_finding(by, queries.facts_of(study))
    if request.method == "POST":
        may.require()
    form = FindingForm(request.POST or None, request.FILES or None, initial={"kind": "values"}) if may else None
    if form is not None and request.method == "POST" and form.is_valid():
        with told_in(form):
            made = findings.add(study.id, by=by, **form.values())
            messages.success(request, _("Thank you. The biobank, the doctors and whoever asked the question are told."))
            return redirect("finding", made.id)
    context = {"study": study, "found": queries.of_study(study), "may": may, "form": form}
    return render(request, "releases/findings.html", context)


@signed_in
def finding(request: HttpRequest, finding_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.finding(finding_id, by=by)
    found = Paginator(queries.values_of(one), ON_A_PAGE).get_page(request.GET.get("page"))
    why = finding_rules.may_see_finding(by, queries.facts_of(one.study))
    return render(request, "releases/finding.html", {"one": one, "found": found, "why": why})


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

"""The cohorts somebody sees, a new one, and the page that tells of one."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.cohorts import builder, queries, rules, services
from wardbench.campus.cohorts import page as told_page
from wardbench.campus.cohorts.builder_views import download, given_text
from wardbench.campus.cohorts.forms import NewForm
from wardbench.campus.cohorts.given_json import read_json
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError, WardbenchError
from wardbench.ward.cohorts.export import atlas_json

ON_A_PAGE = 25


@signed_in
@limited(Doing.SEARCH)
def cohorts(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    text, whose = request.GET.get("text", "").strip(), request.GET.get("whose", "")
    archived = whose == "archived"
    found = queries.find(by, text, whose="mine" if archived else whose, archived=archived)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "found": page,
        "rows": [(one, [(last, queries.figure_of(last, by)) for last in one.last]) for one in page],  # type: ignore[attr-defined]
        "text": text,
        "whose": whose,
        "drafts": queries.drafts_of(by),
        "may_make": rules.may_make(by),
    }
    return render(request, "cohorts/cohorts.html", context)


@signed_in
@limited(Doing.CREATE, "POST")
def new(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_make(by).require()
    form, refusal = NewForm(), ""
    if request.method == "POST":
        form = NewForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                text = given_text(request, form).strip()
                expression = read_json(text) if text else None
                given = form.cleaned_data
                cohort = services.make_cohort(given["name"], by=by, about=given["about"], expression=expression)
                return redirect("cohort_build", cohort.id)
            except WardbenchError as error:
                refusal = said_of(error)
    context = {"form": form, "refusal": refusal}
    return render(request, "cohorts/new.html", context, status=400 if refusal or form.errors else 200)


@signed_in
def cohort(request: HttpRequest, cohort_id: uuid.UUID, number: int | None = None) -> HttpResponse:
    """What a version says and gives: in words, in numbers, and how to come to the same again."""
    by = actor(request)
    seen = queries.seen(cohort_id, by)
    last = queries.latest(seen.cohort)
    version = last if number is None else queries.version_of(seen.cohort, number)
    context = {"cohort": seen.cohort, "seen": seen, "tab": "page", "version": version, "latest": last}
    context |= {"draft": queries.draft_of(seen.cohort, by), "may_edit": seen.may_edit, "may_make": rules.may_make(by)}
    context |= {"shares": queries.shares_of(seen.cohort), "archived": seen.cohort.status == rules.ARCHIVED}
    if version:
        mode = builder.mode_of(request, by)
        context |= {"page": told_page.told(version, by, mode, builder.spoken(), settings.CAMPUS.address)}
    return render(request, "cohorts/cohort.html", context)


@signed_in
@require_POST
@limited(Doing.CREATE)
def copy(request: HttpRequest, cohort_id: uuid.UUID, number: int) -> HttpResponse:
    by = actor(request)
    seen = queries.seen(cohort_id, by)
    made = services.copy_cohort(queries.version_of(seen.cohort, number), by=by)
    messages.success(request, _("This is your own copy."))
    return redirect("cohort_build", made.id)


@signed_in
@limited(Doing.EXPORT)
def version_json(request: HttpRequest, cohort_id: uuid.UUID, number: int) -> HttpResponse:
    """A version as a file that ATLAS imports."""
    seen = queries.seen(cohort_id, actor(request))
    version = queries.version_of(seen.cohort, number)
    content = atlas_json(queries.definition_of(version))
    return download(content, f"{seen.cohort.name} {version.number}.json")


@signed_in
def by_hash(request: HttpRequest, content_hash: str) -> HttpResponse:
    """Where a definition with this content is, among the cohorts that somebody may see."""
    by = actor(request)
    for version in queries.versions_of(content_hash):
        try:
            queries.seen(version.cohort_id, by)
        except NotFoundError:
            continue
        return redirect("cohort_version", version.cohort_id, version.number)
    raise NotFoundError(_("There is no such cohort."))

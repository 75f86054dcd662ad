"""Filling in a registration section by section; saved while one types."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.limits.pace import take
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.refusals import say_on
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import forms, queries, rules, services, shown
from wardbench.campus.studies.facts import SECTIONS, Section
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standings import Standing
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError, NotFoundError, WardbenchError


def section_of(name: str) -> Section:
    try:
        return Section(name)
    except ValueError:
        raise NotFoundError(_("There is no such section.")) from None


@signed_in
def section(request: HttpRequest, study_id: uuid.UUID, name: str) -> HttpResponse:
    """One section of a draft, as a form that saves itself; read only for whoever may not change it."""
    by, part = actor(request), section_of(name)
    here = queries.study(study_id, by=by)
    if part is Section.DOCUMENTS:
        rules.may_add_document(by, here.facts).require()
        return _documents(request, here)
    if part is Section.TEAM:
        rules.may_remove_member(by, here.facts).require()
        return _team(request, here)
    rules.may(by, Verb.EDIT, here.facts).require()
    form, rows = forms_of(request, here, part)
    if request.method == "POST":
        if form.is_valid() and (rows is None or rows.is_valid()):
            try:
                _save(study_id, part, values_of(part, form.cleaned_data, rows), by)
            except WardbenchError as error:
                if not getattr(request, "htmx", False):
                    raise
                return render(request, "studies/saved.html", {"fault": said_of(error)})
            if getattr(request, "htmx", False):
                return render(request, "studies/saved.html")
            return redirect("study_section", study_id, _next(part)) if _next(part) else redirect("study", study_id)
        if getattr(request, "htmx", False):
            return render(request, "studies/saved.html", {"fault": _("Not saved yet: something is not right.")})
    context = context_of(here, part) | {"form": form, "rows": rows}
    if part is Section.DATA:
        context |= _cohorts(here, by)
    return render(request, "studies/section.html", context)


def _save(study_id: uuid.UUID, part: Section, values: Mapping[str, Any], by: Actor) -> None:
    if part is Section.UNITS:
        services.set_units(study_id, **values, by=by)
    else:
        services.edit(study_id, part, values, by=by)


def context_of(here: Standing, part: Section) -> dict[str, Any]:
    """What the page of a section shows around its form; of a draft, the way to the others."""
    return {
        "here": here,
        "study": here.study,
        "part": part.value,
        "title": SECTIONS[part],
        "sections": list(SECTIONS.items()) if here.study.submitted is None else [],
        "checklist": [item for item in shown.checklist(here) if item.section is part],
    }


def _next(part: Section) -> str:
    names = [one.value for one in Section]
    after = names.index(part.value) + 1
    return names[after] if after < len(names) else ""


def forms_of(request: HttpRequest, here: Standing, part: Section) -> tuple[django_forms.Form, Any]:
    """The form of a section, filled in with what it says, and the lines of its material where it has some."""
    given = request.POST if request.method == "POST" else None
    if part is Section.UNITS:
        return forms.UnitsForm(given, initial=shown.units_of(here), choices=shown.unit_choices()), None
    initial = shown.filled_in(here, part)
    wanted = initial.pop("material_wanted", [])
    form = forms.FORMS[part](given, initial=initial)
    if isinstance(form, forms.MaterialForm):
        form.take_for_granted(shown.implied(here))
    rows = forms.Specimens(given, initial=wanted, prefix="rows") if part is Section.MATERIAL else None
    return form, rows


def values_of(part: Section, given: Mapping[str, Any], rows: Any) -> dict[str, Any]:
    """What a form says, as the registration keeps it."""
    if part is Section.UNITS:
        return {"programmes": (), "departments": (), "partners": (), **given}
    if part is Section.PURPOSE:
        lines = [line.strip() for line in given["diseases"].splitlines() if line.strip()]
        kept = {name: value for name, value in given.items() if value not in ("", None, False, [])}
        return {"purpose": {**kept, **({"diseases": lines} if lines else {})} if given["use"] else {}}
    if part is Section.MATERIAL and rows is not None:
        wanted = [row.cleaned_data for row in rows if row.cleaned_data.get("type")]
        return {**given, "material_wanted": wanted}
    if part is Section.DATA:
        return {"data": given["closeness"] or "none", **{name: given[name] for name in given if name != "closeness"}}
    return dict(given)


def _team(request: HttpRequest, here: Standing) -> HttpResponse:
    by, study_id = actor(request), here.study.id
    doing = request.POST.get("do", "")
    form = forms.MemberForm(request.POST if doing == "add" else None)
    try:
        if doing == "remove":
            services.remove_member(study_id, shown.person_id(request.POST.get("person", "")), by=by)
            return redirect("study_section", study_id, "team")
        if doing == "add" and form.is_valid():
            person = shown.person_by_email(form.cleaned_data["email"])
            services.add_member(study_id, person, form.cleaned_data["work"], by=by)
            return redirect("study_section", study_id, "team")
    except (NotFoundError, InputError) as error:
        form.add_error("email", said_of(error))
    context = {"form": form, "members": shown.members(here), "may_amend": rules.may(by, Verb.AMEND, here.facts)}
    context |= {"may_hand_over": rules.may(by, Verb.HAND_OVER, here.facts)}
    return render(request, "studies/team.html", context_of(here, Section.TEAM) | context)


def _documents(request: HttpRequest, here: Standing) -> HttpResponse:
    by = actor(request)
    form = forms.DocumentForm(
        request.POST if request.method == "POST" else None, request.FILES if request.method == "POST" else None
    )
    if request.method == "POST":
        take(by, Doing.CREATE)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            services.add_document(here.study.id, form.cleaned_data["kind"], file.name, file.chunks(), by=actor(request))
        except WardbenchError as error:
            say_on(form, error)
        else:
            return redirect("study_section", here.study.id, "documents")
    context = {
        "form": form,
        "documents": shown.documents_of(here),
        "may_take_off": rules.may(by, Verb.EDIT, here.facts),
    }
    return render(request, "studies/documents.html", context_of(here, Section.DOCUMENTS) | context)


def _cohorts(here: Standing, by: Actor) -> dict[str, Any]:
    choices = shown.cohort_choices(by)
    return {
        "attached": shown.cohorts_of(here, by),
        "cohort_form": forms.CohortForm(choices=choices) if choices else None,
    }


@signed_in
@require_POST
def cohort(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    rules.may(by, Verb.EDIT, queries.study(study_id, by=by).facts).require()
    if content := request.POST.get("detach"):
        services.detach_cohort(study_id, content, by=by)
        return redirect("study_section", study_id, "data")
    form = forms.CohortForm(request.POST, choices=shown.cohort_choices(by))
    if not form.is_valid():
        raise InputError(_("version: choose a cohort from the list."))
    services.attach_cohort(study_id, uuid.UUID(form.cleaned_data["version"]), by=by)
    return redirect("study_section", study_id, "data")


@signed_in
@require_POST
def withdraw_document(request: HttpRequest, study_id: uuid.UUID, document_id: uuid.UUID) -> HttpResponse:
    services.withdraw_document(study_id, document_id, by=actor(request))
    return redirect("study_section", study_id, "documents")
